/* SPDX-License-Identifier: Apache-2.0 */
#include "report/words.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "core/cleanup.h"
#include "core/quote.h"

const char *words_field(uint32_t bit)
{
	static const struct {
		uint32_t bit;
		const char *name;
	} fields[] = {
		{SL_FIELD_TYPE, "type"}, {SL_FIELD_MODE, "mode"},       {SL_FIELD_OWNER, "owner"},
		{SL_FIELD_SIZE, "size"}, {SL_FIELD_CONTENT, "content"}, {SL_FIELD_TARGET, "target"},
		{SL_FIELD_RDEV, "rdev"}, {SL_FIELD_MTIME, "mtime"},     {SL_FIELD_XATTRS, "xattrs"},
	};

	for (size_t i = 0; i < ARRAY_SIZE(fields); i++)
		if (fields[i].bit == bit)
			return fields[i].name;
	return NULL;
}

static void quoted(struct buf *out, const char *text)
{
	(void)quote_bytes(out, text, strlen(text));
}

const char *words_gap_error(const struct sl_gap *gap, char room[WORDS_GAP_ERROR_SIZE])
{
	char text[128];
	size_t len, why = strlen(gap->why);

	if (gap->sys == 0)
		return "";
	(void)snprintf(room, WORDS_GAP_ERROR_SIZE, ": %s",
		       strerror_r(gap->sys, text, sizeof(text)));
	len = strlen(room);
	return why >= len && strcmp(gap->why + why - len, room) == 0 ? "" : room;
}

void words_cause(struct buf *out, const struct sl_finding *f)
{
	(void)buf_printf(out, "explained by %s ", sl_cause_name(f->cause));
	if (f->cause_name != NULL)
		quoted(out, f->cause_name);
	if (f->cause_by != NULL) {
		(void)buf_append_str(out, ", approved by ");
		quoted(out, f->cause_by);
	}
	if (f->cause_reason != NULL) {
		(void)buf_append_str(out, ": ");
		quoted(out, f->cause_reason);
	}
}

void words_scanned(struct buf *out, const struct sl_scanned *s)
{
	words_plural(out, s->entries, "entry", "entries");
	(void)buf_printf(out, ", %" PRIu64 " listed", s->listed);
	if (s->recent > 0)
		(void)buf_printf(out, ", %" PRIu64 " changed since the container started",
				 s->recent);
	(void)buf_append_str(out, s->complete ? "" : ", with gaps");
}
