/* SPDX-License-Identifier: Apache-2.0 */
#include "job/layerfindings.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/cleanup.h"
#include "core/clock.h"
#include "core/encode.h"

static void finding_clear(struct sl_finding *f)
{
	free((char *)(uintptr_t)f->subject.data);
	free((char *)(uintptr_t)f->message);
}

void layerfindings_clear(struct layerfindings *f)
{
	for (size_t i = 0; i < f->count; i++)
		finding_clear(&f->items[i]);
	free(f->items);
	*f = (struct layerfindings){0};
}

/* Takes over both texts, also on failure; one that is NULL is memory that ran out. */
static int add(struct layerfindings *f, char *subject, size_t len, char *message,
	       enum sl_severity severity, const char *rule, const char *reason,
	       struct sl_error *err)
{
	struct sl_finding *grown = NULL;

	if (subject != NULL && message != NULL)
		grown = reallocarray(f->items, f->count + 1, sizeof(*grown));
	if (grown == NULL) {
		free(subject);
		free(message);
		return sl_fail(err, SL_ENOMEM, 0, "layer finding");
	}
	f->items = grown;
	grown[f->count++] = (struct sl_finding){.kind = SL_FINDING_LAYER,
						.severity = severity,
						.subject = {subject, len},
						.message = message,
						.rules = {rule},
						.reasons = {reason},
						.rule_count = 1,
						.attack = {"T1525"},
						.attack_count = 1};
	return 0;
}

static int add_digest(struct layerfindings *f, const uint8_t digest[SL_SHA256_SIZE], char *message,
		      const char *rule, const char *reason, struct sl_error *err)
{
	char text[DIGEST_TEXT_SIZE];

	digest_format(text, digest);
	return add(f, strdup(text), strlen(text), message, SL_SEVERITY_CRITICAL, rule, reason, err);
}

int layerfindings_contradiction(struct layerfindings *f, const uint8_t image_id[SL_SHA256_SIZE],
				const char *why, struct sl_error *err)
{
	return add_digest(f, image_id, strdup(why), "layer-contradicts-digest",
			  "the image on disk is not the image its digests name", err);
}

/* ---- what was found before ---- */

static uint64_t differences(const struct sl_check_counts *n)
{
	uint64_t sum = 0;

	for (int i = 0; i < SL_DIFFERENCE_KINDS; i++)
		sum += n->by_kind[i];
	return sum;
}

static void take_verdict(struct layerfindings *f, const struct sl_layer_check *check)
{
	bool is_worse = !f->has_check || check->verdict > f->verdict;

	if (!f->has_check || clock_compare(check->at, f->at) < 0)
		f->at = check->at;
	if (is_worse) {
		f->verdict = check->verdict;
		f->method = check->method;
	}
	f->has_check = true;
}

static int add_tampered(struct layerfindings *f, const struct sl_layer *layer,
			const struct sl_layer_check *check, struct sl_error *err)
{
	char when[CLOCK_TEXT_SIZE], *message = NULL;

	clock_format_short(when, check->at);
	if (asprintf(&message,
		     "when it was last checked, %s UTC, the layer's directory differed from the "
		     "layer in %" PRIu64 " places: 'check' names them",
		     when, differences(&check->counts)) < 0)
		message = NULL;
	return add_digest(f, layer->diff_id, message, "layer-tampered",
			  "a layer directory is not what the image's digest names", err);
}

int layerfindings_last(struct layerfindings *f, struct sl_baselines *b,
		       const struct sl_image *image, const struct sl_stack *stack,
		       struct sl_error *err)
{
	bool all = true;

	for (size_t i = 0; i < stack->lower_count; i++) {
		const struct sl_lower *lower = &stack->lowers[i];
		struct sl_layer_check check;
		int rc;

		if (lower->kind != SL_LOWER_IMAGE || lower->image_layer >= image->layer_count ||
		    lower->dir_path == NULL)
			continue;
		rc = sl_baselines_last_check(b, image->layers[lower->image_layer].chain_id,
					     lower->dir_path, &check, err);
		if (rc < 0)
			return rc;
		all = all && rc == 0;
		if (rc == 1)
			continue;
		take_verdict(f, &check);
		if (check.verdict == SL_CHECK_TAMPERED)
			rc = add_tampered(f, &image->layers[lower->image_layer], &check, err);
		if (rc < 0)
			return rc;
	}
	/* of directories that were never looked at, nothing good is said */
	f->has_check = f->has_check && (all || f->verdict == SL_CHECK_TAMPERED);
	return 0;
}

/* ---- what is found now ---- */

void layerfindings_unread(struct layerfindings *f, uint64_t gaps)
{
	if (gaps == 0 || (f->has_check && f->verdict >= SL_CHECK_UNREAD))
		return;
	f->has_check = true;
	f->at = clock_now();
	f->method = SL_CHECK_NONE;
	f->verdict = SL_CHECK_UNREAD;
}

struct finder {
	struct sl_check_sink sink;
	struct layerfindings *findings;
	struct sl_check_subject subject; /* of the directory under way; its lists are not used */
	size_t first;                    /* of its findings */
};

static struct finder *finder_of(struct sl_check_sink *s)
{
	return container_of(s, struct finder, sink);
}

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
	struct finder *f = finder_of(s);

	(void)err;
	f->subject = *subject;
	f->first = f->findings->count;
	return 0;
}

/* "/path", owned. */
static char *subject_of(struct sl_bytes path)
{
	char *text = malloc(path.len + 2);

	if (text == NULL)
		return NULL;
	text[0] = '/';
	if (path.len > 0)
		memcpy(text + 1, path.data, path.len);
	text[path.len + 1] = '\0';
	return text;
}

/* "content: X, not Y", owned. */
static char *how(const struct sl_difference *d)
{
	const char *name = d->name != NULL ? d->name : "";
	char *text = NULL;
	int n;

	if (d->kind == SL_DIFFERENCE_MISSING || d->kind == SL_DIFFERENCE_EXTRA)
		n = asprintf(&text, "%s: %s", sl_difference_kind_name(d->kind),
			     d->kind == SL_DIFFERENCE_EXTRA ? d->after : d->before);
	else
		n = asprintf(&text, "%s%s%s: %s, not %s", d->what, name[0] != '\0' ? " " : "", name,
			     d->after != NULL ? d->after : "none",
			     d->before != NULL ? d->before : "none");
	return n < 0 ? NULL : text;
}

/* The finding of this file in this directory, when there is one already. */
static struct sl_finding *find_file(struct finder *f, struct sl_bytes path)
{
	for (size_t i = f->findings->count; i > f->first; i--) {
		struct sl_finding *known = &f->findings->items[i - 1];

		if (known->subject.len == path.len + 1 &&
		    memcmp(known->subject.data + 1, path.data, path.len) == 0)
			return known;
	}
	return NULL;
}

static int join(struct sl_finding *known, const char *more, enum sl_severity severity,
		struct sl_error *err)
{
	char *joined = NULL;

	if (asprintf(&joined, "%s; %s", known->message, more) < 0)
		return sl_fail(err, SL_ENOMEM, 0, "layer finding");
	free((char *)(uintptr_t)known->message);
	known->message = joined;
	if (severity > known->severity)
		known->severity = severity;
	return 0;
}

static int on_difference(struct sl_check_sink *s, const struct sl_difference *d,
			 struct sl_error *err)
{
	struct finder *f = finder_of(s);
	bool is_metadata = d->kind == SL_DIFFERENCE_METADATA;
	enum sl_severity severity = is_metadata ? SL_SEVERITY_HIGH : SL_SEVERITY_CRITICAL;
	struct sl_finding *known = d->is_doubtful ? NULL : find_file(f, d->path);
	char layer[DIGEST_TEXT_SIZE], *text, *message = NULL;
	int rc = 0;

	if (d->is_doubtful)
		return 0;
	if (known == NULL && f->findings->count >= LAYERFINDINGS_MAX) {
		f->findings->more++;
		return 0;
	}
	text = how(d);
	if (text == NULL)
		return sl_fail(err, SL_ENOMEM, 0, "layer finding");
	if (known != NULL) {
		rc = join(known, text, severity, err);
		free(text);
		return rc;
	}
	digest_format(layer, f->subject.diff_id);
	if (asprintf(&message, "in the directory of layer %s: %s", layer, text) < 0)
		message = NULL;
	free(text);
	return add(f->findings, subject_of(d->path), d->path.len + 1, message, severity,
		   "layer-file-tampered", "a layer directory is not what the image's digest names",
		   err);
}

static int on_gap(struct sl_check_sink *s, const struct sl_gap *gap, struct sl_error *err)
{
	(void)s;
	(void)gap;
	(void)err;
	return 0;
}

/* Tampered with, and nothing can be named: the layer itself is. */
static int on_layer_end(struct sl_check_sink *s, const struct sl_layer_check *check,
			struct sl_error *err)
{
	struct finder *f = finder_of(s);
	const char *why = check->contradiction != NULL ? check->contradiction : check->why;

	take_verdict(f->findings, check);
	if (check->verdict != SL_CHECK_TAMPERED ||
	    (check->contradiction == NULL && differences(&check->counts) > 0))
		return 0;
	return add_digest(f->findings, f->subject.diff_id, strdup(why != NULL ? why : "tampered"),
			  "layer-tampered", "a source of the layer is not what its digest names",
			  err);
}

static int on_contradiction(struct sl_check_sink *s, const char *what, const char *why,
			    struct sl_error *err)
{
	(void)s;
	(void)what;
	(void)why;
	(void)err;
	return 0; /* the comparison finds it, too */
}

static int on_end(struct sl_check_sink *s, const struct sl_run *run,
		  const struct sl_check_totals *totals, struct sl_error *err)
{
	(void)s;
	(void)run;
	(void)totals;
	(void)err;
	return 0;
}

static void on_close(struct sl_check_sink *s)
{
	free(finder_of(s));
}

int layerfindings_sink(struct sl_check_sink **out, struct layerfindings *f, struct sl_error *err)
{
	static const struct sl_check_sink_ops ops = {.begin = on_run,
						     .layer = on_layer,
						     .difference = on_difference,
						     .gap = on_gap,
						     .layer_end = on_layer_end,
						     .contradiction = on_contradiction,
						     .end = on_end,
						     .close = on_close};
	struct finder *finder = calloc(1, sizeof(*finder));

	if (finder == NULL)
		return sl_fail(err, SL_ENOMEM, 0, "layer finding");
	finder->sink.ops = &ops;
	finder->findings = f;
	*out = &finder->sink;
	return 0;
}
