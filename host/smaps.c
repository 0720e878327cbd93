/* SPDX-License-Identifier: Apache-2.0 */
#include "host/smaps.h"

#include <string.h>

/* The first line of a mapping begins with its address, every other one with a capital. */
static bool begins_mapping(char c)
{
	return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f');
}

static struct sl_bytes take_line(struct sl_bytes *rest)
{
	const char *end = memchr(rest->data, '\n', rest->len);
	struct sl_bytes line = {rest->data, end != NULL ? (size_t)(end - rest->data) : rest->len};

	rest->data += line.len + (end != NULL);
	rest->len -= line.len + (end != NULL);
	return line;
}

/* What stands behind "NAME:", or data NULL. */
static struct sl_bytes value_of(struct sl_bytes line, const char *name)
{
	size_t len = strlen(name);

	if (line.len <= len || memcmp(line.data, name, len) != 0 || line.data[len] != ':')
		return (struct sl_bytes){0};
	return (struct sl_bytes){line.data + len + 1, line.len - len - 1};
}

/* "                 24 kB"; a number that does not fit is as good as none. */
static void kilobytes(struct sl_bytes line, const char *name, uint64_t *out)
{
	struct sl_bytes value = value_of(line, name);
	uint64_t n = 0;
	size_t i = 0;

	while (i < value.len && value.data[i] == ' ')
		i++;
	if (value.data == NULL || i == value.len)
		return;
	for (; i < value.len && value.data[i] >= '0' && value.data[i] <= '9'; i++) {
		if (n > UINT64_MAX / 16 / 1024)
			return;
		n = n * 10 + (uint64_t)(value.data[i] - '0');
	}
	*out = n * 1024;
}

/* " rd wr mr mw me gd ac " */
static void flags(struct sl_bytes value, struct smaps_row *out)
{
	out->has_flags = true;
	for (size_t i = 0; i + 2 < value.len; i += 3) {
		const char *two = value.data + i + 1;

		out->is_device |= memcmp(two, "io", 2) == 0 || memcmp(two, "pf", 2) == 0;
		out->is_user_fault |= memcmp(two, "um", 2) == 0 || memcmp(two, "uw", 2) == 0 ||
				      memcmp(two, "ui", 2) == 0;
	}
}

int smaps_next(struct sl_bytes *rest, struct smaps_row *out, struct sl_error *err)
{
	int rc;

	*out = (struct smaps_row){0};
	rc = procmaps_next(rest, &out->map, err);
	if (rc == 0 && out->map.end < out->map.start)
		rc = sl_fail(err, SL_EFORMAT, 0, "a mapping ends before it begins");
	while (rc == 0 && rest->len > 0 && !begins_mapping(rest->data[0])) {
		struct sl_bytes line = take_line(rest), value = value_of(line, "VmFlags");

		kilobytes(line, "Rss", &out->resident);
		kilobytes(line, "Anonymous", &out->anonymous);
		kilobytes(line, "Swap", &out->swapped);
		if (value.data != NULL)
			flags(value, out);
	}
	return rc;
}

size_t smaps_whole(const char *text, size_t len)
{
	const char *end = len > 0 ? memrchr(text, '\n', len) : NULL;

	if (end != NULL && end + 1 < text + len && begins_mapping(end[1]))
		return (size_t)(end + 1 - text);
	/* the lines of the last one may not be all there */
	while (end != NULL) {
		const char *before = end > text ? memrchr(text, '\n', (size_t)(end - text)) : NULL;
		const char *line = before != NULL ? before + 1 : text;

		if (begins_mapping(*line))
			return (size_t)(line - text);
		end = before;
	}
	return 0;
}
