/* SPDX-License-Identifier: Apache-2.0 */
#include "snapshot/recording.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>

#include "core/buf.h"
#include "core/cleanup.h"
#include "core/tempfile.h"

#define MEMORY_MAX ((size_t)1 << 20)
#define CHUNK ((size_t)65536)
#define RECORD_MAX ((size_t)1 << 31)

/* In front of each encoded entry. */
struct mark {
	uint64_t size; /* of the encoding */
	uint64_t number;
	uint64_t xattr_count;
};

struct recording {
	int fd;           /* unlinked file; -1 while everything fits in memory */
	uint64_t on_disk; /* bytes in it; what follows is in tail */
	struct buf tail;
};

struct replay {
	struct sl_source source;
	const struct recording *recording;
	uint64_t at;      /* of the next mark */
	struct buf bytes; /* a piece of the file; starts at bytes_at */
	uint64_t bytes_at;
	struct sl_xattr *xattrs;
	size_t xattr_room;
	struct sl_entry entry;
	uint64_t number;
	bool again; /* lend the entry once more: a seek ended on it */
};

int recording_new(struct recording **out, struct sl_error *err)
{
	struct recording *r = malloc(sizeof(*r));

	if (r == NULL)
		return sl_fail(err, SL_ENOMEM, 0, "recording");
	*r = (struct recording){.fd = -1, .tail = BUF_INIT(RECORD_MAX)};
	*out = r;
	return 0;
}

void recording_free(struct recording *r)
{
	if (r == NULL)
		return;
	if (r->fd >= 0)
		close(r->fd);
	buf_clear(&r->tail);
	free(r);
}

static int spill(struct recording *r, struct sl_error *err)
{
	int rc;

	if (r->fd < 0)
		r->fd = tempfile_open(NULL, err);
	if (r->fd < 0)
		return r->fd;
	rc = tempfile_write(r->fd, r->tail.data, r->tail.len, err);
	if (rc < 0)
		return rc;
	r->on_disk += r->tail.len;
	buf_reset(&r->tail);
	return 0;
}

static int append(void *payload, const void *bytes, size_t len)
{
	return buf_append(payload, bytes, len);
}

int recording_add(struct recording *r, const struct sl_entry *e, uint64_t number,
		  struct sl_error *err)
{
	struct mark mark = {.number = number, .xattr_count = e->xattr_count};
	size_t start = r->tail.len;
	int rc = buf_append(&r->tail, &mark, sizeof(mark));

	if (rc == 0)
		rc = sl_entry_encode(e, append, &r->tail);
	if (rc < 0)
		return sl_fail(err, rc == -SL_ELIMIT ? SL_ELIMIT : SL_ENOMEM, 0, "recording");
	mark.size = r->tail.len - start - sizeof(mark);
	memcpy(r->tail.data + start, &mark, sizeof(mark));
	return r->tail.len > MEMORY_MAX ? spill(r, err) : 0;
}

static struct replay *replay_of(const struct sl_source *src)
{
	return container_of((struct sl_source *)(uintptr_t)src, struct replay, source);
}

/* Read the piece of the file that starts at @at and holds at least @len bytes. */
static int fetch(struct replay *p, uint64_t at, size_t len, struct sl_error *err)
{
	uint64_t left = p->recording->on_disk - at;
	size_t want = len > CHUNK ? len : CHUNK;

	if (want > left)
		want = (size_t)left;
	buf_reset(&p->bytes);
	if (buf_reserve(&p->bytes, want) < 0)
		return sl_fail(err, SL_ENOMEM, 0, "recording");
	p->bytes_at = at;
	while (p->bytes.len < want) {
		ssize_t n = pread(p->recording->fd, p->bytes.data + p->bytes.len,
				  want - p->bytes.len, (off_t)(at + p->bytes.len));

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return sl_fail(err, SL_EIO, n < 0 ? errno : 0, "read temporary file");
		p->bytes.len += (size_t)n;
	}
	return 0;
}

/* Lend @len bytes at @at, which lie wholly in the file or wholly in memory. NULL: failed. */
static const char *bytes_at(struct replay *p, uint64_t at, size_t len, struct sl_error *err)
{
	const struct recording *r = p->recording;

	if (at >= r->on_disk)
		return r->tail.data + (at - r->on_disk);
	if (at < p->bytes_at || at + len > p->bytes_at + p->bytes.len)
		if (fetch(p, at, len, err) < 0)
			return NULL;
	return p->bytes.data + (at - p->bytes_at);
}

static int room_for(struct replay *p, uint64_t count, struct sl_error *err)
{
	struct sl_xattr *xattrs;

	if (count <= p->xattr_room)
		return 0;
	xattrs = realloc(p->xattrs, (size_t)count * sizeof(*xattrs));
	if (xattrs == NULL)
		return sl_fail(err, SL_ENOMEM, 0, "recording");
	p->xattrs = xattrs;
	p->xattr_room = (size_t)count;
	return 0;
}

static int replay_next(struct sl_source *src, const struct sl_entry **out, struct sl_error *err)
{
	struct replay *p = replay_of(src);
	const struct recording *r = p->recording;
	const char *bytes;
	struct mark mark;
	int rc;

	*out = &p->entry;
	if (p->again) {
		p->again = false;
		return 0;
	}
	if (p->at >= r->on_disk + r->tail.len)
		return 1;
	bytes = bytes_at(p, p->at, sizeof(mark), err);
	if (bytes == NULL)
		return -SL_EIO;
	memcpy(&mark, bytes, sizeof(mark));
	rc = room_for(p, mark.xattr_count, err);
	if (rc < 0)
		return rc;
	/* both pieces at once: the entry must not be cut by the end of a piece */
	bytes = bytes_at(p, p->at, sizeof(mark) + (size_t)mark.size, err);
	if (bytes == NULL)
		return -SL_EIO;
	if (sl_entry_decode(&p->entry, bytes + sizeof(mark), (size_t)mark.size, p->xattrs,
			    p->xattr_room) == 0)
		return sl_fail(err, SL_EFORMAT, 0, "temporary file is damaged");
	p->number = mark.number;
	p->at += sizeof(mark) + mark.size;
	return 0;
}

static int replay_seek(struct sl_source *src, struct sl_bytes path, struct sl_error *err)
{
	struct replay *p = replay_of(src);
	const struct sl_entry *e;
	int rc;

	if (p->at > 0 && sl_path_compare(path, p->entry.path) <= 0) {
		p->at = 0;
		p->again = false;
	}
	while ((rc = replay_next(src, &e, err)) == 0)
		if (sl_path_compare(e->path, path) >= 0) {
			p->again = true;
			return 0;
		}
	return rc < 0 ? rc : 0;
}

static int replay_open(struct sl_source *src, struct sl_content **out, struct sl_error *err)
{
	(void)src;
	(void)out;
	(void)err;
	return 1;
}

static void replay_close(struct sl_source *src)
{
	struct replay *p = replay_of(src);

	buf_clear(&p->bytes);
	free(p->xattrs);
	free(p);
}

int recording_open(struct sl_source **out, struct recording *r, struct sl_error *err)
{
	static const struct sl_source_ops ops = {.next = replay_next,
						 .seek = replay_seek,
						 .open = replay_open,
						 .close = replay_close};
	struct replay *p = calloc(1, sizeof(*p));

	if (p == NULL)
		return sl_fail(err, SL_ENOMEM, 0, "recording");
	*p = (struct replay){
		.source.ops = &ops, .recording = r, .bytes = BUF_INIT(RECORD_MAX + CHUNK)};
	*out = &p->source;
	return 0;
}

uint64_t recording_number(const struct sl_source *src)
{
	return replay_of(src)->number;
}
