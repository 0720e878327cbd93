/* SPDX-License-Identifier: Apache-2.0 */
#include "job/meaning_times.h"

#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "core/cleanup.h"
#include "core/clock.h"
#include "job/contents.h"

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

/* The image's own times, from its layers on this disk. What cannot be read is not compared with. */
static int ask(struct times_part *p, struct sl_error *err)
{
	struct contents *contents = NULL;
	int rc = contents_open(&contents, p->comparison, err);

	p->is_asked = true;
	for (size_t i = 0; rc >= 0 && i < ARRAY_SIZE(programs); i++) {
		struct sl_bytes path = {programs[i].path, strlen(programs[i].path)};
		const struct sl_entry *e = NULL;

		rc = contents_find(contents, CONTENTS_BEFORE, path, &e, err);
		if (rc == 0 && S_ISREG(e->mode) && (e->fields & SL_ENTRY_MTIME) != 0 &&
		    e->mtime.sec >= NORMALISED_BEFORE)
			remember(p, &programs[i], e->mtime);
	}
	contents_free(contents);
	return rc == -SL_ENOMEM || rc == -SL_ECANCELLED ? rc : 0;
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
	CLEANUP(sl_error_clear) struct sl_error failed = SL_ERROR_INIT;
	struct times_part *p = payload;
	const struct known *owner;

	if (!may_be_borrowed(p, c))
		return 0;
	if (!p->is_asked && ask(p, &failed) < 0)
		return sl_fail(err, failed.code, failed.sys, "%s", sl_error_text(&failed));
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
