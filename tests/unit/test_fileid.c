/* SPDX-License-Identifier: Apache-2.0 */
/* What a file is known by, and who may be writing to it: asked of the kernel that runs. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include <cmocka.h>
#include <fcntl.h>
#include <stdio.h>

#include "core/cleanup.h"
#include "snapshot/content.h"
#include "snapshot/fileid.h"

static int enter_scratch(void **state)
{
	char *dir = strdup("/var/tmp/strandline-id-XXXXXX");

	*state = dir;
	return dir == NULL || mkdtemp(dir) == NULL || chdir(dir) < 0 ? -1 : 0;
}

static int leave_scratch(void **state)
{
	AUTO_FREE char *dir = *state;

	(void)unlink("f");
	(void)unlink("g");
	return chdir("/") == 0 ? rmdir(dir) : -1;
}

static void make(const char *name)
{
	AUTO_CLOSE int fd = open(name, O_RDWR | O_CREAT | O_CLOEXEC, 0644);

	assert_true(fd >= 0);
	assert_int_equal(ftruncate(fd, 8192), 0);
}

static struct fileid_fs here(void)
{
	AUTO_CLOSE int dir = open(".", O_PATH | O_DIRECTORY | O_CLOEXEC);

	return fileid_fs(dir);
}

static bool is_quiet(void)
{
	AUTO_CLOSE int fd = open("f", O_PATH | O_CLOEXEC);
	struct sl_content *c = NULL;
	bool quiet;

	assert_int_equal(content_open(&c, fd, NULL), 0);
	quiet = sl_content_is_quiet(c);
	sl_content_close(c);
	return quiet;
}

static void readers_leave_a_file_quiet(void **state)
{
	AUTO_CLOSE int fd = -1;
	void *map;

	(void)state;
	make("f");
	if (!is_quiet()) {
		print_message("no leases here\n");
		skip();
	}
	fd = open("f", O_RDONLY | O_CLOEXEC);
	map = mmap(NULL, 4096, PROT_READ, MAP_SHARED, fd, 0);
	assert_true(map != MAP_FAILED);
	assert_true(is_quiet());
	(void)munmap(map, 4096);
}

static void a_writer_or_a_mapping_that_it_left_does_not(void **state)
{
	int fd = -1;
	void *map;

	(void)state;
	make("f");
	if (!is_quiet())
		skip();
	fd = open("f", O_RDWR | O_CLOEXEC);
	assert_false(is_quiet());
	map = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	assert_true(map != MAP_FAILED);
	close(fd);
	assert_false(is_quiet());
	/* it may be made writable again */
	assert_int_equal(mprotect(map, 4096, PROT_READ), 0);
	assert_false(is_quiet());
	(void)munmap(map, 4096);
	assert_true(is_quiet());
}

/* The kernel signals whoever holds a lease that is broken; the usual signal would end us. */
static void asking_does_no_harm_where_somebody_writes_meanwhile(void **state)
{
	int status = -1;
	pid_t child;

	(void)state;
	make("f");
	child = fork();
	if (child == 0) {
		for (int i = 0; i < 20000; i++) {
			int fd = open("f", O_WRONLY | O_CLOEXEC);

			if (fd < 0)
				_exit(1);
			close(fd);
		}
		_exit(0);
	}
	while (waitpid(child, &status, WNOHANG) == 0)
		for (int i = 0; i < 100; i++)
			(void)is_quiet();
	assert_int_equal(status, 0);
}

static void a_file_keeps_its_identity_and_shares_it_with_no_other(void **state)
{
	struct fileid_fs fs = here();
	struct sl_file_id f, again, g;

	(void)state;
	make("f");
	make("g");
	if (!fs.is_reliable)
		skip();
	assert_true(fileid_of(&fs, AT_FDCWD, "f", 1, &f));
	assert_int_equal(rename("f", "h"), 0);
	assert_true(fileid_of(&fs, AT_FDCWD, "h", 1, &again));
	assert_int_equal(rename("h", "f"), 0);
	assert_true(fileid_of(&fs, AT_FDCWD, "g", 1, &g));
	assert_int_equal(f.len, again.len);
	assert_memory_equal(f.bytes, again.bytes, f.len);
	assert_true(g.len != f.len || memcmp(g.bytes, f.bytes, f.len) != 0);
	/* nor with the same inode of another device */
	assert_true(fileid_of(&fs, AT_FDCWD, "f", 2, &again));
	assert_memory_not_equal(f.bytes, again.bytes, f.len);
}

static void an_inode_that_is_used_again_is_another_file(void **state)
{
	struct fileid_fs fs = here();
	struct sl_file_id first, second;
	struct stat st;
	ino_t ino;

	(void)state;
	if (!fs.is_reliable)
		skip();
	make("f");
	assert_int_equal(stat("f", &st), 0);
	ino = st.st_ino;
	assert_true(fileid_of(&fs, AT_FDCWD, "f", 1, &first));
	for (int i = 0; i < 100; i++) {
		assert_int_equal(unlink("f"), 0);
		make("f");
		assert_int_equal(stat("f", &st), 0);
		if (st.st_ino == ino)
			break;
	}
	if (st.st_ino != ino)
		skip();
	assert_true(fileid_of(&fs, AT_FDCWD, "f", 1, &second));
	assert_int_equal(first.len, second.len);
	assert_memory_not_equal(first.bytes, second.bytes, first.len);
}

/* There a write through a mapping moves no time at all. */
static void files_in_memory_have_none(void **state)
{
	AUTO_CLOSE int dir = open("/dev/shm", O_PATH | O_DIRECTORY | O_CLOEXEC);
	struct fileid_fs proc;
	AUTO_CLOSE int other = open("/proc", O_PATH | O_DIRECTORY | O_CLOEXEC);
	struct sl_file_id id;

	(void)state;
	proc = fileid_fs(other);
	assert_false(proc.is_reliable);
	assert_false(fileid_of(&proc, other, "version", 1, &id));
	if (dir < 0)
		skip();
	assert_false(fileid_fs(dir).is_reliable);
}

int main(void)
{
#define ROW(test) cmocka_unit_test_setup_teardown(test, enter_scratch, leave_scratch)
	const struct CMUnitTest tests[] = {
		ROW(readers_leave_a_file_quiet),
		ROW(a_writer_or_a_mapping_that_it_left_does_not),
		ROW(asking_does_no_harm_where_somebody_writes_meanwhile),
		ROW(a_file_keeps_its_identity_and_shares_it_with_no_other),
		ROW(an_inode_that_is_used_again_is_another_file),
		ROW(files_in_memory_have_none),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
