/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Files kept beside a bundle, named after it: NAME.note, NAME.tsr, NAME.custody.jsonl... The folder
 * may be anybody's: no link is followed, nothing but regular files is opened, nothing is replaced.
 */
#ifndef JOB_SIDECAR_H
#define JOB_SIDECAR_H

#include <strandline/error.h>

#include "core/buf.h"

#define SIDECAR_NOTE ".note"
#define SIDECAR_SHA256 ".sha256"
#define SIDECAR_CUSTODY ".custody.jsonl"

struct sidecars {
	int dir_fd; /* O_PATH: a folder need not be listed */
	char *name; /* of the bundle, without its folder */
};

/* @dir NULL: the folder of the bundle. A bundle on standard input has none: -SL_EINVAL. */
int sidecars_open(struct sidecars *out, const char *bundle, const char *dir, struct sl_error *err);
void sidecars_clear(struct sidecars *s);

/* "web.tar.zst.note", owned by the caller; NULL when memory ran out. */
char *sidecars_name(const struct sidecars *s, const char *suffix);
/* ".tsr", ".2.tsr", ".3.tsr": the @number-th from 1. */
#define SIDECAR_SUFFIX_SIZE 32
void sidecars_numbered(char out[SIDECAR_SUFFIX_SIZE], unsigned int number, const char *suffix);

/* A whole file of at most @out's maximum. 1 when there is none. */
int sidecars_read(const struct sidecars *s, const char *suffix, struct buf *out,
		  struct sl_error *err);
/* Is there anything of that name? */
bool sidecars_has(const struct sidecars *s, const char *suffix);
/* Create and write through to the disk; an existing one is never touched. */
int sidecars_create(const struct sidecars *s, const char *suffix, const void *bytes, size_t len,
		    struct sl_error *err);
/* Names that were made or taken away are on the disk, as far as the folder can be opened. */
void sidecars_sync(const struct sidecars *s);

#endif
