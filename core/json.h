/* SPDX-License-Identifier: Apache-2.0 */
/*
 * JSON in and out. Reading keeps a document in memory (it is small or refused by the caller's size
 * bound); writing streams into a buffer that the caller drains.
 */
#ifndef CORE_JSON_H
#define CORE_JSON_H

#include <strandline/error.h>

#include "core/buf.h"
#include "core/cleanup.h"

/* ---- reading: values are borrowed from the document they belong to ---- */

struct jval;

enum jval_type { JVAL_NULL, JVAL_BOOL, JVAL_NUMBER, JVAL_STRING, JVAL_ARRAY, JVAL_OBJECT };

/*
 * Parse one whole document. Refused: duplicate keys, invalid UTF-8, NUL in strings, trailing bytes,
 * nesting deeper than 2048. Errors carry line and column. Free with jval_free().
 */
int jval_parse(struct jval **out, const void *text, size_t len, struct sl_error *err);
/*
 * The same for hostile documents: more than @max_values values is -SL_ELIMIT before any is made,
 * for an empty list is two bytes of text and a hundred of memory.
 */
int jval_parse_bounded(struct jval **out, const void *text, size_t len, size_t max_values,
		       struct sl_error *err);
void jval_free(struct jval *doc);
#define AUTO_JVAL CLEANUP(jval_freep)
static inline void jval_freep(struct jval *const *doc)
{
	jval_free(*doc);
}

/*
 * The text of one member of the outermost object, without parsing the document: 0 and @out, a piece
 * of @text; 1 when there is no such member. -SL_EFORMAT when that takes a parser: the document is
 * no closed object, the member is there twice or is no text, or an escape or a byte beyond ASCII is
 * in it or in a key. Of a document that parses, the answer is what a parser says.
 */
int json_scan_text(const char *text, size_t len, const char *key, struct sl_bytes *out);

enum jval_type jval_type(const struct jval *v);
/* Member of an object; NULL when v is NULL, no object, or has no such member. */
const struct jval *jval_get(const struct jval *v, const char *key);
/* The same through a path of keys, NULL-terminated. */
const struct jval *jval_path(const struct jval *v, ...) __attribute__((sentinel));
const struct jval *jval_at(const struct jval *v, size_t index);
/* Elements of an array or members of an object, else 0. */
size_t jval_len(const struct jval *v);
/* NULL when v is NULL or no string. Never holds NUL. */
const char *jval_str(const struct jval *v);
/* 0, or -SL_EFORMAT when v is NULL or of another type (or no integer). */
int jval_i64(const struct jval *v, int64_t *out);
int jval_bool(const struct jval *v, bool *out);
/* Call fn for each member in the document's order; non-zero ends it and is returned. */
int jval_each(const struct jval *v, int (*fn)(void *payload, const char *key, const struct jval *m),
	      void *payload);
/* Serialise compactly, members in document order. */
int jval_dump(const struct jval *v, struct buf *out, struct sl_error *err);

/* ---- writing: the first failure sticks in the buffer, checked once by jout_end() ---- */

#define JOUT_MAX_DEPTH 64

struct jout {
	struct buf *out;
	unsigned int depth;
	uint8_t state[JOUT_MAX_DEPTH]; /* per level: is a comma due */
	bool after_key;
};

void jout_begin(struct jout *j, struct buf *out);
/* The document is closed: 0, or the buffer's failure; unbalanced nesting is -SL_EINVAL. */
int jout_end(struct jout *j);

void jout_object(struct jout *j);
void jout_object_end(struct jout *j);
void jout_array(struct jout *j);
void jout_array_end(struct jout *j);
void jout_key(struct jout *j, const char *key);

/* Text that must be UTF-8; what is not becomes U+FFFD. NULL is null. */
void jout_str(struct jout *j, const char *text);
void jout_strn(struct jout *j, const char *text, size_t len);
void jout_i64(struct jout *j, int64_t n);
void jout_u64(struct jout *j, uint64_t n);
/* 64-bit ids as decimal strings: JSON numbers lose them past 2^53. */
void jout_id(struct jout *j, uint64_t n);
void jout_bool(struct jout *j, bool b);
void jout_null(struct jout *j);
void jout_hex(struct jout *j, const void *bytes, size_t len);
/* "sha256:..." */
void jout_digest(struct jout *j, const uint8_t digest[SL_SHA256_SIZE]);
void jout_base64(struct jout *j, const void *bytes, size_t len);
void jout_time(struct jout *j, struct sl_time t);
/* "04755" */
void jout_mode(struct jout *j, uint32_t mode);
/* Already JSON: appended as one value. */
void jout_raw(struct jout *j, const char *json, size_t len);

/*
 * Bytes under a key: "KEY":"..." when they are UTF-8 without NUL, else "KEY_b64":"...".
 * @prefix ("/" or "") goes in front of the bytes.
 */
void jout_bytes(struct jout *j, const char *key, const char *prefix, struct sl_bytes bytes);

/* The same of a text; NULL is null. */
void jout_key_bytes(struct jout *j, const char *key, const char *text);

/* key and value in one call, for the common kinds */
void jout_key_str(struct jout *j, const char *key, const char *text);
void jout_key_u64(struct jout *j, const char *key, uint64_t n);
void jout_key_bool(struct jout *j, const char *key, bool b);
void jout_key_hex(struct jout *j, const char *key, const void *bytes, size_t len);
void jout_key_time(struct jout *j, const char *key, struct sl_time t);

#endif
