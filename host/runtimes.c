/* SPDX-License-Identifier: Apache-2.0 */
#include "host/runtimes.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/cleanup.h"
#include "core/json.h"
#include "host/homes.h"

/* A document of a runtime is a few ten thousand bytes. */
#define STATE_MAX ((size_t)4 * 1024 * 1024)
#define STATE_VALUES_MAX ((size_t)100000)

static const struct runtime {
	const char *dir, *file;
} runtimes[] = {
	{"run/runc", "state.json"},
	{"run/crun", "status"},
};

static void state_clear(struct runtime_state *s)
{
	free(s->id);
	free(s->dir);
	free(s->rootfs);
	*s = (struct runtime_state){0};
}

void runtimes_clear(struct runtime_states *states)
{
	for (size_t i = 0; i < states->count; i++)
		state_clear(&states->all[i]);
	free(states->all);
	*states = (struct runtime_states){0};
}

/* The first of two places where a number may stand; 0 when it is at neither, or negative. */
static int64_t number_of(const struct jval *doc, const char *one, const char *two)
{
	int64_t n;

	if (jval_i64(jval_get(doc, one), &n) < 0 && jval_i64(jval_get(doc, two), &n) < 0)
		return 0;
	return n > 0 ? n : 0;
}

int runtimes_parse(struct runtime_state *out, const void *text, size_t len, struct sl_error *err)
{
	AUTO_JVAL struct jval *doc = NULL;
	const char *rootfs;
	int rc = jval_parse_bounded(&doc, text, len, STATE_VALUES_MAX, err);

	if (rc < 0)
		return rc;
	if (jval_type(doc) != JVAL_OBJECT)
		return sl_fail(err, SL_EFORMAT, 0, "no state of a container");
	rootfs = jval_str(jval_path(doc, "config", "rootfs", NULL));
	if (rootfs == NULL)
		rootfs = jval_str(jval_get(doc, "rootfs"));
	out->pid = number_of(doc, "init_process_pid", "pid");
	out->start = (uint64_t)number_of(doc, "init_process_start", "process-start-time");
	if (rootfs == NULL || rootfs[0] != '/')
		return 0;
	out->rootfs = strdup(rootfs);
	return out->rootfs != NULL ? 0 : sl_fail(err, SL_ENOMEM, 0, "state of a container");
}

/* Takes over what is in @state, also on failure. */
static int add(struct runtime_states *states, struct runtime_state *state, struct sl_error *err)
{
	struct runtime_state *grown = reallocarray(states->all, states->count + 1, sizeof(*grown));

	if (grown == NULL) {
		state_clear(state);
		return sl_fail(err, SL_ENOMEM, 0, "states of containers");
	}
	states->all = grown;
	grown[states->count++] = *state;
	*state = (struct runtime_state){0};
	return 0;
}

static int read_one(struct runtime_states *out, int dir_fd, const char *dir, const char *id,
		    const char *file, struct sl_error *err)
{
	struct runtime_state state CLEANUP(state_clear) = {.id = strdup(id), .dir = strdup(dir)};
	CLEANUP(buf_clear) struct buf text = BUF_INIT(STATE_MAX);
	AUTO_CLOSE int fd = root_open_subdir(dir_fd, id, ROOT_NO_LINKS, err);
	int rc;

	if (state.id == NULL || state.dir == NULL)
		return sl_fail(err, SL_ENOMEM, 0, "states of containers");
	if (fd < 0)
		return fd;
	rc = root_read_file(fd, file, ROOT_NO_LINKS, &text, err);
	if (rc < 0)
		return rc;
	rc = runtimes_parse(&state, text.data != NULL ? text.data : "", text.len, err);
	return rc < 0 ? rc : add(out, &state, err);
}

/* Not there: no such runtime, or a container that is being made or removed just now. */
static int read_dir(struct runtime_states *out, int root_fd, const struct runtime *runtime,
		    const char *dir, host_gap_fn gap, void *payload, struct sl_error *err)
{
	CLEANUP(root_names_clear) struct root_names names = {0};
	CLEANUP(sl_error_clear) struct sl_error why = SL_ERROR_INIT;
	AUTO_CLOSE int fd = root_open_subdir(root_fd, dir, ROOT_FOLLOW_INSIDE, &why);
	int rc = fd < 0 ? fd : root_list(fd, &names, STORE_NAMES_MAX, &why);

	if (rc < 0 && rc != -SL_ENOTFOUND && rc != -SL_ENOMEM)
		return store_gap(gap, payload, dir, &why);
	for (size_t i = 0; rc >= 0 && i < names.count; i++) {
		sl_error_clear(&why);
		rc = read_one(out, fd, dir, names.names[i], runtime->file, &why);
		if (rc == 0 || rc == -SL_ENOMEM)
			continue;
		if (rc == -SL_ENOTFOUND) {
			rc = 0;
			continue;
		}
		rc = store_gap(gap, payload, names.names[i], &why);
		if (rc != 0)
			return rc;
	}
	return rc == -SL_ENOMEM ? sl_fail(err, SL_ENOMEM, 0, "states of containers") : 0;
}

/* People without rights keep theirs in run/user/UID. */
struct users_states {
	struct runtime_states *out;
	int root_fd;
	const struct runtime *runtime;
	host_gap_fn gap;
	void *payload;
	struct sl_error *err;
};

static int read_user(void *payload, const char *base)
{
	const struct users_states *u = payload;
	AUTO_FREE char *dir = NULL;

	if (asprintf(&dir, "%s/%s", base, strrchr(u->runtime->dir, '/') + 1) < 0) {
		dir = NULL;
		return sl_fail(u->err, SL_ENOMEM, 0, "states of containers");
	}
	return read_dir(u->out, u->root_fd, u->runtime, dir, u->gap, u->payload, u->err);
}

int runtimes_read(struct runtime_states *out, int root_fd, host_gap_fn gap, void *payload,
		  struct sl_error *err)
{
	struct users_states users = {out, root_fd, NULL, gap, payload, err};
	int rc = 0;

	*out = (struct runtime_states){0};
	for (size_t i = 0; rc == 0 && i < ARRAY_SIZE(runtimes); i++) {
		rc = read_dir(out, root_fd, &runtimes[i], runtimes[i].dir, gap, payload, err);
		users.runtime = &runtimes[i];
		if (rc == 0)
			rc = homes_each_runtime_dir(root_fd, read_user, &users);
	}
	if (rc != 0)
		runtimes_clear(out);
	return rc;
}
