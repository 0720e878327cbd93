/* SPDX-License-Identifier: Apache-2.0 */
/* The content of one side of a pair: opened by the walk, read and hashed by a worker. */
#ifndef DIFF_READING_H
#define DIFF_READING_H

#include <signal.h>

#include <strandline/source.h>

#define READING_HEAD 16

/*
 * Owned by the walk until the pair is submitted, by one worker until it is taken back, by the walk
 * again after that.
 */
struct reading {
	struct sl_content *content; /* owned; NULL: there is nothing to read */
	bool want_sha256, want_xxh3;
	uint64_t expected; /* bytes, as the walk saw it */
	uint64_t prefix;   /* so many bytes of its beginning get a digest of their own; 0: none */
	bool want_quiet;   /* find out whether anybody may write to it */
	bool is_quiet;     /* nobody could when reading began, and it was read once */
	const char *why;   /* it was to be read and was not: static text; else NULL */
	int sys;
	bool is_unstable; /* changed while it was read, twice */
	bool has_times;   /* it was read twice: of the second time */
	struct sl_time mtime, ctime;
	uint32_t fields; /* set of SL_ENTRY_SHA256, SL_ENTRY_XXH3 (set below), SL_ENTRY_CACHED */
	uint64_t size;   /* bytes of the last attempt */
	uint64_t bytes_read; /* of all attempts */
	uint8_t sha256[SL_SHA256_SIZE];
	uint8_t xxh3[SL_XXH3_SIZE];
	bool has_prefix; /* set below, and it was that long */
	uint8_t prefix_sha256[SL_SHA256_SIZE];
	uint8_t head[READING_HEAD];
	uint8_t head_len;
	uint64_t signals;     /* what more of its beginning shows (diff/magic.h) */
	struct sl_file_id id; /* with want_quiet: to remember it by */
};

/* A worker's hash contexts. */
struct hasher;

extern const char reading_no_time[];

/*
 * @stop may be NULL; when it is set, readings end early and say so. So they do from @deadline_ns on
 * (of clock_boot_ns(); 0: never), with reading_no_time.
 */
int hasher_new(struct hasher **out, const volatile sig_atomic_t *stop, uint64_t deadline_ns,
	       struct sl_error *err);
void hasher_free(struct hasher *h);

/* Read and close the content, if there is one. What goes wrong becomes why and sys. */
void reading_run(struct reading *r, struct hasher *h);

/* Close what was never read. */
void reading_clear(struct reading *r);

/* Write what was found out into the entry that was read. */
void reading_apply(const struct reading *r, struct sl_entry *e);

#endif
