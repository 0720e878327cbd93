/* SPDX-License-Identifier: Apache-2.0 */
#include "job/meaning_processes.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/cleanup.h"
#include "core/json.h"
#include "host/procscan.h"
#include "host/proctable.h"
#include "job/imagebytes.h"
#include "job/meaning_yara.h"
#include "job/procrules.h"

/* Findings of one container; the rest is one gap. */
#define FINDINGS_MAX ((size_t)1000)

/* What is known of an object beyond where it lies. */
enum bytes { BYTES_UNASKED, BYTES_IMAGE, BYTES_OTHER };

/* A file of the writable directory that runs, for its own finding. */
struct mark {
	struct sl_bytes path; /* relative, borrowed from the object */
	uint64_t signals;
	const struct sl_process *process;
};

struct part {
	struct meaning *meaning;
	struct sl_processes processes;
	struct imagebytes image;
	enum bytes *bytes; /* one for each object */
	struct jval *config;
	struct mark *marks; /* by path */
	size_t mark_count;
	char **texts; /* of findings and gaps; owned */
	size_t text_count;
	size_t first;  /* of the findings in meaning */
	bool is_trial; /* only ask whether there is anything to find */
	size_t found;
	size_t *others; /* how many more processes each finding from @first on is about */
};

static void part_free(void *data)
{
	struct part *p = data;

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
static const char *keep_text(struct part *p, char *text)
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

static int add_gap(struct part *p, const char *what, const char *why, int sys, struct sl_error *err)
{
	struct sl_gap gap = {.sys = sys};

	what = keep_text(p, strdup(what));
	gap.why = keep_text(p, strdup(why));
	if (what == NULL || gap.why == NULL)
		return sl_fail(err, SL_ENOMEM, 0, "processes");
	gap.what = (struct sl_bytes){what, strlen(what)};
	return meaning_gap(p->meaning, &gap, err);
}

/* ---- findings ---- */

/* One more process of which the same is known? */
static bool join_known(struct part *p, const char *subject, const char *rule)
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

/* Takes over @subject, also on failure: NULL is memory that ran out. @process may be NULL. */
static int add_finding(struct part *p, const struct sl_process *process, char *subject,
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
	    p->meaning->finding_count - p->first >= FINDINGS_MAX) {
		free(subject);
		return 0;
	}
	f.subject = (struct sl_bytes){keep_text(p, subject), 0};
	if (f.subject.data == NULL)
		return sl_fail(err, SL_ENOMEM, 0, "processes");
	f.subject.len = strlen(f.subject.data);
	for (size_t i = 0; i < PROCRULE_ATTACK_MAX && rule->attack[i] != NULL; i++)
		f.attack[f.attack_count++] = rule->attack[i];
	if (cause != NULL) {
		f.severity = SL_SEVERITY_INFO;
		f.cause = strcmp(cause, "image-environment") == 0 ? SL_CAUSE_RULE : SL_CAUSE_ENGINE;
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

static const char *shown_path(const struct sl_object *o)
{
	return o->origin == SL_ORIGIN_MEMORY && o->path[0] == '/' ? o->path + 1 : o->path;
}

static char *subject_of(const struct sl_object *o)
{
	return strdup(shown_path(o));
}

static char *subject_with(const char *path, const char *more)
{
	char *text = NULL;

	return asprintf(&text, "%s (%s)", path, more) < 0 ? NULL : text;
}

/* ---- is it the image's? ---- */

/* Has the object the bytes that the image has at its path? */
static int is_image(struct part *p, size_t index, bool *out, struct sl_error *err)
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

/* A runtime copies itself into memory before it enters a container. */
static int is_runtime(struct part *p, size_t index, bool *out, struct sl_error *err)
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

/* ---- one process ---- */

static int find_exe(struct part *p, const struct sl_process *process, struct sl_error *err)
{
	const struct sl_object *o = &p->processes.objects[process->exe];
	enum procrule_id id = PROCRULE_RUNNING_UPPER;
	bool known = false;
	int rc;

	switch (o->origin) {
	case SL_ORIGIN_IMAGE:
		return 0;
	case SL_ORIGIN_UPPER:
		rc = is_image(p, process->exe, &known, err);
		if (rc < 0 || known)
			return rc;
		id = o->is_unlinked ? PROCRULE_RUNNING_DELETED : PROCRULE_RUNNING_UPPER;
		break;
	case SL_ORIGIN_MOUNT:
		id = o->is_nested     ? PROCRULE_RUNNING_NESTED
		     : o->is_unlinked ? PROCRULE_RUNNING_DELETED
		     : o->is_readonly ? PROCRULE_RUNNING_READONLY
				      : PROCRULE_RUNNING_MOUNT;
		break;
	case SL_ORIGIN_TMPFS:
		id = o->is_unlinked ? PROCRULE_RUNNING_DELETED : PROCRULE_RUNNING_TMPFS;
		break;
	case SL_ORIGIN_MEMORY:
		rc = p->is_trial ? 0 : is_runtime(p, process->exe, &known, err);
		if (rc < 0)
			return rc;
		id = PROCRULE_RUNNING_MEMORY;
		break;
	case SL_ORIGIN_OUTSIDE:
		/* what is in other namespaces is found for that */
		if ((process->place & SL_PLACE_HOST_MOUNT) != 0)
			return 0;
		id = PROCRULE_RUNNING_OUTSIDE;
		break;
	}
	return add_finding(p, process, subject_of(o), id,
			   o->engine != NULL ? "engine-program"
			   : known           ? "engine-runtime"
					     : NULL,
			   err);
}

static int find_script(struct part *p, const struct sl_process *process, struct sl_error *err)
{
	enum procrule_id id = PROCRULE_SCRIPT_UPPER;
	const struct sl_object *o;
	bool known = false;
	int rc;

	if (process->missing_script != NULL)
		return add_finding(p, process, strdup(process->missing_script),
				   PROCRULE_SCRIPT_DELETED, NULL, err);
	if (process->script == SL_OBJECT_NONE)
		return 0;
	o = &p->processes.objects[process->script];
	rc = is_image(p, process->script, &known, err);
	if (rc < 0 || known)
		return rc;
	if (o->origin == SL_ORIGIN_TMPFS)
		id = PROCRULE_SCRIPT_TMPFS;
	else if (o->origin == SL_ORIGIN_MOUNT)
		id = o->is_readonly ? PROCRULE_SCRIPT_READONLY : PROCRULE_SCRIPT_MOUNT;
	else if (o->origin != SL_ORIGIN_UPPER)
		return 0; /* the process itself is found for that */
	return add_finding(p, process, subject_of(o), id, NULL, err);
}

static bool runs_from_outside(const struct part *p, const struct sl_process *process)
{
	return process->exe != SL_OBJECT_NONE &&
	       p->processes.objects[process->exe].origin == SL_ORIGIN_OUTSIDE;
}

static int find_mapped(struct part *p, const struct sl_process *process, size_t index,
		       struct sl_error *err)
{
	const struct sl_object *o = &p->processes.objects[index];
	enum procrule_id id = PROCRULE_MAPPED_MOUNT;
	bool known = false;
	int rc = 0;

	switch (o->origin) {
	case SL_ORIGIN_IMAGE:
		return 0;
	case SL_ORIGIN_UPPER:
		if (!o->is_unlinked)
			return 0; /* its own finding says so */
		rc = is_image(p, index, &known, err);
		id = PROCRULE_MAPPED_DELETED;
		break;
	case SL_ORIGIN_MEMORY:
		id = PROCRULE_MAPPED_MEMORY;
		break;
	case SL_ORIGIN_TMPFS:
		id = PROCRULE_MAPPED_TMPFS;
		break;
	case SL_ORIGIN_MOUNT:
		if (o->is_nested)
			return 0; /* the process itself is found for that */
		break;
	case SL_ORIGIN_OUTSIDE:
		if ((process->place & SL_PLACE_HOST_MOUNT) != 0 || runs_from_outside(p, process))
			return 0;
		id = PROCRULE_MAPPED_OUTSIDE;
		break;
	}
	if (rc < 0 || known)
		return rc;
	return add_finding(p, process, subject_of(o), o->is_elf ? id : PROCRULE_MAPPED_DATA,
			   o->engine != NULL ? "engine-program" : NULL, err);
}

/* Does the image set the variable to this very value? Its configuration is proven by its digest. */
static bool is_of_image_config(const struct part *p, const char *variable)
{
	const struct jval *env = jval_path(p->config, "config", "Env", NULL);

	for (size_t i = 0; i < jval_len(env); i++) {
		const char *text = jval_str(jval_at(env, i));

		if (text != NULL && strcmp(text, variable) == 0)
			return true;
	}
	return false;
}

static const char *exe_path(const struct part *p, const struct sl_process *process)
{
	return process->exe != SL_OBJECT_NONE ? p->processes.objects[process->exe].path : "?";
}

/* What runs something else is found for that already. */
static bool runs_image(const struct part *p, const struct sl_process *process)
{
	return process->exe != SL_OBJECT_NONE &&
	       p->processes.objects[process->exe].origin == SL_ORIGIN_IMAGE;
}

static int find_disguise(struct part *p, const struct sl_process *process, struct sl_error *err)
{
	const char *path = exe_path(p, process);
	int rc = 0;

	if (process->peer != NULL)
		rc = add_finding(p, process, subject_with(path, process->peer),
				 PROCRULE_NETWORK_SHELL, NULL, err);
	if (rc == 0 && runs_image(p, process) &&
	    procrule_is_kernel_name(process->name, process->command))
		rc = add_finding(p, process, subject_with(path, "named like the kernel's"),
				 PROCRULE_KERNEL_NAME, NULL, err);
	return rc;
}

static int find_state(struct part *p, const struct sl_process *process, struct sl_error *err)
{
	bool is_engine =
		process->exe != SL_OBJECT_NONE && p->processes.objects[process->exe].engine != NULL;
	const char *cause = is_engine ? "engine-program" : NULL, *path = exe_path(p, process);
	uint32_t place = process->place;
	int rc = 0;

	if (process->preload != NULL)
		rc = add_finding(
			p, process, subject_with(path, process->preload),
			process->is_preload_known ? PROCRULE_PRELOAD_KNOWN : PROCRULE_PRELOAD,
			is_of_image_config(p, process->preload) ? "image-environment" : NULL, err);
	if (rc == 0 && process->tracer != 0)
		rc = add_finding(p, process, subject_with(path, "traced"),
				 process->is_tracer_inside ? PROCRULE_TRACED
							   : PROCRULE_TRACED_OUTSIDE,
				 NULL, err);
	if (rc == 0 && (place & SL_PLACE_CGROUP) != 0 &&
	    (place & (SL_PLACE_HOST_PID | SL_PLACE_HOST_MOUNT | SL_PLACE_OTHER_PID)) != 0)
		rc = add_finding(p, process, subject_with(path, "other namespaces"),
				 PROCRULE_FOREIGN, cause, err);
	if (rc == 0 && (place & SL_PLACE_NO_CGROUP) != 0)
		rc = add_finding(p, process, subject_with(path, "entered"), PROCRULE_ENTERED, cause,
				 err);
	return rc;
}

static int find_in(struct part *p, const struct sl_process *process, struct sl_error *err)
{
	int rc = process->exe != SL_OBJECT_NONE ? find_exe(p, process, err) : 0;

	if (rc == 0)
		rc = find_script(p, process, err);
	for (size_t i = 0; rc == 0 && i < process->mapped_count; i++)
		rc = find_mapped(p, process, process->mapped[i], err);
	if (rc == 0)
		rc = find_disguise(p, process, err);
	return rc == 0 ? find_state(p, process, err) : rc;
}

/* "process 4711 and 2 more" */
static int say_who(struct part *p, struct sl_error *err)
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
		f->message = keep_text(p, n < 0 ? NULL : text);
		if (f->message == NULL)
			return sl_fail(err, SL_ENOMEM, 0, "processes");
	}
	return 0;
}

/* With a trial first: who finds nothing does not wait for the second look. */
static int find_all(struct part *p, struct sl_error *err)
{
	struct meaning *m = p->meaning;
	int rc = 0;

	p->is_trial = true;
	for (size_t i = 0; rc == 0 && i < p->processes.count; i++)
		rc = find_in(p, &p->processes.items[i], err);
	if (rc < 0)
		return rc;
	if (p->found > 0)
		host_processes_again(m->request->host, &p->processes, m->request->processes != NULL,
				     m->job->stop);
	p->is_trial = false;
	p->first = m->finding_count;
	p->others = calloc(FINDINGS_MAX, sizeof(*p->others));
	if (p->others == NULL)
		return sl_fail(err, SL_ENOMEM, 0, "processes");
	for (size_t i = 0; rc == 0 && i < p->processes.count; i++)
		if (p->processes.items[i].is_steady)
			rc = find_in(p, &p->processes.items[i], err);
	for (size_t i = 0; rc == 0 && i < p->processes.covered_count; i++)
		rc = add_finding(p, NULL, strdup(p->processes.covered[i]), PROCRULE_COVERED, NULL,
				 err);
	if (rc == 0 && m->finding_count - p->first >= FINDINGS_MAX)
		rc = add_gap(p, "processes", "more is found than is listed", 0, err);
	return rc == 0 ? say_who(p, err) : rc;
}

/* ---- YARA ---- */

/* Each program once, for the first process that runs it; what lies in the image is the image's. */
static int scan_programs(struct part *p, struct sl_error *err)
{
	int rc = 0;

	for (size_t i = 0; rc == 0 && i < p->processes.object_count; i++) {
		const struct sl_object *o = &p->processes.objects[i];

		for (size_t k = 0; o->fd >= 0 && k < p->processes.count; k++) {
			const struct sl_process *process = &p->processes.items[k];

			if (process->exe != i)
				continue;
			rc = yara_program(p->meaning->yara, o->fd, shown_path(o), process, err);
			break;
		}
	}
	return rc;
}

/* ---- marks ---- */

static int compare_marks(const void *a, const void *b)
{
	const struct mark *x = a, *y = b;
	size_t len = x->path.len < y->path.len ? x->path.len : y->path.len;
	int order = memcmp(x->path.data, y->path.data, len);

	return order != 0 ? order : (x->path.len > y->path.len) - (x->path.len < y->path.len);
}

static void add_mark(struct part *p, size_t index, uint64_t signals,
		     const struct sl_process *process)
{
	const struct sl_object *o = &p->processes.objects[index];
	const char *path = o->path + strspn(o->path, "/");
	struct mark *m = &p->marks[p->mark_count];

	if (o->origin != SL_ORIGIN_UPPER || o->is_unlinked)
		return;
	for (size_t i = 0; i < p->mark_count; i++) {
		m = &p->marks[i];
		if (m->path.data == path) {
			m->signals |= signals;
			return;
		}
	}
	p->marks[p->mark_count++] = (struct mark){{path, strlen(path)}, signals, process};
}

static int make_marks(struct part *p, struct sl_error *err)
{
	p->marks = calloc(p->processes.object_count + 1, sizeof(*p->marks));
	if (p->marks == NULL)
		return sl_fail(err, SL_ENOMEM, 0, "processes");
	for (size_t i = 0; i < p->processes.count; i++) {
		const struct sl_process *process = &p->processes.items[i];

		if (process->exe != SL_OBJECT_NONE)
			add_mark(p, process->exe, SL_SIGNAL_RUNNING, process);
		if (process->script != SL_OBJECT_NONE)
			add_mark(p, process->script, SL_SIGNAL_RUNNING, process);
		for (size_t k = 0; k < process->mapped_count; k++)
			add_mark(p, process->mapped[k], SL_SIGNAL_MAPPED, process);
	}
	if (p->mark_count > 1)
		qsort(p->marks, p->mark_count, sizeof(*p->marks), compare_marks);
	return 0;
}

static int apply_mark(void *payload, struct sl_finding *f, struct sl_change *c,
		      struct sl_error *err)
{
	const struct part *p = payload;
	struct mark key = {.path = c->path};
	const struct mark *m;

	(void)err;
	m = bsearch(&key, p->marks, p->mark_count, sizeof(*p->marks), compare_marks);
	if (m == NULL)
		return 0;
	c->signals |= m->signals;
	f->notes.pid = m->process->pid;
	if (m->process->command != NULL)
		f->notes.process =
			(struct sl_bytes){m->process->command, strlen(m->process->command)};
	return 0;
}

/* ---- all of it ---- */

static bool runs(const struct sl_container *c)
{
	return c->state == SL_STATE_RUNNING || c->state == SL_STATE_PAUSED;
}

/* 1: there is nothing to look at. */
static int look(struct part *p, struct sl_error *err)
{
	CLEANUP(sl_error_clear) struct sl_error why = SL_ERROR_INIT;
	const struct meaning *m = p->meaning;
	const struct sl_container *c = m->comparison->container;
	int rc = 0;

	if (m->request->processes != NULL) {
		p->processes = *m->request->processes;
		*m->request->processes = (struct sl_processes){0};
	} else {
		rc = host_processes(m->request->host, c, m->job->stop, &p->processes, &why);
	}

	if (rc == -SL_ENOMEM || rc == -SL_ECANCELLED)
		return sl_fail(err, why.code, 0, "processes: %s", sl_error_text(&why));
	if (rc < 0)
		rc = add_gap(p, "/proc", sl_error_text(&why), why.sys, err);
	else if (rc == 1)
		rc = add_gap(p, "processes", "none of its processes is in /proc", 0, err);
	for (size_t i = 0; rc == 0 && i < p->processes.gap_count; i++)
		rc = add_gap(p, p->processes.gaps[i].what, p->processes.gaps[i].why,
			     p->processes.gaps[i].sys, err);
	return rc;
}

static int understand(struct part *p, struct sl_error *err)
{
	const struct sl_image *image = p->meaning->comparison->image;
	int rc = look(p, err);

	if (rc < 0)
		return rc;
	if (image != NULL && image->config != NULL)
		(void)jval_parse(&p->config, image->config, image->config_size, NULL);
	p->bytes = calloc(p->processes.object_count + 1, sizeof(*p->bytes));
	if (p->bytes == NULL)
		return sl_fail(err, SL_ENOMEM, 0, "processes");
	rc = find_all(p, err);
	if (rc == 0 && p->meaning->yara != NULL)
		rc = scan_programs(p, err);
	return rc == 0 ? make_marks(p, err) : rc;
}

int meaning_processes(struct meaning *m, struct sl_error *err)
{
	struct part *p;
	int rc;

	if (m->request->no_processes || m->request->host == NULL ||
	    !host_is_live(m->request->host) || !runs(m->comparison->container))
		return 0;
	p = calloc(1, sizeof(*p));
	if (p == NULL)
		return sl_fail(err, SL_ENOMEM, 0, "processes");
	p->meaning = m;
	p->image.comparison = m->comparison;
	rc = meaning_keep(m, p, part_free, err);
	if (rc == 0)
		rc = understand(p, err);
	if (rc == 0 && p->mark_count > 0)
		rc = meaning_mark(m, (struct drift_step){apply_mark, p}, err);
	return rc;
}
