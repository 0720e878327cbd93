/* SPDX-License-Identifier: Apache-2.0 */
#include "snapshot/dirstack.h"

#include <fcntl.h>
#include <string.h>

#include "core/beneath.h"
#include "core/cleanup.h"

/*
 * At most this many directories are open, and this many bytes of names are kept, whatever the
 * depth. Outer directories are put to sleep first: they remember who they are, and are opened and
 * listed again from the child they stood at.
 */
#define OPEN_MAX 64
#define NAMES_MAX ((size_t)16 << 20)
#define WINDOW_MAX ((size_t)8 << 20)
#define PATH_LIMIT ((size_t)1 << 30)

struct frame *dirstack_top(struct dirstack *s)
{
	return &s->frames[s->depth - 1];
}

struct sl_bytes dirstack_path(const struct dirstack *s)
{
	return (struct sl_bytes){s->path.data, s->path.len};
}

void dirstack_cut(struct dirstack *s, size_t len)
{
	s->path.len = len;
	s->path.data[len] = '\0';
}

/* The path of @f with @name behind it. */
int dirstack_set_path(struct dirstack *s, const struct frame *f, const char *name, size_t len,
		      struct sl_error *err)
{
	dirstack_cut(s, f->path_len);
	if (f->path_len > 0)
		(void)buf_append_char(&s->path, '/');
	if (buf_append(&s->path, name, len) < 0)
		return sl_fail(err, s->path.status == -SL_ELIMIT ? SL_ELIMIT : SL_ENOMEM, 0,
			       "path longer than %zu bytes", PATH_LIMIT);
	return 0;
}

const char *dirstack_name(const struct dirstack *s, const struct frame *f)
{
	return s->path.data + f->path_len + (f->path_len > 0 ? 1 : 0);
}

/* Opening */

int dirstack_open_beneath(int dir_fd, const char *name, uint64_t flags)
{
	return beneath_open(dir_fd, name, flags | O_NOFOLLOW, BENEATH_NO_LINKS | RESOLVE_NO_XDEV);
}

/* For listing. Only the owner and CAP_FOWNER may ask to leave the access time alone. */
int dirstack_open_listing(int dir_fd, const char *name)
{
	const uint64_t flags = O_RDONLY | O_DIRECTORY | O_NONBLOCK;
	int fd = dirstack_open_beneath(dir_fd, name, flags | O_NOATIME);

	return fd < 0 && errno == EPERM ? dirstack_open_beneath(dir_fd, name, flags) : fd;
}

/* True, with the descriptor left open, when @fd is still the directory of @f. */
static bool is_frame(int fd, const struct frame *f)
{
	struct stat st;

	return fd >= 0 && fstat(fd, &st) == 0 && st.st_dev == f->dev && st.st_ino == f->ino;
}

/* Go down from the root by name to frame @index. @return its descriptor, or -1 */
static int open_from_root(struct dirstack *s, size_t index)
{
	AUTO_CLOSE int fd = dirstack_open_listing(s->root_fd, ".");

	for (size_t i = 1; i <= index && fd >= 0; i++) {
		char *name = s->path.data + s->frames[i - 1].path_len + (i > 1 ? 1 : 0);
		char *end = s->path.data + s->frames[i].path_len;
		char saved = *end;
		int next;

		*end = '\0';
		next = dirstack_open_listing(fd, name);
		*end = saved;
		close(fd);
		fd = next;
	}
	return is_frame(fd, &s->frames[index]) ? take_fd(&fd) : -1;
}

/* Open a sleeping frame again: from @child_fd, one of its directories, else by its name. */
static void wake(struct dirstack *s, size_t index, int child_fd)
{
	struct frame *f = &s->frames[index];
	const int flags = O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC;
	AUTO_CLOSE int fd = -1;

	/* not "beneath", so it is believed only when it is the same directory as before */
	if (child_fd >= 0)
		fd = openat(child_fd, "..", flags | O_NOATIME);
	if (fd < 0 && child_fd >= 0 && errno == EPERM)
		fd = openat(child_fd, "..", flags);
	f->fd = is_frame(fd, f) ? take_fd(&fd) : open_from_root(s, index);
	s->awake = index;
}

static void put_to_sleep(struct frame *f)
{
	if (f->fd >= 0)
		close(f->fd);
	f->fd = -1;
	f->listed = false;
	dirnames_clear(&f->names);
}

/* Keep descriptors and names within their bounds; the top frame always stays awake. */
static void make_room(struct dirstack *s)
{
	size_t names = 0;

	for (size_t i = s->awake; i < s->depth; i++)
		names += dirnames_memory(&s->frames[i].names);
	while (s->awake + 1 < s->depth && (s->depth - s->awake > OPEN_MAX || names > NAMES_MAX)) {
		names -= dirnames_memory(&s->frames[s->awake].names);
		put_to_sleep(&s->frames[s->awake++]);
	}
}

/* Frames */

int dirstack_push(struct dirstack *s, int fd, const struct stat *st, struct sl_error *err)
{
	if (s->depth == s->room) {
		size_t room = s->room == 0 ? 32 : s->room * 2;
		struct frame *frames = realloc(s->frames, room * sizeof(*frames));

		if (frames == NULL) {
			close(fd);
			return sl_fail(err, SL_ENOMEM, 0, "directory stack");
		}
		s->frames = frames;
		s->room = room;
	}
	s->frames[s->depth++] = (struct frame){
		.fd = fd, .dev = st->st_dev, .ino = st->st_ino, .path_len = s->path.len};
	make_room(s);
	return 0;
}

/* Leave the top directory; its name stays in the path, behind its parent's. */
void dirstack_pop(struct dirstack *s)
{
	struct frame *f = dirstack_top(s);

	dirstack_cut(s, f->path_len);
	if (s->depth > 1 && s->awake >= s->depth - 1)
		wake(s, s->depth - 2, f->fd);
	put_to_sleep(f);
	s->depth--;
	if (s->awake > s->depth)
		s->awake = s->depth;
}

/* List the top directory from @from on. A listing that breaks off is a gap. */
int dirstack_list(struct dirstack *s, const char *from, struct sl_error *err)
{
	struct sl_error why = SL_ERROR_INIT;
	struct frame *f = dirstack_top(s);
	struct sl_bytes dir = {s->path.data, f->path_len};
	int rc, sys;

	f->listed = true;
	if (f->fd < 0)
		return gaps_add(&s->gaps, dir, "directory moved away while it was walked", 0, true,
				err);
	f->names.key = s->key;
	rc = dirnames_read(&f->names, f->fd, from, WINDOW_MAX, s->scratch, &why);
	sys = why.sys;
	sl_error_clear(&why);
	if (rc == -SL_ENOMEM)
		return sl_fail(err, SL_ENOMEM, 0, "directory listing");
	if (rc == 0)
		return 0;
	f->names.more = false;
	return gaps_add(&s->gaps, dir, "directory cannot be listed to its end", sys, true, err);
}

int dirstack_init(struct dirstack *s, struct sl_error *err)
{
	s->root_fd = -1;
	s->path = BUF_INIT(PATH_LIMIT);
	s->scratch = malloc(DIRNAMES_BUFFER);
	if (s->scratch == NULL || buf_append(&s->path, "", 0) < 0)
		return sl_fail(err, SL_ENOMEM, 0, "directory walk");
	return 0;
}

void dirstack_clear(struct dirstack *s)
{
	for (size_t i = 0; i < s->depth; i++)
		put_to_sleep(&s->frames[i]);
	free(s->frames);
	if (s->root_fd >= 0)
		close(s->root_fd);
	buf_clear(&s->path);
	gaps_clear(&s->gaps);
	free(s->scratch);
}
