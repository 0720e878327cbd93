/* SPDX-License-Identifier: Apache-2.0 */
#include "job/volumefile.h"

#include <errno.h>
#include <string.h>

#include "core/cleanup.h"
#include "core/clock.h"
#include "core/digest.h"
#include "diff/contentscan.h"
#include "diff/magic.h"
#include "job/hashlists.h"
#include "job/meaning_yara.h"

/* Of the contents of one mount. */
#define BYTES_MAX (UINT64_C(4) << 30)

struct volumefile {
	struct meaning *meaning;
	struct sha256 *sha256;
	uint64_t deadline, left;
	uint64_t bytes; /* of the file at hand */
	struct yara_matches matches;
};

/* What takes the bytes of one read. */
struct taking {
	struct sl_tap tap;
	struct volumefile *file;
	uint8_t *head; /* only the beginning is wanted */
	size_t head_len, head_max;
	struct buf *keep; /* all of it, too */
	bool is_late;
	struct contentscan scan; /* of the piece that the beginning came in */
};

void volumefile_free(struct volumefile *f)
{
	if (f != NULL)
		sha256_free(f->sha256);
	free(f);
}

int volumefile_new(struct volumefile **out, struct meaning *m, struct sl_error *err)
{
	struct volumefile *f = calloc(1, sizeof(*f));
	int rc = f != NULL ? sha256_new(&f->sha256, err) : sl_fail(err, SL_ENOMEM, 0, "volume");

	if (rc < 0) {
		volumefile_free(f);
		return rc;
	}
	f->meaning = m;
	*out = f;
	return 0;
}

void volumefile_start(struct volumefile *f, uint64_t deadline)
{
	f->deadline = deadline;
	f->left = BYTES_MAX;
}

bool volumefile_reads_all(const struct volumefile *f)
{
	return f->meaning->request->hashes != NULL || f->meaning->yara != NULL;
}

uint64_t volumefile_bytes(const struct volumefile *f)
{
	return f->bytes;
}

void volumefile_forget(struct volumefile *f)
{
	f->bytes = 0;
	f->matches.count = 0;
}

void volumefile_told(struct volumefile *f, struct sl_bytes path)
{
	if (f->matches.count > 0)
		yara_remember(f->meaning->yara, path, &f->matches);
}

static int take(struct sl_tap *tap, const void *bytes, size_t len, struct sl_error *err)
{
	struct taking *t = container_of(tap, struct taking, tap);

	if (t->head != NULL) {
		size_t room = t->head_max - t->head_len, n = len < room ? len : room;

		t->file->bytes += n;
		contentscan_feed(&t->scan, bytes, len);
		memcpy(t->head + t->head_len, bytes, n);
		t->head_len += n;
		return t->head_len == t->head_max ? -SL_ECANCELLED : 0;
	}
	t->file->bytes += len;
	t->file->left -= len < t->file->left ? len : t->file->left;
	sha256_update(t->file->sha256, bytes, len);
	if (t->keep != NULL && buf_append(t->keep, bytes, len) < 0) {
		if (t->keep->status != -SL_ELIMIT)
			return sl_fail(err, SL_ENOMEM, 0, "volume");
		t->keep = NULL; /* it has grown past the bound */
	}
	t->is_late = clock_boot_ns() > t->file->deadline || job_stopped(t->file->meaning->job);
	return t->is_late ? -SL_ECANCELLED : 0;
}

/* 0; 1 and *why; negative. */
static int run(struct taking *t, struct sl_source *source, struct sl_read *read, const char **why,
	       int *sys, struct sl_error *err)
{
	CLEANUP(sl_error_clear) struct sl_error own = SL_ERROR_INIT;
	struct sl_tap *taps[] = {&t->tap};
	struct sl_content *content = NULL;
	int rc = sl_source_open(source, &content, &own);

	t->tap.data = take;
	if (rc == 0)
		rc = sl_content_read(content, taps, 1, read, &own);
	sl_content_close(content);
	if (rc == -SL_ENOMEM)
		return sl_fail(err, SL_ENOMEM, 0, "volume");
	if (rc == -SL_ECANCELLED && !t->is_late)
		rc = 0; /* the beginning is all that was wanted */
	if (rc == 0 && read->sys == 0)
		return 0;
	*why = t->is_late ? "its mount takes longer than 60 seconds: not read to its end"
			  : "cannot be read";
	*sys = read->sys != 0 ? read->sys : own.sys;
	return 1;
}

int volumefile_begin(struct volumefile *f, struct sl_source *source, struct sl_change *c,
		     struct sl_entry *e, const char **why, int *sys, struct sl_error *err)
{
	uint8_t head[MAGIC_WINDOW];
	struct taking t = {.file = f, .head = head, .head_max = sizeof(head)};
	struct sl_read read = {0};
	int rc = run(&t, source, &read, why, sys, err);

	(void)e;
	if (rc != 0)
		return rc < 0 ? rc : 0;
	c->head_len = (uint8_t)(t.head_len < sizeof(c->head) ? t.head_len : sizeof(c->head));
	memcpy(c->head, head, c->head_len);
	c->signals |= magic_signals(head, t.head_len) | t.scan.signals;
	return 0;
}

static int find_in_lists(struct volumefile *f, struct sl_change *c, const struct sl_entry *e,
			 struct sl_error *err)
{
	struct hash_match match = {0};
	int rc;

	if (f->meaning->request->hashes == NULL)
		return 0;
	rc = hashlists_find(f->meaning->request->hashes, e->sha256, &match, err);
	if (rc == 0 && match.is_bad)
		c->signals |= SL_SIGNAL_KNOWN_BAD;
	return rc < 0 ? rc : 0;
}

int volumefile_read(struct volumefile *f, struct sl_source *source, struct sl_change *c,
		    struct sl_entry *e, const char **why, int *sys, struct sl_error *err)
{
	struct buf *keep = f->meaning->yara != NULL && e->size <= YARA_BYTES_MAX
				   ? yara_buffer(f->meaning->yara)
				   : NULL;
	struct taking t = {.file = f, .keep = keep};
	struct sl_read read = {0};
	int rc;

	if (e->size > f->left) {
		*why = "more than 4 GiB in its mount: not read";
		return 0;
	}
	sha256_reset(f->sha256);
	rc = run(&t, source, &read, why, sys, err);
	if (rc != 0)
		return rc < 0 ? rc : 0;
	rc = sha256_final(f->sha256, e->sha256, err);
	if (rc < 0)
		return rc;
	e->fields |= SL_ENTRY_SHA256;
	e->size = read.bytes;
	c->signals |= read.changed ? (uint64_t)SL_SIGNAL_UNSTABLE : 0;
	rc = find_in_lists(f, c, e, err);
	if (rc < 0 || f->meaning->yara == NULL)
		return rc;
	if (t.keep == NULL) {
		*why = YARA_TOO_LARGE;
		return 0;
	}
	rc = yara_find(f->meaning->yara, keep, &f->matches, why, err);
	if (rc == 0 && f->matches.count > 0)
		c->signals |= SL_SIGNAL_YARA;
	return rc;
}
