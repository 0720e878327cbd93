/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/output.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cli/columns.h"
#include "core/buf.h"
#include "core/cleanup.h"
#include "core/quote.h"

static int output_fail(const char *path, struct sl_error *err)
{
	int sys = errno;
	AUTO_FREE char *shown = quote_dup(path, strlen(path));

	return sl_fail(err, SL_EIO, sys, "output '%s'", shown != NULL ? shown : "?");
}

static int open_stdout(struct output *out, struct sl_error *err)
{
	int fd = fcntl(STDOUT_FILENO, F_DUPFD_CLOEXEC, 3);

	if (fd < 0)
		return sl_fail(err, SL_EIO, errno, "standard output");
	out->is_terminal = isatty(fd) == 1;
	return ostream_to_fd(&out->stream, fd, err);
}

/* A device, a pipe: something that must not be replaced by a file. */
static int open_in_place(struct output *out, const char *path, struct sl_error *err)
{
	int fd = open(path, O_WRONLY | O_CLOEXEC | O_NOCTTY);

	if (fd < 0)
		return output_fail(path, err);
	out->is_terminal = isatty(fd) == 1;
	return ostream_to_fd(&out->stream, fd, err);
}

static mode_t current_umask(void)
{
	mode_t mask = umask(077);

	(void)umask(mask);
	return mask;
}

/* "DIR/.NAME.XXXXXX", beside the final path so that rename stays within the file system. */
static char *temporary_beside(const char *path)
{
	const char *slash = strrchr(path, '/');
	int dir = slash != NULL ? (int)(slash - path + 1) : 0;
	char *out = NULL;

	if (asprintf(&out, "%.*s.%s.XXXXXX", dir, path, path + dir) < 0)
		return NULL;
	return out;
}

static int open_beside(struct output *out, const char *path, struct sl_error *err)
{
	int fd;

	/* a link is written through, not replaced */
	out->final_path = realpath(path, NULL);
	if (out->final_path == NULL)
		out->final_path = strdup(path);
	if (out->final_path != NULL)
		out->temporary_path = temporary_beside(out->final_path);
	if (out->temporary_path == NULL)
		return sl_fail(err, SL_ENOMEM, 0, "output");
	fd = mkostemp(out->temporary_path, O_CLOEXEC);
	if (fd < 0) {
		int rc = output_fail(path, err);

		free(take_ptr(&out->temporary_path));
		return rc;
	}
	(void)fchmod(fd, 0666 & ~current_umask());
	return ostream_to_fd(&out->stream, fd, err);
}

int output_open(struct output *out, const char *path, struct sl_error *err)
{
	struct stat st;
	int rc;

	*out = (struct output){0};
	if (path == NULL || strcmp(path, "-") == 0)
		return open_stdout(out, err);
	if (stat(path, &st) == 0 && S_ISDIR(st.st_mode)) {
		errno = EISDIR;
		return output_fail(path, err);
	}
	if (stat(path, &st) == 0 && !S_ISREG(st.st_mode))
		return open_in_place(out, path, err);
	rc = open_beside(out, path, err);
	if (rc < 0)
		output_clear(out);
	return rc;
}

int output_spares(const char *path, const char *input, struct sl_error *err)
{
	AUTO_FREE char *shown = NULL;
	struct stat a, b;

	if (path == NULL || strcmp(path, "-") == 0 || strcmp(input, "-") == 0 ||
	    stat(path, &a) < 0 || stat(input, &b) < 0 || !S_ISREG(a.st_mode) ||
	    a.st_dev != b.st_dev || a.st_ino != b.st_ino)
		return 0;
	shown = quote_dup(path, strlen(path));
	return sl_fail(err, SL_EINVAL, 0, "output '%s' would replace what is read: name another",
		       shown != NULL ? shown : "?");
}

int output_commit(struct output *out, struct sl_error *err)
{
	int rc = ostream_finish(out->stream, err);

	if (rc == 0)
		rc = ostream_sync_point(out->stream, err);
	if (rc < 0)
		return sl_wrap(err, rc, "%s", out->final_path != NULL ? "output file" : "output");
	if (out->temporary_path == NULL)
		return 0;
	if (rename(out->temporary_path, out->final_path) < 0)
		return output_fail(out->final_path, err);
	free(take_ptr(&out->temporary_path));
	return 0;
}

void output_clear(struct output *out)
{
	ostream_close(out->stream);
	if (out->temporary_path != NULL)
		(void)unlink(out->temporary_path);
	free(out->temporary_path);
	free(out->final_path);
	*out = (struct output){0};
}

int output_text(const char *path, const struct buf *text, struct sl_error *err)
{
	CLEANUP(output_clear) struct output output = {0};
	int rc = text->status < 0 ? sl_fail(err, SL_ENOMEM, 0, "output")
				  : output_open(&output, path, err);

	if (rc == 0)
		rc = ostream_write(output.stream, text->data, text->len, err);
	if (rc == 0)
		rc = output_commit(&output, err);
	return rc;
}

int output_columns(const char *path, struct columns *columns, struct sl_error *err)
{
	CLEANUP(output_clear) struct output output = {0};
	int rc = output_open(&output, path, err);

	if (rc == 0)
		rc = columns_write(columns, output.stream, err);
	return rc < 0 ? rc : output_commit(&output, err);
}
