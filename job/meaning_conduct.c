/* SPDX-License-Identifier: Apache-2.0 */
/* What a process is beside its program: its name, its place, who traces it, what it preloads. */
#include <string.h>

#include "core/cleanup.h"
#include "job/procpart.h"

/* Where it stands is said of it, too. */
static int find_deleted_place(struct procpart *p, const struct sl_process *process,
			      struct sl_error *err)
{
	const struct sl_object *o;

	if (process->cwd == SL_OBJECT_NONE)
		return 0;
	o = &p->processes.objects[process->cwd];
	/* what is mounted, the machine may have replaced */
	if (o->origin == SL_ORIGIN_MOUNT || o->origin == SL_ORIGIN_OUTSIDE)
		return 0;
	return procpart_find(p, process,
			     procpart_subject_with(procpart_exe_path(p, process), o->path),
			     PROCRULE_CWD_DELETED, NULL, err);
}

static int find_disguise(struct procpart *p, const struct sl_process *process, struct sl_error *err)
{
	const char *path = procpart_exe_path(p, process);
	bool is_image = procpart_runs_image(p, process);
	int rc = 0;

	if (is_image && procrule_is_kernel_name(process->name, process->command))
		rc = procpart_find(p, process,
				   procpart_subject_with(path, "named like the kernel's"),
				   PROCRULE_KERNEL_NAME, NULL, err);
	if (rc == 0 && is_image && process->alias != NULL)
		rc = procpart_find(p, process, procpart_subject_with(path, process->alias),
				   PROCRULE_OTHER_NAME, NULL, err);
	return rc == 0 ? find_deleted_place(p, process, err) : rc;
}

static int find_state(struct procpart *p, const struct sl_process *process, struct sl_error *err)
{
	bool is_engine =
		process->exe != SL_OBJECT_NONE && p->processes.objects[process->exe].engine != NULL;
	const char *cause = is_engine ? "engine-program" : NULL,
		   *path = procpart_exe_path(p, process);
	uint32_t place = process->place;
	int rc = 0;

	if (process->preload != NULL)
		rc = procpart_find(p, process, procpart_subject_with(path, process->preload),
				   process->is_preload_known ? PROCRULE_PRELOAD_KNOWN
							     : PROCRULE_PRELOAD,
				   procpart_configured(p, process->preload), err);
	if (rc == 0 && process->tracer != 0)
		rc = procpart_find(p, process, procpart_subject_with(path, "traced"),
				   process->is_tracer_inside ? PROCRULE_TRACED
							     : PROCRULE_TRACED_OUTSIDE,
				   NULL, err);
	if (rc == 0 && (place & SL_PLACE_CGROUP) != 0 &&
	    (place & (SL_PLACE_HOST_PID | SL_PLACE_HOST_MOUNT | SL_PLACE_OTHER_PID)) != 0)
		rc = procpart_find(p, process, procpart_subject_with(path, "other namespaces"),
				   PROCRULE_FOREIGN, cause, err);
	if (rc == 0 && (place & SL_PLACE_NO_CGROUP) != 0)
		rc = procpart_find(p, process, procpart_subject_with(path, "entered"),
				   PROCRULE_ENTERED, cause, err);
	return rc;
}

int procpart_judge_conduct(struct procpart *p, const struct sl_process *process,
			   struct sl_error *err)
{
	int rc = find_disguise(p, process, err);

	return rc == 0 ? find_state(p, process, err) : rc;
}
