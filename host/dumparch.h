/* SPDX-License-Identifier: Apache-2.0 */
/* How a processor's registers stand in a core file. */
#ifndef HOST_DUMPARCH_H
#define HOST_DUMPARCH_H

#include <elf.h>
#include <stddef.h>
#include <stdint.h>

/* Places in the array that ptrace and NT_PRSTATUS have. */
struct dump_arch {
	uint16_t machine;
	size_t registers; /* of 8 bytes each */
	size_t counter, stack, call;
	size_t arguments[6];
};

/* struct user_regs_struct of asm/user_64.h: r15 r14 r13 r12 rbp rbx r11 r10 r9 r8 rax rcx rdx rsi
 * rdi orig_rax rip cs eflags rsp ss fs_base gs_base ds es fs gs */
#define DUMP_ARCH_X86_64 ((struct dump_arch){EM_X86_64, 27, 16, 19, 15, {14, 13, 12, 7, 9, 8}})
/* struct user_pt_regs of asm/ptrace.h: x0 to x30, sp, pc, pstate; the call's number is in x8 */
#define DUMP_ARCH_AARCH64 ((struct dump_arch){EM_AARCH64, 34, 32, 31, 8, {0, 1, 2, 3, 4, 5}})

#if defined(__x86_64__)
#	define DUMP_ARCH DUMP_ARCH_X86_64
#elif defined(__aarch64__)
#	define DUMP_ARCH DUMP_ARCH_AARCH64
#else
#	define DUMP_ARCH ((struct dump_arch){0}) /* its registers are not known here */
#endif

#endif
