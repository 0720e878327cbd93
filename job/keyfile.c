/* SPDX-License-Identifier: Apache-2.0 */
#include "job/keyfile.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "core/cleanup.h"
#include "core/root.h"
#include "core/secret.h"

static int open_empty(struct keyfile *out, struct sl_error *err)
{
	*out = (struct keyfile){.text = secret_new(KEYFILE_MAX + 1)};
	return out->text != NULL ? 0 : sl_fail(err, SL_ENOMEM, 0, "memory for a secret");
}

int keyfile_read(struct keyfile *out, const char *path, struct sl_error *err)
{
	AUTO_CLOSE int fd = root_open_named(path, true, err);
	ssize_t n = 1;
	int rc;

	*out = (struct keyfile){0};
	if (fd < 0)
		return fd;
	rc = open_empty(out, err);
	while (rc == 0 && n > 0 && out->len < KEYFILE_MAX) {
		n = read(fd, out->text + out->len, KEYFILE_MAX - out->len);
		if (n < 0 && errno == EINTR)
			n = 1;
		else if (n < 0)
			rc = sl_fail(err, SL_EIO, errno, "read '%s'", path);
		else
			out->len += (size_t)n;
	}
	if (rc == 0 && out->len == KEYFILE_MAX)
		rc = sl_fail(err, SL_ELIMIT, 0, "'%s' is larger than a file of keys", path);
	return rc;
}

int keyfile_read_line(struct keyfile *out, const char *path, struct sl_error *err)
{
	int rc = keyfile_read(out, path, err);
	char *end;

	if (rc < 0)
		return rc;
	end = memchr(out->text, '\n', out->len);
	if (end != NULL)
		out->len = (size_t)(end - out->text);
	if (end != NULL && out->len > 0 && out->text[out->len - 1] == '\r')
		out->len--;
	out->text[out->len] = '\0';
	return 0;
}

int keyfile_from_text(struct keyfile *out, const char *text, size_t len, struct sl_error *err)
{
	int rc = open_empty(out, err);

	if (rc == 0 && len > KEYFILE_MAX)
		rc = sl_fail(err, SL_ELIMIT, 0, "too long a secret");
	if (rc == 0) {
		memcpy(out->text, text, len);
		out->len = len;
	}
	return rc;
}

void keyfile_clear(struct keyfile *k)
{
	secret_free(k->text, KEYFILE_MAX + 1);
	*k = (struct keyfile){0};
}
