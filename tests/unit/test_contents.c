/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/cleanup.h"
#include "core/digest.h"
#include "job/contents.h"
#include "job/meaning.h"
#include "job/meaning_lines.h"
#include "unit/fake_root.h"

#define PASSWD "root:x:0:0:root:/root:/bin/sh\n"
#define TOOR "toor:$6$salt$0123456789abcdef:0:0::/:/bin/sh\n"

/* A container of a driver that copies, so that no marker needs root. */
struct fixture {
	char *root;
	struct sl_container *c;
	struct job job;
	struct comparison comparison;
	struct meaning meaning;
	struct contents *contents;
	struct sl_entry before, after;
	struct sl_change change;
	struct sl_finding finding;
};

static int open_dir(const struct fixture *f, const char *name)
{
	AUTO_FREE char *path = NULL;
	int fd;

	assert_true(asprintf(&path, "%s/%s", f->root, name) > 0);
	fd = open(path, O_PATH | O_DIRECTORY | O_CLOEXEC);
	assert_true(fd >= 0);
	return fd;
}

static int setup(void **state)
{
	struct fixture *f = calloc(1, sizeof(*f));
	struct sl_lower lower = {.dir_path = strdup("image")};

	f->root = fake_root();
	fake_file(f->root, PASSWD, "image/etc/passwd");
	fake_file(f->root, PASSWD TOOR, "copy/etc/passwd");
	fake_file(f->root, "gone\n", "image/etc/crontab");
	fake_file(f->root, "/evil.so\n", "copy/etc/ld.so.preload");
	fake_link(f->root, "passwd", "copy/etc/link");
	assert_int_equal(sl_container_new(&f->c, NULL), 0);
	f->c->stack.is_whole = true;
	f->c->stack.upper_fd = open_dir(f, "copy");
	lower.dir_fd = open_dir(f, "image");
	assert_int_equal(sl_stack_add_lower(&f->c->stack, &lower, NULL), 0);
	f->comparison.container = f->c;
	f->meaning = (struct meaning){.job = &f->job, .comparison = &f->comparison};
	*state = f;
	return 0;
}

static int teardown(void **state)
{
	struct fixture *f = *state;

	contents_free(f->contents);
	meaning_close(&f->meaning);
	sl_container_free(f->c);
	fake_root_remove(f->root);
	free(f);
	return 0;
}

static struct sl_bytes bytes(const char *text)
{
	return (struct sl_bytes){text, strlen(text)};
}

/* ---- the bytes ---- */

static void each_side_shows_its_own_bytes(void **state)
{
	struct fixture *f = *state;
	CLEANUP(buf_clear) struct buf out = BUF_INIT(4096);

	assert_int_equal(contents_open(&f->contents, &f->comparison, NULL), 0);
	assert_int_equal(
		contents_read(f->contents, CONTENTS_BEFORE, bytes("etc/passwd"), NULL, &out, NULL),
		0);
	assert_string_equal(out.data, PASSWD);
	buf_reset(&out);
	assert_int_equal(
		contents_read(f->contents, CONTENTS_AFTER, bytes("etc/passwd"), NULL, &out, NULL),
		0);
	assert_string_equal(out.data, PASSWD TOOR);
	/* in any order */
	buf_reset(&out);
	assert_int_equal(
		contents_read(f->contents, CONTENTS_BEFORE, bytes("etc/crontab"), NULL, &out, NULL),
		0);
	assert_string_equal(out.data, "gone\n");
}

static void other_bytes_than_were_compared_are_refused(void **state)
{
	struct fixture *f = *state;
	CLEANUP(buf_clear) struct buf out = BUF_INIT(4096);
	uint8_t digest[SL_SHA256_SIZE];

	assert_int_equal(contents_open(&f->contents, &f->comparison, NULL), 0);
	assert_int_equal(sha256_once(PASSWD, strlen(PASSWD), digest, NULL), 0);
	assert_int_equal(contents_read(f->contents, CONTENTS_BEFORE, bytes("etc/passwd"), digest,
				       &out, NULL),
			 0);
	buf_reset(&out);
	assert_int_equal(
		contents_read(f->contents, CONTENTS_AFTER, bytes("etc/passwd"), digest, &out, NULL),
		-SL_EUNTRUSTED);
	assert_int_equal(out.len, 0);
}

static void what_is_no_regular_file_or_too_long_has_no_bytes(void **state)
{
	static const char *const no_files[] = {"etc/link",     "etc",       "etc/none",
					       "etc/passwd/x", "etc/passw", ""};
	struct fixture *f = *state;
	CLEANUP(buf_clear) struct buf out = BUF_INIT(16);

	assert_int_equal(contents_open(&f->contents, &f->comparison, NULL), 0);
	for (size_t i = 0; i < ARRAY_SIZE(no_files); i++)
		if (contents_read(f->contents, CONTENTS_AFTER, bytes(no_files[i]), NULL, &out,
				  NULL) != -SL_ENOTFOUND)
			fail_msg("'%s' was read", no_files[i]);
	assert_int_equal(
		contents_read(f->contents, CONTENTS_AFTER, bytes("etc/passwd"), NULL, &out, NULL),
		-SL_ELIMIT);
}

static void a_side_without_a_directory_has_nothing(void **state)
{
	struct fixture *f = *state;
	CLEANUP(buf_clear) struct buf out = BUF_INIT(4096);

	sl_lower_clear(&f->c->stack.lowers[--f->c->stack.lower_count]);
	assert_int_equal(contents_open(&f->contents, &f->comparison, NULL), 0);
	assert_int_equal(
		contents_read(f->contents, CONTENTS_BEFORE, bytes("etc/passwd"), NULL, &out, NULL),
		-SL_ENOTFOUND);
}

/* ---- the lines ---- */

static void fill(struct sl_entry *e, const char *path, const char *text)
{
	*e = (struct sl_entry){.path = bytes(path),
			       .mode = S_IFREG | 0644,
			       .size = strlen(text),
			       .fields = SL_ENTRY_SHA256};
	assert_int_equal(sha256_once(text, strlen(text), e->sha256, NULL), 0);
}

/* What the mark says of a change at @path between the texts; NULL: no such side. */
static void ask(struct fixture *f, const char *path, const char *before, const char *after)
{
	f->change = (struct sl_change){.kind = SL_CHANGE_MODIFIED, .path = bytes(path)};
	if (before != NULL) {
		fill(&f->before, path, before);
		f->change.before = &f->before;
	} else {
		f->change.kind = SL_CHANGE_ADDED;
	}
	if (after != NULL) {
		fill(&f->after, path, after);
		f->change.after = &f->after;
	} else {
		f->change.kind = SL_CHANGE_DELETED;
	}
	f->finding = (struct sl_finding){.change = &f->change};
	if (f->meaning.mark_count == 0)
		assert_int_equal(meaning_add_lines(&f->meaning, NULL), 0);
	assert_int_equal(f->meaning.marks[0].apply(f->meaning.marks[0].payload, &f->finding,
						   &f->change, NULL),
			 0);
}

static void check_line(const struct fixture *f, size_t n, char sign, unsigned int number,
		       const char *text)
{
	const struct sl_line *line = &f->finding.notes.lines[n];

	assert_true(n < f->finding.notes.line_count);
	assert_int_equal(line->sign, sign);
	assert_int_equal(line->number, number);
	assert_int_equal(line->text.len, strlen(text));
	assert_memory_equal(line->text.data, text, line->text.len);
}

static void the_line_that_came_is_shown_and_understood(void **state)
{
	struct fixture *f = *state;

	ask(f, "etc/passwd", PASSWD, PASSWD TOOR);
	assert_int_equal(f->finding.notes.line_count, 1);
	check_line(f, 0, '+', 2, "toor:$6$(masked):0:0::/:/bin/sh");
	assert_non_null(strstr(f->finding.message, "new account 'toor' has user id 0"));
	assert_int_equal(f->finding.severity, SL_SEVERITY_CRITICAL);
	assert_string_equal(f->finding.rules[0], "line-account-root");
	assert_non_null(f->finding.reasons[0]);
	assert_true(f->finding.attack_count > 0);
}

static void files_that_came_or_went_are_shown_whole(void **state)
{
	struct fixture *f = *state;

	ask(f, "etc/ld.so.preload", NULL, "/evil.so\n");
	assert_int_equal(f->finding.notes.line_count, 1);
	check_line(f, 0, '+', 1, "/evil.so");
	assert_string_equal(f->finding.rules[0], "line-preload");
	ask(f, "etc/crontab", "gone\n", NULL);
	assert_int_equal(f->finding.notes.line_count, 1);
	check_line(f, 0, '-', 1, "gone");
	assert_int_equal(f->finding.rule_count, 0);
}

static void lines_of_other_bytes_are_not_shown_and_that_is_said(void **state)
{
	struct fixture *f = *state;

	ask(f, "etc/passwd", PASSWD, PASSWD PASSWD);
	assert_int_equal(f->finding.notes.line_count, 0);
	assert_string_equal(f->finding.message,
			    "its lines are not shown: it is not what was compared any more");
	ask(f, "etc/passwd", "no such bytes", PASSWD TOOR);
	assert_int_equal(f->finding.notes.line_count, 0);
	assert_non_null(f->finding.message);
	ask(f, "etc/shadow", NULL, "x::\n");
	assert_string_equal(f->finding.message,
			    "its lines are not shown: it cannot be read any more");
}

static void nothing_is_read_of_other_files_or_of_metadata(void **state)
{
	struct fixture *f = *state;

	ask(f, "etc/motd", NULL, "not even there");
	assert_null(f->finding.message);
	ask(f, "etc/passwd", PASSWD, PASSWD TOOR);
	f->change.kind = SL_CHANGE_METADATA;
	f->finding = (struct sl_finding){.change = &f->change};
	assert_int_equal(f->meaning.marks[0].apply(f->meaning.marks[0].payload, &f->finding,
						   &f->change, NULL),
			 0);
	assert_int_equal(f->finding.notes.line_count, 0);
	assert_null(f->finding.message);
}

static void binary_content_is_never_shown(void **state)
{
	struct fixture *f = *state;
	static const char elf[] = "\177ELF\0\1\2\nx\n";

	fake_bytes(f->root, elf, sizeof(elf), "copy/etc/cron.daily/job");
	ask(f, "etc/cron.daily/job", NULL, "");
	f->after.size = sizeof(elf);
	assert_int_equal(sha256_once(elf, sizeof(elf), f->after.sha256, NULL), 0);
	f->finding = (struct sl_finding){.change = &f->change};
	assert_int_equal(f->meaning.marks[0].apply(f->meaning.marks[0].payload, &f->finding,
						   &f->change, NULL),
			 0);
	assert_int_equal(f->finding.notes.line_count, 0);
	assert_string_equal(f->finding.message, "its lines are not shown: it is no text");
}

static void many_and_long_lines_are_bounded_and_the_telling_one_stays(void **state)
{
	struct fixture *f = *state;
	CLEANUP(buf_clear) struct buf text = BUF_INIT(1 << 20);
	const struct sl_notes *n = &f->finding.notes;

	(void)buf_append_str(&text, PASSWD);
	for (int i = 0; i < 100; i++)
		(void)buf_printf(&text, "u%d:x:%d:1:%0500d:/:\n", i, i + 1, 0);
	(void)buf_append_str(&text, "evil:x:0:0::/:\n");
	fake_file(f->root, text.data, "copy/etc/passwd");
	ask(f, "etc/passwd", PASSWD, text.data);
	assert_int_equal(n->line_count, 40);
	assert_int_equal(n->lines_left_out, 61);
	check_line(f, 39, '+', 102, "evil:x:0:0::/:");
	assert_int_equal(n->lines[0].text.len, 403);
	assert_memory_equal(n->lines[0].text.data + 400, "...", 3);
	assert_string_equal(f->finding.rules[0], "line-account-root");
	(void)buf_printf(&text, "#%0300000d\n", 0);
	fake_file(f->root, text.data, "copy/etc/passwd");
	ask(f, "etc/passwd", PASSWD, text.data);
	assert_int_equal(n->line_count, 0);
	assert_string_equal(f->finding.message, "its lines are not shown: it is too long");
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(each_side_shows_its_own_bytes),
		TEST(other_bytes_than_were_compared_are_refused),
		TEST(what_is_no_regular_file_or_too_long_has_no_bytes),
		TEST(a_side_without_a_directory_has_nothing),
		TEST(the_line_that_came_is_shown_and_understood),
		TEST(files_that_came_or_went_are_shown_whole),
		TEST(lines_of_other_bytes_are_not_shown_and_that_is_said),
		TEST(nothing_is_read_of_other_files_or_of_metadata),
		TEST(binary_content_is_never_shown),
		TEST(many_and_long_lines_are_bounded_and_the_telling_one_stays),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
