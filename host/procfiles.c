/* SPDX-License-Identifier: Apache-2.0 */
/* The files of a process beside its program: what it maps and what it interprets. */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/sysmacros.h>

#include "core/cleanup.h"
#include "core/root.h"
#include "host/procargs.h"
#include "host/procread.h"

/* Open files of an interpreter that are looked at for a script without a name. */
#define FDS_MAX ((size_t)4096)
#define FIRST_LINE_MAX 256

/* ---- mappings ---- */

/*
 * Only the machine's administrator may follow map_files. For others: the file that has the mapped
 * one's name, if device and inode say that it is this one.
 */
static int map_by_name(struct procread *r, const struct procread_subject *s,
		       const struct procmaps_row *row, size_t *object, struct sl_error *why)
{
	AUTO_FREE char *text = strndup(row->path.data, row->path.len);
	AUTO_CLOSE int fd = -1;
	struct stat st;

	if (text == NULL)
		return sl_fail(why, SL_ENOMEM, 0, "processes");
	fd = procread_open(&s->seen, procobject_inside(&s->seen, text));
	if (fd < 0 || fstat(fd, &st) < 0 || st.st_ino != row->inode ||
	    st.st_dev != makedev(row->major, row->minor))
		return sl_fail(why, SL_EIO, EPERM, "follow a mapping");
	return procobject_add(&r->objects, &s->seen, take_fd(&fd), text, object, why);
}

static int remember(struct procread *r, const struct procmaps_row *row, size_t object,
		    struct sl_error *err)
{
	struct procread_map *grown;
	char *path = strndup(row->path.data, row->path.len);

	if (r->map_count == r->map_cap) {
		size_t cap = r->map_cap == 0 ? 64 : r->map_cap * 2;

		grown = reallocarray(r->maps, cap, sizeof(*grown));
		if (grown != NULL) {
			r->maps = grown;
			r->map_cap = cap;
		}
	}
	if (r->map_count == r->map_cap || path == NULL) {
		free(path);
		return sl_fail(err, SL_ENOMEM, 0, "processes");
	}
	r->maps[r->map_count++] =
		(struct procread_map){row->major, row->minor, row->inode, path, object};
	return 0;
}

static bool recall(const struct procread *r, const struct procmaps_row *row, size_t *object)
{
	for (size_t i = 0; i < r->map_count; i++) {
		const struct procread_map *m = &r->maps[i];

		if (m->inode == row->inode && m->major == row->major && m->minor == row->minor &&
		    strlen(m->path) == row->path.len &&
		    memcmp(m->path, row->path.data, row->path.len) == 0) {
			*object = m->object;
			return true;
		}
	}
	return false;
}

static int add_mapped(struct sl_process *p, size_t object, struct sl_error *err)
{
	size_t *grown;

	if (object == p->exe)
		return 0;
	for (size_t i = 0; i < p->mapped_count; i++)
		if (p->mapped[i] == object)
			return 0;
	grown = reallocarray(p->mapped, p->mapped_count + 1, sizeof(*grown));
	if (grown == NULL)
		return sl_fail(err, SL_ENOMEM, 0, "processes");
	p->mapped = grown;
	grown[p->mapped_count++] = object;
	return 0;
}

/* A newcomer: what the worker followed, else what has its name. */
static int add_map(struct procread *r, const struct procread_subject *s,
		   struct proctexts_item *item, size_t *object, struct sl_error *why)
{
	AUTO_FREE char *link =
		item->bytes.len > 0 ? strndup(item->bytes.data, item->bytes.len) : NULL;

	if (item->bytes.len > 0 && link == NULL)
		return sl_fail(why, SL_ENOMEM, 0, "processes");
	if (item->fd >= 0)
		return procobject_add(&r->objects, &s->seen, take_fd(&item->fd), link, object, why);
	if (item->sys == EPERM || item->sys == ENOENT)
		return map_by_name(r, s, &item->row, object, why);
	/* one that was sent before and could not be kept is lost here, too */
	return sl_fail(why, SL_EIO, item->sys != 0 ? item->sys : EIO, "follow a mapping");
}

int procread_mapped(struct procread *r, const struct procread_subject *s,
		    struct proctexts_item *item, struct sl_error *err)
{
	CLEANUP(sl_error_clear) struct sl_error why = SL_ERROR_INIT;
	AUTO_CLOSE int fd = item->fd;
	size_t object;
	int rc;

	if (recall(r, &item->row, &object))
		return add_mapped(s->process, object, err);
	rc = add_map(r, s, item, &object, &why);
	fd = take_fd(&item->fd);
	if (rc < 0)
		return procread_missed(r, s, "mapped files", &why, err);
	rc = remember(r, &item->row, object, err);
	return rc < 0 ? rc : add_mapped(s->process, object, err);
}

/* ---- scripts ---- */

char *procread_absolute(const struct procseen *by, struct sl_bytes name)
{
	CLEANUP(buf_clear) struct buf cwd = BUF_INIT(8192);
	CLEANUP(buf_clear) struct buf path = BUF_INIT((size_t)64 * 1024);

	if (name.len == 0)
		return NULL;
	if (name.data[0] != '/') {
		if (process_read_link(by->pid_fd, "cwd", &cwd, NULL) < 0)
			return NULL;
		(void)buf_append_str(&path, procobject_inside(by, cwd.data));
		(void)buf_append_char(&path, '/');
		if (name.len > 2 && memcmp(name.data, "./", 2) == 0)
			name = (struct sl_bytes){name.data + 2, name.len - 2};
	}
	(void)buf_append(&path, name.data, name.len);
	return path.status < 0 ? NULL : buf_take(&path);
}

/* An interpreter that still reads a file which is gone holds it open. */
static int find_missing(const struct procread_subject *s, const char *path, struct sl_error *err)
{
	CLEANUP(root_names_clear) struct root_names names = {0};
	AUTO_CLOSE int dir = openat(s->seen.pid_fd, "fd", O_PATH | O_DIRECTORY | O_CLOEXEC);
	size_t len = strlen(path);

	if (dir < 0 || root_list(dir, &names, FDS_MAX, NULL) < 0)
		return 0;
	for (size_t i = 0; i < names.count; i++) {
		CLEANUP(buf_clear) struct buf link = BUF_INIT(8192);
		const char *text;

		if (process_read_link(dir, names.names[i], &link, NULL) < 0)
			continue;
		text = procobject_inside(&s->seen, link.data);
		if (strncmp(text, path, len) != 0 || strcmp(text + len, " (deleted)") != 0)
			continue;
		s->process->missing_script = strdup(path);
		return s->process->missing_script != NULL ? 0
							  : sl_fail(err, SL_ENOMEM, 0, "processes");
	}
	return 0;
}

/* Python runs a directory, too. errno stays. */
static bool find_main(struct procread *r, const struct procread_subject *s, const char *path)
{
	AUTO_FREE char *text = NULL;
	int saved = errno;
	bool found = asprintf(&text, "%s/__main__.py", path) >= 0 &&
		     procread_add(r, &s->seen, text, &s->process->script, NULL) == 0;

	errno = saved;
	return found;
}

static int add_script(struct procread *r, const struct procread_subject *s, struct sl_bytes name,
		      struct sl_error *err)
{
	CLEANUP(sl_error_clear) struct sl_error why = SL_ERROR_INIT;
	AUTO_FREE char *path = procread_absolute(&s->seen, name);
	int rc;

	if (path == NULL)
		return 0;
	rc = procread_add(r, &s->seen, path, &s->process->script, &why);
	if (rc == 1 && errno != EXDEV && find_main(r, s, path))
		return 0;
	if (rc == 1 && errno == EXDEV)
		return procread_gap(r, s->process->pid,
				    "its script lies behind a mount that may not answer", EXDEV,
				    err);
	if (rc == 1)
		return find_missing(s, path, err);
	return rc < 0 ? procread_missed(r, s, "script", &why, err) : 0;
}

/* "a.b" in @dir: a/b.py, or a/b/__main__.py. */
static bool find_module(struct procread *r, const struct procread_subject *s, const char *dir,
			struct sl_bytes module)
{
	CLEANUP(buf_clear) struct buf base = BUF_INIT((size_t)64 * 1024);
	AUTO_FREE char *file = NULL;

	(void)buf_append_str(&base, dir);
	(void)buf_append_char(&base, '/');
	for (size_t i = 0; i < module.len; i++)
		(void)buf_append_char(&base, module.data[i] == '.' ? '/' : module.data[i]);
	if (base.status < 0 || asprintf(&file, "%s.py", base.data) < 0) {
		file = NULL;
		return false;
	}
	return find_main(r, s, base.data) ||
	       procread_add(r, &s->seen, file, &s->process->script, NULL) == 0;
}

/*
 * Python looks for "-m NAME" where it stands, then where PYTHONPATH says; what it finds among its
 * own modules, no search of ours tells better than their findings as files.
 */
static void add_module(struct procread *r, const struct procread_subject *s, struct sl_bytes module)
{
	AUTO_FREE char *here = procread_absolute(&s->seen, (struct sl_bytes){".", 1});
	bool found = here != NULL && find_module(r, s, here, module);

	for (size_t i = 0; !found && i < s->process->lead_count; i++) {
		const struct sl_process_lead *lead = &s->process->leads[i];

		if (strcmp(lead->by, "PYTHONPATH") == 0)
			found = find_module(r, s, lead->path, module);
	}
}

/* Does the file begin with "#!" and this very interpreter? */
static bool has_first_line(const struct procseen *by, struct sl_bytes name,
			   struct sl_bytes arguments)
{
	AUTO_FREE char *path = procread_absolute(by, name);
	AUTO_CLOSE int fd = path != NULL ? procread_open(by, path) : -1;
	char head[FIRST_LINE_MAX];
	size_t len = fd >= 0 ? procobject_head(by, fd, head, sizeof(head)) : 0;

	return procargs_is_shebang(arguments, head, len);
}

int procread_script(struct procread *r, const struct procread_subject *s, struct sl_bytes arguments,
		    struct sl_error *err)
{
	const char *exe = s->process->exe != SL_OBJECT_NONE
				  ? r->objects.out->objects[s->process->exe].path
				  : "";
	struct sl_bytes rest = arguments, name;
	int rc;

	if (procargs_script(arguments, exe, &name))
		return procread_open_script(r, s, name, &rc, err) ? rc
								  : add_script(r, s, name, err);
	if (procargs_module(arguments, exe, &name))
		add_module(r, s, name);
	/* an interpreter that is not known here, run by a script's first line */
	(void)procargs_next(&rest, &name);
	for (int n = 0; n < 2 && procargs_next(&rest, &name); n++)
		if (memchr(name.data, '/', name.len) != NULL &&
		    has_first_line(&s->seen, name, arguments))
			return add_script(r, s, name, err);
	return procread_input(r, s, arguments, exe, err);
}
