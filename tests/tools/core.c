/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The memory of a process as a core file: core PID FILE [mini|full] [registers] [LIMIT]
 * What was taken and what was not is said on standard output, a line each.
 */
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "host/dump.h"
#include "host/process.h"

struct file_tap {
	struct sl_tap tap;
	int fd;
};

static int put(struct sl_tap *tap, const void *bytes, size_t len, struct sl_error *err)
{
	int fd = ((struct file_tap *)tap)->fd;

	return write(fd, bytes, len) == (ssize_t)len ? 0 : sl_fail(err, SL_EIO, 0, "write");
}

static void tell(const struct dump_report *r, const struct sl_read *read)
{
	printf("bytes %" PRIu64 " promised %" PRIu64 " short %d errno %d\n", read->bytes,
	       r->file_bytes, read->is_short, read->sys);
	printf("memory %" PRIu64 " left %" PRIu64 " gone %" PRIu64 " unread %" PRIu64
	       " user_fault %" PRIu64 "\n",
	       r->memory_bytes, r->left, r->gone, r->holes_bytes, r->user_fault);
	printf("threads %" PRIu64 " all %" PRIu64 " call %" PRIu64 "\n", r->threads, r->threads_all,
	       r->threads_call);
	for (int i = 0; i < DUMP_KINDS; i++)
		printf("kind %s %" PRIu64 " %" PRIu64 "\n", dump_kind_name((enum dump_kind)i),
		       r->kinds[i].mappings, r->kinds[i].taken);
	for (size_t i = 0; i < r->hole_count; i++)
		printf("hole %" PRIx64 "-%" PRIx64 " %d\n", r->holes[i].start, r->holes[i].end,
		       r->holes[i].sys);
}

int main(int argc, char **argv)
{
	unsigned int hangs = 3;
	struct dump_request request = {.mode = DUMP_FULL, .silence_ms = 1000, .hangs = &hangs};
	struct sl_error err = SL_ERROR_INIT;
	struct process_stat st;
	struct dump_report report;
	struct sl_content *content = NULL;
	struct file_tap tap = {.tap.data = put};
	struct sl_tap *taps[] = {&tap.tap};
	struct sl_read read;
	int proc_fd = open("/proc", O_PATH | O_DIRECTORY | O_CLOEXEC), pid_fd;

	if (argc < 3)
		return 2;
	request.pid = atoll(argv[1]);
	tap.fd = open(argv[2], O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
	for (int i = 3; i < argc; i++) {
		if (strcmp(argv[i], "mini") == 0)
			request.mode = DUMP_MINI;
		else if (strcmp(argv[i], "registers") == 0)
			request.with_registers = true;
		else
			request.limit = strtoull(argv[i], NULL, 10);
	}
	pid_fd = process_open(proc_fd, request.pid, &err);
	if (pid_fd < 0 || process_stat(pid_fd, &st, &err) < 0)
		return 2;
	request.start = st.start;
	if (dump_process(proc_fd, &request, &report, &content, &err) < 0 ||
	    sl_content_read(content, taps, 1, &read, &err) < 0) {
		fprintf(stderr, "%s\n", sl_error_text(&err));
		return 1;
	}
	tell(&report, &read);
	sl_content_close(content);
	return 0;
}
