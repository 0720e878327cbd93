/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Files that people write (rules, policies), as a small tree of which every node knows its line and
 * column. A subset of YAML 1.1: one document of mappings, lists and scalars. Refused, with the
 * place and what to do instead: aliases, anchors, tags, keys that are no text, keys given twice,
 * NUL, more than YDOC_MAX_BYTES, YDOC_MAX_NODES, YDOC_MAX_KEYS in one mapping, and nesting deeper
 * than YDOC_MAX_DEPTH. What a scalar means is for the getters to decide, never for its spelling:
 * `no` is the text "no" where a text is wanted.
 */
#ifndef CORE_YAML_H
#define CORE_YAML_H

#include <strandline/error.h>

#define YDOC_MAX_BYTES (1u << 20)
#define YDOC_MAX_NODES 100000
#define YDOC_MAX_KEYS 256
#define YDOC_MAX_DEPTH 16

enum ynode_kind { YNODE_SCALAR, YNODE_LIST, YNODE_MAP };

/* A document, and a node of it: borrowed from the document, as are its texts. */
struct ydoc;
struct ynode;

/*
 * Parse a whole document. @file stands in front of every message about it, quoted. Free with
 * ydoc_free(). An empty document is -SL_EFORMAT.
 */
int ydoc_parse(struct ydoc **out, const char *file, const void *text, size_t len,
	       struct sl_error *err);
/* The same from a file that the user named. */
int ydoc_read(struct ydoc **out, const char *path, struct sl_error *err);
/* NULL is fine. */
void ydoc_free(struct ydoc *doc);

const struct ynode *ydoc_root(const struct ydoc *doc);
/* The file as it was named. */
const char *ynode_file(const struct ynode *n);
enum ynode_kind ynode_kind(const struct ynode *n);
/* From 1. */
size_t ynode_line(const struct ynode *n);

/* Elements of a list or entries of a mapping; 0 for scalars and NULL. */
size_t ynode_len(const struct ynode *n);
/* The elements of a list, the values of the entries of a mapping, in order; NULL: no further one.
 */
const struct ynode *ynode_first(const struct ynode *n);
const struct ynode *ynode_next(const struct ynode *n);
/* The key that @n is the value of; NULL in a list and at the root. */
const char *ynode_key(const struct ynode *n);
/* The value under a key; NULL when there is none or @map is no mapping. */
const struct ynode *ynode_get(const struct ynode *map, const char *key);
/* A scalar's text; NULL for anything else and for NULL. */
const char *ynode_scalar(const struct ynode *n);

/* "FILE:LINE:COLUMN: ..." of @n. @return -SL_EFORMAT */
int ynode_fail(const struct ynode *n, struct sl_error *err, const char *fmt, ...) SL_PRINTF(3, 4);

/* "FILE:LINE:COLUMN: "SCALAR" WHAT", the scalar quoted: anything may stand in it. -SL_EFORMAT */
int ynode_fail_scalar(const struct ynode *n, struct sl_error *err, const char *what);

/* The same with the place of the key that @n is the value of. */
int ynode_fail_key(const struct ynode *n, struct sl_error *err, const char *what);

/* @n is a mapping, and has no key beside those of @known (NULL-terminated). */
int ynode_expect_map(const struct ynode *n, const char *const *known, struct sl_error *err);

/*
 * The value under a key, as what it should be. 0; 1 when the key is missing, with *out as it was;
 * -SL_EFORMAT when it is something else. Texts are never empty.
 */
int ynode_text(const struct ynode *map, const char *key, const char **out, struct sl_error *err);
/* A decimal; K, M, G or T behind it count in powers of 1024. */
int ynode_u64(const struct ynode *map, const char *key, uint64_t *out, struct sl_error *err);
/* RFC 3339; a date alone is its first moment in UTC. */
int ynode_time(const struct ynode *map, const char *key, struct sl_time *out, struct sl_error *err);
/* One of @words (NULL-terminated); *out is its index. */
int ynode_word(const struct ynode *map, const char *key, const char *const *words,
	       unsigned int *out, struct sl_error *err);
/* A list whose elements are all texts, none empty; walk it by ynode_first() and ynode_scalar(). */
int ynode_texts(const struct ynode *map, const char *key, const struct ynode **out,
		struct sl_error *err);
/* What a missing key deserves: names the key and the place of @map. @return -SL_EFORMAT */
int ynode_missing(const struct ynode *map, const char *key, struct sl_error *err);

#endif
