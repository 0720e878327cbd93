/* SPDX-License-Identifier: Apache-2.0 */
/* What the environment and the options of a process make it load beside its own program. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "core/cleanup.h"
#include "core/kernel.h"
#include "host/procargs.h"
#include "host/procleads.h"
#include "host/procread.h"

/* Paths that one process names so; a longer list is looked at as far as that. */
#define LEADS_MAX 128

/* ---- preloaded libraries ---- */

static bool is_mapped_of_image(const struct procread *r, const struct sl_process *p,
			       const char *name)
{
	const struct sl_processes *out = r->objects.out;

	for (size_t i = 0; i < p->mapped_count; i++) {
		const struct sl_object *o = &out->objects[p->mapped[i]];
		const char *slash = strrchr(o->path, '/');

		if (slash != NULL && strcmp(slash + 1, name) == 0)
			return o->origin == SL_ORIGIN_IMAGE;
	}
	return false;
}

static bool is_of_image(struct procread *r, const struct procread_subject *s, const char *name)
{
	size_t object;

	if (strchr(name, '/') == NULL)
		return is_mapped_of_image(r, s->process, name);
	return name[0] == '/' && procread_add(r, &s->seen, name, &object, NULL) == 0 &&
	       r->objects.out->objects[object].origin == SL_ORIGIN_IMAGE;
}

/* Of several the first that the image does not account for is told. */
static int add_preload(struct procread *r, const struct procread_subject *s, struct sl_bytes text,
		       struct sl_error *err)
{
	AUTO_FREE char *names = NULL;
	char *rest, *name;

	if (s->process->preload != NULL && !s->process->is_preload_known)
		return 0;
	free(s->process->preload);
	s->process->preload = strndup(text.data, text.len);
	names = strdup(s->process->preload != NULL ? strchr(s->process->preload, '=') + 1 : "");
	if (s->process->preload == NULL || names == NULL)
		return sl_fail(err, SL_ENOMEM, 0, "processes");
	s->process->is_preload_known = true;
	for (name = strtok_r(names, " :", &rest); name != NULL; name = strtok_r(NULL, " :", &rest))
		if (!is_of_image(r, s, name))
			s->process->is_preload_known = false;
	return 0;
}

/* ---- what is led to ---- */

struct loads {
	struct procread *r;
	const struct procread_subject *subject;
	struct sl_bytes variable; /* empty: an option */
	struct sl_error *err;
};

static int keep_lead(const struct loads *l, struct sl_process_lead *lead)
{
	struct sl_process *p = l->subject->process;
	struct sl_process_lead *grown = reallocarray(p->leads, p->lead_count + 1, sizeof(*grown));

	if (grown != NULL)
		p->leads = grown;
	if (l->variable.len > 0)
		lead->variable = strndup(l->variable.data, l->variable.len);
	if (grown == NULL || lead->path == NULL ||
	    (l->variable.len > 0 && lead->variable == NULL)) {
		free(lead->variable);
		return sl_fail(l->err, SL_ENOMEM, 0, "processes");
	}
	grown[p->lead_count++] = *lead;
	lead->path = NULL;
	return 0;
}

/* 0; 1: there is nothing, errno says why; negative, with @why. */
static int add_place(const struct loads *l, struct sl_process_lead *lead, struct sl_error *why)
{
	struct procread *r = l->r;
	const struct procseen *by = &l->subject->seen;
	CLEANUP(buf_clear) struct buf link = BUF_INIT(8192);
	AUTO_CLOSE int fd = procread_open(by, lead->path);
	char name[40];
	struct statx st;

	if (fd < 0)
		return kernel_ran_out(errno) ? sl_fail(why, SL_EIO, errno, "open") : 1;
	/* what is neither (/dev/null, say) is there, and leads nowhere */
	if (kernel_statx(fd, "", AT_EMPTY_PATH | AT_STATX_DONT_SYNC, &st) < 0 ||
	    (!S_ISREG(st.stx_mode) && !S_ISDIR(st.stx_mode)))
		return 0;
	lead->is_directory = S_ISDIR(st.stx_mode);
	(void)snprintf(name, sizeof(name), "self/fd/%d", fd);
	if (process_read_link(r->objects.proc_fd, name, &link, why) < 0 && why->sys != ENAMETOOLONG)
		return sl_fail(why, why->code, why->sys, "path of a file");
	return procobject_add(&r->objects, by, take_fd(&fd), link.data, &lead->object, why);
}

/* What interpreters of JavaScript and Ruby put behind a name. */
static int try_suffixes(const struct loads *l, struct sl_process_lead *lead, struct sl_error *why)
{
	static const char *const suffixes[] = {".js", ".cjs",  ".mjs",     ".rb",
					       ".so", ".node", "/index.js"};
	AUTO_FREE char *base = strdup(lead->path);
	int rc = 1;

	for (size_t i = 0; base != NULL && rc == 1 && i < ARRAY_SIZE(suffixes); i++) {
		free(lead->path);
		if (asprintf(&lead->path, "%s%s", base, suffixes[i]) < 0)
			lead->path = NULL;
		rc = lead->path != NULL ? add_place(l, lead, why)
					: sl_fail(why, SL_ENOMEM, 0, "processes");
	}
	if (base == NULL)
		return sl_fail(why, SL_ENOMEM, 0, "processes");
	if (rc == 1) {
		free(lead->path);
		lead->path = take_ptr(&base);
	}
	return rc;
}

static void lead_clear(struct sl_process_lead *lead)
{
	free(lead->path);
}

static int add_lead(void *payload, const struct procleads_lead *named)
{
	const struct loads *l = payload;
	const struct procread_subject *s = l->subject;
	CLEANUP(sl_error_clear) struct sl_error why = SL_ERROR_INIT;
	CLEANUP(lead_clear)
	struct sl_process_lead lead = {
		.by = named->by, .object = SL_OBJECT_NONE, .is_code = named->is_code};
	bool is_path = memchr(named->path.data, '/', named->path.len) != NULL;
	int rc;

	if (s->process->lead_count >= LEADS_MAX || (named->is_module && !is_path))
		return 0;
	lead.path = procread_absolute(&s->seen, named->path);
	if (lead.path == NULL)
		return 0;
	rc = add_place(l, &lead, &why);
	if (rc == 1 && named->is_module && errno == ENOENT)
		rc = try_suffixes(l, &lead, &why);
	if (rc == 1 && errno == EXDEV)
		return procread_gap(l->r, s->process->pid,
				    "what its environment or options name lies behind a mount that "
				    "may not answer",
				    EXDEV, l->err);
	if (rc < 0)
		return procread_missed(l->r, s, "loaded files", &why, l->err);
	if (named->is_code && lead.is_directory)
		return 0;
	/* relative names may have meant another place; directories are often named in vain */
	if (lead.object == SL_OBJECT_NONE &&
	    (rc == 0 || named->is_search || named->may_lack || named->path.data[0] != '/'))
		return 0;
	return keep_lead(l, &lead);
}

int procread_environment(struct procread *r, const struct procread_subject *s,
			 struct sl_bytes variables, struct sl_error *err)
{
	struct loads l = {r, s, {0}, err};
	int rc = 0;

	while (rc == 0 && procargs_next(&variables, &l.variable)) {
		if (procargs_variable(l.variable, "LD_PRELOAD").data != NULL ||
		    procargs_variable(l.variable, "LD_AUDIT").data != NULL)
			rc = add_preload(r, s, l.variable, err);
		else
			rc = procleads_variable(l.variable, add_lead, &l);
	}
	if (rc == 0)
		procread_find_module(r, s);
	return rc;
}

int procread_options(struct procread *r, const struct procread_subject *s,
		     struct sl_bytes arguments, struct sl_error *err)
{
	struct loads l = {r, s, {0}, err};
	const char *exe = s->process->exe != SL_OBJECT_NONE
				  ? r->objects.out->objects[s->process->exe].path
				  : "";
	int rc = procleads_arguments(arguments, exe, add_lead, &l);

	if (rc == 0 && s->process->code != NULL)
		rc = procleads_code((struct sl_bytes){s->process->code, strlen(s->process->code)},
				    add_lead, &l);
	return rc;
}
