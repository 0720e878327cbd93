/* SPDX-License-Identifier: Apache-2.0 */
#include "snapshot/checkowner.h"

#include "core/cleanup.h"

#define LEAST_MOVED 16
#define FIRST_SUBORDINATE 65536

/* Distinct moves, or owners, that are counted; whoever fills the table finds nothing. */
#define TALLY_MAX 32

struct tally {
	struct {
		uint32_t uid, gid;
		uint64_t count;
	} rows[TALLY_MAX];
	size_t used;
};

struct survey {
	struct tally shifts, owners;
	uint64_t entries;
};

static void tally_add(struct tally *t, uint32_t uid, uint32_t gid)
{
	size_t i = 0;

	while (i < t->used && (t->rows[i].uid != uid || t->rows[i].gid != gid))
		i++;
	if (i == TALLY_MAX)
		return;
	if (i == t->used) {
		t->rows[t->used].uid = uid;
		t->rows[t->used].gid = gid;
		t->rows[t->used++].count = 0;
	}
	t->rows[i].count++;
}

static bool is_compared(const struct sl_entry *disk, const struct sl_entry *stored)
{
	const uint32_t without =
		SL_ENTRY_IMPLIED | SL_ENTRY_AMBIGUOUS | SL_ENTRY_UNRESOLVED | SL_ENTRY_WHITEOUT;

	return stored->path.len > 0 && ((stored->flags | disk->flags) & without) == 0;
}

/* Step one side; *e is NULL at its end. */
static int step(struct sl_source *src, const struct sl_entry **e, struct sl_error *err)
{
	int rc = sl_source_next(src, e, err);

	if (rc == 1)
		*e = NULL;
	return rc < 0 ? rc : 0;
}

static int count(struct survey *s, struct sl_source *disk, struct sl_source *stored,
		 struct sl_error *err)
{
	const struct sl_entry *a, *b;
	int rc = step(disk, &a, err);

	if (rc == 0)
		rc = step(stored, &b, err);
	while (rc == 0 && a != NULL && b != NULL) {
		int order = sl_path_compare(a->path, b->path);

		if (order == 0 && is_compared(a, b)) {
			s->entries++;
			tally_add(&s->shifts, a->uid - b->uid, a->gid - b->gid);
			tally_add(&s->owners, a->uid, a->gid);
		}
		while (sl_source_gap(disk) != NULL)
			continue;
		if (order <= 0)
			rc = step(disk, &a, err);
		if (rc == 0 && order >= 0)
			rc = step(stored, &b, err);
	}
	return rc;
}

static bool is_most(uint64_t part, uint64_t whole)
{
	return part >= whole - whole / 10;
}

/* A move downwards, which counts as a very large number, leads to ids that images do use. */
static bool is_subordinate(uint32_t shift)
{
	return shift >= FIRST_SUBORDINATE && shift < 1u << 31;
}

static void find_shift(struct checkowner *out, const struct survey *s)
{
	for (size_t i = 0; i < s->shifts.used; i++) {
		uint32_t uid = s->shifts.rows[i].uid, gid = s->shifts.rows[i].gid;
		uint64_t moved = s->shifts.rows[i].count;
		bool is_range = is_subordinate(uid) && is_subordinate(gid);

		if ((uid != 0 || gid != 0) && is_most(moved, s->entries) &&
		    (is_range || moved >= LEAST_MOVED))
			*out = (struct checkowner){CHECKOWNER_SHIFTED, uid, gid, moved};
	}
}

static void find_squash(struct checkowner *out, const struct survey *s)
{
	uint64_t same = 0;

	for (size_t i = 0; i < s->shifts.used; i++)
		if (s->shifts.rows[i].uid == 0 && s->shifts.rows[i].gid == 0)
			same = s->shifts.rows[i].count;
	for (size_t i = 0; i < s->owners.used; i++) {
		uint64_t count = s->owners.rows[i].count;

		/* of those that are this owner's, some were so before */
		if (is_most(count, s->entries) && count >= same + LEAST_MOVED)
			*out = (struct checkowner){CHECKOWNER_SQUASHED, s->owners.rows[i].uid,
						   s->owners.rows[i].gid, count - same};
	}
}

int checkowner_survey(struct checkowner *out, struct sl_source *disk, struct sl_source *stored,
		      struct sl_error *err)
{
	struct survey s = {.entries = 0};
	int rc = count(&s, disk, stored, err);

	*out = (struct checkowner){CHECKOWNER_NONE, 0, 0, 0};
	if (rc < 0)
		return rc;
	find_shift(out, &s);
	if (out->kind == CHECKOWNER_NONE)
		find_squash(out, &s);
	return 0;
}

bool checkowner_fits(const struct checkowner *o, const struct sl_entry *disk,
		     const struct sl_entry *stored)
{
	switch (o->kind) {
	case CHECKOWNER_SHIFTED:
		return disk->uid == stored->uid + o->uid && disk->gid == stored->gid + o->gid;
	case CHECKOWNER_SQUASHED:
		return disk->uid == o->uid && disk->gid == o->gid;
	case CHECKOWNER_NONE:
	default:
		return disk->uid == stored->uid && disk->gid == stored->gid;
	}
}
