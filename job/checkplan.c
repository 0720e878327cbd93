/* SPDX-License-Identifier: Apache-2.0 */
#include "job/checkplan.h"

#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "core/cleanup.h"
#include "core/encode.h"

static int out_of_memory(struct sl_error *err)
{
	return sl_fail(err, SL_ENOMEM, 0, "layer directories");
}

static bool same_text(const char *a, const char *b)
{
	return a == NULL || b == NULL ? a == b : strcmp(a, b) == 0;
}

static bool has_sharer(const struct checkplan_sharers *s, const struct sl_check_sharer *new)
{
	for (size_t i = 0; i < s->count; i++)
		if (same_text(s->items[i].engine, new->engine) &&
		    same_text(s->items[i].id, new->id) && same_text(s->items[i].name, new->name))
			return true;
	return false;
}

static void free_sharer(struct sl_check_sharer *s)
{
	free((char *)(uintptr_t)s->engine);
	free((char *)(uintptr_t)s->id);
	free((char *)(uintptr_t)s->name);
}

static int add_sharer(struct checkplan_sharers *s, const struct sl_check_sharer *new,
		      struct sl_error *err)
{
	struct sl_check_sharer copy = {.engine = NULL};

	if (has_sharer(s, new))
		return 0;
	if (s->count == s->room) {
		size_t room = s->room > 0 ? 2 * s->room : 4;
		struct sl_check_sharer *grown = reallocarray(s->items, room, sizeof(*grown));

		if (grown == NULL)
			return out_of_memory(err);
		s->items = grown;
		s->room = room;
	}
	copy.engine = new->engine != NULL ? strdup(new->engine) : NULL;
	copy.id = strdup(new->id != NULL ? new->id : "");
	copy.name = new->name != NULL ? strdup(new->name) : NULL;
	if (copy.id == NULL || (copy.engine == NULL && new->engine != NULL) ||
	    (copy.name == NULL && new->name != NULL)) {
		free_sharer(&copy);
		return out_of_memory(err);
	}
	s->items[s->count++] = copy;
	return 0;
}

static void clear_sharers(struct checkplan_sharers *s)
{
	for (size_t i = 0; i < s->count; i++)
		free_sharer(&s->items[i]);
	free(s->items);
}

static bool is_row(const struct checkplan_row *row, const uint8_t *chain_id, bool has_dir,
		   const struct stat *st)
{
	return memcmp(row->chain_id, chain_id, SL_SHA256_SIZE) == 0 && row->has_dir == has_dir &&
	       (!has_dir || (row->dev == st->st_dev && row->ino == st->st_ino));
}

static int append(struct checkplan *p, struct checkplan_row *row, struct sl_error *err)
{
	if (p->count == p->room) {
		size_t room = p->room > 0 ? 2 * p->room : 64;
		struct checkplan_row **grown = (struct checkplan_row **)reallocarray(
			(void *)p->rows, room, sizeof(struct checkplan_row *));

		if (grown == NULL)
			return out_of_memory(err);
		p->rows = grown;
		p->room = room;
	}
	p->rows[p->count++] = row;
	return 0;
}

int checkplan_row(struct checkplan *p, const uint8_t chain_id[SL_SHA256_SIZE], int dir_fd,
		  struct checkplan_row **out, struct sl_error *err)
{
	struct stat st = {0};
	bool has_dir = dir_fd >= 0 && fstat(dir_fd, &st) == 0;
	struct checkplan_row *row;

	for (size_t i = 0; i < p->count; i++)
		if (is_row(p->rows[i], chain_id, has_dir, &st)) {
			*out = p->rows[i];
			return 0;
		}
	row = calloc(1, sizeof(*row));
	if (row == NULL)
		return out_of_memory(err);
	memcpy(row->chain_id, chain_id, SL_SHA256_SIZE);
	row->has_dir = has_dir;
	row->dev = st.st_dev;
	row->ino = st.st_ino;
	if (append(p, row, err) < 0) {
		free(row);
		return -SL_ENOMEM;
	}
	*out = row;
	return 0;
}

int checkplan_add_image(struct checkplan *p, const struct sl_image *image, struct sl_error *err)
{
	char id[DIGEST_TEXT_SIZE];
	const struct sl_check_sharer sharer = {.id = id, .name = image->name};
	int rc = 0;

	digest_format(id, image->config_digest);
	for (size_t i = 0; rc == 0 && i < image->layer_count; i++) {
		struct checkplan_row *row = NULL;

		rc = checkplan_row(p, image->layers[i].chain_id, image->layers[i].dir_fd, &row,
				   err);
		if (rc == 0)
			rc = add_sharer(&row->images, &sharer, err);
	}
	return rc;
}

int checkplan_share(struct checkplan_row *row, const struct sl_container *c, struct sl_error *err)
{
	const struct sl_check_sharer sharer = {
		.engine = c->engine != NULL ? c->engine : "unknown", .id = c->id, .name = c->name};

	return add_sharer(&row->containers, &sharer, err);
}

int checkplan_add_container(struct checkplan *p, const struct sl_container *c, struct sl_error *err)
{
	int rc = 0;

	for (size_t i = 0; rc == 0 && i < c->stack.lower_count; i++) {
		struct stat st;

		if (c->stack.lowers[i].dir_fd < 0 || fstat(c->stack.lowers[i].dir_fd, &st) < 0)
			continue;
		for (size_t r = 0; rc == 0 && r < p->count; r++)
			if (is_row(p->rows[r], p->rows[r]->chain_id, true, &st))
				rc = checkplan_share(p->rows[r], c, err);
	}
	return rc;
}

void checkplan_clear(struct checkplan *p)
{
	for (size_t i = 0; i < p->count; i++) {
		clear_sharers(&p->rows[i]->images);
		clear_sharers(&p->rows[i]->containers);
		free(p->rows[i]);
	}
	free((void *)p->rows);
	*p = (struct checkplan){0};
}
