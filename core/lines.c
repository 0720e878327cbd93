/* SPDX-License-Identifier: Apache-2.0 */
#include "core/lines.h"

#include <inttypes.h>
#include <string.h>

static int refill(struct lines *l, struct sl_error *err)
{
	int rc = istream_next(l->in, &l->rest, &l->rest_len, err);

	if (rc == 0)
		return 0;
	l->rest_len = 0;
	if (rc == 1 && l->line.len > 0)
		return sl_fail(err, SL_EFORMAT, 0, "line %" PRIu64 " has no end", l->number + 1);
	return rc;
}

int lines_next(struct lines *l, struct sl_bytes *out, struct sl_error *err)
{
	const uint8_t *feed = NULL;

	buf_reset(&l->line);
	while (feed == NULL) {
		size_t len = l->rest_len;
		int rc = len == 0 ? refill(l, err) : 0;

		if (rc != 0)
			return rc;
		feed = memchr(l->rest, '\n', l->rest_len);
		len = feed != NULL ? (size_t)(feed - l->rest) : l->rest_len;
		rc = buf_append(&l->line, l->rest, len);
		if (rc == -SL_ELIMIT)
			return sl_fail(err, SL_ELIMIT, 0,
				       "line %" PRIu64 " is longer than %zu bytes", l->number + 1,
				       l->line.max);
		if (rc < 0)
			return sl_fail(err, SL_ENOMEM, 0, "line");
		len += feed != NULL;
		l->rest += len;
		l->rest_len -= len;
	}
	l->number++;
	*out = (struct sl_bytes){l->line.data, l->line.len};
	return 0;
}

void lines_clear(struct lines *l)
{
	buf_clear(&l->line);
}
