/* SPDX-License-Identifier: Apache-2.0 */
#include "host/trail.h"

#include <fcntl.h>
#include <string.h>

#include "core/buf.h"
#include "core/cleanup.h"
#include "host/machine.h"

/* What the kernel allows itself. */
#define LINKS_MAX 40
#define PATH_LIMIT ((size_t)1 << 20)

struct walk {
	struct host_trail *trail;
	int root_fd;      /* borrowed */
	int fd;           /* the directory reached; the root's own descriptor is never in here */
	struct buf done;  /* path of it */
	struct buf ahead; /* what is left to walk starts at @at */
	size_t at;
	unsigned int links;
	bool lost; /* something on the way is not there: the rest is text */
};

static void walk_clear(struct walk *w)
{
	cleanup_closep(&w->fd);
	buf_clear(&w->done);
	buf_clear(&w->ahead);
}

static int fail_memory(struct sl_error *err)
{
	return sl_fail(err, SL_ENOMEM, 0, "path");
}

static int current(const struct walk *w)
{
	return w->fd >= 0 ? w->fd : w->root_fd;
}

static int add_step(struct host_trail *t, const struct stat *st, size_t end, struct sl_error *err)
{
	if (t->count == t->cap) {
		size_t cap = t->cap == 0 ? 16 : t->cap * 2;
		struct host_step *steps = reallocarray(t->steps, cap, sizeof(*steps));

		if (steps == NULL)
			return fail_memory(err);
		t->steps = steps;
		t->cap = cap;
	}
	t->steps[t->count++] = (struct host_step){.dev = st->st_dev, .ino = st->st_ino, .end = end};
	t->st = *st;
	return 0;
}

static int start(struct walk *w, struct sl_error *err)
{
	struct stat st;

	cleanup_closep(&w->fd);
	w->fd = -1;
	w->done.len = 0;
	w->trail->count = 0;
	if (fstat(w->root_fd, &st) < 0)
		return sl_fail(err, SL_EIO, errno, "stat root");
	return add_step(w->trail, &st, 0, err);
}

/* The next name, borrowed until ahead changes; NULL at the end. */
static const char *next_name(struct walk *w, size_t *len, bool *last)
{
	const char *text = w->ahead.data;

	w->at += strspn(text + w->at, "/");
	*len = strcspn(text + w->at, "/");
	if (*len == 0)
		return NULL;
	w->at += *len;
	*last = text[w->at + strspn(text + w->at, "/")] == '\0';
	return text + w->at - *len;
}

static int append_name(struct walk *w, const char *name, struct sl_error *err)
{
	if (buf_append_char(&w->done, '/') < 0 || buf_append(&w->done, name, strlen(name)) < 0)
		return sl_fail(err, w->done.status == -SL_ELIMIT ? SL_ELIMIT : SL_ENOMEM, 0,
			       "path");
	return 0;
}

/*
 * Put @front, which is taken over, before what is left. The limit of links holds for ".." as well:
 * a path of nothing but both must end, too.
 */
static int put_ahead(struct walk *w, struct buf *front, struct sl_error *err)
{
	if (++w->links > LINKS_MAX)
		return sl_fail(err, SL_ELIMIT, 0, "more than %d links or '..' in the path",
			       LINKS_MAX);
	(void)buf_append_str(front, w->ahead.data + w->at);
	if (front->status < 0)
		return fail_memory(err);
	buf_clear(&w->ahead);
	w->ahead = *front;
	*front = (struct buf){0};
	w->at = 0;
	return 0;
}

/* Back to the directory above, by its name: what was walked through is walked again. */
static int go_up(struct walk *w, struct sl_error *err)
{
	CLEANUP(buf_clear) struct buf path = BUF_INIT(PATH_LIMIT);
	const char *slash = w->done.len > 0 ? memrchr(w->done.data, '/', w->done.len) : NULL;
	int rc;

	if (w->lost)
		return sl_fail(err, SL_ENOTFOUND, 0, "'..' of a directory that is not there");
	(void)buf_append(&path, w->done.len > 0 ? w->done.data : "",
			 slash != NULL ? (size_t)(slash - w->done.data) : 0);
	rc = put_ahead(w, &path, err);
	return rc < 0 ? rc : start(w, err);
}

/* Put the target of the link @fd in front of what is left. */
static int follow(struct walk *w, int fd, struct sl_error *err)
{
	CLEANUP(buf_clear) struct buf path = BUF_INIT(PATH_LIMIT);
	int rc = root_read_link(fd, "", &path, err);

	if (rc < 0)
		return rc;
	(void)buf_append_char(&path, '/');
	rc = put_ahead(w, &path, err);
	if (rc < 0)
		return rc;
	return w->ahead.data[0] == '/' ? start(w, err) : 0;
}

static int step(struct walk *w, const char *name, bool last, struct sl_error *err)
{
	AUTO_CLOSE int fd = -1;
	struct stat st;
	int rc;

	if (strcmp(name, ".") == 0)
		return 0;
	if (strcmp(name, "..") == 0)
		return go_up(w, err);
	if (!w->lost)
		fd = openat(current(w), name, O_PATH | O_NOFOLLOW | O_CLOEXEC);
	if (!w->lost && fd < 0 && errno != ENOENT && errno != ENOTDIR)
		return sl_fail(err, SL_EIO, errno, "open");
	w->lost = fd < 0;
	if (fd >= 0 && fstat(fd, &st) < 0)
		return sl_fail(err, SL_EIO, errno, "stat");
	if (fd >= 0 && S_ISLNK(st.st_mode) && !last)
		return follow(w, fd, err);
	rc = append_name(w, name, err);
	if (rc < 0 || fd < 0)
		return rc;
	rc = add_step(w->trail, &st, w->done.len, err);
	cleanup_closep(&w->fd);
	w->fd = take_fd(&fd);
	return rc;
}

static int walk(struct walk *w, struct sl_error *err)
{
	const char *name;
	size_t len;
	bool last;
	int rc = start(w, err);

	while (rc == 0 && (name = next_name(w, &len, &last)) != NULL) {
		AUTO_FREE char *copy = strndup(name, len);

		rc = copy != NULL ? step(w, copy, last, err) : fail_memory(err);
	}
	w->trail->exists = !w->lost;
	return rc;
}

int host_trail_open(const struct host *h, const char *path, struct host_trail *out,
		    struct sl_error *err)
{
	CLEANUP(walk_clear)
	struct walk w = {.trail = out,
			 .root_fd = h->place.root_fd,
			 .fd = -1,
			 .done = BUF_INIT(PATH_LIMIT),
			 .ahead = BUF_INIT(PATH_LIMIT)};
	int rc = 0;

	*out = (struct host_trail){0};
	if (buf_append_str(&w.ahead, path) < 0)
		rc = sl_fail(err, SL_ELIMIT, 0, "path is longer than %zu bytes", PATH_LIMIT);
	if (rc == 0)
		rc = walk(&w, err);
	if (rc == 0) {
		out->path = strdup(w.done.len > 0 ? w.done.data : "");
		if (out->path == NULL)
			rc = fail_memory(err);
	}
	if (rc < 0)
		host_trail_clear(out);
	return rc;
}

void host_trail_clear(struct host_trail *t)
{
	free(t->path);
	free(t->steps);
	*t = (struct host_trail){0};
}

const struct host_step *host_trail_find(const struct host_trail *t, int fd)
{
	struct stat st;

	if (fd < 0 || fstat(fd, &st) < 0)
		return NULL;
	for (size_t i = t->count; i > 0; i--)
		if (t->steps[i - 1].dev == st.st_dev && t->steps[i - 1].ino == st.st_ino)
			return &t->steps[i - 1];
	return NULL;
}

const char *host_trail_rest(const struct host_trail *t, const struct host_step *step)
{
	const char *rest = t->path + step->end;

	return *rest != '\0' ? rest : "/";
}
