/* SPDX-License-Identifier: Apache-2.0 */
#include "host/freezer.h"

#include <stdio.h>
#include <string.h>

#include "core/buf.h"
#include "core/cleanup.h"
#include "core/root.h"

/* A group outside of the reader's own cgroup namespace has no path here. */
static bool leads_outside(struct sl_bytes path)
{
	return memmem(path.data, path.len, "/..", 3) != NULL;
}

/* Look for one of two texts in a file of a group beneath @hierarchy. */
static enum freezer ask(int root_fd, const char *hierarchy, struct sl_bytes path, const char *file,
			const char *frozen)
{
	CLEANUP(buf_clear) struct buf text = BUF_INIT(4096);
	CLEANUP(buf_clear) struct buf name = BUF_INIT((size_t)64 * 1024);

	/* the root group cannot be frozen */
	if (path.len < 2 || leads_outside(path))
		return FREEZER_UNKNOWN;
	(void)buf_append_str(&name, hierarchy);
	(void)buf_append(&name, path.data, path.len);
	(void)buf_append_char(&name, '/');
	(void)buf_append_str(&name, file);
	if (name.status < 0 ||
	    root_read_file(root_fd, name.data, ROOT_FOLLOW_INSIDE, &text, NULL) < 0 ||
	    text.len == 0)
		return FREEZER_UNKNOWN;
	return strstr(text.data, frozen) != NULL ? FREEZER_FROZEN : FREEZER_RUNS;
}

enum freezer freezer_of(int root_fd, const struct cgroup *group)
{
	/* a group above that is frozen freezes these, too: both files say what is in force */
	enum freezer v1 =
		ask(root_fd, "sys/fs/cgroup/freezer", group->freezer, "freezer.state", "FROZEN");
	enum freezer v2 =
		ask(root_fd, "sys/fs/cgroup", group->unified, "cgroup.events", "frozen 1");

	if (v2 == FREEZER_UNKNOWN)
		v2 = ask(root_fd, "sys/fs/cgroup/unified", group->unified, "cgroup.events",
			 "frozen 1");
	return v1 > v2 ? v1 : v2;
}
