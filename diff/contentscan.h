/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What is looked for in the whole of a file while it is read for other reasons: servers' code
 * (diff/servercode.h), miners (diff/minercode.h), shells and programs (diff/shellcode.h).
 */
#ifndef DIFF_CONTENTSCAN_H
#define DIFF_CONTENTSCAN_H

#include <strandline/change.h>

#include "diff/servercode.h"

/*
 * Looking costs about a fifth of a digest: of a large file it is done in its first and its last
 * bytes. A file that is made of beginnings of marks would cost far more, so that these are counted.
 * What was left out shows as SL_SIGNAL_PARTLY_SEARCHED.
 */
#define CONTENTSCAN_HEAD ((uint64_t)8 << 20)
#define CONTENTSCAN_TAIL ((uint64_t)1 << 20)
#define CONTENTSCAN_PLACES_MAX (UINT64_C(1) << 18)

/* Zero it, say the size, feed it all bytes in order. */
struct contentscan {
	uint64_t size;                     /* of the file, as far as is known */
	uint64_t signals;                  /* found so far */
	uint64_t looked;                   /* places */
	uint64_t seen;                     /* bytes */
	uint32_t settings;                 /* of a miner */
	size_t lines;                      /* of texts that were judged */
	bool is_object;                    /* begins like a JSON object */
	bool is_program;                   /* begins like an ELF file */
	bool may_mine;                     /* is something that pools are looked for in */
	uint8_t tail[SERVERCODE_MARK_MAX]; /* what a mark may have begun in */
	size_t tail_len;
};

void contentscan_feed(struct contentscan *s, const void *bytes, size_t len);

/* The same as flags of a recorded entry (enum sl_entry_flag), and back. */
uint32_t contentscan_flags(uint64_t signals);
uint64_t contentscan_signals(uint32_t flags);

#endif
