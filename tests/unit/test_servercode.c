/* SPDX-License-Identifier: Apache-2.0 */
/* Code for web servers is found wherever it stands, and pictures are left alone. */
#include "unit/cmocka_all.h"

#include <string.h>

#include "core/cleanup.h"
#include "diff/facts.h"
#include "diff/magic.h"
#include "diff/servercode.h"

#define TEXT(t) t, sizeof(t) - 1

static const struct {
	const char *what;
	const char *bytes;
	size_t len;
	bool is_code;
} files[] = {
	{"PHP behind a picture's header", TEXT("GIF89a\1\0<?php eval($_GET[1]);"), true},
	{"in letters of any case", TEXT("GIF89a<?pHp\nsystem(1);"), true},
	{"at the end of the file", TEXT("\211PNG....<?php"), true},
	{"a word that only begins like it", TEXT("x <?phpdoc ?>"), false},
	{"a short echo", TEXT("\377\330\377\341<?=`$_GET[1]`?>"), true},
	{"a short echo behind blanks", TEXT("GIF89a<?=  $_GET[0]($_GET[1]);"), true},
	{"three bytes that are anywhere", TEXT("\1<?=\2\3$\4"), false},
	{"and five that are nearly so", TEXT("\1<?=$\3\4abcdefg"), false},
	{"an XML declaration", TEXT("<?xml version=\"1.0\"?><a/>"), false},
	{"a page of JSP", TEXT("\n<%@ page import=\"java.util.*\" %>"), true},
	{"JSP as XML", TEXT("<html><jsp:scriptlet>x</jsp:scriptlet>"), true},
	{"the old tag", TEXT("<p><SCRIPT LANGUAGE=\"PHP\">x</script>"), true},
	{"a tag of today", TEXT("<script src=\"x.js\"></script>"), false},
	{"a server-side include", TEXT("<p><!--#exec cmd=\"id\" -->"), true},
	{"a comment", TEXT("<p><!-- exec -->"), false},
	{"nothing", "", 0, false},
};

static void marks_are_told_from_what_looks_alike(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(files); i++)
		if (servercode_in(files[i].bytes, files[i].len) != files[i].is_code)
			fail_msg("%s", files[i].what);
}

static void pieces_of_any_size_say_the_same(void **state)
{
	uint8_t file[300];

	(void)state;
	for (size_t at = 0; at < 250; at += 7) {
		memset(file, '<', sizeof(file));
		memcpy(file + at, "<script language=\"php\">", 23);
		for (size_t step = 1; step < 80; step++) {
			struct servercode s = {0};

			for (size_t i = 0; i < sizeof(file); i += step) {
				size_t left = sizeof(file) - i;

				servercode_feed(&s, file + i, left < step ? left : step);
			}
			if (!s.found)
				fail_msg("at %zu, in pieces of %zu", at, step);
		}
	}
}

static void what_lies_too_far_back_is_not_looked_at(void **state)
{
	static const uint8_t zeros[1 << 20];
	struct servercode s = {0};

	(void)state;
	for (uint64_t n = 0; n < SERVERCODE_BYTES_MAX; n += sizeof(zeros))
		servercode_feed(&s, zeros, sizeof(zeros));
	servercode_feed(&s, "<?php ", 6);
	assert_false(s.found);
}

static void a_script_begins_behind_blanks_and_marks(void **state)
{
	static const char *const scripts[] = {"<?php 1;", "\n\n <?PHP 1;", "\357\273\277<?= 1",
					      "\t<%@ page"};
	static const char *const others[] = {"x<?php 1;", "<html>", "\357\273<?php", "  ", "<"};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(scripts); i++)
		assert_true((magic_facts((const uint8_t *)scripts[i], strlen(scripts[i])) &
			     FACT_SERVER_SCRIPT) != 0);
	for (size_t i = 0; i < ARRAY_SIZE(others); i++)
		assert_true((magic_facts((const uint8_t *)others[i], strlen(others[i])) &
			     FACT_SERVER_SCRIPT) == 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(marks_are_told_from_what_looks_alike),
		cmocka_unit_test(pieces_of_any_size_say_the_same),
		cmocka_unit_test(what_lies_too_far_back_is_not_looked_at),
		cmocka_unit_test(a_script_begins_behind_blanks_and_marks),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
