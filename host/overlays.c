/* SPDX-License-Identifier: Apache-2.0 */
/* Which overlays there are; where their directories are is in overlaydirs.c. */
#include "host/overlays.h"

#include <stdlib.h>
#include <string.h>

#include "core/cleanup.h"
#include "host/mountinfo.h"

/* A line may be as long as a list of 500 directories; a namespace has a few thousand lines. */
#define MOUNTINFO_MAX ((size_t)64 * 1024 * 1024)

static void overlay_clear(struct overlay *o)
{
	for (size_t i = 0; i < o->place_count; i++)
		free(o->places[i].point);
	free(o->options);
}

void overlays_clear(struct overlays *o)
{
	for (size_t i = 0; i < o->count; i++)
		overlay_clear(&o->all[i]);
	free(o->all);
	free(o->views);
	*o = (struct overlays){0};
}

static int compare_devices(const struct overlay *o, const struct mountinfo_row *row)
{
	if (o->major != row->major)
		return o->major < row->major ? -1 : 1;
	return (o->minor > row->minor) - (o->minor < row->minor);
}

/* Where the superblock of @row is or belongs. */
static size_t find_place(const struct overlays *o, const struct mountinfo_row *row)
{
	size_t low = 0, high = o->count;

	while (low < high) {
		size_t mid = low + (high - low) / 2;

		if (compare_devices(&o->all[mid], row) < 0)
			low = mid + 1;
		else
			high = mid;
	}
	return low;
}

static int insert(struct overlays *o, size_t at, const struct mountinfo_row *row,
		  struct sl_error *err)
{
	struct overlay *new;

	if (o->count == o->cap) {
		size_t cap = o->cap == 0 ? 64 : o->cap * 2;
		struct overlay *grown = reallocarray(o->all, cap, sizeof(*grown));

		if (grown == NULL)
			return sl_fail(err, SL_ENOMEM, 0, "overlays");
		o->all = grown;
		o->cap = cap;
	}
	new = &o->all[at];
	memmove(new + 1, new, (o->count - at) * sizeof(*new));
	*new = (struct overlay){.major = row->major,
				.minor = row->minor,
				.is_fuse = !mountinfo_is(row->type, "overlay"),
				.root_view = PROCESSES_NO_VIEW};
	o->count++;
	new->options = strndup(row->options.data, row->options.len);
	return new->options != NULL ? 0 : sl_fail(err, SL_ENOMEM, 0, "overlays");
}

static int add_place(struct overlay *overlay, size_t view, const struct mountinfo_row *row,
		     struct sl_error *err)
{
	struct buf point = BUF_INIT((size_t)1 << 20);
	int rc;

	if (overlay->place_count == OVERLAY_PLACES_MAX)
		return 0;
	rc = mountinfo_decode(&point, row->point, err);
	if (rc == 0)
		overlay->places[overlay->place_count].point = buf_take(&point);
	if (rc == 0 && overlay->places[overlay->place_count].point == NULL)
		rc = sl_fail(err, SL_ENOMEM, 0, "overlays");
	if (rc == 0)
		overlay->places[overlay->place_count++].view = view;
	buf_clear(&point);
	return rc;
}

/* A part of an overlay, mounted elsewhere, shows another directory as its root. */
static bool is_whole_overlay(const struct mountinfo_row *row)
{
	return (mountinfo_is(row->type, "overlay") ||
		mountinfo_is(row->type, "fuse.fuse-overlayfs")) &&
	       mountinfo_is(row->root, "/");
}

static bool begins(struct sl_bytes field, const char *prefix)
{
	return field.len >= strlen(prefix) && memcmp(field.data, prefix, strlen(prefix)) == 0;
}

/* File systems that ask a daemon or a server, which may never answer. */
static bool is_slow(const struct mountinfo_row *row)
{
	static const char *const prefixes[] = {"fuse.", "fuseblk", "nfs", "cifs",  "smb3",
					       "9p",    "ceph",    "afs", "autofs"};

	/* lxcfs lends containers a few files there */
	if (begins(row->point, "/proc/") || begins(row->point, "/sys/"))
		return false;
	for (size_t i = 0; i < ARRAY_SIZE(prefixes); i++)
		if (begins(row->type, prefixes[i]))
			return true;
	return mountinfo_is(row->type, "fuse");
}

/* What the rows of a view come to: of several mounts on its root, the one it is really on. */
struct root_mount {
	struct mountinfo_row row;
	bool known, certain;
};

static void note_root(struct root_mount *root, uint64_t mount, const struct mountinfo_row *row)
{
	if (!mountinfo_is(row->point, "/") || root->certain)
		return;
	root->row = *row;
	root->known = true;
	root->certain = mount != 0 && row->id == mount;
}

static int read_rows(struct overlays *o, size_t view, struct mountinfo *m, struct root_mount *root,
		     struct sl_error *err)
{
	uint64_t mount = o->processes->views[view].mount;
	struct mountinfo_row row;
	int rc;

	while ((rc = mountinfo_next(m, &row, NULL)) != 1) {
		size_t at;

		if (rc == -SL_EFORMAT)
			continue;
		if (rc < 0)
			break;
		note_root(root, mount, &row);
		o->views[view].is_slow = o->views[view].is_slow || is_slow(&row);
		if (!is_whole_overlay(&row))
			continue;
		at = find_place(o, &row);
		rc = at < o->count && compare_devices(&o->all[at], &row) == 0
			     ? 0
			     : insert(o, at, &row, err);
		if (rc == 0 && !mountinfo_is(row.point, "/"))
			rc = add_place(&o->all[at], view, &row, err);
		if (rc == -SL_ENOMEM)
			return rc;
	}
	return 0;
}

/* Roots are kept by device until all views were read: an insertion moves what comes after. */
struct root_device {
	uint32_t major, minor;
	bool known;
};

static int read_view(struct overlays *o, size_t view, struct root_device *device,
		     struct sl_error *err)
{
	CLEANUP(buf_clear) struct buf text = BUF_INIT(MOUNTINFO_MAX);
	struct root_mount root = {.known = false};
	struct mountinfo m;
	int64_t pid;
	AUTO_CLOSE int fd = processes_open_view(o->processes, view, o->place->proc_fd, &pid, NULL);
	int rc;

	if (fd < 0)
		return 0; /* gone */
	if (process_read_mounts(fd, &text, NULL) < 0 || text.len == 0) {
		o->unread++;
		return 0;
	}
	m = MOUNTINFO_INIT(text.data, text.len);
	rc = read_rows(o, view, &m, &root, err);
	if (root.known && is_whole_overlay(&root.row))
		*device = (struct root_device){root.row.major, root.row.minor, true};
	return rc;
}

static void settle_roots(struct overlays *o, const struct root_device *devices)
{
	for (size_t v = 0; v < o->processes->view_count; v++) {
		struct mountinfo_row row = {.major = devices[v].major, .minor = devices[v].minor};
		size_t at = find_place(o, &row);

		o->views[v].root = OVERLAYS_NONE;
		if (!devices[v].known || at == o->count || compare_devices(&o->all[at], &row) != 0)
			continue;
		o->views[v].root = at;
		if (o->all[at].root_view == PROCESSES_NO_VIEW)
			o->all[at].root_view = v;
	}
}

/* What its owner mounted on the machine is as good as its stores, which may lie there. */
static void trust_machine(struct overlays *o)
{
	for (size_t v = 0; v < o->processes->view_count; v++)
		if (o->processes->views[v].is_machine)
			o->views[v].is_slow = false;
}

static void cleanup(struct overlays *o)
{
	overlays_clear(o);
}

int overlays_read(struct overlays *out, const struct place *place,
		  const struct processes *processes, struct sl_error *err)
{
	struct overlays own CLEANUP(cleanup) = {.place = place, .processes = processes};
	AUTO_FREE struct root_device *devices = calloc(processes->view_count + 1, sizeof(*devices));
	int rc = 0;

	own.views = calloc(processes->view_count + 1, sizeof(*own.views));
	if (devices == NULL || own.views == NULL)
		return sl_fail(err, SL_ENOMEM, 0, "overlays");
	for (size_t v = 0; rc == 0 && v < processes->view_count; v++)
		rc = read_view(&own, v, &devices[v], err);
	if (rc < 0)
		return rc;
	settle_roots(&own, devices);
	trust_machine(&own);
	*out = own;
	own = (struct overlays){0};
	return 0;
}
