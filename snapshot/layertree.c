/* SPDX-License-Identifier: Apache-2.0 */
#include "snapshot/layertree.h"

#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>

#include "core/cleanup.h"
#include "core/root.h"
#include "snapshot/filecontent.h"
#include "snapshot/fileid.h"
#include "snapshot/gaps.h"
#include "snapshot/treelook.h"

struct walk {
	struct sl_source source;
	struct dirstack dirs;
	struct treelook look;
	bool started; /* the root was lent */
	bool descend; /* the entry lent last is a directory whose children come next */
	bool knows_fs;
	struct fileid_fs fs; /* that the tree lies on, once it was asked for */
};

static struct walk *walk_of(const struct sl_source *src)
{
	return container_of((struct sl_source *)(uintptr_t)src, struct walk, source);
}

static int gap(struct walk *w, const char *why, int sys, bool below, struct sl_error *err)
{
	return gaps_add(&w->dirs.gaps, dirstack_path(&w->dirs), why, sys, below, err);
}

/*
 * Step into the directory at the current path, @name in @dir_fd. @seen is what the walk lent of
 * it, NULL when it was not looked at. Returns 0; 1 when it cannot be entered (a gap, unless it is
 * no directory at all).
 */
static int enter(struct walk *w, int dir_fd, const char *name, const struct statx *seen,
		 struct sl_error *err)
{
	AUTO_CLOSE int fd = dirstack_open_listing(dir_fd, name);
	struct stat st = {0};
	bool replaced;
	int rc;

	if (fd < 0 && errno == ENOENT) {
		w->look.raced += seen != NULL;
		return 1;
	}
	if (fd < 0 && seen == NULL && (errno == ENOTDIR || errno == ELOOP))
		return 1;
	replaced = fd < 0 && (errno == ENOTDIR || errno == ELOOP);
	if (fd < 0 && errno == EXDEV)
		rc = gap(w, "another file system is mounted here", 0, true, err);
	else if (!replaced && (fd < 0 || fstat(fd, &st) < 0))
		rc = gap(w, "directory cannot be opened", errno, true, err);
	else if (replaced || (seen != NULL && st.st_ino != seen->stx_ino))
		rc = gap(w, "replaced while it was walked", 0, true, err);
	else
		return dirstack_push(&w->dirs, take_fd(&fd), &st, err);
	return rc < 0 ? rc : 1;
}

/* Walking */

/* The name in the top directory that comes next, or NULL when it is done. */
static int next_name(struct walk *w, const char **name, struct sl_error *err)
{
	struct frame *f = dirstack_top(&w->dirs);
	dialect_key_fn key = dialect_key(w->look.dialect);
	int rc;

	*name = dirnames_take(&f->names);
	while (*name == NULL && (!f->listed || f->names.more)) {
		/* the path still ends with the child at which the listing was dropped or ended */
		AUTO_FREE char *last = strdup(dirstack_name(&w->dirs, f));

		rc = last != NULL ? dirstack_list(&w->dirs, last, err)
				  : sl_fail(err, SL_ENOMEM, 0, "directory listing");
		if (rc < 0)
			return rc;
		do
			*name = dirnames_take(&f->names);
		while (*name != NULL && strcmp(key != NULL ? key(*name) : *name, last) == 0);
	}
	return 0;
}

/*
 * Describe what the name @name in the top directory is about. 0 and w->look.entry; 1 when it is
 * nothing that shows.
 */
static int look_at_name(struct walk *w, const char *name, struct sl_error *err)
{
	enum dialect_name kind = dialect_name(w->look.dialect, name, w->dirs.depth == 1);
	struct frame *f = dirstack_top(&w->dirs);
	const char *shown = name;
	int rc;

	if (kind == DIALECT_WHITEOUT)
		shown += strlen(DIALECT_WHITEOUT_PREFIX);
	rc = dirstack_set_path(&w->dirs, f, shown, strlen(shown), err);
	if (rc < 0)
		return rc;
	switch (kind) {
	case DIALECT_WHITEOUT:
		/* an object beside it came first, and said what that means */
		rc = treelook_has_marker(&w->look, f->fd, shown, err);
		return rc == 0 ? treelook_whiteout(&w->look, f->fd, name, err) : rc;
	case DIALECT_RESERVED:
		rc = gap(w, "a reserved name: not examined", 0, true, err);
		return rc < 0 ? rc : 1;
	case DIALECT_OPAQUE:
	case DIALECT_PRIVATE:
		return 1;
	case DIALECT_OBJECT:
	default:
		return treelook_at(&w->look, f->fd, dirstack_name(&w->dirs, f), err);
	}
}

static int lend_root(struct walk *w, const struct sl_entry **out, struct sl_error *err)
{
	int rc;

	w->started = true;
	dirstack_cut(&w->dirs, 0);
	rc = treelook_at(&w->look, w->dirs.root_fd, ".", err);
	if (rc == 0)
		rc = treelook_settle_root(&w->look, err);
	if (rc != 0)
		return rc;
	w->descend = S_ISDIR(w->look.entry.mode);
	*out = &w->look.entry;
	return 0;
}

/* Step into what was lent last. */
static int descend(struct walk *w, struct sl_error *err)
{
	bool is_root = w->dirs.depth == 0;
	int rc;

	w->descend = false;
	rc = enter(w, is_root ? w->dirs.root_fd : dirstack_top(&w->dirs)->fd,
		   is_root ? "." : dirstack_name(&w->dirs, dirstack_top(&w->dirs)), &w->look.st,
		   err);
	if (rc != 0)
		return rc < 0 ? rc : 0;
	return dirstack_list(&w->dirs, NULL, err);
}

static int walk_next(struct sl_source *src, const struct sl_entry **out, struct sl_error *err)
{
	struct walk *w = walk_of(src);
	const char *name;
	int rc;

	if (!w->started)
		return lend_root(w, out, err);
	for (;;) {
		rc = w->descend ? descend(w, err) : 0;
		if (rc < 0)
			return rc;
		if (w->dirs.depth == 0)
			return 1;
		rc = next_name(w, &name, err);
		if (rc < 0)
			return rc;
		if (name == NULL) {
			dirstack_pop(&w->dirs);
			continue;
		}
		rc = look_at_name(w, name, err);
		if (rc < 0)
			return rc;
		if (rc == 0)
			break;
	}
	w->descend = S_ISDIR(w->look.entry.mode);
	*out = &w->look.entry;
	return 0;
}

/* Make the first name at or after @name next in the top directory. 1 when it is about @name itself.
 */
static int position(struct walk *w, struct sl_bytes name, struct sl_error *err)
{
	struct frame *f = dirstack_top(&w->dirs);
	const char *found;

	if (!f->listed || !dirnames_position(&f->names, name.data, name.len)) {
		AUTO_FREE char *from = strndup(name.data, name.len);
		int rc = from == NULL ? sl_fail(err, SL_ENOMEM, 0, "directory listing")
				      : dirstack_list(&w->dirs, from, err);

		if (rc < 0)
			return rc;
		(void)dirnames_position(&f->names, name.data, name.len);
	}
	found = dirnames_peek(&f->names);
	if (found != NULL && dialect_key(w->look.dialect) != NULL)
		found = dialect_key(w->look.dialect)(found);
	return found != NULL && strlen(found) == name.len &&
	       memcmp(found, name.data, name.len) == 0;
}

/* The component of @path that follows the path of the top directory. */
static struct sl_bytes component(struct walk *w, struct sl_bytes path)
{
	size_t at =
		dirstack_top(&w->dirs)->path_len + (dirstack_top(&w->dirs)->path_len > 0 ? 1 : 0);
	const char *slash = memchr(path.data + at, '/', path.len - at);

	return (struct sl_bytes){path.data + at,
				 slash != NULL ? (size_t)(slash - path.data) - at : path.len - at};
}

static bool lies_beneath_top(struct walk *w, struct sl_bytes path)
{
	struct sl_bytes dir = {w->dirs.path.data, dirstack_top(&w->dirs)->path_len};

	return path.len > dir.len && sl_path_within(path, dir);
}

/*
 * Go from the top directory to its child @name, on the way to a path beneath it. 0 and the walk
 * stands in it; 1 when the walk goes on in the top directory.
 */
static int seek_into(struct walk *w, struct sl_bytes name, struct sl_error *err)
{
	struct frame *f = dirstack_top(&w->dirs);
	int rc;

	/* a whiteout alone: nothing is beneath it */
	if (strlen(dirnames_take(&f->names)) != name.len)
		return 1;
	rc = dirstack_set_path(&w->dirs, f, name.data, name.len, err);
	if (rc == 0)
		rc = treelook_whiteout_beside(&w->look, f->fd, dirstack_name(&w->dirs, f), err);
	if (rc < 0)
		return rc;
	if (rc == 1) {
		/* the whiteout comes next by name, and before the path that is sought */
		(void)dirnames_take(&f->names);
		if (!dialect_object_survives(w->look.dialect))
			return 1;
	}
	return enter(w, f->fd, dirstack_name(&w->dirs, f), NULL, err);
}

static int walk_seek(struct sl_source *src, struct sl_bytes path, struct sl_error *err)
{
	struct walk *w = walk_of(src);
	int rc = 0;

	w->descend = false;
	w->started = path.len > 0;
	while (w->dirs.depth > 0 && !lies_beneath_top(w, path))
		dirstack_pop(&w->dirs);
	if (path.len == 0)
		return 0;
	if (w->dirs.depth == 0) {
		dirstack_cut(&w->dirs, 0);
		rc = enter(w, w->dirs.root_fd, ".", NULL, err);
	}
	while (rc == 0) {
		struct sl_bytes name = component(w, path);
		bool is_last = name.data + name.len == path.data + path.len;

		rc = position(w, name, err);
		if (rc != 1 || is_last)
			break;
		rc = seek_into(w, name, err);
	}
	return rc < 0 ? rc : 0;
}

static int walk_open(struct sl_source *src, struct sl_content **out, struct sl_error *err)
{
	struct walk *w = walk_of(src);
	AUTO_CLOSE int path_fd = -1;
	struct stat st;
	int fd;

	if (w->dirs.depth == 0 || !S_ISREG(w->look.entry.mode) || !S_ISREG(w->look.st.stx_mode))
		return sl_fail(err, SL_EINVAL, 0, "not a regular file");
	/* a name that became a FIFO or a device since is never opened for reading */
	path_fd = dirstack_open_beneath(dirstack_top(&w->dirs)->fd,
					dirstack_name(&w->dirs, dirstack_top(&w->dirs)), O_PATH);
	if (path_fd < 0 || fstat(path_fd, &st) < 0)
		return sl_fail(err, errno == ENOENT ? SL_ENOTFOUND : SL_EIO, errno, "open");
	if (!S_ISREG(st.st_mode) || st.st_ino != w->look.entry.ino)
		return sl_fail(err, SL_EIO, 0, "replaced while it was walked");
	fd = root_reopen(path_fd, err);
	return fd < 0 ? fd : filecontent_new(out, fd, &w->look.entry, err);
}

static bool walk_identify(struct sl_source *src, struct sl_file_id *out)
{
	struct walk *w = walk_of(src);

	if (w->dirs.depth == 0 || !S_ISREG(w->look.st.stx_mode))
		return false;
	if (!w->knows_fs) {
		w->fs = fileid_fs(w->dirs.root_fd);
		w->knows_fs = true;
	}
	return fileid_of(&w->fs, dirstack_top(&w->dirs)->fd,
			 dirstack_name(&w->dirs, dirstack_top(&w->dirs)), w->look.entry.dev, out);
}

static const struct sl_gap *walk_gap(struct sl_source *src)
{
	return gaps_next(&walk_of(src)->dirs.gaps);
}

static void walk_close(struct sl_source *src)
{
	struct walk *w = walk_of(src);

	treelook_clear(&w->look);
	dirstack_clear(&w->dirs);
	free(w);
}

int layertree_open(struct sl_source **out, int dir_fd, enum sl_marker marker,
		   const struct sl_idmap *idmap, struct sl_error *err)
{
	static const struct sl_source_ops ops = {.next = walk_next,
						 .seek = walk_seek,
						 .open = walk_open,
						 .gap = walk_gap,
						 .close = walk_close,
						 .identify = walk_identify};
	struct walk *w;
	int rc;

	w = calloc(1, sizeof(*w));
	if (w == NULL)
		return sl_fail(err, SL_ENOMEM, 0, "directory walk");
	w->source.ops = &ops;
	rc = dirstack_init(&w->dirs, err);
	if (rc == 0)
		rc = treelook_init(&w->look, &w->dirs, dir_fd, marker, idmap, err);
	if (rc < 0) {
		walk_close(&w->source);
		return rc;
	}
	*out = &w->source;
	return 0;
}

void layertree_is_clone(struct sl_source *src, int dir_fd)
{
	walk_of(src)->look.beside_fd = dir_fd;
}

uint64_t layertree_raced(const struct sl_source *src)
{
	return walk_of(src)->look.raced;
}
