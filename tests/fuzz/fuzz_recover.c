/* SPDX-License-Identifier: Apache-2.0 */
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#include "forensics/recover.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* The report is bounded by the input, and nothing is attested that is not whole. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct recover_options options = {.source = "fuzz", .dir_fd = -1};
	struct buf report = BUF_INIT(64u << 20);
	struct recover_summary summary;
	struct rfile *file = NULL;
	int fd = memfd_create("bundle", MFD_CLOEXEC);

	if (fd < 0 || write(fd, data, size) != (ssize_t)size || lseek(fd, 0, SEEK_SET) != 0 ||
	    rfile_from_fd(&file, fd, NULL) < 0 ||
	    ostream_to_buf(&options.report, &report, NULL) < 0)
		abort();
	if (recover_run(file, &options, &summary, NULL) == 0 &&
	    (summary.attested > summary.members || summary.lost_bytes > size ||
	     summary.attested_segments > summary.segments))
		abort();
	ostream_close(options.report);
	rfile_close(file);
	buf_clear(&report);
	return 0;
}
