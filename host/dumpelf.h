/* SPDX-License-Identifier: Apache-2.0 */
/*
 * An ELF core file (ET_CORE) of a plan, but for its memory: header, program headers and notes as
 * Linux writes them (fs/binfmt_elf.c; System V ABI, "ELF header" to "Note section").
 *
 * A PT_LOAD for each range that is taken, and one without bytes for each part of a mapping between
 * them: there a debugger sees that something is mapped, and takes the file's bytes or zeros.
 */
#ifndef HOST_DUMPELF_H
#define HOST_DUMPELF_H

#include "host/dumparch.h"
#include "host/dumpplan.h"

/* Who gets the bytes, in their order. Negative ends the writing. */
struct dump_out {
	int (*put)(void *payload, const void *bytes, size_t len, struct sl_error *err);
	void *payload;
};

/* Bytes before the memory; the memory of all runs stands behind, run after run. */
uint64_t dump_elf_head_bytes(const struct dump_plan *p, const struct dump_arch *arch);
int dump_elf_head(const struct dump_plan *p, const struct dump_arch *arch,
		  const struct dump_out *out, struct sl_error *err);

#endif
