/* SPDX-License-Identifier: Apache-2.0 */
/* A layer's directory held against the layer, for who wants a yes or no. */
#include <string.h>

#include "core/cleanup.h"
#include "core/quote.h"
#include "snapshot/layercheck.h"

struct first {
	struct sl_error *err;
};

/* @payload is a struct first. */
static int first_difference(void *payload, const struct sl_difference *d)
{
	struct sl_error *err = ((struct first *)payload)->err;
	bool is_attribute = d->name != NULL, is_owner = strcmp(d->what, "owner") == 0;
	AUTO_FREE char *path = NULL;

	/* builders round times, sockets are in no archive, and guesses are no statement */
	if (strcmp(d->what, "mtime") == 0 || (d->is_doubtful && !is_attribute && !is_owner))
		return 0;
	if (d->is_doubtful && is_owner)
		return sl_fail(err, SL_EUNSUPPORTED, 0,
			       "the owners in the layer directory are %s: nothing is proven",
			       d->after);
	path = quote_dup(d->path.data, d->path.len);
	if (path == NULL)
		return sl_fail(err, SL_ENOMEM, 0, "layer directory");
	if (d->is_doubtful)
		return sl_fail(
			err, SL_EUNSUPPORTED, 0,
			"'%s' in the layer directory has the attribute '%s', which the layer's "
			"tar has not: builders leave such out, so nothing is proven",
			path, d->name);
	if (d->kind == SL_DIFFERENCE_EXTRA)
		return sl_fail(err, SL_EUNTRUSTED, 0,
			       "'%s' in the layer directory is not part of the layer", path);
	if (d->kind == SL_DIFFERENCE_MISSING)
		return sl_fail(err, SL_EUNTRUSTED, 0, "'%s' is missing from the layer directory",
			       path);
	return sl_fail(err, SL_EUNTRUSTED, 0,
		       "'%s' in the layer directory differs from the layer: %s%s%s is %s, not %s",
		       path, d->what, is_attribute ? " " : "", is_attribute ? d->name : "",
		       d->after != NULL ? d->after : "absent",
		       d->before != NULL ? d->before : "absent");
}

static int first_gap(void *payload, const struct sl_gap *gap)
{
	AUTO_FREE char *shown = quote_dup(gap->what.data, gap->what.len);

	return sl_fail(((struct first *)payload)->err, SL_EIO, gap->sys,
		       "'%s' in the layer directory: %s", shown != NULL ? shown : "?", gap->why);
}

int layer_check_first(const struct layer_check *check, struct sl_error *err)
{
	struct first first = {err};
	const struct sl_check_events events = {first_difference, first_gap, &first};
	struct layer_check yes_or_no = *check;
	struct sl_check_counts counts;

	yes_or_no.events = &events;
	return layer_check(&yes_or_no, &counts, err);
}
