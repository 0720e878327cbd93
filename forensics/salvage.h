/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Members of a bundle out of whatever frames are left of it. Where frames are missing, the next
 * header that could be a member's is looked for; a member that lost its end is said to be partial.
 */
#ifndef FORENSICS_SALVAGE_H
#define FORENSICS_SALVAGE_H

#include "core/rfile.h"
#include "forensics/membername.h"

struct salvage_member {
	struct membername name;
	const char *text; /* safe bytes only, NUL-terminated; borrowed for the call */
	size_t text_len;
	uint64_t size;
	uint64_t offset;       /* byte in the file where the frame that holds its header begins */
	uint64_t frame;        /* number of that frame among those that are whole */
	uint64_t plain_offset; /* of its (last) header block in that frame */
};

struct salvage_events {
	int (*begin)(void *payload, const struct salvage_member *m, struct sl_error *err);
	int (*data)(void *payload, const uint8_t *bytes, size_t len, struct sl_error *err);
	int (*end)(void *payload, bool is_whole, struct sl_error *err);
	/* @bytes of the file from @offset on are no whole frame. */
	int (*damage)(void *payload, uint64_t offset, uint64_t bytes, struct sl_error *err);
	void *payload;
};

struct salvage_totals {
	uint64_t frames; /* that were whole */
	uint64_t
		stray_bytes; /* in these, of blocks that are neither zeros nor a bundle's members */
};

int salvage_run(struct rfile *bundle, const struct salvage_events *events,
		struct salvage_totals *totals, struct sl_error *err);

#endif
