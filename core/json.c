/* SPDX-License-Identifier: Apache-2.0 */
#include "core/json.h"

#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <jansson.h>

/* A jval is a json_t seen through our own name: no other file includes jansson. */
static json_t *as_json(const struct jval *v)
{
	union {
		const struct jval *in;
		json_t *out;
	} u = {.in = v};

	return u.out;
}

static const struct jval *as_jval(json_t *j)
{
	return (const struct jval *)(const void *)j;
}

/*
 * When memory runs out within a token, jansson says that the token is invalid; elsewhere it says
 * nothing, not even a line. So what it takes for bad syntax is looked at again.
 */
static json_t *load(const void *text, size_t len, json_error_t *why)
{
	const size_t flags = JSON_REJECT_DUPLICATES | JSON_DECODE_ANY;
	json_t *doc = json_loadb(text, len, flags, why);

	if (doc == NULL && why->line > 0 && json_error_code(why) == json_error_invalid_syntax)
		doc = json_loadb(text, len, flags, why);
	return doc;
}

int jval_parse(struct jval **out, const void *text, size_t len, struct sl_error *err)
{
	json_error_t why;
	json_t *doc = load(text, len, &why);

	if (doc == NULL) {
		/* jansson quotes the input in its text: keep only where it stopped */
		enum json_error_code code = json_error_code(&why);

		if (code == json_error_out_of_memory || why.line < 0)
			return sl_fail(err, SL_ENOMEM, 0, "json document");
		return sl_fail(err, SL_EFORMAT, 0, "json: %s at line %d column %d",
			       code == json_error_duplicate_key            ? "duplicate key"
			       : code == json_error_invalid_utf8           ? "invalid UTF-8"
			       : code == json_error_stack_overflow         ? "nested too deep"
			       : code == json_error_premature_end_of_input ? "unexpected end"
									   : "syntax error",
			       why.line, why.column);
	}
	*out = (struct jval *)(void *)doc;
	return 0;
}

/* Every value but the first of its list stands behind a comma: an upper bound, without parsing. */
static size_t count_values(const char *text, size_t len)
{
	bool in_string = false;
	size_t count = 1;

	for (size_t i = 0; i < len; i++) {
		if (in_string && text[i] == '\\')
			i++;
		else if (text[i] == '"')
			in_string = !in_string;
		else if (!in_string && (text[i] == ',' || text[i] == '[' || text[i] == '{'))
			count++;
	}
	return count;
}

int jval_parse_bounded(struct jval **out, const void *text, size_t len, size_t max_values,
		       struct sl_error *err)
{
	if (count_values(text, len) > max_values)
		return sl_fail(err, SL_ELIMIT, 0, "json: more than %zu values", max_values);
	return jval_parse(out, text, len, err);
}

void jval_free(struct jval *doc)
{
	json_decref(as_json(doc));
}

enum jval_type jval_type(const struct jval *v)
{
	const json_t *j = as_json(v);

	if (json_is_object(j))
		return JVAL_OBJECT;
	if (json_is_array(j))
		return JVAL_ARRAY;
	if (json_is_string(j))
		return JVAL_STRING;
	if (json_is_number(j))
		return JVAL_NUMBER;
	if (json_is_boolean(j))
		return JVAL_BOOL;
	return JVAL_NULL;
}

const struct jval *jval_get(const struct jval *v, const char *key)
{
	return v == NULL ? NULL : as_jval(json_object_get(as_json(v), key));
}

const struct jval *jval_path(const struct jval *v, ...)
{
	const char *key;
	va_list ap;

	va_start(ap, v);
	while (v != NULL && (key = va_arg(ap, const char *)) != NULL)
		v = jval_get(v, key);
	va_end(ap);
	return v;
}

const struct jval *jval_at(const struct jval *v, size_t index)
{
	return v == NULL ? NULL : as_jval(json_array_get(as_json(v), index));
}

size_t jval_len(const struct jval *v)
{
	if (v == NULL)
		return 0;
	if (json_is_array(as_json(v)))
		return json_array_size(as_json(v));
	return json_object_size(as_json(v));
}

const char *jval_str(const struct jval *v)
{
	return v == NULL ? NULL : json_string_value(as_json(v));
}

int jval_i64(const struct jval *v, int64_t *out)
{
	if (v == NULL || !json_is_integer(as_json(v)))
		return -SL_EFORMAT;
	*out = json_integer_value(as_json(v));
	return 0;
}

int jval_bool(const struct jval *v, bool *out)
{
	if (v == NULL || !json_is_boolean(as_json(v)))
		return -SL_EFORMAT;
	*out = json_is_true(as_json(v));
	return 0;
}

int jval_each(const struct jval *v, int (*fn)(void *payload, const char *key, const struct jval *m),
	      void *payload)
{
	const char *key;
	json_t *m;

	if (v == NULL)
		return 0;
	json_object_foreach(as_json(v), key, m)
	{
		int rc = fn(payload, key, as_jval(m));

		if (rc != 0)
			return rc;
	}
	return 0;
}

static int dump_to_buf(const char *text, size_t len, void *payload)
{
	return buf_append(payload, text, len);
}

int jval_dump(const struct jval *v, struct buf *out, struct sl_error *err)
{
	if (json_dump_callback(as_json(v), dump_to_buf, out, JSON_COMPACT | JSON_ENCODE_ANY) < 0)
		return sl_fail(err, out->status == -SL_ELIMIT ? SL_ELIMIT : SL_ENOMEM, 0,
			       "json output");
	return 0;
}
