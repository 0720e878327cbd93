/* SPDX-License-Identifier: Apache-2.0 */
#include "property/treelist.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "core/buf.h"
#include "core/cleanup.h"
#include "core/encode.h"
#include "core/quote.h"

static void put_content(struct buf *b, struct sl_source *src)
{
	char hex[2 * SL_SHA256_SIZE + 1];
	uint8_t digest[SL_SHA256_SIZE];
	struct sl_error err = SL_ERROR_INIT;
	struct sl_content *c = NULL;
	struct digest_tap tap;
	struct sl_tap *taps[1];
	struct sha256 *h;
	struct sl_read read;

	if (sl_source_open(src, &c, &err) != 0) {
		(void)buf_printf(b, " unread(%s)", sl_error_text(&err));
		sl_error_clear(&err);
		return;
	}
	if (sha256_new(&h, NULL) < 0)
		abort();
	sha256_reset(h);
	digest_tap_init(&tap, h, NULL);
	taps[0] = &tap.tap;
	if (sl_content_read(c, taps, 1, &read, NULL) < 0 || sha256_final(h, digest, NULL) < 0)
		abort();
	hex_encode(hex, digest, sizeof(digest));
	(void)buf_printf(b, " %.16s/%" PRIu64 "%s%s", hex, read.bytes,
			 read.changed ? " changed" : "", read.is_short ? " short" : "");
	sl_content_close(c);
	sha256_free(h);
}

char *treelist_line(struct sl_source *src, const struct sl_entry *e)
{
	struct buf b = BUF_INIT(1 << 24);

	(void)quote_bytes(&b, e->path.data, e->path.len);
	(void)buf_printf(&b, " %o %u:%u %" PRId64 ".%09u", e->mode, e->uid, e->gid, e->mtime.sec,
			 e->mtime.nsec);
	if (S_ISREG(e->mode)) {
		(void)buf_printf(&b, " %" PRIu64, e->size);
		put_content(&b, src);
	}
	if (S_ISLNK(e->mode)) {
		(void)buf_append_str(&b, " -> ");
		(void)quote_bytes(&b, e->target.data, e->target.len);
	}
	if (S_ISCHR(e->mode) || S_ISBLK(e->mode))
		(void)buf_printf(&b, " %u,%u", e->rdev_major, e->rdev_minor);
	for (size_t i = 0; i < e->xattr_count; i++) {
		(void)buf_printf(&b, " %s=", e->xattrs[i].name);
		(void)quote_bytes(&b, e->xattrs[i].value, e->xattrs[i].size);
	}
	if (b.status != 0)
		abort();
	return buf_take(&b);
}

static struct treelist_row *add_row(struct treelist *t)
{
	if (t->count == t->room) {
		t->room = t->room == 0 ? 64 : t->room * 2;
		t->rows = realloc(t->rows, t->room * sizeof(*t->rows));
		if (t->rows == NULL)
			abort();
	}
	return &t->rows[t->count++];
}

static void read_gaps(struct treelist *t, struct sl_source *src)
{
	const struct sl_gap *gap;

	while ((gap = sl_source_gap(src)) != NULL) {
		t->gaps++;
		t->gap_errno = gap->sys;
		free(t->gap);
		if (asprintf(&t->gap, "%s: %s (%d)", gap->what.data, gap->why, gap->sys) < 0)
			abort();
	}
}

void treelist_read(struct treelist *t, struct sl_source *src)
{
	struct sl_error err = SL_ERROR_INIT;
	const struct sl_entry *e;
	int rc;

	*t = (struct treelist){0};
	while ((rc = sl_source_next(src, &e, &err)) == 0) {
		struct treelist_row *row = add_row(t);

		*row = (struct treelist_row){.path = strndup(e->path.data, e->path.len),
					     .len = e->path.len,
					     .mode = e->mode,
					     .flags = e->flags,
					     .layer = e->layer,
					     .redirected = e->redirect.data != NULL,
					     .line = treelist_line(src, e)};
		read_gaps(t, src);
	}
	read_gaps(t, src);
	if (rc < 0) {
		t->gaps++;
		free(t->gap);
		t->gap = strdup(sl_error_text(&err));
	}
	sl_error_clear(&err);
	sl_source_close(src);
}

static void copy_row(struct treelist *out, const struct treelist_row *from)
{
	struct treelist_row *row = add_row(out);

	*row = *from;
	row->path = strndup(from->path, from->len);
	row->line = strdup(from->line);
	if (row->path == NULL || row->line == NULL)
		abort();
}

static struct sl_bytes path_of(const struct treelist_row *row)
{
	return (struct sl_bytes){row->path, row->len};
}

void treelist_apply(struct treelist *out, const struct treelist *below,
		    const struct treelist *sparse)
{
	const struct treelist_row *hider = NULL; /* nothing of below counts beneath it */
	size_t i = 0, j = 0;

	*out = (struct treelist){0};
	while (i < below->count || j < sparse->count) {
		const struct treelist_row *b = i < below->count ? &below->rows[i] : NULL;
		const struct treelist_row *s = j < sparse->count ? &sparse->rows[j] : NULL;
		int order = b == NULL   ? 1
			    : s == NULL ? -1
					: sl_path_compare(path_of(b), path_of(s));

		if (order < 0) {
			if (hider == NULL || !sl_path_within(path_of(b), path_of(hider)))
				copy_row(out, b);
			i++;
			continue;
		}
		if (!S_ISDIR(s->mode) || (s->flags & SL_ENTRY_COMPLETE) != 0)
			if (hider == NULL || !sl_path_within(path_of(s), path_of(hider)))
				hider = s;
		if ((s->flags & SL_ENTRY_WHITEOUT) == 0)
			copy_row(out, s);
		j++;
		if (order == 0)
			i++;
	}
}

void treelist_clear(struct treelist *t)
{
	for (size_t i = 0; i < t->count; i++) {
		free(t->rows[i].path);
		free(t->rows[i].line);
	}
	free(t->rows);
	free(t->gap);
	*t = (struct treelist){0};
}
