/* SPDX-License-Identifier: Apache-2.0 */
/* Whether a container runs, as its engine wrote down. live.h says whether that is so. */
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/cleanup.h"
#include "core/clock.h"
#include "host/cstore.h"
#include "host/docker.h"

/* Go writes its zero time, year 1, for "never". */
static bool read_time(struct sl_time *out, const struct jval *v)
{
	const char *text = jval_str(v);

	return text != NULL && clock_parse(out, text, strlen(text)) == 0 && out->sec > -62135596800;
}

static enum sl_container_state state_of(const char *status)
{
	static const struct {
		const char *word;
		enum sl_container_state state;
	} words[] = {
		{"creating", SL_STATE_CREATED}, {"created", SL_STATE_CREATED},
		{"running", SL_STATE_RUNNING},  {"paused", SL_STATE_PAUSED},
		{"stopped", SL_STATE_EXITED},
	};

	for (size_t i = 0; status != NULL && i < ARRAY_SIZE(words); i++)
		if (strcmp(status, words[i].word) == 0)
			return words[i].state;
	return SL_STATE_UNKNOWN;
}

void cstore_state_crio(struct sl_container *c, const struct jval *state)
{
	int64_t n;

	c->state = state_of(jval_str(jval_get(state, "status")));
	c->has_started = read_time(&c->started, jval_get(state, "started"));
	c->has_finished = read_time(&c->finished, jval_get(state, "finished"));
	if (jval_i64(jval_get(state, "exitCode"), &n) == 0 && n >= INT_MIN && n <= INT_MAX)
		c->exit_code = (int)n;
	if (jval_i64(jval_get(state, "pid"), &n) == 0 && n > 0)
		c->pid = n;
}

static int from_crio(struct sl_container *c, int userdata_fd, struct sl_error *err)
{
	AUTO_JVAL struct jval *doc = NULL;
	CLEANUP(sl_error_clear) struct sl_error why = SL_ERROR_INIT;
	int rc = userdata_fd < 0 ? -SL_ENOTFOUND
				 : store_read_json(userdata_fd, "state.json", &doc, &why);

	if (rc == -SL_ENOTFOUND)
		return 0; /* it has not been started */
	if (rc < 0)
		return cstore_note_gap(c, &why, err);
	cstore_state_crio(c, doc);
	return 0;
}

static int from_libpod(struct cstore *s, struct sl_container *c, struct sl_error *err)
{
	const struct cstore_libpod_row *row;
	int rc = cstore_libpod_read(s, err);

	if (rc < 0)
		return rc;
	row = cstore_libpod_find(&s->libpod, c->id);
	if (row == NULL)
		return 0;
	c->state = row->state;
	c->pid = row->pid;
	c->exit_code = row->exit_code;
	c->has_started = row->has_started;
	c->started = row->started;
	c->has_finished = row->has_finished;
	c->finished = row->finished;
	return 0;
}

/* The runtime's monitor writes the process's number into the volatile directory. */
static int64_t read_pidfile(const struct cstore *s, const char *run_dir)
{
	CLEANUP(buf_clear) struct buf text = BUF_INIT(0);
	AUTO_CLOSE int fd = -1;
	int64_t pid = 0;

	fd = root_open_subdir(s->place->root_fd, run_dir, ROOT_FOLLOW_INSIDE, NULL);
	if (fd < 0 || docker_read_word(fd, "pidfile", 32, &text, NULL) < 0)
		return 0;
	if (text.len == 0 || text.len > 10 || strspn(text.data, "0123456789") != text.len)
		return 0;
	for (const char *p = text.data; *p != '\0'; p++)
		pid = pid * 10 + (*p - '0');
	return pid;
}

int cstore_state_read(struct cstore *s, struct sl_container *c, int userdata_fd,
		      const char *run_dir, struct sl_error *err)
{
	bool runs;
	int rc = 0;

	if (strcmp(c->engine, "cri-o") == 0)
		rc = from_crio(c, userdata_fd, err);
	else if (strcmp(c->engine, "podman") == 0)
		rc = from_libpod(s, c, err);
	if (rc < 0)
		return rc;
	runs = c->state == SL_STATE_RUNNING || c->state == SL_STATE_PAUSED;
	if (runs && c->pid == 0 && run_dir != NULL)
		c->pid = read_pidfile(s, run_dir);
	return 0;
}
