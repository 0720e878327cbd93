/* SPDX-License-Identifier: Apache-2.0 */
#include "diff/packageclaims.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

#include "core/digest.h"

#define FIRST_ROOM ((size_t)1024)

/* An eighth of the slots stays free, so that a search ends soon. */
static size_t most(size_t room)
{
	return room / 8 * 7;
}

int packageclaims_init(struct packageclaims *c, struct sl_error *err)
{
	*c = (struct packageclaims){0};
	if (getrandom(&c->seed, sizeof(c->seed), 0) != (ssize_t)sizeof(c->seed))
		return sl_fail(err, SL_EIO, errno, "random bytes");
	return 0;
}

void packageclaims_clear(struct packageclaims *c)
{
	free(c->slots);
	*c = (struct packageclaims){0};
}

/* Where the claim of a path is, or would be. There is always a free slot. */
static struct package_claim *slot_of(struct package_claim *slots, size_t room, uint64_t path)
{
	size_t i = (size_t)path & (room - 1);

	while (slots[i].is_used && slots[i].path != path)
		i = (i + 1) & (room - 1);
	return &slots[i];
}

static int grow(struct packageclaims *c, struct sl_error *err)
{
	size_t room = c->room == 0 ? FIRST_ROOM : c->room * 2;
	struct package_claim *slots;

	if (c->count < most(c->room))
		return 0;
	if (c->count == PACKAGE_CLAIMS_MAX)
		return sl_fail(err, SL_ELIMIT, 0, "more than %zu files of packages",
			       PACKAGE_CLAIMS_MAX);
	slots = calloc(room, sizeof(*slots));
	if (slots == NULL)
		return sl_fail(err, SL_ENOMEM, 0, "packages");
	for (size_t i = 0; i < c->room; i++)
		if (c->slots[i].is_used)
			*slot_of(slots, room, c->slots[i].path) = c->slots[i];
	free(c->slots);
	c->slots = slots;
	c->room = room;
	return 0;
}

/* Whatever the order in which two claims come, the same one is kept. */
static bool is_better(const struct package_claim *a, const struct package_claim *b)
{
	if (a->kind != b->kind)
		return a->kind > b->kind;
	if (a->package != b->package)
		return a->package < b->package;
	return memcmp(a->digest, b->digest, sizeof(a->digest)) < 0;
}

int packageclaims_add(struct packageclaims *c, struct sl_bytes path, struct package_claim claim,
		      struct sl_error *err)
{
	struct package_claim *slot = NULL;
	int rc;

	claim.path = xxh3_seeded(path.data, path.len, c->seed);
	claim.is_used = true;
	if (c->room > 0)
		slot = slot_of(c->slots, c->room, claim.path);
	if (slot == NULL || !slot->is_used) {
		rc = grow(c, err);
		if (rc < 0)
			return rc;
		slot = slot_of(c->slots, c->room, claim.path);
	}
	if (slot->is_used && !is_better(&claim, slot))
		return 0;
	c->count += !slot->is_used;
	*slot = claim;
	return 0;
}

const struct package_claim *packageclaims_find(const struct packageclaims *c, struct sl_bytes path)
{
	const struct package_claim *slot;

	if (c->count == 0)
		return NULL;
	slot = slot_of(c->slots, c->room, xxh3_seeded(path.data, path.len, c->seed));
	return slot->is_used ? slot : NULL;
}
