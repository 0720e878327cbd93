/* SPDX-License-Identifier: Apache-2.0 */
#include "job/approve.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "core/cleanup.h"
#include "core/clock.h"
#include "core/quote.h"
#include "host/host.h"
#include "job/called.h"
#include "job/records.h"
#include "job/resolve.h"

static void container_cleanup(struct sl_container **c)
{
	sl_container_free(*c);
}

/* Who is responsible where nobody is named: who typed it, also behind sudo. */
static char *whoever(void)
{
	static const char *const variables[] = {"SUDO_USER", "LOGNAME", "USER"};
	char *text = NULL;

	for (size_t i = 0; i < ARRAY_SIZE(variables); i++) {
		const char *name =
			getenv(variables[i]); /* NOLINT(concurrency-mt-unsafe) nothing sets any */

		if (name != NULL && name[0] != '\0')
			return strdup(name);
	}
	return asprintf(&text, "uid %u", (unsigned int)getuid()) < 0 ? NULL : text;
}

static int no_memory(struct sl_error *err)
{
	return sl_fail(err, SL_ENOMEM, 0, "approved profile");
}

static int check_known(const struct sl_settings *s, struct buf *unknown, struct sl_error *err)
{
	for (int i = 0; i < SL_SETTING_LIVE_FIRST; i++)
		if (!s->values[i].is_known)
			(void)buf_printf(unknown, "%s%s", unknown->len > 0 ? ", " : "",
					 sl_setting_name((enum sl_setting)i));
	if (s->gap != NULL)
		return sl_fail(err, SL_EFORMAT, 0,
			       "its settings cannot be read fully, so that they cannot be "
			       "approved: %s",
			       s->gap);
	for (int i = 0; i < SL_SETTINGS; i++)
		if (s->values[i].is_known)
			return 0;
	return sl_fail(err, SL_ENOTFOUND, 0, "nothing is known of its settings");
}

static int load(const struct job *job, const char *word, struct sl_container **out,
		struct sl_error *err)
{
	struct host *host = NULL;
	int rc = resolve_host(job, &host, err);

	if (rc == 0)
		rc = host_find_container(host, word, out, err);
	if (rc == 0)
		rc = host_container_settings(host, *out, err);
	host_close(host);
	return rc;
}

static int fill(struct approval *out, const struct approve_request *request,
		const struct sl_container *c, struct sl_error *err)
{
	bool is_of_pod = c->pod != NULL && c->pod->name != NULL;
	int rc;

	out->kind = request->has_kind ? request->kind : is_of_pod ? APPROVAL_POD : APPROVAL_NAME;
	out->at = clock_now();
	out->by = request->by != NULL ? strdup(request->by) : whoever();
	out->reason = request->reason != NULL ? strdup(request->reason) : NULL;
	if (out->by == NULL || (out->reason == NULL && request->reason != NULL))
		return no_memory(err);
	rc = approval_key(&out->key, out->kind, c, err);
	return rc < 0 ? rc : approval_profile(&out->profile, c->settings, err);
}

int job_approve(const struct job *job, const struct approve_request *request, struct approval *out,
		struct buf *unknown, struct sl_error *err)
{
	CLEANUP(container_cleanup) struct sl_container *c = NULL;
	struct db *db = NULL;
	int rc = load(job, request->container, &c, err);

	*out = (struct approval){0};
	if (rc == 0)
		rc = check_known(c->settings, unknown, err);
	if (rc == 0)
		rc = fill(out, request, c, err);
	if (rc == 0)
		rc = records_open(job, &db, err);
	if (rc == 0)
		rc = approval_put(db, out, err);
	if (rc == 0 && out->kind == APPROVAL_NAME)
		rc = called_put(db, CALLED_APPROVED, c, out->key, err);
	db_close(db);
	if (rc < 0)
		approval_clear(out);
	return rc;
}

int job_approvals(const struct job *job, int (*each)(void *payload, const struct approval *a),
		  void *payload, struct sl_error *err)
{
	struct db *db = NULL;
	int rc = records_read(job, "approval", &db, err);

	if (rc == 0)
		rc = approval_each(db, each, payload, err);
	db_close(db);
	return rc == 1 ? 0 : rc;
}

struct search {
	const char *word;
	const enum approval_kind *kind;
	struct approval *out;
	size_t found;
	bool is_exact, failed;
};

static bool names(const struct approval *a, const char *word, bool *is_exact)
{
	size_t key = strlen(a->key), len = strlen(word);

	*is_exact = strcmp(a->key, word) == 0;
	return *is_exact || (key > len + 1 && a->key[key - len - 1] == ':' &&
			     strcmp(a->key + key - len, word) == 0);
}

static char *copy(const char *text)
{
	return text != NULL ? strdup(text) : NULL;
}

/* A whole key beats the end of another. */
static int consider(void *payload, const struct approval *a)
{
	struct search *s = payload;
	bool is_exact;

	if ((s->kind != NULL && *s->kind != a->kind) || !names(a, s->word, &is_exact) ||
	    (s->is_exact && !is_exact))
		return 0;
	if (is_exact && !s->is_exact)
		s->found = 0;
	s->is_exact = is_exact;
	if (s->found++ > 0)
		return 0;
	approval_clear(s->out);
	*s->out = (struct approval){.kind = a->kind,
				    .key = copy(a->key),
				    .profile = copy(a->profile),
				    .by = copy(a->by),
				    .reason = copy(a->reason),
				    .at = a->at};
	s->failed |= s->out->key == NULL || s->out->profile == NULL || s->out->by == NULL ||
		     (s->out->reason == NULL && a->reason != NULL);
	return 0;
}

int job_approval(const struct job *job, const char *word, const enum approval_kind *kind,
		 struct approval *out, struct sl_error *err)
{
	struct search s = {.word = word, .kind = kind, .out = out};
	AUTO_FREE char *shown = quote_dup(word, strlen(word));
	int rc;

	*out = (struct approval){0};
	rc = job_approvals(job, consider, &s, err);
	if (rc == 0 && s.failed)
		rc = no_memory(err);
	else if (rc == 0 && s.found == 0)
		rc = sl_fail(err, SL_ENOTFOUND, 0,
			     "no approved profile '%s': 'approve list' names them",
			     shown != NULL ? shown : "?");
	else if (rc == 0 && s.found > 1)
		rc = sl_fail(err, SL_EAMBIGUOUS, 0,
			     "'%s' names %zu approved profiles: give the whole key of 'approve "
			     "list', and --as",
			     shown != NULL ? shown : "?", s.found);
	if (rc < 0)
		approval_clear(out);
	return rc;
}

int job_approval_remove(const struct job *job, const char *word, const enum approval_kind *kind,
			struct approval *out, struct sl_error *err)
{
	struct db *db = NULL;
	int rc = job_approval(job, word, kind, out, err);

	if (rc < 0)
		return rc;
	rc = records_open(job, &db, err);
	if (rc == 0)
		rc = approval_remove(db, out, err);
	db_close(db);
	if (rc < 0)
		approval_clear(out);
	return rc;
}
