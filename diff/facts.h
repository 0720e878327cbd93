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
#define FACT_IN_BIN (UINT64_C(1) << 48)        /* in a directory of the system's programs */
#define FACT_IN_LIB (UINT64_C(1) << 49)        /* in a directory of libraries */
#define FACT_ACCOUNT_FILE (UINT64_C(1) << 50)  /* /etc/passwd and its like */
#define FACT_AT_START (UINT64_C(1) << 51)      /* written while the container started */
#define FACT_BYTECODE (UINT64_C(1) << 52)      /* begins like compiled Python */
#define FACT_TEXT (UINT64_C(1) << 53)          /* begins with no control character */
#define FACT_NUMBER (UINT64_C(1) << 54)        /* begins with nothing but digits */
#define FACT_SOCKET (UINT64_C(1) << 55)
#define FACT_FIFO (UINT64_C(1) << 56)
#define FACT_WAS_DIRECTORY (UINT64_C(1) << 57)
#define FACT_SERVER_SCRIPT (UINT64_C(1) << 58) /* begins like PHP, JSP or ASP */
#define FACT_LINK_OUT (UINT64_C(1) << 59)      /* a link into /proc or /sys that no runtime makes */
#define FACT_ATTRIBUTES (UINT64_C(1) << 60)    /* extended attributes came or changed */
#define FACT_READ (UINT64_C(1) << 61)          /* its first bytes are known, or it is empty */

#define FACT_BACKDATED (UINT64_C(1) << 62) /* says it was written before it could be */
#define FACT_IMPOSSIBLE_TIME                                                                       \
	(UINT64_C(1) << 63) /* a time that no clock of the container's gave                        \
			     */

/* Any of these makes a file a program. */
#define FACT_PROGRAM (SL_SIGNAL_ELF | SL_SIGNAL_SCRIPT | SL_SIGNAL_EXECUTABLE)

/* Whatever it looks like, something is known that speaks against it. */
#define FACT_INCRIMINATES                                                                          \
	(SL_SIGNAL_RUNNING | SL_SIGNAL_MAPPED | SL_SIGNAL_KNOWN_BAD | SL_SIGNAL_YARA)

/* Signals and facts together. @container says what is mounted where; may be NULL. */
uint64_t facts_of(const struct sl_change *c, const struct sl_container *container);

/* Where a path lies: signals and facts; @container as above. */
uint64_t facts_of_place(struct sl_bytes path, const struct sl_container *container);

/*
 * The name of one bit as rules spell it, NULL for an unknown one; and back: also the word "program"
 * for several bits, 0 for an unknown word. Part of the rules' format: append only.
 */
const char *facts_name(uint64_t bit);
uint64_t facts_find(const char *word);

/* What follows the last slash. */
struct sl_bytes facts_last_component(struct sl_bytes path);
/* The name is made to be overlooked or misread. */
bool facts_is_deceptive(struct sl_bytes name);
/* A symbolic link at @path leads into what is the host's; links on its way are not followed. */
bool facts_leads_out(struct sl_bytes path, struct sl_bytes target);

/* True when @path is @mount (absolute, as configured) or lies beneath it, seen from inside. */
enum facts_mount { FACTS_APART, FACTS_AT, FACTS_BENEATH, FACTS_ABOVE };
enum facts_mount facts_place(struct sl_bytes path, const char *mount);

#endif
