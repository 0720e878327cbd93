/* SPDX-License-Identifier: Apache-2.0 */
#include "job/meaning_scrambled.h"

#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "core/cleanup.h"
#include "diff/scrambled.h"
#include "job/contents.h"

/* Beginnings that are read once more. */
#define FILES_MAX 512

struct scrambled_part {
	const struct comparison *comparison;
	struct contents *contents; /* opened when first needed */
	size_t files;              /* read so far */
	struct buf message;
};

static void part_free(void *data)
{
	struct scrambled_part *p = data;

	contents_free(p->contents);
	buf_clear(&p->message);
	free(p);
}

/* The beginning of a file. */
struct beginning {
	struct sl_tap tap;
	uint8_t bytes[SCRAMBLED_WINDOW];
	size_t len;
};

static int take(struct sl_tap *tap, const void *bytes, size_t len, struct sl_error *err)
{
	struct beginning *b = container_of(tap, struct beginning, tap);
	size_t room = sizeof(b->bytes) - b->len;

	memcpy(b->bytes + b->len, bytes, len < room ? len : room);
	b->len += len < room ? len : room;
	/* nobody needs the rest */
	return b->len == sizeof(b->bytes) ? sl_fail(err, SL_ELIMIT, 0, "enough") : 0;
}

static int read_beginning(struct scrambled_part *p, enum contents_side side, struct sl_bytes path,
			  struct beginning *b, struct sl_error *err)
{
	struct sl_tap *taps[] = {&b->tap};
	struct sl_content *content = NULL;
	struct sl_read read = {0};
	int rc = contents_get(p->contents, side, path, &content, err);

	*b = (struct beginning){.tap = {take}};
	if (rc == 0)
		rc = sl_content_read(content, taps, 1, &read, err);
	sl_content_close(content);
	if (rc == -SL_ELIMIT && b->len == sizeof(b->bytes)) {
		if (err != NULL)
			sl_error_clear(err);
		rc = 0;
	}
	return rc;
}

/* Which document of the image the file at hand was, by its path. 1: none. */
static int find_original(struct scrambled_part *p, const struct sl_change *c, struct sl_bytes *out,
			 struct sl_error *err)
{
	const struct sl_entry *e = NULL;
	int rc;

	*out = c->path;
	if (c->kind == SL_CHANGE_MODIFIED)
		return !scrambled_is_document(c->path);
	if (c->kind != SL_CHANGE_ADDED || !scrambled_original(c->path, out))
		return 1;
	rc = contents_find(p->contents, CONTENTS_BEFORE, *out, &e, err);
	if (rc == 0 && !S_ISREG(e->mode))
		rc = 1;
	if (rc != 0)
		return rc;
	/* what is still there was not replaced */
	rc = contents_find(p->contents, CONTENTS_AFTER, *out, &e, err);
	return rc < 0 ? rc : rc == 0;
}

/* 0: it is chance now and was not; 1: it is not, or nobody knows. */
static int look(struct scrambled_part *p, const struct sl_change *c, struct sl_bytes *original,
		struct sl_error *err)
{
	struct beginning b;
	int rc = find_original(p, c, original, err);

	if (rc == 0)
		rc = read_beginning(p, CONTENTS_AFTER, c->path, &b, err);
	if (rc == 0 &&
	    (memcmp(b.bytes, c->head, c->head_len) != 0 || !scrambled_is_chance(b.bytes, b.len)))
		rc = 1;
	if (rc != 0 || !contents_has(p->contents, CONTENTS_BEFORE))
		return rc;
	rc = read_beginning(p, CONTENTS_BEFORE, *original, &b, err);
	return rc == 0 ? scrambled_is_chance(b.bytes, b.len) : rc;
}

static bool is_asked(const struct sl_change *c)
{
	struct sl_bytes original;

	return c->after != NULL && S_ISREG(c->after->mode) && c->after->size >= SCRAMBLED_LEAST &&
	       c->head_len > 0 && (c->signals & SL_SIGNAL_UNSTABLE) == 0 &&
	       ((c->kind == SL_CHANGE_MODIFIED && scrambled_is_document(c->path)) ||
		(c->kind == SL_CHANGE_ADDED && scrambled_original(c->path, &original)));
}

static void tell(struct scrambled_part *p, struct sl_finding *f)
{
	buf_reset(&p->message);
	if (f->message != NULL)
		(void)buf_printf(&p->message, "%s; ", f->message);
	(void)buf_append_str(&p->message, "its bytes are nothing but chance");
	if (p->message.status == 0)
		f->message = p->message.data;
}

static int mark(void *payload, struct sl_finding *f, struct sl_change *c, struct sl_error *err)
{
	CLEANUP(sl_error_clear) struct sl_error failed = SL_ERROR_INIT;
	struct scrambled_part *p = payload;
	struct sl_bytes original;
	int rc = 0;

	if (!is_asked(c))
		return 0;
	if (p->files++ >= FILES_MAX) {
		c->signals |= SL_SIGNAL_PARTLY_SEARCHED;
		return 0;
	}
	if (p->contents == NULL)
		rc = contents_open(&p->contents, p->comparison, &failed);
	if (rc == 0)
		rc = look(p, c, &original, &failed);
	if (rc == -SL_ENOMEM || rc == -SL_ECANCELLED)
		return sl_fail(err, -rc, failed.sys, "%s", sl_error_text(&failed));
	if (rc != 0)
		return 0;
	c->signals |= SL_SIGNAL_SCRAMBLED;
	tell(p, f);
	return 0;
}

int meaning_add_scrambled(struct meaning *m, struct sl_error *err)
{
	struct scrambled_part *p = calloc(1, sizeof(*p));
	int rc;

	if (p == NULL)
		return sl_fail(err, SL_ENOMEM, 0, "scrambled documents");
	p->comparison = m->comparison;
	p->message = BUF_INIT((size_t)20 << 10);
	rc = meaning_keep(m, p, part_free, err);
	return rc < 0 ? rc : meaning_mark(m, (struct drift_step){mark, p}, err);
}
