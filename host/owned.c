/* SPDX-License-Identifier: Apache-2.0 */
#include "host/owned.h"

#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

struct owned_row {
	char *id;
	bool has_dir;
	uint64_t dev, inode;
};

bool owned_has_id(const struct owned *o, const char *id)
{
	for (size_t i = 0; i < o->count; i++)
		if (strcmp(o->rows[i].id, id) == 0)
			return true;
	return false;
}

bool owned_has_dir(const struct owned *o, uint64_t dev, uint64_t inode)
{
	for (size_t i = 0; i < o->count; i++)
		if (o->rows[i].has_dir && o->rows[i].dev == dev && o->rows[i].inode == inode)
			return true;
	return false;
}

static int grow(struct owned *o, struct sl_error *err)
{
	size_t cap = o->cap == 0 ? 64 : o->cap * 2;
	struct owned_row *rows;

	if (o->count < o->cap)
		return 0;
	rows = reallocarray(o->rows, cap, sizeof(*rows));
	if (rows == NULL)
		return sl_fail(err, SL_ENOMEM, 0, "container list");
	o->rows = rows;
	o->cap = cap;
	return 0;
}

int owned_add(struct owned *o, const struct sl_container *c, struct sl_error *err)
{
	struct owned_row row = {0};
	struct stat st;
	int rc;

	if (c->stack.upper_fd >= 0 && fstat(c->stack.upper_fd, &st) == 0) {
		row.has_dir = true;
		row.dev = st.st_dev;
		row.inode = st.st_ino;
	}
	if (row.has_dir && owned_has_dir(o, row.dev, row.inode))
		return 1;
	rc = grow(o, err);
	if (rc < 0)
		return rc;
	row.id = strdup(c->id != NULL ? c->id : "");
	if (row.id == NULL)
		return sl_fail(err, SL_ENOMEM, 0, "container list");
	o->rows[o->count++] = row;
	return 0;
}

void owned_clear(struct owned *o)
{
	for (size_t i = 0; i < o->count; i++)
		free(o->rows[i].id);
	free(o->rows);
	*o = (struct owned){0};
}
