/* SPDX-License-Identifier: Apache-2.0 */
#include "snapshot/indexdir.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/cleanup.h"
#include "core/root.h"

/* Who has more copied hard links than this has them told as a gap. */
#define ENTRIES_MAX ((size_t)65536)

static int open_beside(int upper_fd)
{
	const int flags = O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC;
	AUTO_CLOSE int parent = openat(upper_fd, "..", flags);
	AUTO_CLOSE int work = parent < 0 ? -1 : openat(parent, "work", flags);

	return work < 0 ? -1 : openat(work, "index", flags);
}

bool indexdir_may_hide(int upper_fd)
{
	CLEANUP(root_names_clear) struct root_names names = {0};
	AUTO_CLOSE int index = open_beside(upper_fd);
	struct stat st;

	if (index < 0 || root_list(index, &names, ENTRIES_MAX, NULL) < 0)
		return true;
	for (size_t i = 0; i < names.count; i++)
		/* what has a name in the upper directory, too, is marked there */
		if (fstatat(index, names.names[i], &st, AT_SYMLINK_NOFOLLOW) < 0 ||
		    (!S_ISDIR(st.st_mode) && st.st_nlink == 1 &&
		     !(S_ISCHR(st.st_mode) && st.st_rdev == 0)))
			return true;
	return false;
}
