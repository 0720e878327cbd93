/* SPDX-License-Identifier: Apache-2.0 */
/* Every format says which mounts were looked through, and which were not; logs open elsewhere. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "core/cleanup.h"
#include "core/json.h"
#include "core/ostream.h"
#include "report/report.h"

typedef int (*format_fn)(struct sl_sink **out, struct ostream *to, const struct report_options *o,
			 struct sl_error *err);

static char paths[2][24] = {"/data", "/e<i>l\x1b[2J"}, types[2][8] = {"volume", "bind"};

static int feed(struct sl_sink *sink)
{
	struct sl_mount mounts[] = {{.path = paths[0], .type = types[0], .rw = true},
				    {.path = paths[1], .type = types[1]}};
	const struct sl_scanned scanned[] = {{paths[0], types[0], 12, 345, 2, true, 4},
					     {paths[1], types[1], 6, 7, 0, false}};
	static const char *const compared[] = {"/"};
	char engine[] = "docker", id[] = "7777";
	struct sl_container c = {.engine = engine, .id = id, .mounts = mounts, .mount_count = 2};
	const struct sl_subject subject = {
		.container = &c, .compared = compared, .compared_count = 1};
	const struct sl_summary sum = {.subject = &subject,
				       .complete = true,
				       .scanned = scanned,
				       .scanned_count = ARRAY_SIZE(scanned)};
	static const char config_subject[] = "privileged";
	const struct sl_finding finding = {.kind = SL_FINDING_POSTURE,
					   .subject = {config_subject, strlen(config_subject)},
					   .severity = SL_SEVERITY_HIGH,
					   .id = {0xab}};
	const struct sl_run run = {.command = "diff", .host_name = "ex/am", .root = "/"};
	int rc = sl_sink_begin(sink, &run, NULL);

	if (rc == 0)
		rc = sl_sink_container(sink, &subject, NULL);
	if (rc == 0)
		rc = sl_sink_finding(sink, &finding, NULL);
	if (rc == 0)
		rc = sl_sink_container_end(sink, &sum, NULL);
	return rc < 0 ? rc : sl_sink_end(sink, &run, NULL);
}

static void report(struct buf *out, format_fn format)
{
	struct ostream *to = NULL;
	struct sl_sink *sink = NULL;

	assert_int_equal(ostream_to_buf(&to, out, NULL), 0);
	assert_int_equal(format(&sink, to, NULL, NULL), 0);
	assert_int_equal(feed(sink), 0);
	sl_sink_close(sink);
	ostream_close(to);
	(void)buf_append_char(out, '\0');
}

static void assert_has(const struct buf *out, const char *part)
{
	if (strstr(out->data, part) == NULL)
		fail_msg("no %s in %s", part, out->data);
}

#define OUTPUT CLEANUP(buf_clear) struct buf out = BUF_INIT((size_t)16 << 20)

static void a_page_has_a_table_of_them(void **state)
{
	OUTPUT;

	(void)state;
	report(&out, report_html);
	assert_has(&out, "<table class=scanned>");
	assert_has(&out, "<code>/data</code><td>volume<td class=\"n \">12<td class=\"n \">2"
			 "<td class=\"n \">4<td>wholly");
	assert_has(&out, "<td>with gaps");
	assert_null(strstr(out.data, "<i>l"));
	assert_null(strchr(out.data, '\x1b'));
}

static void a_log_has_a_notification_for_each(void **state)
{
	OUTPUT;

	(void)state;
	report(&out, report_sarif);
	assert_has(&out, "scanned: /data (volume): 12 entries, 2 listed, 4 changed since the "
			 "container started\"");
	assert_has(&out, "6 entries, 0 listed, with gaps");
	assert_has(&out, "no baseline: /data (volume), /e<i>l\\\\x1b");
	assert_has(&out, "\"scanned\":[{\"path\":\"/data\"");
}

static void a_scan_activity_has_them_in_its_outcome(void **state)
{
	OUTPUT;

	(void)state;
	report(&out, report_ocsf);
	assert_has(&out, "\"scanned\":[{\"path\":\"/data\",\"type\":\"volume\",\"entries\":12,"
			 "\"bytes\":345,\"listed\":2,\"recent\":4,\"complete\":true}");
	assert_has(&out, "\"not_compared\":[{\"path\":\"/data\"");
}

/* What services that take logs of other tools ask for beyond the standard. */
static void a_result_can_be_placed_told_apart_and_explained_by_others(void **state)
{
	OUTPUT;
	AUTO_JVAL struct jval *log = NULL;
	const struct jval *run, *result, *rule, *place;
	int64_t line = 0;

	(void)state;
	report(&out, report_sarif);
	assert_int_equal(jval_parse(&log, out.data, out.len - 1, NULL), 0);
	run = jval_at(jval_get(log, "runs"), 0);
	result = jval_at(jval_get(run, "results"), 0);
	place = jval_get(jval_at(jval_get(result, "locations"), 0), "physicalLocation");
	assert_string_equal(jval_str(jval_path(place, "artifactLocation", "uri", NULL)), "./");
	assert_int_equal(jval_i64(jval_path(place, "region", "startLine", NULL), &line), 0);
	assert_int_equal(line, 1);
	assert_true(strncmp(jval_str(jval_path(result, "partialFingerprints",
					       "primaryLocationLineHash", NULL)),
			    "ab00", 4) == 0);
	assert_true(strstr(jval_str(jval_path(result, "partialFingerprints",
					      "primaryLocationLineHash", NULL)),
			   ":1") != NULL);
	rule = jval_at(jval_path(run, "tool", "driver", "rules", NULL), 0);
	assert_string_equal(jval_str(jval_get(result, "ruleId")), jval_str(jval_get(rule, "id")));
	assert_non_null(jval_str(jval_path(rule, "fullDescription", "text", NULL)));
	assert_non_null(jval_str(jval_path(rule, "help", "text", NULL)));
	assert_true(strncmp(jval_str(jval_path(run, "automationDetails", "id", NULL)),
			    "strandline/ex/am/", 17) == 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_page_has_a_table_of_them),
		cmocka_unit_test(a_log_has_a_notification_for_each),
		cmocka_unit_test(a_scan_activity_has_them_in_its_outcome),
		cmocka_unit_test(a_result_can_be_placed_told_apart_and_explained_by_others),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
