/* SPDX-License-Identifier: Apache-2.0 */
/* A directory tree into the bundle: each object read once, stored, hashed and written down. */
#include <string.h>
#include <sys/stat.h>

#include "job/capture_run.h"
#include "job/head_content.h"

struct tree {
	struct capture *capture;
	const struct capture_target *target;
	struct sl_source *source;
	const char *role;
	struct recording *recording; /* or NULL */
};

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
	int rc = sl_source_open(tree->source, out, &why);

	if (rc >= 0)
		return rc;
	gap.sys = why.sys;
	sl_error_clear(&why);
	rc = capture_gap(tree->capture, tree->target, &gap, err);
	return rc < 0 ? rc : 1;
}

static int write_down(struct tree *tree, const struct sl_entry *e,
		      const struct sl_bundle_stored *stored, const struct head_content *head,
		      struct sl_error *err)
{
	struct sl_entry known = *e;

	if (tree->recording == NULL)
		return 0;
	if (stored->has_sha256 && !stored->read.is_short && stored->read.sys == 0) {
		memcpy(known.sha256, stored->sha256, SL_SHA256_SIZE);
		memcpy(known.head, head->bytes, sizeof(known.head));
		known.head_len = head->len;
		known.fields |= SL_ENTRY_SHA256 | SL_ENTRY_HEAD;
		known.size = stored->read.bytes;
	}
	return recording_add(tree->recording, &known, stored->seq, err);
}

static int take(struct tree *tree, const struct sl_entry *e, struct sl_error *err)
{
	struct sl_bundle_file file = {.target = tree->target->id, .role = tree->role, .entry = e};
	struct sl_bundle_stored stored;
	struct head_content head;
	int rc = 0;

	head_content_init(&head, tree->capture->job->stop);
	if (has_content(e))
		rc = open_content(tree, e, &file.content, err);
	if (rc < 0)
		return rc;
	if (file.content != NULL)
		file.content = head_content_wrap(&head, file.content);
	rc = capture_keep(tree->capture, tree->target, &file, &stored, err);
	return rc < 0 ? rc : write_down(tree, e, &stored, &head, err);
}

static int take_gaps(struct tree *tree, struct sl_error *err)
{
	const struct sl_gap *g;
	int rc = 0;

	while (rc == 0 && (g = sl_source_gap(tree->source)) != NULL)
		rc = capture_gap(tree->capture, tree->target, g, err);
	return rc;
}

int capture_tree(struct capture *c, const struct capture_target *t, struct sl_source *source,
		 const char *role, struct recording *recording, struct sl_error *err)
{
	struct tree tree = {c, t, source, role, recording};
	const struct sl_entry *e;
	int rc = 0;

	while (rc == 0 && !job_stopped(c->job)) {
		int more;

		rc = sl_source_next(source, &e, err);
		if (rc == 0)
			rc = take(&tree, e, err);
		more = rc < 0 ? 0 : take_gaps(&tree, err);
		rc = more < 0 ? more : rc;
	}
	return rc < 0 ? rc : 0;
}
