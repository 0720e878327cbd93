/* SPDX-License-Identifier: Apache-2.0 */
#include "core/tempfile.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/cleanup.h"
#include "core/quote.h"

static int open_in(const char *dir)
{
	AUTO_FREE char *name = NULL;
	int fd = open(dir, O_TMPFILE | O_RDWR | O_CLOEXEC | O_EXCL, 0600);

	if (fd >= 0)
		return fd;
	/* file systems without O_TMPFILE: a name that goes at once */
	if (asprintf(&name, "%s/strandline-XXXXXX", dir) < 0) {
		name = NULL;
		return -1;
	}
	fd = mkostemp(name, O_CLOEXEC);
	if (fd >= 0)
		(void)unlink(name);
	return fd;
}

int tempfile_open(const char **where, struct sl_error *err)
{
	const char *asked = secure_getenv("TMPDIR"); /* NOLINT(concurrency-mt-unsafe) */
	bool is_asked = asked != NULL && *asked != '\0';
	const char *dirs[] = {is_asked ? asked : "/var/tmp", "/tmp"};
	AUTO_FREE char *shown = quote_dup(dirs[0], strlen(dirs[0]));
	int fd = -1;

	/* whoever names a directory means that one: /tmp may be memory, or too small */
	for (size_t i = 0; fd < 0 && i < (is_asked ? 1 : ARRAY_SIZE(dirs)); i++) {
		fd = open_in(dirs[i]);
		if (fd >= 0 && where != NULL)
			*where = dirs[i];
	}
	return fd >= 0 ? fd
		       : sl_fail(err, SL_EIO, errno, "temporary file in '%s'",
				 shown != NULL ? shown : "?");
}

int tempfile_write(int fd, const void *bytes, size_t len, struct sl_error *err)
{
	const char *at = bytes;

	while (len > 0) {
		ssize_t n = write(fd, at, len);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return sl_fail(err, SL_EIO, errno,
				       "write a temporary file (TMPDIR names another directory)");
		at += n;
		len -= (size_t)n;
	}
	return 0;
}
