/* SPDX-License-Identifier: Apache-2.0 */
/* What a file is by its first bytes, whatever its name says. */
#ifndef DIFF_MAGIC_H
#define DIFF_MAGIC_H

#include "diff/facts.h"

/* Enough for a tar header, and for a key behind some lines of comment. */
#define MAGIC_WINDOW 512

/*
 * SL_SIGNAL_ELF, _SCRIPT, _ARCHIVE and _KEY, as far as @len bytes show them. With 16 bytes a tar
 * shows nothing, and what begins like a private key in PEM counts as one.
 */
uint64_t magic_signals(const uint8_t *head, size_t len);

/* FACT_TEXT, _NUMBER, _BYTECODE and _SERVER_SCRIPT; a few bytes are enough for these. */
fact_set magic_facts(const uint8_t *head, size_t len);

#endif
