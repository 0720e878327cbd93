/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "core/cleanup.h"
#include "core/yaml.h"

static void free_doc(struct ydoc **doc)
{
	ydoc_free(*doc);
}

static struct ydoc *parse(const char *text)
{
	CLEANUP(sl_error_clear) struct sl_error err = SL_ERROR_INIT;
	struct ydoc *doc = NULL;

	if (ydoc_parse(&doc, "f.yaml", text, strlen(text), &err) < 0)
		fail_msg("'%s': %s", text, sl_error_text(&err));
	return doc;
}

static void a_document_is_a_tree_whose_nodes_know_their_place(void **state)
{
	CLEANUP(free_doc)
	struct ydoc *doc =
		parse("# rules\nrules:\n  - id: one\n    paths: [a, \"b\\n\"]\n  - {}\n");
	const struct ynode *rules = ynode_get(ydoc_root(doc), "rules");
	const struct ynode *one = ynode_first(rules);
	const struct ynode *paths = ynode_get(one, "paths");

	(void)state;
	assert_int_equal(ynode_len(rules), 2);
	assert_string_equal(ynode_scalar(ynode_get(one, "id")), "one");
	assert_int_equal(ynode_kind(paths), YNODE_LIST);
	assert_string_equal(ynode_scalar(ynode_next(ynode_first(paths))), "b\n");
	assert_null(ynode_next(ynode_next(ynode_first(paths))));
	assert_int_equal(ynode_line(paths), 4);
	assert_string_equal(ynode_key(paths), "paths");
	assert_null(ynode_key(one));
	assert_int_equal(ynode_kind(ynode_next(one)), YNODE_MAP);
	assert_int_equal(ynode_len(ynode_next(one)), 0);
	assert_null(ynode_get(rules, "id"));
	assert_null(ynode_scalar(paths));
}

static void a_value_is_what_it_is_asked_to_be_and_not_what_it_looks_like(void **state)
{
	static const char *const words[] = {"low", "high", NULL};
	CLEANUP(free_doc)
	struct ydoc *doc = parse("country: no\nn: 18446744073709551615\nsize: 2M\n"
				 "word: high\nday: 2026-12-31\nat: 2026-12-31T18:00:00+01:00\n");
	const struct ynode *root = ydoc_root(doc);
	struct sl_time day, at;
	unsigned int word = 9;
	const char *text = "";
	uint64_t n = 0;

	(void)state;
	assert_int_equal(ynode_text(root, "country", &text, NULL), 0);
	assert_string_equal(text, "no");
	assert_int_equal(ynode_u64(root, "n", &n, NULL), 0);
	assert_true(n == UINT64_MAX);
	assert_int_equal(ynode_u64(root, "size", &n, NULL), 0);
	assert_int_equal(n, 2 << 20);
	assert_int_equal(ynode_word(root, "word", words, &word, NULL), 0);
	assert_int_equal(word, 1);
	assert_int_equal(ynode_time(root, "day", &day, NULL), 0);
	assert_int_equal(ynode_time(root, "at", &at, NULL), 0);
	assert_int_equal(at.sec - day.sec, 17 * 3600);
	assert_int_equal(ynode_u64(root, "absent", &n, NULL), 1);
	assert_int_equal(n, 2 << 20);
}

/* What a reader of rules would do with the text; the first complaint is what people see. */
static int read_all(const struct ynode *root, struct sl_error *err)
{
	static const char *const known[] = {"text", "size", "until", "word", "list", NULL};
	static const char *const words[] = {"low", "high", NULL};
	const struct ynode *list = NULL;
	const char *text = NULL;
	struct sl_time time;
	unsigned int word;
	uint64_t n;
	int rc = ynode_expect_map(root, known, err);

	if (rc >= 0)
		rc = ynode_text(root, "text", &text, err);
	if (rc == 1)
		rc = ynode_missing(root, "text", err);
	if (rc >= 0)
		rc = ynode_u64(root, "size", &n, err);
	if (rc >= 0)
		rc = ynode_time(root, "until", &time, err);
	if (rc >= 0)
		rc = ynode_word(root, "word", words, &word, err);
	if (rc >= 0)
		rc = ynode_texts(root, "list", &list, err);
	return rc;
}

static const struct complaint {
	const char *text, *why;
} complaints[] = {
	{"- a\n", "f.yaml:1:1: a mapping (\"key: value\") should stand here"},
	{"text: a\ntxet: b\n", "f.yaml:2:1: unknown key \"txet\"; known are: text, size, "
			       "until, word, list"},
	{"\nsize: 1\n", "f.yaml:2:1: \"text\" is missing; add it"},
	{"text:\n", "f.yaml:1:6: \"text\" should be a text that is not empty"},
	{"text: [a]\n", "f.yaml:1:7: \"text\" should be a text that is not empty"},
	{"text: a\nsize: 1X\n", "f.yaml:2:7: \"size\" should be a number such as 4096, 64K or 2M"},
	{"text: a\nsize: -1\n", "f.yaml:2:7: \"size\" should be a number such as 4096, 64K or 2M"},
	{"text: a\nsize: 16777216T\n",
	 "f.yaml:2:7: \"size\" should be a number such as 4096, 64K or 2M"},
	{"text: a\nuntil: 2026-13-01\n",
	 "f.yaml:2:8: \"until\" should be a date such as 2026-12-31, or a time such as "
	 "2026-12-31T18:00:00Z"},
	{"text: a\nword: mid\n", "f.yaml:2:7: word \"mid\"; it is one of: low, high"},
	{"text: a\nlist: b\n", "f.yaml:2:7: \"list\" should be a list: [ONE, TWO]"},
	{"text: a\nlist: []\n", "f.yaml:2:7: \"list\" should be a list: [ONE, TWO]"},
	{"text: a\nlist: [b, {}]\n", "f.yaml:2:11: in \"list\" stands something that is no text"},
	{"a: 1\nb: &x 1\n", "f.yaml:2:4: anchors (&), aliases (*) and tags (!) are not read; write "
			    "it out, or put it in quotes"},
	{"a: 1\nb: 1\na: 2\n", "f.yaml:3:1: the key stands here twice; keep one"},
	{"a: [1\n", "f.yaml:2:1: did not find expected ',' or ']'"},
	{"a: 1\nb: \xff\n", "f.yaml:2:4: invalid leading UTF-8 octet"},
	{"", "f.yaml:1:1: nothing in it"},
	{"--- a\n--- b\n", "f.yaml:2:1: a second document; make it a file of its own"},
	{"\"\x1b[2J\": 1\n", "f.yaml:1:2: control characters are not allowed"},
	{"\"\\e[2J\": 1\n", "f.yaml:1:1: unknown key \"\\x1b[2J\"; known are: text, size, "
			    "until, word, list"},
};

static void a_complaint_says_where_and_what_to_do(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(complaints); i++) {
		const struct complaint *c = &complaints[i];
		CLEANUP(sl_error_clear) struct sl_error err = SL_ERROR_INIT;
		CLEANUP(free_doc) struct ydoc *doc = NULL;
		int rc = ydoc_parse(&doc, "f.yaml", c->text, strlen(c->text), &err);

		if (rc == 0)
			rc = read_all(ydoc_root(doc), &err);
		if (rc != -SL_EFORMAT || strcmp(sl_error_text(&err), c->why) != 0)
			fail_msg("'%s': %d, %s", c->text, rc, sl_error_text(&err));
	}
}

/* A document of @count times @unit, which must be refused as too large. */
static void expect_limit(const char *begin, const char *unit, size_t count)
{
	CLEANUP(sl_error_clear) struct sl_error err = SL_ERROR_INIT;
	size_t len = strlen(begin), each = strlen(unit);
	AUTO_FREE char *text = malloc(len + count * each);
	struct ydoc *doc = NULL;

	assert_non_null(text);
	memcpy(text, begin, len);
	for (size_t i = 0; i < count; i++)
		memcpy(text + len + i * each, unit, each);
	assert_int_equal(ydoc_parse(&doc, "f.yaml", text, len + count * each, &err), -SL_ELIMIT);
	assert_null(doc);
}

static void a_document_without_end_is_refused_early(void **state)
{
	(void)state;
	expect_limit("[", "1,", YDOC_MAX_NODES + 1);
	expect_limit("a: ", "x", YDOC_MAX_BYTES);
	expect_limit("", "[", 100000);
	expect_limit("", "{a: ", 100000);
	expect_limit("", "- ", 100000);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_document_is_a_tree_whose_nodes_know_their_place),
		cmocka_unit_test(a_value_is_what_it_is_asked_to_be_and_not_what_it_looks_like),
		cmocka_unit_test(a_complaint_says_where_and_what_to_do),
		cmocka_unit_test(a_document_without_end_is_refused_early),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
