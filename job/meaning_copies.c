/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Entry points copy: an application's tree to where the web server looks for it, services to where
 * they are supervised, what account tools leave as a backup. Such a file is the image's by SHA-256
 * and by name, only elsewhere. They also write pages of PHP that hold settings: out of a template
 * of the image, or of nothing but values. Such a file stays a finding, of severity info; a program
 * never does, nor what decides who may do what or what runs by itself.
 */
#include "job/meaning_copies.h"

#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "core/cleanup.h"
#include "core/digest.h"
#include "diff/facts.h"
#include "diff/naming.h"
#include "diff/phpsettings.h"
#include "job/contents.h"

#define FILES_MAX ((size_t)400000)    /* of an image that are remembered: 16 MiB */
#define PAGE_BYTES ((size_t)64 << 10) /* a page of settings is no longer */

struct original {
	uint8_t sha256[SL_SHA256_SIZE];
	uint64_t name; /* hash of the last component */
};

struct copies {
	const struct comparison *comparison;
	struct original *items; /* sorted, once they were read */
	size_t count, room;
	bool is_read, is_useless;
	struct contents *contents; /* opened when first needed */
	struct buf page, template;
};

static void free_copies(void *data)
{
	struct copies *s = data;

	contents_free(s->contents);
	buf_clear(&s->page);
	buf_clear(&s->template);
	free(s->items);
	free(s);
}

static int compare(const void *a, const void *b)
{
	const struct original *x = a, *y = b;
	int order = memcmp(x->sha256, y->sha256, sizeof(x->sha256));

	return order != 0 ? order : (x->name > y->name) - (x->name < y->name);
}

static struct original original_of(const struct sl_entry *e, struct sl_bytes path)
{
	struct sl_bytes name = facts_last_component(path);
	/* a name that collides is no harm: the digest is what is held against the image */
	struct original o = {.name = xxh3_seeded(name.data, name.len, 0)};

	memcpy(o.sha256, e->sha256, sizeof(o.sha256));
	return o;
}

/* ---- the image's files ---- */

static int remember(struct copies *s, const struct sl_entry *e, struct sl_error *err)
{
	if (!S_ISREG(e->mode) || e->size == 0 || (e->fields & SL_ENTRY_SHA256) == 0 ||
	    (facts_of_place(e->path, NULL) & FACT_ACCOUNT_FILE) != 0)
		return 0;
	if (s->count == FILES_MAX)
		return 1;
	if (s->count == s->room) {
		size_t room = s->room == 0 ? 1024 : s->room * 2;
		struct original *grown = reallocarray(s->items, room, sizeof(*grown));

		if (grown == NULL)
			return sl_fail(err, SL_ENOMEM, 0, "files of the image");
		s->items = grown;
		s->room = room;
	}
	s->items[s->count++] = original_of(e, e->path);
	return 0;
}

/* An image that cannot be read through, or is too large, calms nothing. */
static int read_image(struct copies *s, struct sl_error *err)
{
	CLEANUP(sl_error_clear) struct sl_error why = SL_ERROR_INIT;
	struct sl_source *before = NULL;
	const struct sl_entry *e;
	int rc = comparison_before(s->comparison, &before, &why);

	s->is_read = true;
	while (rc == 0) {
		rc = sl_source_next(before, &e, &why);
		if (rc != 0)
			break;
		rc = remember(s, e, &why);
		s->is_useless = rc == 1;
	}
	sl_source_close(before);
	if (rc == -SL_ENOMEM || rc == -SL_ECANCELLED)
		return sl_fail(err, -rc, why.sys, "%s", sl_error_text(&why));
	s->is_useless = s->is_useless || rc < 0;
	if (s->count > 0)
		qsort(s->items, s->count, sizeof(*s->items), compare);
	return 0;
}

/* ---- judging ---- */

/* What these say is said of code that came from somewhere; of a copy it is not known to be so. */
static bool is_about_origin(const char *rule)
{
	static const char *const rules[] = {
		"web-shell",       "server-script-new", "server-code-new",  "web-code-hidden",
		"program-new",     "temp-program",      "script-new",       "web-page",
		"shared-code-new", "server-override",   "library-code-new", "servlet-code",
	};

	for (size_t i = 0; i < ARRAY_SIZE(rules); i++)
		if (strcmp(rules[i], rule) == 0)
			return true;
	return false;
}

static bool is_candidate(const struct copies *s, const struct sl_finding *f,
			 const struct sl_change *c)
{
	const fact_set never = SL_SIGNAL_ELF | SL_SIGNAL_ARCHIVE | SL_SIGNAL_KEY |
			       SL_SIGNAL_SETUID | SL_SIGNAL_SETGID | SL_SIGNAL_CAPS | FACT_SETID |
			       SL_SIGNAL_WORLD_WRITABLE | FACT_WRITE_GAINED | FACT_ATTRIBUTES |
			       FACT_DECEPTIVE | FACT_ACCOUNT_FILE | SL_SIGNAL_UNDER_MOUNT |
			       SL_SIGNAL_OPAQUE | SL_SIGNAL_RENAMED | SL_SIGNAL_UNSTABLE |
			       SL_SIGNAL_VOLUME | SL_SIGNAL_PRELOAD | SL_SIGNAL_TRACED |
			       SL_SIGNAL_IN_PATH | FACT_IN_BIN | FACT_INCRIMINATES;
	const fact_set always = FACT_REGULAR | FACT_READ;
	fact_set facts;

	if (c == NULL || c->kind != SL_CHANGE_ADDED || f->severity == SL_SEVERITY_INFO ||
	    f->cause != SL_CAUSE_NONE || (c->after->fields & SL_ENTRY_SHA256) == 0 ||
	    !facts_is_at_start(c->after, s->comparison->container))
		return false;
	for (size_t i = 0; i < f->rule_count; i++)
		if (!is_about_origin(f->rules[i]) &&
		    /* of the tree that is copied, like .htaccess */
		    !(strcmp(f->rules[i], "hidden-name") == 0 && f->rule_count > 1))
			return false;
	facts = facts_of(c, s->comparison->container) | c->signals;
	return (facts & never) == 0 && (facts & always) == always;
}

/* ---- pages ---- */

static bool is_known(const struct copies *s, const uint8_t *sha256, struct sl_bytes path)
{
	struct sl_entry e = {0};
	struct original wanted;

	memcpy(e.sha256, sha256, sizeof(e.sha256));
	wanted = original_of(&e, path);
	return s->count > 0 &&
	       bsearch(&wanted, s->items, s->count, sizeof(*s->items), compare) != NULL;
}

/* What the container shows at @path now: 0, or 1 when that is no such page. */
static int read_page(struct copies *s, struct sl_bytes path, const uint8_t *sha256, struct buf *out,
		     struct sl_error *err)
{
	CLEANUP(sl_error_clear) struct sl_error why = SL_ERROR_INIT;
	int rc = s->contents == NULL ? contents_open(&s->contents, s->comparison, &why) : 0;

	buf_reset(out);
	if (rc == 0)
		rc = contents_read(s->contents, CONTENTS_AFTER, path, sha256, out, &why);
	if (rc == -SL_ENOMEM || rc == -SL_ECANCELLED)
		return sl_fail(err, -rc, why.sys, "%s", sl_error_text(&why));
	return rc < 0;
}

/* A file of the image, by bytes and name, and the page is that with values filled in. */
static int is_template(struct copies *s, struct sl_bytes path, bool *out, struct sl_error *err)
{
	uint8_t sha256[SL_SHA256_SIZE];
	int rc = read_page(s, path, NULL, &s->template, err);

	if (rc != 0)
		return rc < 0 ? rc : 0;
	rc = sha256_once(s->template.data, s->template.len, sha256, err);
	*out = rc == 0 && is_known(s, sha256, path) &&
	       phpsettings_filled_in((struct sl_bytes){s->template.data, s->template.len},
				     (struct sl_bytes){s->page.data, s->page.len});
	return rc;
}

/* Beside "config.php" lie "config-sample.php", "config.php.dist" and the like. */
static int find_template(struct copies *s, struct sl_bytes path, bool *out, struct sl_error *err)
{
	static const char *const words[] = {"docker", "sample", "dist", "default", "example"};
	const size_t stem = path.len - 4;
	int rc = 0;

	for (size_t i = 0; rc == 0 && !*out && i < 3 * ARRAY_SIZE(words); i++) {
		CLEANUP(buf_clear) struct buf name = BUF_INIT(1 << 20);

		(void)buf_append(&name, path.data, i % 3 < 2 ? stem : path.len);
		(void)buf_append_char(&name, "-.."[i % 3]);
		(void)buf_append_str(&name, words[i / 3]);
		if (i % 3 < 2)
			(void)buf_append_str(&name, ".php");
		if (name.status < 0)
			return sl_fail(err, SL_ENOMEM, 0, "templates");
		rc = is_template(s, (struct sl_bytes){name.data, name.len}, out, err);
	}
	return rc;
}

static bool may_be_settings(const struct sl_change *c)
{
	return c->after->size <= PAGE_BYTES && c->path.len > 4 &&
	       memcmp(c->path.data + c->path.len - 4, ".php", 4) == 0;
}

/* ---- */

static void calm(struct sl_finding *f, const char *rule, const char *reason)
{
	static const char *const attack[] = {"T1036"};

	f->severity = SL_SEVERITY_INFO;
	f->rule_count = f->attack_count = 0;
	naming_add(f, rule, reason, SL_SEVERITY_INFO, attack, ARRAY_SIZE(attack));
}

static int judge_page(struct copies *s, struct sl_finding *f, const struct sl_change *c,
		      struct sl_error *err)
{
	int rc = read_page(s, c->path, c->after->sha256, &s->page, err);
	bool is_filled = false;

	if (rc != 0)
		return rc < 0 ? rc : 0;
	if (phpsettings_only((struct sl_bytes){s->page.data, s->page.len})) {
		calm(f, "settings-at-start",
		     "a page of PHP that states values and does nothing, written while the "
		     "container started");
		return 0;
	}
	rc = find_template(s, c->path, &is_filled, err);
	if (is_filled)
		calm(f, "template-at-start",
		     "a page of the image with values filled in, written while the container "
		     "started");
	return rc;
}

static int judge(void *payload, struct sl_finding *f, struct sl_change *c, struct sl_error *err)
{
	struct copies *s = payload;
	int rc;

	if (!is_candidate(s, f, c))
		return 0;
	rc = s->is_read ? 0 : read_image(s, err);
	if (rc < 0 || s->is_useless || s->count == 0)
		return rc;
	if (!is_known(s, c->after->sha256, c->path))
		return may_be_settings(c) ? judge_page(s, f, c, err) : 0;
	calm(f, "copy-at-start",
	     "a copy of a file of the image, by bytes and name, made while the container started");
	/* its lines are the image's */
	f->notes.line_count = f->notes.lines_left_out = 0;
	return 0;
}

int meaning_copies(struct meaning *m, struct sl_error *err)
{
	enum sl_trust trust = sl_subject_trust(&m->comparison->subject);
	struct copies *s;
	int rc;

	if (m->comparison->container == NULL || m->comparison->subject.after != NULL ||
	    (trust != SL_TRUST_PROVEN && trust != SL_TRUST_SIGNED))
		return 0;
	s = calloc(1, sizeof(*s));
	if (s == NULL)
		return sl_fail(err, SL_ENOMEM, 0, "copies");
	s->comparison = m->comparison;
	s->page = s->template = BUF_INIT(PAGE_BYTES);
	rc = meaning_keep(m, s, free_copies, err);
	return rc < 0 ? rc : meaning_judge(m, (struct drift_step){judge, s}, err);
}
