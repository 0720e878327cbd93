/* SPDX-License-Identifier: Apache-2.0 */
#include "job/policylearn.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "core/buf.h"
#include "core/cleanup.h"
#include "core/clock.h"
#include "core/encode.h"
#include "core/quote.h"
#include "diff/policy.h"

/* So many siblings become one pattern. */
#define SIBLINGS 4
/* But in the root, where one pattern would be for anything: there they are listed. */
#define ROOT_SIBLINGS 64
#define TEXT_BYTES ((size_t)16 << 20)

/* Findings of one directory, or beneath one that is new, as long as they follow each other. */
struct group {
	char *dir; /* "" for the root; owned; NULL: there is no group */
	size_t dir_len;
	bool is_new; /* the directory itself was added: everything beneath belongs to it */
	uint64_t count, max_size;
	uint32_t changes;
	uint32_t uid, gid;
	bool has_owner, many_owners;
	struct buf paths; /* of the first ones, as YAML list elements */
};

struct learning {
	struct sl_sink sink;
	struct ostream *to;
	const struct policylearn_options *o;
	const struct sl_subject *subject;
	struct group group;
	struct buf text; /* what is to be written next */
	struct buf left; /* comments: what is not proposed */
	uint64_t rules, left_count;
	bool begun;
};

static struct learning *from(struct sl_sink *s)
{
	return container_of(s, struct learning, sink);
}

static int write_out(struct learning *l, struct sl_error *err)
{
	int rc = l->text.status < 0 ? sl_fail(err, SL_ELIMIT, 0, "policy is too long") : 0;

	if (rc == 0 && l->text.len > 0)
		rc = ostream_write(l->to, l->text.data, l->text.len, err);
	buf_reset(&l->text);
	return rc;
}

/* ---- YAML ---- */

/*
 * A double-quoted scalar. In a pattern, what has a meaning there or cannot be said in YAML becomes
 * "?", any one byte.
 */
static void scalar(struct buf *out, struct sl_bytes text, bool is_pattern)
{
	size_t at = 0;

	(void)buf_append_char(out, '"');
	while (at < text.len) {
		uint32_t code = 0;
		size_t n = utf8_next(text.data + at, text.len - at, &code);
		char c = text.data[at];

		if (n == 1 && (c == '"' || c == '\\')) {
			(void)buf_printf(out, "\\%c", c);
		} else if (n == 0 || code < 0x20 || (code >= 0x7f && code < 0xa0) ||
			   (is_pattern && (c == '*' || c == '?'))) {
			n = n == 0 ? 1 : n;
			for (size_t i = 0; i < n; i++)
				(void)buf_append_char(out, '?');
		} else {
			(void)buf_append(out, text.data + at, n);
		}
		at += n;
	}
	(void)buf_append_char(out, '"');
}

static void text_scalar(struct buf *out, const char *text)
{
	scalar(out, (struct sl_bytes){text, strlen(text)}, false);
}

static void path_element(struct buf *out, struct sl_bytes path, const char *behind)
{
	CLEANUP(buf_clear) struct buf text = BUF_INIT(TEXT_BYTES);

	(void)buf_append_str(out, "      - ");
	scalar(&text, path, true);
	/* between the quotes */
	(void)buf_append_str(out, "\"/");
	(void)buf_append(out, text.data + 1, text.len - 2);
	(void)buf_printf(out, "%s\"\n", behind);
}

static void scope(struct buf *out, const struct learning *l)
{
	const struct sl_subject *s = l->subject;

	if (l->o->by_image && s->image.ref != NULL) {
		(void)buf_append_str(out, "    images: [");
		scalar(out, (struct sl_bytes){s->image.ref, strlen(s->image.ref)}, true);
	} else {
		const char *label = sl_container_label(s->container);

		(void)buf_append_str(out, "    containers: [");
		scalar(out, (struct sl_bytes){label, strlen(label)}, true);
	}
	(void)buf_append_str(out, "]\n");
}

static void changes(struct buf *out, uint32_t set)
{
	const char *separator = "";

	(void)buf_append_str(out, "    changes: [");
	for (unsigned int kind = 0; kind < SL_CHANGE_TOUCHED; kind++) {
		if ((set & 1u << kind) == 0)
			continue;
		(void)buf_printf(out, "%s%s", separator, sl_change_name((enum sl_change_kind)kind));
		separator = ", ";
	}
	(void)buf_append_str(out, "]\n");
}

static void provenance(struct buf *out, const struct learning *l)
{
	char date[CLOCK_TEXT_SIZE], now[CLOCK_TEXT_SIZE];
	const char *label = sl_container_label(l->subject->container);

	clock_format(date, l->o->expires);
	clock_format(now, clock_now());
	(void)buf_printf(out, "    expires: %.10s\n    approved_by: ", date);
	text_scalar(out, l->o->approved_by);
	(void)buf_append_str(out, "\n    reason: ");
	if (l->o->reason != NULL) {
		text_scalar(out, l->o->reason);
	} else {
		CLEANUP(buf_clear) struct buf why = BUF_INIT(65536);

		(void)buf_printf(&why, "learned from %s on %.10s", label, now);
		scalar(out, (struct sl_bytes){why.data, why.len}, false);
	}
	(void)buf_append_str(out, "\n");
}

/* Twice what was seen, in whole KiB: files grow. */
static uint64_t size_bound(uint64_t seen)
{
	return seen > UINT64_MAX / 4 ? UINT64_MAX / 1024 : (seen * 2 + 1023) / 1024 + 1;
}

/* With the container's name: names of rules are unique over all files of a run. */
static void rule_name(struct buf *out, struct learning *l)
{
	CLEANUP(buf_clear) struct buf name = BUF_INIT(65536);

	(void)buf_printf(&name, "learned-%s-%" PRIu64, sl_container_label(l->subject->container),
			 ++l->rules);
	scalar(out, (struct sl_bytes){name.data, name.len}, false);
	(void)buf_append_char(out, '\n');
}

static void write_rule(struct learning *l)
{
	const struct group *g = &l->group;
	struct buf *out = &l->text;
	struct sl_bytes dir = {g->dir, g->dir_len};

	(void)buf_append_str(out, "  - name: ");
	rule_name(out, l);
	scope(out, l);
	(void)buf_append_str(out, "    paths:\n");
	if (g->is_new) {
		path_element(out, dir, "");
		path_element(out, dir, "/**");
	} else if (g->count > SIBLINGS && g->dir_len > 0) {
		path_element(out, dir, "/*");
	} else {
		(void)buf_append(out, g->paths.data, g->paths.len);
	}
	changes(out, g->changes);
	if (g->has_owner && !g->many_owners)
		(void)buf_printf(out, "    owners: [\"%" PRIu32 ":%" PRIu32 "\"]\n", g->uid,
				 g->gid);
	(void)buf_printf(out, "    max_size: %" PRIu64 "K\n", size_bound(g->max_size));
	provenance(out, l);
}

/* ---- groups ---- */

static int end_group(struct learning *l, struct sl_error *err)
{
	struct group *g = &l->group;

	if (g->dir == NULL)
		return 0;
	if (g->count > 0)
		write_rule(l);
	free(g->dir);
	buf_clear(&g->paths);
	*g = (struct group){0};
	return write_out(l, err);
}

static struct sl_bytes parent_of(struct sl_bytes path)
{
	const char *slash = memrchr(path.data, '/', path.len);

	return (struct sl_bytes){path.data, slash != NULL ? (size_t)(slash - path.data) : 0};
}

static bool belongs(const struct group *g, struct sl_bytes path)
{
	struct sl_bytes dir = {g->dir, g->dir_len}, parent = parent_of(path);

	if (g->dir == NULL || (g->dir_len == 0 && g->count == ROOT_SIBLINGS))
		return false;
	if (g->is_new)
		return sl_path_within(path, dir);
	return parent.len == dir.len && memcmp(parent.data, dir.data, dir.len) == 0;
}

static int begin_group(struct learning *l, const struct sl_change *c, struct sl_error *err)
{
	bool is_new = c->kind == SL_CHANGE_ADDED && c->after != NULL &&
		      (c->after->mode & S_IFMT) == S_IFDIR;
	struct sl_bytes dir = is_new ? c->path : parent_of(c->path);
	int rc = end_group(l, err);

	if (rc < 0)
		return rc;
	l->group = (struct group){.dir = strndup(dir.data, dir.len),
				  .dir_len = dir.len,
				  .is_new = is_new,
				  .paths = BUF_INIT(TEXT_BYTES)};
	return l->group.dir == NULL ? sl_fail(err, SL_ENOMEM, 0, "policy") : 0;
}

static void add_to_group(struct group *g, const struct sl_change *c)
{
	const struct sl_entry *after = c->after;

	g->changes |= 1u << c->kind;
	if (g->count++ < SIBLINGS || g->dir_len == 0)
		path_element(&g->paths, c->path, "");
	if (after == NULL)
		return;
	if (g->has_owner && (g->uid != after->uid || g->gid != after->gid))
		g->many_owners = true;
	g->has_owner = true;
	g->uid = after->uid;
	g->gid = after->gid;
	if (S_ISREG(after->mode) && after->size > g->max_size)
		g->max_size = after->size;
}

/* Nobody should wave these through with a hundred others. */
static void leave_out(struct learning *l, const struct sl_finding *f)
{
	struct sl_bytes about = f->change != NULL ? f->change->path : f->subject;
	uint32_t rights = policy_rights(f);

	if (l->left_count++ >= 1000)
		return;
	(void)buf_printf(&l->left, "#   %s %s %s", sl_severity_name(f->severity),
			 f->change != NULL ? sl_change_name(f->change->kind)
					   : sl_finding_kind_name(f->kind),
			 f->change != NULL ? "/" : "");
	(void)quote_bytes(&l->left, about.data, about.len);
	for (uint32_t bit = 1; policy_right_name(bit) != NULL; bit <<= 1)
		if ((rights & bit) != 0)
			(void)buf_printf(&l->left, " (%s)", policy_right_name(bit));
	(void)buf_append_char(&l->left, '\n');
}

static int on_finding(struct sl_sink *s, const struct sl_finding *f, struct sl_error *err)
{
	struct learning *l = from(s);
	int rc = 0;

	if (f->cause != SL_CAUSE_NONE || f->kind == SL_FINDING_POSTURE ||
	    (f->change != NULL && f->change->kind == SL_CHANGE_TOUCHED))
		return 0;
	/* no pattern names the root itself */
	if (f->change == NULL || f->change->path.len == 0 || policy_rights(f) != 0) {
		leave_out(l, f);
		return 0;
	}
	if (!belongs(&l->group, f->change->path))
		rc = begin_group(l, f->change, err);
	if (rc == 0)
		add_to_group(&l->group, f->change);
	return rc;
}

/* ---- the document ---- */

static int on_run(struct sl_sink *s, const struct sl_run *run, struct sl_error *err)
{
	struct learning *l = from(s);

	(void)run;
	if (l->begun)
		return 0;
	l->begun = true;
	(void)buf_append_str(
		&l->text,
		"# A proposal: every rule here was seen, none was judged. Review, rename, "
		"narrow, delete.\nversion: 1\nrules:\n");
	return write_out(l, err);
}

static int on_container(struct sl_sink *s, const struct sl_subject *subject, struct sl_error *err)
{
	(void)err;
	from(s)->subject = subject;
	return 0;
}

static int on_container_end(struct sl_sink *s, const struct sl_summary *sum, struct sl_error *err)
{
	struct learning *l = from(s);
	int rc = end_group(l, err);

	if (rc < 0)
		return rc;
	if (l->left_count > 0)
		(void)buf_printf(&l->text, "# Not proposed, and %" PRIu64 " in all:\n%s",
				 l->left_count, l->left.data);
	if (sum->counts.gaps > 0)
		(void)buf_printf(&l->text, "# %" PRIu64 " gap%s: not everything was read.\n",
				 sum->counts.gaps, sum->counts.gaps == 1 ? "" : "s");
	l->left_count = 0;
	buf_reset(&l->left);
	return write_out(l, err);
}

static int on_end(struct sl_sink *s, const struct sl_run *run, struct sl_error *err)
{
	struct learning *l = from(s);

	(void)run;
	if (l->rules == 0)
		(void)buf_append_str(&l->text, "  []\n");
	return write_out(l, err);
}

static void on_close(struct sl_sink *s)
{
	struct learning *l = from(s);

	free(l->group.dir);
	buf_clear(&l->group.paths);
	buf_clear(&l->text);
	buf_clear(&l->left);
	free(l);
}

int policylearn_sink(struct sl_sink **out, struct ostream *to, const struct policylearn_options *o,
		     struct sl_error *err)
{
	static const struct sl_sink_ops ops = {.begin = on_run,
					       .container = on_container,
					       .finding = on_finding,
					       .container_end = on_container_end,
					       .end = on_end,
					       .close = on_close};
	struct learning *l = calloc(1, sizeof(*l));

	if (l == NULL)
		return sl_fail(err, SL_ENOMEM, 0, "policy");
	*l = (struct learning){.sink = {&ops},
			       .to = to,
			       .o = o,
			       .text = BUF_INIT(TEXT_BYTES),
			       .left = BUF_INIT(TEXT_BYTES)};
	*out = &l->sink;
	return 0;
}
