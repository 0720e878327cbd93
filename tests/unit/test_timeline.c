/* SPDX-License-Identifier: Apache-2.0 */
/* Bundles as one timeline: what becomes an event, and in which order however little memory. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "core/cleanup.h"
#include "core/clock.h"
#include "forensics/dockerlog.h"
#include "forensics/eventsort.h"
#include "forensics/timeline.h"
#include "unit/bundle_maker.h"

/* Writes an event as a line of text. */
struct text_sink {
	struct sl_event_sink sink;
	struct buf text;
	struct sl_time last;
	uint64_t count, last_seq;
	int began, ended;
	bool is_ordered;
};

static int text_begin(struct sl_event_sink *s, struct sl_error *err)
{
	(void)err;
	container_of(s, struct text_sink, sink)->began++;
	return 0;
}

static int text_event(struct sl_event_sink *s, const struct sl_event *e, struct sl_error *err)
{
	struct text_sink *t = container_of(s, struct text_sink, sink);
	char time[CLOCK_TEXT_SIZE];
	int order = t->count == 0 ? -1 : clock_compare(t->last, e->time);

	(void)err;
	if (order > 0 || (order == 0 && e->seq < t->last_seq))
		t->is_ordered = false;
	t->last = e->time;
	t->last_seq = e->seq;
	t->count++;
	if (t->text.len > 100000)
		return 0;
	clock_format(time, e->time);
	(void)buf_printf(&t->text, "%s|%d|%s|%s|%.*s|%.*s|%s\n", time, (int)e->certainty, e->source,
			 e->description, (int)e->subject.len, e->subject.data, (int)e->message.len,
			 e->message.data, e->container == NULL ? "-" : e->container);
	return 0;
}

static int text_end(struct sl_event_sink *s, struct sl_error *err)
{
	(void)err;
	container_of(s, struct text_sink, sink)->ended++;
	return 0;
}

static const struct sl_event_sink_ops text_ops = {text_begin, text_event, text_end, NULL};

static struct text_sink text_sink(void)
{
	return (struct text_sink){
		.sink = {&text_ops}, .text = BUF_INIT(1 << 20), .is_ordered = true};
}

static void assert_has(const struct text_sink *t, const char *line)
{
	if (strstr(t->text.data, line) == NULL)
		fail_msg("no '%s' in:\n%s", line, t->text.data);
}

static void records_become_events_in_order(void **state)
{
	static const char log[] =
		"{\"log\":\"started\\n\",\"stream\":\"stdout\",\"time\":\"2026-11-22T10:30:00.5Z\"}"
		"\n"
		"no json\n"
		"{\"log\":\"late\\n\",\"stream\":\"stderr\",\"time\":\"2026-11-22T12:30:00Z\"}\n"
		"{\"log\":\"cut";
	struct text_sink t = text_sink();
	struct maker m;
	struct rfile *file;

	(void)state;
	maker_begin(&m, false);
	(void)maker_record(&m, "target", 1,
			   ",\"engine\":\"docker\",\"name\":\"web\",\"created\":"
			   "\"2026-11-22T10:00:00.000000000Z\",\"started\":"
			   "\"2026-11-22T10:00:01.000000000Z\",\"finished\":"
			   "\"0001-01-01T00:00:00Z\"");
	(void)maker_record(&m, "file", 1,
			   ",\"role\":\"upper\",\"src\":{\"path\":\"/etc\",\"type\":\"directory\","
			   "\"mtime\":\"2026-11-22T11:30:00.000000001Z\"},\"stored\":null");
	(void)maker_record(&m, "file", 1,
			   ",\"role\":\"upper\",\"src\":{\"path\":\"/etc/gone\",\"type\":"
			   "\"whiteout\"},\"stored\":null");
	(void)maker_file(&m, 1, "upper", "etc/passwd", "x", 1,
			 ",\"mtime\":\"2026-11-22T11:00:00.500000000Z\",\"ctime\":"
			 "\"2026-11-22T11:00:01.000000000Z\",\"btime\":\"2026-11-22T10:59:59.1Z\"");
	(void)maker_record(&m, "file", 1,
			   ",\"role\":\"upper\",\"src\":{\"path\":\"/top\",\"type\":\"whiteout\"},"
			   "\"stored\":null");
	(void)maker_file(&m, 1, "before", "etc/group", "x", 1,
			 ",\"mtime\":\"2026-11-22T11:00:07.500000000Z\"");
	(void)maker_file(&m, 1, "log", "json.log", log, sizeof(log) - 1,
			 "},\"log_format\":\"docker-json\",\"x\":{\"y\":1");
	(void)maker_record(&m, "gap", 1, ",\"what\":\"/proc\",\"why\":\"not read\"");
	maker_close(&m, "complete");
	maker_tail(&m);
	file = maker_rfile(m.file.data, m.file.len);
	assert_int_equal(timeline_run(&file, 1, &t.sink, NULL), 0);
	assert_int_equal(t.began, 1);
	assert_int_equal(t.ended, 1);
	assert_true(t.is_ordered);
	assert_has(&t, "2026-11-22T10:00:00.000000000Z|0|container|Container Created|web|");
	assert_has(&t, "2026-11-22T10:00:01.000000000Z|0|container|Container Started|web|");
	assert_null(strstr(t.text.data, "Container Finished"));
	assert_has(&t, "2026-11-22T11:00:00.500000000Z|0|file|Content Modification Time|"
		       "/etc/passwd|file /etc/passwd|web\n");
	assert_has(&t, "11:00:01.000000000Z|0|file|Metadata Modification Time|/etc/passwd|");
	assert_has(&t, "10:59:59.100000000Z|0|file|Creation Time|/etc/passwd|");
	assert_has(&t, "2026-11-22T11:30:00.000000001Z|2|file|Deletion Time|/etc/gone|");
	assert_has(&t, "2026-11-22T15:00:05.000000005Z|2|file|Deletion Time|/top|");
	assert_null(strstr(t.text.data, "etc/group"));
	assert_has(&t, "2026-11-22T10:30:00.500000000Z|0|log|Log Entry|stdout|started|web\n");
	assert_has(&t, "2026-11-22T12:30:00.000000000Z|0|log|Log Entry|stderr|late|web\n");
	assert_has(&t, "|capture|Capture Gap|/proc|gap: /proc, not read|web\n");
	assert_has(&t, "|capture|Capture Finished|");
	rfile_close(file);
	buf_clear(&t.text);
	maker_clear(&m);
}

static void bundles_are_merged(void **state)
{
	struct text_sink t = text_sink(), both = text_sink();
	struct maker a, b;
	struct rfile *files[2];

	(void)state;
	maker_small(&a, false);
	maker_small(&b, false);
	files[0] = maker_rfile(a.file.data, a.file.len);
	/* a cut bundle gives what it holds */
	files[1] = maker_rfile(b.file.data, b.file.len - 60);
	assert_int_equal(timeline_run(files, 1, &t.sink, NULL), 0);
	assert_int_equal(timeline_run(files, 2, &both.sink, NULL), 0);
	assert_true(t.count > 0);
	assert_int_equal(both.count, 2 * t.count);
	rfile_close(files[0]);
	rfile_close(files[1]);
	buf_clear(&t.text);
	buf_clear(&both.text);
	maker_clear(&a);
	maker_clear(&b);
}

static void sorting_spills_and_loses_nothing(void **state)
{
	enum { COUNT = 20000 };
	struct text_sink t = text_sink();
	struct eventsort *s;
	char message[200];
	uint32_t x = 12345;

	(void)state;
	memset(message, 'm', sizeof(message));
	/* the smallest memory: a dozen runs */
	assert_int_equal(eventsort_new(&s, 0, NULL), 0);
	for (uint64_t i = 0; i < COUNT; i++) {
		struct sl_event e = {
			.source = "file",
			.description = "d",
			.subject = {"s", 1},
			.message = {message, x % sizeof(message)},
			.seq = i,
		};

		x = x * 1664525 + 1013904223;
		/* few different times: many must keep their order */
		e.time = (struct sl_time){.sec = (int64_t)(x >> 16) % 50 - 10, .nsec = x % 3};
		assert_int_equal(eventsort_add(s, &e, NULL), 0);
	}
	assert_int_equal(eventsort_emit(s, &t.sink, NULL, NULL), 0);
	assert_int_equal(t.count, COUNT);
	assert_true(t.is_ordered);
	eventsort_free(s);
	buf_clear(&t.text);
}

static void log_lines_are_parsed_strictly(void **state)
{
	static const struct {
		const char *line;
		int rc;
		const char *text, *stream;
	} rows[] = {
		{"{\"log\":\"a\\n\",\"stream\":\"stdout\",\"time\":\"2026-01-01T00:00:00Z\"}", 0,
		 "a", "stdout"},
		{"{\"log\":\"a\\r\\n\",\"stream\":\"other\",\"time\":\"2026-01-01T00:00:00Z\"}", 0,
		 "a", ""},
		{"{\"log\":\"\",\"time\":\"2026-01-01T00:00:00+01:00\"}", 0, "", ""},
		{"{\"log\":\"a\",\"stream\":\"stdout\",\"time\":\"yesterday\"}", -SL_EFORMAT, "",
		 ""},
		{"{\"stream\":\"stdout\",\"time\":\"2026-01-01T00:00:00Z\"}", -SL_EFORMAT, "", ""},
		{"[]", -SL_EFORMAT, "", ""},
		{"", -SL_EFORMAT, "", ""},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		struct buf text = BUF_INIT(100);
		struct logline line;

		assert_int_equal(dockerlog_parse(&line, &text, rows[i].line, strlen(rows[i].line)),
				 rows[i].rc);
		if (rows[i].rc == 0) {
			assert_int_equal(text.len, strlen(rows[i].text));
			assert_string_equal(line.stream, rows[i].stream);
		}
		buf_clear(&text);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(records_become_events_in_order),
		cmocka_unit_test(bundles_are_merged),
		cmocka_unit_test(sorting_spills_and_loses_nothing),
		cmocka_unit_test(log_lines_are_parsed_strictly),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
