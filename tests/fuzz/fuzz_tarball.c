/* SPDX-License-Identifier: Apache-2.0 */
/* An image archive's member index from arbitrary bytes, and look-ups through its links. */
#include <fcntl.h>
#include <stddef.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#include "core/cleanup.h"
#include "snapshot/archivefile.h"
#include "snapshot/tarball.h"
#include "snapshot/tarscan.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Every name there is, as it stands, leads somewhere inside the file or is refused. */
static int look_up(void *payload, const struct tarscan_member *m, struct sl_error *err)
{
	const struct tarball *t = payload;
	struct tarball_range range;
	char name[TARSCAN_MAX_NAME + 1];
	off_t end = lseek(tarball_fd(t), 0, SEEK_END);

	for (size_t i = 0; i < m->name.len; i++)
		name[i] = m->name.data[i];
	name[m->name.len] = '\0';
	if (tarball_find(t, name, &range, err) == 0 &&
	    (range.offset > (uint64_t)end || range.size > (uint64_t)end - range.offset))
		abort();
	return 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	AUTO_CLOSE int fd = memfd_create("fuzz", MFD_CLOEXEC);
	enum archivefile_form form;
	struct tarball *t;

	if (fd < 0 || write(fd, data, size) != (ssize_t)size)
		return 0;
	(void)archivefile_sniff(fd, &form, NULL);
	if (tarball_open(&t, fcntl(fd, F_DUPFD_CLOEXEC, 0), NULL) < 0)
		return 0;
	(void)tarscan(fd, look_up, t, NULL);
	tarball_free(t);
	return 0;
}
