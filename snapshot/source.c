/* SPDX-License-Identifier: Apache-2.0 */
#include <strandline/source.h>

int sl_source_next(struct sl_source *src, const struct sl_entry **out, struct sl_error *err)
{
	*out = NULL;
	return src->ops->next(src, out, err);
}

int sl_source_seek(struct sl_source *src, struct sl_bytes path, struct sl_error *err)
{
	return src->ops->seek(src, path, err);
}

int sl_source_open(struct sl_source *src, struct sl_content **out, struct sl_error *err)
{
	*out = NULL;
	return src->ops->open(src, out, err);
}

const struct sl_gap *sl_source_gap(struct sl_source *src)
{
	return src->ops->gap == NULL ? NULL : src->ops->gap(src);
}

bool sl_source_identify(struct sl_source *src, struct sl_file_id *out)
{
	return src->ops->identify != NULL && src->ops->identify(src, out);
}

void sl_source_close(struct sl_source *src)
{
	if (src != NULL)
		src->ops->close(src);
}

int sl_content_read(struct sl_content *c, struct sl_tap *const taps[], size_t count,
		    struct sl_read *out, struct sl_error *err)
{
	*out = (struct sl_read){0};
	return c->ops->read(c, taps, count, out, err);
}

uint64_t sl_content_holes(struct sl_content *c)
{
	return c->ops->holes == NULL ? 0 : c->ops->holes(c);
}

bool sl_content_is_sparse(const struct sl_content *c)
{
	return c->ops->read_sparse != NULL;
}

int sl_content_read_sparse(struct sl_content *c, struct sl_sparse_tap *tap, struct sl_read *out,
			   struct sl_error *err)
{
	*out = (struct sl_read){0};
	return c->ops->read_sparse(c, tap, out, err);
}

bool sl_content_is_quiet(struct sl_content *c)
{
	return c->ops->is_quiet != NULL && c->ops->is_quiet(c);
}

void sl_content_close(struct sl_content *c)
{
	if (c != NULL)
		c->ops->close(c);
}
