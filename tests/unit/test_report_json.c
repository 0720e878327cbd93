/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include <cmocka.h>

#include "core/cleanup.h"
#include "core/json.h"
#include "unit/fake_source.h"
#include "unit/sample_run.h"

#define OUTPUT CLEANUP(buf_clear) struct buf out = BUF_INIT((size_t)64 << 20)

/* Members in the order of the contract; what follows them is ours to extend. */
static void the_document_has_the_members_of_the_contract_in_order(void **state)
{
	static const char begins[] =
		"{\"schema\":\"strandline.drift/1\",\"tool\":{\"name\":\"strandline\",\"version\":"
		"\"0.1.0\",\"command\":\"diff\",\"fallbacks\":[\"openat2\"]},\"host\":{\"name\":"
		"\"examined\",\"boot_id\":null,"
		"\"kernel\":null,\"root\":\"/\"},\"started\":\"2026-11-22T15:00:14.000204773Z\","
		"\"containers\":[{\"engine\":\"docker\",\"id\":\"3f2a9b1c7d10aabbccdd\",\"name\":"
		"\"web\",\"state\":\"running\",\"kind\":\"workload\",\"namespace\":null,\"note\":"
		"null,\"pod\":null,\"image\":{\"ref\":\"nginx:1.25\","
		"\"digest\":\"sha256:"
		"0200000000000000000000000000000000000000000000000000000000000000\",\"id\":"
		"\"sha256:0100000000000000000000000000000000000000000000000000000000000000\","
		"\"digest_verified\":true,\"anchor\":\"host\",\"signer\":null},\"layers\":{"
		"\"trust\":\"proven\","
		"\"checked_at\":\"2026-11-22T15:00:14.000204773Z\",\"checked\":null},"
		"\"scope\":{\"compared\":"
		"[\"/\"],\"not_compared\":[{\"path\":\"/data\",\"type\":\"volume\",\"rw\":true},"
		"{\"path\":\"/run\",\"type\":\"tmpfs\",\"rw\":false}]},";
	static const char ends[] =
		"\"gaps\":[{\"what\":\"/etc/shadow\",\"why\":\"cannot be read\",\"errno\":13,"
		"\"is_path\":true,\"below\":true}],\"complete\":false}],\"finished\":"
		"\"2026-11-22T15:00:15.000000000Z\"}\n";
	OUTPUT;

	(void)state;
	sample_report(&out, report_json, NULL, &(struct sample){0});
	assert_int_equal(strncmp(out.data, begins, sizeof(begins) - 1), 0);
	assert_string_equal(out.data + out.len - (sizeof(ends) - 1), ends);
}

static void a_finding_has_the_members_of_the_contract_in_order(void **state)
{
	static const char want[] =
		"{\"id\":\"0400000000000000000000000000000000000000000000000000000000000000\","
		"\"kind\":\"file\",\"path\":\"/usr/bin/evil\\n\\u001b]0;x\\u0007\",\"change\":"
		"\"added\",\"before\":null,\"after\":{\"type\":\"file\",\"mode\":\"04755\",\"uid\":"
		"0,\"gid\":0,\"size\":5,\"mtime\":\"2026-11-22T15:00:14.000204773Z\",\"ctime\":"
		"\"2026-11-22T15:00:14.000204773Z\",\"btime\":\"2026-11-22T15:00:14.000204773Z\","
		"\"sha256\":\"cc00000000000000000000000000000000000000000000000000000000000000\","
		"\"dev\":\"66306\",\"ino\":\"18446744073709551615\",\"nlink\":1,\"xattrs\":{"
		"\"security.capability\":\"AQAAAg==\"}},\"signals\":[\"setuid\",\"elf\"],"
		"\"severity\":\"critical\",\"rules\":[\"setuid.new\"],\"attack\":[\"T1548.001\"],"
		"\"explained_by\":null,\"reasons\":[\"new program that runs as its owner\"],"
		"\"changed\":[]}";
	OUTPUT;

	(void)state;
	sample_report(&out, report_json, NULL, &(struct sample){0});
	assert_non_null(strstr(out.data, want));
	assert_non_null(strstr(out.data, "\"explained_by\":{\"cause\":\"engine\",\"name\":"
					 "\"dockerenv\"}"));
	/* base64 of "/usr/bin/\xff\xfe" */
	assert_non_null(strstr(out.data, "\"path_b64\":\"L3Vzci9iaW4v//4=\""));
}

static const struct jval *container(const struct jval *doc, size_t i)
{
	return jval_at(jval_get(doc, "containers"), i);
}

static void counts_gaps_and_completeness_follow_the_findings(void **state)
{
	struct jval *doc = NULL;
	int64_t n = 0;
	bool complete = true;
	OUTPUT;

	(void)state;
	sample_report(&out, report_json, NULL, &(struct sample){.containers = 2, .alike = 100});
	assert_int_equal(jval_parse(&doc, out.data, out.len, NULL), 0);
	assert_int_equal(jval_len(jval_get(doc, "containers")), 2);
	assert_int_equal(jval_len(jval_get(container(doc, 1), "findings")), 107);
	assert_int_equal(jval_i64(jval_path(container(doc, 1), "counts", "metadata", NULL), &n), 0);
	assert_int_equal(n, 101);
	assert_int_equal(jval_i64(jval_path(container(doc, 1), "counts", "touched", NULL), &n), 0);
	assert_int_equal(n, 1);
	assert_int_equal(jval_bool(jval_get(container(doc, 1), "complete"), &complete), 0);
	assert_false(complete);
	jval_free(doc);
}

/* So many gaps that they do not stay in memory; each container has its own. */
static void gaps_met_in_between_wait_for_their_place(void **state)
{
	struct jval *doc = NULL;
	OUTPUT;

	(void)state;
	sample_report(&out, report_json, NULL, &(struct sample){.containers = 2, .gaps = 5000});
	assert_int_equal(jval_parse(&doc, out.data, out.len, NULL), 0);
	for (size_t i = 0; i < 2; i++) {
		const struct jval *gaps = jval_get(container(doc, i), "gaps");

		assert_int_equal(jval_len(gaps), 5001);
		assert_string_equal(jval_str(jval_get(jval_at(gaps, 0), "what")), "/etc/shadow");
		assert_string_equal(jval_str(jval_get(jval_at(gaps, 5000), "what")), "metadata");
	}
	jval_free(doc);
}

static void touched_entries_are_listed_on_demand_only(void **state)
{
	OUTPUT;

	(void)state;
	sample_report(&out, report_json, NULL, &(struct sample){0});
	assert_null(strstr(out.data, "\"change\":\"touched\""));
	buf_reset(&out);
	sample_report(&out, report_json, &(struct report_options){.show_touched = true},
		      &(struct sample){0});
	assert_non_null(strstr(out.data, "\"path\":\"/var\",\"change\":\"touched\""));
}

static void every_line_is_a_record_that_stands_alone(void **state)
{
	static const char *const want[] = {"run",     "finding",   "finding", "gap",
					   "finding", "finding",   "finding", "finding",
					   "finding", "container", "run"};
	size_t n = 0;
	OUTPUT;

	(void)state;
	sample_report(&out, report_jsonl, NULL, &(struct sample){0});
	for (const char *line = out.data; *line != '\0'; n++) {
		size_t len = strcspn(line, "\n");
		struct jval *doc = NULL;

		assert_true(n < ARRAY_SIZE(want));
		assert_int_equal(jval_parse(&doc, line, len, NULL), 0);
		assert_string_equal(jval_str(jval_get(doc, "record")), want[n]);
		if (strcmp(want[n], "finding") == 0 || strcmp(want[n], "gap") == 0)
			assert_string_equal(jval_str(jval_path(doc, "container", "name", NULL)),
					    "web");
		jval_free(doc);
		line += len + 1;
	}
	assert_int_equal(n, ARRAY_SIZE(want));
}

static void a_pod_is_said_whatever_bytes_its_names_are(void **state)
{
	char ns[] = "a", name[] = "b", container[] = "c", nasty[] = "\xff\"}";
	const struct {
		struct sl_pod *pod;
		const char *want;
	} rows[] = {
		{&(struct sl_pod){.ns = ns, .name = name, .container = container, .attempt = 2},
		 "\"pod\":{\"namespace\":\"a\",\"name\":\"b\",\"uid\":null,\"container\":\"c\","
		 "\"sandbox\":null,\"attempt\":2},"},
		{&(struct sl_pod){.name = nasty}, "\"name_b64\":\"/yJ9\","},
		{NULL, "\"pod\":null,"},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		struct sl_container c = {.pod = rows[i].pod};
		struct sl_subject subject = {.container = &c};
		struct sl_summary sum = {.subject = &subject};
		struct sl_run run = {.command = "diff"};
		struct ostream *to = NULL;
		struct sl_sink *sink = NULL;
		struct jval *doc = NULL;
		OUTPUT;

		assert_int_equal(ostream_to_buf(&to, &out, NULL), 0);
		assert_int_equal(report_json(&sink, to, NULL, NULL), 0);
		assert_int_equal(sl_sink_begin(sink, &run, NULL), 0);
		assert_int_equal(sl_sink_container(sink, &subject, NULL), 0);
		assert_int_equal(sl_sink_container_end(sink, &sum, NULL), 0);
		assert_int_equal(sl_sink_end(sink, &run, NULL), 0);
		assert_non_null(strstr(out.data, rows[i].want));
		assert_int_equal(jval_parse(&doc, out.data, out.len, NULL), 0);
		jval_free(doc);
		sl_sink_close(sink);
		ostream_close(to);
	}
}

static void an_entry_says_what_was_read_and_nothing_else(void **state)
{
	static const struct sl_xattr odd[] = {{"user.a", "\0x", 2}, {"user.\xff", NULL, 0}};
	static const struct {
		struct sl_entry entry;
		const char *want;
	} rows[] = {
		{{.mode = S_IFREG | 0644, .size = 3},
		 "{\"type\":\"file\",\"mode\":\"00644\",\"uid\":0,\"gid\":0,\"size\":3,"
		 "\"sha256\":null}"},
		{{.mode = S_IFDIR | 01777, .uid = 4294967295u, .flags = SL_ENTRY_IMPLIED},
		 "{\"type\":\"directory\",\"mode\":\"01777\",\"uid\":4294967295,\"gid\":0,"
		 "\"implied\":true}"},
		{{.mode = S_IFLNK | 0777, .target = PATH("a\xff")},
		 "{\"type\":\"symlink\",\"mode\":\"00777\",\"uid\":0,\"gid\":0,"
		 "\"target_b64\":\"Yf8=\"}"},
		{{.mode = S_IFCHR | 0600, .rdev_major = 1, .rdev_minor = 3},
		 "{\"type\":\"char\",\"mode\":\"00600\",\"uid\":0,\"gid\":0,\"rdev\":{\"major\":1,"
		 "\"minor\":3}}"},
		{{.mode = S_IFIFO | 0600,
		  .fields = SL_ENTRY_XATTRS,
		  .xattrs = odd,
		  .xattr_count = 2},
		 "{\"type\":\"fifo\",\"mode\":\"00600\",\"uid\":0,\"gid\":0,\"xattrs\":{\"user.a\":"
		 "\"AHg=\"},\"xattrs_b64\":[{\"name_b64\":\"dXNlci7/\",\"value\":\"\"}]}"},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		struct jout j;
		OUTPUT;

		jout_begin(&j, &out);
		report_entry(&j, &rows[i].entry);
		assert_int_equal(jout_end(&j), 0);
		assert_string_equal(out.data, rows[i].want);
	}
}

/* Prints a document for the schema test: test_report_json --print json|jsonl. */
static int print_sample(const char *format)
{
	OUTPUT;

	sample_report(&out, strcmp(format, "json") == 0 ? report_json : report_jsonl,
		      &(struct report_options){.show_touched = true},
		      &(struct sample){.containers = 2, .alike = 3, .gaps = 2});
	return fputs(out.data, stdout) < 0;
}

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_document_has_the_members_of_the_contract_in_order),
		cmocka_unit_test(a_finding_has_the_members_of_the_contract_in_order),
		cmocka_unit_test(counts_gaps_and_completeness_follow_the_findings),
		cmocka_unit_test(gaps_met_in_between_wait_for_their_place),
		cmocka_unit_test(touched_entries_are_listed_on_demand_only),
		cmocka_unit_test(every_line_is_a_record_that_stands_alone),
		cmocka_unit_test(a_pod_is_said_whatever_bytes_its_names_are),
		cmocka_unit_test(an_entry_says_what_was_read_and_nothing_else),
	};

	if (argc == 3 && strcmp(argv[1], "--print") == 0)
		return print_sample(argv[2]);
	return cmocka_run_group_tests_name("report json", tests, NULL, NULL);
}
