/* SPDX-License-Identifier: Apache-2.0 */
#include "diff/policy.h"

#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "core/buf.h"
#include "core/cleanup.h"
#include "core/clock.h"
#include "core/quote.h"
#include "diff/facts.h"
#include "diff/glob.h"
#include "diff/policyrule.h"

struct policy {
	struct policyrule *rules;
	size_t count, room;
};

int policy_new(struct policy **out, struct sl_error *err)
{
	*out = calloc(1, sizeof(**out));
	return *out == NULL ? sl_fail(err, SL_ENOMEM, 0, "policy") : 0;
}

void policy_free(struct policy *p)
{
	if (p == NULL)
		return;
	for (size_t i = 0; i < p->count; i++)
		policyrule_clear(&p->rules[i]);
	free(p->rules);
	free(p);
}

size_t policy_count(const struct policy *p)
{
	return p->count;
}

/* ---- reading ---- */

static int fail_twice(const struct policyrule *first, const struct ynode *n, struct sl_error *err)
{
	AUTO_FREE char *quoted = quote_short(first->name, strlen(first->name));

	return ynode_fail(n, err, "a rule named \"%s\" is there already, at %s:%zu",
			  quoted != NULL ? quoted : "?", first->file, first->line);
}

static int add_rule(struct policy *p, const struct ynode *n, struct sl_error *err)
{
	struct policyrule rule = {0};
	int rc = policyrule_read(&rule, n, err);

	for (size_t i = 0; rc == 0 && i < p->count; i++)
		if (strcmp(p->rules[i].name, rule.name) == 0)
			rc = fail_twice(&p->rules[i], n, err);
	if (rc == 0 && p->count == p->room) {
		size_t room = p->room == 0 ? 16 : p->room * 2;
		struct policyrule *grown = reallocarray(p->rules, room, sizeof(*grown));

		if (grown == NULL) {
			rc = sl_fail(err, SL_ENOMEM, 0, "policy");
		} else {
			p->rules = grown;
			p->room = room;
		}
	}
	if (rc < 0)
		policyrule_clear(&rule);
	else
		p->rules[p->count++] = rule;
	return rc;
}

int policy_add(struct policy *p, const struct ydoc *doc, struct sl_error *err)
{
	static const char *const known[] = {"version", "rules", NULL};
	const struct ynode *root = ydoc_root(doc), *rules;
	uint64_t version = 0;
	int rc = ynode_expect_map(root, known, err);

	if (rc == 0)
		rc = ynode_u64(root, "version", &version, err);
	if (rc > 0)
		return ynode_missing(root, "version", err);
	if (rc == 0 && version != 1)
		return ynode_fail(ynode_get(root, "version"), err,
				  "version %llu of policies is not known: this program knows 1",
				  (unsigned long long)version);
	rules = ynode_get(root, "rules");
	if (rc == 0 && rules == NULL)
		return ynode_missing(root, "rules", err);
	if (rc == 0 && ynode_kind(rules) != YNODE_LIST)
		return ynode_fail(rules, err, "rules should be a list");
	for (const struct ynode *n = rc == 0 ? ynode_first(rules) : NULL; rc == 0 && n != NULL;
	     n = ynode_next(n))
		rc = add_rule(p, n, err);
	return rc;
}

/* ---- asking ---- */

void policy_begin(struct policy *p, const struct policy_subject *subject, struct sl_time now)
{
	for (size_t i = 0; i < p->count; i++) {
		struct policyrule *r = &p->rules[i];

		r->is_about = policyrule_is_about(r, subject);
		r->was_about |= r->is_about;
		r->is_over = r->has_expiry && clock_compare(now, r->expiry) >= 0;
	}
}

static bool is_program(const struct sl_entry *e)
{
	return e != NULL && S_ISREG(e->mode) && (e->mode & 0111) != 0;
}

static bool is_device(const struct sl_entry *e)
{
	return e != NULL && (S_ISCHR(e->mode) || S_ISBLK(e->mode));
}

/* What runs, also where it needs no execute bit: servers and shells are told a name. */
#define PROGRAM_SIGNALS                                                                            \
	(SL_SIGNAL_ELF | SL_SIGNAL_SCRIPT | SL_SIGNAL_EXECUTABLE | SL_SIGNAL_SERVER_CODE |         \
	 SL_SIGNAL_SHELL_CODE | SL_SIGNAL_PROGRAM_INSIDE)

static uint32_t change_rights(const struct sl_change *c)
{
	const struct {
		bool needed;
		uint32_t right;
	} rights[] = {
		{(c->signals & PROGRAM_SIGNALS) != 0 || is_program(c->before) ||
			 is_program(c->after),
		 POLICY_PROGRAM},
		{(c->signals & (SL_SIGNAL_SETUID | SL_SIGNAL_SETGID)) != 0 ||
			 (c->after != NULL && S_ISREG(c->after->mode) &&
			  (c->after->mode & (S_ISUID | S_ISGID)) != 0),
		 POLICY_SETUID},
		{(c->signals & SL_SIGNAL_CAPS) != 0 ||
			 (c->after != NULL &&
			  sl_entry_xattr(c->after, "security.capability") != NULL),
		 POLICY_CAPABILITY},
		{(facts_of_place(c->path, NULL) & FACT_ACCOUNT_FILE) != 0, POLICY_ACCOUNT},
		{(c->signals & SL_SIGNAL_KEY) != 0, POLICY_KEY},
		{is_device(c->before) || is_device(c->after), POLICY_DEVICE},
		{(c->signals & (SL_SIGNAL_RUNNING | SL_SIGNAL_MAPPED)) != 0, POLICY_RUNNING},
		{(c->signals & (SL_SIGNAL_KNOWN_BAD | SL_SIGNAL_YARA)) != 0, POLICY_MATCHED},
	};
	uint32_t out = 0;

	for (size_t i = 0; i < ARRAY_SIZE(rights); i++)
		out |= rights[i].needed ? rights[i].right : 0;
	return out;
}

/* A process or a setting is expected by name: its kind is the word for it. */
uint32_t policy_rights(const struct sl_finding *f)
{
	uint32_t rights;

	if (f->change == NULL)
		return (f->signals & (SL_SIGNAL_KNOWN_BAD | SL_SIGNAL_YARA)) != 0 ? POLICY_MATCHED
										  : 0;
	rights = change_rights(f->change);
	return rights == 0 && f->severity >= SL_SEVERITY_HIGH ? (uint32_t)POLICY_SEVERE : rights;
}

bool policy_explain(struct policy *p, struct sl_finding *f)
{
	if (f->cause != SL_CAUSE_NONE ||
	    (f->change != NULL && f->change->kind == SL_CHANGE_TOUCHED))
		return false;
	for (size_t i = 0; i < p->count; i++) {
		struct policyrule *r = &p->rules[i];

		if (!r->is_about || r->is_over || !policyrule_expects(r, f))
			continue;
		r->explained++;
		f->cause = SL_CAUSE_POLICY;
		f->cause_name = r->name;
		f->cause_by = r->approved_by;
		f->cause_reason = r->reason;
		return true;
	}
	return false;
}

/* ---- what is wrong with it ---- */

static const char *flaw_of(const struct policyrule *r, struct sl_time now, bool has_run)
{
	if (r->has_expiry && clock_compare(now, r->expiry) >= 0)
		return "has expired, and explains nothing any more";
	if (has_run && !r->was_about)
		return "is about none of these containers";
	if (has_run && r->explained == 0)
		return "explained nothing";
	if (policyrule_is_boundless(r))
		return "expects anything anywhere: name directories";
	if (!r->has_expiry)
		return "never expires: give it a date, and look at it again then";
	return NULL;
}

struct tally {
	uint64_t explained;
	bool was_about;
};

void policy_forget_tally(struct policy *p)
{
	for (size_t i = 0; i < p->count; i++) {
		p->rules[i].was_about = false;
		p->rules[i].explained = 0;
	}
}

void policy_tally(const struct policy *p, struct buf *out)
{
	for (size_t i = 0; i < p->count; i++) {
		struct tally t = {p->rules[i].explained, p->rules[i].was_about};

		(void)buf_append(out, &t, sizeof(t));
	}
}

void policy_add_tally(struct policy *p, const void *bytes, size_t len)
{
	const char *at = bytes;

	for (size_t i = 0; i < p->count && len >= (i + 1) * sizeof(struct tally); i++) {
		struct tally t;

		memcpy(&t, at + i * sizeof(t), sizeof(t));
		p->rules[i].explained += t.explained;
		p->rules[i].was_about |= t.was_about;
	}
}

int policy_warn(const struct policy *p, struct sl_time now, bool has_run,
		int (*tell)(void *payload, const char *line), void *payload)
{
	int rc = 0;

	for (size_t i = 0; rc == 0 && i < p->count; i++) {
		CLEANUP(buf_clear) struct buf line = BUF_INIT(65536);
		const struct policyrule *r = &p->rules[i];
		const char *flaw = flaw_of(r, now, has_run);

		if (flaw == NULL)
			continue;
		(void)quote_bytes(&line, r->file, strlen(r->file));
		(void)buf_printf(&line, ":%zu: rule '", r->line);
		(void)quote_bytes(&line, r->name, strlen(r->name));
		(void)buf_printf(&line, "' %s", flaw);
		rc = line.status < 0 ? line.status : tell(payload, line.data);
	}
	return rc;
}
