/* SPDX-License-Identifier: Apache-2.0 */
/* What the formats for people say: the table, the summary, the tree. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "core/cleanup.h"
#include "unit/sample_run.h"

#define OUTPUT CLEANUP(buf_clear) struct buf out = BUF_INIT((size_t)256 << 20)

static size_t count(const char *text, const char *part)
{
	size_t n = 0;

	for (const char *p = text; (p = strstr(p, part)) != NULL; p += strlen(part))
		n++;
	return n;
}

static void the_table_shows_what_is_known_beneath_the_row(void **state)
{
	OUTPUT;

	(void)state;
	sample_report(&out, report_table, NULL, &(struct sample){.notes = true});
	assert_non_null(strstr(out.data,
			       "\n                    - 1: root:x:0:0:root:/root:/bin/sh\n"
			       "                    + 1: root:x:0:0:root:/root:/bin/bash\n"
			       "                    + 2: evil\\x1b[2J:x:0:0::<script>"));
	assert_non_null(strstr(out.data, "                     and 7 lines more\n"));
	assert_non_null(strstr(out.data, "of package base-files<script>"));
	assert_non_null(strstr(out.data, " 12.4\\x0a (unverified) "));
	assert_non_null(strstr(out.data, "listed as known tool "));
	assert_non_null(strstr(out.data, "yara: webshell_php, packed_<script>"));
	assert_non_null(strstr(out.data, "acknowledged by bob until 2026-11-23 18:46:40 UTC: "));
	assert_non_null(strstr(out.data, "                     pid 4242: ./x --do"));
	assert_non_null(strstr(out.data, "                     privileged: expected false, found "
					 "true<script>"));
	assert_non_null(strstr(out.data, "renamed from /zoo/old<script>"));
}

/* A row with lines of its own is like no other, though everything else is alike. */
static void rows_with_lines_are_not_folded(void **state)
{
	static const struct sl_line line = {'+', 1, {"one", 3}};
	struct sl_container c = {0};
	struct sl_subject subject = {.container = &c};
	struct sl_summary sum = {.subject = &subject, .complete = true};
	struct ostream *to = NULL;
	struct sl_sink *sink = NULL;
	OUTPUT;

	(void)state;
	assert_int_equal(ostream_to_buf(&to, &out, NULL), 0);
	assert_int_equal(report_table(&sink, to, NULL, NULL), 0);
	assert_int_equal(sl_sink_container(sink, &subject, NULL), 0);
	for (int i = 0; i < 40; i++) {
		char path[16];
		int len = snprintf(path, sizeof(path), "srv/%02d", i);
		struct sl_change change = {.path = {path, (size_t)len}};
		struct sl_finding f = {.change = &change};

		if (i % 2 == 0) {
			f.notes.lines = &line;
			f.notes.line_count = 1;
		}
		assert_int_equal(sl_sink_finding(sink, &f, NULL), 0);
	}
	assert_int_equal(sl_sink_container_end(sink, &sum, NULL), 0);
	assert_int_equal(count(out.data, "+ 1: one\n"), 20);
	assert_int_equal(count(out.data, "20 special files beneath /srv"), 1);
	sl_sink_close(sink);
	ostream_close(to);
}

static void lines_have_colours_when_colours_are_wanted(void **state)
{
	OUTPUT;

	(void)state;
	sample_report(&out, report_table, &(struct report_options){.colour = true},
		      &(struct sample){.notes = true});
	assert_non_null(strstr(out.data, "\033[31m- 1: root:x:0:0:root:/root:/bin/sh\033[0m\n"));
	assert_non_null(strstr(out.data, "\033[32m+ 1: root:x:0:0:root:/root:/bin/bash\033[0m\n"));
}

static void a_summary_is_one_line_a_container(void **state)
{
	static const char want[] =
		"CONTAINER  CRITICAL      HIGH    MEDIUM       LOW      INFO  EXPLAINED    GAPS  "
		"LAYERS    VERDICT\n"
		"web               1         1         2         2         5          1       1  "
		"proven    drift\n"
		"web               1         1         2         2         5          1       1  "
		"proven    drift\n"
		"2 containers: 0 clean, 2 with drift, 0 unproven, 2 not read in full\n";
	OUTPUT;

	(void)state;
	sample_report(&out, report_summary, NULL, &(struct sample){.containers = 2, .alike = 5});
	assert_string_equal(out.data, want);
}

static void a_summary_calls_clean_only_what_is_proven_and_read(void **state)
{
	static const struct {
		struct sample sample;
		const char *word;
	} rows[] = {
		{{.clean = true}, "  clean\n"},
		{{.clean = true, .unproven = true}, "  unproven\n"},
		{{.clean = true, .quick = true}, "  unproven\n"},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		OUTPUT;

		sample_report(&out, report_summary, NULL, &rows[i].sample);
		assert_non_null(strstr(out.data, rows[i].word));
		assert_int_equal(count(out.data, "  clean\n"), i == 0);
	}
}

static void lines_of_containers_alone_are_one_a_container(void **state)
{
	OUTPUT;

	(void)state;
	sample_report(&out, report_jsonl, &(struct report_options){.only_containers = true},
		      &(struct sample){.containers = 3});
	assert_int_equal(count(out.data, "\n"), 3);
	assert_int_equal(count(out.data, "{\"record\":\"container\","), 3);
}

/* ---- the tree ---- */

static void a_tree_says_where_what_changed(void **state)
{
	static const char want[] =
		"\n  /\n"
		"    bin/\n"
		"~     sh  high: a program was changed\n"
		"    etc/\n"
		"-     motd\n"
		"    opt/\n"
		"t     app  medium\n"
		"    usr/\n"
		"      bin/\n"
		"+       evil\\x0a\\x1b]0;x\\x07  critical: new program that runs "
		"as its owner\n"
		"+       \\xff\\xfe\n"
		"m       ls  medium: now runs as its owner\n"
		"\n+ added  ~ modified  m metadata  - deleted  t type\n\n"
		"found      6 findings";
	OUTPUT;

	(void)state;
	sample_report(&out, report_tree, NULL, &(struct sample){0});
	assert_non_null(strstr(out.data, want));
}

static void a_tree_counts_what_would_be_too_much(void **state)
{
	OUTPUT;

	(void)state;
	sample_report(&out, report_tree, NULL, &(struct sample){.alike = 5000, .notes = true});
	assert_int_equal(count(out.data, "\nm       00"), 32);
	assert_int_equal(count(out.data, "\n        ... 4,968 more: 4,968 metadata\n"), 1);
	/* what comes behind is where it belongs */
	assert_non_null(strstr(out.data, "more: 4,968 metadata\n    usr/\n      bin/\n"));
	/* and what is no path stands behind the paths */
	assert_true(strstr(out.data, "\n! process ") > strstr(out.data, "\n    zoo/\n"));
}

/* A thousand directories with one file each are as much as one with a thousand. */
static void a_tree_of_many_small_directories_is_counted_too(void **state)
{
	struct sl_container c = {0};
	struct sl_subject subject = {.container = &c};
	struct sl_summary sum = {.subject = &subject, .complete = true};
	struct ostream *to = NULL;
	struct sl_sink *sink = NULL;
	OUTPUT;

	(void)state;
	assert_int_equal(ostream_to_buf(&to, &out, NULL), 0);
	assert_int_equal(report_tree(&sink, to, NULL, NULL), 0);
	assert_int_equal(sl_sink_container(sink, &subject, NULL), 0);
	for (int i = 0; i < 10000; i++) {
		char path[64];
		int len = snprintf(path, sizeof(path), "srv/%02d/%02d/%02d/f", i / 1000,
				   i / 100 % 10, i % 100);
		struct sl_change change = {.path = {path, (size_t)len}};
		struct sl_finding f = {.change = &change,
				       .severity =
					       i == 9876 ? SL_SEVERITY_CRITICAL : SL_SEVERITY_INFO};

		assert_int_equal(sl_sink_finding(sink, &f, NULL), 0);
	}
	assert_int_equal(sl_sink_container_end(sink, &sum, NULL), 0);
	assert_in_range(count(out.data, "\n"), 256, 300);
	assert_int_equal(count(out.data, "f  critical\n"), 1);
	sl_sink_close(sink);
	ostream_close(to);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_table_shows_what_is_known_beneath_the_row),
		cmocka_unit_test(rows_with_lines_are_not_folded),
		cmocka_unit_test(lines_have_colours_when_colours_are_wanted),
		cmocka_unit_test(a_summary_is_one_line_a_container),
		cmocka_unit_test(a_summary_calls_clean_only_what_is_proven_and_read),
		cmocka_unit_test(lines_of_containers_alone_are_one_a_container),
		cmocka_unit_test(a_tree_says_where_what_changed),
		cmocka_unit_test(a_tree_counts_what_would_be_too_much),
		cmocka_unit_test(a_tree_of_many_small_directories_is_counted_too),
	};

	return cmocka_run_group_tests_name("report for people", tests, NULL, NULL);
}
