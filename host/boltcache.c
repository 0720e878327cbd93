/* SPDX-License-Identifier: Apache-2.0 */
#include "host/boltcache.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <sys/stat.h>

#include "core/cleanup.h"

/* Largest state that is read: daemons have hundreds of megabytes, forged files have holes. */
#define STATE_MAX ((uint64_t)16 << 30)
/* A page that belongs to the one before it. */
#define FROM_OVERFLOW UINT64_MAX
/* The pages that hold the meta pages. */
#define META_PAGES 2

int boltcache_open(struct boltcache *c, int fd, const struct boltmeta *state, struct sl_error *err)
{
	struct stat st;

	if (fstat(fd, &st) < 0)
		return sl_fail(err, SL_EIO, errno, "stat");
	*c = BOLTCACHE_CLOSED;
	c->state = *state;
	c->pages = (uint64_t)st.st_size / state->page_size;
	if (c->pages > state->high_water)
		c->pages = state->high_water;
	if (c->pages > STATE_MAX / state->page_size)
		return sl_fail(err, SL_ELIMIT, 0, "larger than %" PRIu64 " bytes", STATE_MAX);
	c->may_read = c->pages * state->page_size;
	c->may_read = c->may_read < BOLTCACHE_READS_MIN / BOLTCACHE_READS
			      ? BOLTCACHE_READS_MIN
			      : c->may_read * BOLTCACHE_READS;
	c->fd = fd;
	return 0;
}

static void drop_slots(struct boltcache *c)
{
	for (size_t i = 0; i < BOLTCACHE_SLOTS; i++) {
		boltcache_drop(c, c->slots[i]);
		c->slots[i] = NULL;
	}
}

void boltcache_close(struct boltcache *c)
{
	drop_slots(c);
	free(c->claims);
	*c = BOLTCACHE_CLOSED;
}

int boltcache_reserve(struct boltcache *c, size_t size, struct sl_error *err)
{
	if (size > BOLTCACHE_MAX - c->held)
		drop_slots(c);
	if (size > BOLTCACHE_MAX - c->held)
		return sl_fail(err, SL_ELIMIT, 0, "more than %zu bytes of memory", BOLTCACHE_MAX);
	c->held += size;
	return 0;
}

void boltcache_release(struct boltcache *c, size_t size)
{
	c->held -= size;
}

void boltcache_drop(struct boltcache *c, struct boltcache_page *p)
{
	if (p == NULL || --p->refs > 0)
		return;
	boltcache_release(c, p->size);
	free(p);
}

/* The place of @page in the table, or the free one where it belongs. */
static struct boltcache_claim *find_claim(struct boltcache_claim *claims, size_t cap, uint64_t page)
{
	size_t at = (size_t)((page * 0x9e3779b97f4a7c15u) >> 20) & (cap - 1);

	while (claims[at].page != 0 && claims[at].page != page)
		at = (at + 1) & (cap - 1);
	return &claims[at];
}

static int grow_claims(struct boltcache *c, struct sl_error *err)
{
	size_t cap = c->claim_cap == 0 ? 256 : c->claim_cap * 2;
	struct boltcache_claim *claims;
	int rc = boltcache_reserve(c, cap * sizeof(*claims), err);

	if (rc < 0)
		return rc;
	claims = calloc(cap, sizeof(*claims));
	if (claims == NULL) {
		boltcache_release(c, cap * sizeof(*claims));
		return sl_fail(err, SL_ENOMEM, 0, "pages");
	}
	for (size_t i = 0; i < c->claim_cap; i++)
		if (c->claims[i].page != 0)
			*find_claim(claims, cap, c->claims[i].page) = c->claims[i];
	boltcache_release(c, c->claim_cap * sizeof(*claims));
	free(c->claims);
	c->claims = claims;
	c->claim_cap = cap;
	return 0;
}

static int claim(struct boltcache *c, uint64_t id, uint64_t from, struct sl_error *err)
{
	struct boltcache_claim *place;
	int rc = 0;

	if (c->claim_count >= c->claim_cap / 4 * 3)
		rc = grow_claims(c, err);
	if (rc < 0)
		return rc;
	place = find_claim(c->claims, c->claim_cap, id);
	if (place->page != 0)
		return sl_fail(err, SL_EFORMAT, 0, "used in two places");
	*place = (struct boltcache_claim){.page = id, .from = from};
	c->claim_count++;
	return 0;
}

/* The page itself comes last: what failed once fails again. */
static int claim_all(struct boltcache *c, uint64_t id, uint32_t overflow, uint64_t from,
		     struct sl_error *err)
{
	const struct boltcache_claim *before =
		c->claim_cap > 0 ? find_claim(c->claims, c->claim_cap, id) : NULL;
	int rc = 0;

	if (before != NULL && before->page != 0 && before->from == from)
		return 0; /* read again */
	for (uint32_t i = overflow; rc == 0 && i > 0; i--)
		rc = claim(c, id + i, FROM_OVERFLOW, err);
	return rc == 0 ? claim(c, id, from, err) : rc;
}

/* Memory for a page of @size bytes. */
static int page_new(struct boltcache *c, size_t size, struct boltcache_page **out,
		    struct sl_error *err)
{
	int rc = boltcache_reserve(c, sizeof(**out) + size, err);

	if (rc < 0)
		return rc;
	*out = malloc(sizeof(**out) + size);
	if (*out == NULL) {
		boltcache_release(c, sizeof(**out) + size);
		return sl_fail(err, SL_ENOMEM, 0, "page");
	}
	**out = (struct boltcache_page){.size = sizeof(**out) + size, .refs = 1};
	return 0;
}

static int read_exactly(struct boltcache *c, uint8_t *dst, size_t len, uint64_t id,
			struct sl_error *err)
{
	int64_t n;

	if (len > c->may_read)
		return sl_fail(err, SL_ELIMIT, 0, "the file was read %d times over",
			       BOLTCACHE_READS);
	c->may_read -= len;
	n = boltmeta_pread(c->fd, dst, len, id * c->state.page_size, err);
	if (n < 0)
		return (int)n;
	return (size_t)n == len ? 0 : sl_fail(err, SL_EFORMAT, 0, "the file was cut");
}

/* Most pages have no overflow and cost one read. */
static int read_page(struct boltcache *c, uint64_t id, uint64_t from, struct boltcache_page **out,
		     struct sl_error *err)
{
	size_t len = (size_t)c->state.page_size;
	struct boltpage_header h;
	int rc = page_new(c, len, out, err);

	if (rc == 0)
		rc = read_exactly(c, (*out)->bytes, len, id, err);
	if (rc < 0)
		return rc;
	h = boltpage_header((*out)->bytes);
	if (h.overflow >= c->pages - id)
		return sl_fail(err, SL_EFORMAT, 0, "%" PRIu32 " pages more, of %" PRIu64 " in all",
			       h.overflow, c->pages);
	if (h.overflow > 0) {
		boltcache_drop(c, *out);
		*out = NULL;
		if (h.overflow >= BOLTCACHE_MAX / len)
			return sl_fail(err, SL_ELIMIT, 0, "larger than %zu bytes", BOLTCACHE_MAX);
		len *= (size_t)h.overflow + 1;
		rc = page_new(c, len, out, err);
		if (rc == 0)
			rc = read_exactly(c, (*out)->bytes, len, id, err);
	}
	if (rc == 0)
		rc = boltpage_check(&(*out)->page, (*out)->bytes, len, id, err);
	if (rc == 0)
		rc = claim_all(c, id, h.overflow, from, err);
	return rc;
}

int boltcache_get(struct boltcache *c, uint64_t id, uint64_t from, struct boltcache_page **out,
		  struct sl_error *err)
{
	struct boltcache_page **slot = &c->slots[id % BOLTCACHE_SLOTS];
	struct boltcache_page *p = NULL;
	int rc;

	*out = NULL;
	if (c->fd < 0)
		return sl_fail(err, SL_EINVAL, 0, "outside of a view");
	if (*slot != NULL && (*slot)->page.id == id && (*slot)->from == from) {
		(*slot)->refs++;
		*out = *slot;
		return 0;
	}
	if (id < META_PAGES || id >= c->state.high_water)
		rc = sl_fail(err, SL_EFORMAT, 0, "no page of this state");
	else if (id >= c->pages)
		rc = sl_fail(err, SL_EFORMAT, 0, "behind the end of the file");
	else
		rc = read_page(c, id, from, &p, err);
	if (rc < 0) {
		boltcache_drop(c, p);
		return sl_wrap(err, rc, "page %" PRIu64, id);
	}
	p->from = from;
	boltcache_drop(c, *slot);
	*slot = p;
	p->refs++;
	*out = p;
	return 0;
}
