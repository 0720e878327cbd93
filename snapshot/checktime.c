/* SPDX-License-Identifier: Apache-2.0 */
#include "snapshot/checktime.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include <strandline/change.h>

#include "core/cleanup.h"
#include "core/clock.h"

/* Told one by one up to here. */
#define ODD_MAX 64

/*
 * Of files and links only: what is unpacked, or built, into a directory later moves its time, and
 * engines differ in whether they put it back.
 */
static bool is_compared(const struct sl_entry *disk, const struct sl_entry *stored)
{
	const uint32_t without =
		SL_ENTRY_IMPLIED | SL_ENTRY_AMBIGUOUS | SL_ENTRY_UNRESOLVED | SL_ENTRY_WHITEOUT;

	return ((disk->flags | stored->flags) & without) == 0 &&
	       (S_ISREG(stored->mode) || S_ISLNK(stored->mode)) &&
	       ((disk->mode ^ stored->mode) & S_IFMT) == 0 &&
	       (disk->fields & stored->fields & SL_ENTRY_MTIME) != 0;
}

int checktime_compare(struct checktime *t, const struct sl_entry *disk,
		      const struct sl_entry *stored, struct sl_error *err)
{
	struct checktime_odd *odd;

	if (!is_compared(disk, stored))
		return 0;
	t->compared++;
	if ((sl_entry_compare(stored, disk) & SL_FIELD_MTIME) == 0)
		return 0;
	t->differing++;
	if (t->odd == NULL)
		t->odd = calloc(ODD_MAX, sizeof(*t->odd));
	if (t->odd == NULL)
		return sl_fail(err, SL_ENOMEM, 0, "layer check");
	if (t->odd_count == ODD_MAX)
		return 0;
	odd = &t->odd[t->odd_count];
	odd->path = malloc(stored->path.len + 1);
	if (odd->path == NULL)
		return sl_fail(err, SL_ENOMEM, 0, "layer check");
	memcpy(odd->path, stored->path.data, stored->path.len);
	odd->len = stored->path.len;
	odd->before = stored->mtime;
	odd->after = disk->mtime;
	t->odd_count++;
	return 0;
}

static int tell_all(const struct checktime *t,
		    int (*tell)(void *payload, struct sl_bytes path,
				const struct checkitem_note *note),
		    void *payload, struct sl_error *err)
{
	AUTO_FREE char *before = NULL, *after = NULL;
	struct checkitem_note n = {
		.kind = SL_DIFFERENCE_METADATA, .what = "mtime", .is_doubtful = true};

	if (asprintf(&before, "the layer's, of %" PRIu64 " files", t->compared) < 0 ||
	    asprintf(&after, "another in %" PRIu64 " of them", t->differing) < 0)
		return sl_fail(err, SL_ENOMEM, 0, "layer check");
	n.before = before;
	n.after = after;
	return tell(payload, (struct sl_bytes){"", 0}, &n);
}

int checktime_tell(const struct checktime *t,
		   int (*tell)(void *payload, struct sl_bytes path,
			       const struct checkitem_note *note),
		   void *payload, struct sl_error *err)
{
	int rc = 0;

	if (t->differing > ODD_MAX)
		return tell_all(t, tell, payload, err);
	for (size_t i = 0; rc == 0 && i < t->odd_count; i++) {
		const struct checktime_odd *odd = &t->odd[i];
		char before[CLOCK_TEXT_SIZE], after[CLOCK_TEXT_SIZE];
		struct checkitem_note n = {.kind = SL_DIFFERENCE_METADATA,
					   .what = "mtime",
					   .before = before,
					   .after = after};

		clock_format(before, odd->before);
		clock_format(after, odd->after);
		rc = tell(payload, (struct sl_bytes){odd->path, odd->len}, &n);
	}
	return rc;
}

void checktime_clear(struct checktime *t)
{
	for (size_t i = 0; i < t->odd_count; i++)
		free(t->odd[i].path);
	free(t->odd);
	*t = (struct checktime){0};
}
