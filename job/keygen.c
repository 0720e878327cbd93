/* SPDX-License-Identifier: Apache-2.0 */
#include "job/keygen.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "core/buf.h"
#include "core/cleanup.h"
#include "core/sign.h"

#define PEM_MAX 4096

static int create(const char *path, mode_t mode, const struct buf *text, struct sl_error *err)
{
	AUTO_CLOSE int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, mode);

	if (fd < 0)
		return sl_fail(err, SL_EIO, errno, "create '%s'", path);
	if (write(fd, text->data, text->len) != (ssize_t)text->len || fsync(fd) < 0) {
		int sys = errno;

		(void)unlink(path);
		return sl_fail(err, SL_EIO, sys, "write '%s'", path);
	}
	return 0;
}

static int write_pair(const char *path, const struct sign_key *key, const char *passphrase,
		      struct sl_error *err)
{
	struct buf secret = BUF_INIT(PEM_MAX), public = BUF_INIT(PEM_MAX);
	AUTO_FREE char *public_path = NULL;
	uint8_t raw[SIGN_PUBLIC_SIZE];
	int rc = sign_key_write(key, passphrase, &secret, err);

	sign_key_public(key, raw);
	if (rc == 0 &&
	    (sign_public_pem(raw, &public) < 0 || asprintf(&public_path, "%s.pub", path) < 0)) {
		public_path = NULL;
		rc = sl_fail(err, SL_ENOMEM, 0, "public key");
	}
	if (rc == 0)
		rc = create(public_path, 0644, &public, err);
	if (rc == 0) {
		rc = create(path, 0600, &secret, err);
		if (rc < 0)
			(void)unlink(public_path);
	}
	if (secret.data != NULL)
		explicit_bzero(secret.data, secret.cap);
	buf_clear(&secret);
	buf_clear(&public);
	return rc;
}

int job_keygen(const char *path, const char *passphrase, struct sl_error *err)
{
	struct sign_key *key = NULL;
	int rc = sign_key_generate(&key, err);

	if (rc == 0)
		rc = write_pair(path, key, passphrase, err);
	sign_key_free(key);
	return rc;
}

int job_keygen_age(const char *path, char recipient[AGE_RECIPIENT_SIZE], struct sl_error *err)
{
	struct buf text = BUF_INIT(PEM_MAX);
	int rc = age_keygen(&text, recipient, err);

	if (rc == 0)
		rc = create(path, 0600, &text, err);
	if (text.data != NULL)
		explicit_bzero(text.data, text.cap);
	buf_clear(&text);
	return rc;
}
