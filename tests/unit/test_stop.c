/* SPDX-License-Identifier: Apache-2.0 */
/* What may take long ends when it is asked to, and says and writes nothing then. */
#include "core/encode.h"
#include "core/ostream.h"
#include "job/custody.h"
#include "job/custodyreport.h"
#include "job/filedigest.h"
#include "snapshot/dump.h"
#include "unit/baseline_place.h"

static int ignore(struct ostream *s, const void *bytes, size_t len, struct sl_error *err)
{
	(void)s;
	(void)bytes;
	(void)len;
	(void)err;
	return 0;
}

static const struct ostream_ops nowhere = {.write = ignore};

/* A file of @p's directory; owned. */
static char *in_place(const struct place *p, const char *name)
{
	char *path = NULL;

	assert_true(asprintf(&path, "%s/%s", p->dir, name) > 0);
	return path;
}

static void write_file(const char *path, const char *text, size_t len)
{
	FILE *f = fopen(path, "we");

	assert_non_null(f);
	assert_int_equal(fwrite(text, 1, len, f), len);
	assert_int_equal(fclose(f), 0);
}

static void a_dump_of_a_baseline_is_not_finished(void **state)
{
	const struct place *p = *state;
	struct sl_baselines *b = open_store(p->file);
	struct ostream out = {.ops = &nowhere};
	volatile sig_atomic_t stop = 0;
	uint8_t config[SL_SHA256_SIZE];

	(void)put(b, "app", LAYERS("f a 1"));
	kit_config(config, "app");
	sl_baselines_stop(b, &stop);
	assert_int_equal(dump_view(b, config, &out, NULL), 0);
	assert_int_equal(dump_image(b, config, &out, NULL), 0);
	stop = 1;
	assert_int_equal(dump_view(b, config, &out, NULL), -SL_ECANCELLED);
	assert_int_equal(dump_image(b, config, &out, NULL), -SL_ECANCELLED);
	sl_baselines_close(b);
}

static void a_file_that_is_hashed_has_no_digest(void **state)
{
	AUTO_FREE char *path = in_place(*state, "file");
	volatile sig_atomic_t stop = 0;
	struct filedigest digest;

	write_file(path, "bytes", 5);
	assert_int_equal(filedigest_read(&digest, path, &stop, NULL), 0);
	stop = 1;
	assert_int_equal(filedigest_read(&digest, path, &stop, NULL), -SL_ECANCELLED);
}

static void a_custody_record_is_not_judged(void **state)
{
	AUTO_FREE char *path = in_place(*state, "file");
	AUTO_FREE char *log = in_place(*state, "file.custody.jsonl");
	volatile sig_atomic_t stop = 0;
	struct custody_question q = {.file = path, .no_file = true, .stop = &stop};
	struct custody_report report;

	write_file(log, "{}\n", 3);
	assert_int_equal(job_custody_report(&q, NULL, NULL, &report, NULL), 0);
	assert_int_equal(report.verdict, SL_VERDICT_BROKEN);
	custody_report_clear(&report);
	stop = 1;
	assert_int_equal(job_custody_report(&q, NULL, NULL, &report, NULL), -SL_ECANCELLED);
	custody_report_clear(&report);
}

static void write_key(const char *path)
{
	CLEANUP(buf_clear) struct buf pem = BUF_INIT(4096);
	CLEANUP(signkey_free) struct sign_key *key = NULL;

	assert_int_equal(sign_key_generate(&key, NULL), 0);
	assert_int_equal(sign_key_write(key, NULL, &pem, NULL), 0);
	write_file(path, pem.data, pem.len);
}

static void an_event_of_custody_is_not_recorded(void **state)
{
	AUTO_FREE char *path = in_place(*state, "file");
	AUTO_FREE char *log = in_place(*state, "file.custody.jsonl");
	AUTO_FREE char *key = in_place(*state, "key");
	volatile sig_atomic_t stop = 1;
	struct custody_request q = {.file = path,
				    .action = CUSTODY_ACQUIRED,
				    .key.path = key,
				    .by = "A. Eden",
				    .stop = &stop};
	struct custody_added added;

	write_file(path, "bytes", 5);
	write_key(key);
	assert_int_equal(job_custody_add(&q, &added, NULL), -SL_ECANCELLED);
	assert_int_equal(access(log, F_OK), -1);
	stop = 0;
	assert_int_equal(job_custody_add(&q, &added, NULL), 0);
	assert_int_equal(access(log, F_OK), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		IN_PLACE(a_dump_of_a_baseline_is_not_finished),
		IN_PLACE(a_file_that_is_hashed_has_no_digest),
		IN_PLACE(a_custody_record_is_not_judged),
		IN_PLACE(an_event_of_custody_is_not_recorded),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
