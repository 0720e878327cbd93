/* SPDX-License-Identifier: Apache-2.0 */
/* What no benign rule may ever speak of, whoever wrote it: the bounds are code. */
#ifndef DIFF_BENIGN_H
#define DIFF_BENIGN_H

#include "diff/rules.h"

/*
 * Facts that end every benign rule. What cannot be told apart from them, because the first bytes
 * were not read, ends it as well.
 */
#define BENIGN_NEVER                                                                               \
	(FACT_PROGRAM | SL_SIGNAL_SETUID | SL_SIGNAL_SETGID | SL_SIGNAL_CAPS | FACT_SETID |        \
	 SL_SIGNAL_DEVICE | FACT_BLOCK | SL_SIGNAL_ARCHIVE | SL_SIGNAL_KEY |                       \
	 SL_SIGNAL_FORGED_MTIME | SL_SIGNAL_TRUNCATED | SL_SIGNAL_STRAY_WHITEOUT |                 \
	 SL_SIGNAL_OPAQUE | SL_SIGNAL_WORLD_WRITABLE | FACT_WRITE_GAINED | FACT_EXEC_GAINED |      \
	 FACT_LINK | FACT_LINK_OUT | FACT_DECEPTIVE | FACT_ACCOUNT_FILE | FACT_SERVER_SCRIPT |     \
	 FACT_WAS_PROGRAM | FACT_ATTRIBUTES | SL_SIGNAL_UNDER_MOUNT | FACT_BENEATH_MOUNT |         \
	 SL_SIGNAL_PRELOAD | SL_SIGNAL_TRACED | SL_SIGNAL_MEMFD | SL_SIGNAL_RUNS_INPUT |           \
	 SL_SIGNAL_SHELL_CODE | SL_SIGNAL_PROGRAM_INSIDE | FACT_LARGE_ATTRIBUTE |                  \
	 SL_SIGNAL_MINER | SL_SIGNAL_REWRITTEN | SL_SIGNAL_BORROWED_MTIME | SL_SIGNAL_CREDENTIAL | \
	 SL_SIGNAL_SCRAMBLED | FACT_INCRIMINATES)

/* May @r, which matches, be believed about this change? */
bool benign_allows(const struct rule *r, const struct sl_change *c, fact_set facts);

/* NULL, or what is wrong with a benign rule: a clause that says what to do. */
const char *benign_objects(const struct rule *r);

#endif
