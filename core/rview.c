/* SPDX-License-Identifier: Apache-2.0 */
#include "core/rview.h"

#include "core/cleanup.h"

static int view_read(struct rfile *f, uint64_t offset, void *dst, size_t cap, size_t *len,
		     struct sl_error *err)
{
	struct rview *v = container_of(f, struct rview, file);

	return rfile_read_at(v->inner, v->start + offset, dst, cap, len, err);
}

static const struct rfile_ops ops = {.read_at = view_read};

void rview_init(struct rview *v, struct rfile *inner, uint64_t start)
{
	v->file = (struct rfile){.ops = &ops, .size = inner->size - start};
	v->inner = inner;
	v->start = start;
}
