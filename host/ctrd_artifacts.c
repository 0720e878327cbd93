/* SPDX-License-Identifier: Apache-2.0 */
/* Files about a container that are worth keeping, and its records of meta.db as such. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "core/cleanup.h"
#include "host/ctrd.h"
#include "host/logfile.h"

/* Most files of one container's log that are held open. */
#define LOGS_MAX 64

struct shelf {
	const struct ctrd *d;
	struct sl_container *c;
	struct sl_error *err;
};

static int shelve(struct shelf *s, const char *name, const char *path, int fd, const char *format)
{
	return sl_container_add_artifact(s->c, name, path, fd, format, s->err);
}

static int add_record(struct shelf *s, const char *name, const struct ctrd_blob *blob)
{
	CLEANUP(sl_error_clear) struct sl_error why = SL_ERROR_INIT;
	AUTO_FREE char *path = NULL;
	int rc;

	if (blob->data == NULL)
		return 0;
	if (asprintf(&path, "%s/io.containerd.metadata.v1.bolt/meta.db", s->d->store.dir) < 0) {
		path = NULL;
		return sl_fail(s->err, SL_ENOMEM, 0, "artifact");
	}
	rc = sl_container_add_record(s->c, name, path, blob->data, blob->len, &why);
	return rc < 0 ? ctrd_note_gap(s->c, &why, s->err) : 0;
}

/* What is not there is not missed; what is no regular file is listed without a descriptor. */
static int add_file(struct shelf *s, const char *name, int dir_fd, const char *file,
		    enum root_follow follow, const char *path, const char *format)
{
	AUTO_CLOSE int fd = dir_fd < 0 ? -SL_ENOTFOUND : root_open_path(dir_fd, file, follow, NULL);
	struct stat st;

	if (fd == -SL_ENOTFOUND)
		return 0;
	if (fd < 0 || fstat(fd, &st) < 0 || !S_ISREG(st.st_mode))
		return shelve(s, name, path, -1, format);
	return shelve(s, name, path, take_fd(&fd), format);
}

static int add_cri_file(struct shelf *s, const char *kind, const char *id, const char *file)
{
	AUTO_FREE char *below = NULL;
	AUTO_FREE char *path = NULL;

	if (asprintf(&below, "%s/%s/%s", kind, id, file) < 0)
		below = NULL;
	if (below == NULL ||
	    asprintf(&path, "%s/io.containerd.grpc.v1.cri/%s", s->d->store.dir, below) < 0) {
		path = NULL;
		return sl_fail(s->err, SL_ENOMEM, 0, "artifact");
	}
	return add_file(s, file, s->d->cri_fd, below, ROOT_NO_LINKS, path, NULL);
}

/* "0.log" and what the kubelet rotated away: "0.log.20261122-120000", some ending in ".gz". */
static int add_log(struct shelf *s, int dir_fd, const char *dir, const char *base, const char *name)
{
	const char *suffix = name + strlen(base);
	AUTO_FREE char *shown = NULL;
	AUTO_FREE char *path = NULL;

	if (asprintf(&shown, "cri.log%s", suffix) < 0)
		shown = NULL;
	if (shown == NULL || asprintf(&path, "%s/%s", dir, name) < 0) {
		path = NULL;
		return sl_fail(s->err, SL_ENOMEM, 0, "artifact");
	}
	return add_file(s, shown, dir_fd, name, ROOT_NO_LINKS, path, "cri");
}

static bool is_log_of(const char *name, const char *base)
{
	size_t len = strlen(base);

	return strncmp(name, base, len) == 0 &&
	       (name[len] == '\0' ||
		(name[len] == '.' &&
		 name[len + 1 + strspn(name + len + 1, "0123456789-.gz")] == '\0'));
}

/*
 * The recorded path, taken inside the examined root: log directories are links on some hosts. The
 * plugin writes the file itself, so that a link in its place is somebody else's.
 */
static int add_logs(struct shelf *s, const char *log_path)
{
	CLEANUP(root_names_clear) struct root_names names = {0};
	AUTO_FREE char *dir = log_path != NULL ? strdup(log_path) : NULL;
	AUTO_CLOSE int fd = -1;
	const char *base;
	char *slash;
	size_t added = 0;
	int rc;

	if (log_path == NULL)
		return 0;
	slash = dir != NULL ? strrchr(dir, '/') : NULL;
	if (dir == NULL)
		return sl_fail(s->err, SL_ENOMEM, 0, "artifact");
	if (dir[0] != '/' || slash == dir || slash[1] == '\0')
		return 0;
	*slash = '\0';
	base = slash + 1;
	fd = logfile_open_dir(s->d->place->root_fd, dir, NULL, NULL);
	/* a directory that leads elsewhere is no place to look into, and that is to be said */
	if (fd < 0 && fd != -SL_ENOTFOUND)
		return shelve(s, "cri.log", log_path, -1, "cri");
	if (fd < 0 || root_list(fd, &names, STORE_NAMES_MAX, NULL) < 0)
		return 0;
	rc = 0;
	for (size_t i = 0; rc == 0 && i < names.count && added < LOGS_MAX; i++) {
		if (!is_log_of(names.names[i], base))
			continue;
		rc = add_log(s, fd, dir, base, names.names[i]);
		added++;
	}
	return rc;
}

int ctrd_artifacts(const struct ctrd *d, struct sl_container *c, const struct ctrd_record *r,
		   struct sl_error *err)
{
	static const char *const sandbox_files[] = {"hostname", "hosts", "resolv.conf"};
	struct shelf s = {.d = d, .c = c, .err = err};
	const char *sandbox = !r->has_own ? NULL : r->is_sandbox ? r->id : r->own.sandbox;
	int rc;

	if (d->place->bare)
		return 0;
	rc = add_record(&s, "spec.json", &r->spec);
	if (rc == 0)
		rc = add_record(&s, "metadata.json", &r->cri);
	if (rc == 0 && r->has_own && !r->is_sandbox)
		rc = add_cri_file(&s, "containers", r->id, "status");
	for (size_t i = 0; rc == 0 && sandbox != NULL && strchr(sandbox, '/') == NULL &&
			   i < ARRAY_SIZE(sandbox_files);
	     i++)
		rc = add_cri_file(&s, "sandboxes", sandbox, sandbox_files[i]);
	if (rc == 0 && r->has_own && !r->is_sandbox)
		rc = add_logs(&s, r->own.log_path);
	return rc;
}
