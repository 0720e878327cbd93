/* SPDX-License-Identifier: Apache-2.0 */
/* What of a process's memory is taken, and the core file that it stands in. */
#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "core/cleanup.h"
#include "core/clock.h"
#include "host/dumpelf.h"
#include "host/dumplook.h"
#include "host/dumppour.h"
#include "host/dumpread.h"
#include "host/pagemap.h"
#include "host/process.h"
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

/* ---- the core file ---- */

static int append(void *payload, const void *bytes, size_t len, struct sl_error *err)
{
	return buf_append(payload, bytes, len) < 0 ? sl_fail(err, SL_ENOMEM, 0, "test") : 0;
}

static void make_plan(struct dump_plan *p)
{
	static const struct dump_row rows[] = {
		{0x400000, 0x403000, 0, DUMP_KIND_FILE, true, false, true, true},
		{0x600000, 0x610000, 0, DUMP_KIND_ANONYMOUS, true, true, false, false},
		{0x700000, 0x701000, 0, DUMP_KIND_DEVICE, true, true, false, false},
	};
	static const struct dump_run runs[] = {{0x400000, 0x401000, 0, false},
					       {0x402000, 0x403000, 0, false},
					       {0x608000, 0x60a000, 1, false}};
	struct dump_thread threads[] = {{.id = 100}, {.id = 101}};

	*p = DUMP_PLAN_INIT;
	p->page = PAGE;
	p->facts = (struct dump_facts){.pid = 100,
				       .parent = 1,
				       .group = 7,
				       .session = 8,
				       .uid = 33,
				       .gid = 34,
				       .flags = 0x400100,
				       .state = 'S',
				       .name = "sixteen letters!",
				       .arguments = "/bin/x -v"};
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++)
		assert_int_equal(dump_plan_row(p, &rows[i], (struct sl_bytes){"/bin/x", 6}, NULL),
				 0);
	for (size_t i = 0; i < ARRAY_SIZE(runs); i++)
		assert_int_equal(dump_plan_run(p, &runs[i], NULL), 0);
	for (size_t i = 0; i < ARRAY_SIZE(threads); i++)
		assert_int_equal(dump_plan_thread(p, &threads[i], NULL), 0);
	assert_int_equal(buf_append(&p->auxv, "\6\0\0\0\0\0\0\0\0\20\0\0\0\0\0\0", 16), 0);
	assert_int_equal(buf_append(&p->auxv, "\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0", 16), 0);
}

/* What other readers say: nothing to complain about. */
static void check_with(const char *reader, const struct buf *core)
{
	AUTO_FREE char *command = NULL, *path = NULL;
	char found[256];
	bool complains;
	AUTO_CLOSE int fd = -1;
	FILE *out;

	assert_true(asprintf(&path, "%s/core-XXXXXX", P_tmpdir) > 0);
	fd = mkstemp(path);
	assert_true(fd >= 0);
	assert_int_equal(write(fd, core->data, core->len), (ssize_t)core->len);
	assert_true(asprintf(&command,
			     "command -v %s >/dev/null || exit 0; %s -a %s 2>&1 >/dev/null |"
			     " grep -v 'possibly truncated'; %s -a %s 2>&1 | grep -i -e warning -e "
			     "'<corrupt' -e 'unknown note'",
			     reader, reader, path, reader, path) > 0);
	out = popen(command, "re"); /* NOLINT(cert-env33-c): of a test */
	assert_non_null(out);
	complains = fgets(found, sizeof(found), out) != NULL;
	(void)pclose(out);
	(void)unlink(path);
	if (complains)
		fail_msg("%s: %s", reader, found);
}

static void a_core_file_has_a_known_layout(void **state)
{
	const struct dump_arch archs[] = {DUMP_ARCH_X86_64, DUMP_ARCH_AARCH64};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(archs); i++) {
		CLEANUP(buf_clear) struct buf core = BUF_INIT(1 << 20);
		struct dump_out out = {append, &core};
		struct dump_plan p;
		Elf64_Ehdr header;
		Elf64_Phdr segments[7];
		static const struct {
			uint64_t at, bytes, size;
			uint32_t flags;
		} want[] = {
			{0x400000, 0x1000, 0x1000, PF_R | PF_X}, {0x401000, 0, 0x1000, PF_R | PF_X},
			{0x402000, 0x1000, 0x1000, PF_R | PF_X}, {0x600000, 0, 0x8000, PF_R | PF_W},
			{0x608000, 0x2000, 0x2000, PF_R | PF_W}, {0x60a000, 0, 0x6000, PF_R | PF_W},
		};
		uint64_t offset;

		make_plan(&p);
		p.row_count--; /* the device's segment is one more of the same */
		p.names.len = strlen("/bin/x") + 1;
		assert_int_equal(dump_elf_head(&p, &archs[i], &out, NULL), 0);
		assert_int_equal(core.len, dump_elf_head_bytes(&p, &archs[i]));
		assert_int_equal(core.len % PAGE, 0);
		memcpy(&header, core.data, sizeof(header));
		assert_memory_equal(header.e_ident, "\177ELF\2\1\1\0\0\0\0\0\0\0\0\0", 16);
		assert_int_equal(header.e_type, ET_CORE);
		assert_int_equal(header.e_machine, archs[i].machine);
		assert_int_equal(header.e_phnum, 7);
		memcpy(segments, core.data + header.e_phoff, sizeof(segments));
		assert_int_equal(segments[0].p_type, PT_NOTE);
		offset = core.len;
		for (size_t k = 0; k < ARRAY_SIZE(want); k++) {
			const Elf64_Phdr *s = &segments[k + 1];

			assert_int_equal(s->p_type, PT_LOAD);
			assert_int_equal(s->p_vaddr, want[k].at);
			assert_int_equal(s->p_filesz, want[k].bytes);
			assert_int_equal(s->p_memsz, want[k].size);
			assert_int_equal(s->p_flags, want[k].flags);
			assert_int_equal(s->p_offset, offset);
			offset += s->p_filesz;
		}
		while (core.len < offset)
			assert_int_equal(buf_append_char(&core, 'm'), 0);
		check_with("readelf", &core);
		check_with("eu-readelf", &core);
		dump_plan_clear(&p);
	}
}

static void more_segments_than_the_header_counts_are_counted_elsewhere(void **state)
{
	CLEANUP(buf_clear) struct buf core = BUF_INIT(16 << 20);
	const struct dump_arch arch = DUMP_ARCH_X86_64;
	struct dump_out out = {append, &core};
	struct dump_plan p = DUMP_PLAN_INIT;
	struct dump_thread thread = {.id = 1};
	Elf64_Ehdr header;
	Elf64_Shdr section;

	(void)state;
	p.page = PAGE;
	for (uint64_t i = 0; i < 66000; i++) {
		struct dump_row row = {.start = 0x10000 + i * 0x2000, .end = 0x11000 + i * 0x2000};

		assert_int_equal(dump_plan_row(&p, &row, (struct sl_bytes){"", 0}, NULL), 0);
	}
	assert_int_equal(dump_plan_thread(&p, &thread, NULL), 0);
	assert_int_equal(dump_elf_head(&p, &arch, &out, NULL), 0);
	assert_int_equal(core.len, dump_elf_head_bytes(&p, &arch));
	memcpy(&header, core.data, sizeof(header));
	assert_int_equal(header.e_phnum, PN_XNUM);
	memcpy(&section, core.data + header.e_shoff, sizeof(section));
	assert_int_equal(section.sh_info, 66001);
	dump_plan_clear(&p);
}

/* ---- a process ---- */

struct sink {
	struct sl_tap tap;
	struct buf all;
	pid_t spared; /* stop_worker_once: by whom the worker is told from others; 0: it was done */
};

static int take(struct sl_tap *tap, const void *bytes, size_t len, struct sl_error *err)
{
	return append(&((struct sink *)tap)->all, bytes, len, err);
}

/* A child that shares these pages and sleeps. */
static pid_t make_child(void)
{
	pid_t child = fork();

	/* a test that fails leaves nobody behind */
	if (child == 0)
		(void)prctl(PR_SET_PDEATHSIG, SIGKILL);
	while (child == 0)
		(void)pause();
	return child;
}

struct pour_case {
	struct dump_plan plan;
	struct dump_report report;
	struct sl_read read;
	struct sink sink;
	unsigned int hangs;
	uint64_t head;
};

/* Write the @pages from @at of the process @pid, as if they were there. */
static void pour_pages(struct pour_case *c, pid_t pid, char *at, size_t pages)
{
	AUTO_CLOSE int proc = open("/proc", O_PATH | O_DIRECTORY);
	AUTO_CLOSE int pid_fd = process_open(proc, pid, NULL);
	struct dump_request request = {.silence_ms = 300, .hangs = &c->hangs};
	struct dump_source from = {pid_fd, &c->plan, &request};
	struct dump_row row = {.start = (uintptr_t)at, .end = (uintptr_t)at + pages * PAGE};
	struct dump_run run = {row.start, row.end, 0, false};
	const struct dump_arch arch = DUMP_ARCH;
	struct sl_tap *taps[] = {&c->sink.tap};

	row.is_always_there = true;
	c->plan = DUMP_PLAN_INIT;
	c->plan.page = PAGE;
	c->sink.all = BUF_INIT(64 << 20);
	if (c->sink.tap.data == NULL)
		c->sink.tap.data = take;
	c->report = (struct dump_report){0};
	assert_int_equal(process_read_whole(pid_fd, "auxv", &c->plan.auxv, NULL), 0);
	assert_int_equal(dump_plan_row(&c->plan, &row, (struct sl_bytes){"", 0}, NULL), 0);
	assert_int_equal(dump_plan_run(&c->plan, &run, NULL), 0);
	c->head = dump_elf_head_bytes(&c->plan, &arch);
	assert_int_equal(dump_pour(&from, &c->report, taps, 1, &c->read, NULL), 0);
	assert_int_equal(c->read.bytes, c->sink.all.len);
}

static void pour_clear(struct pour_case *c)
{
	dump_plan_clear(&c->plan);
	buf_clear(&c->sink.all);
}

static void end_child(pid_t child)
{
	(void)kill(child, SIGKILL);
	(void)waitpid(child, NULL, 0);
}

static char *map_pages(size_t pages)
{
	char *at = mmap(NULL, pages * PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1,
			0);

	assert_true(at != MAP_FAILED);
	return at;
}

static void a_page_that_cannot_be_read_costs_itself(void **state)
{
	struct pour_case c = {.hangs = 0};
	char *at = map_pages(6);
	pid_t child;

	(void)state;
	memset(at, 'a', 6 * PAGE);
	assert_int_equal(munmap(at + 2 * PAGE, 2 * PAGE), 0);
	assert_int_equal(mprotect(at + 5 * PAGE, PAGE, PROT_NONE), 0);
	child = make_child();
	pour_pages(&c, child, at, 6);
	assert_int_equal(c.sink.all.len, c.head + 6 * PAGE);
	for (size_t i = 0; i < 6; i++)
		assert_int_equal(c.sink.all.data[c.head + i * PAGE], i == 2 || i == 3 ? 0 : 'a');
	assert_int_equal(c.report.hole_count, 1);
	assert_int_equal(c.report.holes[0].start, (uintptr_t)at + 2 * PAGE);
	assert_int_equal(c.report.holes[0].end, (uintptr_t)at + 4 * PAGE);
	assert_int_equal(c.report.holes[0].sys, EIO);
	assert_int_equal(c.report.holes_bytes, 2 * PAGE);
	assert_false(c.read.is_short);
	pour_clear(&c);
	end_child(child);
	(void)munmap(at, 6 * PAGE);
}

/* The worker stops where it stands: what it said before is heard, and then nothing. */
static int stop_worker_once(struct sl_tap *tap, const void *bytes, size_t len, struct sl_error *err)
{
	struct sink *sink = (struct sink *)tap;
	FILE *children =
		sink->spared != 0 && len > PAGE ? fopen("/proc/thread-self/children", "re") : NULL;
	int pid;

	while (children != NULL && fscanf(children, "%d", &pid) == 1) {
		if (pid == sink->spared)
			continue;
		(void)kill(pid, SIGSTOP);
		sink->spared = 0;
		break;
	}
	if (children != NULL)
		(void)fclose(children);
	return append(&sink->all, bytes, len, err);
}

static void a_read_that_hangs_costs_its_chunk_and_its_deadline(void **state)
{
	const size_t pages = 32 * DUMP_CHUNK / PAGE;
	char *at = map_pages(pages);
	pid_t child;

	(void)state;
	if (access("/proc/thread-self/children", R_OK) < 0)
		skip();
	memset(at, 'a', pages * PAGE);
	child = make_child();
	for (unsigned int hangs = 0; hangs < 2; hangs++) {
		struct pour_case c = {.hangs = hangs, .sink.tap.data = stop_worker_once};
		uint64_t begin = clock_boot_ns();

		c.sink.spared = child;
		pour_pages(&c, child, at, pages);
		assert_int_equal(c.sink.spared, 0);
		assert_true(clock_boot_ns() - begin < UINT64_C(10000000000));
		assert_int_equal(c.report.hole_count, 1);
		assert_int_equal(c.report.holes[0].sys, ETIMEDOUT);
		assert_false(c.report.is_abandoned);
		if (hangs == 0) { /* no more of that */
			assert_true(c.read.is_short);
			assert_int_equal(c.read.sys, ETIMEDOUT);
			assert_int_equal(c.sink.all.len + c.report.holes_bytes,
					 c.head + pages * PAGE);
		} else {
			uint64_t hole = c.report.holes[0].start - (uintptr_t)at;

			assert_false(c.read.is_short);
			assert_int_equal(c.hangs, 0);
			assert_int_equal(c.sink.all.len, c.head + pages * PAGE);
			assert_in_range(c.report.holes_bytes, PAGE, DUMP_CHUNK);
			assert_int_equal(c.sink.all.data[c.head + hole - 1], 'a');
			assert_int_equal(c.sink.all.data[c.head + hole], 0);
			assert_int_equal(c.sink.all.data[c.head + hole + c.report.holes_bytes],
					 'a');
		}
		pour_clear(&c);
	}
	end_child(child);
	(void)munmap(at, pages * PAGE);
}

static void a_process_that_runs_another_program_now_is_not_read(void **state)
{
	struct pour_case c = {.hangs = 1};
	AUTO_CLOSE int proc = open("/proc", O_PATH | O_DIRECTORY);
	char *at = map_pages(1);
	int ready[2];
	char byte;
	pid_t child;

	(void)state;
	at[0] = 'a';
	assert_int_equal(pipe(ready), 0);
	child = fork();
	if (child == 0) {
		(void)prctl(PR_SET_PDEATHSIG, SIGKILL);
		(void)dup2(ready[1], STDOUT_FILENO);
		(void)execlp("sh", "sh", "-c", "echo; exec sleep 100", (char *)NULL);
		_exit(1);
	}
	assert_int_equal(read(ready[0], &byte, 1), 1);
	{
		AUTO_CLOSE int pid_fd = process_open(proc, getpid(), NULL);
		AUTO_CLOSE int other_fd = process_open(proc, child, NULL);
		struct dump_request request = {.silence_ms = 5000, .hangs = &c.hangs};
		struct dump_source from = {other_fd, &c.plan, &request};
		struct dump_row row = {.start = (uintptr_t)at, .end = (uintptr_t)at + PAGE};
		struct dump_run run = {row.start, row.end, 0, false};
		struct sl_tap *taps[] = {&c.sink.tap};

		c.plan = DUMP_PLAN_INIT;
		c.plan.page = PAGE;
		c.sink = (struct sink){{take}, BUF_INIT(1 << 20), 0};
		assert_int_equal(process_read_whole(pid_fd, "auxv", &c.plan.auxv, NULL), 0);
		assert_int_equal(dump_plan_row(&c.plan, &row, (struct sl_bytes){"", 0}, NULL), 0);
		assert_int_equal(dump_plan_run(&c.plan, &run, NULL), 0);
		assert_int_equal(dump_pour(&from, &c.report, taps, 1, &c.read, NULL), 0);
	}
	assert_true(c.read.is_short && c.report.has_ended);
	assert_int_equal(c.read.sys, ESTALE);
	pour_clear(&c);
	end_child(child);
	(void)close(ready[0]);
	(void)close(ready[1]);
	(void)munmap(at, PAGE);
}

struct ranges {
	uint64_t bytes, last;
	size_t count;
};

static int count_range(void *payload, uint64_t start, uint64_t end)
{
	struct ranges *r = payload;

	/* two calls may cut a run anywhere */
	r->count += end > start && start != r->last;
	r->last = end > start ? end : r->last;
	r->bytes += end - start;
	return 0;
}

static void pages_that_are_there_are_found_either_way(void **state)
{
	AUTO_CLOSE int fd = open("/proc/self/pagemap", O_RDONLY);
	const size_t pages = 20000;
	char *at = map_pages(pages);
	struct ranges some = {0}, same = {0};

	(void)state;
	(void)madvise(at, pages * PAGE, MADV_NOHUGEPAGE);
	at[0] = at[PAGE] = at[7 * PAGE] = at[9000 * PAGE] = at[(pages - 1) * PAGE] = 1;
	assert_int_equal(pagemap_scan(fd, PAGE, (uintptr_t)at, (uintptr_t)at + pages * PAGE,
				      count_range, &some, NULL),
			 0);
	assert_int_equal(pagemap_scan_entries(fd, PAGE, (uintptr_t)at, (uintptr_t)at + pages * PAGE,
					      count_range, &same, NULL),
			 0);
	assert_int_equal(some.bytes, 5 * PAGE);
	assert_int_equal(some.count, 4);
	assert_int_equal(same.bytes, some.bytes);
	assert_int_equal(same.count, some.count);
	(void)munmap(at, pages * PAGE);
}

static void a_process_that_is_another_one_by_now_is_not_looked_at(void **state)
{
	AUTO_CLOSE int proc = open("/proc", O_PATH | O_DIRECTORY);
	unsigned int hangs = 0;
	struct dump_request request = {.pid = getpid(),
				       .start = 1,
				       .mode = DUMP_FULL,
				       .silence_ms = 5000,
				       .hangs = &hangs};
	struct dump_report report;
	struct sl_content *content;

	(void)state;
	assert_int_equal(dump_process(proc, &request, &report, &content, NULL), -SL_ENOTFOUND);
	request.pid = INT32_MAX;
	assert_int_equal(dump_process(proc, &request, &report, &content, NULL), -SL_ENOTFOUND);
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
		cmocka_unit_test(a_core_file_has_a_known_layout),
		cmocka_unit_test(more_segments_than_the_header_counts_are_counted_elsewhere),
		cmocka_unit_test(a_page_that_cannot_be_read_costs_itself),
		cmocka_unit_test(a_read_that_hangs_costs_its_chunk_and_its_deadline),
		cmocka_unit_test(a_process_that_runs_another_program_now_is_not_read),
		cmocka_unit_test(pages_that_are_there_are_found_either_way),
		cmocka_unit_test(a_process_that_is_another_one_by_now_is_not_looked_at),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
