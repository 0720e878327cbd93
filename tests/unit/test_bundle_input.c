/* SPDX-License-Identifier: Apache-2.0 */
/* The public way into an encrypted bundle. */
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cmocka.h>

#include <strandline/bundle.h>

#define IDENTITY "AGE-SECRET-KEY-1GFPYYSJZGFPYYSJZGFPYYSJZGFPYYSJZGFPYYSJZGFPYYSJZGFPQ4EGAEX\n"
#define RECIPIENT "age1zvkyg2lqzraa2lnjvqej32nkuu0ues2s82hzrye869xeexvn73equnujwj\n"

/* A bundle in memory, at its beginning. */
static int make(const struct sl_bundle_options *options)
{
	struct sl_bundle_writer *w;
	int fd = memfd_create("bundle", MFD_CLOEXEC);

	assert_int_equal(sl_bundle_create(&w, fcntl(fd, F_DUPFD_CLOEXEC, 0), options, NULL), 0);
	assert_int_equal(sl_bundle_record(w, "note", 0, "\"a\":1", NULL, NULL), 0);
	assert_int_equal(sl_bundle_sync(w, NULL), 0);
	assert_int_equal(sl_bundle_record(w, "note", 0, "\"a\":2", NULL, NULL), 0);
	assert_int_equal(sl_bundle_close(w, SL_BUNDLE_COMPLETE, NULL), 0);
	sl_bundle_writer_free(w);
	assert_int_equal(lseek(fd, 0, SEEK_SET), 0);
	return fd;
}

/* Its verdict and records, once with this. Negative: it does not open. */
static int look(int fd, const struct sl_bundle_unlock *unlock)
{
	const struct sl_verify_options options = {.threads = 1};
	const struct sl_bundle_record *record;
	struct sl_bundle_reader *reader;
	struct sl_bundle_input *in;
	struct sl_verify_result r;
	uint64_t records = 0;
	int verdict, rc = sl_bundle_input_open(&in, fcntl(fd, F_DUPFD_CLOEXEC, 0), unlock, NULL);

	if (rc < 0)
		return rc;
	assert_int_equal(sl_bundle_verify_input(in, &options, &r, NULL), 0);
	verdict = (int)r.verdict;
	assert_int_equal(sl_bundle_open_input(&reader, in, NULL), 0);
	while (sl_bundle_next(reader, &record, NULL) == 0)
		records++;
	assert_true(records == r.records && records > 3);
	sl_bundle_reader_free(reader);
	assert_int_equal(sl_bundle_extract_input(in, 1, STDOUT_FILENO, NULL), -SL_ENOTFOUND);
	sl_verify_result_clear(&r);
	sl_bundle_input_free(in);
	return verdict;
}

static void what_is_encrypted_needs_a_key(void **state)
{
	const struct sl_bundle_options recipients = {.recipients = "# ours\n" RECIPIENT},
				       passphrase = {.encryption_passphrase = "correct horse"},
				       plain = {.threads = 0};
	const struct sl_bundle_unlock identity = {.identities = IDENTITY},
				      word = {.passphrase = "correct horse"},
				      wrong = {.passphrase = "battery"}, none = {NULL, NULL};
	const struct sl_verify_options how = {.threads = 0};
	struct sl_verify_result r;
	int fd = make(&recipients);

	(void)state;
	assert_int_equal(look(fd, &identity), SL_VERDICT_SELF_CONSISTENT);
	assert_int_equal(look(fd, &word), -SL_ENOTFOUND);
	assert_int_equal(look(fd, &none), -SL_ENOTFOUND);
	assert_int_equal(look(fd, NULL), -SL_ENOTFOUND);
	/* the calls without keys say so, too, instead of calling it broken */
	assert_int_equal(sl_bundle_verify(fd, &how, &r, NULL), -SL_ENOTFOUND);
	close(fd);
	fd = make(&passphrase);
	assert_int_equal(look(fd, &word), SL_VERDICT_SELF_CONSISTENT);
	assert_int_equal(look(fd, &wrong), -SL_ENOTFOUND);
	close(fd);
	fd = make(&plain);
	assert_int_equal(look(fd, NULL), SL_VERDICT_SELF_CONSISTENT);
	assert_int_equal(look(fd, &identity), SL_VERDICT_SELF_CONSISTENT);
	close(fd);
}

static void recipients_that_are_none_begin_nothing(void **state)
{
	static const char *const wrong[] = {"", "# nobody\n", "age1nobody\n", IDENTITY};

	(void)state;
	for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
		const struct sl_bundle_options options = {.recipients = wrong[i]};
		struct sl_bundle_writer *w;
		int fd = memfd_create("bundle", MFD_CLOEXEC);

		assert_true(sl_bundle_create(&w, fcntl(fd, F_DUPFD_CLOEXEC, 0), &options, NULL) <
			    0);
		assert_int_equal(lseek(fd, 0, SEEK_END), 0);
		close(fd);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_is_encrypted_needs_a_key),
		cmocka_unit_test(recipients_that_are_none_begin_nothing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
