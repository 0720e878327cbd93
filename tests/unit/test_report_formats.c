/* SPDX-License-Identifier: Apache-2.0 */
/* What all formats of a run have in common, and what only one of those for machines says. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "core/cleanup.h"
#include "core/encode.h"
#include "core/json.h"
#include "unit/sample_run.h"

#define OUTPUT CLEANUP(buf_clear) struct buf out = BUF_INIT((size_t)256 << 20)
#define EVERYTHING ((struct sample){.containers = 2, .alike = 3, .gaps = 2, .notes = true})

static const struct {
	const char *name;
	sample_format format;
} formats[] = {{"table", report_table}, {"json", report_json},      {"jsonl", report_jsonl},
	       {"sarif", report_sarif}, {"ocsf", report_ocsf},      {"html", report_html},
	       {"tree", report_tree},   {"summary", report_summary}};

static sample_format format_named(const char *name)
{
	for (size_t i = 0; i < ARRAY_SIZE(formats); i++)
		if (strcmp(formats[i].name, name) == 0)
			return formats[i].format;
	return NULL;
}

static size_t count(const char *text, const char *part)
{
	size_t n = 0;

	for (const char *p = text; (p = strstr(p, part)) != NULL; p += strlen(part))
		n++;
	return n;
}

/* Nothing that a terminal acts upon: the colours are ours, and are off here. */
static void no_format_for_people_lets_a_name_act(void **state)
{
	static const char *const plain[] = {"table", "tree", "summary", "html"};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(plain); i++) {
		OUTPUT;

		sample_report(&out, format_named(plain[i]), NULL, &EVERYTHING);
		assert_true(utf8_valid(out.data, out.len));
		for (const char *p = out.data; *p != '\0'; p++)
			assert_true((uint8_t)*p >= 0x20 || *p == '\n');
		assert_null(strstr(out.data, "\xe2\x80\xae"));
		assert_null(strstr(out.data, "\x7f"));
		assert_null(strstr(out.data, "\xc2\x85"));
	}
}

static void every_machine_format_is_utf8_without_control_characters(void **state)
{
	static const char *const machine[] = {"json", "jsonl", "sarif", "ocsf"};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(machine); i++) {
		OUTPUT;

		sample_report(&out, format_named(machine[i]), NULL, &EVERYTHING);
		assert_true(utf8_valid(out.data, out.len));
		for (const char *p = out.data; *p != '\0'; p++)
			assert_true((uint8_t)*p >= 0x20 || *p == '\n');
		assert_null(strstr(out.data, "\xe2\x80\xae"));
		assert_null(strstr(out.data, "\xc2\x85"));
	}
}

/* A stream that is full after so many bytes. */
struct full_stream {
	struct ostream stream;
	size_t room;
};

static int full_write(struct ostream *s, const void *bytes, size_t len, struct sl_error *err)
{
	struct full_stream *f = container_of(s, struct full_stream, stream);

	(void)bytes;
	if (len > f->room)
		return sl_fail(err, SL_EIO, 28, "write");
	f->room -= len;
	return 0;
}

static int full_nothing(struct ostream *s, struct sl_error *err)
{
	(void)s;
	(void)err;
	return 0;
}

static void full_close(struct ostream *s)
{
	(void)s;
}

static void a_full_disk_is_an_error_in_every_format(void **state)
{
	static const struct ostream_ops ops = {.write = full_write,
					       .sync_point = full_nothing,
					       .finish = full_nothing,
					       .close = full_close};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(formats); i++) {
		for (size_t room = 0; room <= 40000; room += 20000) {
			struct full_stream f = {{&ops}, room};
			struct sl_sink *sink = NULL;
			OUTPUT;

			sample_report(&out, formats[i].format, NULL, &EVERYTHING);
			if (out.len <= room)
				continue; /* it would fit */
			assert_int_equal(formats[i].format(&sink, &f.stream, NULL, NULL), 0);
			assert_int_equal(sample_feed(sink, &EVERYTHING), -SL_EIO);
			sl_sink_close(sink);
		}
	}
}

/* ---- SARIF ---- */

static const struct jval *run_of(const struct jval *doc)
{
	return jval_at(jval_get(doc, "runs"), 0);
}

static const struct jval *result_with(const struct jval *run, const char *uri)
{
	const struct jval *results = jval_get(run, "results");

	for (size_t i = 0; i < jval_len(results); i++) {
		const struct jval *at =
			jval_path(jval_at(jval_get(jval_at(results, i), "locations"), 0),
				  "physicalLocation", "artifactLocation", NULL);

		if (at != NULL && strcmp(jval_str(jval_get(at, "uri")), uri) == 0)
			return jval_at(results, i);
	}
	return NULL;
}

static void a_sarif_uri_is_every_byte_of_a_path(void **state)
{
	static const char *const uris[] = {
		"bin/sh",
		"usr/bin/%FF%FE",
		"zoo/%1B%5D0%3Bowned%07",
		"zoo/%252e%252e%252f%3F%23%3A",
		"zoo/javascript%3Adocument.title%3D%27pwned%27",
		"zoo/%E2%80%AEtxt.exe",
	};
	struct jval *doc = NULL;
	OUTPUT;

	(void)state;
	sample_report(&out, report_sarif, NULL, &EVERYTHING);
	assert_int_equal(jval_parse(&doc, out.data, out.len, NULL), 0);
	for (size_t i = 0; i < ARRAY_SIZE(uris); i++)
		assert_non_null(result_with(run_of(doc), uris[i]));
	jval_free(doc);
}

static void a_sarif_message_holds_no_link_and_no_placeholder_of_evidence(void **state)
{
	struct jval *doc = NULL;
	const char *text;
	OUTPUT;

	(void)state;
	sample_report(&out, report_sarif, NULL, &EVERYTHING);
	assert_int_equal(jval_parse(&doc, out.data, out.len, NULL), 0);
	text = jval_str(jval_path(result_with(run_of(doc),
					      "zoo/%5Bclick%5D%28https%3A%252f%252fexample.com%29"
					      "%20%7B0%7D"),
				  "message", "text", NULL));
	assert_non_null(text);
	assert_non_null(strstr(text, "/zoo/\\x5bclick\\x5d(https:%2f%2fexample.com) {{0}}"));
	jval_free(doc);
}

static void sarif_suppresses_what_is_explained_or_acknowledged_and_says_why(void **state)
{
	struct jval *doc = NULL;
	const struct jval *run, *results, *list;
	size_t suppressed = 0;
	OUTPUT;

	(void)state;
	sample_report(&out, report_sarif, NULL, &EVERYTHING);
	assert_int_equal(jval_parse(&doc, out.data, out.len, NULL), 0);
	run = run_of(doc);
	results = jval_get(run, "results");
	for (size_t i = 0; i < jval_len(results); i++) {
		list = jval_get(jval_at(results, i), "suppressions");
		assert_int_equal(jval_type(list), JVAL_ARRAY);
		suppressed += jval_len(list);
	}
	assert_int_equal(suppressed, 4); /* one of each kind in each of two containers */
	list = jval_get(result_with(run, ".dockerenv"), "suppressions");
	assert_string_equal(jval_str(jval_get(jval_at(list, 0), "justification")),
			    "explained by engine dockerenv");
	list = jval_get(result_with(run, "zoo/passwd"), "suppressions");
	assert_non_null(strstr(jval_str(jval_get(jval_at(list, 0), "justification")),
			       "acknowledged by bob until 2026-11-23T18:46:40.000000000Z: ticket"));
	jval_free(doc);
}

static void sarif_is_successful_only_without_a_gap(void **state)
{
	bool successful;

	(void)state;
	for (int clean = 0; clean <= 1; clean++) {
		struct jval *doc = NULL;
		const struct jval *invocation;
		OUTPUT;

		sample_report(&out, report_sarif, NULL, &(struct sample){.clean = clean == 1});
		assert_int_equal(jval_parse(&doc, out.data, out.len, NULL), 0);
		invocation = jval_at(jval_get(run_of(doc), "invocations"), 0);
		assert_int_equal(
			jval_bool(jval_get(invocation, "executionSuccessful"), &successful), 0);
		assert_int_equal(successful, clean == 1);
		/* the gap, and the mounts that were not compared */
		assert_int_equal(jval_len(jval_get(invocation, "toolExecutionNotifications")),
				 clean == 1 ? 1 : 2);
		jval_free(doc);
	}
}

static void unproven_layers_are_a_notification(void **state)
{
	OUTPUT;

	(void)state;
	sample_report(&out, report_sarif, NULL, &(struct sample){.clean = true, .unproven = true});
	assert_int_equal(count(out.data, "{\"descriptor\":{\"id\":\"unproven-layers\"},"
					 "\"level\":\"warning\""),
			 1);
	buf_reset(&out);
	sample_report(&out, report_sarif, NULL, &(struct sample){.clean = true});
	assert_int_equal(count(out.data, "{\"descriptor\":{\"id\":\"unproven-layers\"}"), 0);
}

/* So many rules that not all are described: their results still name them. */
static void rules_past_the_bound_are_named_without_a_description(void **state)
{
	enum { MANY = 3000 };
	struct sl_container c = {0};
	struct sl_subject subject = {.container = &c};
	struct sl_summary sum = {.subject = &subject, .complete = true};
	struct sl_run run = {.command = "diff"};
	struct ostream *to = NULL;
	struct sl_sink *sink = NULL;
	struct jval *doc = NULL;
	const struct jval *result;
	OUTPUT;

	(void)state;
	assert_int_equal(ostream_to_buf(&to, &out, NULL), 0);
	assert_int_equal(report_sarif(&sink, to, NULL, NULL), 0);
	assert_int_equal(sl_sink_begin(sink, &run, NULL), 0);
	assert_int_equal(sl_sink_container(sink, &subject, NULL), 0);
	for (int i = 0; i < MANY; i++) {
		char id[16];
		struct sl_finding f = {.kind = SL_FINDING_PROCESS,
				       .subject = {"x", 1},
				       .rules = {id},
				       .rule_count = 1};

		(void)snprintf(id, sizeof(id), "rule.%d", i);
		assert_int_equal(sl_sink_finding(sink, &f, NULL), 0);
	}
	assert_int_equal(sl_sink_container_end(sink, &sum, NULL), 0);
	assert_int_equal(sl_sink_end(sink, &run, NULL), 0);
	assert_int_equal(jval_parse(&doc, out.data, out.len, NULL), 0);
	assert_int_equal(jval_len(jval_path(run_of(doc), "tool", "driver", "rules", NULL)), 2048);
	result = jval_at(jval_get(run_of(doc), "results"), MANY - 1);
	assert_string_equal(jval_str(jval_get(result, "ruleId")), "rule.2999");
	assert_null(jval_get(result, "ruleIndex"));
	jval_free(doc);
	sl_sink_close(sink);
	ostream_close(to);
}

/* ---- OCSF ---- */

static void ocsf_says_of_each_container_how_it_ended(void **state)
{
	static const struct {
		struct sample sample;
		const char *want;
	} rows[] = {
		{{.clean = true}, "\"status\":\"Success\""},
		{{.clean = true, .unproven = true}, "\"severity\":\"Low\""},
		{{.clean = false}, "\"status\":\"Failure\""},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		const char *line, *end;
		OUTPUT;

		sample_report(&out, report_ocsf, NULL, &rows[i].sample);
		/* started, the container, the run */
		assert_int_equal(count(out.data, "\"class_uid\":6007,"), 3);
		line = strstr(out.data, "\"total\":0,\"unmapped\":{\"container\":");
		assert_non_null(line);
		while (line > out.data && line[-1] != '\n')
			line--;
		end = strstr(line, rows[i].want);
		assert_non_null(end);
		assert_true(end < line + strcspn(line, "\n"));
	}
}

static void ocsf_tells_detection_from_compliance(void **state)
{
	OUTPUT;

	(void)state;
	sample_report(&out, report_ocsf, NULL, &(struct sample){.notes = true});
	assert_int_equal(count(out.data, "\"class_uid\":2003,"), 2);
	assert_int_equal(count(out.data, "\"type_uid\":200301,"), 2);
	/* of which one was there in the last run */
	assert_int_equal(count(out.data, "\"class_uid\":2004,"), 24);
	assert_int_equal(count(out.data, "\"type_uid\":200402,"), 1);
	assert_int_equal(count(out.data, "\"class_uid\":6008,"), 1);
	assert_int_equal(count(out.data, "\"technique\":{\"uid\":\"T1548\"},\"sub_technique\":{"
					 "\"uid\":\"T1548.001\"}"),
			 2);
	assert_int_equal(count(out.data, "\"status\":\"In Progress\""), 1);
	assert_int_equal(count(out.data, "\"status\":\"Suppressed\""), 1);
}

/* ---- the page ---- */

static void the_page_has_no_tag_of_evidence(void **state)
{
	OUTPUT;

	(void)state;
	sample_report(&out, report_html, NULL, &EVERYTHING);
	assert_null(strstr(out.data, "<script"));
	assert_null(strstr(out.data, "</script"));
	assert_null(strstr(out.data, "<img"));
	assert_int_equal(count(out.data, "<style>"), 1);
	assert_null(strstr(out.data, " onerror=document.title='"));
	assert_null(strstr(out.data, "\" onmouseover"));
	assert_non_null(strstr(out.data, "zoo/&#60;img src=x onerror=document.title=&#39;pwned"));
}

static void the_page_shows_lines_sides_and_gaps(void **state)
{
	OUTPUT;

	(void)state;
	sample_report(&out, report_html, NULL, &(struct sample){.notes = true});
	assert_non_null(strstr(out.data, "<del>- 1: root:x:0:0:root:/root:/bin/sh\n</del>"));
	assert_non_null(strstr(out.data, "<ins>+ 1: root:x:0:0:root:/root:/bin/bash\n</ins>"));
	assert_non_null(strstr(out.data, "<tr class=ch><th>mode<td>0755<td>04755\n"));
	assert_non_null(strstr(out.data, "<li><code>/etc/shadow</code> cannot be read: Permission "
					 "denied (and everything beneath)\n"));
	assert_non_null(strstr(out.data, "<span> pid 4242: ./x --do"));
	assert_non_null(strstr(out.data, "What this does not prove"));
	assert_non_null(strstr(out.data, "<code>/data</code> volume, writable"));
}

static int print_sample(const char *format)
{
	sample_format f = format_named(format);
	OUTPUT;

	if (f == NULL)
		return 2;
	sample_report(&out, f, &(struct report_options){.show_touched = true}, &EVERYTHING);
	return fputs(out.data, stdout) < 0;
}

/* --many FORMAT N: so many findings that nothing stays in memory. */
static int print_many(const char *format, unsigned int n)
{
	sample_format f = format_named(format);
	struct ostream *to = NULL;
	struct sl_sink *sink = NULL;
	int rc;

	if (f == NULL || ostream_to_fd(&to, 1, NULL) < 0)
		return 2;
	rc = f(&sink, to, NULL, NULL);
	if (rc == 0)
		rc = sample_feed(sink, &(struct sample){.unlike = n, .notes = true});
	sl_sink_close(sink);
	ostream_close(to);
	return rc < 0;
}

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(no_format_for_people_lets_a_name_act),
		cmocka_unit_test(every_machine_format_is_utf8_without_control_characters),
		cmocka_unit_test(a_full_disk_is_an_error_in_every_format),
		cmocka_unit_test(a_sarif_uri_is_every_byte_of_a_path),
		cmocka_unit_test(a_sarif_message_holds_no_link_and_no_placeholder_of_evidence),
		cmocka_unit_test(sarif_suppresses_what_is_explained_or_acknowledged_and_says_why),
		cmocka_unit_test(sarif_is_successful_only_without_a_gap),
		cmocka_unit_test(unproven_layers_are_a_notification),
		cmocka_unit_test(rules_past_the_bound_are_named_without_a_description),
		cmocka_unit_test(ocsf_says_of_each_container_how_it_ended),
		cmocka_unit_test(ocsf_tells_detection_from_compliance),
		cmocka_unit_test(the_page_has_no_tag_of_evidence),
		cmocka_unit_test(the_page_shows_lines_sides_and_gaps),
	};

	if (argc == 3 && strcmp(argv[1], "--print") == 0)
		return print_sample(argv[2]);
	if (argc == 4 && strcmp(argv[1], "--many") == 0)
		return print_many(argv[2], (unsigned int)strtoul(argv[3], NULL, 10));
	return cmocka_run_group_tests_name("report formats", tests, NULL, NULL);
}
