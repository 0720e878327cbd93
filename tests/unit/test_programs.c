/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "cmocka_all.h"
#include "core/cleanup.h"
#include "core/programs.h"

static const struct {
	const char *word;
	enum program_kind kind, kind_of_word;
} rows[] = {
	{"sh", PROGRAM_SHELL, PROGRAM_SHELL},
	{"/usr/bin/mksh", PROGRAM_SHELL, PROGRAM_SHELL},
	{"bash5.2", PROGRAM_SHELL, PROGRAM_SHELL},
	{"/opt/python3.11", PROGRAM_LANGUAGE, PROGRAM_LANGUAGE},
	{"node", PROGRAM_LANGUAGE, PROGRAM_OTHER},
	{"perl-5.36", PROGRAM_LANGUAGE, PROGRAM_OTHER},
	{"nc.openbsd", PROGRAM_RELAY, PROGRAM_RELAY},
	{"socat1", PROGRAM_RELAY, PROGRAM_RELAY},
	{"ncdu", PROGRAM_OTHER, PROGRAM_OTHER},
	{"awk", PROGRAM_OTHER, PROGRAM_OTHER},
	{"x.sh", PROGRAM_OTHER, PROGRAM_OTHER},
	{"php-fpm8.2", PROGRAM_OTHER, PROGRAM_OTHER},
	{"/bin/", PROGRAM_OTHER, PROGRAM_OTHER},
	{"3.11", PROGRAM_OTHER, PROGRAM_OTHER},
	{"", PROGRAM_OTHER, PROGRAM_OTHER},
};

static void a_program_is_known_by_its_name_without_directory_and_version(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		struct sl_bytes word = {rows[i].word, strlen(rows[i].word)};

		if (program_kind(word) != rows[i].kind)
			fail_msg("'%s' is %d", rows[i].word, program_kind(word));
	}
	assert_int_equal(program_kind((struct sl_bytes){NULL, 0}), PROGRAM_OTHER);
}

static void a_word_that_means_something_else_in_a_text_is_no_program_there(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		const char *slash = strrchr(rows[i].word, '/');
		const char *name = slash != NULL ? slash + 1 : rows[i].word;
		struct sl_bytes word = {name, strlen(name)};

		if (program_kind_of_word(word) != rows[i].kind_of_word)
			fail_msg("'%s' is %d", name, program_kind_of_word(word));
	}
}

static void a_name_ends_where_its_bytes_do_also_at_a_nul(void **state)
{
	const char bytes[] = "/bin/sh\0\0";
	struct sl_bytes name = program_name((struct sl_bytes){bytes, sizeof(bytes) - 1});

	(void)state;
	assert_int_equal(name.len, 4);
	assert_memory_equal(name.data, "sh\0", 4);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_program_is_known_by_its_name_without_directory_and_version),
		cmocka_unit_test(a_word_that_means_something_else_in_a_text_is_no_program_there),
		cmocka_unit_test(a_name_ends_where_its_bytes_do_also_at_a_nul),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
