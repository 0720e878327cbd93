/* SPDX-License-Identifier: Apache-2.0 */
/* Bytes at known positions: a file anywhere, a pipe in order. */
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cmocka.h>

#include "core/rfile.h"

static int memory(const char *text, off_t at)
{
	int fd = memfd_create("rfile", MFD_CLOEXEC);

	assert_int_equal(write(fd, text, strlen(text)), strlen(text));
	assert_int_equal(lseek(fd, at, SEEK_SET), at);
	return fd;
}

static void a_file_is_read_anywhere_and_its_position_stays(void **state)
{
	struct rfile *f;
	char got[8];
	size_t len = 0;
	int fd = memory("0123456789", 2), own = fcntl(fd, F_DUPFD_CLOEXEC, 0);

	(void)state;
	assert_int_equal(rfile_from_fd(&f, own, NULL), 0);
	assert_int_equal(f->size, 8);
	assert_int_equal(rfile_needs_twice(f, NULL), 0);
	assert_int_equal(rfile_read_at(f, 5, got, sizeof(got), &len, NULL), 0);
	assert_memory_equal(got, "789", len);
	assert_int_equal(len, 3);
	assert_int_equal(rfile_fill(f, 0, got, 8, &len, NULL), 0);
	assert_memory_equal(got, "23456789", 8);
	assert_int_equal(rfile_read_at(f, 8, got, 1, &len, NULL), 1);
	assert_int_equal(rfile_fill(f, 9, got, 1, &len, NULL), 0);
	assert_int_equal(len, 0);
	assert_int_equal(rfile_read_at(f, UINT64_MAX, got, 1, &len, NULL), -SL_EINVAL);
	assert_int_equal(lseek(fd, 0, SEEK_CUR), 2);
	rfile_close(f);
	close(fd);
}

static void a_pipe_is_read_forward_only(void **state)
{
	struct rfile *f;
	char got[8];
	size_t len = 0;
	int ends[2];

	(void)state;
	assert_int_equal(pipe2(ends, O_CLOEXEC), 0);
	assert_int_equal(write(ends[1], "abcdef", 6), 6);
	close(ends[1]);
	assert_int_equal(rfile_from_fd(&f, ends[0], NULL), 0);
	assert_true(f->is_forward);
	assert_true(f->size == RFILE_SIZE_UNKNOWN);
	assert_int_equal(rfile_needs_twice(f, NULL), -SL_EUNSUPPORTED);
	assert_int_equal(rfile_fill(f, 0, got, 4, &len, NULL), 0);
	assert_memory_equal(got, "abcd", 4);
	assert_int_equal(rfile_read_at(f, 0, got, 1, &len, NULL), -SL_EUNSUPPORTED);
	assert_int_equal(rfile_read_at(f, 4, got, 8, &len, NULL), 0);
	assert_int_equal(len, 2);
	assert_int_equal(rfile_read_at(f, 6, got, 8, &len, NULL), 1);
	rfile_close(f);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_file_is_read_anywhere_and_its_position_stays),
		cmocka_unit_test(a_pipe_is_read_forward_only),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
