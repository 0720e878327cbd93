/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A bundle segment by segment: payloads hashed or tapped as they pass, then the journal with its
 * checkpoint and key. The order of members is judged here; what they say is judged by verify.c.
 */
#ifndef FORENSICS_SEGMENT_H
#define FORENSICS_SEGMENT_H

#include <strandline/bundle.h>

#include "forensics/members.h"
#include "forensics/payloads.h"

/* Largest journal of a segment, which is held in memory. */
#define SEGMENT_JOURNAL_MAX (64u << 20)

/* Everything borrowed until the call after the next. */
struct segment {
	uint64_t number;
	struct payloads payloads; /* digests only when asked for */
	struct buf journal, note, key, close;
	uint64_t journal_offset, note_offset, close_offset; /* bytes in the file, of their frames */
	bool has_close;
};

/* Sees the payloads pass. Embed it as the first member of a larger struct. */
struct segment_tap {
	/* @return 0 to get its data, 1 to pass over it, negative to end the reading */
	int (*member)(struct segment_tap *tap, const struct member *m, struct sl_error *err);
	int (*data)(struct segment_tap *tap, const uint8_t *bytes, size_t len,
		    struct sl_error *err);
};

struct segments_options {
	unsigned int threads;
	bool hash;               /* fill in the digests of payloads: of those that are tapped */
	struct segment_tap *tap; /* borrowed, or NULL: then of all */
};

struct segments;

/* @file is borrowed until close. */
int segments_open(struct segments **out, struct rfile *file, const struct segments_options *options,
		  struct sl_error *err);
/*
 * The same where @file begins with some frame of a bundle and a member begins @skip plain bytes
 * behind: the first segment has what of its payloads is left from there on.
 */
int segments_open_at(struct segments **out, struct rfile *file, uint64_t skip,
		     const struct segments_options *options, struct sl_error *err);
void segments_close(struct segments *s);

/*
 * The next whole segment, borrowed until the call after the next: one thread may look at it while
 * another calls again. 0; 1 at the end; -SL_EFORMAT when the bytes
 * contradict the format; other codes when reading failed.
 */
int segments_next(struct segments *s, struct segment **out, struct sl_error *err);

/* After segments_next() returned 1: the whole tail is there. */
bool segments_is_closed(const struct segments *s);
uint64_t segments_offset(const struct segments *s);
/* Digests of README.txt and verify.sh, once the first segment is there. */
const uint8_t *segments_readme(const struct segments *s);
const uint8_t *segments_script(const struct segments *s);

#endif
