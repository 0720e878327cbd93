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
	if (h->want_scan)
		contentscan_feed(&h->scan, bytes, len);
	if (h->passed != NULL)
		h->passed(h->payload, len);
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
	h->scan = (struct contentscan){.size = h->size};
	all[0] = &h->tap;
	for (size_t i = 0; i < count; i++)
		all[i + 1] = taps[i];
	return sl_content_read(h->inner, all, count + 1, out, err);
}

static int keep_data(struct sl_sparse_tap *tap, const void *bytes, size_t len, struct sl_error *err)
{
	struct head_content *h = container_of(tap, struct head_content, sparse);
	int rc = keep(&h->tap, bytes, len, err);

	return rc < 0 ? rc : h->outer->data(h->outer, bytes, len, err);
}

/* Zeros may be hashed: a signal must not wait for a terabyte of them. */
#define HOLE_STEP ((uint64_t)64 << 20)

static int keep_hole(struct sl_sparse_tap *tap, uint64_t len, struct sl_error *err)
{
	static const uint8_t zeros[sizeof(((struct head_content *)NULL)->bytes)];
	struct head_content *h = container_of(tap, struct head_content, sparse);
	int rc = 0;

	while (rc == 0 && len > 0) {
		uint64_t n = len < HOLE_STEP ? len : HOLE_STEP;

		rc = keep(&h->tap, zeros, n < sizeof(zeros) ? (size_t)n : sizeof(zeros), err);
		if (rc == 0)
			rc = h->outer->hole(h->outer, n, err);
		len -= n;
	}
	return rc;
}

static int head_read_sparse(struct sl_content *c, struct sl_sparse_tap *tap, struct sl_read *out,
			    struct sl_error *err)
{
	struct head_content *h = container_of(c, struct head_content, content);

	h->len = 0;
	h->scan = (struct contentscan){.size = h->size};
	h->outer = tap;
	return sl_content_read_sparse(h->inner, &h->sparse, out, err);
}

static uint64_t head_holes(struct sl_content *c)
{
	struct head_content *h = container_of(c, struct head_content, content);

	return sl_content_is_sparse(h->inner) ? sl_content_holes(h->inner) : 0;
}

static void head_close(struct sl_content *c)
{
	struct head_content *h = container_of(c, struct head_content, content);

	sl_content_close(take_ptr(&h->inner));
}

void head_content_init(struct head_content *h, const struct job *job)
{
	static const struct sl_content_ops ops = {.read = head_read,
						  .close = head_close,
						  .holes = head_holes,
						  .read_sparse = head_read_sparse};

	*h = (struct head_content){.content.ops = &ops,
				   .tap.data = keep,
				   .sparse = {.data = keep_data, .hole = keep_hole},
				   .job = job};
}

struct sl_content *head_content_wrap(struct head_content *h, struct sl_content *inner)
{
	h->inner = inner;
	return &h->content;
}
