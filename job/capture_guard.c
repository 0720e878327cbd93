/* SPDX-License-Identifier: Apache-2.0 */
/* How a tree is read: what is examined must not notice it. */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "core/cleanup.h"
#include "core/json.h"
#include "core/kernel.h"
#include "job/capture_records.h"
#include "job/capture_run.h"

struct access {
	const char *
		mode; /* as docs/bundle-format.md names it; the best first: clone, noatime, plain */
	const char *why; /* not a better one, or NULL */
	int sys;
};

/* O_NOATIME is for the owner of a file and CAP_FOWNER: the root of the tree stands for the rest. */
static bool may_keep_times(int dir_fd)
{
	AUTO_CLOSE int fd = openat(dir_fd, ".", O_RDONLY | O_DIRECTORY | O_NOATIME | O_CLOEXEC);

	return fd >= 0;
}

static int open_tree(int dir_fd, struct access *how)
{
	int fd = kernel_clone_readonly(dir_fd);

	*how = (struct access){.mode = "clone"};
	if (fd >= 0)
		return fd;
	how->sys = errno;
	how->why = "no read-only clone of the mount could be made";
	how->mode = may_keep_times(dir_fd) ? "noatime" : "plain";
	return fcntl(dir_fd, F_DUPFD_CLOEXEC, 3);
}

/* ---- what lies below ---- */

static int rank(const struct access *how)
{
	return strcmp(how->mode, "clone") == 0 ? 0 : strcmp(how->mode, "noatime") == 0 ? 1 : 2;
}

/* In place of the directory's descriptor comes one of the same directory. */
static void guard_fd(int *dir_fd, struct access *worst)
{
	struct access how;
	int fd;

	if (*dir_fd < 0)
		return;
	fd = open_tree(*dir_fd, &how);
	if (worst->mode == NULL || rank(&how) > rank(worst))
		*worst = how;
	if (fd < 0)
		return;
	close(*dir_fd);
	*dir_fd = fd;
}

void capture_guard_image(struct sl_image *image)
{
	struct access unsaid = {0};

	for (size_t i = 0; image != NULL && i < image->layer_count; i++)
		guard_fd(&image->layers[i].dir_fd, &unsaid);
}

static int say(struct capture *c, const struct capture_target *t, const char *name,
	       const struct access *how, struct sl_error *err)
{
	CLEANUP(buf_clear) struct buf members = BUF_INIT(CAPTURE_MEMBERS_MAX);
	CLEANUP(buf_clear) struct buf more = BUF_INIT(4096);
	struct jout j;
	int rc = capture_action_members(&members, "access", how->why, "done", err);

	jout_begin(&j, &more);
	jout_object(&j);
	jout_key_str(&j, "root", name);
	jout_key_str(&j, "access", how->mode);
	if (how->sys != 0) {
		jout_key(&j, "errno");
		jout_i64(&j, how->sys);
	}
	jout_object_end(&j);
	if (rc == 0 && jout_end(&j) == 0) {
		(void)buf_append_char(&members, ',');
		rc = buf_append(&members, more.data + 1, more.len - 2);
	}
	if (rc < 0 || more.status < 0)
		return sl_fail(err, SL_ENOMEM, 0, "action record");
	return sl_bundle_record(c->writer, "action", t != NULL ? t->id : SL_BUNDLE_TARGET_HOST,
				members.data, NULL, err);
}

int capture_guard(struct capture *c, const struct capture_target *t, const char *name, int dir_fd,
		  int *out, struct sl_error *err)
{
	struct access how;
	AUTO_CLOSE int fd = open_tree(dir_fd, &how);
	int rc;

	if (fd < 0)
		return sl_fail(err, SL_EIO, errno, "open the %s directory", name);
	rc = say(c, t, name, &how, err);
	if (rc == 0)
		*out = take_fd(&fd);
	return rc;
}

int capture_guard_lowers(struct capture *c, struct capture_target *t, struct sl_error *err)
{
	struct sl_stack *stack = &t->container->stack;
	struct access worst = {0};

	for (size_t i = 0; i < stack->lower_count; i++)
		guard_fd(&stack->lowers[i].dir_fd, &worst);
	capture_guard_image(t->image);
	return worst.mode != NULL ? say(c, t, "lowers", &worst, err) : 0;
}
