/* SPDX-License-Identifier: Apache-2.0 */
#include "job/head_content.h"

#include <errno.h>
#include <string.h>

#include "core/cleanup.h"

#define MOST_TAPS 8

static int keep(struct sl_tap *tap, const void *bytes, size_t len, struct sl_error *err)
{
	struct head_content *h = container_of(tap, struct head_content, tap);
	size_t room = sizeof(h->bytes) - h->len, take = len < room ? len : room;

	if (job_stopped(h->job))
		return sl_fail(err, SL_ECANCELLED, EINTR, "stopped");
	memcpy(h->bytes + h->len, bytes, take);
	h->len = (uint8_t)(h->len + take);
	return 0;
}

static int head_read(struct sl_content *c, struct sl_tap *const taps[], size_t count,
		     struct sl_read *out, struct sl_error *err)
{
	struct head_content *h = container_of(c, struct head_content, content);
	struct sl_tap *all[MOST_TAPS];

	if (count >= MOST_TAPS)
		return sl_fail(err, SL_EINVAL, 0, "more than %d taps", MOST_TAPS - 1);
	h->len = 0;
	all[0] = &h->tap;
	for (size_t i = 0; i < count; i++)
		all[i + 1] = taps[i];
	return sl_content_read(h->inner, all, count + 1, out, err);
}

static void head_close(struct sl_content *c)
{
	struct head_content *h = container_of(c, struct head_content, content);

	sl_content_close(take_ptr(&h->inner));
}

void head_content_init(struct head_content *h, const struct job *job)
{
	static const struct sl_content_ops ops = {.read = head_read, .close = head_close};

	*h = (struct head_content){.content.ops = &ops, .tap.data = keep, .job = job};
}

struct sl_content *head_content_wrap(struct head_content *h, struct sl_content *inner)
{
	h->inner = inner;
	return &h->content;
}
