/* SPDX-License-Identifier: Apache-2.0 */
#include "job/meaning_lines.h"

#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "core/cleanup.h"
#include "core/encode.h"
#include "diff/accountids.h"
#include "diff/environmentlines.h"
#include "diff/facts.h"
#include "diff/linediff.h"
#include "diff/linerules.h"
#include "diff/naming.h"
#include "diff/secrets.h"
#include "diff/textfile.h"
#include "job/contents.h"

#define FILE_BYTES ((size_t)256 << 10) /* of a longer file no lines are shown */
#define LINES_SHOWN 40
#define LINE_BYTES 400
#define BYTES_IN_ALL ((uint64_t)64 << 20) /* read for lines, of one container */

struct lines_part {
	const struct comparison *comparison;
	struct contents *contents; /* opened when first needed */
	uint64_t bytes_left;
	struct buf sides[2]; /* by enum contents_side */
	struct buf text;     /* of the lines shown */
	struct buf message;
	struct sl_line shown[LINES_SHOWN];
	/* of the change under way: accounts got other ids, or the container's variables were
	 * written down, and no more */
	bool only_ids, only_environment;
};

static void part_free(void *data)
{
	struct lines_part *p = data;

	contents_free(p->contents);
	buf_clear(&p->sides[CONTENTS_BEFORE]);
	buf_clear(&p->sides[CONTENTS_AFTER]);
	buf_clear(&p->text);
	buf_clear(&p->message);
	free(p);
}

/* ---- reading ---- */

static bool has_lines(const struct sl_entry *e)
{
	return e != NULL && S_ISREG(e->mode);
}

/* @why: static text, or the error's. 0 and the bytes in the side's buffer; 1 with @why. */
static int read_side(struct lines_part *p, enum contents_side side, const struct sl_entry *e,
		     struct sl_bytes path, const char **why, struct sl_error *err)
{
	struct buf *out = &p->sides[side];
	bool is_proven;
	int rc;

	buf_reset(out);
	if (!has_lines(e) || e->size == 0)
		return 0;
	*why = "it is too long";
	if (e->size > FILE_BYTES)
		return 1;
	*why = "too much was read for others";
	if (e->size > p->bytes_left)
		return 1;
	p->bytes_left -= e->size;
	is_proven = (e->fields & SL_ENTRY_SHA256) != 0;
	rc = contents_read(p->contents, side, path, is_proven ? e->sha256 : NULL, out, err);
	*why = "it is not what was compared any more";
	if (rc == -SL_EUNTRUSTED || rc == -SL_ELIMIT || (rc == 0 && out->len != e->size))
		return 1;
	*why = side == CONTENTS_BEFORE ? "the image's bytes are not on this disk"
				       : "it cannot be read any more";
	if (rc == -SL_ENOMEM || rc == -SL_ECANCELLED)
		return rc;
	if (rc < 0)
		return 1;
	*why = "it is no text";
	return memchr(out->data, '\0', out->len) != NULL;
}

static int read_sides(struct lines_part *p, const struct sl_change *c, const char **why,
		      struct sl_error *err)
{
	int rc = p->contents == NULL ? contents_open(&p->contents, p->comparison, err) : 0;

	if (rc == -SL_ENOMEM || rc == -SL_ECANCELLED)
		return rc;
	*why = "the directories cannot be read again";
	if (rc < 0)
		return 1;
	rc = read_side(p, CONTENTS_BEFORE, c->before, c->path, why, err);
	return rc != 0 ? rc : read_side(p, CONTENTS_AFTER, c->after, c->path, why, err);
}

/* ---- showing ---- */

/* As much of a line as is shown, without half a character at its end. */
static size_t shown_length(const char *text, size_t len)
{
	size_t cut = LINE_BYTES;

	if (len <= LINE_BYTES)
		return len;
	while (cut > LINE_BYTES - 4 && ((uint8_t)text[cut] & 0xc0) == 0x80)
		cut--;
	return cut;
}

static int append_line(struct lines_part *p, enum textfile what, const struct sl_line *line)
{
	CLEANUP(buf_clear) struct buf masked = BUF_INIT(SIZE_MAX / 2);
	size_t len;

	if (secrets_mask(&masked, what, line->text) < 0)
		return -SL_ENOMEM;
	len = shown_length(masked.data, masked.len);
	if (len > 0)
		(void)buf_append(&p->text, masked.data, len);
	return len < masked.len ? buf_append_str(&p->text, "...") : p->text.status;
}

/* What a rule names is shown first; the rest in order, while there is room. */
static size_t choose(bool *chosen, const bool *hits, size_t count)
{
	size_t room = LINES_SHOWN;

	for (size_t i = 0; i < count && room > 0; i++) {
		chosen[i] = hits[i];
		room -= hits[i];
	}
	for (size_t i = 0; i < count && room > 0; i++) {
		if (chosen[i])
			continue;
		chosen[i] = true;
		room--;
	}
	return LINES_SHOWN - room;
}

static int show(struct lines_part *p, enum textfile what, const struct sl_line *lines, size_t count,
		const bool *hits, struct sl_notes *notes)
{
	AUTO_FREE bool *chosen = calloc(count, sizeof(*chosen));
	size_t ends[LINES_SHOWN], shown, n = 0;

	if (chosen == NULL)
		return -SL_ENOMEM;
	shown = choose(chosen, hits, count);
	buf_reset(&p->text);
	for (size_t i = 0; i < count; i++) {
		if (!chosen[i])
			continue;
		if (append_line(p, what, &lines[i]) < 0)
			return -SL_ENOMEM;
		p->shown[n] = (struct sl_line){.sign = lines[i].sign, .number = lines[i].number};
		ends[n++] = p->text.len;
	}
	for (size_t i = 0, at = 0; i < n; at = ends[i++])
		p->shown[i].text = (struct sl_bytes){
			n > 0 && p->text.data != NULL ? p->text.data + at : "", ends[i] - at};
	notes->lines = p->shown;
	notes->line_count = n;
	notes->lines_left_out = count - shown;
	return 0;
}

static bool is_environment(struct sl_bytes path)
{
	static const char name[] = "etc/environment";

	return path.len == sizeof(name) - 1 && memcmp(path.data, name, path.len) == 0;
}

static int understand(struct lines_part *p, enum textfile what, struct sl_finding *f,
		      struct sl_error *err)
{
	const struct buf *b = &p->sides[CONTENTS_BEFORE], *a = &p->sides[CONTENTS_AFTER];
	AUTO_FREE struct sl_line *lines = NULL;
	const struct sl_container *container = p->comparison->container;
	const struct sl_settings *settings = container != NULL ? container->settings : NULL;
	AUTO_FREE bool *hits = NULL;
	size_t count;
	int rc = linediff(&lines, &count, (struct sl_bytes){b->data, b->len},
			  (struct sl_bytes){a->data, a->len}, err);

	if (rc < 0 || count == 0)
		return rc;
	p->only_ids = accountids_only(what, lines, count, (struct sl_bytes){a->data, a->len});
	p->only_environment = is_environment(f->change->path) && settings != NULL &&
			      environmentlines_only(lines, count, settings);
	hits = calloc(count, sizeof(*hits));
	if (hits == NULL || linerules_apply(f, what, lines, count, hits, &p->message) < 0 ||
	    show(p, what, lines, count, hits, &f->notes) < 0)
		return sl_fail(err, SL_ENOMEM, 0, "lines");
	return 0;
}

/*
 * "passwd-" and "group-" are what account tools leave of the file before their last change. It is
 * held against the image's passwd or group: the same, or the same but for ids.
 */
static int compare_backup(struct lines_part *p, struct sl_bytes path, struct sl_error *err)
{
	static const struct {
		const char *path;
		enum textfile what;
	} backups[] = {{"etc/passwd-", TEXTFILE_PASSWD}, {"etc/group-", TEXTFILE_GROUP}};
	const struct buf *a = &p->sides[CONTENTS_AFTER];
	CLEANUP(buf_clear) struct buf was = BUF_INIT(FILE_BYTES);
	AUTO_FREE struct sl_line *lines = NULL;
	size_t count, i = 0;
	int rc;

	while (i < ARRAY_SIZE(backups) && (path.len != strlen(backups[i].path) ||
					   memcmp(path.data, backups[i].path, path.len) != 0))
		i++;
	if (i == ARRAY_SIZE(backups))
		return 0;
	path.len--;
	rc = contents_read(p->contents, CONTENTS_BEFORE, path, NULL, &was, NULL);
	if (rc == -SL_ENOMEM || rc == -SL_ECANCELLED)
		return sl_fail(err, -rc, 0, "lines");
	if (rc < 0 || was.len == 0)
		return 0;
	rc = linediff(&lines, &count, (struct sl_bytes){was.data, was.len},
		      (struct sl_bytes){a->data, a->len}, err);
	if (rc == 0)
		p->only_ids = count == 0 || accountids_only(backups[i].what, lines, count,
							    (struct sl_bytes){a->data, a->len});
	return rc;
}

static bool is_about_content(const struct sl_change *c)
{
	return (c->kind == SL_CHANGE_ADDED || c->kind == SL_CHANGE_MODIFIED ||
		c->kind == SL_CHANGE_DELETED || c->kind == SL_CHANGE_TYPE) &&
	       (has_lines(c->before) || has_lines(c->after));
}

static int apply(void *payload, struct sl_finding *f, struct sl_change *c, struct sl_error *err)
{
	CLEANUP(sl_error_clear) struct sl_error failed = SL_ERROR_INIT;
	struct lines_part *p = payload;
	enum textfile what = is_about_content(c) ? textfile_of(c->path) : TEXTFILE_NONE;
	const char *why = NULL;
	int rc;

	p->only_ids = p->only_environment = false;
	if (what == TEXTFILE_NONE)
		return 0;
	buf_reset(&p->message);
	rc = read_sides(p, c, &why, &failed);
	if (rc < 0)
		return sl_fail(err, -rc, failed.sys, "%s", sl_error_text(&failed));
	if (rc == 0) {
		rc = understand(p, what, f, err);
		if (rc == 0 && what == TEXTFILE_BACKUP)
			rc = compare_backup(p, c->path, err);
	} else {
		rc = buf_printf(&p->message, "its lines are not shown: %s", why);
	}
	if (rc == 0 && p->message.len > 0)
		f->message = p->message.data;
	return rc;
}

static bool is_about_accounts(const char *rule)
{
	return strcmp(rule, "accounts") == 0 || strcmp(rule, "groups") == 0 ||
	       strcmp(rule, "account-backup") == 0;
}

/* Nothing else about the file changed, and it was so from the start. */
static bool is_plain_edit(const struct lines_part *p, const struct sl_change *c)
{
	const fact_set never = SL_SIGNAL_FORGED_MTIME | SL_SIGNAL_RENAMED | SL_SIGNAL_UNSTABLE |
			       SL_SIGNAL_WORLD_WRITABLE | SL_SIGNAL_EXECUTABLE | SL_SIGNAL_YARA |
			       SL_SIGNAL_KNOWN_BAD;
	fact_set facts;

	if (c->after == NULL || (c->after->mode & 07133) != 0 || c->after->uid != 0 ||
	    (c->fields & (SL_FIELD_MODE | SL_FIELD_OWNER | SL_FIELD_XATTRS)) != 0)
		return false;
	facts = facts_of(c, p->comparison->container);
	return (facts & FACT_AT_START) != 0 && (facts & never) == 0;
}

static void calm(struct sl_finding *f, const char *rule, const char *reason, const char *technique)
{
	f->severity = SL_SEVERITY_INFO;
	f->rule_count = f->attack_count = 0;
	naming_add(f, rule, reason, SL_SEVERITY_INFO, &technique, 1);
}

/*
 * Entry points give their account the ids that they were told (PUID, PGID), and write their
 * environment down for what cron starts. That stays a finding, and is no alarm.
 */
static int judge(void *payload, struct sl_finding *f, struct sl_change *c, struct sl_error *err)
{
	struct lines_part *p = payload;

	(void)err;
	if (c == NULL || f->rule_count != 1 || !is_plain_edit(p, c))
		return 0;
	if (p->only_ids && is_about_accounts(f->rules[0]))
		calm(f, "account-ids-at-start",
		     "accounts got other ids while the container started, and nothing else changed",
		     "T1098");
	else if (p->only_environment && strcmp(f->rules[0], "shell-startup") == 0)
		calm(f, "environment-written-at-start",
		     "variables that the container was given, written down while it started",
		     "T1546.004");
	return 0;
}

int meaning_add_lines(struct meaning *m, struct sl_error *err)
{
	struct lines_part *p = calloc(1, sizeof(*p));
	int rc;

	if (p == NULL)
		return sl_fail(err, SL_ENOMEM, 0, "lines");
	p->comparison = m->comparison;
	p->bytes_left = BYTES_IN_ALL;
	p->sides[CONTENTS_BEFORE] = p->sides[CONTENTS_AFTER] = BUF_INIT(FILE_BYTES);
	p->text = BUF_INIT((size_t)64 << 10);
	p->message = BUF_INIT((size_t)16 << 10);
	rc = meaning_keep(m, p, part_free, err);
	if (rc == 0)
		rc = meaning_mark(m, (struct drift_step){apply, p}, err);
	return rc < 0 ? rc : meaning_judge(m, (struct drift_step){judge, p}, err);
}
