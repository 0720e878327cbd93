/* SPDX-License-Identifier: Apache-2.0 */
/*
 * deny ENOSYS|EPERM CALL[,CALL...] PROGRAM [ARGUMENT...]: run a program to which the kernel denies
 * system calls, as an old kernel (ENOSYS) or a container's seccomp profile (EPERM) would.
 */
#include <errno.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <linux/filter.h>
#include <linux/seccomp.h>

#include "core/cleanup.h"

#define CALLS_MAX 32

static const struct {
	const char *name;
	unsigned int number;
} known[] = {
	{"openat2", 437},
	{"statx", SYS_statx},
	{"mount_setattr", 442},
	{"open_tree", 428},
	{"move_mount", 429},
	{"fsopen", 430},
	{"getxattrat", 464},
	{"listxattrat", 465},
	{"pidfd_open", 434},
	{"clone3", 435},
	{"close_range", 436},
	{"faccessat2", 439},
	{"io_uring_setup", 425},
	{"memfd_create", SYS_memfd_create},
	{"getrandom", SYS_getrandom},
	{"adjtimex", SYS_adjtimex},
	{"fanotify_init", SYS_fanotify_init},
	{"copy_file_range", SYS_copy_file_range},
	{"name_to_handle_at", SYS_name_to_handle_at},
	{"open_by_handle_at", SYS_open_by_handle_at},
	{"rseq", 334},
	{"mlock", SYS_mlock},
};

static int number_of(const char *name, size_t len)
{
	for (size_t i = 0; i < ARRAY_SIZE(known); i++)
		if (strlen(known[i].name) == len && memcmp(known[i].name, name, len) == 0)
			return (int)known[i].number;
	return -1;
}

/* One comparison a call, each jumping to the refusal at the end. */
static int filter(const char *calls, int sys)
{
	struct sock_filter code[CALLS_MAX + 3];
	struct sock_fprog program = {.filter = code};
	size_t n = 0;

	code[n++] = (struct sock_filter)BPF_STMT(BPF_LD | BPF_W | BPF_ABS,
						 offsetof(struct seccomp_data, nr));
	for (size_t len; *calls != '\0'; calls += len + (calls[len] == ',')) {
		int number = number_of(calls, len = strcspn(calls, ","));

		if (number < 0 || n > CALLS_MAX) {
			(void)fprintf(stderr, "deny: which call is '%s'?\n", calls);
			return -1;
		}
		code[n++] = (struct sock_filter)BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K,
							 (unsigned int)number, 0, 0);
	}
	for (size_t i = 1; i < n; i++)
		code[i].jt = (unsigned char)(n - i);
	code[n++] = (struct sock_filter)BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW);
	code[n++] = (struct sock_filter)BPF_STMT(BPF_RET | BPF_K,
						 SECCOMP_RET_ERRNO | (unsigned int)sys);
	program.len = (unsigned short)n;
	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0 ||
	    prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program) < 0) {
		perror("deny: seccomp");
		return -1;
	}
	return 0;
}

int main(int argc, char **argv)
{
	if (argc < 4 || (strcmp(argv[1], "ENOSYS") != 0 && strcmp(argv[1], "EPERM") != 0)) {
		(void)fprintf(stderr, "usage: deny ENOSYS|EPERM CALL[,CALL...] PROGRAM...\n");
		return 2;
	}
	if (filter(argv[2], strcmp(argv[1], "ENOSYS") == 0 ? ENOSYS : EPERM) < 0)
		return 2;
	(void)execvp(argv[3], argv + 3);
	perror(argv[3]);
	return 2;
}
