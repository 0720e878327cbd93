/* SPDX-License-Identifier: Apache-2.0 */
/* What the commands about custody share. */
#ifndef CLI_CUSTODY_H
#define CLI_CUSTODY_H

#include "cli/options.h"
#include "cli/passphrase.h"
#include "cli/unlock.h"
#include "job/custody.h"

/* The options of whoever adds an event. */
struct custody_args {
	unsigned int action; /* enum custody_action, or CUSTODY_ACTIONS: not said */
	const char *key, *key_passphrase_file;
	const char *by, *from, *to, *to_key, *purpose, *place, *seal, *matter, *made, *until;
	const char *sidecars;
	bool despite, drop_torn;
	struct unlock_args unlock; /* of custody add */
	unsigned int jobs;
};

#define CUSTODY_AT(member) offsetof(struct custody_args, member)

/* The rows that every such command has. */
#define CUSTODY_OPTIONS                                                                              \
	{"key",                                                                                      \
	 0,                                                                                          \
	 OPT_TEXT,                                                                                   \
	 "FILE",                                                                                     \
	 NULL,                                                                                       \
	 CUSTODY_AT(key),                                                                            \
	 "the private key of who acts, made by keygen"},                                             \
		{"key-passphrase-file",  0, OPT_TEXT, "FILE", NULL, CUSTODY_AT(key_passphrase_file), \
		 CLI_KEY_PASSPHRASE_HELP},                                                           \
		{"by",                                                                               \
		 0,                                                                                  \
		 OPT_TEXT,                                                                           \
		 "WHO",                                                                              \
		 NULL,                                                                               \
		 CUSTODY_AT(by),                                                                     \
		 "who acts; by default as this key signed last"},                                    \
		{"purpose", 0, OPT_TEXT, "TEXT", NULL, CUSTODY_AT(purpose), "what for"},             \
		{"sidecars",                                                                         \
		 0,                                                                                  \
		 OPT_TEXT,                                                                           \
		 "DIR",                                                                              \
		 NULL,                                                                               \
		 CUSTODY_AT(sidecars),                                                               \
		 "the record is in DIR instead of beside the bundle"},                               \
		{"despite",                                                                          \
		 0,                                                                                  \
		 OPT_FLAG,                                                                           \
		 NULL,                                                                               \
		 NULL,                                                                               \
		 CUSTODY_AT(despite),                                                                \
		 "record that the file is not what it was, instead of refusing"},                    \
	{                                                                                            \
		"drop-torn", 0, OPT_FLAG, NULL, NULL, CUSTODY_AT(drop_torn),                         \
			"take a last line that was cut off away, and record its digest"              \
	}

/* Add the event and tell of it. Returns an exit status. */
int custody_run(struct app *app, const struct custody_args *args, enum custody_action action,
		const char *file);

/* An access that another command makes: --custody KEY and what belongs to it. */
struct custody_access {
	const char *key, *passphrase_file, *by, *purpose;
};

#define CUSTODY_ACCESS_OPTIONS(type, member)                                                       \
	{"custody",                                                                                \
	 0,                                                                                        \
	 OPT_TEXT,                                                                                 \
	 "KEY",                                                                                    \
	 NULL,                                                                                     \
	 offsetof(type, member.key),                                                               \
	 "record this in the bundle's custody record, signed with the private key KEY"},           \
		{"custody-passphrase-file",                                                        \
		 0,                                                                                \
		 OPT_TEXT,                                                                         \
		 "FILE",                                                                           \
		 NULL,                                                                             \
		 offsetof(type, member.passphrase_file),                                           \
		 "the passphrase of that key is the first line of FILE"},                          \
		{"custody-by",                                                                     \
		 0,                                                                                \
		 OPT_TEXT,                                                                         \
		 "WHO",                                                                            \
		 NULL,                                                                             \
		 offsetof(type, member.by),                                                        \
		 "who does it; by default as that key signed last"},                               \
	{                                                                                          \
		"custody-purpose", 0, OPT_TEXT, "TEXT", NULL, offsetof(type, member.purpose),      \
			"what for"                                                                 \
	}

/* 0 also when no custody was asked for. @verified may be NULL. */
int custody_record_access(struct app *app, const struct custody_access *access, const char *file,
			  const char *sidecars, const struct sl_verify_result *verified,
			  struct sl_error *err);

#endif
