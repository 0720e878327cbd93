/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The tar members of a bundle, pulled one after the other, and the tail behind them.
 *
 * Strict where tar programs are lenient: regular members with at most one pax header each, names
 * from the grammar, nothing between members, nothing behind the tail.
 */
#ifndef FORENSICS_MEMBERS_H
#define FORENSICS_MEMBERS_H

#include "core/rfile.h"
#include "core/zframes.h"
#include "forensics/membername.h"

struct members;

struct member {
	struct membername name;
	const char *text; /* the name; safe bytes only, NUL-terminated */
	size_t text_len;
	uint64_t size;
	uint64_t offset; /* byte in the file where the frame that holds its header begins */
};

enum members_end {
	MEMBERS_END_CUT,    /* what is there ends before the tail is complete */
	MEMBERS_END_CLOSED, /* tar end and a true seek table, then nothing */
};

/*
 * @file is borrowed until close. It begins with some frame of a bundle, of whose plain bytes the
 * first @skip are passed over.
 */
int members_open_at(struct members **out, struct rfile *file, uint64_t skip, unsigned int threads,
		    struct sl_error *err);
void members_close(struct members *m);

/*
 * The next member, passing over unread content of the last one. 0; 1 at the end; -SL_EFORMAT when
 * the bytes contradict the format, with members_offset() where; other codes when reading failed.
 */
int members_next(struct members *m, const struct member **out, struct sl_error *err);
/* Content of the current member. 0; 1 at its end, or at a cut: then members_next() ends too. */
int members_data(struct members *m, const uint8_t **bytes, size_t *len, struct sl_error *err);

/* The frame that the bytes given last lie in, as zframes_hold() and zframes_release() have it. */
const struct zframe_view *members_frame(const struct members *m);
const struct zframe_view *members_hold(struct members *m);
void members_release(struct members *m, const struct zframe_view *frame);

/* After members_next() returned 1. */
enum members_end members_end(const struct members *m);
/* Where the frame begins that is being read, that failed or that was cut. */
uint64_t members_offset(const struct members *m);

#endif
