/* SPDX-License-Identifier: Apache-2.0 */
/* The payload members of one segment, until its journal says what they should have been. */
#ifndef FORENSICS_PAYLOADS_H
#define FORENSICS_PAYLOADS_H

#include <strandline/error.h>

#include "core/buf.h"

/* Most payload members in a segment: 2 seconds of empty files, with room to spare. */
#define PAYLOADS_MAX (1u << 19)
#define PAYLOADS_NAMES_MAX (64u << 20)

struct payload {
	uint64_t seq; /* of the record it belongs to, from its name */
	size_t name, name_len;
	uint64_t bytes;
	uint64_t offset; /* byte in the file where its frame begins */
	uint8_t sha256[SL_SHA256_SIZE];
	bool is_claimed;   /* a record named it */
	unsigned int copy; /* recover: which file of that name holds it; 0: none */
};

struct payloads {
	struct payload *items;
	size_t count, cap;
	struct buf names;
	bool is_sorted;
};

#define PAYLOADS_INIT ((struct payloads){.names = BUF_INIT(PAYLOADS_NAMES_MAX), .is_sorted = true})

void payloads_reset(struct payloads *p);
void payloads_clear(struct payloads *p);
/* 0; -SL_ELIMIT by name; -SL_ENOMEM. @item's name is set here. */
int payloads_add(struct payloads *p, const struct payload *item, const char *name, size_t len,
		 struct sl_error *err);
/* Put them in order. A name that is there twice is -SL_EFORMAT, @twice says where. */
int payloads_sort(struct payloads *p, const struct payload **twice, struct sl_error *err);
/* Borrowed; NULL when there is none. Only after payloads_sort(). Of several, the first. */
struct payload *payloads_find(struct payloads *p, uint64_t seq, const char *name, size_t len);
const char *payloads_name(const struct payloads *p, const struct payload *item);

#endif
