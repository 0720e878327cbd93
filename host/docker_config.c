/* SPDX-License-Identifier: Apache-2.0 */
/* config.v2.json: who the container is and how it fared. */
#include <limits.h>
#include <stdlib.h>
#include <string.h>

#include "core/cleanup.h"
#include "core/clock.h"
#include "core/encode.h"
#include "host/docker.h"

static bool flag(const struct jval *state, const char *key)
{
	bool b = false;

	return jval_bool(jval_get(state, key), &b) == 0 && b;
}

/* Go writes its zero time, year 1, for "never". */
static bool read_time(struct sl_time *out, const struct jval *v)
{
	const char *text = jval_str(v);

	return text != NULL && clock_parse(out, text, strlen(text)) == 0 && out->sec > -62135596800;
}

/* The daemon's own order of questions (its State.StateString). Restarting is a kind of running. */
static enum sl_container_state state_of(const struct jval *state, bool has_started)
{
	if (state == NULL || jval_type(state) != JVAL_OBJECT)
		return SL_STATE_UNKNOWN;
	if (flag(state, "Running") || flag(state, "Restarting"))
		return flag(state, "Paused") ? SL_STATE_PAUSED : SL_STATE_RUNNING;
	if (flag(state, "Dead") || flag(state, "RemovalInProgress"))
		return SL_STATE_DEAD;
	return has_started ? SL_STATE_EXITED : SL_STATE_CREATED;
}

static void read_state(struct sl_container *c, const struct jval *state)
{
	int64_t n;

	c->has_started = read_time(&c->started, jval_get(state, "StartedAt"));
	c->has_finished = read_time(&c->finished, jval_get(state, "FinishedAt"));
	c->state = state_of(state, c->has_started);
	if (jval_i64(jval_get(state, "ExitCode"), &n) == 0 && n >= INT_MIN && n <= INT_MAX)
		c->exit_code = (int)n;
	if (jval_i64(jval_get(state, "Pid"), &n) == 0 && n > 0)
		c->pid = n;
}

/* NULL stays NULL; false only when memory ran out. */
static bool keep(char **out, const char *text)
{
	if (text == NULL)
		return true;
	free(*out);
	*out = strdup(text);
	return *out != NULL;
}

static void read_digests(struct sl_container *c, const struct jval *config)
{
	const char *id = jval_str(jval_get(config, "Image"));
	const char *manifest = jval_str(jval_path(config, "ImageManifest", "digest", NULL));

	if (id != NULL)
		c->has_image_id = digest_parse(c->image_id, id, strlen(id)) == 0;
	if (manifest != NULL)
		c->has_image_digest =
			digest_parse(c->image_digest, manifest, strlen(manifest)) == 0;
}

int docker_config_read(struct sl_container *c, const struct jval *config, const char *id,
		       struct sl_error *err)
{
	const char *said = jval_str(jval_get(config, "ID"));
	const char *name = jval_str(jval_get(config, "Name"));
	const char *workdir = jval_str(jval_path(config, "Config", "WorkingDir", NULL));

	if (jval_type(config) != JVAL_OBJECT)
		return sl_fail(err, SL_EFORMAT, 0, "config.v2.json is no JSON object");
	if (said == NULL || strcmp(said, id) != 0)
		return sl_fail(err, SL_EFORMAT, 0, "config.v2.json is of another container");
	if (name != NULL && name[0] == '/')
		name++;
	if (workdir != NULL && workdir[0] != '/')
		workdir = NULL;
	if (!keep(&c->name, name != NULL && name[0] != '\0' ? name : NULL) ||
	    !keep(&c->image_ref, jval_str(jval_path(config, "Config", "Image", NULL))) ||
	    !keep(&c->workdir, workdir) || !keep(&c->driver, jval_str(jval_get(config, "Driver"))))
		return sl_fail(err, SL_ENOMEM, 0, "container");
	read_digests(c, config);
	c->has_created = read_time(&c->created, jval_get(config, "Created"));
	read_state(c, jval_get(config, "State"));
	return 0;
}
