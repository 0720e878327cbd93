/* SPDX-License-Identifier: Apache-2.0 */
#include "host/logfile.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "core/cleanup.h"
#include "core/root.h"
#include "core/within.h"

/* As many links as engines and the kubelet put one behind another, and some. */
#define LINKS_MAX 8
#define TARGET_MAX ((size_t)64 << 10)

struct places {
	struct stat items[2];
	size_t count;
};

static void add_place(struct places *p, int root_fd, const char *path)
{
	AUTO_CLOSE int fd = root_open_subdir(root_fd, path, ROOT_FOLLOW_INSIDE, NULL);

	if (fd >= 0 && fstat(fd, &p->items[p->count]) == 0)
		p->count++;
}

static void find_places(struct places *p, int root_fd, const char *own)
{
	*p = (struct places){.count = 0};
	add_place(p, root_fd, "var/log");
	if (own != NULL)
		add_place(p, root_fd, own);
}

static int refuse(struct sl_error *err)
{
	return sl_fail(err, SL_EINVAL, 0,
		       "its path leads out of the directories of logs by a link");
}

int logfile_open_dir(int root_fd, const char *path, const char *own, struct sl_error *err)
{
	AUTO_CLOSE int fd = root_open_subdir(root_fd, path, ROOT_NO_LINKS, NULL);
	struct places places;
	int rc;

	if (fd >= 0)
		return take_fd(&fd);
	fd = root_open_subdir(root_fd, path, ROOT_FOLLOW_INSIDE, err);
	if (fd < 0)
		return fd;
	find_places(&places, root_fd, own);
	/* walking up ends at once where nothing is known to be a place of logs */
	rc = places.count == 0 ? 0 : lies_within(fd, places.items, places.count, err);
	if (rc <= 0)
		return rc < 0 ? rc : refuse(err);
	return take_fd(&fd);
}

/* Where the link @name in @dir leads, as a path of the root: owned; NULL when that cannot be said.
 */
static char *target_of(int dir_fd, const char *dir, const char *name)
{
	CLEANUP(buf_clear) struct buf text = BUF_INIT(TARGET_MAX);
	char *path = NULL;

	if (root_read_link(dir_fd, name, &text, NULL) < 0 || text.len == 0)
		return NULL;
	if (text.data[0] == '/')
		return strdup(text.data);
	return asprintf(&path, "%s/%s", dir, text.data) < 0 ? NULL : path;
}

/* One path: 0 and *fd; 1 and *next when a link is there; negative. */
static int open_once(int root_fd, const char *path, const char *own, bool is_first, int *fd,
		     char **next, struct sl_error *err)
{
	AUTO_FREE char *dir = strdup(path);
	char *slash = dir != NULL ? strrchr(dir, '/') : NULL;
	AUTO_CLOSE int dir_fd = -1, found = -1;
	struct stat st;

	if (dir == NULL)
		return sl_fail(err, SL_ENOMEM, 0, "log");
	if (path[0] != '/' || slash == dir || slash[1] == '\0')
		return sl_fail(err, SL_EINVAL, 0, "no path of a log");
	*slash = '\0';
	/* behind a link only directories of logs count, with or without further links */
	dir_fd = is_first ? logfile_open_dir(root_fd, dir, own, err)
			  : root_open_subdir(root_fd, dir, ROOT_FOLLOW_INSIDE, err);
	if (dir_fd < 0)
		return dir_fd;
	found = root_open_path(dir_fd, slash + 1, ROOT_NO_LINKS, err);
	if (found < 0 || fstat(found, &st) < 0)
		return found < 0 ? found : sl_fail(err, SL_EIO, errno, "stat");
	if (!is_first || S_ISLNK(st.st_mode)) {
		struct places places;
		int rc;

		find_places(&places, root_fd, own);
		rc = places.count == 0 ? 0 : lies_within(dir_fd, places.items, places.count, err);
		if (rc <= 0)
			return rc < 0 ? rc : refuse(err);
	}
	if (S_ISLNK(st.st_mode)) {
		*next = target_of(dir_fd, dir, slash + 1);
		return *next != NULL ? 1 : sl_fail(err, SL_EINVAL, 0, "link cannot be read");
	}
	if (!S_ISREG(st.st_mode))
		return sl_fail(err, SL_EINVAL, 0, "no regular file");
	*fd = take_fd(&found);
	return 0;
}

int logfile_open(int root_fd, const char *path, const char *own, struct sl_error *err)
{
	AUTO_FREE char *at = strdup(path);

	if (at == NULL)
		return sl_fail(err, SL_ENOMEM, 0, "log");
	for (int links = 0; links <= LINKS_MAX; links++) {
		char *next = NULL;
		int fd = -1, rc = open_once(root_fd, at, own, links == 0, &fd, &next, err);

		if (rc <= 0)
			return rc < 0 ? rc : fd;
		free(at);
		at = next;
	}
	return sl_fail(err, SL_EINVAL, 0, "too many links");
}
