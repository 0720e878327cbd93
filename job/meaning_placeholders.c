/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Pages are built once, with placeholders for what differs from place to place; entry points fill
 * these in. Such a page stays a finding, of severity info, when nothing else of it changed.
 */
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "core/cleanup.h"
#include "diff/facts.h"
#include "diff/naming.h"
#include "diff/placeholders.h"
#include "job/contents.h"
#include "job/meaning_copies.h"

#define PAGE_BYTES ((size_t)8 << 20)       /* of a longer one nothing is said */
#define BYTES_IN_ALL ((uint64_t)128 << 20) /* read for this, of one container */

struct pages {
	const struct comparison *comparison;
	struct contents *contents; /* opened when first needed */
	struct buf before, after;
	uint64_t bytes_left;
};

static void free_pages(void *data)
{
	struct pages *p = data;

	contents_free(p->contents);
	buf_clear(&p->before);
	buf_clear(&p->after);
	free(p);
}

/* What browsers are handed, and servers do not run. */
static bool is_page(struct sl_bytes path)
{
	static const char *const ends[] = {".js",  ".mjs", ".html", ".htm", ".css",
					   ".svg", ".map", ".json", ".txt", ".webmanifest"};

	if (memmem(path.data, path.len, "node_modules", 12) != NULL)
		return false;
	for (size_t i = 0; i < ARRAY_SIZE(ends); i++) {
		size_t len = strlen(ends[i]);

		if (path.len > len && memcmp(path.data + path.len - len, ends[i], len) == 0)
			return true;
	}
	return false;
}

static bool is_candidate(const struct pages *p, const struct sl_finding *f,
			 const struct sl_change *c)
{
	const fact_set never = FACT_PROGRAM | SL_SIGNAL_ARCHIVE | SL_SIGNAL_KEY | FACT_SETID |
			       SL_SIGNAL_CAPS | SL_SIGNAL_WORLD_WRITABLE | FACT_WRITE_GAINED |
			       FACT_DECEPTIVE | SL_SIGNAL_UNDER_MOUNT | SL_SIGNAL_RENAMED |
			       SL_SIGNAL_UNSTABLE | SL_SIGNAL_VOLUME | SL_SIGNAL_FORGED_MTIME |
			       SL_SIGNAL_SERVER_CODE | FACT_SERVER_SCRIPT | SL_SIGNAL_MINER |
			       SL_SIGNAL_BORROWED_MTIME | SL_SIGNAL_PARTLY_SEARCHED |
			       SL_SIGNAL_IN_PATH | FACT_IN_BIN | FACT_IN_LIB | FACT_WAS_PROGRAM |
			       FACT_INCRIMINATES;
	const fact_set always = FACT_REGULAR | FACT_READ | FACT_AT_START | FACT_WAS_REGULAR;
	fact_set facts;

	if (c == NULL || c->kind != SL_CHANGE_MODIFIED || f->severity == SL_SEVERITY_INFO ||
	    f->cause != SL_CAUSE_NONE || f->rule_count > 1 ||
	    (f->rule_count == 1 && strcmp(f->rules[0], "code-changed") != 0) ||
	    (c->before->fields & c->after->fields & SL_ENTRY_SHA256) == 0 ||
	    (c->fields & (SL_FIELD_MODE | SL_FIELD_OWNER | SL_FIELD_XATTRS)) != 0 ||
	    c->before->size > PAGE_BYTES || c->after->size > PAGE_BYTES || !is_page(c->path))
		return false;
	facts = facts_of(c, p->comparison->container) | c->signals;
	return (facts & never) == 0 && (facts & always) == always;
}

/* 0; 1: what was compared is not to be had any more. */
static int read_sides(struct pages *p, const struct sl_change *c, struct sl_error *err)
{
	CLEANUP(sl_error_clear) struct sl_error why = SL_ERROR_INIT;
	int rc = p->contents == NULL ? contents_open(&p->contents, p->comparison, &why) : 0;

	buf_reset(&p->before);
	buf_reset(&p->after);
	if (rc == 0)
		rc = contents_read(p->contents, CONTENTS_BEFORE, c->path, c->before->sha256,
				   &p->before, &why);
	if (rc == 0)
		rc = contents_read(p->contents, CONTENTS_AFTER, c->path, c->after->sha256,
				   &p->after, &why);
	if (rc == -SL_ENOMEM || rc == -SL_ECANCELLED)
		return sl_fail(err, -rc, why.sys, "%s", sl_error_text(&why));
	return rc < 0;
}

static int judge(void *payload, struct sl_finding *f, struct sl_change *c, struct sl_error *err)
{
	static const char *const attack[] = {"T1491.002"};
	struct pages *p = payload;
	uint64_t bytes;
	int rc;

	if (!is_candidate(p, f, c))
		return 0;
	bytes = c->before->size + c->after->size;
	if (bytes > p->bytes_left)
		return 0;
	p->bytes_left -= bytes;
	rc = read_sides(p, c, err);
	if (rc != 0)
		return rc < 0 ? rc : 0;
	if (!placeholders_filled_in((struct sl_bytes){p->before.data, p->before.len},
				    (struct sl_bytes){p->after.data, p->after.len}))
		return 0;
	f->severity = SL_SEVERITY_INFO;
	f->rule_count = f->attack_count = 0;
	naming_add(f, "placeholders-at-start",
		   "a page of the image in which placeholders got values while the container "
		   "started",
		   SL_SEVERITY_INFO, attack, ARRAY_SIZE(attack));
	return 0;
}

int meaning_placeholders(struct meaning *m, struct sl_error *err)
{
	struct pages *p;
	int rc;

	if (m->comparison->container == NULL || m->comparison->subject.after != NULL)
		return 0;
	p = calloc(1, sizeof(*p));
	if (p == NULL)
		return sl_fail(err, SL_ENOMEM, 0, "pages");
	p->comparison = m->comparison;
	p->bytes_left = BYTES_IN_ALL;
	p->before = p->after = BUF_INIT(PAGE_BYTES);
	rc = meaning_keep(m, p, free_pages, err);
	return rc < 0 ? rc : meaning_judge(m, (struct drift_step){judge, p}, err);
}
