/* SPDX-License-Identifier: Apache-2.0 */
/* A directory tree into the bundle: each object read once, stored, hashed and written down. */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "core/cleanup.h"
#include "job/bundle_sink.h"
#include "job/capture_ahead.h"
#include "job/capture_links.h"
#include "job/capture_records.h"
#include "job/capture_seen.h"
#include "job/head_content.h"

struct tree {
	struct capture *capture;
	const struct capture_target *target;
	struct sl_source *source;
	const char *role;
	struct recording *recording; /* or NULL */
	struct capture_links links;
	struct capture_ahead *ahead; /* owned */
	/* The one of them whose turn it is; NULL: the source stands at the entry. Borrowed. */
	struct capture_ahead_file *turn;
};

/* A smaller file is read in less time than it takes to hand it over. */
#define AHEAD_MIN ((uint64_t)16 << 10)

static bool has_content(const struct sl_entry *e)
{
	return S_ISREG(e->mode) && (e->flags & (SL_ENTRY_WHITEOUT | SL_ENTRY_METACOPY)) == 0;
}

/* 0 with a content; 1 when it cannot be opened, which is told. */
static int open_content(struct tree *tree, const struct sl_entry *e, struct sl_content **out,
			struct sl_error *err)
{
	struct sl_gap gap = {.what = e->path, .why = "file cannot be opened", .is_path = true};
	struct sl_error why = SL_ERROR_INIT;
	int rc;

	if (tree->turn != NULL) {
		*out = take_ptr(&tree->turn->content);
		rc = tree->turn->is_unopened ? -SL_EIO : *out == NULL;
		why.sys = tree->turn->open_sys;
	} else {
		rc = sl_source_open(tree->source, out, &why);
	}
	if (rc >= 0)
		return rc;
	gap.sys = why.sys;
	sl_error_clear(&why);
	rc = capture_gap(tree->capture, tree->target, &gap, err);
	return rc < 0 ? rc : 1;
}

static int write_down(struct tree *tree, const struct sl_entry *e, uint64_t number,
		      struct sl_error *err)
{
	return tree->recording == NULL ? 0 : recording_add(tree->recording, e, number, err);
}

/* The entry with what was read of it. */
static void learn(struct sl_entry *e, const struct capture_link *about)
{
	if (!about->has_sha256)
		return;
	memcpy(e->sha256, about->sha256, SL_SHA256_SIZE);
	memcpy(e->head, about->head, sizeof(e->head));
	e->head_len = about->head_len;
	e->fields |= SL_ENTRY_SHA256 | SL_ENTRY_HEAD;
	e->flags |= about->flags;
}

/* Who had it open for writing. A whole copy, and the writable layer, are what is mounted as root.
 */
static void name_writers(const struct tree *tree, const struct sl_entry *e, struct buf *members)
{
	if (tree->target->seen != NULL)
		capture_writers_member(&tree->target->seen->writers, e->path,
				       strcmp(tree->role, "upper") == 0, members);
}

/* Further name of a file that is stored: a record that says where. */
static int take_link(struct tree *tree, const struct sl_entry *e, const struct capture_link *first,
		     struct sl_error *err)
{
	CLEANUP(buf_clear) struct buf members = BUF_INIT(CAPTURE_MEMBERS_MAX);
	struct sl_entry known = *e;
	struct sl_bundle_file file = {
		.target = tree->target->id, .role = tree->role, .entry = &known};
	struct sl_bundle_stored stored;
	int rc;

	(void)buf_printf(&members, "\"hardlink_of\":%" PRIu64, first->seq);
	name_writers(tree, e, &members);
	if (members.status < 0)
		return sl_fail(err, SL_ENOMEM, 0, "record members");
	file.members = members.data;
	learn(&known, first);
	rc = capture_keep(tree->capture, tree->target, &file, &stored, err);
	if (rc == 0 && !first->has_sha256)
		stored.seq |= BUNDLE_SINK_HOLES;
	return rc < 0 ? rc : write_down(tree, &known, stored.seq, err);
}

/* Not read, because that was asked for: the findings must not call it a failure either. */
static int leave_out(struct tree *tree, const struct sl_entry *e, const char *rule,
		     struct sl_error *err)
{
	struct sl_gap gap = {.what = e->path, .why = rule, .is_path = true, .by_plan = true};
	struct sl_bundle_file file = {.target = tree->target->id, .role = tree->role, .entry = e};
	struct sl_bundle_stored stored;
	int rc = capture_keep(tree->capture, tree->target, &file, &stored, err);

	if (rc == 0)
		rc = capture_gap(tree->capture, tree->target, &gap, err);
	return rc < 0 ? rc : write_down(tree, e, stored.seq | BUNDLE_SINK_LEFT_OUT, err);
}

static void passed(void *payload, uint64_t bytes)
{
	struct tree *tree = payload;

	capture_progress(tree->capture, tree->target, bytes);
}

static int take_file(struct tree *tree, const struct sl_entry *e, struct sl_error *err)
{
	CLEANUP(buf_clear) struct buf members = BUF_INIT(CAPTURE_MEMBERS_MAX);
	struct sl_bundle_file file = {.target = tree->target->id, .role = tree->role, .entry = e};
	struct sl_entry known = *e;
	struct sl_bundle_stored stored;
	struct capture_link about = {0};
	struct head_content head;
	bool is_whole;
	int rc = open_content(tree, e, &file.content, err);

	if (rc < 0)
		return rc;
	if (tree->turn != NULL && tree->turn->has_sha256) {
		file.sha256 = tree->turn->sha256;
		file.sha256_bytes = tree->turn->bytes;
	}
	head_content_init(&head, tree->capture->job);
	/* nobody asks what it shows where nothing is compared */
	head.want_scan = tree->recording != NULL;
	head.size = e->size;
	head.passed = passed;
	head.payload = tree;
	name_writers(tree, e, &members);
	file.members = members.data;
	if (file.content != NULL)
		file.content = head_content_wrap(&head, file.content);
	rc = capture_keep(tree->capture, tree->target, &file, &stored, err);
	if (rc < 0)
		return rc;
	is_whole = stored.read.bytes > 0 && !stored.read.is_short && stored.read.sys == 0;
	about.seq = stored.seq;
	about.has_sha256 = stored.has_sha256 && !stored.read.is_short && stored.read.sys == 0;
	memcpy(about.sha256, stored.sha256, SL_SHA256_SIZE);
	memcpy(about.head, head.bytes, sizeof(about.head));
	about.head_len = head.len;
	about.flags = contentscan_flags(head.scan.signals);
	if (is_whole && !stored.read.changed)
		capture_links_add(&tree->links, e, &about);
	learn(&known, &about);
	if (about.has_sha256)
		known.size = stored.read.bytes;
	if (is_whole && !about.has_sha256)
		stored.seq |= BUNDLE_SINK_HOLES;
	return write_down(tree, &known, stored.seq, err);
}

/* A directory, a link, a device: all there is of it is in the record. */
static int take_object(struct tree *tree, const struct sl_entry *e, struct sl_error *err)
{
	struct sl_bundle_file file = {.target = tree->target->id, .role = tree->role, .entry = e};
	struct sl_bundle_stored stored;
	int rc = capture_keep(tree->capture, tree->target, &file, &stored, err);

	return rc < 0 ? rc : write_down(tree, e, stored.seq, err);
}

static int take(struct tree *tree, const struct sl_entry *e, struct sl_error *err)
{
	const struct capture_link *first;
	const char *rule;

	if (!has_content(e))
		return take_object(tree, e, err);
	rule = capture_filter_rule(tree->capture->filter, e);
	if (rule != NULL)
		return leave_out(tree, e, rule, err);
	first = capture_links_find(&tree->links, e);
	return first != NULL ? take_link(tree, e, first, err) : take_file(tree, e, err);
}

/* What is on its way is stored; after a stop it is not, as if the walk had not come that far. */
static int take_ahead(struct tree *tree, bool all, struct sl_error *err)
{
	int rc = 0;

	while (rc == 0 && !job_stopped(tree->capture->job) &&
	       (all ? !capture_ahead_is_empty(tree->ahead) : capture_ahead_is_full(tree->ahead))) {
		rc = capture_ahead_take(tree->ahead, &tree->turn, err);
		if (rc == 0)
			rc = take(tree, tree->turn->entry, err);
		tree->turn = NULL;
	}
	return rc;
}

/* Store the entry that the source lent, or put it behind those that are on their way. */
static int take_next(struct tree *tree, const struct sl_entry *e, struct sl_error *err)
{
	bool is_read = has_content(e) && capture_filter_rule(tree->capture->filter, e) == NULL;
	bool is_first = capture_ahead_is_empty(tree->ahead);
	int rc;

	if (is_read ? !capture_ahead_fits(tree->ahead, e) || (is_first && e->size < AHEAD_MIN)
		    : is_first) {
		rc = take_ahead(tree, true, err);
		return rc < 0 || !capture_ahead_is_empty(tree->ahead) ? rc : take(tree, e, err);
	}
	rc = take_ahead(tree, false, err);
	if (rc < 0 || capture_ahead_is_full(tree->ahead))
		return rc;
	return capture_ahead_put(tree->ahead, e, is_read ? tree->source : NULL, err);
}

static int take_gaps(struct tree *tree, struct sl_error *err)
{
	const struct sl_gap *g;
	int rc = 0;

	while (rc == 0 && (g = sl_source_gap(tree->source)) != NULL) {
		rc = take_ahead(tree, true, err);
		if (rc == 0)
			rc = capture_gap(tree->capture, tree->target, g, err);
	}
	return rc;
}

/* The tree was not walked to its end. */
static int cut_short(struct tree *tree, struct sl_error *err)
{
	struct sl_gap gap = {.what = {"", 0},
			     .why = "the walk stopped within it: not all of it was taken",
			     .is_path = true,
			     .below = true};

	return capture_gap(tree->capture, tree->target, &gap, err);
}

static int take_all(struct tree *tree, struct sl_error *err)
{
	const struct sl_entry *e;
	bool is_end;
	int rc = 0;

	while (rc == 0 && !job_stopped(tree->capture->job)) {
		int more;

		rc = sl_source_next(tree->source, &e, err);
		if (rc == 0)
			rc = take_next(tree, e, err);
		more = rc < 0 ? 0 : take_gaps(tree, err);
		rc = more < 0 ? more : rc;
	}
	is_end = rc == 1;
	if (is_end)
		rc = take_ahead(tree, true, err);
	if (rc < 0 || (is_end && capture_ahead_is_empty(tree->ahead)))
		return rc;
	return cut_short(tree, err);
}

int capture_tree(struct capture *c, const struct capture_target *t, struct sl_source *source,
		 const char *role, struct recording *recording, struct sl_error *err)
{
	struct tree tree = {
		.capture = c, .target = t, .source = source, .role = role, .recording = recording};
	int rc = capture_ahead_new(&tree.ahead, c->job->threads, err);

	c->tree_done = 0;
	if (rc == 0)
		rc = take_all(&tree, err);
	c->tree_total = 0;
	capture_ahead_free(tree.ahead);
	capture_links_clear(&tree.links);
	return rc;
}
