/* SPDX-License-Identifier: Apache-2.0 */
#include "core/linetap.h"

#include <inttypes.h>
#include <string.h>

#include "core/cleanup.h"

static int keep(struct linetap *t, const char *bytes, size_t len, struct sl_error *err)
{
	int rc = buf_append(&t->line, bytes, len);

	if (rc == -SL_ELIMIT)
		return sl_fail(err, SL_ELIMIT, 0, "line %" PRIu64 " is longer than %zu bytes",
			       t->number + 1, t->line.max);
	return rc < 0 ? sl_fail(err, SL_ENOMEM, 0, "line") : 0;
}

static int hand_out(struct linetap *t, struct sl_error *err)
{
	int rc;

	t->number++;
	rc = t->each(t->payload, (struct sl_bytes){t->line.data, t->line.len}, err);
	buf_reset(&t->line);
	return rc;
}

static int take(struct sl_tap *tap, const void *bytes, size_t len, struct sl_error *err)
{
	struct linetap *t = container_of(tap, struct linetap, tap);
	const char *at = bytes;
	int rc = 0;

	while (rc == 0 && len > 0) {
		const char *feed = memchr(at, '\n', len);
		size_t part = feed != NULL ? (size_t)(feed - at) : len;

		rc = keep(t, at, part, err);
		if (rc == 0 && feed != NULL)
			rc = hand_out(t, err);
		part += feed != NULL;
		at += part;
		len -= part;
	}
	return rc;
}

void linetap_init(struct linetap *t, size_t longest,
		  int (*each)(void *payload, struct sl_bytes line, struct sl_error *err),
		  void *payload)
{
	*t = (struct linetap){
		.tap = {take}, .each = each, .payload = payload, .line = BUF_INIT(longest)};
}

int linetap_end(struct linetap *t, struct sl_error *err)
{
	return t->line.len > 0 ? hand_out(t, err) : 0;
}

void linetap_clear(struct linetap *t)
{
	buf_clear(&t->line);
}
