/* SPDX-License-Identifier: Apache-2.0 */
/* What a process runs, interprets and has loaded, and where that lies. */
#include <string.h>

#include "core/cleanup.h"
#include "job/procpart.h"

static int find_exe(struct procpart *p, const struct sl_process *process, struct sl_error *err)
{
	const struct sl_object *o = &p->processes.objects[process->exe];
	enum procrule_id id = PROCRULE_RUNNING_UPPER;
	bool known = false;
	int rc;

	switch (o->origin) {
	case SL_ORIGIN_IMAGE:
		return 0;
	case SL_ORIGIN_UPPER:
		rc = procpart_is_image(p, process->exe, &known, err);
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
		rc = p->is_trial ? 0 : procpart_is_runtime(p, process->exe, &known, err);
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
	return procpart_find(p, process, procpart_subject(o), id,
			     o->engine != NULL ? "engine-program"
			     : known           ? "engine-runtime"
					       : NULL,
			     err);
}

static int find_script(struct procpart *p, const struct sl_process *process, struct sl_error *err)
{
	enum procrule_id id = PROCRULE_SCRIPT_UPPER;
	const struct sl_object *o;
	bool known = false;
	int rc;

	if (process->missing_script != NULL)
		return procpart_find(p, process, strdup(process->missing_script),
				     PROCRULE_SCRIPT_DELETED, NULL, err);
	if (process->script == SL_OBJECT_NONE)
		return 0;
	o = &p->processes.objects[process->script];
	rc = procpart_is_image(p, process->script, &known, err);
	if (rc < 0 || known)
		return rc;
	if (o->origin == SL_ORIGIN_MEMORY)
		id = PROCRULE_SCRIPT_MEMORY;
	else if (o->origin == SL_ORIGIN_UPPER && o->is_unlinked)
		id = PROCRULE_SCRIPT_DELETED;
	else if (o->origin == SL_ORIGIN_TMPFS)
		id = PROCRULE_SCRIPT_TMPFS;
	else if (o->origin == SL_ORIGIN_MOUNT)
		id = o->is_readonly ? PROCRULE_SCRIPT_READONLY : PROCRULE_SCRIPT_MOUNT;
	else if (o->origin != SL_ORIGIN_UPPER)
		return 0; /* the process itself is found for that */
	return procpart_find(p, process, procpart_subject(o), id, NULL, err);
}

static bool runs_from_outside(const struct procpart *p, const struct sl_process *process)
{
	return process->exe != SL_OBJECT_NONE &&
	       p->processes.objects[process->exe].origin == SL_ORIGIN_OUTSIDE;
}

static int find_mapped(struct procpart *p, const struct sl_process *process, size_t index,
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
		rc = procpart_is_image(p, index, &known, err);
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
	return procpart_find(p, process, procpart_subject(o), o->is_elf ? id : PROCRULE_MAPPED_DATA,
			     o->engine != NULL ? "engine-program" : NULL, err);
}

int procpart_judge_programs(struct procpart *p, const struct sl_process *process,
			    struct sl_error *err)
{
	int rc = process->exe != SL_OBJECT_NONE ? find_exe(p, process, err) : 0;

	if (rc == 0)
		rc = find_script(p, process, err);
	for (size_t i = 0; rc == 0 && i < process->mapped_count; i++)
		rc = find_mapped(p, process, process->mapped[i], err);
	return rc;
}
