/* SPDX-License-Identifier: Apache-2.0 */
/*
 * As much TOML as the configuration of container engines uses: tables, and keys whose values are
 * strings on one line, numbers, booleans, arrays and inline tables. Anything else is refused, with
 * its line, so that nothing is half understood.
 */
#ifndef HOST_TOML_H
#define HOST_TOML_H

#include <strandline/error.h>

enum toml_kind {
	TOML_STRING,
	TOML_ITEM, /* a string directly in an array; one call for each */
	TOML_WORD, /* a number, a boolean, a date: as written */
};

/* Lent for the call; keys and tables are as written, without the blanks around their dots. */
struct toml_value {
	const char *table; /* "storage.options", "" before the first; "[[x]]" is "x" */
	const char *key;
	enum toml_kind kind;
	const char *text; /* escapes resolved; holds no NUL */
};

/*
 * Call @fn for every value of a document of at most STORE_JSON_MAX bytes. What lies deeper than one
 * array is checked, and skipped. A non-zero return ends the walk and is returned.
 * -SL_EFORMAT names the line.
 */
int toml_read(const char *text, size_t len,
	      int (*fn)(void *payload, const struct toml_value *value, struct sl_error *err),
	      void *payload, struct sl_error *err);

#endif
