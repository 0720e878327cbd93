/* SPDX-License-Identifier: Apache-2.0 */
/* Processes read by a worker: this one, one that is gone, and one that lets it wait. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

#include "core/cleanup.h"
#include "host/memberwalk.h"
#include "host/procdump.h"
#include "host/process.h"
#include "host/unlinked.h"

static struct host_member own(int proc_fd)
{
	struct host_member member = {.pid = getpid()};
	AUTO_CLOSE int fd = process_open(proc_fd, member.pid, NULL);
	struct process_stat status;

	assert_int_equal(process_stat(fd, &status, NULL), 0);
	member.start = status.start;
	return member;
}

static int open_proc(void)
{
	int fd = open("/proc", O_PATH | O_DIRECTORY | O_CLOEXEC);

	assert_true(fd >= 0);
	return fd;
}

static void all_of_a_process_is_read_and_none_of_its_successor(void **state)
{
	AUTO_CLOSE int proc_fd = open_proc();
	struct host_member members[3] = {own(proc_fd), own(proc_fd), own(proc_fd)};
	struct procdump_options options = {.proc_fd = proc_fd, .members = members, .count = 3};
	struct procdump_item item;
	struct procdump *dump;
	size_t files[3] = {0};
	enum procdump_kind ends[3];

	(void)state;
	members[1].start++;
	members[2].is_hung = true;
	assert_int_equal(procdump_new(&dump, &options, NULL), 0);
	while (procdump_next(dump, &item, NULL) == 0) {
		assert_true(item.member < 3);
		if (item.kind != PROCDUMP_FILE) {
			ends[item.member] = item.kind;
			assert_false(item.is_changed);
			continue;
		}
		files[item.member]++;
		if (strcmp(item.name, "comm") == 0)
			assert_memory_equal(item.bytes.data, "unit_test_procd", 15);
		if (strcmp(item.name, "maps") == 0)
			assert_non_null(memmem(item.bytes.data, item.bytes.len, "[stack]", 7));
		assert_true(item.member == 0 || strcmp(item.name, "cmdline") != 0);
	}
	procdump_free(dump);
	assert_int_equal(ends[0], PROCDUMP_DONE);
	assert_int_equal(ends[1], PROCDUMP_ENDED);
	assert_int_equal(ends[2], PROCDUMP_DONE);
	assert_int_equal(files[0], 23);
	assert_int_equal(files[1], 0);
	assert_int_equal(files[2], 16);
}

static int say_or_wait(struct memberwalk_out *out, int proc_fd, const struct host_member *member,
		       void *payload)
{
	(void)proc_fd;
	(void)payload;
	if (member->pid == 2)
		for (;;)
			pause();
	if (member->pid == 3)
		abort();
	return memberwalk_say(out, 7, &member->pid, sizeof(member->pid), "x", 1);
}

static void who_lets_wait_or_kills_the_worker_costs_itself_alone(void **state)
{
	static const struct host_member members[] = {
		{.pid = 1}, {.pid = 2}, {.pid = 3}, {.pid = 4}};
	static const enum memberwalk_event want[] = {MEMBERWALK_SAID, MEMBERWALK_DONE,
						     MEMBERWALK_HUNG, MEMBERWALK_HUNG,
						     MEMBERWALK_SAID, MEMBERWALK_DONE};
	static const size_t whose[] = {0, 0, 1, 2, 3, 3};
	struct memberwalk_options options = {.proc_fd = STDERR_FILENO,
					     .members = members,
					     .count = ARRAY_SIZE(members),
					     .each = say_or_wait};
	struct memberwalk *walk;
	struct memberwalk_item item;

	(void)state;
	assert_int_equal(memberwalk_new(&walk, &options, NULL), 0);
	for (size_t i = 0; i < ARRAY_SIZE(want); i++) {
		assert_int_equal(memberwalk_next(walk, &item, NULL), 0);
		assert_int_equal(item.event, want[i]);
		assert_int_equal(item.member, whose[i]);
		if (item.event == MEMBERWALK_SAID) {
			assert_int_equal(item.kind, 7);
			assert_int_equal(item.bytes.len, sizeof(int64_t) + 1);
		}
	}
	assert_int_equal(memberwalk_next(walk, &item, NULL), 1);
	memberwalk_free(walk);
}

struct sum {
	struct sl_tap tap;
	struct buf bytes;
};

static int add(struct sl_tap *tap, const void *bytes, size_t len, struct sl_error *err)
{
	(void)err;
	return buf_append(&container_of(tap, struct sum, tap)->bytes, bytes, len);
}

static int no_hang(void *payload, size_t member, const char *why, int sys, struct sl_error *err)
{
	(void)payload;
	(void)member;
	(void)why;
	(void)sys;
	(void)err;
	return -SL_EIO;
}

static const struct unlinked *find(const struct unlinked_list *list, const char *link)
{
	for (size_t i = 0; i < list->count; i++)
		if (strcmp(list->items[i]->link, link) == 0)
			return list->items[i];
	return NULL;
}

static void a_file_without_a_name_is_found_once_and_read(void **state)
{
	AUTO_CLOSE int proc_fd = open_proc();
	struct host_member member = own(proc_fd);
	const struct host_members members = {.items = &member, .count = 1};
	struct unlinked_options options = {
		.proc_fd = proc_fd, .members = &members, .hung = no_hang};
	AUTO_CLOSE int first = memfd_create("two holders", MFD_CLOEXEC), second = dup(first);
	AUTO_CLOSE int pipe_end = -1, other_end = -1;
	CLEANUP(unlinked_clear) struct unlinked_list list = {0};
	struct sum sum = {.tap.data = add, .bytes = BUF_INIT(100)};
	struct sl_tap *taps[] = {&sum.tap};
	struct sl_content *content;
	const struct unlinked *u;
	struct sl_read read;
	int ends[2];

	(void)state;
	assert_int_equal(pipe2(ends, O_CLOEXEC), 0);
	pipe_end = ends[0];
	other_end = ends[1];
	assert_int_equal(write(first, "content", 7), 7);
	assert_int_equal(unlinked_find(&list, &options, NULL), 0);
	u = find(&list, "/memfd:two holders (deleted)");
	assert_non_null(u);
	assert_true(u->is_memory && !u->is_slow && !u->is_program);
	assert_int_equal(u->holder_count, 2);
	assert_int_equal(u->holders[0].how, UNLINKED_FD);
	assert_int_equal(u->entry.size, 7);
	assert_int_equal(unlinked_content(&content, proc_fd, u, NULL, NULL), 0);
	assert_int_equal(sl_content_read(content, taps, 1, &read, NULL), 0);
	sl_content_close(content);
	assert_int_equal(read.sys, 0);
	assert_false(read.is_short || read.changed);
	assert_string_equal(sum.bytes.data, "content");
	buf_clear(&sum.bytes);
	/* another file has its number now */
	assert_int_equal(unlinked_content(&content, proc_fd, u, NULL, NULL), 0);
	assert_true(dup3(pipe_end, (int)u->holders[0].fd, O_CLOEXEC) >= 0);
	assert_int_equal(sl_content_read(content, taps, 1, &read, NULL), 0);
	sl_content_close(content);
	assert_int_equal(read.sys, ESTALE);
	assert_true(read.is_short);
	assert_int_equal(read.bytes, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(all_of_a_process_is_read_and_none_of_its_successor),
		cmocka_unit_test(who_lets_wait_or_kills_the_worker_costs_itself_alone),
		cmocka_unit_test(a_file_without_a_name_is_found_once_and_read),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
