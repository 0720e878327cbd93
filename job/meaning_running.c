/* SPDX-License-Identifier: Apache-2.0 */
/* Files of the writable directory that run or are loaded: their own findings say so. */
#include <stdlib.h>
#include <string.h>

#include "job/procpart.h"

/* ---- marks ---- */

static int compare_marks(const void *a, const void *b)
{
	const struct procpart_mark *x = a, *y = b;
	size_t len = x->path.len < y->path.len ? x->path.len : y->path.len;
	int order = memcmp(x->path.data, y->path.data, len);

	return order != 0 ? order : (x->path.len > y->path.len) - (x->path.len < y->path.len);
}

static void add_mark(struct procpart *p, size_t index, uint64_t signals,
		     const struct sl_process *process)
{
	const struct sl_object *o = &p->processes.objects[index];
	const char *path = o->path + strspn(o->path, "/");
	struct procpart_mark *m = &p->marks[p->mark_count];

	if (o->origin != SL_ORIGIN_UPPER || o->is_unlinked)
		return;
	for (size_t i = 0; i < p->mark_count; i++) {
		m = &p->marks[i];
		if (m->path.data == path) {
			m->signals |= signals;
			return;
		}
	}
	p->marks[p->mark_count++] = (struct procpart_mark){{path, strlen(path)}, signals, process};
}

/* A file that the operator named is edited like any other, and so is one that a shell reads. */
static bool is_news(const struct procpart *p, const struct sl_process_lead *lead)
{
	if (lead->is_code)
		return false;
	return lead->variable == NULL || procpart_configured(p, lead->variable) == NULL;
}

int procpart_mark(struct procpart *p, struct sl_error *err)
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
		for (size_t k = 0; k < process->lead_count; k++)
			if (process->leads[k].object != SL_OBJECT_NONE &&
			    !process->leads[k].is_directory && is_news(p, &process->leads[k]))
				add_mark(p, process->leads[k].object, SL_SIGNAL_MAPPED, process);
		for (size_t k = 0; k < process->mapped_count; k++)
			add_mark(p, process->mapped[k], SL_SIGNAL_MAPPED, process);
	}
	if (p->mark_count > 1)
		qsort(p->marks, p->mark_count, sizeof(*p->marks), compare_marks);
	return 0;
}

int procpart_apply_mark(void *payload, struct sl_finding *f, struct sl_change *c,
			struct sl_error *err)
{
	const struct procpart *p = payload;
	struct procpart_mark key = {.path = c->path};
	const struct procpart_mark *m;

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
