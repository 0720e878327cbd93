/* SPDX-License-Identifier: Apache-2.0 */
/* The parts of the program that say something by themselves: progress, suggestions, stores. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "cli/app.h"
#include "core/cleanup.h"

static void progress_says_how_far_how_fast_and_how_long(void **state)
{
	static const struct {
		uint64_t done, total;
		const char *what;
		uint64_t elapsed_ms;
		const char *want;
	} rows[] = {
		{0, 1000, "web", 0, "web: 0%  0 B of 1000 B"},
		{512, 1024, "web", 100, "web: 50%  512 B of 1.0 KiB"},
		{1 << 20, 4 << 20, "web", 1000,
		 "web: 25%  1.0 MiB of 4.0 MiB  1.0 MiB/s  4 s left"},
		{1 << 20, 400 << 20, NULL, 1000,
		 "0%  1.0 MiB of 400 MiB  1.0 MiB/s  6 min 40 s left"},
		{3 << 20, 0, "", 1000, "3.0 MiB  3.0 MiB/s"},
		{1, 2, "a\033[2Jb\n", 0, "a\\x1b[2Jb\\x0a: 50%  1 B of 2 B"},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		CLEANUP(buf_clear) struct buf text = BUF_INIT(4096);

		progress_text(&text, rows[i].done, rows[i].total, rows[i].what,
			      rows[i].elapsed_ms * 1000000);
		assert_string_equal(text.data, rows[i].want);
	}
}

/* Run with standard error in a pipe and return what arrived there. */
static size_t drawn(bool enabled, unsigned int reports, char *got, size_t size)
{
	int ends[2], saved = dup(STDERR_FILENO);
	struct progress p;
	ssize_t n;

	assert_int_equal(pipe(ends), 0);
	assert_true(dup2(ends[1], STDERR_FILENO) >= 0);
	close(ends[1]);
	progress_init(&p, enabled);
	for (unsigned int i = 1; i <= reports; i++)
		p.iface.report(p.iface.payload, i, reports, "work");
	progress_erase(&p);
	assert_true(dup2(saved, STDERR_FILENO) >= 0);
	close(saved);
	n = read(ends[0], got, size - 1);
	close(ends[0]);
	assert_true(n >= 0);
	got[n] = '\0';
	return (size_t)n;
}

static void progress_is_drawn_seldom_and_erased_at_the_end(void **state)
{
	unsigned int lines = 0;
	char got[8192];
	size_t n;

	(void)state;
	assert_int_equal(drawn(false, 1000, got, sizeof(got)), 0);
	n = drawn(true, 1000, got, sizeof(got));
	for (size_t i = 0; i < n; i++)
		lines += got[i] == '\r';
	/* the first one, the erasing one, and one each tenth of a second on a slow machine */
	assert_in_range(lines, 2, 20);
	assert_true(n >= 4);
	assert_string_equal(got + n - 4, "\r\033[K");
}

static const char *word_at(void *payload, size_t i)
{
	return ((const char *const *)payload)[i];
}

static void suggestions_are_near_or_none(void **state)
{
	static const char *words[] = {"diff", "index", "images", "ps", "verify", NULL};
	static const struct {
		const char *typed, *want;
	} rows[] = {
		{"dif", "diff"},    {"diffs", "diff"},
		{"idnex", "index"}, {"image", "images"},
		{"q", NULL},        {"frobnicate", NULL},
		{"", NULL},         {"vrfy", "verify"},
		{"ls", "ps"},       {"a-word-that-is-far-longer-than-any-of-ours", NULL},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		const char *got = suggest(rows[i].typed, word_at, words);

		if (rows[i].want == NULL)
			assert_null(got);
		else
			assert_string_equal(got, rows[i].want);
	}
}

static void a_store_is_an_engine_and_a_directory(void **state)
{
	static const char *const wrong[] = {"docker", "docker=", "=/x", ""};
	AUTO_FREE char *engine = NULL;
	const char *dir = NULL;

	(void)state;
	assert_int_equal(app_store("docker=/var/lib/a=b", &engine, &dir, NULL), 0);
	assert_string_equal(engine, "docker");
	assert_string_equal(dir, "/var/lib/a=b");
	for (size_t i = 0; i < ARRAY_SIZE(wrong); i++)
		assert_int_equal(app_store(wrong[i], &engine, &dir, NULL), -SL_EINVAL);
}

/* Parse a command line of the program; the caller clears both. */
static int parse(struct app *app, struct call *call, const char *line)
{
	static char words[256];
	static char *argv[32];
	int argc = 0;

	(void)snprintf(words, sizeof(words), "strandline %s", line);
	for (char *save = NULL, *word = strtok_r(words, " ", &save); word != NULL;
	     word = strtok_r(NULL, " ", &save))
		argv[argc++] = word;
	argv[argc] = NULL;
	app_init(app);
	return options_parse(call, app, argc, argv, NULL);
}

static void a_dead_disk_gets_no_database_of_its_own(void **state)
{
	static const struct {
		const char *line;
		bool has;
	} rows[] = {
		{"ps", true},
		{"ps --root /mnt", false},
		{"ps --no-db", false},
		{"ps --root /mnt --db /tmp/x.db", true},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		struct call call;
		struct app app;

		assert_int_equal(parse(&app, &call, rows[i].line), 0);
		assert_int_equal(app_start(&app, NULL), 0);
		assert_int_equal(app_database(&app) != NULL, rows[i].has);
		call_clear(&call);
		app_clear(&app);
	}
}

static void options_fill_the_command_s_struct_and_the_global_one(void **state)
{
	struct call call;
	struct app app;

	(void)state;
	assert_int_equal(parse(&app, &call,
			       "-v --store docker=/a diff --store podman=/b web -v --format json "
			       "--color never db"),
			 0);
	assert_string_equal(call.command->name, "diff");
	assert_int_equal(call.words.count, 2);
	assert_string_equal(call.words.items[0], "web");
	assert_string_equal(call.words.items[1], "db");
	assert_int_equal(app.options.verbose, 2);
	assert_int_equal(app.options.format, FORMAT_JSON);
	assert_int_equal(app.options.color, WHEN_NEVER);
	assert_int_equal(app.options.stores.count, 2);
	assert_string_equal(app.options.stores.items[1], "podman=/b");
	call_clear(&call);
	app_clear(&app);
}

static void operands_behind_two_hyphens_are_no_options(void **state)
{
	struct call call;
	struct app app;

	(void)state;
	assert_int_equal(parse(&app, &call, "verify -- --help"), 0);
	assert_false(app.options.help);
	assert_int_equal(call.words.count, 1);
	assert_string_equal(call.words.items[0], "--help");
	call_clear(&call);
	app_clear(&app);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(progress_says_how_far_how_fast_and_how_long),
		cmocka_unit_test(progress_is_drawn_seldom_and_erased_at_the_end),
		cmocka_unit_test(suggestions_are_near_or_none),
		cmocka_unit_test(a_store_is_an_engine_and_a_directory),
		cmocka_unit_test(a_dead_disk_gets_no_database_of_its_own),
		cmocka_unit_test(options_fill_the_command_s_struct_and_the_global_one),
		cmocka_unit_test(operands_behind_two_hyphens_are_no_options),
	};

	return cmocka_run_group_tests_name("cli", tests, NULL, NULL);
}
