/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The records of job/relay.h: each structure as it lies in memory, and behind it what its pointers
 * lead to, in the order of its members.
 */
#ifndef JOB_RELAYCODE_H
#define JOB_RELAYCODE_H

#include <strandline/sink.h>

#include "core/buf.h"

/* Longest record: both sides of a change with all their attributes, and its lines. */
#define RELAY_RECORD ((size_t)64 << 20)

enum relay_type {
	RELAY_CONTAINER = 1,
	RELAY_FINDING,
	RELAY_GAP,
	RELAY_CONTAINER_END,
	RELAY_SAY,
	RELAY_END,
};

struct relay_head {
	uint64_t len; /* of the record behind it */
	enum relay_type type;
};

/* ---- writing: a failure stays in the buffer ---- */

void relaycode_put(struct buf *b, const void *bytes, size_t len);
void relaycode_put_text(struct buf *b, const char *text); /* NULL stays NULL */
void relaycode_put_subject(struct buf *b, const struct sl_subject *s);
void relaycode_put_finding(struct buf *b, const struct sl_finding *f);
void relaycode_put_gap(struct buf *b, const struct sl_gap *gap);
void relaycode_put_summary(struct buf *b, const struct sl_summary *s);

/* ---- reading: what comes out borrows from the record and from the reader ---- */

#define RELAY_LISTS_MAX 8

struct relay_reader {
	const char *at, *end;
	bool is_bad; /* a record that is none, or no memory; everything is empty then */
	void *lists[RELAY_LISTS_MAX];
	size_t list_count;
};

void relaycode_take(struct relay_reader *r, void *out, size_t len);
const char *relaycode_take_text(struct relay_reader *r);
void relaycode_clear(struct relay_reader *r);

/* What a finding points to, too. */
struct relaycode_finding {
	struct sl_finding finding;
	struct sl_change change;
	struct sl_entry before, after;
	struct sl_package package;
};

void relaycode_take_subject(struct relay_reader *r, struct sl_subject *out);
void relaycode_take_finding(struct relay_reader *r, struct relaycode_finding *out);
void relaycode_take_gap(struct relay_reader *r, struct sl_gap *out);
void relaycode_take_summary(struct relay_reader *r, struct sl_summary *out);

#endif
