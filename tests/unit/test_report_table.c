/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include <cmocka.h>

#include "core/cleanup.h"
#include "core/quote.h"
#include "report/fold.h"
#include "report/tablenotes.h"
#include "report/tablerow.h"
#include "report/words.h"
#include "unit/fake_source.h"
#include "unit/sample_run.h"

#define OUTPUT CLEANUP(buf_clear) struct buf out = BUF_INIT((size_t)64 << 20)
#define assert_has(text, part) assert_non_null(strstr((text).data, (part)))
#define assert_lacks(text, part) assert_null(strstr((text).data, (part)))

static unsigned int count_lines(const char *text, const char *part)
{
	unsigned int n = 0;

	for (const char *p = text; (p = strstr(p, part)) != NULL; p += strlen(part))
		n++;
	return n;
}

static void a_table_says_it_as_written_down_here(void **state)
{
	static const char want[] =
		"container  web (docker 3f2a9b1c7d10), running\n"
		"image      nginx:1.25\n"
		"digest     sha256:"
		"0200000000000000000000000000000000000000000000000000000000000000"
		" (verified; anchored to: host)\n"
		"image id   sha256:"
		"0100000000000000000000000000000000000000000000000000000000000000\n"
		"layers     proven against the image's digests; layer directories checked "
		"2026-11-22 15:00:14 UTC\n"
		"\n"
		"SEVERITY  CHANGE    PATH                           DETAIL\n"
		"critical  added     /usr/bin/evil\\x0a\\x1b]0;x\\x07  new program that runs as "
		"its "
		"owner; file 5 B, mode 04755 (setuid), capabilities unreadable\n"
		"high      modified  /bin/sh                        a program was changed; "
		"content, "
		"size 900 B -> 1.1 MiB, mtime forged\n"
		"medium    type      /opt/app                       directory -> symlink -> "
		"/tmp/\\x1b[31mx\n"
		"medium    metadata  /usr/bin/ls                    now runs as its owner; mode "
		"0755 -> 04755 (now setuid), capabilities none -> unreadable\n"
		"low       deleted   /etc/motd                      was file 1.0 KiB, mode 0644\n"
		"low       added     /usr/bin/\\xff\\xfe              file 1.0 KiB, mode 0644\n"
		"info      metadata  5,000 files beneath /srv/data  owner 0:0 -> 1000:1000, 4.8 "
		"MiB "
		"in all\n"
		"\n"
		"found      5,006 findings: 1 critical, 1 high, 2 medium, 2 low, 5,000 info "
		"(2 added, 1 modified, 5,001 metadata, 1 deleted, 1 type)\n"
		"explained  1 change: 1 by engine\n"
		"touched    1 entry in which nothing changed\n"
		"raced      2 names vanished while walking\n"
		"unread     1 gap:\n"
		"  /etc/shadow: cannot be read: Permission denied (and everything beneath)\n"
		"not compared: 1 writable mount: /data (volume)\n"
		"not compared: 1 read-only mount: /run (tmpfs)\n"
		"verdict    drift found, worst: critical; and not everything was read\n";
	OUTPUT;

	(void)state;
	sample_report(&out, report_table, NULL, &(struct sample){.alike = 5000});
	assert_string_equal(out.data, want);
}

static void clean_is_said_only_when_all_was_read_and_proven(void **state)
{
	static const struct {
		struct sample sample;
		const char *verdict;
	} rows[] = {
		{{.clean = true}, "verdict    no drift: everything compared equals the image\n"},
		{{.clean = true, .unproven = true},
		 "verdict    nothing found, but the layers are not proven to be the image's\n"},
		{{.clean = true, .quick = true},
		 "verdict    nothing found by the quick comparison, which proves no equality\n"},
		{{.clean = false},
		 "verdict    drift found, worst: critical; and not everything was "
		 "read\n"},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		OUTPUT;

		sample_report(&out, report_table, NULL, &rows[i].sample);
		assert_has(out, rows[i].verdict);
		assert_int_equal(count_lines(out.data, "no drift"), i == 0);
	}
}

static void what_is_below_low_is_said_to_be(void **state)
{
	struct sl_container c = {0};
	struct sl_subject subject = {.container = &c, .trust = SL_TRUST_PROVEN};
	struct sl_summary sum = {.subject = &subject, .complete = true};
	static const struct {
		enum sl_severity worst;
		const char *verdict;
	} rows[] = {
		{SL_SEVERITY_INFO, "verdict    drift found, none of it at or above low\n"},
		{SL_SEVERITY_LOW, "verdict    drift found, worst: low\n"},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		struct ostream *to = NULL;
		struct sl_sink *sink = NULL;
		OUTPUT;

		sum.counts.by_kind[SL_CHANGE_ADDED]++;
		sum.counts.by_severity[rows[i].worst]++;
		assert_int_equal(ostream_to_buf(&to, &out, NULL), 0);
		assert_int_equal(report_table(&sink, to, NULL, NULL), 0);
		assert_int_equal(sl_sink_container(sink, &subject, NULL), 0);
		assert_int_equal(sl_sink_container_end(sink, &sum, NULL), 0);
		sl_sink_close(sink);
		ostream_close(to);
		assert_has(out, rows[i].verdict);
	}
}

/* A sink that was told of a gap never says clean, whatever the summary claims. */
static void a_gap_alone_is_never_clean(void **state)
{
	struct sl_container c = {0};
	struct sl_subject subject = {.container = &c, .image.trust = SL_TRUST_PROVEN};
	struct sl_summary sum = {.subject = &subject, .complete = true};
	struct sl_gap gap = {PATH("var/lib"), "cannot be listed", 0, true, true};
	struct ostream *to = NULL;
	struct sl_sink *sink = NULL;
	OUTPUT;

	(void)state;
	assert_int_equal(ostream_to_buf(&to, &out, NULL), 0);
	assert_int_equal(report_table(&sink, to, NULL, NULL), 0);
	assert_int_equal(sl_sink_container(sink, &subject, NULL), 0);
	assert_int_equal(sl_sink_gap(sink, &gap, NULL), 0);
	assert_int_equal(sl_sink_container_end(sink, &sum, NULL), 0);
	sl_sink_close(sink);
	ostream_close(to);
	assert_has(out, "verdict    incomplete: nothing found in what was read\n");
}

static void colour_is_added_to_the_words_and_only_when_asked_for(void **state)
{
	OUTPUT;

	(void)state;
	sample_report(&out, report_table, &(struct report_options){.colour = true},
		      &(struct sample){0});
	assert_has(out, "\033[1;31mcritical\033[0m  added     ");
	buf_reset(&out);
	sample_report(&out, report_table, NULL, &(struct sample){0});
	assert_null(strchr(out.data, '\033'));
}

static void few_alike_stay_lines_of_their_own(void **state)
{
	OUTPUT;

	(void)state;
	sample_report(&out, report_table, NULL, &(struct sample){.alike = 7});
	assert_int_equal(count_lines(out.data, "/srv/data/0"), 7);
	buf_reset(&out);
	sample_report(&out, report_table, NULL, &(struct sample){.alike = 8});
	assert_int_equal(count_lines(out.data, "/srv/data/0"), 0);
	assert_int_equal(count_lines(out.data, "8 files beneath /srv/data"), 1);
}

/* More than a severity keeps in memory, all different: nothing folds, nothing is lost. */
static void rows_beyond_memory_come_back_from_disk_in_order(void **state)
{
	unsigned int expected = 0;
	OUTPUT;

	(void)state;
	sample_report(&out, report_table, NULL, &(struct sample){.unlike = 10000});
	for (const char *p = out.data, *end = p + out.len;
	     (p = memmem(p, (size_t)(end - p), "/srv/unlike/", 12)) != NULL; p++) {
		char want[32];

		(void)snprintf(want, sizeof(want), "/srv/unlike/%06u ", expected++);
		assert_memory_equal(p, want, strlen(want));
	}
	assert_int_equal(expected, 10000);
}

static void a_multitude_becomes_one_line(void **state)
{
	OUTPUT;

	(void)state;
	sample_report(&out, report_table, NULL, &(struct sample){.alike = 20000});
	assert_has(out, "20,000 files beneath /srv/data  owner 0:0 -> 1000:1000, 19.5 MiB in all");
	assert_true(out.len < 4096);
}

static void explained_and_touched_are_listed_on_demand(void **state)
{
	OUTPUT;

	(void)state;
	sample_report(&out, report_table, NULL, &(struct sample){0});
	assert_lacks(out, "/.dockerenv");
	assert_lacks(out, "  /var\n");
	buf_reset(&out);
	sample_report(&out, report_table,
		      &(struct report_options){.show_explained = true, .show_touched = true},
		      &(struct sample){0});
	assert_has(out, "low       added     /.dockerenv");
	assert_has(out, "explained by engine dockerenv; file 1.0 KiB");
	assert_has(out, "info      touched   /var\n");
}

static void what_is_less_than_asked_for_is_counted_but_not_listed(void **state)
{
	OUTPUT;

	(void)state;
	sample_report(&out, report_table, &(struct report_options){.least = SL_SEVERITY_HIGH},
		      &(struct sample){0});
	assert_has(out, "critical  added");
	assert_lacks(out, "medium    ");
	assert_has(out, "2 medium");
}

static void twenty_gaps_are_listed_and_the_rest_counted(void **state)
{
	OUTPUT;

	(void)state;
	sample_report(&out, report_table, NULL, &(struct sample){.gaps = 30});
	assert_has(out, "unread     31 gaps:\n");
	assert_int_equal(count_lines(out.data, "  metadata: is missing\n"), 19);
	assert_has(out, "  and 11 more\n");
}

static void a_width_cuts_long_paths_in_their_middle(void **state)
{
	OUTPUT;

	(void)state;
	sample_report(&out, report_table, &(struct report_options){.width = 80},
		      &(struct sample){0});
	assert_has(out, "critical  added     /usr/bin/e...x1b]0;x\\x07  new program");
	assert_lacks(out, "/usr/bin/evil\\x0a");
}

static void several_containers_are_summed_up(void **state)
{
	OUTPUT;

	(void)state;
	sample_report(&out, report_table, NULL, &(struct sample){.containers = 3});
	assert_has(out, "\n3 containers compared: 3 with drift, 3 incomplete\n");
}

static void evidence_never_reaches_the_terminal_raw(void **state)
{
	OUTPUT;

	(void)state;
	sample_report(&out, report_table,
		      &(struct report_options){.show_explained = true, .show_touched = true},
		      &(struct sample){.alike = 20, .gaps = 2, .containers = 2});
	for (size_t i = 0; i < out.len; i++)
		assert_true(out.data[i] == '\n' || (out.data[i] >= ' ' && out.data[i] < 0x7f));
}

static void a_full_disk_fails_the_report(void **state)
{
	CLEANUP(buf_clear) struct buf small = BUF_INIT(100);
	struct ostream *to = NULL;
	struct sl_sink *sink = NULL;

	(void)state;
	static const sample_format formats[] = {report_table, report_json, report_jsonl};
	for (size_t i = 0; i < ARRAY_SIZE(formats); i++) {
		assert_int_equal(ostream_to_buf(&to, &small, NULL), 0);
		assert_int_equal(formats[i](&sink, to, NULL, NULL), 0);
		assert_int_equal(sample_feed(sink, &(struct sample){0}), -SL_ELIMIT);
		sl_sink_close(sink);
		ostream_close(to);
		buf_clear(&small);
	}
}

static void changed_lines_stand_beneath_their_finding_quoted_once(void **state)
{
	static const struct sl_line lines[] = {{'-', 3, {"a\\b", 3}}, {'+', 12, {"\033[2J", 4}}};
	const struct sl_entry e = {.mode = S_IFREG | 0644};
	const struct sl_change c = {.kind = SL_CHANGE_ADDED, .after = &e, .path = PATH("etc/x")};
	const struct sl_finding f = {
		.change = &c,
		.message = "account 'a\\x1b' \033 came",
		.notes = {.lines = lines, .line_count = 2, .lines_left_out = 7}};
	OUTPUT;

	(void)state;
	notes_lines(&out, &f.notes);
	assert_string_equal(out.data, "- 3: a\\\\b\n+ 12: \\x1b[2J\n and 7 lines more\n");
	buf_reset(&out);
	tablerow_detail(&out, &f);
	assert_string_equal(out.data, "account 'a\\x1b' \\x1b came");
}

/* Attackers choose names: unlike things must never share a line. */
static void groups_keep_to_their_key_and_their_directory(void **state)
{
	struct fold_group *g = NULL;
	struct fold *f = NULL;

	(void)state;
	assert_int_equal(fold_new(&f, NULL), 0);
	assert_int_equal(fold_add(f, "a", PATH("usr/lib/x/one"), 0, 10, &g), 0);
	assert_int_equal(fold_add(f, "a", PATH("usr/lib/xy/two"), 0, 5, &g), 0);
	assert_int_equal(fold_add(f, "b", PATH("top"), 0, 1, &g), 0);
	g = fold_find(f, "a");
	assert_non_null(g);
	assert_int_equal(g->count, 2);
	assert_int_equal(g->bytes, 15);
	assert_string_equal(g->dir, "usr/lib");
	assert_string_equal(fold_find(f, "b")->dir, "");
	assert_null(fold_find(f, "c"));
	for (unsigned int i = 0; i < 5000; i++) {
		char key[16];
		int rc;

		(void)snprintf(key, sizeof(key), "k%u", i);
		rc = fold_add(f, key, PATH("x/y"), 0, 0, &g);
		assert_int_equal(rc, i < 2046 ? 0 : 1);
	}
	assert_int_equal(fold_find(f, "a")->count, 2);
	fold_free(f);
}

static void an_error_of_the_system_is_said_once(void **state)
{
	char room[WORDS_GAP_ERROR_SIZE];
	struct sl_gap gap = {.why = "cannot be read", .sys = EACCES};

	(void)state;
	assert_string_equal(words_gap_error(&gap, room), ": Permission denied");
	gap.why = "open 'x': Permission denied";
	assert_string_equal(words_gap_error(&gap, room), "");
	gap = (struct sl_gap){.why = "is missing"};
	assert_string_equal(words_gap_error(&gap, room), "");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(an_error_of_the_system_is_said_once),
		cmocka_unit_test(a_table_says_it_as_written_down_here),
		cmocka_unit_test(clean_is_said_only_when_all_was_read_and_proven),
		cmocka_unit_test(what_is_below_low_is_said_to_be),
		cmocka_unit_test(a_gap_alone_is_never_clean),
		cmocka_unit_test(colour_is_added_to_the_words_and_only_when_asked_for),
		cmocka_unit_test(few_alike_stay_lines_of_their_own),
		cmocka_unit_test(rows_beyond_memory_come_back_from_disk_in_order),
		cmocka_unit_test(a_multitude_becomes_one_line),
		cmocka_unit_test(explained_and_touched_are_listed_on_demand),
		cmocka_unit_test(what_is_less_than_asked_for_is_counted_but_not_listed),
		cmocka_unit_test(twenty_gaps_are_listed_and_the_rest_counted),
		cmocka_unit_test(a_width_cuts_long_paths_in_their_middle),
		cmocka_unit_test(several_containers_are_summed_up),
		cmocka_unit_test(evidence_never_reaches_the_terminal_raw),
		cmocka_unit_test(a_full_disk_fails_the_report),
		cmocka_unit_test(changed_lines_stand_beneath_their_finding_quoted_once),
		cmocka_unit_test(groups_keep_to_their_key_and_their_directory),
	};

	return cmocka_run_group_tests_name("report table", tests, NULL, NULL);
}
