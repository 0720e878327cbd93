/* SPDX-License-Identifier: Apache-2.0 */
/* Writable directories that no container has: removed ones, leftovers, builds. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/cleanup.h"
#include "core/quote.h"
#include "host/ctrd.h"

/*
 * The key of such a row is "/SNAPSHOTTER/NOTE", a newline, and "=" with the name in the
 * snapshotter's database, or where it has none "/" with the directory: what loading it needs is not
 * looked for again. Names come last, for whoever writes the store may put anything into them.
 */
bool ctrd_is_orphan(const struct store_name *row)
{
	return row->key[0] == '/';
}

struct finder {
	struct ctrd *d;
	const struct ctrd_snapper *s;
	struct ctrd_marks marks;
	bool has_marks;
	struct store_list *out;
	struct sl_error *err;
};

/* Takes over @note, which may be NULL when memory ran out. */
static int add_row(struct finder *f, const char *dir, const struct ctrd_entry *e,
		   enum sl_container_kind kind, char *note)
{
	struct store_name row = {.store = &f->d->store, .kind = kind};
	const char *key = NULL;
	size_t ns_len = 0;

	if (note == NULL)
		return sl_fail(f->err, SL_ENOMEM, 0, "orphans");
	if (e != NULL) {
		row.made = e->created;
		key = ctrd_backend_split(e->backend, &ns_len);
	}
	if (asprintf(&row.id, "%s/%s", f->s->name, dir) < 0)
		row.id = NULL;
	if (asprintf(&row.key, "/%s/%s\n%c%s", f->s->name, note, e != NULL ? '=' : '/',
		     e != NULL ? e->backend : dir) < 0)
		row.key = NULL;
	if (key != NULL) {
		row.name = strdup(key);
		row.ns = strndup(e->backend, ns_len);
	}
	free(note);
	if (row.key == NULL || (key != NULL && (row.name == NULL || row.ns == NULL))) {
		free(row.id);
		row.id = NULL; /* the list refuses it and frees the rest */
	}
	return store_list_add(f->out, &row, f->err);
}

static bool is_ns(const char *backend, const char *ns)
{
	size_t len = strlen(ns);

	return strncmp(backend, ns, len) == 0 && (backend[len] == '/' || backend[len] == '-');
}

static bool is_build(const char *backend)
{
	return is_ns(backend, "buildkit") || is_ns(backend, "plugins.moby");
}

/* What is known of an active snapshot that no container has. NULL when memory ran out. */
static char *note_of(const struct finder *f, const struct ctrd_entry *e)
{
	const struct ctrd_mark *lease =
		ctrd_mark(&f->marks, f->s->name, e->backend, CTRD_MARK_LEASED);
	bool is_known = ctrd_mark(&f->marks, f->s->name, e->backend, CTRD_MARK_KNOWN) != NULL;
	size_t len;
	const char *key = ctrd_backend_split(e->backend, &len);
	CLEANUP(buf_clear) struct buf note = BUF_INIT(CTRD_TEXT_MAX * 8);

	if (!f->has_marks)
		(void)buf_append_str(&note, "meta.db cannot be read: it may be a container's");
	else if (!is_known)
		(void)buf_append_str(&note, "removed: waits for containerd to collect it");
	else if (key != NULL && strncmp(key, "extract-", 8) == 0)
		(void)buf_append_str(&note, "an image layer being unpacked, or left by that");
	else if (is_build(e->backend))
		(void)buf_append_str(&note, "a step of an image build");
	else
		(void)buf_append_str(&note, "no container has this snapshot");
	if (lease != NULL) {
		(void)buf_append_str(&note, "; kept by lease '");
		(void)quote_bytes(&note, lease->lease, strlen(lease->lease));
		(void)buf_append_char(&note, '\'');
	}
	return buf_take(&note);
}

/* What Docker has there its own reader knows better. */
static int consider(struct finder *f, const struct ctrd_entry *e)
{
	AUTO_FREE char *ns = NULL;
	char dir[24];
	size_t len;

	if (ctrd_backend_split(e->backend, &len) != NULL) {
		ns = strndup(e->backend, len);
		if (ns == NULL)
			return sl_fail(f->err, SL_ENOMEM, 0, "snapshots");
	}
	if (e->kind != CTRD_KIND_ACTIVE || (ns != NULL && ctrd_ns_is_dockers(ns)) ||
	    ctrd_mark(&f->marks, f->s->name, e->backend, CTRD_MARK_USED) != NULL)
		return 0;
	(void)snprintf(dir, sizeof(dir), "%" PRIu64, e->id);
	return add_row(f, dir, e, is_build(e->backend) ? SL_CONTAINER_BUILD : SL_CONTAINER_ORPHAN,
		       note_of(f, e));
}

static bool has_id(const struct ctrd_entries *all, uint64_t id)
{
	size_t low = 0, high = all->count;

	while (low < high) {
		size_t mid = low + (high - low) / 2;

		if (all->entries[mid].id == id)
			return true;
		if (all->entries[mid].id < id)
			low = mid + 1;
		else
			high = mid;
	}
	return false;
}

/* A directory that the database, when there is one (@all not NULL), does not have. */
static int consider_dir(struct finder *f, const char *name, const struct ctrd_entries *all)
{
	size_t digits = strspn(name, "0123456789");
	const char *note = NULL;

	if (strncmp(name, "new-", 4) == 0)
		note = "left by a crash while a snapshot was made";
	else if (digits == 0 || digits > 19 || name[digits] != '\0')
		return 0;
	else if (all == NULL)
		note = "the snapshotter's database cannot be read: what this was is unknown";
	else if (!has_id(all, strtoull(name, NULL, 10)))
		note = "removed: waits for containerd to delete the directory";
	return note == NULL ? 0 : add_row(f, name, NULL, SL_CONTAINER_ORPHAN, strdup(note));
}

/*
 * The directories are listed before the database is read: one that is made meanwhile is not taken
 * for one without a record.
 */
static int find_orphans(struct finder *f, host_gap_fn gap, void *payload)
{
	CLEANUP(root_names_clear) struct root_names names = {0};
	CLEANUP(ctrd_entries_clear) struct ctrd_entries all = {0};
	CLEANUP(sl_error_clear) struct sl_error why = SL_ERROR_INIT;
	bool has_all;
	int rc = 0;

	if (f->s->snapshots_fd >= 0 &&
	    root_list(f->s->snapshots_fd, &names, STORE_NAMES_MAX, &why) < 0) {
		rc = store_gap(gap, payload, f->s->dir, &why);
		sl_error_clear(&why);
	}
	has_all = ctrd_entries_read(&all, f->s, &why) == 0;
	if (!has_all && rc == 0)
		rc = store_gap(gap, payload, f->s->dir, &why);
	for (size_t i = 0; rc == 0 && i < all.count; i++)
		rc = consider(f, &all.entries[i]);
	for (size_t i = 0; rc == 0 && i < names.count; i++)
		rc = consider_dir(f, names.names[i], has_all ? &all : NULL);
	return rc;
}

int ctrd_orphans(struct ctrd *d, struct store_list *out, host_gap_fn gap, void *payload,
		 struct sl_error *err)
{
	CLEANUP(sl_error_clear) struct sl_error why = SL_ERROR_INIT;
	struct finder f = {.d = d, .out = out, .err = err};
	int rc = ctrd_marks_read(&f.marks, d, &why);

	f.has_marks = rc == 0;
	/* the list has said already that meta.db cannot be read */
	rc = rc == -SL_ENOMEM ? sl_fail(err, SL_ENOMEM, 0, "orphans") : 0;
	for (size_t i = 0; rc == 0 && i < d->snapper_count; i++) {
		f.s = &d->snappers[i];
		if (f.s->layout != CTRD_OTHER)
			rc = find_orphans(&f, gap, payload);
	}
	ctrd_marks_clear(&f.marks);
	return rc;
}

struct parts {
	char *snapshotter, *note;
	const char *backend, *dir; /* one of them; NULL: the other */
};

/* Cut where its parts end. */
static bool cut_key(char *key, struct parts *out)
{
	char *name;

	out->snapshotter = key + 1;
	out->note = strchr(out->snapshotter, '/');
	name = out->note != NULL ? strchr(out->note, '\n') : NULL;
	if (name == NULL || (name[1] != '=' && name[1] != '/'))
		return false;
	*out->note++ = '\0';
	*name++ = '\0';
	out->backend = *name == '=' ? name + 1 : NULL;
	out->dir = *name == '/' ? name + 1 : NULL;
	return true;
}

/* What it stood on is not known, but what was written is there. */
static int open_alone(const struct ctrd *d, const struct ctrd_snapper *s, const char *dir,
		      struct sl_container *c, struct sl_error *err)
{
	CLEANUP(sl_error_clear) struct sl_error why = SL_ERROR_INIT;

	c->stack.marker = s->layout == CTRD_NATIVE ? SL_MARKER_NONE : d->marker;
	c->stack.is_whole = s->layout == CTRD_NATIVE;
	if (ctrd_snapshot_open_name(s, dir, &c->stack.upper_fd, &c->stack.upper_path, &why) < 0)
		return ctrd_stack_refuse(&c->stack, &why, err);
	(void)sl_fail(&why, SL_ENOTFOUND, 0,
		      "the store does not say what this directory was put on");
	return ctrd_note_gap(c, &why, err);
}

static int open_chain(const struct ctrd *d, const struct ctrd_snapper *s, const char *backend,
		      struct sl_container *c, struct sl_error *err)
{
	CLEANUP(ctrd_chain_clear) struct ctrd_chain chain = {0};
	CLEANUP(sl_error_clear) struct sl_error why = SL_ERROR_INIT;

	if (ctrd_chain_read(&chain, s, backend, &why) < 0)
		return ctrd_stack_refuse(&c->stack, &why, err);
	c->has_created = chain.links[0].has_created;
	c->created = chain.links[0].created;
	return ctrd_stack_open(d, s, &chain, NULL, &c->stack, NULL, err);
}

int ctrd_load_orphan(struct ctrd *d, const struct store_name *row, struct sl_container *c,
		     struct sl_error *err)
{
	AUTO_FREE char *key = strdup(row->key);
	const struct ctrd_snapper *s;
	struct parts parts;

	if (key == NULL)
		return sl_fail(err, SL_ENOMEM, 0, "orphan");
	if (!cut_key(key, &parts) || (s = ctrd_snapper(d, parts.snapshotter)) == NULL)
		return sl_fail(err, SL_ENOTFOUND, 0, "no such directory in this store");
	c->kind = row->kind;
	c->name = strdup(row->name != NULL ? row->name : row->id);
	c->driver = strdup(s->name);
	c->note = strdup(parts.note);
	if (c->name == NULL || c->driver == NULL || c->note == NULL)
		return sl_fail(err, SL_ENOMEM, 0, "orphan");
	return parts.backend != NULL ? open_chain(d, s, parts.backend, c, err)
				     : open_alone(d, s, parts.dir, c, err);
}
