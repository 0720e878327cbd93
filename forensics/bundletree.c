/* SPDX-License-Identifier: Apache-2.0 */
#include "forensics/bundletree.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "core/cleanup.h"
#include "core/encode.h"
#include "forensics/bundle_read.h"
#include "forensics/record.h"
#include "forensics/recordentry.h"
#include "forensics/targetword.h"

struct reading {
	const struct bundletree_events *events;
	struct bundletree_target *target;
	size_t targets;
	uint32_t number; /* of the one that is read */
	struct recordentry entry;
	struct buf path; /* of the current record, its leading slash left out */
};

static char *copy_text(const struct jval *v)
{
	const char *text = jval_str(v);

	return text != NULL ? strdup(text) : NULL;
}

static int read_mounts(struct reading *g, const struct jval *list, struct bundletree_target *t,
		       struct sl_error *err)
{
	t->mounts = calloc(jval_len(list) + 1, sizeof(*t->mounts));
	if (t->mounts == NULL)
		return sl_fail(err, SL_ENOMEM, 0, "mounts");
	for (size_t i = 0; i < jval_len(list); i++) {
		const struct jval *o = jval_at(list, i);
		struct sl_mount *m = &t->mounts[t->mount_count];

		buf_reset(&g->path);
		if (record_path(o, "path", &g->path) != 0 || g->path.len == 0)
			return sl_fail(err, SL_EFORMAT, 0, "mounts of a target");
		t->mount_count++;
		m->path = strndup(g->path.data, g->path.len);
		m->type = copy_text(jval_get(o, "type"));
		(void)jval_bool(jval_get(o, "rw"), &m->rw);
		if (m->path == NULL || m->type == NULL)
			return sl_fail(err, SL_EFORMAT, 0, "mounts of a target");
	}
	return 0;
}

static int on_target(struct reading *g, const struct record *r, struct sl_error *err)
{
	struct bundletree_target *t = g->target;
	const char *id = jval_str(jval_path(r->doc, "image", "id", NULL));

	if (g->events->wanted != NULL && !targetword_fits(r, g->events->wanted))
		return 0;
	if (g->targets++ > 0)
		return sl_fail(err, SL_EAMBIGUOUS, 0,
			       "the bundle holds several containers: say which (--target N, see "
			       "'strandline show --type target')");
	g->number = r->target;
	t->engine = copy_text(jval_get(r->doc, "engine"));
	t->id = copy_text(jval_get(r->doc, "id"));
	t->name = copy_text(jval_get(r->doc, "name"));
	t->image_ref = copy_text(jval_path(r->doc, "image", "ref", NULL));
	t->has_image_id = id != NULL && digest_parse(t->image_id, id, strlen(id)) == 0;
	(void)jval_bool(jval_get(r->doc, "whole_tree"), &t->is_whole);
	t->captured_at = r->time;
	return read_mounts(g, jval_get(r->doc, "mounts"), t, err);
}

/* 0; 1 when it stands elsewhere, as one too long for a record does. */
static int read_path(struct reading *g, const struct jval *o, struct sl_bytes *out,
		     struct sl_error *err)
{
	int rc;

	buf_reset(&g->path);
	rc = record_path(o, "path", &g->path);
	if (rc < 0)
		return sl_fail(err, SL_EFORMAT, 0, "path of a record");
	if (rc > 0 || g->path.len == 0 || g->path.data[0] != '/')
		return 1;
	*out = (struct sl_bytes){g->path.data + 1, g->path.len - 1};
	return 0;
}

static int tell_gap(struct reading *g, const struct record *r, const char *why,
		    struct sl_error *err)
{
	char what[40];
	int len = snprintf(what, sizeof(what), "record %llu", (unsigned long long)r->seq);
	struct sl_gap gap = {.what = {what, (size_t)len}, .why = why};

	return g->events->gap(g->events->payload, &gap, err);
}

/* The digest counts where all of the file went into it, and nobody wrote meanwhile. */
static void take_digest(struct sl_entry *e, const struct record *r)
{
	const char *hex = jval_str(jval_path(r->doc, "hash", "sha256", NULL));
	const struct jval *read = jval_get(r->doc, "read");
	bool changed = true, is_short = true;
	uint64_t bytes;

	if (read == NULL && jval_get(r->doc, "hardlink_of") != NULL) {
		/* read under its first name: its size is that of the object */
		changed = is_short = false;
		bytes = e->size;
	} else if (record_u64(jval_get(read, "bytes"), &bytes) < 0) {
		return;
	}
	(void)jval_bool(jval_get(read, "changed"), &changed);
	(void)jval_bool(jval_get(read, "short"), &is_short);
	if (hex == NULL || changed || is_short ||
	    hex_decode(e->sha256, sizeof(e->sha256), hex, strlen(hex)) < 0)
		return;
	e->size = bytes;
	e->fields |= SL_ENTRY_SHA256;
}

static int on_file(struct reading *g, const struct record *r, struct sl_error *err)
{
	const struct jval *src = jval_get(r->doc, "src");
	const char *role = jval_str(jval_get(r->doc, "role"));
	struct sl_bytes path;
	int rc;

	if (role == NULL || strcmp(role, "upper") != 0)
		return 0;
	rc = read_path(g, src, &path, err);
	if (rc > 0)
		return tell_gap(g, r, "its path is too long for the record", err);
	if (rc == 0)
		rc = recordentry_read(&g->entry, src, path, err);
	if (rc < 0)
		return sl_wrap(err, rc, "record %llu", (unsigned long long)r->seq);
	if (jval_type(jval_get(r->doc, "attributes")) == JVAL_OBJECT)
		rc = tell_gap(g, r, "its attributes are too long for the record", err);
	take_digest(&g->entry.entry, r);
	return rc < 0 ? rc : g->events->captured(g->events->payload, &g->entry.entry, err);
}

static int on_finding(struct reading *g, const struct record *r, struct sl_error *err)
{
	const char *kind = jval_str(jval_get(r->doc, "kind"));
	const struct jval *before = jval_get(r->doc, "before");
	bool has_before = jval_type(before) == JVAL_OBJECT;
	struct sl_bytes path;
	int rc;

	if (kind == NULL || strcmp(kind, "file") != 0)
		return 0;
	rc = read_path(g, r->doc, &path, err);
	if (rc > 0)
		return tell_gap(g, r, "its path is too long for the record", err);
	if (rc == 0 && has_before)
		rc = recordentry_read(&g->entry, before, path, err);
	if (rc < 0)
		return sl_wrap(err, rc, "record %llu", (unsigned long long)r->seq);
	return g->events->found(g->events->payload, path, has_before ? &g->entry.entry : NULL, err);
}

static int on_gap(struct reading *g, const struct record *r, struct sl_error *err)
{
	const char *why = jval_str(jval_get(r->doc, "why"));
	struct sl_gap gap = {.why = why != NULL ? why : "not said"};
	int64_t sys = 0;

	buf_reset(&g->path);
	if (record_bytes(r->doc, "what", &g->path) < 0)
		return sl_fail(err, SL_EFORMAT, 0, "gap record");
	(void)jval_bool(jval_get(r->doc, "is_path"), &gap.is_path);
	(void)jval_bool(jval_get(r->doc, "below"), &gap.below);
	if (jval_i64(jval_get(r->doc, "errno"), &sys) == 0 && sys > 0 && sys < 4096)
		gap.sys = (int)sys;
	gap.what = (struct sl_bytes){g->path.data != NULL ? g->path.data : "", g->path.len};
	if (gap.is_path && gap.what.len > 0 && gap.what.data[0] == '/') {
		gap.what.data++;
		gap.what.len--;
	}
	return g->events->gap(g->events->payload, &gap, err);
}

static int on_summary(struct reading *g, const struct record *r, struct sl_error *err)
{
	(void)r;
	(void)err;
	g->target->is_compared = true;
	return 0;
}

/* What is about the machine counts for every container of it. */
static bool is_meant(const struct reading *g, const struct record *r)
{
	return r->target == SL_BUNDLE_TARGET_HOST || r->target == g->number ||
	       strcmp(r->type, "target") == 0;
}

static int on_record(struct reading *g, const struct sl_bundle_record *record, struct sl_error *err)
{
	static const struct {
		const char *type;
		int (*read)(struct reading *g, const struct record *r, struct sl_error *err);
	} readers[] = {
		{"target", on_target}, {"file", on_file},       {"finding", on_finding},
		{"gap", on_gap},       {"summary", on_summary},
	};

	for (size_t i = 0; i < ARRAY_SIZE(readers); i++) {
		struct record r = {0};
		int rc;

		if (strcmp(readers[i].type, record->type) != 0)
			continue;
		rc = record_parse(&r, record->line, record->len, err);
		if (rc == 0 && is_meant(g, &r))
			rc = readers[i].read(g, &r, err);
		record_clear(&r);
		return rc;
	}
	return 0;
}

static int read_all(struct reading *g, struct sl_bundle_reader *reader, struct sl_error *err)
{
	const struct sl_bundle_record *record;
	uint64_t unattested = 0;
	int rc = 0;

	while (rc == 0) {
		rc = sl_bundle_next(reader, &record, err);
		if (rc == 0 && record->attested && unattested == 0)
			rc = on_record(g, record, err);
		else if (rc == 0)
			unattested++;
	}
	if (rc < 0)
		return rc;
	if (unattested > 0) {
		struct sl_gap gap = {.what = {"bundle", 6},
				     .why = "its last records lie under no good checkpoint"};

		rc = g->events->gap(g->events->payload, &gap, err);
	}
	if (rc >= 0 && g->targets == 0)
		rc = g->events->wanted != NULL
			     ? sl_fail(err, SL_ENOTFOUND, 0, "no such container in the bundle")
			     : sl_fail(err, SL_EFORMAT, 0, "no container in it");
	return rc < 0 ? rc : 0;
}

int bundletree_read(struct rfile *file, const struct bundletree_events *events,
		    struct bundletree_target *out, struct sl_error *err)
{
	struct reading g = {
		.events = events, .target = out, .path = BUF_INIT(SL_BUNDLE_LINE_BYTES)};
	struct sl_bundle_reader *reader = NULL;
	int rc;

	*out = (struct bundletree_target){0};
	recordentry_init(&g.entry);
	rc = bundle_reader_open(&reader, file, BUNDLE_READ_THREADS, err);
	if (rc == 0)
		rc = read_all(&g, reader, err);
	sl_bundle_reader_free(reader);
	recordentry_clear(&g.entry);
	buf_clear(&g.path);
	return rc;
}

void bundletree_target_clear(struct bundletree_target *t)
{
	free(t->engine);
	free(t->id);
	free(t->name);
	free(t->image_ref);
	for (size_t i = 0; i < t->mount_count; i++) {
		free(t->mounts[i].path);
		free(t->mounts[i].type);
	}
	free(t->mounts);
	*t = (struct bundletree_target){0};
}
