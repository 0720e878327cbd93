/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Random texts: the lines that came and went make one text of the other, and are as few as diff(1)
 * finds at best.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "core/buf.h"
#include "core/cleanup.h"
#include "core/clock.h"
#include "diff/linediff.h"

#define RUNS 80

static uint64_t random_state;

static uint64_t below(uint64_t n)
{
	random_state ^= random_state << 13;
	random_state ^= random_state >> 7;
	random_state ^= random_state << 17;
	return random_state % n;
}

/* Few different lines, so that many are alike; some of them empty. */
static void random_text(struct buf *out, uint64_t lines)
{
	uint64_t kinds = 2 + below(12);

	for (uint64_t i = 0; i < lines; i++) {
		uint64_t kind = below(kinds);

		if (kind > 0)
			(void)buf_printf(out, "line %u", (unsigned int)kind);
		(void)buf_append_char(out, '\n');
	}
	(void)buf_append_str(out, "");
}

/* The same with a few lines put in, taken out or replaced. */
static void edit(struct buf *out, const struct buf *text)
{
	const char *at = text->data, *end = text->data + text->len;

	while (at < end) {
		size_t len = (size_t)((const char *)memchr(at, '\n', (size_t)(end - at)) - at) + 1;
		uint64_t what = below(12);

		if (what == 0)
			(void)buf_printf(out, "line %u\n", (unsigned int)below(9));
		if (what != 1)
			(void)buf_append(out, at, len);
		at += len;
	}
	(void)buf_append_str(out, "");
}

/* Rebuild the second text from the first one and the list. */
static void replay(struct buf *out, const struct buf *text, const struct sl_line *lines,
		   size_t count)
{
	const char *at = text->data;
	uint32_t from = 1, to = 1;

	for (size_t i = 0; i <= count; i++) {
		while (at < text->data + text->len &&
		       (i == count || (lines[i].sign == '-' ? from : to) < lines[i].number)) {
			size_t len = strcspn(at, "\n") + 1;

			(void)buf_append(out, at, len);
			at += len;
			from++;
			to++;
		}
		if (i == count)
			break;
		if (lines[i].sign == '-') {
			assert_int_equal(lines[i].number, from);
			assert_memory_equal(lines[i].text.data, at, lines[i].text.len);
			at += lines[i].text.len + 1;
			from++;
		} else {
			assert_int_equal(lines[i].number, to);
			(void)buf_append(out, lines[i].text.data, lines[i].text.len);
			(void)buf_append_char(out, '\n');
			to++;
		}
	}
	(void)buf_append_str(out, "");
}

static void write_text(const char *path, const struct buf *text)
{
	FILE *f = fopen(path, "w");

	assert_non_null(f);
	assert_int_equal(fwrite(text->data, 1, text->len, f), text->len);
	assert_int_equal(fclose(f), 0);
}

static size_t best_of_diff(const char *dir, const struct buf *a, const struct buf *b)
{
	AUTO_FREE char *one = NULL, *two = NULL, *command = NULL;
	unsigned long count = 0;
	FILE *f;

	assert_true(asprintf(&one, "%s/a", dir) > 0 && asprintf(&two, "%s/b", dir) > 0);
	write_text(one, a);
	write_text(two, b);
	assert_true(asprintf(&command, "diff -d '%s' '%s' | grep -c '^[<>]'", one, two) > 0);
	f = popen(command, "r"); /* NOLINT(cert-env33-c): our own folder */
	assert_non_null(f);
	assert_int_equal(fscanf(f, "%lu", &count), 1);
	(void)pclose(f);
	(void)unlink(one);
	(void)unlink(two);
	return count;
}

static void one_run(const char *dir, bool small)
{
	CLEANUP(buf_clear) struct buf a = BUF_INIT(1 << 24);
	CLEANUP(buf_clear) struct buf b = BUF_INIT(1 << 24);
	CLEANUP(buf_clear) struct buf made = BUF_INIT(1 << 24);
	AUTO_FREE struct sl_line *lines = NULL;
	size_t count;

	random_text(&a, below(small ? 60 : 3000));
	if (below(2) == 0)
		edit(&b, &a);
	else
		random_text(&b, below(small ? 60 : 3000));
	assert_int_equal(linediff(&lines, &count, (struct sl_bytes){a.data, a.len},
				  (struct sl_bytes){b.data, b.len}, NULL),
			 0);
	replay(&made, &a, lines, count);
	assert_string_equal(made.data, b.data);
	if (small)
		assert_int_equal(count, best_of_diff(dir, &a, &b));
}

static void the_lines_make_one_text_of_the_other(void **state)
{
	const char *given = getenv("STRANDLINE_SEED");
	char dir[] = "/tmp/linediff.XXXXXX";

	(void)state;
	random_state = (given != NULL ? strtoull(given, NULL, 10) : clock_boot_ns()) | 1;
	print_message("seed %llu\n", (unsigned long long)random_state);
	assert_non_null(mkdtemp(dir));
	for (int i = 0; i < RUNS; i++)
		one_run(dir, i % 10 != 0);
	assert_int_equal(rmdir(dir), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_lines_make_one_text_of_the_other),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
