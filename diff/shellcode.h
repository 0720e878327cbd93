/* SPDX-License-Identifier: Apache-2.0 */
/*
 * In texts: a line that ties a shell to a connection, or runs what it fetches or decodes. In
 * anything: a program behind other bytes, as a loader that cuts them off leaves it.
 */
#ifndef DIFF_SHELLCODE_H
#define DIFF_SHELLCODE_H

#include <strandline/base.h>

/*
 * Such a line stands in @bytes. Asked are those with a pipe into what may be an interpreter and
 * those that name a connection: looking costs little more than a memchr(). @budget: lines that may
 * be asked, fewer afterwards.
 */
bool shellcode_has(const void *bytes, size_t len, size_t *budget);

/* The header of an ELF file stands in @bytes; the same of a text, in base64. */
bool shellcode_has_program(const void *bytes, size_t len);
bool shellcode_has_letters(const void *bytes, size_t len);

#endif
