/* SPDX-License-Identifier: Apache-2.0 */
#include "unit/fake_content.h"

#include <stdlib.h>

#include "core/cleanup.h"

struct content {
	struct sl_content base;
	struct fake_content how;
};

uint8_t fake_content_byte(const struct fake_content *f, uint64_t at)
{
	uint64_t x = (at + 1) * 0x9e3779b97f4a7c15u + f->seed;

	x ^= x >> 29;
	x *= 0xbf58476d1ce4e5b9u;
	x ^= x >> 32;
	return f->is_random ? (uint8_t)x : (uint8_t)('a' + x % 4);
}

static int content_read(struct sl_content *c, struct sl_tap *const taps[], size_t count,
			struct sl_read *out, struct sl_error *err)
{
	const struct fake_content *how = &container_of(c, struct content, base)->how;
	uint64_t end = how->sys != 0 ? how->fails_at : how->size;
	uint8_t block[10007];

	for (uint64_t at = 0; at < end;) {
		size_t n = end - at < sizeof(block) ? (size_t)(end - at) : sizeof(block);

		for (size_t i = 0; i < n; i++)
			block[i] = fake_content_byte(how, at + i);
		for (size_t i = 0; i < count; i++) {
			int rc = taps[i]->data(taps[i], block, n, err);

			if (rc < 0)
				return rc;
		}
		at += n;
	}
	*out = (struct sl_read){
		.bytes = end, .changed = how->changes, .is_short = how->sys != 0, .sys = how->sys};
	return 0;
}

static void content_close(struct sl_content *c)
{
	struct content *content = container_of(c, struct content, base);

	if (content->how.closed != NULL)
		(*content->how.closed)++;
	free(content);
}

struct sl_content *fake_content(const struct fake_content *how)
{
	static const struct sl_content_ops ops = {.read = content_read, .close = content_close};
	struct content *c = calloc(1, sizeof(*c));

	if (c == NULL)
		abort();
	c->base.ops = &ops;
	c->how = *how;
	return &c->base;
}
