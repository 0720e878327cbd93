/* SPDX-License-Identifier: Apache-2.0 */
#include "diff/reading.h"

#include <string.h>

#include <strandline/change.h>

#include "core/cleanup.h"
#include "core/clock.h"
#include "core/digest.h"
#include "diff/contentscan.h"
#include "diff/magic.h"

const char reading_no_time[] = "the time for this container is over";

struct hasher {
	struct sha256 *sha256, *prefix;
	struct xxh3 *xxh3;
	const volatile sig_atomic_t *stop; /* borrowed, or NULL */
	uint64_t deadline_ns;
};

struct head_tap {
	struct sl_tap tap;
	uint8_t window[MAGIC_WINDOW];
	size_t len;
	struct contentscan scan;
	const struct hasher *hasher; /* borrowed */
	uint64_t prefix_left;        /* bytes that its digest still wants */
	const char *why;             /* it was told to end early, or NULL */
};

int hasher_new(struct hasher **out, const volatile sig_atomic_t *stop, uint64_t deadline_ns,
	       struct sl_error *err)
{
	struct hasher *h = calloc(1, sizeof(*h));
	int rc;

	if (h == NULL)
		return sl_fail(err, SL_ENOMEM, 0, "hash contexts");
	rc = sha256_new(&h->sha256, err);
	if (rc == 0)
		rc = sha256_new(&h->prefix, err);
	if (rc == 0)
		rc = xxh3_new(&h->xxh3, err);
	if (rc < 0) {
		hasher_free(h);
		return rc;
	}
	h->stop = stop;
	h->deadline_ns = deadline_ns;
	*out = h;
	return 0;
}

void hasher_free(struct hasher *h)
{
	if (h == NULL)
		return;
	sha256_free(h->sha256);
	sha256_free(h->prefix);
	xxh3_free(h->xxh3);
	free(h);
}

/* Why nothing more is to be read, or NULL. */
static const char *must_end(const struct hasher *h)
{
	if (h->stop != NULL && *h->stop != 0)
		return "interrupted";
	return h->deadline_ns != 0 && clock_boot_ns() >= h->deadline_ns ? reading_no_time : NULL;
}

static int keep_head(struct sl_tap *tap, const void *bytes, size_t len, struct sl_error *err)
{
	struct head_tap *t = container_of(tap, struct head_tap, tap);
	size_t room = sizeof(t->window) - t->len;
	size_t take = len < room ? len : room;

	t->why = must_end(t->hasher);
	if (t->why != NULL)
		return sl_fail(err, SL_ECANCELLED, 0, "%s", t->why);
	if (take > 0)
		memcpy(t->window + t->len, bytes, take);
	t->len += take;
	take = t->prefix_left < len ? (size_t)t->prefix_left : len;
	if (take > 0)
		sha256_update(t->hasher->prefix, bytes, take);
	t->prefix_left -= take;
	contentscan_feed(&t->scan, bytes, len);
	return 0;
}

static void take_head(struct reading *r, const struct head_tap *t)
{
	r->head_len = (uint8_t)(t->len < READING_HEAD ? t->len : READING_HEAD);
	memcpy(r->head, t->window, r->head_len);
	r->signals = magic_signals(t->window, t->len) | t->scan.signals;
}

/* One attempt. Returns true when the file held still. */
static bool read_once(struct reading *r, struct hasher *h)
{
	struct head_tap head = {.tap.data = keep_head,
				.scan.size = r->expected,
				.prefix_left = r->prefix,
				.hasher = h};
	struct digest_tap digest;
	struct sl_tap *taps[] = {&digest.tap, &head.tap};
	struct sl_read result;
	int rc;

	r->fields = 0;
	sha256_reset(h->prefix);
	digest_tap_init(&digest, r->want_sha256 ? h->sha256 : NULL, r->want_xxh3 ? h->xxh3 : NULL);
	rc = sl_content_read(r->content, taps, ARRAY_SIZE(taps), &result, NULL);
	take_head(r, &head);
	r->size = result.bytes;
	r->bytes_read += result.bytes;
	r->mtime = result.mtime;
	r->ctime = result.ctime;
	r->has_times = result.has_times;
	if (rc < 0 || result.sys != 0) {
		r->why = head.why != NULL ? head.why : "reading ended early";
		r->sys = result.sys;
		return true;
	}
	if (r->want_sha256) {
		if (sha256_final(h->sha256, r->sha256, NULL) < 0) {
			r->why = "could not be hashed";
			return true;
		}
		r->fields |= SL_ENTRY_SHA256;
	}
	r->has_prefix = r->prefix > 0 && head.prefix_left == 0 &&
			sha256_final(h->prefix, r->prefix_sha256, NULL) == 0;
	if (r->want_xxh3) {
		xxh3_final(h->xxh3, r->xxh3);
		r->fields |= SL_ENTRY_XXH3;
	}
	return !result.changed && !result.is_short;
}

void reading_run(struct reading *r, struct hasher *h)
{
	bool is_second = false;

	if (r->content == NULL)
		return;
	/* before the first byte: who maps it later makes its times move with the first write */
	r->is_quiet = r->want_quiet && sl_content_is_quiet(r->content);
	if (!read_once(r, h)) {
		is_second = true;
		r->is_quiet = false;
		r->is_unstable = !read_once(r, h);
	}
	/* the first read found it as the walk saw it */
	r->has_times = r->has_times && is_second;
	sl_content_close(r->content);
	r->content = NULL;
}

void reading_clear(struct reading *r)
{
	sl_content_close(r->content);
	r->content = NULL;
}

void reading_apply(const struct reading *r, struct sl_entry *e)
{
	const uint32_t digests = SL_ENTRY_SHA256 | SL_ENTRY_XXH3 | SL_ENTRY_CACHED;

	if (r->why != NULL) {
		/* a digest that came along says nothing about bytes that cannot be read now */
		e->fields &= ~digests;
		return;
	}
	if (r->fields == 0)
		return;
	e->fields = (e->fields & ~digests) | r->fields;
	e->size = r->size;
	if (r->has_times) {
		e->mtime = r->mtime;
		e->ctime = r->ctime;
	}
	memcpy(e->sha256, r->sha256, sizeof(e->sha256));
	memcpy(e->xxh3, r->xxh3, sizeof(e->xxh3));
}
