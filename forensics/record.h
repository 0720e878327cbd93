/* SPDX-License-Identifier: Apache-2.0 */
/* One line of a journal, taken apart (docs/bundle-format.md section 3). */
#ifndef FORENSICS_RECORD_H
#define FORENSICS_RECORD_H

#include <strandline/bundle.h>

#include "core/json.h"

#define RECORD_TYPE_MAX 32

struct record {
	uint64_t seq;
	uint8_t prev[SL_SHA256_SIZE];
	struct sl_time time;
	uint64_t boot_ns;
	char type[RECORD_TYPE_MAX + 1];
	uint32_t target;
	struct jval *doc; /* owned; the whole object */
};

/*
 * Parse a line, its line feed left out. Clear it also on failure. -SL_EFORMAT when it is no JSON
 * object that begins with the members every record begins with, in their order.
 */
int record_parse(struct record *out, const char *line, size_t len, struct sl_error *err);
void record_clear(struct record *r);

/* The first members only: cheaper, and doc stays NULL. */
int record_parse_head(struct record *out, const char *line, size_t len, struct sl_error *err);

/* What `stored` or `attributes` of a record says about one member. */
struct stored {
	const char *member; /* borrowed from the record */
	size_t member_len;
	uint64_t bytes;
	uint8_t sha256[SL_SHA256_SIZE];
};

/*
 * @v may be NULL or null. 0; 1 when it names no member; -SL_EFORMAT.
 */
int record_stored(const struct jval *v, struct stored *out, struct sl_error *err);

/* A number, or a decimal string (64-bit values). 0; -SL_EFORMAT when v is NULL or neither. */
int record_u64(const struct jval *v, uint64_t *out);

/* All of the text is a decimal number without needless zeros. 0 or -SL_EFORMAT. */
int record_number(const char *text, size_t len, uint64_t *out);

/*
 * Bytes under a key, or under the key with "_b64" behind it. 0 and content appended to @out; 1 when
 * there is neither; -SL_EFORMAT, -SL_ENOMEM, -SL_ELIMIT.
 */
int record_bytes(const struct jval *v, const char *key, struct buf *out);
/* The same of a path: with a NUL in it, which no path has, -SL_EFORMAT. */
int record_path(const struct jval *v, const char *key, struct buf *out);

/*
 * Lines of a journal, one a call: 0 and a line without its line feed, 1 at the end, -SL_EFORMAT
 * when one is too long or not ended.
 */
int journal_line(const struct buf *journal, size_t *pos, const char **line, size_t *len,
		 struct sl_error *err);

#endif
