/* SPDX-License-Identifier: Apache-2.0 */
#include "job/meaning_processes.h"

#include <stdlib.h>
#include <string.h>

#include "core/cleanup.h"
#include "host/host.h"
#include "host/procscan.h"
#include "job/meaning_yara.h"
#include "job/procpart.h"

static int find_in(struct procpart *p, const struct sl_process *process, struct sl_error *err)
{
	int rc = procpart_judge_programs(p, process, err);

	if (rc == 0)
		rc = procpart_judge_loads(p, process, err);
	if (rc == 0)
		rc = procpart_judge_orders(p, process, err);
	if (rc == 0)
		rc = procpart_judge_confined(p, process, err);
	return rc == 0 ? procpart_judge_conduct(p, process, err) : rc;
}

/* What is mounted inside. */
static int find_mounts(struct procpart *p, struct sl_error *err)
{
	static const enum procrule_id ids[] = {
		[SL_INNER_RUNTIME] = PROCRULE_MOUNTED_RUNTIME,
		[SL_INNER_SYSTEM] = PROCRULE_MOUNTED_SYSTEM,
		[SL_INNER_KERNEL] = PROCRULE_MOUNTED_KERNEL,
		[SL_INNER_DISK] = PROCRULE_MOUNTED_DISK,
		[SL_INNER_OTHER] = PROCRULE_MOUNTED_OTHER,
	};
	int rc = 0;

	for (size_t i = 0; rc == 0 && i < p->processes.covered_count; i++)
		rc = procpart_find(p, NULL, strdup(p->processes.covered[i]), PROCRULE_COVERED, NULL,
				   err);
	for (size_t i = 0; rc == 0 && i < p->processes.inner_count; i++) {
		const struct sl_inner_mount *mount = &p->processes.inner[i];

		rc = procpart_find(p, NULL, strdup(mount->point), ids[mount->kind], NULL, err);
	}
	return rc;
}

/* With a trial first: who finds nothing does not wait for the second look. */
static int find_all(struct procpart *p, struct sl_error *err)
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
	p->others = calloc(PROCPART_FINDINGS_MAX, sizeof(*p->others));
	if (p->others == NULL)
		return sl_fail(err, SL_ENOMEM, 0, "processes");
	for (size_t i = 0; rc == 0 && i < p->processes.count; i++)
		if (p->processes.items[i].is_steady)
			rc = find_in(p, &p->processes.items[i], err);
	if (rc == 0)
		rc = find_mounts(p, err);
	if (rc == 0 && m->finding_count - p->first >= PROCPART_FINDINGS_MAX)
		rc = procpart_gap(p, "processes", "more is found than is listed", 0, err);
	return rc == 0 ? procpart_say_who(p, err) : rc;
}

/* ---- YARA ---- */

/* Each program once, for the first process that runs it; what lies in the image is the image's. */
static int scan_programs(struct procpart *p, struct sl_error *err)
{
	int rc = 0;

	for (size_t i = 0; rc == 0 && i < p->processes.object_count; i++) {
		const struct sl_object *o = &p->processes.objects[i];

		for (size_t k = 0; o->fd >= 0 && k < p->processes.count; k++) {
			const struct sl_process *process = &p->processes.items[k];

			if (process->exe != i)
				continue;
			rc = yara_program(p->meaning->yara, o->fd, procpart_path(o), process, err);
			break;
		}
	}
	return rc;
}

/* ---- all of it ---- */

static bool runs(const struct sl_container *c)
{
	return c->state == SL_STATE_RUNNING || c->state == SL_STATE_PAUSED;
}

/* 1: there is nothing to look at. */
static int look(struct procpart *p, struct sl_error *err)
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
		rc = procpart_gap(p, "/proc", sl_error_text(&why), why.sys, err);
	else if (rc == 1)
		rc = procpart_gap(p, "processes", "none of its processes is in /proc", 0, err);
	for (size_t i = 0; rc == 0 && i < p->processes.gap_count; i++)
		rc = procpart_gap(p, p->processes.gaps[i].what, p->processes.gaps[i].why,
				  p->processes.gaps[i].sys, err);
	return rc;
}

static int understand(struct procpart *p, struct sl_error *err)
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
	return rc == 0 ? procpart_mark(p, err) : rc;
}

int meaning_processes(struct meaning *m, struct sl_error *err)
{
	struct procpart *p;
	int rc;

	if (m->request->no_processes || m->request->host == NULL ||
	    !host_is_live(m->request->host) || !runs(m->comparison->container))
		return 0;
	p = calloc(1, sizeof(*p));
	if (p == NULL)
		return sl_fail(err, SL_ENOMEM, 0, "processes");
	p->meaning = m;
	p->image.comparison = m->comparison;
	rc = meaning_keep(m, p, procpart_free, err);
	if (rc == 0)
		rc = understand(p, err);
	if (rc == 0 && p->mark_count > 0)
		rc = meaning_mark(m, (struct drift_step){procpart_apply_mark, p}, err);
	return rc;
}
