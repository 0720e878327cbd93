/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The short names in l/. They are links "../<dir>/diff"; after a crash some are gone, and
 * each layer directory's file `link` still says which name was its own.
 */
#include <stdlib.h>
#include <string.h>

#include "core/cleanup.h"
#include "host/docker.h"
#include "host/layerlinks.h"

struct link {
	char *name, *dir;
};

struct layerlinks {
	struct link *rows;
	size_t count;
};

/* "../<dir>/diff" and nothing else: the link itself is never followed. */
static int target_dir(char *target, char **out, struct sl_error *err)
{
	size_t len = strlen(target);

	if (len > 8 && strncmp(target, "../", 3) == 0 && strcmp(target + len - 5, "/diff") == 0) {
		target[len - 5] = '\0';
		if (docker_is_layer_dir(target + 3)) {
			*out = strdup(target + 3);
			return *out != NULL ? 0 : sl_fail(err, SL_ENOMEM, 0, "layer link");
		}
	}
	return sl_fail(err, SL_EFORMAT, 0, "a layer link points out of the store");
}

void layerlinks_free(struct layerlinks *links)
{
	if (links == NULL)
		return;
	for (size_t i = 0; i < links->count; i++) {
		free(links->rows[i].name);
		free(links->rows[i].dir);
	}
	free(links->rows);
	free(links);
}

static void links_cleanup(struct layerlinks **links)
{
	layerlinks_free(*links);
}

static int compare_links(const void *a, const void *b)
{
	const struct link *x = a, *y = b;

	return strcmp(x->name, y->name);
}

/* The name that a layer directory calls its own; 1 when it has none. */
static int own_name(int home_fd, const char *dir, char **out, struct sl_error *err)
{
	CLEANUP(buf_clear) struct buf name = BUF_INIT(0);
	AUTO_CLOSE int fd = -1;

	if (!docker_is_layer_dir(dir))
		return 1;
	fd = root_open_subdir(home_fd, dir, ROOT_NO_LINKS, NULL);
	if (fd < 0 || docker_read_word(fd, "link", 256, &name, NULL) < 0 ||
	    !docker_is_link_name(name.data))
		return 1;
	*out = buf_take(&name);
	return *out != NULL ? 0 : sl_fail(err, SL_ENOMEM, 0, "layer link");
}

static int rebuild(struct layerlinks **out, int home_fd, struct sl_error *err)
{
	CLEANUP(links_cleanup) struct layerlinks *links = calloc(1, sizeof(*links));
	CLEANUP(root_names_clear) struct root_names dirs = {0};
	int rc;

	if (links == NULL)
		return sl_fail(err, SL_ENOMEM, 0, "layer links");
	rc = root_list(home_fd, &dirs, STORE_NAMES_MAX, err);
	if (rc < 0)
		return rc;
	links->rows = calloc(dirs.count > 0 ? dirs.count : 1, sizeof(*links->rows));
	if (links->rows == NULL)
		return sl_fail(err, SL_ENOMEM, 0, "layer links");
	for (size_t i = 0; i < dirs.count; i++) {
		struct link *row = &links->rows[links->count];

		rc = own_name(home_fd, dirs.names[i], &row->name, err);
		if (rc < 0)
			return rc;
		if (rc == 1)
			continue;
		row->dir = take_ptr(&dirs.names[i]);
		links->count++;
	}
	qsort(links->rows, links->count, sizeof(*links->rows), compare_links);
	*out = take_ptr(&links);
	return 0;
}

/* Two directories that claim one name leave it unknown. */
static int lookup(const struct layerlinks *links, const char *name, char **out,
		  struct sl_error *err)
{
	struct link key = {.name = (char *)(uintptr_t)name};
	const struct link *row =
		bsearch(&key, links->rows, links->count, sizeof(key), compare_links);

	if (row == NULL)
		return sl_fail(err, SL_ENOTFOUND, 0, "layer link '%s' is lost", name);
	if ((row > links->rows && strcmp(row[-1].name, name) == 0) ||
	    (row + 1 < links->rows + links->count && strcmp(row[1].name, name) == 0))
		return sl_fail(err, SL_EFORMAT, 0, "layer link '%s' is claimed twice", name);
	*out = strdup(row->dir);
	return *out != NULL ? 0 : sl_fail(err, SL_ENOMEM, 0, "layer link");
}

int layerlinks_resolve(struct layerlinks **links, int home_fd, int links_fd, const char *name,
		       char **out, struct sl_error *err)
{
	CLEANUP(buf_clear) struct buf target = BUF_INIT(512);
	int rc;

	if (!docker_is_link_name(name))
		return sl_fail(err, SL_EFORMAT, 0, "a lower layer has an impossible name");
	if (links_fd >= 0 && root_read_link(links_fd, name, &target, NULL) == 0)
		return target_dir(target.data, out, err);
	if (*links == NULL) {
		rc = rebuild(links, home_fd, err);
		if (rc < 0)
			return rc;
	}
	return lookup(*links, name, out, err);
}
