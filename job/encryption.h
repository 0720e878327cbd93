/* SPDX-License-Identifier: Apache-2.0 */
/* To whom a bundle is encrypted, and with what one is opened: from file names to keys. */
#ifndef JOB_ENCRYPTION_H
#define JOB_ENCRYPTION_H

#include "core/age.h"
#include "job/keyfile.h"

/* A passphrase: out of a file, or typed; both NULL: there is none. */
struct passphrase_given {
	const char *file; /* its first line; "-" is standard input */
	const char *typed;
};

/* ---- to whom ---- */

struct encryption_request {
	const char *const *recipients; /* "age1..." */
	size_t recipient_count;
	const char *const *files; /* of recipients, one a line */
	size_t file_count;
	struct passphrase_given passphrase;
};

struct encryption {
	struct buf recipients;     /* one a line; empty when there is a passphrase */
	size_t count;              /* of them */
	struct keyfile passphrase; /* its text is NULL when there is none */
};

/* 1 when none of it was asked for. Clear it also on failure. */
int encryption_open(struct encryption *out, const struct encryption_request *request,
		    struct sl_error *err);
void encryption_clear(struct encryption *e);

/* ---- with what ---- */

struct unlock_request {
	const char *const *identity_files;
	size_t identity_count;
	struct passphrase_given passphrase;
};

int unlock_open(struct age_identities **out, const struct unlock_request *request,
		struct sl_error *err);

#endif
