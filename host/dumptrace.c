/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Registers by ptrace(2). PTRACE_SEIZE and PTRACE_INTERRUPT send no signal, and who traces no more
 * lets go; a system call that a thread waits in may end with EINTR all the same.
 */
#include <elf.h>
#include <errno.h>
#include <string.h>
#include <sys/ptrace.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <time.h>

#include "core/clock.h"
#include "host/dumparch.h"
#include "host/dumplook.h"

/* How long all of its threads may take to stop: those that a freezer holds do not. */
#define STOP_NS (UINT64_C(200) * 1000000)

static bool has_stopped(const struct dump_thread *t)
{
	int status;

	return waitpid(t->id, &status, __WALL | WNOHANG) == t->id && WIFSTOPPED(status);
}

static void read_registers(struct dump_thread *t)
{
	const struct dump_arch arch = DUMP_ARCH;
	uint64_t registers[DUMP_REGISTERS_MAX];
	struct iovec v = {registers, 8 * arch.registers};

	if (ptrace(PTRACE_GETREGSET, t->id, NT_PRSTATUS, &v) < 0 || v.iov_len != 8 * arch.registers)
		return;
	memcpy(t->registers, registers, v.iov_len);
	t->stack = registers[arch.stack];
	t->known = DUMP_REGISTERS_ALL;
}

void dump_trace(struct dump_plan *p)
{
	uint64_t until = clock_boot_ns() + STOP_NS;

	for (size_t i = 0; i < p->thread_count; i++)
		if (ptrace(PTRACE_SEIZE, p->threads[i].id, 0, 0) == 0)
			(void)ptrace(PTRACE_INTERRUPT, p->threads[i].id, 0, 0);
	for (size_t i = 0; i < p->thread_count; i++) {
		struct timespec pause = {.tv_nsec = 200000};
		bool stopped = has_stopped(&p->threads[i]);

		while (!stopped && clock_boot_ns() < until && errno != ECHILD) {
			(void)nanosleep(&pause, NULL);
			errno = 0;
			stopped = has_stopped(&p->threads[i]);
		}
		if (stopped)
			read_registers(&p->threads[i]);
		if (stopped)
			(void)ptrace(PTRACE_DETACH, p->threads[i].id, 0, 0);
	}
}
