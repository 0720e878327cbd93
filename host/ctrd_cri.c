/* SPDX-License-Identifier: Apache-2.0 */
#include "host/ctrd_cri.h"

#include <limits.h>
#include <stdlib.h>
#include <string.h>

#include "core/cleanup.h"
#include "core/json.h"

/* Most values in one of these documents; a pod with hundreds of mounts has some thousands. */
#define VALUES_MAX 65536

#define NS_PER_SEC 1000000000

void ctrd_cri_clear(struct ctrd_cri *cri)
{
	free(cri->id);
	free(cri->full_name);
	free(cri->name);
	free(cri->ns);
	free(cri->uid);
	free(cri->sandbox);
	free(cri->image_ref);
	free(cri->image_name);
	free(cri->log_path);
	*cri = (struct ctrd_cri){0};
}

/* Absent and empty are the same to Go; both stay NULL. False: memory ran out. */
static bool keep(char **out, const struct jval *v)
{
	const char *text = jval_str(v);

	if (text == NULL || text[0] == '\0')
		return true;
	*out = strdup(text);
	return *out != NULL;
}

static int fill(struct ctrd_cri *out, const struct jval *meta, struct sl_error *err)
{
	const struct jval *config = jval_get(meta, "Config");
	const struct jval *names = jval_get(config, "metadata");
	int64_t attempt = 0;
	bool kept = keep(&out->id, jval_get(meta, "ID")) &&
		    keep(&out->full_name, jval_get(meta, "Name")) &&
		    keep(&out->name, jval_get(names, "name")) &&
		    keep(&out->ns, jval_get(names, "namespace")) &&
		    keep(&out->uid, jval_get(names, "uid")) &&
		    keep(&out->sandbox, jval_get(meta, "SandboxID")) &&
		    keep(&out->image_ref, jval_get(meta, "ImageRef")) &&
		    keep(&out->image_name, jval_path(config, "image", "image", NULL)) &&
		    keep(&out->log_path, jval_get(meta, "LogPath"));

	if (!kept)
		return sl_fail(err, SL_ENOMEM, 0, "metadata of a pod");
	if (jval_i64(jval_get(names, "attempt"), &attempt) == 0 && attempt >= 0 &&
	    attempt <= UINT32_MAX)
		out->attempt = (uint32_t)attempt;
	return 0;
}

int ctrd_cri_parse(struct ctrd_cri *out, const void *text, size_t len, const char *id,
		   struct sl_error *err)
{
	AUTO_JVAL struct jval *doc = NULL;
	int rc = jval_parse_bounded(&doc, text, len, VALUES_MAX, err);

	*out = (struct ctrd_cri){0};
	if (rc == 0)
		rc = fill(out, jval_get(doc, "Metadata"), err);
	if (rc == 0 && (out->id == NULL || strcmp(out->id, id) != 0))
		rc = sl_fail(err, SL_EFORMAT, 0, "it is of another container");
	if (rc < 0)
		ctrd_cri_clear(out);
	return rc;
}

/* Cut @text (which is overwritten) at its underscores; no name in it has one. */
static size_t split(char *text, char **parts, size_t max)
{
	size_t count = 0;

	for (char *at = text; at != NULL && count < max; count++) {
		char *end = strchr(at, '_');

		if (end != NULL)
			*end++ = '\0';
		parts[count] = at;
		at = end;
		if (count + 1 == max && at != NULL)
			return max + 1;
	}
	return count;
}

static bool copy(char **out, const char *text)
{
	if (text == NULL || text[0] == '\0')
		return true;
	*out = strdup(text);
	return *out != NULL;
}

/* "CONTAINER_POD_NAMESPACE_UID_ATTEMPT" */
static int pod_from_name(struct sl_pod *pod, const char *full_name, struct sl_error *err)
{
	AUTO_FREE char *text = full_name != NULL ? strdup(full_name) : NULL;
	char *parts[5];

	if (full_name == NULL)
		return 1;
	if (text == NULL)
		return sl_fail(err, SL_ENOMEM, 0, "pod");
	if (split(text, parts, ARRAY_SIZE(parts)) != ARRAY_SIZE(parts))
		return 1;
	if (!copy(&pod->name, parts[1]) || !copy(&pod->ns, parts[2]) || !copy(&pod->uid, parts[3]))
		return sl_fail(err, SL_ENOMEM, 0, "pod");
	return 0;
}

static void pod_cleanup(struct sl_pod **pod)
{
	sl_pod_free(*pod);
}

int ctrd_cri_pod(struct sl_pod **out, const struct ctrd_cri *cri, bool is_sandbox,
		 const struct ctrd_cri *sandbox, struct sl_error *err)
{
	CLEANUP(pod_cleanup) struct sl_pod *pod = calloc(1, sizeof(*pod));
	const struct ctrd_cri *of = is_sandbox ? cri : sandbox;
	int rc = 0;

	*out = NULL;
	if (pod == NULL)
		return sl_fail(err, SL_ENOMEM, 0, "pod");
	if (of == NULL)
		rc = pod_from_name(pod, cri->full_name, err);
	else if (!copy(&pod->name, of->name) || !copy(&pod->ns, of->ns) ||
		 !copy(&pod->uid, of->uid))
		rc = -SL_ENOMEM;
	if (rc == 0 && (!copy(&pod->sandbox, is_sandbox ? cri->id : cri->sandbox) ||
			(!is_sandbox && !copy(&pod->container, cri->name))))
		rc = -SL_ENOMEM;
	if (rc < 0)
		return sl_fail(err, SL_ENOMEM, 0, "pod");
	pod->attempt = cri->attempt;
	if (rc == 0 && pod->name != NULL)
		*out = take_ptr(&pod);
	return 0;
}

static bool read_time(struct sl_time *out, const struct jval *v)
{
	int64_t ns;

	if (jval_i64(v, &ns) < 0 || ns <= 0)
		return false;
	*out = (struct sl_time){.sec = ns / NS_PER_SEC, .nsec = (uint32_t)(ns % NS_PER_SEC)};
	return true;
}

int ctrd_cri_status(struct sl_container *c, const void *text, size_t len, struct sl_error *err)
{
	AUTO_JVAL struct jval *doc = NULL;
	int rc = jval_parse_bounded(&doc, text, len, VALUES_MAX, err);
	int64_t n;

	if (rc < 0)
		return rc;
	if (jval_type(doc) != JVAL_OBJECT || jval_str(jval_get(doc, "Version")) == NULL)
		return sl_fail(err, SL_EFORMAT, 0, "it is no status");
	if (read_time(&c->created, jval_get(doc, "CreatedAt")))
		c->has_created = true;
	c->has_started = read_time(&c->started, jval_get(doc, "StartedAt"));
	c->has_finished = read_time(&c->finished, jval_get(doc, "FinishedAt"));
	if (jval_i64(jval_get(doc, "ExitCode"), &n) == 0 && n >= INT_MIN && n <= INT_MAX)
		c->exit_code = (int)n;
	/* the plugin's own order of questions */
	c->state = c->has_finished  ? SL_STATE_EXITED
		   : c->has_started ? SL_STATE_RUNNING
				    : SL_STATE_CREATED;
	if (c->state == SL_STATE_RUNNING && jval_i64(jval_get(doc, "Pid"), &n) == 0 && n > 0)
		c->pid = n;
	return 0;
}
