/* SPDX-License-Identifier: Apache-2.0 */
/* containerd's config.toml: the few keys that say where its files are. */
#ifndef HOST_CTRD_CONFIG_H
#define HOST_CTRD_CONFIG_H

#include <strandline/error.h>

/* One snapshotter that keeps its files elsewhere. */
struct ctrd_relocation {
	char *snapshotter, *path;
};

/* Owned; NULL: not said. */
struct ctrd_config {
	char *root, *state;
	struct ctrd_relocation *moved;
	size_t moved_count;
	char **imports;
	size_t import_count;
};

/*
 * Read one file's text on top of what @out has: what is said last counts. -SL_EFORMAT names the
 * line. What was read before that stays.
 */
int ctrd_config_parse(struct ctrd_config *out, const char *text, size_t len, struct sl_error *err);
/* The file at @path inside the root and what it imports. -SL_ENOTFOUND. */
int ctrd_config_read(struct ctrd_config *out, int root_fd, const char *path, struct sl_error *err);
void ctrd_config_clear(struct ctrd_config *config);

#endif
