/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/passphrase.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <termios.h>
#include <unistd.h>

#include "core/buf.h"
#include "core/cleanup.h"
#include "core/quote.h"
#include "core/root.h"

#define KEY_MAX 16384

static void wipe(struct buf *b)
{
	if (b->data != NULL)
		explicit_bzero(b->data, b->cap);
	buf_clear(b);
}

static int take_line(struct passphrase *out, const char *text, size_t len, struct sl_error *err)
{
	const char *end = memchr(text, '\n', len);

	len = end != NULL ? (size_t)(end - text) : len;
	if (len == 0)
		return sl_fail(err, SL_EINVAL, 0, "the passphrase is empty");
	if (len > PASSPHRASE_MAX)
		return sl_fail(err, SL_ELIMIT, 0, "the passphrase has more than %d bytes",
			       PASSPHRASE_MAX);
	if (memchr(text, '\0', len) != NULL)
		return sl_fail(err, SL_EINVAL, 0, "the passphrase holds a NUL byte");
	(void)mlock(out, sizeof(*out));
	memcpy(out->text, text, len);
	out->text[len] = '\0';
	out->is_given = true;
	return 0;
}

int passphrase_read(struct passphrase *out, const char *file, struct sl_error *err)
{
	CLEANUP(wipe) struct buf text = BUF_INIT(KEY_MAX);
	AUTO_FREE char *shown = quote_short(file, strlen(file));
	int rc;

	/* one reservation: growing would leave copies of the text on the heap */
	if (buf_reserve(&text, KEY_MAX) < 0)
		return sl_fail(err, SL_ENOMEM, 0, "passphrase");
	rc = root_read_named(file, &text, err);
	if (rc == 0)
		rc = take_line(out, text.data != NULL ? text.data : "", text.len, err);
	return rc < 0 ? sl_wrap(err, rc, "passphrase file '%s'", shown != NULL ? shown : "?") : 0;
}

/* ---- the terminal ---- */

static int write_all(int fd, const char *text)
{
	return write(fd, text, strlen(text)) == (ssize_t)strlen(text) ? 0 : -1;
}

/* A signal ends it: the caller puts the terminal back first. */
static int read_line(int fd, struct passphrase *out, struct sl_error *err)
{
	char line[PASSPHRASE_MAX + 2];
	size_t len = 0;
	ssize_t n = 0;
	int rc;

	while (len < sizeof(line) && (n = read(fd, line + len, 1)) == 1)
		if (line[len++] == '\n')
			break;
	if (n < 0)
		rc = sl_fail(err, errno == EINTR ? SL_ECANCELLED : SL_EIO, errno, "terminal");
	else
		rc = take_line(out, line, len, err);
	explicit_bzero(line, sizeof(line));
	return rc;
}

static int ask_once(int fd, const char *prompt, struct passphrase *out, struct sl_error *err)
{
	struct termios shown, hidden;
	int rc;

	if (tcgetattr(fd, &shown) < 0)
		return sl_fail(err, SL_EIO, errno, "terminal");
	hidden = shown;
	hidden.c_lflag &= ~(tcflag_t)(ECHO | ECHOE | ECHOK | ECHONL);
	if (tcsetattr(fd, TCSAFLUSH, &hidden) < 0)
		return sl_fail(err, SL_EIO, errno, "terminal");
	rc = write_all(fd, prompt) < 0 ? sl_fail(err, SL_EIO, errno, "terminal")
				       : read_line(fd, out, err);
	(void)tcsetattr(fd, TCSAFLUSH, &shown);
	(void)write_all(fd, "\n");
	return rc;
}

int passphrase_ask(struct passphrase *out, const char *what, bool twice, struct sl_error *err)
{
	CLEANUP(passphrase_clear) struct passphrase again = {.is_given = false};
	AUTO_CLOSE int fd = open("/dev/tty", O_RDWR | O_NOCTTY | O_CLOEXEC);
	AUTO_FREE char *prompt = NULL;
	int rc;

	if (fd < 0)
		return sl_fail(err, SL_EINVAL, 0,
			       "%s: there is no terminal to ask on; give it in a file", what);
	if (asprintf(&prompt, "%s: ", what) < 0) {
		prompt = NULL;
		return sl_fail(err, SL_ENOMEM, 0, "passphrase");
	}
	rc = ask_once(fd, prompt, out, err);
	if (rc == 0 && twice)
		rc = ask_once(fd, "once more: ", &again, err);
	if (rc == 0 && twice && strcmp(out->text, again.text) != 0)
		rc = sl_fail(err, SL_EINVAL, 0, "the two are not the same");
	return rc;
}

/* ---- what a key takes ---- */

static int is_encrypted(const char *key_file, bool *out, struct sl_error *err)
{
	CLEANUP(wipe) struct buf pem = BUF_INIT(KEY_MAX);
	int rc = buf_reserve(&pem, KEY_MAX);

	if (rc == 0)
		rc = root_read_named(key_file, &pem, err);
	*out = rc == 0 && pem.len > 0 && strstr(pem.data, "BEGIN ENCRYPTED PRIVATE KEY") != NULL;
	return rc;
}

int passphrase_for_key(struct passphrase *out, const char *key_file, const char *file,
		       struct sl_error *err)
{
	AUTO_FREE char *shown = NULL, *what = NULL;
	bool encrypted = false;
	int rc;

	if (key_file == NULL)
		return file == NULL ? 0
				    : sl_fail(err, SL_EINVAL, 0, "a passphrase goes with a key");
	if (file != NULL)
		return passphrase_read(out, file, err);
	rc = is_encrypted(key_file, &encrypted, err);
	if (rc < 0 || !encrypted)
		return rc;
	shown = quote_short(key_file, strlen(key_file));
	if (shown == NULL || asprintf(&what, "passphrase of '%s'", shown) < 0) {
		what = NULL;
		return sl_fail(err, SL_ENOMEM, 0, "passphrase");
	}
	return passphrase_ask(out, what, false, err);
}

const char *passphrase_text(const struct passphrase *p)
{
	return p->is_given ? p->text : NULL;
}

void passphrase_clear(struct passphrase *p)
{
	explicit_bzero(p, sizeof(*p));
	(void)munlock(p, sizeof(*p));
}
