/* SPDX-License-Identifier: Apache-2.0 */
#include "host/runtimefiles.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "core/buf.h"
#include "core/cleanup.h"
#include "core/json.h"
#include "core/root.h"
#include "host/homes.h"
#include "host/process.h"
#include "host/store.h"

/* In names of directories: %i the container's id, %n containerd's namespace. */
#define TASKS "io.containerd.runtime.v2.task/%n/%i"

struct family {
	const char *name; /* in front of the files' names */
	const char *dir;  /* below run, and below run/user/UID */
	const char *const *files;
};

static const char *const runc_files[] = {"state.json", NULL};
static const char *const crun_files[] = {"status", "config.json", NULL};
static const char *const task_files[] = {
	"config.json", "init.pid",         "address",        "options.json", "runtime",
	"sandbox",     "shim-binary-path", "bootstrap.json", "log.json",     NULL};
static const char *const exit_files[] = {"%i", NULL};

static const struct family families[] = {
	{"runc", "runc/%i", runc_files},
	{"runc", "containerd/runc/%n/%i", runc_files},
	{"crun", "crun/%i", crun_files},
	{"task", "containerd/" TASKS, task_files},
	{"task", "k3s/containerd/" TASKS, task_files},
	{"conmon", "libpod/exits", exit_files},
	{"conmon", "libpod/tmp/exits", exit_files},
	{"conmon", "crio/exits", exit_files},
};

/* What Docker's daemon has below its execution root, which is run/docker unless it was told else.
 */
static const struct family docker_families[] = {
	{"runc", "runtime-runc/%n/%i", runc_files},
	{"runc", "runtime-io.containerd.runc.v2/%n/%i", runc_files},
	{"task", "containerd/daemon/" TASKS, task_files},
};

/* At the shim's own place, and at the root that it gave to the runtime. */
static const struct family task_family = {"task", "", task_files};
static const struct family runc_family = {"runc", "%n/%i", runc_files};

static bool is_plain(const char *word)
{
	return word[0] != '\0' && strchr(word, '/') == NULL && strcmp(word, ".") != 0 &&
	       strcmp(word, "..") != 0;
}

/* @text with the container's words in it. 1: one of them is not known, or no plain name. */
static int fill_in(struct buf *out, const char *text, const struct sl_container *c)
{
	bool is_docker = c->engine != NULL && strcmp(c->engine, "docker") == 0;
	const char *ns = c->ns != NULL ? c->ns : is_docker ? "moby" : NULL;

	for (const char *at = text; *at != '\0'; at++) {
		const char *word = NULL;

		if (*at != '%') {
			(void)buf_append_char(out, *at);
			continue;
		}
		at++;
		word = *at == 'i' ? c->id : ns;
		if (word == NULL || !is_plain(word))
			return 1;
		(void)buf_append_str(out, word);
	}
	return out->status;
}

/* What is no regular file is listed without a descriptor. */
static int add_file(struct sl_container *c, int dir_fd, const char *dir, const char *family,
		    const char *file, struct sl_error *err)
{
	CLEANUP(buf_clear) struct buf name = BUF_INIT(4096);
	AUTO_CLOSE int fd = -1;
	AUTO_FREE char *shown = NULL;
	AUTO_FREE char *path = NULL;
	struct stat st;
	int rc = fill_in(&name, file, c);

	if (rc != 0)
		return rc == -SL_ENOMEM ? sl_fail(err, SL_ENOMEM, 0, "artifact") : 0;
	fd = root_open_path(dir_fd, name.data, ROOT_NO_LINKS, NULL);
	if (fd == -SL_ENOTFOUND)
		return 0;
	if (fd >= 0 && (fstat(fd, &st) < 0 || !S_ISREG(st.st_mode))) {
		close(fd);
		fd = -1;
	}
	if (asprintf(&path, "/%s/%s", dir, name.data) < 0)
		path = NULL;
	if (path == NULL || asprintf(&shown, "%s/%s", family, file[0] == '%' ? "exit" : file) < 0) {
		shown = NULL;
		return sl_fail(err, SL_ENOMEM, 0, "artifact");
	}
	return sl_container_add_artifact(c, shown, path, fd >= 0 ? take_fd(&fd) : -1, NULL, err);
}

/* @base: "run", or a user's own. */
static int add_family(struct sl_container *c, int root_fd, const char *base, const struct family *f,
		      struct sl_error *err)
{
	CLEANUP(buf_clear) struct buf dir = BUF_INIT(8192);
	AUTO_CLOSE int fd = -1;
	int rc;

	(void)buf_printf(&dir, "%s%s", base, f->dir[0] != '\0' ? "/" : "");
	rc = fill_in(&dir, f->dir, c);
	if (rc != 0)
		return rc == -SL_ENOMEM ? sl_fail(err, SL_ENOMEM, 0, "artifact") : 0;
	fd = root_open_subdir(root_fd, dir.data, ROOT_FOLLOW_INSIDE, NULL);
	for (size_t i = 0; rc == 0 && fd >= 0 && f->files[i] != NULL; i++)
		rc = add_file(c, fd, dir.data, f->name, f->files[i], err);
	return rc;
}

static int add_docker(struct sl_container *c, int root_fd, const char *base, struct sl_error *err)
{
	int rc = 0;

	for (size_t i = 0; rc == 0 && i < ARRAY_SIZE(docker_families); i++)
		rc = add_family(c, root_fd, base, &docker_families[i], err);
	return rc;
}

/* Whose files are looked for; in "run", and in every user's own. */
struct below {
	struct sl_container *container;
	int root_fd;
	struct sl_error *err;
};

static int add_below(void *payload, const char *base)
{
	const struct below *b = payload;
	AUTO_FREE char *docker = NULL;
	int rc = 0;

	if (asprintf(&docker, "%s/docker", base) < 0) {
		docker = NULL;
		return sl_fail(b->err, SL_ENOMEM, 0, "artifact");
	}
	for (size_t i = 0; rc == 0 && i < ARRAY_SIZE(families); i++)
		rc = add_family(b->container, b->root_fd, base, &families[i], b->err);
	return rc < 0 ? rc : add_docker(b->container, b->root_fd, docker, b->err);
}

/* ---- engines that were told to keep it elsewhere ---- */

static bool has(const struct sl_container *c, const char *name)
{
	for (size_t i = 0; i < c->artifact_count; i++)
		if (strcmp(c->artifacts[i].name, name) == 0)
			return true;
	return false;
}

/* A member of a document, as a path without the slash in front; NULL: it says none. */
static char *read_path(int dir_fd, const char *file, enum root_follow follow, const char *key)
{
	CLEANUP(buf_clear) struct buf text = BUF_INIT(STORE_JSON_MAX);
	AUTO_JVAL struct jval *doc = NULL;
	const char *path;

	if (root_read_file(dir_fd, file, follow, &text, NULL) < 0 || text.len == 0 ||
	    jval_parse_bounded(&doc, text.data, text.len, STORE_VALUES_MAX, NULL) < 0)
		return NULL;
	path = jval_str(jval_get(doc, key));
	return path != NULL && path[0] == '/' && path[1] != '\0' ? strdup(path + 1) : NULL;
}

/*
 * The parent of a container's first process is its shim, which works in the task's directory:
 * ".../io.containerd.runtime.v2.task/NAMESPACE/ID". Any other parent, or place, tells nothing.
 */
static int find_task(struct buf *out, const struct sl_container *c, int proc_fd)
{
	CLEANUP(buf_clear) struct buf tail = BUF_INIT(8192);
	struct process_stat st;
	AUTO_CLOSE int first = process_open(proc_fd, c->pid, NULL);
	AUTO_CLOSE int shim = -1;

	if (first < 0 || process_stat(first, &st, NULL) < 0 ||
	    (c->has_pid_start && st.start != c->pid_start) || fill_in(&tail, "/" TASKS, c) != 0)
		return 1;
	shim = process_open(proc_fd, st.parent, NULL);
	if (shim < 0 || process_read_link(shim, "cwd", out, NULL) < 0 || out->len <= tail.len ||
	    memcmp(out->data + out->len - tail.len, tail.data, tail.len) != 0)
		return 1;
	return 0;
}

static int add_task(struct sl_container *c, int root_fd, int proc_fd, struct sl_error *err)
{
	CLEANUP(buf_clear) struct buf dir = BUF_INIT((size_t)64 * 1024);
	AUTO_FREE char *root = NULL;
	AUTO_CLOSE int fd = -1;
	int rc = 0;

	if (proc_fd < 0 || c->pid <= 0 || find_task(&dir, c, proc_fd) != 0)
		return 0;
	if (!has(c, "task/config.json"))
		rc = add_family(c, root_fd, dir.data + 1, &task_family, err);
	fd = root_open_subdir(root_fd, dir.data, ROOT_FOLLOW_INSIDE, NULL);
	if (fd >= 0)
		root = read_path(fd, "options.json", ROOT_NO_LINKS, "root");
	if (rc == 0 && root != NULL && !has(c, "runc/state.json"))
		rc = add_family(c, root_fd, root, &runc_family, err);
	return rc;
}

/* Where the machine does not run, its daemon's configuration may still say it. */
static int add_configured(struct sl_container *c, int root_fd, struct sl_error *err)
{
	AUTO_FREE char *dir =
		read_path(root_fd, "etc/docker/daemon.json", ROOT_FOLLOW_INSIDE, "exec-root");

	return dir != NULL && !has(c, "task/config.json") && !has(c, "runc/state.json")
		       ? add_docker(c, root_fd, dir, err)
		       : 0;
}

int runtimefiles_add(struct sl_container *c, int root_fd, int proc_fd, struct sl_error *err)
{
	struct below below = {c, root_fd, err};
	int rc;

	if (c->id == NULL)
		return 0;
	rc = add_below(&below, "run");
	if (rc == 0)
		rc = homes_each_runtime_dir(root_fd, add_below, &below);
	if (rc == 0)
		rc = add_task(c, root_fd, proc_fd, err);
	return rc < 0 || c->engine == NULL || strcmp(c->engine, "docker") != 0
		       ? rc
		       : add_configured(c, root_fd, err);
}
