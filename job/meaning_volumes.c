/* SPDX-License-Identifier: Apache-2.0 */
#include "job/meaning_volumes.h"

#include <errno.h>
#include <string.h>
#include <sys/stat.h>

#include "core/cleanup.h"
#include "core/clock.h"
#include "diff/facts.h"
#include "diff/rules.h"
#include "diff/walk.h"
#include "host/host.h"
#include "host/volume.h"
#include "job/rules.h"
#include "job/volumefile.h"
#include "snapshot/layertree.h"

/* For each mount. */
#define ENTRIES_MAX UINT64_C(200000)
#define SECONDS_MAX 60
/* Findings of one container; what more there is, is one gap a mount. */
#define LISTED_MAX UINT64_C(10000)
#define STORES_MAX 32

/* An engine's store: what lies in it is examined as what it is, not as a volume. */
struct store_dir {
	uint64_t dev, ino;
};

struct part {
	struct meaning *meaning;
	struct ruleset own; /* where the run has no rules of its own */
	const struct ruleset *rules;
	struct store_dir stores[STORES_MAX];
	size_t store_count;
	struct sl_scanned *scanned; /* one for each mount */
	struct volumefile *file;
	uint64_t listed;
	struct buf message;
};

/* One mount being walked. */
struct scan {
	struct part *part;
	const struct sl_mount *mount;
	const struct walk_sink *sink;
	struct sl_scanned *out;
	struct sl_source *source;
	const char *file;  /* the mount is this file alone; or NULL */
	struct buf path;   /* of the entry, as inside */
	uint64_t deadline; /* nanoseconds after boot */
	uint64_t left_out; /* would have been listed */
};

static void part_free(void *data)
{
	struct part *p = data;

	volumefile_free(p->file);
	ruleset_clear(&p->own);
	buf_clear(&p->message);
	free(p->scanned);
	free(p);
}

/* ---- paths and gaps ---- */

/* Where @path of the mount is, seen from the container's root. */
static int say_path(struct scan *s, struct sl_bytes path, struct sl_error *err)
{
	const char *at = s->mount->path + strspn(s->mount->path, "/");

	buf_reset(&s->path);
	(void)buf_append_str(&s->path, at);
	while (s->path.len > 0 && s->path.data[s->path.len - 1] == '/')
		s->path.data[--s->path.len] = '\0';
	if (path.len > 0 && s->file == NULL) {
		if (s->path.len > 0)
			(void)buf_append_char(&s->path, '/');
		(void)buf_append(&s->path, path.data, path.len);
	}
	if (s->path.status < 0 || buf_append(&s->path, "", 0) < 0)
		return sl_fail(err, SL_ENOMEM, 0, "volume");
	return 0;
}

static struct sl_bytes path_said(const struct scan *s)
{
	return (struct sl_bytes){s->path.data != NULL ? s->path.data : "", s->path.len};
}

static int add_gap(struct scan *s, struct sl_bytes path, const char *why, int sys, bool below,
		   struct sl_error *err)
{
	struct sl_gap gap = {.why = why, .sys = sys, .is_path = true, .below = below};
	int rc = say_path(s, path, err);

	if (rc < 0)
		return rc;
	gap.what = path_said(s);
	s->out->complete = false;
	return s->sink->gap(s->sink->payload, &gap, err);
}

static int end_at(struct scan *s, const char *why, struct sl_error *err)
{
	int rc = add_gap(s, (struct sl_bytes){"", 0}, why, 0, true, err);

	return rc < 0 ? rc : 1;
}

/* Another mount of the container's lies here, and is looked at by itself. */
static bool is_other_mount(const struct scan *s)
{
	const struct sl_container *c = s->part->meaning->comparison->container;

	for (size_t i = 0; i < c->mount_count; i++)
		if (&c->mounts[i] != s->mount &&
		    facts_place(path_said(s), c->mounts[i].path) == FACTS_AT)
			return true;
	return false;
}

static int take_gaps(struct scan *s, struct sl_error *err)
{
	const struct sl_gap *gap;
	int rc = 0;

	while (rc >= 0 && (gap = sl_source_gap(s->source)) != NULL) {
		rc = say_path(s, gap->what, err);
		if (rc == 0 && !is_other_mount(s))
			rc = add_gap(s, gap->what, gap->why, gap->sys, gap->below, err);
	}
	return rc;
}

/* ---- one entry ---- */

/* Engines write these anew for every container: that they are there says nothing. */
static bool is_of_engine(struct sl_bytes path)
{
	static const char *const own[] = {"etc/hosts", "etc/hostname", "etc/resolv.conf"};

	for (size_t i = 0; i < ARRAY_SIZE(own); i++)
		if (path.len == strlen(own[i]) && memcmp(path.data, own[i], path.len) == 0)
			return true;
	return false;
}

/* Is it worth telling where nothing says whether it is new? */
static bool is_telling(const struct part *p, const struct sl_change *c)
{
	const fact_set rights = FACT_SETID | SL_SIGNAL_CAPS;
	const fact_set kinds = FACT_PROGRAM | SL_SIGNAL_KEY | SL_SIGNAL_KNOWN_BAD | SL_SIGNAL_YARA;
	fact_set facts = facts_of(c, p->meaning->comparison->container);
	struct sl_finding f = {.kind = SL_FINDING_FILE, .change = c};

	if ((facts & FACT_REGULAR) != 0 && (facts & (rights | kinds)) != 0)
		return true;
	if (is_of_engine(c->path))
		return false;
	rules_apply(p->rules, &f, c, facts);
	return f.severity >= SL_SEVERITY_LOW && f.cause == SL_CAUSE_NONE;
}

/* What its bytes show. Negative only where nothing can go on. */
static int look_inside(struct scan *s, struct sl_change *c, struct sl_entry *e,
		       struct sl_bytes inner, struct sl_error *err)
{
	struct volumefile *file = s->part->file;
	const char *why = NULL;
	int sys = 0, rc = volumefile_begin(file, s->source, c, e, &why, &sys, err);

	/* to be found by its bytes, or to be named by its digest */
	if (rc == 0 && why == NULL && (volumefile_reads_all(file) || is_telling(s->part, c)))
		rc = volumefile_read(file, s->source, c, e, &why, &sys, err);
	s->out->bytes += volumefile_bytes(file);
	return rc < 0 || why == NULL ? rc : add_gap(s, inner, why, sys, false, err);
}

static int tell(struct scan *s, const struct sl_change *c, struct sl_error *err)
{
	if (s->part->listed >= LISTED_MAX) {
		s->left_out++;
		return 0;
	}
	s->part->listed++;
	s->out->listed++;
	volumefile_told(s->part->file, c->path);
	return s->sink->change(s->sink->payload, c, err);
}

/* Nobody inside sets this time without setting the host's clock. */
static bool is_recent(const struct part *p, const struct sl_entry *e)
{
	const struct sl_container *container = p->meaning->comparison->container;

	return container->has_started && (e->fields & SL_ENTRY_CTIME) != 0 &&
	       clock_compare(e->ctime, container->started) > 0;
}

static int take_entry(struct scan *s, const struct sl_entry *found, struct sl_error *err)
{
	struct sl_entry e = *found;
	struct sl_change c = {.kind = SL_CHANGE_ADDED, .signals = SL_SIGNAL_VOLUME, .after = &e};
	int rc = say_path(s, found->path, err);

	s->out->entries++;
	/* the mount point itself is the container's setting, not something in it */
	if (rc < 0 || (found->path.len == 0 && s->file == NULL))
		return rc;
	s->out->recent += !S_ISDIR(e.mode) && is_recent(s->part, &e);
	c.path = e.path = path_said(s);
	volumefile_forget(s->part->file);
	if (S_ISREG(e.mode) && e.size > 0) {
		rc = look_inside(s, &c, &e, found->path, err);
		/* a gap has used the path's memory */
		if (rc >= 0)
			rc = say_path(s, found->path, err);
		c.path = e.path = path_said(s);
	}
	if (rc < 0 || !is_telling(s->part, &c))
		return rc < 0 ? rc : 0;
	return tell(s, &c, err);
}

/* ---- one mount ---- */

static bool is_store(const struct part *p, const struct sl_entry *e)
{
	for (size_t i = 0; S_ISDIR(e->mode) && i < p->store_count; i++)
		if (p->stores[i].ino == e->ino && p->stores[i].dev == e->dev)
			return true;
	return false;
}

/* Go on behind everything that lies in the directory that came last. */
static int skip_below(struct scan *s, struct sl_bytes dir, struct sl_error *err)
{
	struct buf next = BUF_INIT((size_t)1 << 30);
	int rc;

	/* the least name that is not beneath it: '/' orders before every byte of a name */
	(void)buf_append(&next, dir.data, dir.len);
	rc = buf_append_char(&next, '\001');
	if (rc < 0)
		rc = sl_fail(err, SL_ENOMEM, 0, "volume");
	else
		rc = sl_source_seek(s->source, (struct sl_bytes){next.data, next.len}, err);
	buf_clear(&next);
	return rc;
}

/* 0: go on; 1: a bound is passed, and told. */
static int check_bounds(struct scan *s, struct sl_error *err)
{
	if (job_stopped(s->part->meaning->job))
		return end_at(s, "stopped by a signal", err);
	if (s->out->entries >= ENTRIES_MAX)
		return end_at(s, "more than 200000 entries: the rest of the mount is not read",
			      err);
	if (clock_boot_ns() > s->deadline)
		return end_at(s, "takes longer than 60 seconds: the rest of the mount is not read",
			      err);
	return 0;
}

static int walk_all(struct scan *s, struct sl_error *err)
{
	const struct sl_entry *e;
	int rc;

	while ((rc = check_bounds(s, err)) == 0 && (rc = sl_source_next(s->source, &e, err)) == 0) {
		rc = take_gaps(s, err);
		if (rc == 0 && is_store(s->part, e)) {
			rc = add_gap(s, e->path,
				     "an engine's store: its containers are examined by themselves",
				     0, true, err);
			if (rc == 0)
				rc = skip_below(s, e->path, err);
		} else if (rc == 0) {
			rc = take_entry(s, e, err);
		}
		if (rc < 0)
			break;
	}
	return rc < 0 ? rc : take_gaps(s, err);
}

static int take_file(struct scan *s, struct sl_error *err)
{
	struct sl_bytes name = {s->file, strlen(s->file)};
	const struct sl_entry *e = NULL;
	int rc = sl_source_seek(s->source, name, err);

	if (rc == 0)
		rc = sl_source_next(s->source, &e, err);
	if (rc < 0)
		return rc;
	if (rc > 0 || sl_path_compare(e->path, name) != 0)
		return add_gap(s, name, "its source is gone", 0, false, err);
	return take_entry(s, e, err);
}

static int walk_mount(struct scan *s, const struct host_volume *v, struct sl_error *err)
{
	CLEANUP(sl_error_clear) struct sl_error why = SL_ERROR_INIT;
	const struct meaning *m = s->part->meaning;
	bool is_bind = strcmp(s->mount->type, "bind") == 0;
	int rc = is_bind && v->file == NULL && !v->is_shm
			 ? host_holds_dir(m->request->host, v->dir_fd, NULL)
			 : 0;

	if (rc != 0)
		return end_at(
			s,
			rc > 0 ? "lies in an engine's store: not read"
			       : "whether it lies in an engine's store cannot be told: not read",
			err);
	s->file = v->file;
	rc = layertree_open(&s->source, v->dir_fd, SL_MARKER_NONE,
			    &m->comparison->container->stack.idmap, &why);
	if (rc == 0) {
		s->deadline = clock_boot_ns() + SECONDS_MAX * UINT64_C(1000000000);
		volumefile_start(s->part->file, s->deadline);
		rc = s->file != NULL ? take_file(s, &why) : walk_all(s, &why);
	}
	if (rc == -SL_ENOMEM || rc == -SL_ECANCELLED)
		return sl_fail(err, -rc, 0, "%s", sl_error_text(&why));
	return rc < 0 ? add_gap(s, (struct sl_bytes){"", 0}, "cannot be walked to its end", why.sys,
				true, err)
		      : 0;
}

static int scan_mount(struct part *p, size_t index, const struct walk_sink *sink,
		      struct sl_error *err)
{
	const struct sl_container *c = p->meaning->comparison->container;
	struct scan s = {.part = p,
			 .mount = &c->mounts[index],
			 .sink = sink,
			 .out = &p->scanned[index],
			 .path = BUF_INIT((size_t)1 << 30)};
	CLEANUP(host_volume_clear) struct host_volume volume = {.dir_fd = -1};
	int rc = host_volume_open(p->meaning->request->host, c, s.mount, &volume, err);

	*s.out = (struct sl_scanned){s.mount->path, s.mount->type, .complete = true};
	if (rc == 0 && volume.why != NULL)
		rc = add_gap(&s, (struct sl_bytes){"", 0}, volume.why, volume.sys, true, err);
	else if (rc == 0)
		rc = walk_mount(&s, &volume, err);
	if (rc >= 0 && s.left_out > 0)
		rc = end_at(&s, "holds more that is worth telling than is listed", err);
	sl_source_close(s.source);
	buf_clear(&s.path);
	return rc < 0 ? rc : 0;
}

static int walk(void *payload, const struct walk_sink *sink, struct sl_summary *out,
		struct sl_error *err)
{
	struct part *p = payload;
	size_t count = p->meaning->comparison->container->mount_count;
	int rc = 0;

	for (size_t i = 0; rc == 0 && i < count; i++)
		rc = scan_mount(p, i, sink, err);
	out->scanned = p->scanned;
	out->scanned_count = count;
	return rc;
}

/* ---- the part ---- */

static int apply_mark(void *payload, struct sl_finding *f, struct sl_change *c,
		      struct sl_error *err)
{
	struct part *p = payload;
	const char *what = "in a mount, which has no baseline";

	if ((c->signals & SL_SIGNAL_VOLUME) == 0)
		return 0;
	buf_reset(&p->message);
	(void)buf_append_str(&p->message, what);
	if (is_recent(p, c->after))
		(void)buf_append_str(&p->message, "; changed since the container started");
	if (f->message != NULL)
		(void)buf_printf(&p->message, "; %s", f->message);
	if (p->message.status < 0)
		return sl_fail(err, SL_ENOMEM, 0, "volume");
	f->message = p->message.data;
	return 0;
}

static int add_store(void *payload, const char *engine, const char *dir)
{
	struct part *p = payload;
	AUTO_CLOSE int fd = host_open_path(p->meaning->request->host, dir, NULL);
	struct stat st;

	(void)engine;
	if (fd >= 0 && p->store_count < STORES_MAX && fstat(fd, &st) == 0)
		p->stores[p->store_count++] = (struct store_dir){st.st_dev, st.st_ino};
	return 0;
}

int meaning_volumes(struct meaning *m, struct sl_error *err)
{
	size_t count = m->comparison->container->mount_count;
	struct part *p;
	int rc;

	if (!m->request->volumes || m->request->host == NULL || count == 0)
		return 0;
	p = calloc(1, sizeof(*p));
	if (p == NULL)
		return sl_fail(err, SL_ENOMEM, 0, "volumes");
	p->meaning = m;
	p->message = BUF_INIT((size_t)16 << 10);
	rc = meaning_keep(m, p, part_free, err);
	if (rc < 0)
		return rc;
	p->scanned = calloc(count, sizeof(*p->scanned));
	if (p->scanned == NULL)
		return sl_fail(err, SL_ENOMEM, 0, "volumes");
	p->rules = job_rules_set(m->job->rules);
	if (p->rules == NULL) {
		rc = ruleset_init(&p->own, rules_table, rules_count, NULL, 0, err);
		p->rules = &p->own;
	}
	if (rc == 0)
		rc = volumefile_new(&p->file, m, err);
	if (rc == 0)
		rc = meaning_mark(m, (struct drift_step){apply_mark, p, .in_volumes = true}, err);
	(void)host_stores(m->request->host, add_store, p);
	m->more = (struct drift_more){walk, p};
	return rc;
}
