/* SPDX-License-Identifier: Apache-2.0 */
/* Small files that hold secrets, read into memory that is locked and wiped. */
#ifndef JOB_KEYFILE_H
#define JOB_KEYFILE_H

#include <strandline/error.h>

#define KEYFILE_MAX ((size_t)64 << 10)

struct keyfile {
	char *text; /* KEYFILE_MAX + 1 bytes of secret memory, NUL-terminated; NULL when closed */
	size_t len;
};

/* "-" is standard input. Clear it also on failure. */
int keyfile_read(struct keyfile *out, const char *path, struct sl_error *err);
/* The first line alone: a passphrase. */
int keyfile_read_line(struct keyfile *out, const char *path, struct sl_error *err);
/* What somebody typed. */
int keyfile_from_text(struct keyfile *out, const char *text, size_t len, struct sl_error *err);
void keyfile_clear(struct keyfile *k);

#endif
