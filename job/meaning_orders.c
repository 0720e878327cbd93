/* SPDX-License-Identifier: Apache-2.0 */
/* Who tells a shell or interpreter what to do: a connection, a pipe, its own arguments. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <strandline/settings.h>

#include "core/cleanup.h"
#include "core/proccode.h"
#include "job/procpart.h"

/* ---- its arguments ---- */

/* Is the text what is wrong with the code? */
static bool names_code(const char *exe, const char *text, const char *code)
{
	AUTO_FREE char *as_arguments = NULL;

	if (text == NULL || text[0] == '\0' || strstr(code, text) == NULL)
		return false;
	/* what is judged begins with the program's name: an empty one */
	if (asprintf(&as_arguments, " %s", text) < 0) {
		as_arguments = NULL;
		return false;
	}
	return proccode_judge(exe, as_arguments) != PROCCODE_PLAIN;
}

static bool is_in_list(const struct jval *list, const char *exe, const char *code)
{
	for (size_t i = 0; i < jval_len(list); i++)
		if (names_code(exe, jval_str(jval_at(list, i)), code))
			return true;
	return false;
}

/* What the image or the operator tells the container to run, nobody brought in. */
static const char *configured_code(const struct procpart *p, const char *exe, const char *code)
{
	const struct sl_settings *s = p->meaning->comparison->container->settings;

	if (is_in_list(jval_path(p->config, "config", "Entrypoint", NULL), exe, code) ||
	    is_in_list(jval_path(p->config, "config", "Cmd", NULL), exe, code) ||
	    is_in_list(jval_path(p->config, "config", "Healthcheck", "Test", NULL), exe, code))
		return "image-command";
	for (size_t i = 0; s != NULL && i < s->values[SL_SETTING_COMMAND].count; i++)
		if (names_code(exe, s->values[SL_SETTING_COMMAND].items[i], code))
			return "container-command";
	return NULL;
}

static bool has_path(const struct jval *list, const char *code, const char *path)
{
	for (size_t i = 0; i < jval_len(list); i++) {
		const char *text = jval_str(jval_at(list, i));

		if (text != NULL && strstr(text, path) != NULL && strstr(code, text) != NULL)
			return true;
	}
	return false;
}

static int find_code(struct procpart *p, const struct sl_process *process, struct sl_error *err)
{
	static const enum procrule_id rules[] = {
		[PROCCODE_DECODES] = PROCRULE_DECODES, [PROCCODE_FETCHES] = PROCRULE_FETCHES,
		[PROCCODE_REMOTE] = PROCRULE_REMOTE,   [PROCCODE_HANDS_OUT] = PROCRULE_HANDS_OUT,
		[PROCCODE_ENCODED] = PROCRULE_ENCODED,
	};
	const char *path = procpart_exe_path(p, process);
	enum proccode code =
		process->code != NULL ? proccode_judge(path, process->code) : PROCCODE_PLAIN;

	if (code == PROCCODE_PLAIN)
		return 0;
	return procpart_find(p, process, strdup(path), rules[code],
			     configured_code(p, path, process->code), err);
}

/* ---- what it reads ---- */

/*
 * Entry points pipe programs into interpreters that wait for a database, say. Whom the first
 * process took in after its parent had gone is in the session of that, which engines begin anew for
 * what they start later.
 */
static bool is_of_image(const struct procpart *p, const struct sl_process *process)
{
	const struct sl_process *parent = NULL;
	bool is_first = process->parent == p->meaning->comparison->container->pid;

	for (size_t i = 0; parent == NULL && i < p->processes.count; i++)
		if (p->processes.items[i].pid == process->parent)
			parent = &p->processes.items[i];
	if (parent == NULL || (is_first && parent->session != process->session))
		return false;
	if (parent->script == SL_OBJECT_NONE)
		return is_first && parent->code != NULL;
	return p->processes.objects[parent->script].origin == SL_ORIGIN_IMAGE;
}

/* An entry point writes settings, and what it starts reads them. */
bool procpart_is_given_code(const struct procpart *p, const struct sl_process *process,
			    const char *path)
{
	const struct sl_settings *s = p->meaning->comparison->container->settings;
	const char *code = process->code != NULL ? process->code : "";

	for (size_t i = 0; s != NULL && i < s->values[SL_SETTING_COMMAND].count; i++) {
		const char *text = s->values[SL_SETTING_COMMAND].items[i];

		if (strstr(text, path) != NULL && strstr(code, text) != NULL)
			return true;
	}
	return has_path(jval_path(p->config, "config", "Entrypoint", NULL), code, path) ||
	       has_path(jval_path(p->config, "config", "Cmd", NULL), code, path) ||
	       has_path(jval_path(p->config, "config", "Healthcheck", "Test", NULL), code, path) ||
	       is_of_image(p, process);
}

static enum procrule_id rule_of_pipe(const struct procpart *p, const struct sl_process *process)
{
	if (process->feeder_peer != NULL)
		return PROCRULE_FED_FROM_NETWORK;
	if (!process->is_fed_from_above && is_of_image(p, process))
		return PROCRULE_FED_BY_IMAGE;
	/* who waits for a connection has none yet */
	if (!process->is_fed_from_above && !procrule_is_server(process->feeder))
		return PROCRULE_FED;
	return procrule_is_server(process->feeder) ? PROCRULE_FED_BY_SERVER
						   : PROCRULE_FED_FROM_ABOVE;
}

static int find_pipe(struct procpart *p, const struct sl_process *process, struct sl_error *err)
{
	const char *from = process->feeder_peer != NULL ? process->feeder_peer
			   : process->feeder != NULL    ? process->feeder
							: "a pipe";

	return procpart_find(p, process, procpart_subject_with(procpart_exe_path(p, process), from),
			     rule_of_pipe(p, process), NULL, err);
}

int procpart_judge_orders(struct procpart *p, const struct sl_process *process,
			  struct sl_error *err)
{
	const char *path = procpart_exe_path(p, process);
	int rc = 0;

	if (process->peer != NULL)
		rc = procpart_find(p, process, procpart_subject_with(path, process->peer),
				   PROCRULE_NETWORK_SHELL, NULL, err);
	else if (process->pipe != NULL)
		rc = find_pipe(p, process, err);
	return rc == 0 ? find_code(p, process, err) : rc;
}
