/* SPDX-License-Identifier: Apache-2.0 */
#include "job/contents.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "core/cleanup.h"
#include "core/digest.h"
#include "core/quote.h"
#include "snapshot/layertree.h"
#include "snapshot/mergedstack.h"

struct contents {
	struct sl_source *sides[2]; /* either may be NULL */
};

/* A tap that keeps what it is given. */
struct keep_tap {
	struct sl_tap tap;
	struct buf *out;
};

static int open_before(struct sl_source **out, const struct sl_stack *stack, struct sl_error *err)
{
	if (stack->lower_count == 0)
		return 0;
	if (stack->is_whole)
		return layertree_open(out, stack->lowers[0].dir_fd, SL_MARKER_NONE,
				      &stack->lowers[0].idmap, err);
	return mergedstack_open_lowers(out, stack, err);
}

int contents_open(struct contents **out, const struct comparison *comparison, struct sl_error *err)
{
	const struct sl_stack *stack = &comparison->container->stack;
	struct contents *c = calloc(1, sizeof(*c));
	int rc;

	if (c == NULL)
		return sl_fail(err, SL_ENOMEM, 0, "contents");
	rc = open_before(&c->sides[CONTENTS_BEFORE], stack, err);
	if (rc == 0 && stack->upper_fd >= 0)
		rc = mergedstack_open(&c->sides[CONTENTS_AFTER], stack, err);
	if (rc < 0) {
		contents_free(c);
		return rc;
	}
	*out = c;
	return 0;
}

void contents_free(struct contents *c)
{
	if (c == NULL)
		return;
	sl_source_close(c->sides[CONTENTS_BEFORE]);
	sl_source_close(c->sides[CONTENTS_AFTER]);
	free(c);
}

static int fail_missing(struct sl_bytes path, struct sl_error *err)
{
	char *shown = quote_dup(path.data, path.len);
	int rc = sl_fail(err, SL_ENOTFOUND, 0, "'%s': no regular file to read",
			 shown != NULL ? shown : "?");

	free(shown);
	return rc;
}

bool contents_has(const struct contents *c, enum contents_side side)
{
	return c->sides[side] != NULL;
}

/* A source that failed may only be closed: from now on this side is not there. */
static int drop(struct contents *c, enum contents_side side, int rc)
{
	if (rc < 0) {
		sl_source_close(c->sides[side]);
		c->sides[side] = NULL;
	}
	return rc;
}

int contents_find(struct contents *c, enum contents_side side, struct sl_bytes path,
		  const struct sl_entry **out, struct sl_error *err)
{
	struct sl_source *src = c->sides[side];
	int rc;

	if (src == NULL)
		return 1;
	rc = sl_source_seek(src, path, err);
	if (rc == 0)
		rc = sl_source_next(src, out, err);
	if (rc == 0 && sl_path_compare((*out)->path, path) != 0)
		rc = 1;
	return drop(c, side, rc);
}

int contents_take(struct contents *c, enum contents_side side, struct sl_content **out,
		  struct sl_error *err)
{
	return sl_source_open(c->sides[side], out, err);
}

int contents_list(struct contents *c, enum contents_side side, struct sl_bytes dir, size_t max,
		  int (*each)(void *payload, const struct sl_entry *e, struct sl_error *err),
		  void *payload, struct sl_error *err)
{
	const struct sl_entry *e = NULL;
	size_t seen = 0, head = dir.len > 0 ? dir.len + 1 : 0;
	int rc = contents_find(c, side, dir, &e, err);

	if (rc != 0 || !S_ISDIR(e->mode))
		return rc < 0 ? rc : 1;
	while ((rc = drop(c, side, sl_source_next(c->sides[side], &e, err))) == 0 &&
	       sl_path_within(e->path, dir)) {
		if (seen++ == max)
			return sl_fail(err, SL_ELIMIT, 0, "more than %zu names in a directory",
				       max);
		if (memchr(e->path.data + head, '/', e->path.len - head) != NULL)
			continue;
		rc = each(payload, e, err);
		if (rc != 0)
			break;
	}
	return rc < 0 ? rc : 0;
}

int contents_get(struct contents *c, enum contents_side side, struct sl_bytes path,
		 struct sl_content **out, struct sl_error *err)
{
	const struct sl_entry *e = NULL;
	int rc = contents_find(c, side, path, &e, err);

	if (rc < 0)
		return rc;
	if (rc > 0 || !S_ISREG(e->mode))
		return fail_missing(path, err);
	rc = contents_take(c, side, out, err);
	return rc > 0 ? fail_missing(path, err) : rc;
}

static int keep(struct sl_tap *tap, const void *bytes, size_t len, struct sl_error *err)
{
	struct buf *out = container_of(tap, struct keep_tap, tap)->out;
	int rc = buf_append(out, bytes, len);

	return rc < 0 ? sl_fail(err, -rc, 0, "content") : 0;
}

static int prove(const struct buf *bytes, const uint8_t *sha256, struct sl_error *err)
{
	uint8_t digest[SL_SHA256_SIZE];
	int rc = sha256_once(bytes->data, bytes->len, digest, err);

	if (rc == 0 && memcmp(digest, sha256, sizeof(digest)) != 0)
		rc = sl_fail(err, SL_EUNTRUSTED, 0, "other bytes than were compared");
	return rc;
}

int contents_read(struct contents *c, enum contents_side side, struct sl_bytes path,
		  const uint8_t *sha256, struct buf *out, struct sl_error *err)
{
	struct buf bytes = BUF_INIT(out->max);
	struct keep_tap tap = {.tap = {keep}, .out = &bytes};
	struct sl_tap *taps[] = {&tap.tap};
	struct sl_content *content = NULL;
	struct sl_read read = {0};
	int rc = contents_get(c, side, path, &content, err);

	if (rc == 0)
		rc = sl_content_read(content, taps, 1, &read, err);
	sl_content_close(content);
	if (rc == 0 && (read.sys != 0 || read.is_short))
		rc = sl_fail(err, SL_EIO, read.sys, "could not be read to its end");
	if (rc == 0 && sha256 != NULL)
		rc = prove(&bytes, sha256, err);
	if (rc == 0 && out->len == 0) {
		/* large files are not held twice */
		struct buf empty = *out;

		*out = bytes;
		bytes = empty;
	} else if (rc == 0 && bytes.len > 0) {
		rc = buf_append(out, bytes.data, bytes.len);
	}
	buf_clear(&bytes);
	return rc < 0 ? rc : 0;
}
