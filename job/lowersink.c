/* SPDX-License-Identifier: Apache-2.0 */
#include "job/lowersink.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "core/buf.h"
#include "core/cleanup.h"
#include "core/encode.h"
#include "core/json.h"
#include "core/root.h"
#include "job/capture_records.h"
#include "snapshot/layertree.h"

#define PATH_LIMIT ((size_t)1 << 30)

struct lowersink {
	struct sl_check_sink sink;
	struct sl_check_sink *next;
	struct capture *capture;
	struct capture_target *target;
	struct jout list; /* of all directories */
	struct sl_check_subject subject;
	size_t lower; /* of the directory under way; lower_count: it is none of the stack */
	uint64_t listed, left_out;
	/* the object under way: differences of one path come together */
	struct buf path;
	struct buf differences; /* a JSON array, not ended */
	struct jout says;
	bool is_missing;
};

static struct lowersink *from(struct sl_check_sink *s)
{
	return container_of(s, struct lowersink, sink);
}

void lowersink_name(char out[24], const struct sl_lower *lower, size_t index)
{
	if (lower->kind == SL_LOWER_IMAGE && lower->has_image_layer)
		(void)snprintf(out, 24, "%zu", lower->image_layer);
	else
		(void)snprintf(out, 24, "%s-%zu",
			       lower->kind == SL_LOWER_INIT   ? "init"
			       : lower->kind == SL_LOWER_DATA ? "data"
							      : "lower",
			       index);
}

/* ---- one object ---- */

static void say_difference(struct jout *j, const struct sl_difference *d)
{
	jout_object(j);
	jout_key_str(j, "kind", sl_difference_kind_name(d->kind));
	jout_key_str(j, "what", d->what);
	if (d->name != NULL)
		jout_key_str(j, "name", d->name);
	jout_key_str(j, "before", d->before);
	jout_key_str(j, "after", d->after);
	jout_object_end(j);
}

/* Which layer's, and what it should have been. */
static int say_members(struct lowersink *l, struct buf *out)
{
	CLEANUP(buf_clear) struct buf object = BUF_INIT(CAPTURE_MEMBERS_MAX);
	struct jout j;

	jout_begin(&j, &object);
	jout_object(&j);
	jout_key(&j, "layer");
	jout_object(&j);
	if (l->subject.has_diff_id) {
		jout_key(&j, "diff_id");
		jout_digest(&j, l->subject.diff_id);
	}
	jout_key(&j, "chain_id");
	jout_digest(&j, l->subject.chain_id);
	jout_key_bytes(&j, "directory", l->subject.directory);
	jout_object_end(&j);
	jout_key(&j, "differences");
	jout_raw(&j, l->differences.data, l->differences.len);
	jout_object_end(&j);
	return jout_end(&j) < 0 ? -SL_ELIMIT : buf_append(out, object.data + 1, object.len - 2);
}

static int object_gap(struct lowersink *l, const char *why, int sys, struct sl_error *err)
{
	struct sl_gap gap = {.what = {l->path.data, l->path.len}, .why = why, .sys = sys};

	return capture_gap(l->capture, l->target, &gap, err);
}

/* Its entry as the walk of the directory shows it, markers and attributes included. */
static int keep_object(struct lowersink *l, struct sl_source *tree, const struct buf *members,
		       struct sl_error *err)
{
	const struct sl_lower *lower = &l->target->container->stack.lowers[l->lower];
	struct sl_bundle_file file = {
		.target = l->target->id, .role = "lower", .members = members->data};
	CLEANUP(buf_clear) struct buf shown = BUF_INIT(PATH_LIMIT);
	struct sl_bundle_stored stored;
	const struct sl_entry *found;
	struct sl_entry e;
	char name[24];
	int rc = sl_source_seek(tree, (struct sl_bytes){l->path.data, l->path.len}, err);

	if (rc == 0)
		rc = sl_source_next(tree, &found, err);
	if (rc < 0)
		return rc;
	if (rc > 0 ||
	    sl_path_compare(found->path, (struct sl_bytes){l->path.data, l->path.len}) != 0)
		return object_gap(l, "differs from its layer, and is not there any more", 0, err);
	lowersink_name(name, lower, l->lower);
	e = *found;
	(void)buf_printf(&shown, "%s%s", name, l->path.len > 0 ? "/" : "");
	if (buf_append(&shown, l->path.data, l->path.len) < 0)
		return sl_fail(err, SL_ENOMEM, 0, "path");
	e.path = (struct sl_bytes){shown.data, shown.len};
	file.entry = &e;
	if (S_ISREG(e.mode) && (e.flags & (SL_ENTRY_WHITEOUT | SL_ENTRY_METACOPY)) == 0 &&
	    sl_source_open(tree, &file.content, NULL) < 0)
		return object_gap(l, "differs from its layer, and cannot be opened", 0, err);
	return capture_keep(l->capture, l->target, &file, &stored, err);
}

/* What differs at the path that was told last. */
static int end_object(struct lowersink *l, struct sl_error *err)
{
	const struct sl_stack *stack = &l->target->container->stack;
	CLEANUP(buf_clear) struct buf members = BUF_INIT(CAPTURE_MEMBERS_MAX);
	CLEANUP(sl_error_clear) struct sl_error why = SL_ERROR_INIT;
	struct sl_source *tree = NULL;
	int rc;

	if (l->differences.len == 0)
		return 0;
	jout_array_end(&l->says);
	if (l->lower == stack->lower_count || l->is_missing) {
		buf_reset(&l->differences);
		return 0; /* nothing is there to be taken; it is in the list */
	}
	rc = say_members(l, &members);
	buf_reset(&l->differences);
	if (rc < 0)
		return object_gap(l, "differs from its layer in more than a record can say", 0,
				  err);
	rc = layertree_open(&tree, stack->lowers[l->lower].dir_fd,
			    stack->lowers[l->lower].is_whole || stack->is_whole ? SL_MARKER_NONE
										: stack->marker,
			    &stack->lowers[l->lower].idmap, &why);
	if (rc < 0)
		return object_gap(l, "differs from its layer, and cannot be walked to", why.sys,
				  err);
	rc = keep_object(l, tree, &members, err);
	sl_source_close(tree);
	return rc;
}

/* ---- the sink ---- */

static int on_run(struct sl_check_sink *s, const struct sl_run *run, struct sl_error *err)
{
	(void)s;
	(void)run;
	(void)err;
	return 0;
}

static int on_layer(struct sl_check_sink *s, const struct sl_check_subject *subject,
		    struct sl_error *err)
{
	struct lowersink *l = from(s);
	const struct sl_stack *stack = &l->target->container->stack;

	l->subject = *subject;
	l->listed = l->left_out = 0;
	for (l->lower = 0; l->lower < stack->lower_count; l->lower++)
		if (subject->directory != NULL && stack->lowers[l->lower].dir_path != NULL &&
		    strcmp(stack->lowers[l->lower].dir_path, subject->directory) == 0)
			break;
	jout_object(&l->list);
	if (subject->has_diff_id) {
		jout_key(&l->list, "diff_id");
		jout_digest(&l->list, subject->diff_id);
	}
	jout_key(&l->list, "chain_id");
	jout_digest(&l->list, subject->chain_id);
	jout_key_bytes(&l->list, "directory", subject->directory);
	jout_key(&l->list, "differences");
	jout_array(&l->list);
	return l->next->ops->layer(l->next, subject, err);
}

static int list_difference(struct lowersink *l, const struct sl_difference *d)
{
	if (l->listed == LOWERSINK_LISTED_MAX) {
		l->left_out++;
		return 0;
	}
	l->listed++;
	jout_object(&l->list);
	jout_bytes(&l->list, "path", "/", d->path);
	jout_key_str(&l->list, "kind", sl_difference_kind_name(d->kind));
	jout_key_str(&l->list, "what", d->what);
	jout_key_str(&l->list, "before", d->before);
	jout_key_str(&l->list, "after", d->after);
	if (d->is_doubtful)
		jout_key_bool(&l->list, "doubtful", true);
	jout_object_end(&l->list);
	return 0;
}

static int on_difference(struct sl_check_sink *s, const struct sl_difference *d,
			 struct sl_error *err)
{
	struct lowersink *l = from(s);
	bool is_same = l->differences.len > 0 && l->path.len == d->path.len &&
		       (d->path.len == 0 || memcmp(l->path.data, d->path.data, d->path.len) == 0);
	int rc = list_difference(l, d);

	/* what engines and builders leave behind, too, is no tampered object */
	if (rc == 0 && !d->is_doubtful && !is_same) {
		rc = end_object(l, err);
		buf_reset(&l->path);
		if (rc == 0 && (buf_append(&l->path, d->path.data, d->path.len) < 0 ||
				buf_append(&l->path, "", 0) < 0))
			rc = sl_fail(err, SL_ENOMEM, 0, "path");
		l->is_missing = d->kind == SL_DIFFERENCE_MISSING;
		jout_begin(&l->says, &l->differences);
		jout_array(&l->says);
	}
	if (rc == 0 && !d->is_doubtful)
		say_difference(&l->says, d);
	return rc < 0 ? rc : l->next->ops->difference(l->next, d, err);
}

static int on_gap(struct sl_check_sink *s, const struct sl_gap *gap, struct sl_error *err)
{
	struct lowersink *l = from(s);
	int rc = capture_gap(l->capture, l->target, gap, err);

	return rc < 0 ? rc : l->next->ops->gap(l->next, gap, err);
}

static int on_layer_end(struct sl_check_sink *s, const struct sl_layer_check *check,
			struct sl_error *err)
{
	struct lowersink *l = from(s);
	int rc = end_object(l, err);

	jout_array_end(&l->list);
	if (l->left_out > 0)
		jout_key_u64(&l->list, "differences_left_out", l->left_out);
	jout_key_time(&l->list, "checked_at", check->at);
	jout_key_str(&l->list, "method", sl_check_method_name(check->method));
	jout_key_str(&l->list, "verdict", sl_check_verdict_name(check->verdict));
	jout_key_str(&l->list, "why", check->why != NULL ? check->why : check->contradiction);
	jout_object_end(&l->list);
	if (check->verdict == SL_CHECK_TAMPERED)
		l->capture->out->contradicted = true;
	return rc < 0 ? rc : l->next->ops->layer_end(l->next, check, err);
}

static int on_contradiction(struct sl_check_sink *s, const char *what, const char *why,
			    struct sl_error *err)
{
	struct lowersink *l = from(s);

	l->capture->out->contradicted = true;
	return l->next->ops->contradiction(l->next, what, why, err);
}

static int on_end(struct sl_check_sink *s, const struct sl_run *run,
		  const struct sl_check_totals *totals, struct sl_error *err)
{
	(void)totals;
	return on_run(s, run, err);
}

static void on_close(struct sl_check_sink *s)
{
	struct lowersink *l = from(s);

	jout_array_end(&l->list);
	(void)jout_end(&l->list);
	buf_clear(&l->path);
	buf_clear(&l->differences);
	free(l);
}

int lowersink_new(struct sl_check_sink **out, struct capture *c, struct capture_target *t,
		  struct sl_check_sink *next, struct buf *list, struct sl_error *err)
{
	static const struct sl_check_sink_ops ops = {.begin = on_run,
						     .layer = on_layer,
						     .difference = on_difference,
						     .gap = on_gap,
						     .layer_end = on_layer_end,
						     .contradiction = on_contradiction,
						     .end = on_end,
						     .close = on_close};
	struct lowersink *l = calloc(1, sizeof(*l));

	if (l == NULL)
		return sl_fail(err, SL_ENOMEM, 0, "layer check");
	l->sink.ops = &ops;
	l->next = next;
	l->capture = c;
	l->target = t;
	l->path = BUF_INIT(PATH_LIMIT);
	l->differences = BUF_INIT(CAPTURE_MEMBERS_MAX);
	jout_begin(&l->list, list);
	jout_array(&l->list);
	*out = &l->sink;
	return 0;
}
