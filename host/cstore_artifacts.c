/* SPDX-License-Identifier: Apache-2.0 */
/* Files about one container: what it was told to be, what it was given, what it said. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "core/cleanup.h"
#include "host/cstore.h"
#include "host/logfile.h"

/* Most files of one container's log that are held open. */
#define LOGS_MAX 64

/* The permanent directory's files; what is not there is not missed. */
static const struct file {
	const char *name;
	bool is_log;
	const char *log_format;
} permanent[] = {
	{"config.json", false, NULL}, {"state.json", false, NULL}, {"buildah.json", false, NULL},
	{"config.dump", false, NULL}, {"spec.dump", false, NULL},  {"ctr.log", true, "k8s-file"},
};

/* The volatile one's. */
static const struct file passing[] = {
	{"hostname", false, NULL},      {"hosts", false, NULL},  {"resolv.conf", false, NULL},
	{".containerenv", false, NULL}, {"passwd", false, NULL}, {"group", false, NULL},
	{"pidfile", false, NULL},       {"winsz", false, NULL},  {"conmon.pid", false, NULL},
	{"exit", false, NULL},          {"oci-log", true, NULL},
};

/* @file lies in @dir_fd, which is called @dir. Only regular files have descriptors. */
static int add(struct sl_container *c, int dir_fd, const char *dir, const struct file *file,
	       const char *prefix, struct sl_error *err)
{
	AUTO_CLOSE int fd = root_open_path(dir_fd, file->name, ROOT_NO_LINKS, NULL);
	const char *shown = file->name[0] == '.' ? file->name + 1 : file->name;
	AUTO_FREE char *path = NULL;
	AUTO_FREE char *name = NULL;
	struct stat st;
	int rc;

	if (fd == -SL_ENOTFOUND)
		return 0;
	if (asprintf(&path, "%s/%s", dir, file->name) < 0) {
		path = NULL;
		return sl_fail(err, SL_ENOMEM, 0, "artifact");
	}
	if (asprintf(&name, "%s%s", prefix, shown) < 0) {
		name = NULL;
		return sl_fail(err, SL_ENOMEM, 0, "artifact");
	}
	if (fd >= 0 && (fstat(fd, &st) < 0 || !S_ISREG(st.st_mode))) {
		close(fd);
		fd = -1;
	}
	rc = sl_container_add_artifact(c, name, path, fd >= 0 ? take_fd(&fd) : -1, file->log_format,
				       err);
	if (rc == 0)
		c->artifacts[c->artifact_count - 1].is_log = file->is_log;
	return rc;
}

/* ".20261122-120000", ".20261122-120000.gz": what the kubelet rotated away. */
static bool is_rotated(const char *suffix)
{
	return suffix[0] == '.' && suffix[1 + strspn(suffix + 1, "0123456789-.gz")] == '\0';
}

/* What was rotated away lies beside the log, and is no link. */
static int add_rotated(struct sl_container *c, int dir_fd, const char *dir, const char *base,
		       struct sl_error *err)
{
	CLEANUP(root_names_clear) struct root_names names = {0};
	size_t len = strlen(base), added = 0;
	int rc = root_list(dir_fd, &names, STORE_NAMES_MAX, NULL) < 0 ? 1 : 0;

	for (size_t i = 0; rc == 0 && i < names.count && added < LOGS_MAX; i++) {
		AUTO_CLOSE int fd = -1;
		AUTO_FREE char *path = NULL;
		AUTO_FREE char *name = NULL;
		struct stat st;

		if (strncmp(names.names[i], base, len) != 0 || !is_rotated(names.names[i] + len))
			continue;
		if (asprintf(&path, "%s/%s", dir, names.names[i]) < 0)
			path = NULL;
		if (path == NULL || asprintf(&name, "container.log%s", names.names[i] + len) < 0) {
			name = NULL;
			return sl_fail(err, SL_ENOMEM, 0, "artifact");
		}
		fd = root_open_path(dir_fd, names.names[i], ROOT_NO_LINKS, NULL);
		if (fd >= 0 && (fstat(fd, &st) < 0 || !S_ISREG(st.st_mode))) {
			close(fd);
			fd = -1;
		}
		rc = sl_container_add_artifact(c, name, path, fd >= 0 ? take_fd(&fd) : -1, "cri",
					       err);
		added++;
	}
	return rc < 0 ? rc : 0;
}

/* The kubelet names the log, anywhere in the examined root; what is named otherwise is none. */
static int add_log(struct cstore *s, struct sl_container *c, const char *path, struct sl_error *err)
{
	AUTO_FREE char *dir = path != NULL ? strdup(path) : NULL;
	AUTO_CLOSE int fd = -1, dir_fd = -1;
	char *slash;
	int rc;

	if (path == NULL || path[0] != '/' || strlen(path) < 5 ||
	    strcmp(path + strlen(path) - 4, ".log") != 0)
		return 0;
	if (dir == NULL)
		return sl_fail(err, SL_ENOMEM, 0, "artifact");
	fd = logfile_open(s->place->root_fd, path, NULL, NULL);
	if (fd == -SL_ENOTFOUND)
		return 0;
	rc = sl_container_add_artifact(c, "container.log", path, fd >= 0 ? take_fd(&fd) : -1, "cri",
				       err);
	slash = strrchr(dir, '/');
	if (rc < 0 || slash == dir)
		return rc;
	*slash = '\0';
	dir_fd = logfile_open_dir(s->place->root_fd, dir, NULL, NULL);
	return dir_fd < 0 ? 0 : add_rotated(c, dir_fd, dir, slash + 1, err);
}

int cstore_artifacts(struct cstore *s, const struct cstore_part *part, struct sl_container *c,
		     int userdata_fd, const struct cstore_spec *spec, struct sl_error *err)
{
	AUTO_FREE char *dir = NULL;
	AUTO_CLOSE int run_fd = -1;
	int rc = 0;

	if (s->place->bare)
		return 0;
	if (asprintf(&dir, "%s/%s-containers/%s/userdata", part->dir, part->driver, c->id) < 0) {
		dir = NULL;
		return sl_fail(err, SL_ENOMEM, 0, "artifact");
	}
	for (size_t i = 0; rc == 0 && userdata_fd >= 0 && i < ARRAY_SIZE(permanent); i++)
		rc = add(c, userdata_fd, dir, &permanent[i], "", err);
	if (rc == 0 && spec->run_dir != NULL)
		run_fd = root_open_subdir(s->place->root_fd, spec->run_dir, ROOT_FOLLOW_INSIDE,
					  NULL);
	for (size_t i = 0; rc == 0 && run_fd >= 0 && i < ARRAY_SIZE(passing); i++)
		rc = add(c, run_fd, spec->run_dir, &passing[i], "run/", err);
	return rc < 0 ? rc : add_log(s, c, spec->log_path, err);
}
