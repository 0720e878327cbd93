/* SPDX-License-Identifier: Apache-2.0 */
/* Options with which commands open an encrypted bundle, and passphrases that are typed. */
#ifndef CLI_UNLOCK_H
#define CLI_UNLOCK_H

#include "cli/options.h"
#include "core/age.h"

struct unlock_args {
	struct text_list identities;
	const char *passphrase_file;
	bool passphrase;
};

/* Rows of an option table; @member is a struct unlock_args in the command's @type. */
#define CLI_UNLOCK_OPTIONS(type, member)                                                           \
	{"identity",                                                                               \
	 0,                                                                                        \
	 OPT_LIST,                                                                                 \
	 "FILE",                                                                                   \
	 NULL,                                                                                     \
	 offsetof(type, member.identities),                                                        \
	 "open an encrypted bundle with the age identities in FILE; may be repeated"},             \
		{"passphrase-file",                                                                \
		 0,                                                                                \
		 OPT_TEXT,                                                                         \
		 "FILE",                                                                           \
		 NULL,                                                                             \
		 offsetof(type, member.passphrase_file),                                           \
		 "open one that has a passphrase: the first line of FILE; - is standard input"},   \
	{                                                                                          \
		"passphrase", 0, OPT_FLAG, NULL, NULL, offsetof(type, member.passphrase),          \
			"the same, with a passphrase asked for on the terminal"                    \
	}

/* Asks when it is to. Free with age_identities_free(), also on failure. */
int cli_unlock(struct age_identities **out, const struct unlock_args *a, struct sl_error *err);
/* For CLEANUP(). */
void cli_identities_free(struct age_identities **ids);

/* Secret memory of this many bytes, with a passphrase and NUL in it. */
#define CLI_PASSPHRASE_BYTES (AGE_PASSPHRASE_MAX + 2)
/* Ask on the terminal, unseen, @twice to be sure. Free with secret_free(), also on failure. */
int cli_passphrase(char **out, const char *what, bool twice, struct sl_error *err);
/* For CLEANUP(). */
void cli_passphrase_free(char **passphrase);

#endif
