/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include "core/cleanup.h"
#include "report/report.h"
#include "unit/fake_source.h"

#define OUTPUT CLEANUP(buf_clear) struct buf out = BUF_INIT((size_t)1 << 20)

static const struct sl_event events[] = {
	{.time = {-1, 999999999},
	 .certainty = SL_CERTAIN_NORMALISED,
	 .source = "file",
	 .description = "Content Modification Time",
	 .subject = PATH("etc/\xff"),
	 .message = PATH("etc/\xff\n\033[2J modified")},
	{.time = {1795359614, 204773},
	 .certainty = SL_CERTAIN_EXACT,
	 .source = "container",
	 .description = "Start Time",
	 .subject = PATH("web"),
	 .message = PATH("container started"),
	 .container = "web",
	 .severity = "high",
	 .seq = 7},
	{.time = {1795359615, 0},
	 .certainty = SL_CERTAIN_SECOND,
	 .source = "log",
	 .description = "Log Time",
	 .subject = PATH("stdout"),
	 .message = PATH("GET /")},
};

static void feed(struct sl_event_sink *sink)
{
	assert_int_equal(sink->ops->begin(sink, NULL), 0);
	for (size_t i = 0; i < ARRAY_SIZE(events); i++)
		assert_int_equal(sink->ops->event(sink, &events[i], NULL), 0);
	assert_int_equal(sink->ops->end(sink, NULL), 0);
	sink->ops->close(sink);
}

static void lines_are_what_timesketch_imports(void **state)
{
	static const char want[] =
		"{\"message\":\"etc/\\\\xff\\\\x0a\\\\x1b[2J modified\",\"datetime\":"
		"\"1969-12-31T23:59:59.999999+00:00\",\"timestamp\":-1,\"timestamp_desc\":"
		"\"Content Modification Time\",\"source\":\"file\",\"container\":null,\"path_b64\":"
		"\"L2V0Yy//\",\"certainty\":\"normalised\",\"severity\":null,\"seq\":0,\"time\":"
		"\"1969-12-31T23:59:59.999999999Z\"}\n"
		"{\"message\":\"container started\",\"datetime\":"
		"\"2026-11-22T15:00:14.000204+00:00\",\"timestamp\":1795359614000204,"
		"\"timestamp_desc\":\"Start Time\",\"source\":\"container\",\"container\":\"web\","
		"\"subject\":\"web\",\"certainty\":\"exact\",\"severity\":\"high\",\"seq\":7,"
		"\"time\":\"2026-11-22T15:00:14.000204773Z\"}\n"
		"{\"message\":\"GET /\",\"datetime\":\"2026-11-22T15:00:15.000000+00:00\","
		"\"timestamp\":1795359615000000,\"timestamp_desc\":\"Log Time\",\"source\":\"log\","
		"\"container\":null,\"subject\":\"stdout\",\"certainty\":\"second\",\"severity\":"
		"null,\"seq\":0,\"time\":\"2026-11-22T15:00:15.000000000Z\"}\n";
	struct sl_event_sink *sink = NULL;
	struct ostream *to = NULL;
	OUTPUT;

	(void)state;
	assert_int_equal(ostream_to_buf(&to, &out, NULL), 0);
	assert_int_equal(report_events_jsonl(&sink, to, NULL), 0);
	feed(sink);
	ostream_close(to);
	assert_string_equal(out.data, want);
}

static void the_table_says_how_exact_a_time_is_and_escapes_evidence(void **state)
{
	static const char want[] =
		"TIME (UTC)                     CERTAINTY    SOURCE     WHAT                       "
		"SEVERITY  MESSAGE\n"
		"1969-12-31 23:59:59.999999999  normalised   file       Content Modification Time  "
		"          etc/\\xff\\x0a\\x1b[2J modified\n"
		"2026-11-22 15:00:14.000204773  exact        container  Start Time                 "
		"high      web: container started\n"
		"2026-11-22 15:00:15            second       log        Log Time                   "
		"          GET /\n";
	struct sl_event_sink *sink = NULL;
	struct ostream *to = NULL;
	OUTPUT;

	(void)state;
	assert_int_equal(ostream_to_buf(&to, &out, NULL), 0);
	assert_int_equal(report_events_table(&sink, to, NULL, NULL), 0);
	feed(sink);
	ostream_close(to);
	assert_string_equal(out.data, want);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(lines_are_what_timesketch_imports),
		cmocka_unit_test(the_table_says_how_exact_a_time_is_and_escapes_evidence),
	};

	return cmocka_run_group_tests_name("report events", tests, NULL, NULL);
}
