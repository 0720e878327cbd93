/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A comparison that reads takes the digest of a log's beginning as it goes. A capture reads before
 * it knows how long the log was in the image, and has its logs read once more for this: they may
 * have grown since, so that as many bytes as were recorded are held against their digest.
 */
#include "job/meaning_rewritten.h"

#include <stdlib.h>
#include <string.h>

#include "core/cleanup.h"
#include "core/digest.h"
#include "diff/logprefix.h"
#include "job/contents.h"

/* Logs that are longer are left out, which is said. */
#define BYTES_MAX (UINT64_C(256) << 20)

/* One log, while it is read. */
struct reading_again {
	struct sl_tap tap;
	struct sha256 *hash, *beginning;
	uint64_t seen, prefix, all; /* bytes */
};

static void feed_until(struct reading_again *r, const char **bytes, size_t *len, uint64_t end)
{
	uint64_t left = end > r->seen ? end - r->seen : 0;
	size_t take = left < *len ? (size_t)left : *len;

	sha256_update(r->hash, *bytes, take);
	r->seen += take;
	*bytes += take;
	*len -= take;
}

static int feed(struct sl_tap *tap, const void *data, size_t len, struct sl_error *err)
{
	struct reading_again *r = container_of(tap, struct reading_again, tap);
	const char *bytes = data;

	(void)err;
	if (r->seen < r->prefix) {
		feed_until(r, &bytes, &len, r->prefix);
		if (r->seen == r->prefix)
			sha256_copy(r->beginning, r->hash);
	}
	feed_until(r, &bytes, &len, r->all);
	return 0;
}

/* 1: it begins as the image's, or it cannot be told. */
static int judge(struct reading_again *r, const struct sl_change *c, struct sl_error *err)
{
	uint8_t digest[SL_SHA256_SIZE];
	int rc = r->seen == r->all ? sha256_final(r->hash, digest, err) : 1;

	if (rc == 0 && memcmp(digest, c->after->sha256, sizeof(digest)) != 0)
		rc = 1; /* other bytes than were recorded */
	if (rc == 0)
		rc = sha256_final(r->beginning, digest, err);
	if (rc == 0)
		rc = memcmp(digest, c->before->sha256, sizeof(digest)) == 0;
	return rc;
}

static int look(const struct comparison *comparison, const struct sl_change *c, uint64_t prefix,
		struct sl_error *err)
{
	struct reading_again r = {.tap = {feed}, .prefix = prefix, .all = c->after->size};
	struct sl_tap *taps[] = {&r.tap};
	struct sl_content *content = NULL;
	struct contents *contents = NULL;
	struct sl_read read = {0};
	int rc = contents_open(&contents, comparison, err);

	if (rc == 0)
		rc = contents_get(contents, CONTENTS_AFTER, c->path, &content, err);
	if (rc == 0)
		rc = sha256_new(&r.hash, err);
	if (rc == 0)
		rc = sha256_new(&r.beginning, err);
	if (rc == 0)
		rc = sl_content_read(content, taps, 1, &read, err);
	if (rc == 0)
		rc = judge(&r, c, err);
	sl_content_close(content);
	sha256_free(r.hash);
	sha256_free(r.beginning);
	contents_free(contents);
	return rc;
}

static int mark(void *payload, struct sl_finding *f, struct sl_change *c, struct sl_error *err)
{
	CLEANUP(sl_error_clear) struct sl_error failed = SL_ERROR_INIT;
	uint64_t prefix = logprefix_wanted(c->before, c->after);
	int rc;

	(void)f;
	if (prefix == 0 || c->kind != SL_CHANGE_MODIFIED ||
	    (c->signals & (SL_SIGNAL_UNSTABLE | SL_SIGNAL_REWRITTEN)) != 0 ||
	    (c->before->fields & c->after->fields & SL_ENTRY_SHA256) == 0)
		return 0;
	if (c->after->size > BYTES_MAX) {
		c->signals |= SL_SIGNAL_PARTLY_SEARCHED;
		return 0;
	}
	rc = look(payload, c, prefix, &failed);
	if (rc == -SL_ENOMEM || rc == -SL_ECANCELLED)
		return sl_fail(err, -rc, failed.sys, "%s", sl_error_text(&failed));
	if (rc == 0)
		c->signals |= SL_SIGNAL_REWRITTEN;
	return 0;
}

int meaning_add_rewritten(struct meaning *m, struct sl_error *err)
{
	const void *comparison = m->comparison;

	if (!m->request->is_recorded)
		return 0;
	return meaning_mark(m, (struct drift_step){mark, (void *)(uintptr_t)comparison}, err);
}
