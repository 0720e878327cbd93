/* SPDX-License-Identifier: Apache-2.0 */
/* Lines of texts that tie a shell to a connection, or run what they fetch or decode. */
#ifndef DIFF_SHELLCODE_H
#define DIFF_SHELLCODE_H

#include <strandline/base.h>

/*
 * Such a line stands in @bytes. Asked are those with a pipe into what may be an interpreter and
 * those that name a connection: looking costs little more than a memchr(). @budget: lines that may
 * be asked, fewer afterwards.
 */
bool shellcode_has(const void *bytes, size_t len, size_t *budget);

#endif
