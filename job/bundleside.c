/* SPDX-License-Identifier: Apache-2.0 */
#include "job/bundleside.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/cleanup.h"
#include "job/verify.h"
#include "snapshot/merged.h"

#define GAPS_MAX 65536

/* ---- reading one ---- */

static int keep_gap(void *payload, const struct sl_gap *gap, struct sl_error *err)
{
	struct bundleside *s = payload;
	struct sl_gap *grown, copy = *gap;

	if (s->gap_count == GAPS_MAX)
		return sl_fail(err, SL_ELIMIT, 0, "'%s' has more than %d gaps", s->file, GAPS_MAX);
	grown = reallocarray(s->gaps, s->gap_count + 1, sizeof(*grown));
	if (grown == NULL)
		return sl_fail(err, SL_ENOMEM, 0, "gaps");
	s->gaps = grown;
	copy.what.data = strndup(gap->what.data, gap->what.len);
	copy.why = strdup(gap->why);
	grown[s->gap_count++] = copy;
	return copy.what.data == NULL || copy.why == NULL ? sl_fail(err, SL_ENOMEM, 0, "gaps") : 0;
}

/* A path twice, or out of order, would be compared with something else. */
static int add_in_order(struct recording *to, struct sl_entry **last, const struct sl_entry *e,
			struct sl_error *err)
{
	int rc;

	if (*last != NULL && sl_path_compare((*last)->path, e->path) >= 0)
		return sl_fail(err, SL_EFORMAT, 0, "records are not in the order of their paths");
	rc = recording_add(to, e, 0, err);
	if (rc < 0)
		return rc;
	sl_entry_free(*last);
	*last = NULL;
	return sl_entry_copy(last, &(struct sl_entry){.path = e->path}) < 0
		       ? sl_fail(err, SL_ENOMEM, 0, "entry")
		       : 0;
}

static int on_captured(void *payload, const struct sl_entry *e, struct sl_error *err)
{
	struct bundleside *s = payload;

	return add_in_order(s->captured, &s->last_captured, e, err);
}

static int on_found(void *payload, struct sl_bytes path, const struct sl_entry *before,
		    struct sl_error *err)
{
	struct bundleside *s = payload;
	struct sl_entry nothing = {.path = path, .flags = SL_ENTRY_WHITEOUT};

	return add_in_order(s->found, &s->last_found, before != NULL ? before : &nothing, err);
}

static int judge(struct bundleside *s, const struct sl_verify_result *r, struct sl_error *err)
{
	AUTO_FREE char *why = NULL;
	struct sl_gap gap = {.what = {s->file, strlen(s->file)}};
	const char *fault = r->has_fault && r->fault != NULL ? r->fault : "it was cut";

	if (r->verdict == SL_VERDICT_BROKEN)
		return sl_fail(err, SL_EUNTRUSTED, 0, "bundle '%s' is broken: %s", s->file, fault);
	if (r->verdict != SL_VERDICT_INCOMPLETE)
		return 0;
	if (asprintf(&why, "the bundle is incomplete: %s", fault) < 0) {
		why = NULL;
		return sl_fail(err, SL_ENOMEM, 0, "gap");
	}
	gap.why = why;
	return keep_gap(s, &gap, err);
}

static int verify(struct bundleside *s, const struct job *job, struct sl_error *err)
{
	struct verify_request request = {.bundle = s->file,
					 .allow_unanchored = true,
					 .threads = job->threads,
					 .identities = s->identities,
					 .stop = job->stop};
	struct sl_verify_result result = {0};
	int status, rc = job_verify(&request, &result, NULL, &status, err);

	if (rc == 0)
		rc = judge(s, &result, err);
	sl_verify_result_clear(&result);
	return rc;
}

static int read_bundle(struct bundleside *s, const struct job *job, struct sl_error *err)
{
	const struct bundletree_events events = {.captured = on_captured,
						 .found = on_found,
						 .gap = keep_gap,
						 .payload = s,
						 .wanted = s->container};
	CLEANUP(rfile_closep) struct rfile *file = NULL;
	int rc = bundle_file_open(&file, s->file, s->identities, job->stop, err);

	if (rc == 0)
		rc = bundletree_read(file, &events, &s->target, err);
	if (rc < 0)
		return sl_wrap(err, rc, "bundle '%s'", s->file);
	if (!s->target.is_compared && !s->target.is_whole)
		return sl_fail(err, SL_EUNSUPPORTED, 0,
			       "bundle '%s' holds no findings: what the image had is not known "
			       "(captured with --no-findings, or cut before them)",
			       s->file);
	return 0;
}

int bundleside_open(struct bundleside *out, const struct job *job, const char *file,
		    const char *container, const struct age_identities *identities,
		    struct sl_error *err)
{
	int rc;

	*out = (struct bundleside){.file = file, .container = container, .identities = identities};
	rc = verify(out, job, err);
	if (rc == 0)
		rc = recording_new(&out->captured, err);
	if (rc == 0)
		rc = recording_new(&out->found, err);
	return rc < 0 ? rc : read_bundle(out, job, err);
}

void bundleside_clear(struct bundleside *s)
{
	bundletree_target_clear(&s->target);
	recording_free(s->captured);
	recording_free(s->found);
	sl_entry_free(s->last_captured);
	sl_entry_free(s->last_found);
	for (size_t i = 0; i < s->gap_count; i++) {
		free((void *)(uintptr_t)s->gaps[i].what.data);
		free((void *)(uintptr_t)s->gaps[i].why);
	}
	free(s->gaps);
	*s = (struct bundleside){0};
}

/* ---- what the image had ---- */

/* Four lists walked together; the first that has a path speaks for it. */
#define CURSORS 4
enum { FOUND_A, FOUND_B, CAPTURED_A, CAPTURED_B };

struct cursor {
	struct sl_source *src;
	const struct sl_entry *at; /* NULL at the end */
};

static int step(struct cursor *c, struct sl_error *err)
{
	int rc = sl_source_next(c->src, &c->at, err);

	if (rc != 0)
		c->at = NULL;
	return rc < 0 ? rc : 0;
}

static const struct cursor *first_of(const struct cursor cursors[CURSORS])
{
	const struct cursor *first = NULL;

	for (size_t i = 0; i < CURSORS; i++)
		if (cursors[i].at != NULL &&
		    (first == NULL || sl_path_compare(cursors[i].at->path, first->at->path) < 0))
			first = &cursors[i];
	return first;
}

/* Markers of a layer mean nothing in an image, and whole seconds came out of its tar. */
static int add_image_entry(struct recording *image, const struct sl_entry *from, bool is_found,
			   struct sl_error *err)
{
	struct sl_entry e = *from;

	if ((e.flags & SL_ENTRY_WHITEOUT) != 0)
		return 0;
	e.flags &= SL_ENTRY_IMPLIED;
	e.redirect = (struct sl_bytes){0};
	if (is_found && e.mtime.nsec == 0)
		e.flags |= SL_ENTRY_COARSE_TIME;
	return recording_add(image, &e, 0, err);
}

static int step_past(struct cursor cursors[CURSORS], struct sl_bytes path, struct sl_error *err)
{
	int rc = 0;

	for (size_t i = 0; rc == 0 && i < CURSORS; i++)
		if (cursors[i].at != NULL && sl_path_compare(cursors[i].at->path, path) == 0)
			rc = step(&cursors[i], err);
	return rc;
}

static int merge(struct cursor cursors[CURSORS], struct recording *image, struct sl_error *err)
{
	const struct cursor *first;
	int rc = 0;

	while (rc == 0 && (first = first_of(cursors)) != NULL) {
		struct sl_entry *path = NULL;

		rc = add_image_entry(image, first->at, first < cursors + CAPTURED_A, err);
		if (rc == 0 &&
		    sl_entry_copy(&path, &(struct sl_entry){.path = first->at->path}) < 0)
			rc = sl_fail(err, SL_ENOMEM, 0, "entry");
		if (rc == 0)
			rc = step_past(cursors, path->path, err);
		sl_entry_free(path);
	}
	return rc;
}

int bundleside_image(struct recording **out, const struct bundleside *a, const struct bundleside *b,
		     struct sl_error *err)
{
	struct recording *const lists[CURSORS] = {
		[FOUND_A] = a->found,
		[FOUND_B] = b->found,
		[CAPTURED_A] = a->captured,
		[CAPTURED_B] = b->captured,
	};
	struct cursor cursors[CURSORS] = {0};
	int rc = recording_new(out, err);

	for (size_t i = 0; rc == 0 && i < CURSORS; i++) {
		rc = recording_open(&cursors[i].src, lists[i], err);
		if (rc == 0)
			rc = step(&cursors[i], err);
	}
	if (rc == 0)
		rc = merge(cursors, *out, err);
	for (size_t i = 0; i < CURSORS; i++)
		sl_source_close(cursors[i].src);
	return rc;
}

int bundleside_view(const struct bundleside *s, struct recording *image, struct sl_source **out,
		    struct sl_error *err)
{
	struct sl_source *layers[2] = {NULL, NULL};
	int rc = recording_open(&layers[0], s->captured, err);

	if (rc == 0 && s->target.is_whole) {
		*out = layers[0];
		return 0;
	}
	if (rc == 0)
		rc = recording_open(&layers[1], image, err);
	if (rc == 0)
		return merged_open(out, layers, ARRAY_SIZE(layers), err);
	sl_source_close(layers[0]);
	return rc;
}
