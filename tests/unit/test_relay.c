/* SPDX-License-Identifier: Apache-2.0 */
/* What one process found is told by another one as if it had found it itself. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <unistd.h>

#include "core/cleanup.h"
#include "core/tempfile.h"
#include "job/relay.h"
#include "job/relaycode.h"
#include "unit/sample_run.h"

/* Passes everything on by way of a relay. */
struct detour {
	struct sl_sink sink;
	struct sl_sink *to; /* owned */
	struct relay *relay;
	const struct sl_container *container;
	int fd;
	uint64_t gaps; /* of the summaries that came back */
	unsigned int said;
};

static struct detour *detour_of(struct sl_sink *s)
{
	return container_of(s, struct detour, sink);
}

static int pass_begin(struct sl_sink *s, const struct sl_run *run, struct sl_error *err)
{
	return sl_sink_begin(detour_of(s)->to, run, err);
}

static int pass_container(struct sl_sink *s, const struct sl_subject *subject, struct sl_error *err)
{
	struct detour *d = detour_of(s);

	d->container = subject->container;
	d->fd = tempfile_open(NULL, NULL);
	assert_true(d->fd >= 0);
	assert_int_equal(relay_new(&d->relay, d->fd, NULL), 0);
	relay_say(d->relay, "a line");
	return sl_sink_container(relay_sink(d->relay), subject, err);
}

static int pass_finding(struct sl_sink *s, const struct sl_finding *f, struct sl_error *err)
{
	return sl_sink_finding(relay_sink(detour_of(s)->relay), f, err);
}

static int pass_gap(struct sl_sink *s, const struct sl_gap *gap, struct sl_error *err)
{
	return sl_sink_gap(relay_sink(detour_of(s)->relay), gap, err);
}

static void on_line(void *payload, const char *line)
{
	assert_string_equal(line, "a line");
	((struct detour *)payload)->said++;
}

static void on_end(void *payload, const struct sl_summary *summary)
{
	((struct detour *)payload)->gaps += summary->counts.gaps;
}

static int play(struct detour *d, struct sl_error *err)
{
	struct relay_listener to = {.sink = d->to,
				    .container = d->container,
				    .say = on_line,
				    .ended = on_end,
				    .payload = d};
	int rc = relay_play(d->fd, &to, err);

	cleanup_closep(&d->fd);
	d->fd = -1;
	return rc;
}

static int pass_container_end(struct sl_sink *s, const struct sl_summary *sum, struct sl_error *err)
{
	struct detour *d = detour_of(s);
	int rc = sl_sink_container_end(relay_sink(d->relay), sum, err);

	assert_int_equal(relay_finish(d->relay, 0, &SL_ERROR_INIT, NULL, NULL), 0);
	relay_free(d->relay);
	return rc < 0 ? rc : play(d, err);
}

static int pass_end(struct sl_sink *s, const struct sl_run *run, struct sl_error *err)
{
	return sl_sink_end(detour_of(s)->to, run, err);
}

static void pass_close(struct sl_sink *s)
{
	sl_sink_close(detour_of(s)->to);
}

static struct detour detour;
static sample_format behind;

static int open_detour(struct sl_sink **out, struct ostream *to, const struct report_options *o,
		       struct sl_error *err)
{
	static const struct sl_sink_ops ops = {.begin = pass_begin,
					       .container = pass_container,
					       .finding = pass_finding,
					       .gap = pass_gap,
					       .container_end = pass_container_end,
					       .end = pass_end,
					       .close = pass_close};

	detour = (struct detour){.sink.ops = &ops, .fd = -1};
	*out = &detour.sink;
	return behind(&detour.to, to, o, err);
}

static void every_report_is_the_same_by_way_of_a_relay(void **state)
{
	static const sample_format formats[] = {report_json, report_jsonl, report_table,
						report_tree, report_sarif, report_ocsf};
	static const struct sample samples[] = {
		{.clean = true},
		{.notes = true, .containers = 3, .gaps = 4},
		{.alike = 2000, .unlike = 50, .quick = true, .unproven = true},
	};
	const struct report_options options = {.show_touched = true, .show_explained = true};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(formats) * ARRAY_SIZE(samples); i++) {
		const struct sample *s = &samples[i % ARRAY_SIZE(samples)];
		CLEANUP(buf_clear) struct buf straight = BUF_INIT(SIZE_MAX);
		CLEANUP(buf_clear) struct buf relayed = BUF_INIT(SIZE_MAX);

		behind = formats[i / ARRAY_SIZE(samples)];
		sample_report(&straight, behind, &options, s);
		sample_report(&relayed, open_detour, &options, s);
		assert_true(straight.len > 0);
		if (straight.len != relayed.len ||
		    memcmp(straight.data, relayed.data, straight.len) != 0)
			fail_msg("format and sample %zu:\n%s\n---\n%s", i, straight.data,
				 relayed.data);
		assert_int_equal(detour.said, s->containers > 1 ? s->containers : 1);
	}
}

static void everything_that_is_known_of_a_container_comes_back(void **state)
{
	static const char *const notes[] = {"one thing", "another"};
	static const struct sl_scanned scanned[] = {{"/data", "volume", 5, 6, 7, true},
						    {"/x", "bind", 1, 2, 3, false}};
	struct sl_container c = {0};
	struct sl_subject subject = {
		.container = &c,
		.image = {.ref = "image", .signer = "Jane Doe", .anchor = SL_ANCHOR_SIGNATURE},
		.last_check_verdict = "intact"};
	struct sl_summary sum = {.subject = &subject,
				 .counts.cached = 9,
				 .notes = notes,
				 .note_count = 2,
				 .scanned = scanned,
				 .scanned_count = 2,
				 .was_frozen = true,
				 .frozen_ns = 77};
	CLEANUP(buf_clear) struct buf b = BUF_INIT(4096);
	struct relay_reader r;
	struct sl_subject was;
	struct sl_summary ended;

	(void)state;
	relaycode_put_subject(&b, &subject);
	relaycode_put_summary(&b, &sum);
	r = (struct relay_reader){.at = b.data, .end = b.data + b.len};
	relaycode_take_subject(&r, &was);
	relaycode_take_summary(&r, &ended);
	assert_false(r.is_bad);
	assert_ptr_equal(r.at, r.end);
	assert_string_equal(was.image.ref, "image");
	assert_string_equal(was.image.signer, "Jane Doe");
	assert_string_equal(was.last_check_verdict, "intact");
	assert_int_equal(was.image.anchor, SL_ANCHOR_SIGNATURE);
	assert_int_equal(ended.counts.cached, 9);
	assert_string_equal(ended.notes[1], "another");
	assert_string_equal(ended.scanned[1].path, "/x");
	assert_string_equal(ended.scanned[0].type, "volume");
	assert_int_equal(ended.scanned[1].listed, 3);
	assert_int_equal(ended.frozen_ns, 77);
	relaycode_clear(&r);
}

/* A record that was cut anywhere is noticed, and nothing beyond it is read. */
static void a_record_that_was_cut_is_none(void **state)
{
	static const struct sl_line lines[] = {{'+', 3, {"line", 4}}};
	static const char *const yara[] = {"rule"};
	static const struct sl_package package = {.manager = "dpkg", .name = {"p", 1}};
	static const struct sl_xattr xattrs[] = {{"user.a", "value", 5}};
	struct sl_entry after = {.path = {"a", 1}, .xattrs = xattrs, .xattr_count = 1};
	struct sl_change change = {.path = {"a", 1}, .after = &after, .renamed_from = {"b", 1}};
	struct sl_finding f = {.change = &change,
			       .message = "message",
			       .rules = {"r"},
			       .reasons = {"because"},
			       .rule_count = 1,
			       .attack = {"T1"},
			       .attack_count = 1,
			       .notes = {.lines = lines,
					 .line_count = 1,
					 .package = &package,
					 .yara = yara,
					 .yara_count = 1,
					 .ack_by = "Jane"}};
	CLEANUP(buf_clear) struct buf b = BUF_INIT(1 << 16);
	struct relaycode_finding out;

	(void)state;
	relaycode_put_finding(&b, &f);
	for (size_t len = 0; len <= b.len; len++) {
		AUTO_FREE char *part = malloc(len + 1);
		struct relay_reader r = {.at = part, .end = part + len};

		memcpy(part, b.data, len);
		relaycode_take_finding(&r, &out);
		assert_int_equal(r.is_bad, len < b.len);
		relaycode_clear(&r);
	}
	assert_string_equal(f.notes.ack_by, "Jane");
}

static void what_ended_the_work_ends_the_telling(void **state)
{
	struct sl_error why = SL_ERROR_INIT, err = SL_ERROR_INIT;
	struct detour d = {.fd = tempfile_open(NULL, NULL)};

	(void)state;
	assert_int_equal(relay_new(&d.relay, d.fd, NULL), 0);
	(void)sl_fail(&why, SL_ECANCELLED, 4, "stopped");
	assert_int_equal(relay_finish(d.relay, -SL_ECANCELLED, &why, NULL, NULL), 0);
	relay_free(d.relay);
	assert_int_equal(play(&d, &err), -SL_ECANCELLED);
	assert_non_null(strstr(sl_error_text(&err), "stopped"));
	assert_int_equal(err.sys, 4);
	sl_error_clear(&why);
	sl_error_clear(&err);
}

static void a_file_that_breaks_off_is_a_failure(void **state)
{
	struct detour d = {.fd = tempfile_open(NULL, NULL)};

	(void)state;
	assert_int_equal(relay_new(&d.relay, d.fd, NULL), 0);
	relay_say(d.relay, "a line");
	relay_free(d.relay);
	assert_int_equal(play(&d, NULL), -SL_EIO);
	assert_int_equal(d.said, 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_report_is_the_same_by_way_of_a_relay),
		cmocka_unit_test(everything_that_is_known_of_a_container_comes_back),
		cmocka_unit_test(a_record_that_was_cut_is_none),
		cmocka_unit_test(what_ended_the_work_ends_the_telling),
		cmocka_unit_test(a_file_that_breaks_off_is_a_failure),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
