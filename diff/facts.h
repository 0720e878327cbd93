/* SPDX-License-Identifier: Apache-2.0 */
/* What can be said about a change by looking at it alone. */
#ifndef DIFF_FACTS_H
#define DIFF_FACTS_H

#include <strandline/change.h>
#include <strandline/container.h>

/*
 * Signals and facts as one set. The low 64 bits are the public signals; above them stand facts that
 * only rules and severities need. A narrower mask would lose these: bits are taken out with
 * facts_without().
 */
__extension__ typedef unsigned __int128 fact_set;

#define FACT_SET(high, low) ((fact_set)(high) << 64 | (low))
#define FACT(n) FACT_SET(UINT64_C(1) << (n), 0)

static inline fact_set facts_without(fact_set facts, fact_set bits)
{
	return facts & ~bits;
}

#define FACT_EXEC_GAINED FACT(0)  /* an execute bit where there was none */
#define FACT_WRITE_GAINED FACT(1) /* write for others where there was none: mode or list */
#define FACT_OWNER_MOVED FACT(2)
#define FACT_MODE_MOVED FACT(3)
#define FACT_SETID FACT(4)     /* is setuid or setgid now */
#define FACT_REGULAR FACT(5)   /* is a regular file now */
#define FACT_DIRECTORY FACT(6) /* is a directory now */
#define FACT_LINK FACT(7)      /* is a symbolic link now */
#define FACT_BLOCK FACT(8)     /* is a block device now */
#define FACT_WAS_REGULAR FACT(9)
#define FACT_WAS_PROGRAM FACT(10) /* had an execute bit */
#define FACT_SHRUNK FACT(11)
#define FACT_DECEPTIVE FACT(12)     /* the name is made to be overlooked or misread */
#define FACT_FILLED FACT(13)        /* not an empty file and not a directory */
#define FACT_BENEATH_MOUNT FACT(14) /* strictly beneath a mount point */
#define FACT_DOT_NAME FACT(15)      /* the last component starts with a dot */
#define FACT_IN_BIN FACT(16)        /* in a directory of the system's programs */
#define FACT_IN_LIB FACT(17)        /* in a directory of libraries */
#define FACT_ACCOUNT_FILE FACT(18)  /* /etc/passwd and its like */
#define FACT_AT_START FACT(19)      /* written while the container started */
#define FACT_BYTECODE FACT(20)      /* begins like compiled Python */
#define FACT_TEXT FACT(21)          /* begins with no control character */
#define FACT_NUMBER FACT(22)        /* begins with nothing but digits */
#define FACT_SOCKET FACT(23)
#define FACT_FIFO FACT(24)
#define FACT_WAS_DIRECTORY FACT(25)
#define FACT_SERVER_SCRIPT FACT(26) /* begins like PHP, JSP or ASP */
#define FACT_LINK_OUT FACT(27)      /* a link into /proc or /sys that no runtime makes */
#define FACT_ATTRIBUTES FACT(28)    /* extended attributes came or changed */
#define FACT_READ FACT(29)          /* its first bytes are known, or it is empty */

#define FACT_BACKDATED FACT(30)       /* says it was written before it could be */
#define FACT_IMPOSSIBLE_TIME FACT(31) /* a time that no clock of the container's gave */
#define FACT_WHOLE_SECOND FACT(32)    /* mtime has no fraction, ctime has one: it was set */
#define FACT_BEFORE_BIRTH FACT(33)    /* says it was written before it was there itself */
#define FACT_IN_PLACE FACT(34)        /* other bytes in the image's own object, copied up */
#define FACT_PASSWORDS FACT(35)       /* begins like a list of accounts with their passwords */
#define FACT_ENCODED FACT(36)         /* begins like a program, written in letters */
#define FACT_HEX FACT(37)             /* begins with nothing but hexadecimal digits */
#define FACT_USUAL_LINK FACT(38)      /* a link that entry points make, made at the start */
#define FACT_QUEUED_MAIL FACT(39)     /* begins like a mail of Postfix's, and lies in its queue */
#define FACT_SECRETS FACT(40)  /* begins like a token, a cloud's keys or a safe of passwords */
#define FACT_PACKETS FACT(41)  /* begins like recorded packets of a network */
#define FACT_DUMP FACT(42)     /* begins like a database that was written out */
#define FACT_COMPILED FACT(43) /* begins like a program for another machine than this one */
#define FACT_LARGE_ATTRIBUTE                                                                       \
	FACT(44) /* an extended attribute holds more than a note, or a program */
/* One more than the highest of them. */
#define FACT_COUNT 45

/* Any of these makes a file a program. */
#define FACT_PROGRAM (SL_SIGNAL_ELF | SL_SIGNAL_SCRIPT | SL_SIGNAL_EXECUTABLE)

/* Whatever it looks like, something is known that speaks against it. */
#define FACT_INCRIMINATES                                                                          \
	(SL_SIGNAL_RUNNING | SL_SIGNAL_MAPPED | SL_SIGNAL_KNOWN_BAD | SL_SIGNAL_YARA)

/* Signals and facts together. @container says what is mounted where; may be NULL. */
fact_set facts_of(const struct sl_change *c, const struct sl_container *container);

/* Where a path lies: signals and facts; @container as above. */
fact_set facts_of_place(struct sl_bytes path, const struct sl_container *container);

/*
 * The name of one bit as rules spell it, NULL for an unknown one; and back: also the word "program"
 * for several bits, 0 for an unknown word. Part of the rules' format: append only.
 */
const char *facts_name(fact_set bit);
fact_set facts_find(const char *word);

/* The object was changed last while the container was made or started: FACT_AT_START. */
bool facts_is_at_start(const struct sl_entry *after, const struct sl_container *container);
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
