/* SPDX-License-Identifier: Apache-2.0 */
/* The core file of a process, and reading what goes into it. */
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
