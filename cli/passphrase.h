/* SPDX-License-Identifier: Apache-2.0 */
/* Passphrases of key files: out of a file or off the terminal, never out of the arguments. */
#ifndef CLI_PASSPHRASE_H
#define CLI_PASSPHRASE_H

#include <strandline/error.h>

#define PASSPHRASE_MAX 1024
#define CLI_KEY_PASSPHRASE_HELP                                                                    \
	"the key's passphrase is the first line of FILE; without it an encrypted key asks for it " \
	"on the terminal"

struct passphrase {
	char text[PASSPHRASE_MAX + 1];
	bool is_given;
};

/* The first line of a file, which may be a pipe; without its line feed. Empty is -SL_EINVAL. */
int passphrase_read(struct passphrase *out, const char *file, struct sl_error *err);

/* Ask on the terminal, without echo; @twice for a new one. Without a terminal -SL_EINVAL. */
int passphrase_ask(struct passphrase *out, const char *what, bool twice, struct sl_error *err);

/*
 * What it takes to read @key_file: out of @file when it is given, off the terminal when the key is
 * encrypted, nothing when it is not. A NULL @key_file takes nothing.
 */
int passphrase_for_key(struct passphrase *out, const char *key_file, const char *file,
		       struct sl_error *err);

/* NULL when there is none. */
const char *passphrase_text(const struct passphrase *p);
void passphrase_clear(struct passphrase *p);

#endif
