/* SPDX-License-Identifier: Apache-2.0 */
#include "diff/spool.h"

#include <errno.h>
#include <string.h>

#include "core/buf.h"
#include "core/cleanup.h"
#include "core/tempfile.h"

/* Once there is a file, memory only gathers and reads ahead. */
#define FILE_CHUNK ((size_t)256 << 10)

enum record_type { RECORD_CHANGE, RECORD_GAP };

/*
 * In front of every record; this process only. What follows, for a change: before and after as
 * encoded entries (when there), path (when neither is), renamed_from; for a gap: what, why. Strings
 * carry a NUL.
 */
struct record_head {
	uint64_t len; /* of what follows */
	enum record_type type;
	struct sl_change change; /* fixed members; its pointers mean nothing */
	struct sl_gap gap;       /* the same */
	bool has_before, has_after, has_renamed;
	uint64_t path_len, renamed_len, why_len;
	uint64_t xattrs; /* of both sides */
};

/* One decoded record and the memory it borrows from. */
struct slot {
	struct record_head head;
	struct buf body;
	struct sl_xattr *xattrs;
	size_t xattr_cap;
	struct sl_entry before, after;
	struct sl_change change;
	struct sl_gap gap;
};

struct spool {
	size_t memory;
	struct buf data; /* all records while there is no file; a chunk of it after */
	int fd;
	bool is_read;   /* writing has ended */
	size_t at;      /* reading: position in data */
	uint64_t base;  /* and where in the file data starts */
	bool at_end;    /* the file has no more than what is in data */
	struct buf one; /* the record being written */
	struct slot slots[2];
	unsigned int turn;
};

int spool_new(struct spool **out, size_t memory, struct sl_error *err)
{
	struct spool *s = calloc(1, sizeof(*s));

	if (s == NULL)
		return sl_fail(err, SL_ENOMEM, 0, "change spool");
	s->memory = memory > 0 ? memory : SPOOL_MEMORY;
	s->fd = -1;
	s->data = BUF_INIT(SIZE_MAX);
	s->one = BUF_INIT(SPOOL_RECORD);
	s->slots[0].body = s->slots[1].body = BUF_INIT(SPOOL_RECORD);
	*out = s;
	return 0;
}

void spool_free(struct spool *s)
{
	if (s == NULL)
		return;
	cleanup_closep(&s->fd);
	buf_clear(&s->data);
	buf_clear(&s->one);
	for (size_t i = 0; i < ARRAY_SIZE(s->slots); i++) {
		buf_clear(&s->slots[i].body);
		free(s->slots[i].xattrs);
	}
	free(s);
}

bool spool_has_file(const struct spool *s)
{
	return s->fd >= 0;
}

/* ---- writing ---- */

static int write_out(struct spool *s, struct sl_error *err)
{
	int rc = tempfile_write(s->fd, s->data.data, s->data.len, err);

	if (rc == 0)
		buf_reset(&s->data);
	return rc;
}

static int append_piece(void *payload, const void *bytes, size_t len)
{
	return buf_append(payload, bytes, len);
}

static void append_string(struct buf *b, struct sl_bytes text)
{
	if (text.len > 0)
		(void)buf_append(b, text.data, text.len);
	(void)buf_append_char(b, '\0');
}

/* Add the record gathered in s->one. */
static int add_record(struct spool *s, struct record_head *head, struct sl_error *err)
{
	int rc = 0;

	if (s->one.status == -SL_ELIMIT)
		return sl_fail(err, SL_ELIMIT, 0, "a change takes more than %zu bytes",
			       SPOOL_RECORD);
	head->len = s->one.len;
	if (s->one.status == 0 && s->fd < 0 &&
	    s->data.len + sizeof(*head) + s->one.len > s->memory) {
		s->fd = tempfile_open(NULL, err);
		rc = s->fd < 0 ? s->fd : write_out(s, err);
		buf_clear(&s->data);
		s->data = BUF_INIT(SIZE_MAX);
	}
	if (rc < 0)
		return rc;
	(void)buf_append(&s->data, head, sizeof(*head));
	(void)buf_append(&s->data, s->one.data, s->one.len);
	if (s->one.status < 0 || s->data.status < 0)
		return sl_fail(err, SL_ENOMEM, 0, "change spool");
	return s->fd >= 0 && s->data.len >= FILE_CHUNK ? write_out(s, err) : 0;
}

int spool_add_change(struct spool *s, const struct sl_change *c, struct sl_error *err)
{
	struct record_head head;

	/* padding goes to the file too: none of it may be uninitialised */
	memset(&head, 0, sizeof(head));
	head.type = RECORD_CHANGE;
	head.change = *c;
	head.has_before = c->before != NULL;
	head.has_after = c->after != NULL;
	head.has_renamed = c->renamed_from.data != NULL;
	head.path_len = c->path.len;
	head.renamed_len = c->renamed_from.len;
	buf_reset(&s->one);
	if (c->before != NULL) {
		head.xattrs += c->before->xattr_count;
		(void)sl_entry_encode(c->before, append_piece, &s->one);
	}
	if (c->after != NULL) {
		head.xattrs += c->after->xattr_count;
		(void)sl_entry_encode(c->after, append_piece, &s->one);
	}
	append_string(&s->one, c->path);
	append_string(&s->one, c->renamed_from);
	return add_record(s, &head, err);
}

int spool_add_gap(struct spool *s, const struct sl_gap *gap, struct sl_error *err)
{
	struct record_head head;

	memset(&head, 0, sizeof(head));
	head.type = RECORD_GAP;
	head.gap = *gap;
	head.path_len = gap->what.len;
	head.why_len = strlen(gap->why);
	buf_reset(&s->one);
	append_string(&s->one, gap->what);
	append_string(&s->one, (struct sl_bytes){gap->why, (size_t)head.why_len});
	return add_record(s, &head, err);
}

/* ---- reading ---- */

int spool_rewind(struct spool *s, struct sl_error *err)
{
	int rc = 0;

	buf_clear(&s->one);
	s->at = 0;
	s->base = 0;
	s->at_end = s->fd < 0;
	if (s->fd < 0)
		return 0;
	if (!s->is_read)
		rc = write_out(s, err);
	s->is_read = true;
	buf_reset(&s->data);
	if (rc == 0 && lseek(s->fd, 0, SEEK_SET) < 0)
		rc = sl_fail(err, SL_EIO, errno, "rewind the temporary file");
	return rc;
}

static int refill(struct spool *s, struct sl_error *err)
{
	ssize_t n;

	s->base += s->data.len;
	buf_reset(&s->data);
	s->at = 0;
	if (buf_reserve(&s->data, FILE_CHUNK) < 0)
		return sl_fail(err, SL_ENOMEM, 0, "change spool");
	do
		n = read(s->fd, s->data.data, FILE_CHUNK);
	while (n < 0 && errno == EINTR);
	if (n < 0)
		return sl_fail(err, SL_EIO, errno, "read the temporary file");
	s->data.len = (size_t)n;
	s->at_end = n == 0;
	return 0;
}

/* Exactly @len bytes. Returns 1 when there is nothing at all any more. */
static int fetch(struct spool *s, void *out, size_t len, struct sl_error *err)
{
	size_t done = 0;

	while (done < len) {
		size_t n = s->data.len - s->at;

		if (n == 0) {
			int rc = s->at_end ? 0 : refill(s, err);

			if (rc < 0)
				return rc;
			if (!s->at_end)
				continue;
			if (done == 0)
				return 1;
			return sl_fail(err, SL_EFORMAT, 0, "the temporary file was cut");
		}
		if (n > len - done)
			n = len - done;
		memcpy((char *)out + done, s->data.data + s->at, n);
		s->at += n;
		done += n;
	}
	return 0;
}

static int room_for_xattrs(struct slot *slot)
{
	struct sl_xattr *grown;

	if (slot->head.xattrs <= slot->xattr_cap)
		return 0;
	grown = reallocarray(slot->xattrs, (size_t)slot->head.xattrs, sizeof(*grown));
	if (grown == NULL)
		return -SL_ENOMEM;
	slot->xattrs = grown;
	slot->xattr_cap = (size_t)slot->head.xattrs;
	return 0;
}

/* Decode one entry at *@at. @used: attributes taken so far. */
static bool decode_entry(struct slot *slot, struct sl_entry *out, size_t *at, size_t *used)
{
	size_t n = sl_entry_decode(out, slot->body.data + *at, slot->body.len - *at,
				   slot->xattrs != NULL ? slot->xattrs + *used : NULL,
				   slot->xattr_cap - *used);

	*at += n;
	*used += out->xattr_count;
	return n > 0;
}

static int decode_change(struct slot *slot, struct sl_error *err)
{
	struct sl_change *c = &slot->change;
	size_t at = 0, used = 0;

	if (room_for_xattrs(slot) < 0)
		return sl_fail(err, SL_ENOMEM, 0, "change spool");
	*c = slot->head.change;
	c->renamed_to = (struct sl_bytes){NULL, 0}; /* known after all are there */
	c->before = slot->head.has_before ? &slot->before : NULL;
	c->after = slot->head.has_after ? &slot->after : NULL;
	if ((c->before != NULL && !decode_entry(slot, &slot->before, &at, &used)) ||
	    (c->after != NULL && !decode_entry(slot, &slot->after, &at, &used)) ||
	    slot->body.len - at != slot->head.path_len + slot->head.renamed_len + 2)
		return sl_fail(err, SL_EFORMAT, 0, "the temporary file was changed");
	c->path = (struct sl_bytes){slot->body.data + at, (size_t)slot->head.path_len};
	at += c->path.len + 1;
	c->renamed_from = (struct sl_bytes){slot->head.has_renamed ? slot->body.data + at : NULL,
					    (size_t)slot->head.renamed_len};
	return 0;
}

static int decode_gap(struct slot *slot, struct sl_error *err)
{
	if (slot->body.len != slot->head.path_len + slot->head.why_len + 2)
		return sl_fail(err, SL_EFORMAT, 0, "the temporary file was changed");
	slot->gap = slot->head.gap;
	slot->gap.what = (struct sl_bytes){slot->body.data, (size_t)slot->head.path_len};
	slot->gap.why = slot->body.data + slot->head.path_len + 1;
	return 0;
}

int spool_next(struct spool *s, struct spool_record *out, struct sl_error *err)
{
	struct slot *slot = &s->slots[s->turn];
	uint64_t at = s->base + s->at;
	int rc = fetch(s, &slot->head, sizeof(slot->head), err);

	*out = (struct spool_record){.at = at};
	if (rc != 0)
		return rc;
	s->turn ^= 1;
	buf_reset(&slot->body);
	if (buf_reserve(&slot->body, (size_t)slot->head.len) < 0)
		return sl_fail(err, SL_ENOMEM, 0, "change spool");
	rc = fetch(s, slot->body.data, (size_t)slot->head.len, err);
	if (rc != 0)
		return rc < 0 ? rc : sl_fail(err, SL_EFORMAT, 0, "the temporary file was cut");
	slot->body.len = (size_t)slot->head.len;
	if (slot->head.type == RECORD_GAP) {
		rc = decode_gap(slot, err);
		out->gap = &slot->gap;
	} else {
		rc = decode_change(slot, err);
		out->change = &slot->change;
	}
	return rc;
}

/* ---- a single place ---- */

static int fetch_at(const struct spool *s, uint64_t at, void *out, size_t len, struct sl_error *err)
{
	size_t done = 0;

	if (s->fd < 0) {
		if (at > s->data.len || len > s->data.len - at)
			return sl_fail(err, SL_EINVAL, 0, "no change stands there");
		memcpy(out, s->data.data + at, len);
		return 0;
	}
	while (done < len) {
		ssize_t n = pread(s->fd, (char *)out + done, len - done, (off_t)(at + done));

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return sl_fail(err, SL_EIO, n < 0 ? errno : EIO, "read the temporary file");
		done += (size_t)n;
	}
	return 0;
}

int spool_path(struct spool *s, uint64_t at, struct buf *out, struct sl_error *err)
{
	struct record_head head;
	uint64_t tail;
	int rc = fetch_at(s, at, &head, sizeof(head), err);

	if (rc < 0)
		return rc;
	tail = head.path_len + head.renamed_len + 2; /* they stand last, with a NUL each */
	if (head.type != RECORD_CHANGE || tail > head.len)
		return sl_fail(err, SL_EFORMAT, 0, "the temporary file was changed");
	if (buf_reserve(out, (size_t)head.path_len) < 0)
		return sl_fail(err, -out->status, 0, "change spool");
	rc = fetch_at(s, at + sizeof(head) + head.len - tail, out->data + out->len,
		      (size_t)head.path_len, err);
	if (rc < 0)
		return rc;
	out->len += (size_t)head.path_len;
	out->data[out->len] = '\0';
	return 0;
}
