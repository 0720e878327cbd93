/* SPDX-License-Identifier: Apache-2.0 */
#include "job/procpart.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <strandline/settings.h>

#include "core/cleanup.h"
#include "host/proctable.h"

void procpart_free(void *data)
{
	struct procpart *p = data;

	for (size_t i = 0; i < p->text_count; i++)
		free(p->texts[i]);
	free(p->texts);
	free(p->marks);
	free(p->others);
	free(p->bytes);
	jval_free(p->config);
	imagebytes_clear(&p->image);
	sl_processes_clear(&p->processes);
	free(p);
}

/* Takes over @text; NULL is memory that ran out. */
static const char *keep(struct procpart *p, char *text)
{
	char **grown =
		text != NULL ? reallocarray(p->texts, p->text_count + 1, sizeof(*grown)) : NULL;

	if (grown == NULL) {
		free(text);
		return NULL;
	}
	p->texts = grown;
	return grown[p->text_count++] = text;
}

int procpart_gap(struct procpart *p, const char *what, const char *why, int sys,
		 struct sl_error *err)
{
	struct sl_gap gap = {.sys = sys};

	what = keep(p, strdup(what));
	gap.why = keep(p, strdup(why));
	if (what == NULL || gap.why == NULL)
		return sl_fail(err, SL_ENOMEM, 0, "processes");
	gap.what = (struct sl_bytes){what, strlen(what)};
	return meaning_gap(p->meaning, &gap, err);
}

/* ---- findings ---- */

/* One more process of which the same is known? */
static bool join_known(struct procpart *p, const char *subject, const char *rule)
{
	for (size_t i = p->first; i < p->meaning->finding_count; i++) {
		const struct sl_finding *f = &p->meaning->findings[i];

		if (f->rules[0] != rule || f->subject.len != strlen(subject) ||
		    memcmp(f->subject.data, subject, f->subject.len) != 0)
			continue;
		p->others[i - p->first]++;
		return true;
	}
	return false;
}

int procpart_find(struct procpart *p, const struct sl_process *process, char *subject,
		  enum procrule_id id, const char *cause, struct sl_error *err)
{
	const struct procrule *rule = procrule(id);
	struct sl_finding f = {.kind = SL_FINDING_PROCESS,
			       .severity = rule->severity,
			       .signals = rule->signals,
			       .rules = {rule->id},
			       .reasons = {rule->reason},
			       .rule_count = 1};

	if (subject == NULL)
		return sl_fail(err, SL_ENOMEM, 0, "processes");
	p->found += rule->severity > SL_SEVERITY_INFO && cause == NULL;
	if (p->is_trial || join_known(p, subject, rule->id) ||
	    p->meaning->finding_count - p->first >= PROCPART_FINDINGS_MAX) {
		free(subject);
		return 0;
	}
	f.subject = (struct sl_bytes){keep(p, subject), 0};
	if (f.subject.data == NULL)
		return sl_fail(err, SL_ENOMEM, 0, "processes");
	f.subject.len = strlen(f.subject.data);
	for (size_t i = 0; i < PROCRULE_ATTACK_MAX && rule->attack[i] != NULL; i++)
		f.attack[f.attack_count++] = rule->attack[i];
	if (cause != NULL) {
		f.severity = SL_SEVERITY_INFO;
		f.cause = strncmp(cause, "engine-", strlen("engine-")) == 0 ? SL_CAUSE_ENGINE
									    : SL_CAUSE_RULE;
		f.cause_name = cause;
	}
	if (process != NULL) {
		f.notes.pid = process->pid;
		if (process->command != NULL)
			f.notes.process =
				(struct sl_bytes){process->command, strlen(process->command)};
	}
	return meaning_finding(p->meaning, &f, err);
}

const char *procpart_path(const struct sl_object *o)
{
	return o->origin == SL_ORIGIN_MEMORY && o->path[0] == '/' ? o->path + 1 : o->path;
}

char *procpart_subject(const struct sl_object *o)
{
	return strdup(procpart_path(o));
}

char *procpart_subject_with(const char *path, const char *more)
{
	char *text = NULL;

	return asprintf(&text, "%s (%s)", path, more) < 0 ? NULL : text;
}

int procpart_say_who(struct procpart *p, struct sl_error *err)
{
	for (size_t i = p->first; i < p->meaning->finding_count; i++) {
		struct sl_finding *f = &p->meaning->findings[i];
		size_t others = p->others[i - p->first];
		char *text = NULL;
		int n = 0;

		if (f->notes.pid == 0)
			continue;
		n = others == 0 ? asprintf(&text, "process %" PRId64, f->notes.pid)
				: asprintf(&text, "process %" PRId64 " and %zu more", f->notes.pid,
					   others);
		f->message = keep(p, n < 0 ? NULL : text);
		if (f->message == NULL)
			return sl_fail(err, SL_ENOMEM, 0, "processes");
	}
	return 0;
}

const char *procpart_exe_path(const struct procpart *p, const struct sl_process *process)
{
	return process->exe != SL_OBJECT_NONE ? p->processes.objects[process->exe].path : "?";
}

bool procpart_runs_image(const struct procpart *p, const struct sl_process *process)
{
	return process->exe != SL_OBJECT_NONE &&
	       p->processes.objects[process->exe].origin == SL_ORIGIN_IMAGE;
}

/* Does the image set the variable to this very value? Its configuration is proven by its digest. */
static bool is_of_image_config(const struct procpart *p, const char *variable)
{
	const struct jval *env = jval_path(p->config, "config", "Env", NULL);

	for (size_t i = 0; i < jval_len(env); i++) {
		const char *text = jval_str(jval_at(env, i));

		if (text != NULL && strcmp(text, variable) == 0)
			return true;
	}
	return false;
}

static bool is_of_container(const struct sl_settings *s, const char *variable)
{
	for (size_t i = 0; s != NULL && i < s->code_variable_count; i++)
		if (strcmp(s->code_variables[i], variable) == 0)
			return true;
	return false;
}

const char *procpart_configured(const struct procpart *p, const char *variable)
{
	if (is_of_image_config(p, variable))
		return "image-environment";
	return is_of_container(p->meaning->comparison->container->settings, variable)
		       ? "container-environment"
		       : NULL;
}

/* ---- is it the image's? ---- */

int procpart_is_image(struct procpart *p, size_t index, bool *out, struct sl_error *err)
{
	CLEANUP(sl_error_clear) struct sl_error why = SL_ERROR_INIT;
	const struct sl_object *o = &p->processes.objects[index];
	bool same = false;
	int rc;

	*out = o->origin == SL_ORIGIN_IMAGE || p->bytes[index] == BYTES_IMAGE;
	if (*out || p->bytes[index] == BYTES_OTHER || o->origin != SL_ORIGIN_UPPER)
		return 0;
	rc = imagebytes_same(&p->image, o->path, o->fd, &same, &why);
	if (rc == -SL_ENOMEM)
		return sl_fail(err, SL_ENOMEM, 0, "processes");
	p->bytes[index] = same ? BYTES_IMAGE : BYTES_OTHER;
	*out = same;
	/* its own finding says what can be said of a file that could not be read */
	return 0;
}

int procpart_is_runtime(struct procpart *p, size_t index, bool *out, struct sl_error *err)
{
	const struct sl_object *o = &p->processes.objects[index];
	const char *path;

	*out = false;
	for (size_t i = 0; !*out && (path = proctable_program(i)) != NULL; i++) {
		CLEANUP(sl_error_clear) struct sl_error why = SL_ERROR_INIT;
		AUTO_CLOSE int fd = host_open_path(p->meaning->request->host, path, NULL);

		if (fd >= 0 && imagebytes_equal(o->fd, fd, out, &why) == -SL_ENOMEM)
			return sl_fail(err, SL_ENOMEM, 0, "processes");
	}
	return 0;
}
