/* SPDX-License-Identifier: Apache-2.0 */
/* What special members of a tar (extended headers, GNU long names) say about the next one. */
#ifndef SNAPSHOT_TARSPECIAL_H
#define SNAPSHOT_TARSPECIAL_H

#include "core/buf.h"
#include "snapshot/tarhead.h"
#include "snapshot/tarpax.h"

struct tarspecial {
	struct buf pax_body, pax_pairs, long_name, long_link;
	struct tarpax pax; /* borrows from pax_body and pax_pairs */
	bool has_pax, has_long_name, has_long_link;
};

/* Bodies of more than @max_pax and @max_name bytes do not fit their buffers. */
void tarspecial_init(struct tarspecial *s, size_t max_pax, size_t max_name);
/* A new member: nothing was said about it yet. Memory is kept. */
void tarspecial_reset(struct tarspecial *s);
void tarspecial_clear(struct tarspecial *s);

/* The buffer that a member of this @type belongs into; NULL when it is no such member. */
struct buf *tarspecial_body(struct tarspecial *s, char type);
/* The buffer has the whole body. -SL_EFORMAT, -SL_ELIMIT, -SL_ENOMEM. */
int tarspecial_take(struct tarspecial *s, char type, const struct sl_limits *limits,
		    struct sl_error *err);

/* What holds for the member of @head, which the texts may be borrowed from; not cleaned. */
struct sl_bytes tarspecial_name(const struct tarspecial *s, const struct tarhead *head);
struct sl_bytes tarspecial_link(const struct tarspecial *s, const struct tarhead *head);
uint64_t tarspecial_size(const struct tarspecial *s, const struct tarhead *head);

#endif
