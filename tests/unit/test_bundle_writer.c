/* SPDX-License-Identifier: Apache-2.0 */
/* Writing is judged by the verifier, which was written from the format's page alone. */
#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include <strandline/bundle.h>

#include "core/cleanup.h"
#include "core/json.h"
#include "core/sign.h"

#include "unit/bundle_written.h"
#include "unit/fake_content.h"

struct noted {
	unsigned int count;
	char last[4096];
};

static void note_checkpoint(void *payload, const char *note, size_t len)
{
	struct noted *n = payload;

	assert_true(len < sizeof(n->last));
	memcpy(n->last, note, len);
	n->last[len] = '\0';
	n->count++;
}

/* ---- whole bundles ---- */

static void an_empty_bundle_is_complete(void **state)
{
	struct sl_verify_result r;
	struct noted noted = {0};
	struct sl_bundle_options options = {.checkpoint = note_checkpoint, .payload = &noted};
	AUTO_CLOSE int fd = memory_file();
	struct sl_bundle_writer *w = create(fd, &options);
	char id[33];

	(void)state;
	(void)snprintf(id, sizeof(id), "%s", sl_bundle_id(w));
	close_and_free(w, SL_BUNDLE_COMPLETE);
	assert_int_equal(verdict(fd, NULL, &r), SL_VERDICT_SELF_CONSISTENT);
	assert_int_equal(r.records, 2);
	assert_int_equal(r.attested, 2);
	assert_int_equal(r.segments, 1);
	assert_string_equal(r.bundle_id, id);
	assert_int_equal(noted.count, 1);
	assert_non_null(strstr(noted.last, id));
	sl_verify_result_clear(&r);
}

/* A small bundle fits into the pipe's buffer, so one thread can do both ends. */
static void a_pipe_takes_a_bundle_too(void **state)
{
	AUTO_CLOSE int fd = memory_file();
	struct sl_bundle_writer *w = NULL;
	struct sl_verify_result r;
	char block[65536];
	ssize_t n;
	int ends[2];

	(void)state;
	assert_int_equal(pipe(ends), 0);
	assert_int_equal(sl_bundle_create(&w, ends[1], NULL, NULL), 0);
	close_and_free(w, SL_BUNDLE_COMPLETE);
	while ((n = read(ends[0], block, sizeof(block))) > 0)
		assert_int_equal(write(fd, block, (size_t)n), n);
	close(ends[0]);
	assert_int_equal(verdict(fd, NULL, &r), SL_VERDICT_SELF_CONSISTENT);
	sl_verify_result_clear(&r);
}

static void a_failed_write_is_not_forgotten(void **state)
{
	struct sl_error err = SL_ERROR_INIT;
	struct sl_bundle_writer *w = NULL;

	(void)state;
	assert_int_equal(sl_bundle_create(&w, open("/dev/full", O_WRONLY | O_CLOEXEC), NULL, &err),
			 0);
	assert_int_equal(sl_bundle_sync(w, &err), -SL_EIO);
	assert_int_equal(err.sys, ENOSPC);
	assert_int_equal(sl_bundle_record(w, "action", 0, "", NULL, &err), -SL_EIO);
	assert_int_equal(sl_bundle_close(w, SL_BUNDLE_NOSPACE, &err), -SL_EIO);
	sl_error_clear(&err);
	sl_bundle_writer_free(w);
}

static void every_way_to_close_is_told(void **state)
{
	(void)state;
	for (int status = SL_BUNDLE_COMPLETE; status <= SL_BUNDLE_DEADLINE; status++) {
		AUTO_CLOSE int fd = memory_file();
		struct sl_bundle_writer *w = create(fd, NULL);
		struct sl_verify_result r;

		close_and_free(w, (enum sl_bundle_status)status);
		assert_int_equal(verdict(fd, NULL, &r), status == SL_BUNDLE_COMPLETE
								? SL_VERDICT_SELF_CONSISTENT
								: SL_VERDICT_INCOMPLETE);
		assert_true(r.closed);
		assert_int_equal(r.status, status);
		sl_verify_result_clear(&r);
	}
}

static void the_fingerprint_and_any_checkpoint_anchor_it(void **state)
{
	struct noted noted = {0};
	struct sl_bundle_options options = {.checkpoint = note_checkpoint, .payload = &noted};
	AUTO_CLOSE int fd = memory_file();
	struct sl_bundle_writer *w = create(fd, &options);
	struct sl_verify_options by_print = {.fingerprint = NULL}, by_note = {.note = NULL};
	struct sl_verify_result r;
	char print[64], kept[4096];

	(void)state;
	(void)snprintf(print, sizeof(print), "%s", sl_bundle_fingerprint(w));
	assert_int_equal(strlen(print), 39);
	assert_int_equal(sl_bundle_record(w, "action", 0, "\"what\":\"one\"", NULL, NULL), 0);
	assert_int_equal(sl_bundle_sync(w, NULL), 0);
	(void)snprintf(kept, sizeof(kept), "%s", noted.last);
	assert_int_equal(sl_bundle_sync(w, NULL), 0); /* empty: nothing */
	assert_int_equal(noted.count, 1);
	assert_int_equal(sl_bundle_record(w, "action", 0, "\"what\":\"two\"", NULL, NULL), 0);
	close_and_free(w, SL_BUNDLE_COMPLETE);
	assert_int_equal(noted.count, 2);

	by_print.fingerprint = print;
	assert_int_equal(verdict(fd, &by_print, &r), SL_VERDICT_ANCHORED);
	sl_verify_result_clear(&r);
	by_note.note = kept;
	by_note.note_len = strlen(kept);
	assert_int_equal(verdict(fd, &by_note, &r), SL_VERDICT_ANCHORED);
	sl_verify_result_clear(&r);
}

static void a_long_term_key_certifies_the_first_and_signs_the_last(void **state)
{
	struct buf pem = BUF_INIT(4096), public_pem = BUF_INIT(4096);
	uint8_t public[SIGN_PUBLIC_SIZE];
	struct sl_verify_options by_key = {.key_pem = NULL};
	struct sl_bundle_options options = {.key_passphrase = "secret"};
	AUTO_CLOSE int fd = memory_file();
	struct sl_bundle_writer *w;
	struct sign_key *k = NULL;
	struct sl_verify_result r;

	(void)state;
	assert_int_equal(sign_key_generate(&k, NULL), 0);
	assert_int_equal(sign_key_write(k, "secret", &pem, NULL), 0);
	sign_key_public(k, public);
	assert_int_equal(sign_public_pem(public, &public_pem), 0);
	options.key_pem = pem.data;
	w = create(fd, &options);
	assert_int_equal(sl_bundle_sync(w, NULL), 0);
	close_and_free(w, SL_BUNDLE_COMPLETE);
	by_key.key_pem = public_pem.data;
	assert_int_equal(verdict(fd, &by_key, &r), SL_VERDICT_SIGNED);
	sl_verify_result_clear(&r);
	sign_key_free(k);
	buf_clear(&pem);
	buf_clear(&public_pem);
}

static void without_close_it_is_incomplete_up_to_the_last_seal(void **state)
{
	AUTO_CLOSE int fd = memory_file();
	struct sl_bundle_writer *w = create(fd, NULL);
	struct sl_verify_result r;
	struct stat st;
	uint64_t before;

	(void)state;
	assert_int_equal(sl_bundle_sync(w, NULL), 0);
	assert_int_equal(sl_bundle_record(w, "action", 0, "\"what\":\"lost\"", NULL, NULL), 0);
	assert_int_equal(fstat(fd, &st), 0);
	before = (uint64_t)st.st_size;
	sl_bundle_writer_free(w);
	assert_int_equal(fstat(fd, &st), 0);
	assert_int_equal(st.st_size, before);
	/* the reserve went back */
	assert_true((uint64_t)st.st_blocks * 512 < 64 * 1024);
	assert_int_equal(verdict(fd, NULL, &r), SL_VERDICT_INCOMPLETE);
	assert_int_equal(r.attested, 2); /* open, epoch */
	sl_verify_result_clear(&r);
}

/* ---- what is refused, and leaves the bundle whole ---- */

static void refused_records_leave_no_trace(void **state)
{
	static const struct {
		const char *type, *members;
		int want;
	} rows[] = {
		{"action", "\"a\":1", 0},
		{"action", "", 0},
		{"action", "\"a\":\"two\nlines\"", -SL_EINVAL},
		{"action", "\"a\":\"\xff\"", -SL_EINVAL},
		{"two words", "", -SL_EINVAL},
		{"", "", -SL_EINVAL},
		{"close", "", -SL_EINVAL},
		{"file", "", -SL_EINVAL},
	};
	AUTO_CLOSE int fd = memory_file();
	struct sl_bundle_writer *w = create(fd, NULL);
	struct sl_verify_result r;
	char *wide = malloc(70000);
	uint64_t seq = 99;

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++)
		if (sl_bundle_record(w, rows[i].type, 0, rows[i].members, NULL, NULL) !=
		    rows[i].want)
			fail_msg("row %zu", i);
	(void)snprintf(wide, 70000, "\"x\":\"%065530d\"", 0);
	assert_int_equal(sl_bundle_record(w, "action", 0, wide, NULL, NULL), -SL_ELIMIT);
	(void)snprintf(wide, 70000, "\"x\":\"%060000d\"", 0);
	assert_int_equal(sl_bundle_record(w, "action", 0, wide, NULL, NULL), 0);
	assert_int_equal(sl_bundle_record(w, "action", 1, "", NULL, NULL), -SL_EINVAL);
	assert_int_equal(sl_bundle_record(w, "action", 0, NULL, &seq, NULL), 0);
	assert_int_equal(seq, 4);
	close_and_free(w, SL_BUNDLE_COMPLETE);
	assert_int_equal(verdict(fd, NULL, &r), SL_VERDICT_SELF_CONSISTENT);
	assert_int_equal(r.records, 6);
	sl_verify_result_clear(&r);
	free(wide);
}

static void a_refused_file_is_closed_and_leaves_no_member(void **state)
{
	AUTO_CLOSE int fd = memory_file();
	struct sl_bundle_writer *w = create(fd, NULL);
	unsigned int closed = 0;
	struct fake_content how = {.size = 10, .closed = &closed};
	struct sl_entry e = regular("f", 10);
	char *wide = malloc(70000);
	struct sl_bundle_file file = {.role = "upper", .entry = &e, .members = wide};
	struct sl_verify_result r;

	(void)state;
	(void)snprintf(wide, 70000, "\"x\":\"%064000d\"", 0);
	file.content = fake_content(&how);
	assert_int_equal(sl_bundle_add_file(w, &file, NULL, NULL), -SL_ELIMIT);
	file.members = NULL;
	file.target = 3;
	file.content = fake_content(&how);
	assert_int_equal(sl_bundle_add_file(w, &file, NULL, NULL), -SL_EINVAL);
	assert_int_equal(closed, 2);
	close_and_free(w, SL_BUNDLE_COMPLETE);
	assert_int_equal(verdict(fd, NULL, &r), SL_VERDICT_SELF_CONSISTENT);
	assert_int_equal(r.payloads, 0);
	sl_verify_result_clear(&r);
	free(wide);
}

static void nothing_follows_the_close(void **state)
{
	AUTO_CLOSE int fd = memory_file();
	struct sl_bundle_writer *w = create(fd, NULL);

	(void)state;
	assert_int_equal(sl_bundle_in_force(w, "[\"frozen\"]", NULL), 0);
	assert_int_equal(sl_bundle_in_force(w, "{}", NULL), -SL_EINVAL);
	assert_int_equal(sl_bundle_close(w, SL_BUNDLE_COMPLETE, NULL), 0);
	assert_int_equal(sl_bundle_record(w, "action", 0, "", NULL, NULL), -SL_EINVAL);
	assert_int_equal(sl_bundle_sync(w, NULL), -SL_EINVAL);
	assert_int_equal(sl_bundle_close(w, SL_BUNDLE_COMPLETE, NULL), -SL_EINVAL);
	sl_bundle_writer_free(w);
}

/* ---- segments ---- */

static void time_and_journal_end_a_segment(void **state)
{
	struct noted noted = {0};
	struct sl_bundle_options quick = {
		.segment_ns = 1, .checkpoint = note_checkpoint, .payload = &noted};
	struct sl_bundle_options slow = {
		.segment_ns = 3600000000000u, .checkpoint = note_checkpoint, .payload = &noted};
	AUTO_CLOSE int fd = memory_file();
	struct sl_bundle_writer *w = create(fd, &quick);
	struct sl_verify_result r;
	char *wide = malloc(70000);

	(void)state;
	assert_int_equal(sl_bundle_record(w, "action", 0, "", NULL, NULL), 0);
	assert_int_equal(noted.count, 2); /* open; action */
	close_and_free(w, SL_BUNDLE_COMPLETE);
	assert_int_equal(verdict(fd, NULL, &r), SL_VERDICT_SELF_CONSISTENT);
	assert_int_equal(r.segments, 3);
	sl_verify_result_clear(&r);

	noted.count = 0;
	assert_int_equal(ftruncate(fd, 0), 0);
	assert_int_equal(lseek(fd, 0, SEEK_SET), 0);
	w = create(fd, &slow);
	(void)snprintf(wide, 70000, "\"x\":\"%060000d\"", 0);
	for (int i = 0; i < 150; i++) /* 9 MB of journal */
		assert_int_equal(sl_bundle_record(w, "action", 0, wide, NULL, NULL), 0);
	assert_int_equal(noted.count, 1);
	close_and_free(w, SL_BUNDLE_COMPLETE);
	assert_int_equal(verdict(fd, NULL, &r), SL_VERDICT_SELF_CONSISTENT);
	assert_int_equal(r.segments, 2);
	sl_verify_result_clear(&r);
	free(wide);
}

/* With threads a segment goes to the disk while the next is filled: no more than one is behind. */
static void a_checkpoint_is_told_before_two_more_segments_are_begun(void **state)
{
	struct noted noted = {0};
	struct sl_bundle_options options = {.threads = 2,
					    .segment_ns = 3600000000000u,
					    .checkpoint = note_checkpoint,
					    .payload = &noted};
	struct fake_content how = {.size = 5 * MIB, .seed = 1, .is_random = true};
	struct sl_entry e = regular("file", how.size);
	AUTO_CLOSE int fd = memory_file();
	struct sl_bundle_writer *w = create(fd, &options);
	struct sl_verify_result r;

	(void)state;
	/* two do not fit into one segment: file i begins segment i */
	for (int i = 0; i < 6; i++) {
		(void)add(w, &e, &how);
		assert_in_range(noted.count, i > 1 ? i - 1 : 0, i);
	}
	assert_int_equal(sl_bundle_sync(w, NULL), 0);
	assert_int_equal(noted.count, 6);
	(void)add(w, &e, &how);
	(void)add(w, &e, &how);
	assert_int_equal(noted.count, 6);
	sl_bundle_writer_free(w); /* the seventh was ended, the eighth was not */
	assert_int_equal(noted.count, 7);
	assert_int_equal(verdict(fd, NULL, &r), SL_VERDICT_INCOMPLETE);
	assert_int_equal(r.segments, 7);
	assert_int_equal(r.attested, atoi(strchr(noted.last, '\n') + 1));
	sl_verify_result_clear(&r);
}

static void targets_count_from_one(void **state)
{
	AUTO_CLOSE int fd = memory_file();
	struct sl_bundle_writer *w = create(fd, NULL);
	struct sl_gap gap = {
		.what = {"a\nb", 3}, .why = "it moved", .sys = EAGAIN, .is_path = true};
	struct sl_verify_result r;
	uint32_t target = 0;
	struct jval *doc;

	(void)state;
	assert_int_equal(sl_bundle_target(w, "\"engine\":\"docker\"", &target, NULL), 0);
	assert_int_equal(target, 1);
	assert_int_equal(sl_bundle_target(w, "\"engine\":\"podman\"", &target, NULL), 0);
	assert_int_equal(target, 2);
	assert_int_equal(sl_bundle_gap(w, target, &gap, NULL), 0);
	close_and_free(w, SL_BUNDLE_COMPLETE);
	assert_int_equal(verdict(fd, NULL, &r), SL_VERDICT_SELF_CONSISTENT);
	assert_int_equal(r.gaps, 1);
	doc = record(fd, 3);
	assert_string_equal(jval_str(jval_get(doc, "what")), "/a\nb");
	jval_free(doc);
	sl_verify_result_clear(&r);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(an_empty_bundle_is_complete),
		cmocka_unit_test(a_pipe_takes_a_bundle_too),
		cmocka_unit_test(a_failed_write_is_not_forgotten),
		cmocka_unit_test(every_way_to_close_is_told),
		cmocka_unit_test(the_fingerprint_and_any_checkpoint_anchor_it),
		cmocka_unit_test(a_long_term_key_certifies_the_first_and_signs_the_last),
		cmocka_unit_test(without_close_it_is_incomplete_up_to_the_last_seal),
		cmocka_unit_test(refused_records_leave_no_trace),
		cmocka_unit_test(a_refused_file_is_closed_and_leaves_no_member),
		cmocka_unit_test(nothing_follows_the_close),
		cmocka_unit_test(time_and_journal_end_a_segment),
		cmocka_unit_test(a_checkpoint_is_told_before_two_more_segments_are_begun),
		cmocka_unit_test(targets_count_from_one),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
