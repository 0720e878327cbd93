/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/unlock.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <termios.h>
#include <unistd.h>

#include "core/cleanup.h"
#include "core/secret.h"
#include "job/encryption.h"

/* One line from the terminal. It ends when the line does, at the end of input or by a signal. */
static int read_line(int tty, char *out, size_t cap, struct sl_error *err)
{
	size_t len = 0;

	for (;;) {
		char c;
		ssize_t n = read(tty, &c, 1);

		if (n < 0)
			return errno == EINTR
				       ? sl_fail(err, SL_ECANCELLED, 0, "stopped by a signal")
				       : sl_fail(err, SL_EIO, errno, "read the terminal");
		if (n == 0 || c == '\n')
			break;
		if (len + 1 == cap)
			return sl_fail(err, SL_ELIMIT, 0, "passphrase of more than %d bytes",
				       AGE_PASSPHRASE_MAX);
		out[len++] = c;
	}
	out[len] = '\0';
	return len > 0 ? 0 : sl_fail(err, SL_EINVAL, 0, "the passphrase is empty");
}

static int ask(int tty, const char *what, char *out, size_t cap, struct sl_error *err)
{
	struct termios before, quiet;
	int rc;

	if (tcgetattr(tty, &before) < 0)
		return sl_fail(err, SL_EIO, errno, "terminal");
	quiet = before;
	quiet.c_lflag &= ~(tcflag_t)ECHO;
	if (tcsetattr(tty, TCSAFLUSH, &quiet) < 0)
		return sl_fail(err, SL_EIO, errno, "terminal");
	rc = dprintf(tty, "%s: ", what) < 0 ? sl_fail(err, SL_EIO, errno, "terminal")
					    : read_line(tty, out, cap, err);
	(void)tcsetattr(tty, TCSAFLUSH, &before);
	(void)!write(tty, "\n", 1);
	return rc;
}

void cli_passphrase_free(char **passphrase)
{
	secret_free(*passphrase, CLI_PASSPHRASE_BYTES);
}

int cli_passphrase(char **out, const char *what, bool twice, struct sl_error *err)
{
	CLEANUP(cli_passphrase_free) char *again = NULL;
	AUTO_CLOSE int tty = open("/dev/tty", O_RDWR | O_CLOEXEC | O_NOCTTY);
	int rc;

	*out = NULL;
	if (tty < 0)
		return sl_fail(err, SL_EINVAL, errno,
			       "no terminal to ask on: give the passphrase in a file");
	*out = secret_new(CLI_PASSPHRASE_BYTES);
	again = secret_new(CLI_PASSPHRASE_BYTES);
	if (*out == NULL || again == NULL)
		return sl_fail(err, SL_ENOMEM, 0, "passphrase");
	rc = ask(tty, what, *out, CLI_PASSPHRASE_BYTES, err);
	if (rc == 0 && twice)
		rc = ask(tty, "The same again", again, CLI_PASSPHRASE_BYTES, err);
	if (rc == 0 && twice && strcmp(*out, again) != 0)
		rc = sl_fail(err, SL_EINVAL, 0, "the two passphrases differ");
	return rc;
}

void cli_identities_free(struct age_identities **ids)
{
	age_identities_free(*ids);
}

int cli_unlock(struct age_identities **out, const struct unlock_args *a, struct sl_error *err)
{
	CLEANUP(cli_passphrase_free) char *typed = NULL;
	struct unlock_request request = {
		.identity_files = a->identities.items,
		.identity_count = a->identities.count,
		.passphrase.file = a->passphrase_file,
	};
	int rc = 0;

	*out = NULL;
	if (a->passphrase && a->passphrase_file != NULL)
		return sl_fail(err, SL_EINVAL, 0,
			       "--passphrase and --passphrase-file exclude each other");
	if (a->passphrase)
		rc = cli_passphrase(&typed, "Passphrase of the bundle", false, err);
	request.passphrase.typed = typed;
	return rc < 0 ? rc : unlock_open(out, &request, err);
}
