/* SPDX-License-Identifier: Apache-2.0 */
#include "job/sidecar.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "core/cleanup.h"
#include "core/quote.h"
#include "core/root.h"
#include "core/tempfile.h"

int sidecars_open(struct sidecars *out, const char *bundle, const char *dir, struct sl_error *err)
{
	const char *slash = strrchr(bundle, '/');
	const char *name = slash != NULL ? slash + 1 : bundle;
	AUTO_FREE char *parent =
		slash == NULL ? strdup(".") : strndup(bundle, (size_t)(slash - bundle) + 1);

	*out = (struct sidecars){.dir_fd = -1};
	if (strcmp(bundle, "-") == 0 || *name == '\0')
		return sl_fail(err, SL_EINVAL, 0,
			       "files beside the bundle are found by its name: name a file");
	if (parent == NULL)
		return sl_fail(err, SL_ENOMEM, 0, "folder");
	dir = dir != NULL ? dir : parent;
	out->dir_fd = root_open_dir(dir, err);
	if (out->dir_fd < 0)
		return out->dir_fd;
	out->name = strdup(name);
	if (out->name == NULL) {
		sidecars_clear(out);
		return sl_fail(err, SL_ENOMEM, 0, "folder");
	}
	return 0;
}

void sidecars_clear(struct sidecars *s)
{
	if (s->dir_fd >= 0)
		close(s->dir_fd);
	free(s->name);
	*s = (struct sidecars){.dir_fd = -1};
}

char *sidecars_name(const struct sidecars *s, const char *suffix)
{
	char *out;

	return asprintf(&out, "%s%s", s->name, suffix) < 0 ? NULL : out;
}

void sidecars_numbered(char out[SIDECAR_SUFFIX_SIZE], unsigned int number, const char *suffix)
{
	if (number == 1)
		(void)snprintf(out, SIDECAR_SUFFIX_SIZE, "%s", suffix);
	else
		(void)snprintf(out, SIDECAR_SUFFIX_SIZE, ".%u%s", number, suffix);
}

int sidecars_read(const struct sidecars *s, const char *suffix, struct buf *out,
		  struct sl_error *err)
{
	AUTO_FREE char *name = sidecars_name(s, suffix);
	int rc;

	if (name == NULL)
		return sl_fail(err, SL_ENOMEM, 0, "sidecar");
	rc = root_read_file(s->dir_fd, name, ROOT_NO_LINKS, out, err);
	if (rc == -SL_ENOTFOUND) {
		if (err != NULL)
			sl_error_clear(err);
		return 1;
	}
	return rc;
}

bool sidecars_has(const struct sidecars *s, const char *suffix)
{
	AUTO_FREE char *name = sidecars_name(s, suffix);
	struct stat st;

	return name != NULL && fstatat(s->dir_fd, name, &st, AT_SYMLINK_NOFOLLOW) == 0;
}

int sidecars_create(const struct sidecars *s, const char *suffix, const void *bytes, size_t len,
		    struct sl_error *err)
{
	AUTO_FREE char *name = sidecars_name(s, suffix);
	AUTO_FREE char *shown = name != NULL ? quote_dup(name, strlen(name)) : NULL;
	AUTO_CLOSE int fd = -1;

	if (shown == NULL)
		return sl_fail(err, SL_ENOMEM, 0, "sidecar");
	fd = openat(s->dir_fd, name, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0644);
	if (fd < 0)
		return sl_fail(err, SL_EIO, errno, "create '%s'", shown);
	if (tempfile_write(fd, bytes, len, NULL) < 0 || fsync(fd) < 0) {
		int sys = errno;

		(void)unlinkat(s->dir_fd, name, 0);
		return sl_fail(err, SL_EIO, sys, "write '%s'", shown);
	}
	sidecars_sync(s);
	return 0;
}

void sidecars_sync(const struct sidecars *s)
{
	AUTO_CLOSE int fd = openat(s->dir_fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	if (fd >= 0)
		(void)fsync(fd);
}
