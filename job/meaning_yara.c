/* SPDX-License-Identifier: Apache-2.0 */
#include "job/meaning_yara.h"

#include <string.h>
#include <sys/stat.h>

#include "core/cleanup.h"
#include "core/root.h"
#include "job/contents.h"

/* A match in a volume, until its finding is told: they come in the order they were found. */
struct waiting {
	char *path; /* owned */
	size_t len;
	struct yara_matches matches;
	struct waiting *next;
};

struct yara_part {
	struct meaning *meaning;
	struct contents *contents; /* opened when it is first needed */
	bool no_contents;
	struct buf bytes;
	struct yara_matches matches; /* of the finding at hand */
	const char *names[YARASCAN_MATCHES_MAX];
	struct sl_gap gap; /* of the finding at hand */
	bool has_gap;
	struct waiting *first, **last;
	char **texts; /* of processes; owned */
	size_t text_count;
	struct owned_names {
		struct owned_names *next;
		const char *names[YARASCAN_MATCHES_MAX];
	} * process_names;
};

static void waiting_free(struct waiting *w)
{
	if (w != NULL)
		free(w->path);
	free(w);
}

static void part_free(void *data)
{
	struct yara_part *p = data;

	contents_free(p->contents);
	buf_clear(&p->bytes);
	while (p->first != NULL) {
		struct waiting *next = p->first->next;

		waiting_free(p->first);
		p->first = next;
	}
	while (p->process_names != NULL) {
		struct owned_names *next = p->process_names->next;

		free(p->process_names);
		p->process_names = next;
	}
	for (size_t i = 0; i < p->text_count; i++)
		free(p->texts[i]);
	free(p->texts);
	free(p);
}

/* ---- scanning ---- */

struct buf *yara_buffer(struct yara_part *p)
{
	buf_reset(&p->bytes);
	return &p->bytes;
}

int yara_find(struct yara_part *p, const struct buf *bytes, struct yara_matches *out,
	      const char **why, struct sl_error *err)
{
	CLEANUP(sl_error_clear) struct sl_error own = SL_ERROR_INIT;
	int rc = yarascan_bytes(p->meaning->request->yara, bytes->len > 0 ? bytes->data : "",
				bytes->len, YARA_SECONDS, out, &own);

	if (rc == -SL_ENOMEM)
		return sl_fail(err, SL_ENOMEM, 0, "YARA rules");
	if (rc < 0)
		*why = rc == -SL_ELIMIT ? "YARA rules take longer than 10 seconds on it"
					: "YARA rules cannot be applied to it";
	return 0;
}

/* As severe as the gravest of the rules says; a rule that says nothing is high. */
static enum sl_severity severity_of(const struct yara_matches *matches)
{
	enum sl_severity severity = SL_SEVERITY_INFO;

	for (size_t i = 0; i < matches->count; i++) {
		enum sl_severity one = SL_SEVERITY_HIGH;

		if (matches->items[i].severity != NULL &&
		    sl_severity_parse(matches->items[i].severity, &one) < 0)
			one = SL_SEVERITY_HIGH;
		severity = one > severity ? one : severity;
	}
	return severity;
}

static void name_rules(const char **names, const struct yara_matches *matches, struct sl_finding *f)
{
	for (size_t i = 0; i < matches->count; i++)
		names[i] = matches->items[i].rule;
	f->notes.yara = names;
	f->notes.yara_count = matches->count;
	if (f->severity < severity_of(matches))
		f->severity = severity_of(matches);
}

/* ---- files ---- */

void yara_remember(struct yara_part *p, struct sl_bytes path, const struct yara_matches *matches)
{
	struct waiting *w = calloc(1, sizeof(*w));

	if (w != NULL)
		w->path = strndup(path.data, path.len);
	/* the signal stands all the same; only the names are lost */
	if (w == NULL || w->path == NULL) {
		waiting_free(w);
		return;
	}
	w->len = path.len;
	w->matches = *matches;
	*p->last = w;
	p->last = &w->next;
}

/* What was found in a volume before. */
static void recall(struct yara_part *p, struct sl_bytes path)
{
	struct waiting *w = p->first;

	if (w == NULL || w->len != path.len || memcmp(w->path, path.data, path.len) != 0)
		return;
	p->matches = w->matches;
	p->first = w->next;
	if (p->first == NULL)
		p->last = &p->first;
	waiting_free(w);
}

static const char *why_unread(int rc)
{
	switch (-rc) {
	case SL_ELIMIT:
		return YARA_TOO_LARGE;
	case SL_EUNTRUSTED:
		return "has changed since it was compared: no YARA rule was applied";
	default:
		return "cannot be read again: no YARA rule was applied";
	}
}

static int open_contents(struct yara_part *p, struct sl_error *err)
{
	int rc = 0;

	if (p->contents == NULL && !p->no_contents) {
		rc = contents_open(&p->contents, p->meaning->comparison, NULL);
		p->no_contents = rc < 0;
	}
	return rc == -SL_ENOMEM ? sl_fail(err, SL_ENOMEM, 0, "YARA rules") : 0;
}

static int scan_changed(struct yara_part *p, const struct sl_change *c, struct sl_error *err)
{
	CLEANUP(sl_error_clear) struct sl_error own = SL_ERROR_INIT;
	const struct sl_entry *e = c->after;
	const char *why = NULL;
	int rc = open_contents(p, err);

	if (rc < 0)
		return rc;
	if (e->size > YARA_BYTES_MAX)
		rc = -SL_ELIMIT;
	else if (p->contents == NULL)
		rc = -SL_EIO;
	else
		rc = contents_read(p->contents, CONTENTS_AFTER, c->path,
				   (e->fields & SL_ENTRY_SHA256) != 0 ? e->sha256 : NULL,
				   yara_buffer(p), &own);
	if (rc == -SL_ENOMEM)
		return sl_fail(err, SL_ENOMEM, 0, "YARA rules");
	if (rc < 0)
		why = why_unread(rc);
	else
		rc = yara_find(p, &p->bytes, &p->matches, &why, err);
	p->has_gap = why != NULL;
	p->gap = (struct sl_gap){.what = c->path, .why = why, .sys = own.sys, .is_path = true};
	return why != NULL ? 0 : rc;
}

static int apply(void *payload, struct sl_finding *f, struct sl_change *c, struct sl_error *err)
{
	struct yara_part *p = payload;
	int rc = 0;

	p->has_gap = false;
	p->matches.count = 0;
	if ((c->signals & SL_SIGNAL_VOLUME) != 0)
		recall(p, c->path);
	else if (c->after != NULL && S_ISREG(c->after->mode) && c->after->size > 0 &&
		 (c->kind == SL_CHANGE_ADDED || c->kind == SL_CHANGE_MODIFIED ||
		  c->kind == SL_CHANGE_TYPE))
		rc = scan_changed(p, c, err);
	if (rc < 0 || p->matches.count == 0)
		return rc;
	c->signals |= SL_SIGNAL_YARA;
	name_rules(p->names, &p->matches, f);
	return 0;
}

static const struct sl_gap *next_gap(void *payload)
{
	struct yara_part *p = payload;

	if (!p->has_gap)
		return NULL;
	p->has_gap = false;
	return &p->gap;
}

/* ---- programs that run ---- */

static const char *keep_text(struct yara_part *p, const char *text)
{
	char *copy = strdup(text);
	char **grown =
		copy != NULL ? reallocarray(p->texts, p->text_count + 1, sizeof(*grown)) : NULL;

	if (grown == NULL) {
		free(copy);
		return NULL;
	}
	p->texts = grown;
	return grown[p->text_count++] = copy;
}

static int add_program(struct yara_part *p, const char *path, const struct sl_process *process,
		       const struct yara_matches *matches, struct sl_error *err)
{
	struct owned_names *names = calloc(1, sizeof(*names));
	struct sl_finding f = {.kind = SL_FINDING_PROCESS,
			       .signals = SL_SIGNAL_RUNNING | SL_SIGNAL_YARA,
			       .rules = {"yara-match"},
			       .reasons = {"a YARA rule matches the program that it runs"},
			       .rule_count = 1,
			       .attack = {"T1105"},
			       .attack_count = 1,
			       .notes.pid = process->pid};
	const char *subject = keep_text(p, path);

	if (names == NULL || subject == NULL) {
		free(names);
		return sl_fail(err, SL_ENOMEM, 0, "YARA rules");
	}
	names->next = p->process_names;
	p->process_names = names;
	f.subject = (struct sl_bytes){subject, strlen(subject)};
	if (process->command != NULL)
		f.notes.process = (struct sl_bytes){process->command, strlen(process->command)};
	name_rules(names->names, matches, &f);
	return meaning_finding(p->meaning, &f, err);
}

int yara_program(struct yara_part *p, int fd, const char *path, const struct sl_process *process,
		 struct sl_error *err)
{
	CLEANUP(sl_error_clear) struct sl_error own = SL_ERROR_INIT;
	struct yara_matches matches = {.count = 0};
	struct sl_gap gap = {0};
	const char *why = NULL;
	int rc = root_read_fd(fd, yara_buffer(p), &own);

	if (rc == -SL_ENOMEM)
		return sl_fail(err, SL_ENOMEM, 0, "YARA rules");
	if (rc < 0)
		why = why_unread(rc);
	else
		rc = yara_find(p, &p->bytes, &matches, &why, err);
	if (why != NULL) {
		gap.why = why;
		gap.sys = own.sys;
		gap.what.data = keep_text(p, path);
		if (gap.what.data == NULL)
			return sl_fail(err, SL_ENOMEM, 0, "YARA rules");
		gap.what.len = strlen(path);
		return meaning_gap(p->meaning, &gap, err);
	}
	return rc < 0 || matches.count == 0 ? rc : add_program(p, path, process, &matches, err);
}

int meaning_yara(struct meaning *m, struct sl_error *err)
{
	struct yara_part *p;
	int rc;

	if (m->request->yara == NULL)
		return 0;
	p = calloc(1, sizeof(*p));
	if (p == NULL)
		return sl_fail(err, SL_ENOMEM, 0, "YARA rules");
	p->meaning = m;
	p->bytes = BUF_INIT(YARA_BYTES_MAX);
	p->last = &p->first;
	rc = meaning_keep(m, p, part_free, err);
	if (rc < 0)
		return rc;
	m->yara = p;
	return meaning_mark(m, (struct drift_step){apply, p, .in_volumes = true, .gap = next_gap},
			    err);
}
