/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The JSON of a table of contents as its entries, one at a time: memory is bounded by the largest
 * entry. Stricter than the engines that use such tables. They match keys without regard to case and
 * some stop at an empty one, so that a text which we read otherwise than they do would show them
 * other files: whatever is ambiguous is -SL_EFORMAT.
 */
#ifndef SNAPSHOT_TOCREAD_H
#define SNAPSHOT_TOCREAD_H

#include "core/buf.h"
#include "core/istream.h"
#include "core/json.h"

struct sha256;

/* One entry. Absent texts are NULL, absent numbers 0. Texts belong to doc. */
struct toc_entry {
	struct jval *doc;
	const char *type, *name, *link, *digest, *chunk_digest;
	int64_t mode, size, uid, gid, major, minor, chunk_size, chunk_offset;
	const struct jval *xattrs; /* object: name to base64; or NULL */
};
void toc_entry_clear(struct toc_entry *e);

struct toc_reader {
	struct istream *in;  /* borrowed */
	struct sha256 *hash; /* borrowed; every byte of the text is added to it; or NULL */
	uint64_t left;       /* bytes of the text that were not lent by in yet */
	const uint8_t *chunk;
	size_t chunk_len;
	struct buf text; /* the value at hand */
	bool is_open, any_entry, ended;
	bool has_more; /* in went on behind the text */
};

/* The text is the next @size bytes of @in; an entry takes no more than @max_entry of it. */
void toc_reader_init(struct toc_reader *r, struct istream *in, struct sha256 *hash, uint64_t size,
		     size_t max_entry);
void toc_reader_clear(struct toc_reader *r);

/* 0 and an entry for the caller to clear; 1 behind the last one, the text read to its end. */
int toc_reader_next(struct toc_reader *r, struct toc_entry *out, struct sl_error *err);

#endif
