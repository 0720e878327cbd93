/* SPDX-License-Identifier: Apache-2.0 */
#include "diff/rules.h"

#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "diff/benign.h"
#include "diff/glob.h"
#include "diff/naming.h"

/* ---- making ready ---- */

static int by_weight(const void *a, const void *b)
{
	const struct rule *x = *(const struct rule *const *)a, *y = *(const struct rule *const *)b;

	if (x->severity != y->severity)
		return x->severity < y->severity ? 1 : -1;
	if (x->effect != y->effect) /* of what is benign, what explains goes first */
		return x->effect < y->effect ? -1 : 1;
	return strcmp(x->id, y->id);
}

static bool has_id(const struct rule *rules, size_t count, const char *id)
{
	for (size_t i = 0; i < count; i++)
		if (strcmp(rules[i].id, id) == 0)
			return true;
	return false;
}

static int index_globs(struct globset *set, const char *const *globs, size_t at,
		       globset_bits without, struct sl_error *err)
{
	int rc = 0;

	if (globs == NULL)
		globset_set(without, at);
	for (; rc == 0 && globs != NULL && *globs != NULL; globs++)
		rc = globset_add(set, *globs, at, err);
	return rc;
}

static int index_rules(struct ruleset *set, struct sl_error *err)
{
	int rc = 0;

	for (size_t i = 0; rc == 0 && i < set->count; i++) {
		const struct rule *r = set->rules[i];

		for (unsigned int kind = 0; kind < SL_CHANGE_KINDS; kind++)
			if ((r->kinds & 1u << kind) != 0)
				globset_set(set->by_kind[kind], i);
		rc = index_globs(&set->paths, r->paths, i, set->any_path, err);
		if (rc == 0)
			rc = index_globs(&set->names, r->names, i, set->any_name, err);
	}
	globset_ready(&set->paths);
	globset_ready(&set->names);
	return rc;
}

int ruleset_init(struct ruleset *out, const struct rule *first, size_t first_count,
		 const struct rule *second, size_t second_count, struct sl_error *err)
{
	int rc;

	*out = (struct ruleset){0};
	out->rules = calloc(first_count + second_count + 1, sizeof(*out->rules));
	if (out->rules == NULL)
		return sl_fail(err, SL_ENOMEM, 0, "rules");
	for (size_t i = 0; i < first_count; i++) {
		if (has_id(second, second_count, first[i].id))
			out->replaced++;
		else
			out->rules[out->count++] = &first[i];
	}
	for (size_t i = 0; i < second_count; i++)
		out->rules[out->count++] = &second[i];
	if (out->count > GLOBSET_MAX)
		rc = sl_fail(err, SL_ELIMIT, 0, "more than %d rules", GLOBSET_MAX);
	else
		rc = 0;
	qsort(out->rules, out->count, sizeof(*out->rules), by_weight);
	if (rc == 0)
		rc = index_rules(out, err);
	if (rc < 0)
		ruleset_clear(out);
	return rc;
}

void ruleset_clear(struct ruleset *set)
{
	free(set->rules);
	globset_clear(&set->paths);
	globset_clear(&set->names);
	*set = (struct ruleset){0};
}

/* ---- matching ---- */

static bool matches_any(const char *const *globs, struct sl_bytes text)
{
	for (; *globs != NULL; globs++)
		if (glob_match(*globs, strlen(*globs), text.data, text.len))
			return true;
	return false;
}

static fact_set type_fact(uint32_t mode)
{
	switch (mode & S_IFMT) {
	case S_IFREG:
		return FACT_REGULAR;
	case S_IFDIR:
		return FACT_DIRECTORY;
	case S_IFSOCK:
		return FACT_SOCKET;
	case S_IFIFO:
		return FACT_FIFO;
	case S_IFLNK:
		return FACT_LINK;
	default:
		return 0;
	}
}

static bool has_shape(const struct rule *r, const struct sl_change *c)
{
	const struct sl_entry *e = c->after != NULL ? c->after : c->before;

	if (r->types == 0 && !r->has_size_max && r->owner == RULE_OWNER_ANY)
		return true;
	if (e == NULL || (r->types != 0 && (r->types & type_fact(e->mode)) == 0))
		return false;
	if (r->has_size_max && S_ISREG(e->mode) && e->size > r->size_max)
		return false;
	return r->owner == RULE_OWNER_ANY || (r->owner == RULE_OWNER_ROOT) == (e->uid == 0);
}

static bool has_content(const struct rule *r, const struct sl_change *c, fact_set facts)
{
	return r->content == 0 ||
	       (facts & (FACT_REGULAR | FACT_FILLED)) != (FACT_REGULAR | FACT_FILLED) ||
	       c->after == NULL || (facts & r->content) != 0;
}

/* What the patterns do not say: they matched already, but for those of @except. */
static bool holds(const struct rule *r, const struct sl_change *c, fact_set facts)
{
	if ((r->any != 0 && (facts & r->any) == 0) || (facts & r->all) != r->all ||
	    (facts & r->none) != 0 || !has_shape(r, c) || !has_content(r, c, facts))
		return false;
	return r->except == NULL || !matches_any(r->except, c->path);
}

static void name(struct sl_finding *f, const struct rule *r)
{
	naming_add(f, r->id, r->reason, r->severity, r->attack, RULE_ATTACK_MAX);
}

static void excuse(struct sl_finding *f, const struct rule *r)
{
	f->severity = SL_SEVERITY_INFO;
	name(f, r);
	if (r->effect == RULE_EXPLAINS) {
		f->cause = SL_CAUSE_RULE;
		f->cause_name = r->id;
	}
}

void rules_apply(const struct ruleset *set, struct sl_finding *f, const struct sl_change *c,
		 fact_set facts)
{
	const struct rule *benign = NULL;
	globset_bits paths, names;

	memcpy(paths, set->any_path, sizeof(paths));
	memcpy(names, set->any_name, sizeof(names));
	globset_match(&set->paths, c->path, paths);
	globset_match(&set->names, facts_last_component(c->path), names);
	for (size_t word = 0; word * 64 < set->count; word++) {
		uint64_t left = set->by_kind[c->kind][word] & paths[word] & names[word];

		for (; left != 0; left &= left - 1) {
			const struct rule *r =
				set->rules[word * 64 + (size_t)__builtin_ctzll(left)];

			if (!holds(r, c, facts))
				continue;
			if (r->effect == RULE_RAISES)
				name(f, r);
			else if (benign == NULL && benign_allows(r, c, facts))
				benign = r;
		}
	}
	/* a benign rule speaks only where no other does */
	if (benign != NULL && f->rule_count == 0)
		excuse(f, benign);
}
