/* SPDX-License-Identifier: Apache-2.0 */
#include "host/alive.h"

#include <string.h>

#include "core/cleanup.h"
#include "core/root.h"
#include "host/process.h"

/* Look for @id in a file of the process: 1 found, 0 not there, negative as the read failed. */
static int names_id(int pid_fd, const char *file, const char *id, struct sl_error *err)
{
	CLEANUP(buf_clear) struct buf text = BUF_INIT((size_t)16 * 1024 * 1024);
	int rc = root_read_file(pid_fd, file, ROOT_NO_LINKS, &text, err);

	if (rc < 0)
		return rc;
	return text.len > 0 && memmem(text.data, text.len, id, strlen(id)) != NULL;
}

enum alive alive_check(int proc_fd, int64_t pid, const char *id)
{
	CLEANUP(sl_error_clear) struct sl_error why = SL_ERROR_INIT;
	struct process_stat st;
	AUTO_CLOSE int pid_fd = -1;
	int by_cgroup, by_mounts;

	if (pid <= 0)
		return ALIVE_NO;
	/* one that has ended and that nobody has waited for keeps its control group */
	pid_fd = process_open_living(proc_fd, pid, &st, &why);
	if (pid_fd < 0)
		return pid_fd == -SL_ENOTFOUND || why.sys == ESRCH ? ALIVE_NO : ALIVE_UNKNOWN;
	by_cgroup = names_id(pid_fd, "cgroup", id, &why);
	if (by_cgroup == 1)
		return ALIVE_YES;
	/* the group may be named by the administrator, or seen from inside a cgroup namespace */
	by_mounts = names_id(pid_fd, "mountinfo", id, &why);
	if (by_mounts == 1)
		return ALIVE_YES;
	if (by_cgroup >= 0 && by_mounts >= 0)
		return ALIVE_NO;
	return why.sys == ESRCH || why.sys == ENOENT ? ALIVE_NO : ALIVE_UNKNOWN;
}
