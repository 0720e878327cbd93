/* SPDX-License-Identifier: Apache-2.0 */
#include "snapshot/tarsparse.h"

#include <stdlib.h>
#include <string.h>

void tarsparse_reset(struct tarsparse *s)
{
	s->count = 0;
}

void tarsparse_clear(struct tarsparse *s)
{
	free(s->extents);
	*s = (struct tarsparse){0};
}

int tarsparse_add(struct tarsparse *s, uint64_t offset, uint64_t len, struct sl_error *err)
{
	if (s->count == TARSPARSE_MAX)
		return sl_fail(err, SL_ELIMIT, 0, "sparse file with more than %d extents",
			       TARSPARSE_MAX);
	if (s->count == s->cap) {
		size_t cap = s->cap == 0 ? 16 : s->cap * 2;
		struct tarsparse_extent *grown = realloc(s->extents, cap * sizeof(*grown));

		if (grown == NULL)
			return sl_fail(err, SL_ENOMEM, 0, "sparse map");
		s->extents = grown;
		s->cap = cap;
	}
	s->extents[s->count++] = (struct tarsparse_extent){offset, len};
	return 0;
}

static int bad_map(struct sl_error *err)
{
	return sl_fail(err, SL_EFORMAT, 0, "sparse map is malformed");
}

int tarsparse_parse_map(struct tarsparse *s, const char *text, size_t len, struct sl_error *err)
{
	uint64_t n = 0, offset = 0;
	bool is_length = false, any = false;

	for (size_t i = 0; i <= len; i++) {
		if (i < len && text[i] >= '0' && text[i] <= '9') {
			if (n > (INT64_MAX - 9) / 10)
				return bad_map(err);
			n = n * 10 + (uint64_t)(text[i] - '0');
			any = true;
			continue;
		}
		if (!any || (i < len && text[i] != ','))
			return bad_map(err);
		if (is_length) {
			int rc = tarsparse_add(s, offset, n, err);

			if (rc < 0)
				return rc;
		}
		offset = n;
		is_length = !is_length;
		any = false;
		n = 0;
	}
	return is_length ? bad_map(err) : 0;
}

int tarsparse_parse_old(struct tarsparse *s, const uint8_t block[TAR_BLOCK], bool is_header,
			bool *more, struct sl_error *err)
{
	const uint8_t *at = block + (is_header ? 386 : 0);
	size_t entries = is_header ? 4 : 21;

	*more = at[entries * 24] != 0;
	for (size_t i = 0; i < entries; i++, at += 24) {
		int64_t offset, len;
		int rc;

		if (at[0] == '\0')
			break; /* the list ends here */
		if (tarhead_number(&offset, at, 12) < 0 || tarhead_number(&len, at + 12, 12) < 0 ||
		    offset < 0 || len < 0)
			return bad_map(err);
		rc = tarsparse_add(s, (uint64_t)offset, (uint64_t)len, err);
		if (rc < 0)
			return rc;
	}
	return 0;
}

int tarsparse_check(const struct tarsparse *s, uint64_t size, uint64_t stored, struct sl_error *err)
{
	uint64_t end = 0, total = 0;

	for (size_t i = 0; i < s->count; i++) {
		const struct tarsparse_extent *e = &s->extents[i];

		if (e->offset < end || e->offset > size || e->len > size - e->offset)
			return bad_map(err);
		end = e->offset + e->len;
		total += e->len; /* no more than size in all, as they lie apart */
	}
	return total == stored ? 0 : bad_map(err);
}
