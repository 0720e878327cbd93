/* SPDX-License-Identifier: Apache-2.0 */
/* All snapshots at once: what meta.db says of them, and what the snapshotters have. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/cleanup.h"
#include "host/ctrd.h"
#include "host/ctrd_codec.h"

/* Most snapshots of one store, and most things said of them. */
#define SNAPSHOTS_MAX ((size_t)1 << 20)

static void mark_clear(struct ctrd_mark *m)
{
	free(m->snapshotter);
	free(m->backend);
	free(m->lease);
}

void ctrd_marks_clear(struct ctrd_marks *marks)
{
	for (size_t i = 0; i < marks->count; i++)
		mark_clear(&marks->marks[i]);
	free(marks->marks);
	*marks = (struct ctrd_marks){0};
}

struct marker {
	struct bolt *b;
	struct ctrd_marks *out;
	size_t cap;
	struct bolt_bucket of; /* v1/NS */
	const char *snapshotter, *lease;
};

/* Takes over @backend and what is copied, also on failure. */
static int add_mark(struct marker *m, const char *snapshotter, char *backend,
		    enum ctrd_mark_kind kind, struct sl_error *err)
{
	struct ctrd_mark mark = {.snapshotter = strdup(snapshotter),
				 .backend = backend,
				 .kind = kind,
				 .lease = kind == CTRD_MARK_LEASED ? strdup(m->lease) : NULL};
	size_t cap = m->out->count < m->cap ? m->cap : m->cap * 2 + 256;
	struct ctrd_mark *grown = m->out->marks;

	if (m->out->count >= SNAPSHOTS_MAX) {
		mark_clear(&mark);
		return sl_fail(err, SL_ELIMIT, 0, "more than %zu snapshots", SNAPSHOTS_MAX);
	}
	if (cap > m->cap)
		grown = reallocarray(m->out->marks, cap, sizeof(*grown));
	if (grown != NULL) {
		m->out->marks = grown;
		m->cap = cap;
	}
	if (grown == NULL || mark.snapshotter == NULL ||
	    (kind == CTRD_MARK_LEASED && mark.lease == NULL)) {
		mark_clear(&mark);
		return sl_fail(err, SL_ENOMEM, 0, "snapshots");
	}
	grown[m->out->count++] = mark;
	return 0;
}

/* What a key of meta.db is in the snapshotter's own database; 1 when it is not known. */
static int mark_key(struct marker *m, const char *snapshotter, const char *key,
		    enum ctrd_mark_kind kind, struct sl_error *err)
{
	AUTO_FREE char *backend = NULL;
	struct bolt_bucket in;
	int rc = bolt_path(m->b, m->of, &in, err, "snapshots", snapshotter, key, NULL);

	if (rc == 0)
		rc = ctrd_get_text(m->b, in, "name", &backend, err);
	return rc == 0 ? add_mark(m, snapshotter, take_ptr(&backend), kind, err) : rc;
}

static int on_known(void *payload, const struct bolt_item *item, struct sl_error *err)
{
	struct marker *m = payload;
	AUTO_FREE char *backend = NULL;
	int rc = item->value.data != NULL
			 ? 1
			 : ctrd_get_text(m->b, item->bucket, "name", &backend, err);

	if (rc != 0)
		return rc < 0 ? rc : 0;
	return add_mark(m, m->snapshotter, take_ptr(&backend), CTRD_MARK_KNOWN, err);
}

static int on_leased(void *payload, const struct bolt_item *item, struct sl_error *err)
{
	struct marker *m = payload;
	AUTO_FREE char *key = ctrd_key_text(item);
	int rc = key == NULL ? 0 : mark_key(m, m->snapshotter, key, CTRD_MARK_LEASED, err);

	return rc < 0 ? rc : 0;
}

/* Each snapshotter below v1/NS/snapshots, or below a lease's snapshots. */
static int on_snapshotter(struct marker *m, const struct bolt_item *item,
			  int (*fn)(void *payload, const struct bolt_item *item,
				    struct sl_error *err),
			  struct sl_error *err)
{
	AUTO_FREE char *name = ctrd_key_text(item);

	if (item->value.data != NULL || name == NULL)
		return 0;
	m->snapshotter = name;
	return bolt_each(m->b, item->bucket, fn, m, err);
}

static int on_known_snapshotter(void *payload, const struct bolt_item *item, struct sl_error *err)
{
	return on_snapshotter(payload, item, on_known, err);
}

static int on_leased_snapshotter(void *payload, const struct bolt_item *item, struct sl_error *err)
{
	return on_snapshotter(payload, item, on_leased, err);
}

static int on_lease(void *payload, const struct bolt_item *item, struct sl_error *err)
{
	struct marker *m = payload;
	AUTO_FREE char *lease = ctrd_key_text(item);
	struct bolt_bucket in;
	int rc;

	if (item->value.data != NULL || lease == NULL)
		return 0;
	m->lease = lease;
	rc = bolt_path(m->b, item->bucket, &in, err, "snapshots", NULL);
	if (rc == 0)
		rc = bolt_each(m->b, in, on_leased_snapshotter, m, err);
	return rc < 0 ? rc : 0;
}

static int on_container(void *payload, const struct bolt_item *item, struct sl_error *err)
{
	struct marker *m = payload;
	AUTO_FREE char *snapshotter = NULL;
	AUTO_FREE char *key = NULL;
	int rc;

	if (item->value.data != NULL)
		return 0;
	rc = ctrd_get_text(m->b, item->bucket, "snapshotter", &snapshotter, err);
	if (rc == 0)
		rc = ctrd_get_text(m->b, item->bucket, "snapshotKey", &key, err);
	if (rc == 0)
		rc = mark_key(m, snapshotter, key, CTRD_MARK_USED, err);
	return rc < 0 ? rc : 0;
}

static int on_ns(void *payload, const struct bolt_item *item, struct sl_error *err)
{
	static const struct {
		const char *bucket;
		int (*fn)(void *payload, const struct bolt_item *item, struct sl_error *err);
	} parts[] = {
		{"snapshots", on_known_snapshotter},
		{"containers", on_container},
		{"leases", on_lease},
	};
	struct marker *m = payload;
	int rc = 0;

	if (item->value.data != NULL)
		return 0;
	m->of = item->bucket;
	for (size_t i = 0; rc >= 0 && i < ARRAY_SIZE(parts); i++) {
		struct bolt_bucket in;

		rc = bolt_path(m->b, item->bucket, &in, err, parts[i].bucket, NULL);
		if (rc == 0)
			rc = bolt_each(m->b, in, parts[i].fn, m, err);
	}
	return rc < 0 ? rc : 0;
}

static int marks_view(struct bolt *b, struct bolt_bucket root, void *payload, struct sl_error *err)
{
	struct marker *m = payload;
	struct bolt_bucket all;
	int rc = bolt_path(b, root, &all, err, "v1", NULL);

	ctrd_marks_clear(m->out);
	m->b = b;
	m->cap = 0;
	if (rc == 0)
		rc = bolt_each(b, all, on_ns, m, err);
	return rc < 0 ? rc : 0;
}

static int compare_to(const struct ctrd_mark *m, const char *snapshotter, const char *backend,
		      enum ctrd_mark_kind kind)
{
	int order = strcmp(m->snapshotter, snapshotter);

	if (order == 0)
		order = strcmp(m->backend, backend);
	return order != 0 ? order : (int)m->kind - (int)kind;
}

static int compare_marks(const void *a, const void *b)
{
	const struct ctrd_mark *y = b;

	return compare_to(a, y->snapshotter, y->backend, y->kind);
}

int ctrd_marks_read(struct ctrd_marks *out, struct ctrd *c, struct sl_error *err)
{
	struct marker m = {.out = out};
	int rc;

	*out = (struct ctrd_marks){0};
	if (c->meta == NULL)
		return sl_fail(err, c->meta_why.code, 0, "%s", sl_error_text(&c->meta_why));
	rc = bolt_view(c->meta, marks_view, &m, NULL, err);
	if (out->count > 1)
		qsort(out->marks, out->count, sizeof(*out->marks), compare_marks);
	return rc < 0 ? sl_wrap(err, rc, "meta.db") : 0;
}

const struct ctrd_mark *ctrd_mark(const struct ctrd_marks *marks, const char *snapshotter,
				  const char *backend, enum ctrd_mark_kind kind)
{
	size_t low = 0, high = marks->count;

	while (low < high) {
		size_t mid = low + (high - low) / 2;
		int order = compare_to(&marks->marks[mid], snapshotter, backend, kind);

		if (order == 0)
			return &marks->marks[mid];
		if (order < 0)
			low = mid + 1;
		else
			high = mid;
	}
	return NULL;
}

/* ---- the snapshotters' side ---- */

void ctrd_entries_clear(struct ctrd_entries *entries)
{
	for (size_t i = 0; i < entries->count; i++)
		free(entries->entries[i].backend);
	free(entries->entries);
	*entries = (struct ctrd_entries){0};
}

struct collector {
	struct bolt *b;
	struct ctrd_entries *out;
	size_t cap;
};

static int on_entry(void *payload, const struct bolt_item *item, struct sl_error *err)
{
	struct collector *k = payload;
	size_t cap = k->out->count < k->cap ? k->cap : k->cap * 2 + 256;
	struct ctrd_entry *grown = k->out->entries;
	struct ctrd_entry e = {0};
	struct sl_bytes value;
	int rc;

	if (item->value.data != NULL)
		return 0;
	rc = bolt_get(k->b, item->bucket, "id", 2, &value, err);
	if (rc < 0)
		return rc;
	if (rc == 1 || ctrd_uvarint(value.data, value.len, &e.id, NULL, NULL) < 0)
		return 0; /* nothing to open, whatever it was */
	rc = bolt_get(k->b, item->bucket, "kind", 4, &value, err);
	if (rc == 0 && value.len == 1)
		e.kind = (uint8_t)value.data[0];
	if (rc >= 0)
		rc = ctrd_get_time(k->b, item->bucket, "createdat", &e.created, err);
	if (rc < 0)
		return rc;
	if (k->out->count >= SNAPSHOTS_MAX)
		return sl_fail(err, SL_ELIMIT, 0, "more than %zu snapshots", SNAPSHOTS_MAX);
	if (cap > k->cap)
		grown = reallocarray(k->out->entries, cap, sizeof(*grown));
	e.backend = ctrd_key_text(item);
	if (grown != NULL) {
		k->out->entries = grown;
		k->cap = cap;
	}
	if (grown == NULL || e.backend == NULL) {
		free(e.backend);
		return grown == NULL ? sl_fail(err, SL_ENOMEM, 0, "snapshots") : 0;
	}
	grown[k->out->count++] = e;
	return 0;
}

static int entries_view(struct bolt *b, struct bolt_bucket root, void *payload,
			struct sl_error *err)
{
	struct collector *k = payload;
	struct bolt_bucket all;
	int rc = bolt_path(b, root, &all, err, "v1", "snapshots", NULL);

	ctrd_entries_clear(k->out);
	k->b = b;
	k->cap = 0;
	if (rc == 0)
		rc = bolt_each(b, all, on_entry, k, err);
	return rc < 0 ? rc : 0;
}

static int compare_entries(const void *a, const void *b)
{
	const struct ctrd_entry *x = a, *y = b;

	return x->id < y->id ? -1 : x->id > y->id;
}

int ctrd_entries_read(struct ctrd_entries *out, const struct ctrd_snapper *s, struct sl_error *err)
{
	struct collector k = {.out = out};
	int rc;

	*out = (struct ctrd_entries){0};
	if (s->is_unused)
		return 0;
	if (s->db == NULL)
		return sl_fail(err, s->why.code, 0, "%s", sl_error_text(&s->why));
	rc = bolt_view(s->db, entries_view, &k, NULL, err);
	if (out->count > 1)
		qsort(out->entries, out->count, sizeof(*out->entries), compare_entries);
	return rc < 0 ? sl_wrap(err, rc, "snapshotter '%s'", s->name) : 0;
}

/* ---- for other engines ---- */

static int tell_active(const struct ctrd *c, const struct ctrd_snapper *s,
		       const struct ctrd_entry *e, const struct ctrd_marks *marks,
		       const char *wanted,
		       int (*each)(void *payload, const struct containerd_snapshot *s),
		       void *payload, struct sl_error *err)
{
	const struct ctrd_mark *lease = ctrd_mark(marks, s->name, e->backend, CTRD_MARK_LEASED);
	struct containerd_snapshot told = {.snapshotter = s->name,
					   .lease = lease != NULL ? lease->lease : NULL,
					   .created = e->created};
	AUTO_FREE char *ns = NULL;
	char dir[24];
	size_t len;

	told.key = ctrd_backend_split(e->backend, &len);
	if (e->kind != CTRD_KIND_ACTIVE || told.key == NULL)
		return 0;
	ns = strndup(e->backend, len);
	if (ns == NULL)
		return sl_fail(err, SL_ENOMEM, 0, "snapshots");
	if (!ctrd_ns_fits(c, wanted, ns))
		return 0;
	(void)snprintf(dir, sizeof(dir), "%" PRIu64, e->id);
	told.ns = ns;
	told.dir = dir;
	return each(payload, &told);
}

int containerd_each_active(struct ctrd *c, const char *ns,
			   int (*each)(void *payload, const struct containerd_snapshot *s),
			   host_gap_fn gap, void *payload, struct sl_error *err)
{
	CLEANUP(ctrd_marks_clear) struct ctrd_marks marks = {0};
	CLEANUP(sl_error_clear) struct sl_error why = SL_ERROR_INIT;
	int rc = 0;

	if (ctrd_marks_read(&marks, c, &why) < 0)
		rc = store_gap(gap, payload, c->store.dir, &why);
	for (size_t i = 0; rc == 0 && i < c->snapper_count; i++) {
		CLEANUP(ctrd_entries_clear) struct ctrd_entries all = {0};

		sl_error_clear(&why);
		if (ctrd_entries_read(&all, &c->snappers[i], &why) < 0)
			rc = store_gap(gap, payload, c->snappers[i].dir, &why);
		for (size_t k = 0; rc == 0 && k < all.count; k++)
			rc = tell_active(c, &c->snappers[i], &all.entries[k], &marks, ns, each,
					 payload, err);
	}
	return rc;
}
