/* SPDX-License-Identifier: Apache-2.0 */
/* Where the daemons of an examined root keep their data. */
#include <stdio.h>
#include <string.h>

#include "core/cleanup.h"
#include "host/docker.h"
#include "host/docker_flags.h"
#include "host/homes.h"

#define DEFAULT_DIR "/var/lib/docker"
#define SNAP_DIR "/var/snap/docker/common/var-lib-docker"
/* Largest unit or environment file that is read, and most drop-ins. */
#define FLAGS_MAX ((size_t)1024 * 1024)
#define DROPINS_MAX 256

/* "graph" is what data-root was called before 17.05. */
static const char *data_root(const struct jval *config)
{
	const char *dir = jval_str(jval_get(config, "data-root"));

	if (dir == NULL || dir[0] == '\0')
		dir = jval_str(jval_get(config, "graph"));
	return dir != NULL && dir[0] == '/' ? dir : NULL;
}

/* What a daemon.json says. One that is not there says nothing. */
static int add_configured(struct store_dirs *dirs, int root_fd, const char *path,
			  struct sl_error *err)
{
	AUTO_JVAL struct jval *config = NULL;
	CLEANUP(buf_clear) struct buf text = BUF_INIT(STORE_JSON_MAX);
	CLEANUP(sl_error_clear) struct sl_error why = SL_ERROR_INIT;
	const char *found;
	int rc = root_read_file(root_fd, path, ROOT_FOLLOW_INSIDE, &text, &why);

	if (rc == -SL_ENOTFOUND)
		return 0;
	/* an empty file is how some installers leave it */
	if (rc == 0 && text.len > 0)
		rc = jval_parse_bounded(&config, text.data, text.len, STORE_VALUES_MAX, &why);
	if (rc < 0)
		return sl_fail(err, why.code, why.sys, "/%s: %s", path,
			       why.sys == 0 ? sl_error_text(&why) : "open");
	found = data_root(config);
	return found != NULL ? store_dirs_add(dirs, found, err) : 0;
}

/* Options in a file of the machine's start-up. What cannot be read says nothing. */
static int add_flags(struct store_dirs *dirs, int dir_fd, const char *path, struct sl_error *err)
{
	CLEANUP(buf_clear) struct buf text = BUF_INIT(FLAGS_MAX);

	if (root_read_file(dir_fd, path, ROOT_FOLLOW_INSIDE, &text, NULL) < 0 || text.data == NULL)
		return 0;
	return docker_flags_read(dirs, text.data, text.len, err);
}

static int add_dropins(struct store_dirs *dirs, int root_fd, const char *path, struct sl_error *err)
{
	AUTO_CLOSE int fd = root_open_subdir(root_fd, path, ROOT_FOLLOW_INSIDE, NULL);
	CLEANUP(root_names_clear) struct root_names names = {0};
	int rc = 0;

	if (fd < 0 || root_list(fd, &names, DROPINS_MAX, NULL) < 0)
		return 0;
	for (size_t i = 0; rc == 0 && i < names.count; i++) {
		size_t len = strlen(names.names[i]);
		AUTO_FREE char *file = NULL;

		if (len < 5 || strcmp(names.names[i] + len - 5, ".conf") != 0)
			continue;
		/* from the root, where a link among them leads */
		if (asprintf(&file, "%s/%s", path, names.names[i]) < 0) {
			file = NULL;
			return sl_fail(err, SL_ENOMEM, 0, "store discovery");
		}
		rc = add_flags(dirs, root_fd, file, err);
	}
	return rc;
}

static int add_started(struct store_dirs *dirs, int root_fd, struct sl_error *err)
{
	static const char *const files[] = {
		"etc/default/docker",
		"etc/sysconfig/docker",
		"etc/conf.d/docker",
		"etc/systemd/system/docker.service",
		"usr/lib/systemd/system/docker.service",
		"lib/systemd/system/docker.service",
	};
	static const char *const dropins[] = {
		"etc/systemd/system/docker.service.d",
		"usr/lib/systemd/system/docker.service.d",
		"run/systemd/system/docker.service.d",
	};
	int rc = 0;

	for (size_t i = 0; rc == 0 && i < ARRAY_SIZE(files); i++)
		rc = add_flags(dirs, root_fd, files[i], err);
	for (size_t i = 0; rc == 0 && i < ARRAY_SIZE(dropins); i++)
		rc = add_dropins(dirs, root_fd, dropins[i], err);
	return rc;
}

/* A failure ends the work only when it is memory; the first other one is told at the end. */
static int keep_going(int rc, struct sl_error *why, struct sl_error *first)
{
	if (rc < 0 && rc != -SL_ENOMEM && first->code == 0) {
		*first = *why;
		*why = SL_ERROR_INIT;
	}
	sl_error_clear(why);
	return rc == -SL_ENOMEM ? rc : 0;
}

struct people {
	struct store_dirs *dirs;
	int root_fd;
	struct sl_error *first;
};

/* Somebody who runs a daemon without root: its place in the home, and what its daemon.json says. */
static int add_home(void *payload, const struct home *home)
{
	struct people *p = payload;
	CLEANUP(sl_error_clear) struct sl_error why = SL_ERROR_INIT;
	AUTO_FREE char *dir = NULL;
	AUTO_FREE char *config = NULL;
	AUTO_CLOSE int fd = -1;
	size_t len = strlen(home->dir);
	int rc;

	while (len > 0 && home->dir[len - 1] == '/')
		len--;
	if (asprintf(&dir, "%.*s/.local/share/docker", (int)len, home->dir) < 0)
		dir = NULL;
	if (dir == NULL ||
	    asprintf(&config, "%.*s/.config/docker/daemon.json", (int)len, home->dir) < 0) {
		config = NULL;
		return -SL_ENOMEM;
	}
	/* most people have none: no long list of places where nothing is */
	fd = root_open_subdir(p->root_fd, dir, ROOT_FOLLOW_INSIDE, &why);
	rc = fd == -SL_ENOTFOUND ? 0 : store_dirs_add(p->dirs, dir, NULL);
	sl_error_clear(&why);
	if (rc == 0)
		rc = keep_going(add_configured(p->dirs, p->root_fd, config + 1, &why), &why,
				p->first);
	return rc;
}

int docker_discover(struct store_dirs *dirs, const struct place *place, struct sl_error *err)
{
	static const char *const configs[] = {"etc/docker/daemon.json",
					      "var/snap/docker/current/config/daemon.json"};
	CLEANUP(sl_error_clear) struct sl_error first = SL_ERROR_INIT;
	struct people people = {.dirs = dirs, .root_fd = place->root_fd, .first = &first};
	int rc = 0;

	for (size_t i = 0; rc == 0 && i < ARRAY_SIZE(configs); i++) {
		CLEANUP(sl_error_clear) struct sl_error why = SL_ERROR_INIT;

		rc = keep_going(add_configured(dirs, place->root_fd, configs[i], &why), &why,
				&first);
	}
	if (rc == 0)
		rc = add_started(dirs, place->root_fd, err);
	/* a place that was given up may still be full */
	if (rc == 0)
		rc = store_dirs_add(dirs, DEFAULT_DIR, err);
	if (rc == 0)
		rc = store_dirs_add(dirs, SNAP_DIR, err);
	if (rc == 0)
		rc = homes_each(place->root_fd, add_home, &people);
	if (rc < 0)
		return sl_fail(err, SL_ENOMEM, 0, "store discovery");
	return first.code != 0 ? store_give_error(err, &first) : 0;
}
