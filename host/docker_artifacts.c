/* SPDX-License-Identifier: Apache-2.0 */
/* Files of the daemon about one container: what it was told to be, and what it said. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "core/cleanup.h"
#include "host/docker.h"
#include "host/logfile.h"

/* Most files of one container that are held open; further ones are listed without a descriptor. */
#define OPEN_MAX 128
/* Most files of one container that are listed at all. */
#define LISTED_MAX 4096

struct shelf {
	const struct docker *d;
	struct sl_container *c;
	int fd; /* the container's directory */
};

static int open_regular(int dir_fd, const char *path, enum root_follow follow, int *out)
{
	AUTO_CLOSE int fd = root_open_path(dir_fd, path, follow, NULL);
	struct stat st;

	*out = -1;
	if (fd < 0)
		return fd;
	if (fstat(fd, &st) == 0 && S_ISREG(st.st_mode))
		*out = take_fd(&fd);
	return 0;
}

/* A log may have no known format, so it is said apart. */
static int shelve(struct shelf *s, const char *name, const char *path, int fd, bool is_log,
		  const char *format, struct sl_error *err)
{
	int rc = sl_container_add_artifact(s->c, name, path, fd, format, err);

	if (rc == 0)
		s->c->artifacts[s->c->artifact_count - 1].is_log = is_log;
	return rc;
}

/* @file lies in the container's directory. What is not there is not missed. */
static int add(struct shelf *s, const char *name, const char *file, bool is_log, const char *format,
	       struct sl_error *err)
{
	AUTO_FREE char *path = NULL;
	int fd = -1;

	if (s->c->artifact_count >= OPEN_MAX) {
		if (s->c->artifact_count >= LISTED_MAX)
			return 0;
	} else if (open_regular(s->fd, file, ROOT_NO_LINKS, &fd) == -SL_ENOTFOUND) {
		return 0;
	}
	if (asprintf(&path, "%s/containers/%s/%s", s->d->store.dir, s->c->id, file) < 0) {
		path = NULL;
		if (fd >= 0)
			close(fd);
		return sl_fail(err, SL_ENOMEM, 0, "artifact");
	}
	return shelve(s, name, path, fd, is_log, format, err);
}

/* ".1", ".2.gz": what follows a log's name once it was rotated. */
static bool is_rotation(const char *suffix)
{
	size_t digits = strspn(suffix + (suffix[0] == '.'), "0123456789");

	if (suffix[0] != '.' || digits == 0 || digits > 9)
		return false;
	suffix += 1 + digits;
	return suffix[0] == '\0' || strcmp(suffix, ".gz") == 0;
}

static char *join(const char *a, const char *b)
{
	char *out = NULL;

	return asprintf(&out, "%s%s", a, b) < 0 ? NULL : out;
}

/* All of @base, base.1, base.2.gz... in the directory @fd, shown as @as, as.1... */
static int add_rotations(struct shelf *s, int fd, const char *prefix, const char *base,
			 const char *as, const char *format, struct sl_error *err)
{
	CLEANUP(root_names_clear) struct root_names names = {0};
	size_t len = strlen(base);
	int rc = root_list(fd, &names, STORE_NAMES_MAX, err);

	for (size_t i = 0; rc == 0 && i < names.count; i++) {
		const char *suffix = names.names[i] + len;
		AUTO_FREE char *shown = NULL;
		AUTO_FREE char *file = NULL;

		if (strncmp(names.names[i], base, len) != 0 ||
		    (*suffix != '\0' && !is_rotation(suffix)))
			continue;
		shown = join(as, suffix);
		file = join(prefix, names.names[i]);
		if (shown == NULL || file == NULL)
			return sl_fail(err, SL_ENOMEM, 0, "artifact");
		rc = add(s, shown, file, true, format, err);
	}
	return rc;
}

/* Where the log is not in its place, the recorded path counts, taken inside the examined root. */
static int add_log_elsewhere(struct shelf *s, const char *log_path, struct sl_error *err)
{
	const char *base = log_path != NULL ? strrchr(log_path, '/') : NULL;
	AUTO_FREE char *wanted = NULL;
	int fd;

	for (size_t i = 0; i < s->c->artifact_count; i++)
		if (strcmp(s->c->artifacts[i].name, "json.log") == 0)
			return 0;
	if (asprintf(&wanted, "%s-json.log", s->c->id) < 0) {
		wanted = NULL;
		return sl_fail(err, SL_ENOMEM, 0, "artifact");
	}
	if (base == NULL || strcmp(base + 1, wanted) != 0)
		return 0;
	fd = logfile_open(s->d->place->root_fd, log_path, s->d->store.dir, NULL);
	if (fd == -SL_ENOTFOUND)
		return 0;
	return shelve(s, "json.log", log_path, fd >= 0 ? fd : -1, true, "json-file", err);
}

static int add_logs(struct shelf *s, const char *log_path, struct sl_error *err)
{
	AUTO_CLOSE int local = root_open_subdir(s->fd, "local-logs", ROOT_NO_LINKS, NULL);
	AUTO_FREE char *base = NULL;
	int rc;

	if (asprintf(&base, "%s-json.log", s->c->id) < 0) {
		base = NULL;
		return sl_fail(err, SL_ENOMEM, 0, "artifact");
	}
	rc = add_rotations(s, s->fd, "", base, "json.log", "json-file", err);
	if (rc == 0)
		rc = add_log_elsewhere(s, log_path, err);
	if (rc == 0)
		rc = add_rotations(s, s->fd, "", "container-cached.log", "container-cached.log",
				   "local", err);
	if (rc == 0 && local >= 0)
		rc = add_rotations(s, local, "local-logs/", "container.log",
				   "local-logs/container.log", "local", err);
	return rc;
}

int docker_artifacts(const struct docker *d, struct sl_container *c, int fd, const char *log_path,
		     struct sl_error *err)
{
	static const char *const files[] = {"config.v2.json", "hostconfig.json", "hostname",
					    "hosts", "resolv.conf"};
	struct shelf s = {.d = d, .c = c, .fd = fd};
	int rc = 0;

	if (d->place->bare)
		return 0;
	for (size_t i = 0; rc == 0 && i < ARRAY_SIZE(files); i++)
		rc = add(&s, files[i], files[i], false, NULL, err);
	return rc < 0 ? rc : add_logs(&s, log_path, err);
}
