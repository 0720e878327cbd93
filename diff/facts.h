/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What can be said about a change by looking at it alone. The low 32 bits are the public signals;
 * above them stand facts that only rules and severities need.
 */
#ifndef DIFF_FACTS_H
#define DIFF_FACTS_H

#include <strandline/change.h>
#include <strandline/container.h>

#define FACT_EXEC_GAINED (UINT64_C(1) << 32)  /* an execute bit where there was none */
#define FACT_WRITE_GAINED (UINT64_C(1) << 33) /* write for others where there was none */
#define FACT_OWNER_MOVED (UINT64_C(1) << 34)
#define FACT_MODE_MOVED (UINT64_C(1) << 35)
#define FACT_SETID (UINT64_C(1) << 36)     /* is setuid or setgid now */
#define FACT_REGULAR (UINT64_C(1) << 37)   /* is a regular file now */
#define FACT_DIRECTORY (UINT64_C(1) << 38) /* is a directory now */
#define FACT_LINK (UINT64_C(1) << 39)      /* is a symbolic link now */
#define FACT_BLOCK (UINT64_C(1) << 40)     /* is a block device now */
#define FACT_WAS_REGULAR (UINT64_C(1) << 41)
#define FACT_WAS_PROGRAM (UINT64_C(1) << 42) /* had an execute bit */
#define FACT_SHRUNK (UINT64_C(1) << 43)
#define FACT_DECEPTIVE (UINT64_C(1) << 44)     /* the name is made to be overlooked or misread */
#define FACT_FILLED (UINT64_C(1) << 45)        /* not an empty file and not a directory */
#define FACT_BENEATH_MOUNT (UINT64_C(1) << 46) /* strictly beneath a mount point */
#define FACT_DOT_NAME (UINT64_C(1) << 47)      /* the last component starts with a dot */

/* Any of these makes a file a program. */
#define FACT_PROGRAM (SL_SIGNAL_ELF | SL_SIGNAL_SCRIPT | SL_SIGNAL_EXECUTABLE)

/* Whatever it looks like, something is known that speaks against it. */
#define FACT_INCRIMINATES                                                                          \
	(SL_SIGNAL_RUNNING | SL_SIGNAL_MAPPED | SL_SIGNAL_KNOWN_BAD | SL_SIGNAL_YARA)

/* Signals and facts together. @container says what is mounted where; may be NULL. */
uint64_t facts_of(const struct sl_change *c, const struct sl_container *container);

/* True when @path is @mount (absolute, as configured) or lies beneath it, seen from inside. */
enum facts_mount { FACTS_APART, FACTS_AT, FACTS_BENEATH, FACTS_ABOVE };
enum facts_mount facts_place(struct sl_bytes path, const char *mount);

#endif
