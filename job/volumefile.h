/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The bytes of a regular file of a mount: its beginning always, all of it where something is to be
 * found by them or the file is told. Bounded in bytes for each mount, and in time.
 */
#ifndef JOB_VOLUMEFILE_H
#define JOB_VOLUMEFILE_H

#include "job/meaning.h"

struct volumefile;

/* Borrows @m: its lists of digests and its YARA rules. */
int volumefile_new(struct volumefile **out, struct meaning *m, struct sl_error *err);
void volumefile_free(struct volumefile *f); /* NULL is fine */

/* The next mount: @deadline is in nanoseconds after boot. */
void volumefile_start(struct volumefile *f, uint64_t deadline);

/* Must every file be read in full? */
bool volumefile_reads_all(const struct volumefile *f);

/*
 * Of the entry that @source lent last: first what its beginning shows, then its digest and what is
 * known of it. @e and @c get what was found. What goes wrong is *why, static text, and *sys.
 */
int volumefile_begin(struct volumefile *f, struct sl_source *source, struct sl_change *c,
		     struct sl_entry *e, const char **why, int *sys, struct sl_error *err);
int volumefile_read(struct volumefile *f, struct sl_source *source, struct sl_change *c,
		    struct sl_entry *e, const char **why, int *sys, struct sl_error *err);

/* Bytes read since volumefile_forget(), which also drops the matches of the file before. */
uint64_t volumefile_bytes(const struct volumefile *f);
void volumefile_forget(struct volumefile *f);

/* The file is told under this path: its matches are kept for its finding. */
void volumefile_told(struct volumefile *f, struct sl_bytes path);

#endif
