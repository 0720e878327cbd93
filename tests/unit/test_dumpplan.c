/* SPDX-License-Identifier: Apache-2.0 */
/* What of a process's memory is taken. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "core/cleanup.h"
#include "host/dumpelf.h"
#include "host/dumplook.h"
#include "host/smaps.h"

#define PAGE 4096u

/* ---- smaps ---- */

static const char two_mappings[] =
	"7f10a000-7f10c000 rwxp 00003000 fd:01 4711                       /usr/lib/my lib.so\n"
	"Size:                  8 kB\n"
	"Rss:                   4 kB\n"
	"Anonymous:             4 kB\n"
	"AnonHugePages:       999 kB\n"
	"Swap:                 12 kB\n"
	"VmFlags: rd wr ex mr mw me um ac \n"
	"7f20a000-7f20b000 ---s 00000000 00:00 0 \n"
	"Rss:                   0 kB\n"
	"VmFlags: io pf de \n";

static void a_mapping_is_read_with_what_is_said_of_it(void **state)
{
	struct sl_bytes rest = {two_mappings, sizeof(two_mappings) - 1};
	struct smaps_row row;

	(void)state;
	assert_int_equal(smaps_next(&rest, &row, NULL), 0);
	assert_int_equal(row.map.start, 0x7f10a000);
	assert_int_equal(row.map.end, 0x7f10c000);
	assert_int_equal(row.map.offset, 0x3000);
	assert_true(row.map.is_readable && row.map.is_writable && row.map.is_executable);
	assert_false(row.map.is_shared);
	assert_int_equal(row.map.path.len, strlen("/usr/lib/my lib.so"));
	assert_int_equal(row.resident, 4096);
	assert_int_equal(row.anonymous, 4096);
	assert_int_equal(row.swapped, 12288);
	assert_true(row.has_flags && row.is_user_fault && !row.is_device);
	assert_int_equal(smaps_next(&rest, &row, NULL), 0);
	assert_true(row.map.is_shared && row.is_device && !row.is_user_fault);
	assert_false(row.map.is_readable || row.map.is_writable || row.map.is_executable);
	assert_int_equal(row.swapped, 0);
	assert_int_equal(smaps_next(&rest, &row, NULL), 1);
}

static void a_piece_of_smaps_ends_where_a_mapping_does(void **state)
{
	const char *second = strstr(two_mappings, "7f20a000");

	(void)state;
	/* whatever of the second is there, it may go on */
	for (size_t len = (size_t)(second - two_mappings) + 40; len < sizeof(two_mappings); len++)
		assert_int_equal(smaps_whole(two_mappings, len), second - two_mappings);
	assert_int_equal(smaps_whole(two_mappings, 20), 0);
	assert_int_equal(smaps_whole(two_mappings, (size_t)(second - two_mappings)), 0);
	assert_int_equal(smaps_whole("", 0), 0);
}

/* ---- what is wanted ---- */

static const struct {
	const char *line;
	enum dump_kind kind;
} kind_rows[] = {
	{"1000-2000 r-xp 0 fd:01 7 /bin/sh\n", DUMP_KIND_FILE},
	{"1000-2000 r-xp 0 fd:01 7 /bin/sh (deleted)\n", DUMP_KIND_DELETED},
	{"1000-2000 r-xp 0 00:01 7 /memfd:x (deleted)\n", DUMP_KIND_SHARED},
	{"1000-2000 rw-s 0 00:01 7 /dev/zero (deleted)\n", DUMP_KIND_SHARED},
	{"1000-2000 rw-s 0 00:01 7 /SYSV00000000 (deleted)\n", DUMP_KIND_SHARED},
	{"1000-2000 rw-p 0 00:00 0 \n", DUMP_KIND_ANONYMOUS},
	{"1000-2000 rw-p 0 00:00 0 [anon: arena]\n", DUMP_KIND_ANONYMOUS},
	{"1000-2000 rw-p 0 00:00 0 [heap]\n", DUMP_KIND_HEAP},
	{"1000-2000 rw-p 0 00:00 0 [stack]\n", DUMP_KIND_STACK},
	{"1000-2000 r-xp 0 00:00 0 [vdso]\n", DUMP_KIND_KERNEL},
	{"1000-2000 r--p 0 00:00 0 [vvar]\nVmFlags: rd pf \n", DUMP_KIND_KERNEL},
	{"1000-2000 rw-s 0 00:05 7 /dev/mem\nVmFlags: rd wr sh io pf \n", DUMP_KIND_DEVICE},
};

static void every_mapping_has_a_kind(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(kind_rows); i++) {
		struct sl_bytes rest = {kind_rows[i].line, strlen(kind_rows[i].line)};
		struct smaps_row row;

		assert_int_equal(smaps_next(&rest, &row, NULL), 0);
		assert_string_equal(dump_kind_name(dump_kind_of(&row)),
				    dump_kind_name(kind_rows[i].kind));
	}
}

#define MIB ((uint64_t)1 << 20)
static const struct {
	const char *name;
	struct dump_row row;
	bool has_own_pages;
	uint64_t full, mini; /* bytes */
} wanted_rows[] = {
	{"code of a file", {0, MIB, 0x1000, DUMP_KIND_FILE, true, false, true}, false, MIB, 0},
	{"the first page of a file", {0, MIB, 0, DUMP_KIND_FILE, true}, false, MIB, PAGE},
	{"code that was changed", {0, MIB, 0, DUMP_KIND_FILE, true, true, true}, true, MIB, MIB},
	{"data of a file", {0, MIB, 0x1000, DUMP_KIND_FILE, true, true}, true, MIB, 65536},
	{"anonymous code",
	 {0, 4 * MIB, 0, DUMP_KIND_ANONYMOUS, true, false, true},
	 true,
	 4 * MIB,
	 4 * MIB},
	{"code in a memfd",
	 {0, 4 * MIB, 0, DUMP_KIND_SHARED, true, false, true},
	 false,
	 4 * MIB,
	 4 * MIB},
	{"code of a deleted file",
	 {0, MIB, 0, DUMP_KIND_DELETED, true, false, true},
	 false,
	 MIB,
	 MIB},
	{"anonymous data", {0, 4 * MIB, 0, DUMP_KIND_ANONYMOUS, true, true}, true, 4 * MIB, 65536},
	{"memory without rights", {0, 4 * MIB, 0, DUMP_KIND_ANONYMOUS}, true, 4 * MIB, 65536},
	{"heap", {0, 4 * MIB, 0, DUMP_KIND_HEAP, true, true}, true, 4 * MIB, MIB},
	{"stack", {0, 8 * MIB, 0, DUMP_KIND_STACK, true, true}, true, 8 * MIB, MIB},
	{"stack of a thread",
	 {64 * MIB, 72 * MIB, 0, DUMP_KIND_ANONYMOUS, true, true},
	 true,
	 8 * MIB,
	 8192 + PAGE},
	{"device", {0, MIB, 0, DUMP_KIND_DEVICE, true, true}, true, 0, 0},
	{"vdso", {0, 8192, 0, DUMP_KIND_KERNEL, true, false, true}, false, 8192, 8192},
	{"vvar", {0, 8192, 0, DUMP_KIND_KERNEL, true}, false, 0, 0},
	{"vsyscall",
	 {UINT64_C(0xffffffffff600000), UINT64_C(0xffffffffff601000), 0, DUMP_KIND_KERNEL, false,
	  false, true},
	 false,
	 0,
	 0},
};

static void a_small_dump_has_stacks_heads_and_code_that_is_no_files(void **state)
{
	struct dump_thread thread = {.stack = 72 * MIB - 8192};
	struct dump_plan p = DUMP_PLAN_INIT;

	(void)state;
	p.page = PAGE;
	assert_int_equal(dump_plan_thread(&p, &thread, NULL), 0);
	for (size_t i = 0; i < ARRAY_SIZE(wanted_rows); i++) {
		const struct dump_row *row = &wanted_rows[i].row;
		uint64_t start, end;

		dump_wanted(&p, row, wanted_rows[i].has_own_pages, DUMP_FULL, &start, &end);
		assert_int_equal(end - start, wanted_rows[i].full);
		dump_wanted(&p, row, wanted_rows[i].has_own_pages, DUMP_MINI, &start, &end);
		if (end - start != wanted_rows[i].mini)
			print_error("%s: %ju bytes\n", wanted_rows[i].name,
				    (uintmax_t)(end - start));
		assert_int_equal(end - start, wanted_rows[i].mini);
		assert_true(end == start || (start >= row->start && end <= row->end));
	}
	dump_plan_clear(&p);
}

static void a_limit_leaves_the_stack_and_cuts_the_rest(void **state)
{
	static const struct dump_run runs[] = {{0x10000, 0x20000, 0, false},
					       {0x30000, 0x38000, 0, false},
					       {0x70000, 0x72000, 1, true}};
	struct dump_plan p = DUMP_PLAN_INIT;
	uint64_t left = 5;

	(void)state;
	p.page = PAGE;
	for (size_t i = 0; i < ARRAY_SIZE(runs); i++)
		assert_int_equal(dump_plan_run(&p, &runs[i], NULL), 0);
	dump_plan_limit(&p, 0x1a000, &left);
	assert_int_equal(left, 5); /* all of it fits */
	dump_plan_limit(&p, 0x8000 + 100, &left);
	assert_int_equal(left, 5 + 0x12000);
	assert_int_equal(p.run_count, 2);
	assert_int_equal(p.runs[0].end, 0x16000);
	assert_int_equal(p.runs[1].start, 0x70000);
	assert_int_equal(dump_plan_bytes(&p), 0x8000);
	dump_plan_clear(&p);
}

static const struct {
	const char *text;
	enum dump_registers known;
	uint64_t call, argument, stack, counter;
} thread_rows[] = {
	{"0 0x3 0x7f 0x2 0x4 0x5 0x6 0x7ffd1b94e298 0x7f109ff3c2ad\n", DUMP_REGISTERS_CALL, 0, 3,
	 0x7ffd1b94e298, 0x7f109ff3c2ad},
	{"-1 0x7ffd1b94e298 0x7f109ff3c2ad\n", DUMP_REGISTERS_CALL, 0, 0, 0x7ffd1b94e298,
	 0x7f109ff3c2ad},
	{"running\n", DUMP_REGISTERS_NONE},
	{"", DUMP_REGISTERS_NONE},
	{"34 0x1 0x2\n", DUMP_REGISTERS_CALL, 0, 0, 1, 2},
	{"34 0x1 0x2 0x3\n", DUMP_REGISTERS_NONE},
};

static void a_waiting_thread_shows_some_registers(void **state)
{
	const struct dump_arch arch = DUMP_ARCH;

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(thread_rows); i++) {
		struct dump_thread t = {0};

		dump_thread_parse(&t, thread_rows[i].text, strlen(thread_rows[i].text));
		assert_int_equal(t.known, thread_rows[i].known);
		assert_int_equal(t.stack, thread_rows[i].stack);
		assert_int_equal(t.registers[arch.stack], thread_rows[i].stack);
		assert_int_equal(t.registers[arch.counter], thread_rows[i].counter);
		assert_int_equal(t.registers[arch.call], thread_rows[i].call);
		assert_int_equal(t.registers[arch.arguments[0]], thread_rows[i].argument);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_mapping_is_read_with_what_is_said_of_it),
		cmocka_unit_test(a_piece_of_smaps_ends_where_a_mapping_does),
		cmocka_unit_test(every_mapping_has_a_kind),
		cmocka_unit_test(a_small_dump_has_stacks_heads_and_code_that_is_no_files),
		cmocka_unit_test(a_limit_leaves_the_stack_and_cuts_the_rest),
		cmocka_unit_test(a_waiting_thread_shows_some_registers),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
