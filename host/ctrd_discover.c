/* SPDX-License-Identifier: Apache-2.0 */
/* Where containerd's roots are on an examined root, and what its configuration says of them. */
#include <fnmatch.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/cleanup.h"
#include "host/ctrd.h"
#include "host/homes.h"

#define CONFIG_FILE "etc/containerd/config.toml"
#define CONFIG_DIR "/etc/containerd"
/* Largest configuration that is read. */
#define TEXT_MAX ((size_t)4 * 1024 * 1024)
#define HOME_ROOT "/.local/share/containerd"

/* Roots by convention, each with its runtime state. The first is containerd's own default. */
static const struct {
	const char *root, *state;
} usual[] = {
	{"/var/lib/containerd", "/run/containerd"},
	{"/var/lib/rancher/k3s/agent/containerd", "/run/k3s/containerd"},
	{"/var/lib/rancher/rke2/agent/containerd", "/run/k3s/containerd"},
	{"/var/snap/microk8s/common/var/lib/containerd",
	 "/var/snap/microk8s/common/run/containerd"},
	{"/var/lib/k0s/containerd", "/run/k0s/containerd"},
};

/* Below a docker data root, and that daemon's runtime state. */
#define SUPERVISED "/containerd/daemon"
#define SUPERVISED_STATE "/run/docker/containerd/daemon"

static int read_text(struct buf *out, int root_fd, const char *path, struct sl_error *err)
{
	int rc = root_read_file(root_fd, path, ROOT_FOLLOW_INSIDE, out, err);

	if (rc == 0 && buf_append(out, "", 0) < 0)
		rc = sl_fail(err, SL_ENOMEM, 0, "read");
	return rc;
}

static int read_one(struct ctrd_config *out, int root_fd, const char *path, struct sl_error *err)
{
	CLEANUP(buf_clear) struct buf text = BUF_INIT(TEXT_MAX);
	int rc = read_text(&text, root_fd, path, err);

	if (rc == 0)
		rc = ctrd_config_parse(out, text.data, text.len, err);
	return rc < 0 ? sl_wrap(err, rc, "%s", path) : 0;
}

/* Every file in @dir whose name fits; a directory that is not there has none. */
static int read_matches(struct ctrd_config *out, int root_fd, const char *dir, const char *pattern,
			struct sl_error *err)
{
	CLEANUP(root_names_clear) struct root_names names = {0};
	AUTO_CLOSE int fd = root_open_subdir(root_fd, dir, ROOT_FOLLOW_INSIDE, err);
	int rc = fd < 0 ? fd : root_list(fd, &names, STORE_NAMES_MAX, err);

	if (fd == -SL_ENOTFOUND)
		return 0;
	for (size_t i = 0; rc == 0 && i < names.count; i++) {
		AUTO_FREE char *path = NULL;

		if (fnmatch(pattern, names.names[i], 0) != 0)
			continue;
		if (asprintf(&path, "%s/%s", dir, names.names[i]) < 0) {
			path = NULL;
			return sl_fail(err, SL_ENOMEM, 0, "configuration");
		}
		rc = read_one(out, root_fd, path, err);
	}
	return rc;
}

static int read_import(struct ctrd_config *out, int root_fd, const char *import,
		       struct sl_error *err)
{
	AUTO_FREE char *path = NULL;
	char *slash;

	if (asprintf(&path, "%s%s%s", import[0] == '/' ? "" : CONFIG_DIR,
		     import[0] == '/' ? "" : "/", import) < 0) {
		path = NULL;
		return sl_fail(err, SL_ENOMEM, 0, "configuration");
	}
	slash = strrchr(path, '/');
	*slash = '\0';
	if (strpbrk(path, "*?[") != NULL)
		return sl_fail(err, SL_EUNSUPPORTED, 0, "an import from directories by pattern");
	return read_matches(out, root_fd, path, slash + 1, err);
}

int ctrd_config_read(struct ctrd_config *out, int root_fd, const char *path, struct sl_error *err)
{
	int rc = read_one(out, root_fd, path, err);

	/* an imported file may import more: the list grows, up to its bound */
	for (size_t i = 0; rc == 0 && i < out->import_count; i++) {
		AUTO_FREE char *import = strdup(out->imports[i]);

		if (import == NULL)
			return sl_fail(err, SL_ENOMEM, 0, "configuration");
		rc = read_import(out, root_fd, import, err);
	}
	return rc;
}

static int add_below(struct store_dirs *dirs, const char *dir, const char *below,
		     struct sl_error *err)
{
	AUTO_FREE char *path = NULL;

	if (asprintf(&path, "%s%s", dir, below) < 0) {
		path = NULL;
		return sl_fail(err, SL_ENOMEM, 0, "store discovery");
	}
	return store_dirs_add(dirs, path, err);
}

struct homes {
	struct store_dirs *dirs;
	const struct place *place;
	struct sl_error *err;
};

/* Only what exists: a host may have many thousands of accounts. */
static int add_home(void *payload, const struct home *home)
{
	const struct homes *h = payload;
	AUTO_FREE char *path = NULL;
	AUTO_CLOSE int fd = -1;

	if (asprintf(&path, "%s" HOME_ROOT, home->dir) < 0) {
		path = NULL;
		return sl_fail(h->err, SL_ENOMEM, 0, "store discovery");
	}
	fd = root_open_subdir(h->place->root_fd, path, ROOT_FOLLOW_INSIDE, NULL);
	return fd < 0 ? 0 : store_dirs_add(h->dirs, path, h->err);
}

static int add_supervised(struct store_dirs *dirs, const struct place *place, struct sl_error *err)
{
	CLEANUP(store_dirs_clear) struct store_dirs docker = {0};
	int found =
		docker_discover(&docker, place, NULL); /* its failure is told by docker's reader */
	int rc = found == -SL_ENOMEM ? sl_fail(err, SL_ENOMEM, 0, "store discovery") : 0;

	for (size_t i = 0; rc == 0 && i < docker.count; i++) {
		AUTO_CLOSE int fd = root_open_subdir(place->root_fd, docker.dirs[i],
						     ROOT_FOLLOW_INSIDE, NULL);

		if (fd >= 0)
			rc = add_below(dirs, docker.dirs[i], SUPERVISED, err);
	}
	return rc;
}

int ctrd_discover(struct store_dirs *dirs, const struct place *place, struct sl_error *err)
{
	CLEANUP(ctrd_config_clear) struct ctrd_config config = {0};
	CLEANUP(sl_error_clear) struct sl_error first = SL_ERROR_INIT;
	struct homes homes = {.dirs = dirs, .place = place, .err = err};
	int rc = ctrd_config_read(&config, place->root_fd, CONFIG_FILE, &first);

	if (rc != -SL_ENOMEM)
		rc = 0; /* what it would have said is missing, the usual places are looked at */
	if (rc == 0 && config.root != NULL)
		rc = store_dirs_add(dirs, config.root, err);
	for (size_t i = 0; rc == 0 && i < ARRAY_SIZE(usual); i++)
		rc = store_dirs_add(dirs, usual[i].root, err);
	if (rc == 0)
		rc = add_supervised(dirs, place, err);
	if (rc == 0)
		rc = homes_each(place->root_fd, add_home, &homes);
	if (rc < 0)
		return sl_fail(err, SL_ENOMEM, 0, "store discovery");
	if (first.code != 0 && first.code != SL_ENOTFOUND)
		return store_give_error(err, &first);
	return 0;
}

static bool ends_with(const char *text, const char *end)
{
	size_t len = strlen(text), tail = strlen(end);

	return len >= tail && strcmp(text + len - tail, end) == 0;
}

/* Is this the root that the configuration is about? */
static bool is_root_of(const struct ctrd_config *config, const struct place *place, int root_fd)
{
	AUTO_CLOSE int fd = root_open_subdir(place->root_fd,
					     config->root != NULL ? config->root : usual[0].root,
					     ROOT_FOLLOW_INSIDE, NULL);
	struct stat a, b;

	return fd >= 0 && fstat(fd, &a) == 0 && fstat(root_fd, &b) == 0 && a.st_dev == b.st_dev &&
	       a.st_ino == b.st_ino;
}

static char *usual_state(const char *dir, int root_fd)
{
	struct stat st;
	char *state = NULL;

	for (size_t i = 0; i < ARRAY_SIZE(usual); i++)
		if (strcmp(usual[i].root, dir) == 0)
			return strdup(usual[i].state);
	if (ends_with(dir, SUPERVISED))
		return strdup(SUPERVISED_STATE);
	if (ends_with(dir, HOME_ROOT) && fstat(root_fd, &st) == 0 &&
	    asprintf(&state, "/run/user/%u/containerd", st.st_uid) < 0)
		state = NULL;
	return state;
}

int ctrd_settings(struct ctrd_config *out, const struct place *place, int root_fd, const char *dir,
		  struct sl_error *err)
{
	int rc = ctrd_config_read(out, place->root_fd, CONFIG_FILE, NULL);

	if (rc == -SL_ENOMEM)
		return sl_fail(err, SL_ENOMEM, 0, "configuration");
	if (!is_root_of(out, place, root_fd))
		ctrd_config_clear(out);
	else if (out->state == NULL)
		out->state = strdup(usual[0].state);
	if (out->state == NULL)
		out->state = usual_state(dir, root_fd);
	return 0;
}
