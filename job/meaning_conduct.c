/* SPDX-License-Identifier: Apache-2.0 */
/* What a process is beside its program: its environment, its place, its name, who commands it. */
#include <string.h>

#include "core/cleanup.h"
#include "job/procpart.h"

static int find_disguise(struct procpart *p, const struct sl_process *process, struct sl_error *err)
{
	const char *path = procpart_exe_path(p, process);
	int rc = 0;

	if (process->peer != NULL)
		rc = procpart_find(p, process, procpart_subject_with(path, process->peer),
				   PROCRULE_NETWORK_SHELL, NULL, err);
	if (rc == 0 && procpart_runs_image(p, process) &&
	    procrule_is_kernel_name(process->name, process->command))
		rc = procpart_find(p, process,
				   procpart_subject_with(path, "named like the kernel's"),
				   PROCRULE_KERNEL_NAME, NULL, err);
	return rc;
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
