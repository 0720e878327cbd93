/* SPDX-License-Identifier: Apache-2.0 */
#include "report/words.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "core/cleanup.h"
#include "core/quote.h"

const char *words_type(uint32_t mode)
{
	return sl_type_name(mode);
}

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

void words_count(struct buf *out, uint64_t n)
{
	char digits[24];
	size_t len = (size_t)snprintf(digits, sizeof(digits), "%" PRIu64, n);

	for (size_t i = 0; i < len; i++) {
		if (i > 0 && (len - i) % 3 == 0)
			(void)buf_append_char(out, ',');
		(void)buf_append_char(out, digits[i]);
	}
}

void words_plural(struct buf *out, uint64_t n, const char *one, const char *many)
{
	words_count(out, n);
	(void)buf_printf(out, " %s", n == 1 ? one : many);
}

void words_size(struct buf *out, uint64_t bytes)
{
	static const char *const units[] = {"B", "KiB", "MiB", "GiB", "TiB", "PiB", "EiB"};
	uint64_t whole = bytes, rest = 0;
	size_t unit = 0;

	for (; whole >= 1024; unit++) {
		rest = whole % 1024;
		whole /= 1024;
	}
	if (unit == 0 || whole >= 100)
		(void)buf_printf(out, "%" PRIu64 " %s", whole, units[unit]);
	else
		(void)buf_printf(out, "%" PRIu64 ".%" PRIu64 " %s", whole, rest * 10 / 1024,
				 units[unit]);
}
