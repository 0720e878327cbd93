/* SPDX-License-Identifier: Apache-2.0 */
/* Passphrases of signing keys: out of a file or off the terminal, never out of the arguments. */
#ifndef CLI_PASSPHRASE_H
#define CLI_PASSPHRASE_H

#include "job/keyfile.h"

#define CLI_KEY_PASSPHRASE_HELP                                                                    \
	"the key's passphrase is the first line of FILE; without it an encrypted key asks for it " \
	"on the terminal"

/* In secret memory; zeros: there is none. */
struct passphrase {
	struct keyfile file;
	char *typed;
};

/* The first line of a file. Empty is -SL_EINVAL. */
int passphrase_read(struct passphrase *out, const char *file, struct sl_error *err);
/* A new one, off the terminal. */
int passphrase_new(struct passphrase *out, struct sl_error *err);

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
