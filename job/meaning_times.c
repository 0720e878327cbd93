/* SPDX-License-Identifier: Apache-2.0 */
#include "job/meaning_times.h"

#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "core/cleanup.h"
#include "core/clock.h"
#include "job/contents.h"

/*
 * What everybody has at hand and knows; by the names that the programs have themselves, since the
 * layers are asked without links on the way.
 */
static const char *const programs[] = {
	"bin/ls",        "usr/bin/ls",     "bin/bash",
	"usr/bin/bash",  "bin/dash",       "usr/bin/dash",
	"bin/busybox",   "bin/ps",         "usr/bin/ps",
	"bin/cat",       "usr/bin/cat",    "bin/login",
	"usr/bin/login", "usr/bin/passwd", "usr/bin/env",
	"usr/bin/id",    "usr/bin/who",    "usr/bin/find",
	"usr/bin/perl",  "bin/su",         "usr/bin/su",
	"usr/bin/sudo",  "usr/sbin/sshd",  "bin/date",
	"usr/bin/date",  "usr/sbin/cron",  "usr/bin/wget",
	"usr/bin/curl",  "bin/netstat",    "usr/bin/top",
	"bin/mount",     "usr/bin/mount",  "usr/bin/coreutils",
};

/* The first day of zip, and other times that stand for none, lie before it: diff/timefacts.c. */
#define NORMALISED_BEFORE INT64_C(499656600)

struct times_part {
	const struct comparison *comparison;
	bool is_asked;     /* the image was */
	bool is_different; /* its programs do not all bear one time, as those of a build may */
	struct {
		const char *path;
		struct sl_time mtime;
	} known[ARRAY_SIZE(programs)];
	size_t known_count;
	struct buf message;
};

static void part_free(void *data)
{
	struct times_part *p = data;

	buf_clear(&p->message);
	free(p);
}

/* The image's own times, from its layers on this disk. What cannot be read is not compared with. */
static int ask(struct times_part *p, struct sl_error *err)
{
	struct contents *contents = NULL;
	int rc = contents_open(&contents, p->comparison, err);

	p->is_asked = true;
	for (size_t i = 0; rc >= 0 && i < ARRAY_SIZE(programs); i++) {
		const struct sl_entry *e = NULL;

		rc = contents_find(contents, CONTENTS_BEFORE,
				   (struct sl_bytes){programs[i], strlen(programs[i])}, &e, err);
		if (rc != 0 || !S_ISREG(e->mode) || (e->fields & SL_ENTRY_MTIME) == 0 ||
		    e->mtime.sec < NORMALISED_BEFORE)
			continue;
		p->known[p->known_count].path = programs[i];
		p->known[p->known_count++].mtime = e->mtime;
		p->is_different =
			p->is_different || clock_compare(e->mtime, p->known[0].mtime) != 0;
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

static int mark(void *payload, struct sl_finding *f, struct sl_change *c, struct sl_error *err)
{
	CLEANUP(sl_error_clear) struct sl_error failed = SL_ERROR_INIT;
	struct times_part *p = payload;

	if (!was_written(c) || c->after->mtime.sec < NORMALISED_BEFORE)
		return 0;
	if (!p->is_asked && ask(p, &failed) < 0)
		return sl_fail(err, failed.code, failed.sys, "%s", sl_error_text(&failed));
	for (size_t i = 0; p->is_different && i < p->known_count; i++) {
		if (clock_compare(p->known[i].mtime, c->after->mtime) != 0)
			continue;
		c->signals |= SL_SIGNAL_BORROWED_MTIME;
		buf_reset(&p->message);
		if (f->message != NULL)
			(void)buf_printf(&p->message, "%s; ", f->message);
		(void)buf_printf(&p->message, "its mtime is that of the image's /%s",
				 p->known[i].path);
		if (p->message.status == 0)
			f->message = p->message.data;
		return 0;
	}
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
