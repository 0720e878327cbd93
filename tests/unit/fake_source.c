/* SPDX-License-Identifier: Apache-2.0 */
#include "unit/fake_source.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "core/cleanup.h"

struct fake {
	struct sl_source source;
	const struct fake_row *rows;
	size_t count, next;
	const struct fake_row *current;
	struct sl_gap gap;
	size_t gaps_told; /* rows before this one have told theirs */
};

struct fake_content {
	struct sl_content content;
	const struct fake_row *row;
	unsigned int reads;
};

static int fake_next(struct sl_source *src, const struct sl_entry **out, struct sl_error *err)
{
	struct fake *f = container_of(src, struct fake, source);

	(void)err;
	while (f->next < f->count) {
		const struct fake_row *row = &f->rows[f->next++];

		if (row->gap != NULL)
			continue;
		f->current = row;
		*out = &row->entry;
		return 0;
	}
	f->current = NULL;
	return 1;
}

static int fake_seek(struct sl_source *src, struct sl_bytes path, struct sl_error *err)
{
	struct fake *f = container_of(src, struct fake, source);

	(void)err;
	for (f->next = 0; f->next < f->count; f->next++)
		if (sl_path_compare(f->rows[f->next].entry.path, path) >= 0)
			break;
	return 0;
}

static int content_read(struct sl_content *c, struct sl_tap *const taps[], size_t count,
			struct sl_read *out, struct sl_error *err)
{
	struct fake_content *fake = container_of(c, struct fake_content, content);
	const struct fake_row *row = fake->row;
	bool is_first = fake->reads++ == 0;
	size_t len = strlen(row->content);

	for (size_t i = 0; i < count; i++) {
		int rc = taps[i]->data(taps[i], row->content, len, err);

		if (rc < 0)
			return rc;
	}
	*out = (struct sl_read){.bytes = len,
				.changed =
					row->changes_while_read || (row->changes_once && is_first),
				.is_short = len < row->entry.size};
	return 0;
}

static void content_close(struct sl_content *c)
{
	free(container_of(c, struct fake_content, content));
}

static bool content_is_quiet(struct sl_content *c)
{
	return container_of(c, struct fake_content, content)->row->is_quiet;
}

static bool fake_identify(struct sl_source *src, struct sl_file_id *out)
{
	const struct fake *f = container_of(src, struct fake, source);

	if (f->current->id == NULL)
		return false;
	out->len = strlen(f->current->id);
	memcpy(out->bytes, f->current->id, out->len);
	return true;
}

static int fake_open(struct sl_source *src, struct sl_content **out, struct sl_error *err)
{
	static const struct sl_content_ops ops = {
		.read = content_read, .close = content_close, .is_quiet = content_is_quiet};
	struct fake *f = container_of(src, struct fake, source);
	struct fake_content *c;

	if (f->current->unreadable)
		return sl_fail(err, SL_EIO, EACCES, "open");
	if (f->current->content == NULL)
		return 1;
	c = calloc(1, sizeof(*c));
	if (c == NULL)
		return sl_fail(err, SL_ENOMEM, 0, "fake content");
	c->content.ops = &ops;
	c->row = f->current;
	*out = &c->content;
	return 0;
}

static const struct sl_gap *fake_gap(struct sl_source *src)
{
	struct fake *f = container_of(src, struct fake, source);

	while (f->gaps_told < f->next) {
		const struct fake_row *row = &f->rows[f->gaps_told++];

		if (row->gap == NULL)
			continue;
		f->gap = (struct sl_gap){.what = row->entry.path,
					 .why = row->gap,
					 .sys = EACCES,
					 .is_path = true,
					 .below = !row->gap_is_narrow};
		return &f->gap;
	}
	return NULL;
}

static void fake_close(struct sl_source *src)
{
	free(container_of(src, struct fake, source));
}

struct sl_source *fake_source(const struct fake_row *rows, size_t count, bool sparse)
{
	static const struct sl_source_ops ops = {.next = fake_next,
						 .seek = fake_seek,
						 .open = fake_open,
						 .gap = fake_gap,
						 .close = fake_close,
						 .identify = fake_identify};
	struct fake *f = calloc(1, sizeof(*f));

	if (f == NULL)
		abort();
	*f = (struct fake){.source = {.ops = &ops, .sparse = sparse}, .rows = rows, .count = count};
	return &f->source;
}
