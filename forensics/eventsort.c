/* SPDX-License-Identifier: Apache-2.0 */
#include "forensics/eventsort.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "core/buf.h"
#include "core/cleanup.h"
#include "core/clock.h"
#include "core/halt.h"
#include "core/tempfile.h"

/* In front of an event's strings, in memory and in the file. Padding is zeroed: it is written. */
struct packed {
	struct sl_time time;
	uint64_t serial, seq;
	uint32_t size; /* whole event in bytes, rounded up to 8 */
	uint32_t certainty;
	/* lengths of the strings behind it, each ended by NUL; 0: NULL, else length + 1 */
	uint32_t lengths[6];
};

/* Where a sorted run is in the file, and what of it is in memory. */
struct run {
	off_t next, end;
	struct buf window;
	size_t pos;
};

struct eventsort {
	size_t memory;
	char *arena;
	size_t used;
	size_t *index; /* offsets of events in the arena */
	size_t count, cap;
	uint64_t serial;
	int fd;
	off_t file_len;
	struct run *runs;
	size_t run_count;
};

int eventsort_new(struct eventsort **out, size_t memory, struct sl_error *err)
{
	struct eventsort *s = calloc(1, sizeof(*s));

	if (s != NULL) {
		s->fd = -1;
		s->memory = memory < EVENTSORT_EVENT_MAX ? EVENTSORT_EVENT_MAX : memory;
		s->arena = malloc(s->memory);
	}
	if (s == NULL || s->arena == NULL) {
		free(s);
		return sl_fail(err, SL_ENOMEM, 0, "events");
	}
	*out = s;
	return 0;
}

void eventsort_free(struct eventsort *s)
{
	if (s == NULL)
		return;
	for (size_t i = 0; i < s->run_count; i++)
		buf_clear(&s->runs[i].window);
	if (s->fd >= 0)
		close(s->fd);
	free(s->runs);
	free(s->index);
	free(s->arena);
	free(s);
}

static int compare(const struct packed *a, const struct packed *b)
{
	int rc = clock_compare(a->time, b->time);

	return rc != 0 ? rc : (a->serial > b->serial) - (a->serial < b->serial);
}

static int compare_index(const void *a, const void *b, void *payload)
{
	const struct eventsort *s = payload;
	const size_t *x = a, *y = b;

	return compare((const struct packed *)(const void *)(s->arena + *x),
		       (const struct packed *)(const void *)(s->arena + *y));
}

static int open_file(struct eventsort *s, struct sl_error *err)
{
	if (s->fd < 0)
		s->fd = tempfile_open(NULL, err);
	return s->fd < 0 ? s->fd : 0;
}

static void sort(struct eventsort *s)
{
	if (s->count > 1)
		qsort_r(s->index, s->count, sizeof(*s->index), compare_index, s);
}

static const struct packed *packed_at(const struct eventsort *s, size_t i)
{
	return (const struct packed *)(const void *)(s->arena + s->index[i]);
}

/* Write what is in memory as a sorted run. */
static int spill(struct eventsort *s, struct sl_error *err)
{
	struct buf out = BUF_INIT((size_t)EVENTSORT_EVENT_MAX * 2);
	struct run *grown = reallocarray(s->runs, s->run_count + 1, sizeof(*grown));
	int rc = grown == NULL ? sl_fail(err, SL_ENOMEM, 0, "events") : open_file(s, err);

	if (grown != NULL)
		s->runs = grown;
	if (rc < 0)
		return rc;
	sort(s);
	grown[s->run_count] = (struct run){.next = s->file_len};
	for (size_t i = 0; rc == 0 && i < s->count; i++) {
		const struct packed *p = packed_at(s, i);

		if (out.len + p->size > EVENTSORT_EVENT_MAX) {
			rc = tempfile_write(s->fd, out.data, out.len, err);
			buf_reset(&out);
		}
		if (rc == 0 && buf_append(&out, p, p->size) < 0)
			rc = sl_fail(err, SL_ENOMEM, 0, "events");
		s->file_len += p->size;
	}
	if (rc == 0 && out.len > 0)
		rc = tempfile_write(s->fd, out.data, out.len, err);
	buf_clear(&out);
	if (rc < 0)
		return rc;
	grown[s->run_count++].end = s->file_len;
	s->used = 0;
	s->count = 0;
	return 0;
}

static int reserve_index(struct eventsort *s, struct sl_error *err)
{
	size_t cap = s->cap == 0 ? 1024 : s->cap * 2;
	size_t *grown;

	if (s->count < s->cap)
		return 0;
	grown = reallocarray(s->index, cap, sizeof(*grown));
	if (grown == NULL)
		return sl_fail(err, SL_ENOMEM, 0, "events");
	s->index = grown;
	s->cap = cap;
	return 0;
}

int eventsort_add(struct eventsort *s, const struct sl_event *e, struct sl_error *err)
{
	const struct sl_bytes strings[6] = {
		{e->source, e->source == NULL ? 0 : strlen(e->source)},
		{e->description, e->description == NULL ? 0 : strlen(e->description)},
		e->subject,
		e->message,
		{e->container, e->container == NULL ? 0 : strlen(e->container)},
		{e->severity, e->severity == NULL ? 0 : strlen(e->severity)},
	};
	size_t size = sizeof(struct packed);
	struct packed p;
	char *at;
	int rc;

	memset(&p, 0, sizeof(p));
	for (int i = 0; i < 6; i++) {
		if (strings[i].len > EVENTSORT_EVENT_MAX)
			return sl_fail(err, SL_ELIMIT, 0, "event of more than %u bytes",
				       EVENTSORT_EVENT_MAX);
		p.lengths[i] = strings[i].data == NULL ? 0 : (uint32_t)strings[i].len + 1;
		size += p.lengths[i];
	}
	size = (size + 7) & ~(size_t)7;
	if (size > EVENTSORT_EVENT_MAX)
		return sl_fail(err, SL_ELIMIT, 0, "event of more than %u bytes",
			       EVENTSORT_EVENT_MAX);
	if (s->used + size > s->memory) {
		rc = spill(s, err);
		if (rc < 0)
			return rc;
	}
	rc = reserve_index(s, err);
	if (rc < 0)
		return rc;
	p.time = e->time;
	p.certainty = (uint32_t)e->certainty;
	p.seq = e->seq;
	p.serial = s->serial++;
	p.size = (uint32_t)size;
	at = s->arena + s->used;
	memset(at, 0, size);
	memcpy(at, &p, sizeof(p));
	at += sizeof(p);
	for (int i = 0; i < 6; i++) {
		if (p.lengths[i] > 1)
			memcpy(at, strings[i].data, strings[i].len);
		at += p.lengths[i];
	}
	s->index[s->count++] = s->used;
	s->used += size;
	return 0;
}

static int emit(struct sl_event_sink *sink, const struct packed *p, struct sl_error *err)
{
	const char *at = (const char *)(p + 1), *strings[6];
	struct sl_event e = {
		.time = p->time, .certainty = (enum sl_certainty)p->certainty, .seq = p->seq};

	for (int i = 0; i < 6; i++) {
		strings[i] = p->lengths[i] == 0 ? NULL : at;
		at += p->lengths[i];
	}
	e.source = strings[0];
	e.description = strings[1];
	e.subject = (struct sl_bytes){strings[2], p->lengths[2] == 0 ? 0 : p->lengths[2] - 1};
	e.message = (struct sl_bytes){strings[3], p->lengths[3] == 0 ? 0 : p->lengths[3] - 1};
	e.container = strings[4];
	e.severity = strings[5];
	return sink->ops->event(sink, &e, err);
}

/* Read on so that a whole event is in the window. */
static int window_fill(const struct eventsort *s, struct run *r, size_t need, struct sl_error *err)
{
	size_t kept = r->window.len - r->pos, want = 16384 > need ? 16384 : need;
	off_t left = r->end - r->next;

	if (kept >= need)
		return 0;
	if (kept > 0)
		memmove(r->window.data, r->window.data + r->pos, kept);
	r->window.len = kept;
	r->pos = 0;
	r->window.max = (size_t)EVENTSORT_EVENT_MAX * 2;
	if ((off_t)(want - kept) > left)
		want = kept + (size_t)left;
	if (buf_reserve(&r->window, want - kept) < 0)
		return sl_fail(err, SL_ENOMEM, 0, "events");
	while (r->window.len < want) {
		ssize_t n =
			pread(s->fd, r->window.data + r->window.len, want - r->window.len, r->next);

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return sl_fail(err, SL_EIO, n < 0 ? errno : 0, "temporary file");
		r->window.len += (size_t)n;
		r->next += n;
	}
	return 0;
}

/* The run's next event; NULL at its end. */
static int run_peek(const struct eventsort *s, struct run *r, const struct packed **out,
		    struct sl_error *err)
{
	int rc;

	*out = NULL;
	if (r->next == r->end && r->pos == r->window.len)
		return 0;
	rc = window_fill(s, r, sizeof(struct packed), err);
	if (rc == 0)
		rc = window_fill(
			s, r,
			((const struct packed *)(const void *)(r->window.data + r->pos))->size,
			err);
	if (rc == 0)
		*out = (const struct packed *)(const void *)(r->window.data + r->pos);
	return rc;
}

static int merge(struct eventsort *s, struct sl_event_sink *sink, const volatile sig_atomic_t *stop,
		 struct sl_error *err)
{
	for (;;) {
		const struct packed *best = NULL;
		struct run *from = NULL;
		int rc = halted(stop, err);

		if (rc < 0)
			return rc;
		for (size_t i = 0; i < s->run_count; i++) {
			const struct packed *p;

			rc = run_peek(s, &s->runs[i], &p, err);
			if (rc < 0)
				return rc;
			if (p != NULL && (best == NULL || compare(p, best) < 0)) {
				best = p;
				from = &s->runs[i];
			}
		}
		if (best == NULL)
			return 0;
		from->pos += best->size;
		rc = emit(sink, best, err);
		if (rc < 0)
			return rc;
	}
}

int eventsort_emit(struct eventsort *s, struct sl_event_sink *sink,
		   const volatile sig_atomic_t *stop, struct sl_error *err)
{
	int rc = 0;

	if (s->run_count > 0) {
		rc = s->count > 0 ? spill(s, err) : 0;
		return rc < 0 ? rc : merge(s, sink, stop, err);
	}
	sort(s);
	for (size_t i = 0; rc >= 0 && i < s->count; i++) {
		rc = halted(stop, err);
		if (rc == 0)
			rc = emit(sink, packed_at(s, i), err);
	}
	return rc < 0 ? rc : 0;
}
