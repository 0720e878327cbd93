/* SPDX-License-Identifier: Apache-2.0 */
/* The values of a document as what they should be. */
#include "core/yaml.h"

#include <stdlib.h>
#include <string.h>

#include "core/buf.h"
#include "core/cleanup.h"
#include "core/clock.h"
#include "core/quote.h"

static int append_words(struct buf *out, const char *const *words)
{
	for (size_t i = 0; words[i] != NULL; i++)
		(void)buf_printf(out, "%s%s", i > 0 ? ", " : "", words[i]);
	return out->status;
}

/* "WHAT "TEXT"; REMEDY: A, B, C" */
static int fail_choice(const struct ynode *n, bool at_key, const char *what, const char *text,
		       const char *remedy, const char *const *words, struct sl_error *err)
{
	CLEANUP(buf_clear) struct buf message = BUF_INIT(65536);
	AUTO_FREE char *quoted = quote_short(text, strlen(text));

	if (quoted == NULL)
		return sl_fail(err, SL_ENOMEM, 0, "%s", ynode_file(n));
	(void)buf_printf(&message, "%s \"%s\"; %s: ", what, quoted, remedy);
	if (append_words(&message, words) < 0)
		return sl_fail(err, SL_ENOMEM, 0, "%s", ynode_file(n));
	return at_key ? ynode_fail_key(n, err, message.data)
		      : ynode_fail(n, err, "%s", message.data);
}

int ynode_fail_scalar(const struct ynode *n, struct sl_error *err, const char *what)
{
	const char *text = ynode_scalar(n);
	AUTO_FREE char *quoted = text != NULL ? quote_short(text, strlen(text)) : NULL;

	return ynode_fail(n, err, "\"%s\" %s", quoted != NULL ? quoted : "?", what);
}

static bool is_word(const char *const *words, const char *text)
{
	for (; *words != NULL; words++)
		if (strcmp(*words, text) == 0)
			return true;
	return false;
}

int ynode_expect_map(const struct ynode *n, const char *const *known, struct sl_error *err)
{
	const struct ynode *v;

	if (ynode_kind(n) != YNODE_MAP)
		return ynode_fail(n, err, "a mapping (\"key: value\") should stand here");
	for (v = ynode_first(n); v != NULL; v = ynode_next(v))
		if (!is_word(known, ynode_key(v)))
			return fail_choice(v, true, "unknown key", ynode_key(v), "known are", known,
					   err);
	return 0;
}

int ynode_missing(const struct ynode *map, const char *key, struct sl_error *err)
{
	return ynode_fail(map, err, "\"%s\" is missing; add it", key);
}

int ynode_text(const struct ynode *map, const char *key, const char **out, struct sl_error *err)
{
	const struct ynode *n = ynode_get(map, key);

	if (n == NULL)
		return 1;
	if (ynode_kind(n) != YNODE_SCALAR || ynode_scalar(n)[0] == '\0')
		return ynode_fail(n, err, "\"%s\" should be a text that is not empty", key);
	*out = ynode_scalar(n);
	return 0;
}

/* 0, or -SL_EFORMAT */
static int parse_u64(const char *text, uint64_t *out)
{
	static const char suffixes[] = "KMGT";
	const char *suffix;
	uint64_t n = 0;

	if (*text < '0' || *text > '9')
		return -SL_EFORMAT;
	for (; *text >= '0' && *text <= '9'; text++)
		if (__builtin_mul_overflow(n, 10, &n) ||
		    __builtin_add_overflow(n, (uint64_t)(*text - '0'), &n))
			return -SL_EFORMAT;
	if (*text != '\0') {
		suffix = strchr(suffixes, *text);
		if (suffix == NULL || text[1] != '\0' ||
		    __builtin_mul_overflow(n, UINT64_C(1) << (10 * (suffix - suffixes + 1)), &n))
			return -SL_EFORMAT;
	}
	*out = n;
	return 0;
}

int ynode_u64(const struct ynode *map, const char *key, uint64_t *out, struct sl_error *err)
{
	const char *text = NULL;
	int rc = ynode_text(map, key, &text, err);

	if (rc != 0)
		return rc;
	if (parse_u64(text, out) < 0)
		return ynode_fail(ynode_get(map, key), err,
				  "\"%s\" should be a number such as 4096, 64K or 2M", key);
	return 0;
}

int ynode_time(const struct ynode *map, const char *key, struct sl_time *out, struct sl_error *err)
{
	CLEANUP(buf_clear) struct buf full = BUF_INIT(64);
	const char *text = NULL;
	int rc = ynode_text(map, key, &text, err);

	if (rc != 0)
		return rc;
	(void)buf_append_str(&full, text);
	if (full.len == strlen("2026-01-01"))
		(void)buf_append_str(&full, "T00:00:00Z");
	if (full.status < 0 || clock_parse(out, full.data, full.len) < 0)
		return ynode_fail(ynode_get(map, key), err,
				  "\"%s\" should be a date such as 2026-12-31, or a time such as "
				  "2026-12-31T18:00:00Z",
				  key);
	return 0;
}

int ynode_word(const struct ynode *map, const char *key, const char *const *words,
	       unsigned int *out, struct sl_error *err)
{
	const char *text = NULL;
	int rc = ynode_text(map, key, &text, err);

	if (rc != 0)
		return rc;
	for (unsigned int i = 0; words[i] != NULL; i++) {
		if (strcmp(words[i], text) == 0) {
			*out = i;
			return 0;
		}
	}
	return fail_choice(ynode_get(map, key), false, key, text, "it is one of", words, err);
}

int ynode_texts(const struct ynode *map, const char *key, const struct ynode **out,
		struct sl_error *err)
{
	const struct ynode *list = ynode_get(map, key);
	const struct ynode *n;

	if (list == NULL)
		return 1;
	if (ynode_kind(list) != YNODE_LIST || ynode_len(list) == 0)
		return ynode_fail(list, err, "\"%s\" should be a list: [ONE, TWO]", key);
	for (n = ynode_first(list); n != NULL; n = ynode_next(n))
		if (ynode_kind(n) != YNODE_SCALAR || ynode_scalar(n)[0] == '\0')
			return ynode_fail(n, err, "in \"%s\" stands something that is no text",
					  key);
	*out = list;
	return 0;
}
