/* SPDX-License-Identifier: Apache-2.0 */
#include "job/meaning_times.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "core/cleanup.h"
#include "core/clock.h"
#include "core/kernel.h"
#include "core/root.h"

/*
 * What everybody has at hand and knows, by the package it comes in; by the names that the programs
 * have themselves, since the layers are asked without links on the way.
 */
static const struct known {
	const char *path;
	unsigned int package;
} programs[] = {
	{"bin/ls", 0},         {"usr/bin/ls", 0},
	{"bin/cat", 0},        {"usr/bin/cat", 0},
	{"usr/bin/env", 0},    {"usr/bin/id", 0},
	{"usr/bin/who", 0},    {"bin/date", 0},
	{"usr/bin/date", 0},   {"usr/bin/coreutils", 0},
	{"bin/bash", 1},       {"usr/bin/bash", 1},
	{"bin/dash", 2},       {"usr/bin/dash", 2},
	{"bin/busybox", 3},    {"usr/bin/busybox", 3},
	{"bin/ps", 4},         {"usr/bin/ps", 4},
	{"usr/bin/top", 4},    {"bin/login", 5},
	{"usr/bin/login", 5},  {"usr/bin/passwd", 5},
	{"usr/bin/find", 6},   {"usr/bin/perl", 7},
	{"bin/su", 8},         {"usr/bin/su", 8},
	{"bin/mount", 8},      {"usr/bin/mount", 8},
	{"usr/bin/sudo", 9},   {"usr/sbin/sshd", 10},
	{"usr/sbin/cron", 11}, {"usr/bin/wget", 12},
	{"usr/bin/curl", 13},  {"bin/netstat", 14},
	{"bin/tar", 15},       {"usr/bin/tar", 15},
	{"bin/sed", 16},       {"usr/bin/sed", 16},
	{"sbin/apk", 17},      {"usr/bin/ldd", 18},
};

/* The first day of zip, and other times that stand for none, lie before it: diff/timefacts.c. */
#define NORMALISED_BEFORE INT64_C(499656600)

struct times_part {
	const struct comparison *comparison;
	bool is_asked; /* the image was */
	struct time_of {
		const struct known *program;
		struct sl_time mtime;
		bool is_shared; /* with another package, as what one build made: says nothing */
	} known[ARRAY_SIZE(programs)];
	size_t known_count;
	bool has_packages; /* more than one, so that a shared time would show */
	struct buf message;
};

static void part_free(void *data)
{
	struct times_part *p = data;

	buf_clear(&p->message);
	free(p);
}

static void remember(struct times_part *p, const struct known *program, struct sl_time mtime)
{
	struct time_of *one = &p->known[p->known_count++];

	*one = (struct time_of){.program = program, .mtime = mtime};
	for (struct time_of *other = p->known; other < one; other++) {
		if (other->program->package == program->package)
			continue;
		p->has_packages = true;
		if (clock_compare(other->mtime, mtime) == 0)
			other->is_shared = one->is_shared = true;
	}
}

/* A program's name, when it lies right in @dir. */
static const char *name_in(const struct known *program, const char *dir)
{
	size_t len = strlen(dir);

	return strncmp(program->path, dir, len) == 0 && program->path[len] == '/' &&
			       strchr(program->path + len + 1, '/') == NULL
		       ? program->path + len + 1
		       : NULL;
}

/* The programs of one directory of one layer, but for those that a layer above has. */
static void ask_directory(struct times_part *p, int layer_fd, const char *dir, bool *is_met)
{
	AUTO_CLOSE int fd = root_open_subdir(layer_fd, dir, ROOT_NO_LINKS, NULL);

	for (size_t i = 0; fd >= 0 && i < ARRAY_SIZE(programs); i++) {
		const char *name = is_met[i] ? NULL : name_in(&programs[i], dir);
		struct statx st;

		if (name == NULL ||
		    kernel_statx(fd, name, AT_SYMLINK_NOFOLLOW | AT_STATX_DONT_SYNC, &st) < 0)
			continue;
		/* a marker, too: what is below it is not shown */
		is_met[i] = true;
		if (S_ISREG(st.stx_mode) && st.stx_mtime.tv_sec >= NORMALISED_BEFORE)
			remember(p, &programs[i],
				 (struct sl_time){st.stx_mtime.tv_sec, st.stx_mtime.tv_nsec});
	}
}

/*
 * The image's own times, from its layers on this disk, each directory of them once: a merged view
 * would list those of all layers for each program. What cannot be read is not compared with.
 */
static void ask(struct times_part *p)
{
	static const char *const dirs[] = {"bin", "sbin", "usr/bin", "usr/sbin"};
	const struct sl_stack *stack = &p->comparison->container->stack;
	bool is_met[ARRAY_SIZE(programs)] = {0};

	p->is_asked = true;
	for (size_t i = 0; i < stack->lower_count; i++)
		for (size_t k = 0; stack->lowers[i].dir_fd >= 0 && k < ARRAY_SIZE(dirs); k++)
			ask_directory(p, stack->lowers[i].dir_fd, dirs[k], is_met);
}

/* Its bytes came to this path: what was renamed or copied up keeps the time that it had. */
static bool was_written(const struct sl_change *c)
{
	if (c->after == NULL || !S_ISREG(c->after->mode) ||
	    (c->after->fields & SL_ENTRY_MTIME) == 0 || (c->signals & SL_SIGNAL_RENAMED) != 0)
		return false;
	if (c->kind == SL_CHANGE_ADDED)
		return (c->after->flags & SL_ENTRY_ORIGIN) == 0;
	return (c->fields & SL_FIELD_CONTENT) != 0 && (c->fields & SL_FIELD_MTIME) != 0;
}

/* The image is older than the container, and so is every time that was taken from it. */
static bool may_be_borrowed(const struct times_part *p, const struct sl_change *c)
{
	const struct sl_container *container = p->comparison->container;

	return was_written(c) && c->after->mtime.sec >= NORMALISED_BEFORE &&
	       (!container->has_created || c->after->mtime.sec <= container->created.sec);
}

static const struct known *find_owner(const struct times_part *p, struct sl_time mtime)
{
	for (size_t i = 0; p->has_packages && i < p->known_count; i++)
		if (!p->known[i].is_shared && clock_compare(p->known[i].mtime, mtime) == 0)
			return p->known[i].program;
	return NULL;
}

static int mark(void *payload, struct sl_finding *f, struct sl_change *c, struct sl_error *err)
{
	struct times_part *p = payload;
	const struct known *owner;

	(void)err;
	if (!may_be_borrowed(p, c))
		return 0;
	if (!p->is_asked)
		ask(p);
	owner = find_owner(p, c->after->mtime);
	if (owner == NULL)
		return 0;
	c->signals |= SL_SIGNAL_BORROWED_MTIME;
	buf_reset(&p->message);
	if (f->message != NULL)
		(void)buf_printf(&p->message, "%s; ", f->message);
	(void)buf_printf(&p->message, "its mtime is that of the image's /%s", owner->path);
	if (p->message.status == 0)
		f->message = p->message.data;
	return 0;
}

int meaning_add_times(struct meaning *m, struct sl_error *err)
{
	struct times_part *p = calloc(1, sizeof(*p));
	int rc;

	if (p == NULL)
		return sl_fail(err, SL_ENOMEM, 0, "times");
	p->comparison = m->comparison;
	p->message = BUF_INIT((size_t)20 << 10);
	rc = meaning_keep(m, p, part_free, err);
	return rc < 0 ? rc : meaning_mark(m, (struct drift_step){mark, p}, err);
}
