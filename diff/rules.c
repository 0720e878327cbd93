/* SPDX-License-Identifier: Apache-2.0 */
#include "diff/rules.h"

#include <string.h>

#include "diff/glob.h"

static bool matches_any(const char *const *globs, struct sl_bytes text)
{
	for (; *globs != NULL; globs++)
		if (glob_match(*globs, strlen(*globs), text.data, text.len))
			return true;
	return false;
}

static struct sl_bytes last_component(struct sl_bytes path)
{
	const char *slash = memrchr(path.data, '/', path.len);

	if (slash == NULL)
		return path;
	return (struct sl_bytes){slash + 1, (size_t)(path.data + path.len - slash - 1)};
}

bool rule_matches(const struct rule *r, const struct sl_change *c, uint64_t facts)
{
	if ((r->kinds & 1u << c->kind) == 0)
		return false;
	if ((r->any != 0 && (facts & r->any) == 0) || (facts & r->all) != r->all ||
	    (facts & r->none) != 0)
		return false;
	if (r->paths != NULL && !matches_any(r->paths, c->path))
		return false;
	if (r->names != NULL && !matches_any(r->names, last_component(c->path)))
		return false;
	return r->except == NULL || !matches_any(r->except, c->path);
}

/* Insert in order, once. */
static void add_attack(struct sl_finding *f, const char *id)
{
	size_t at = 0;

	while (at < f->attack_count && strcmp(f->attack[at], id) < 0)
		at++;
	if (at < f->attack_count && strcmp(f->attack[at], id) == 0)
		return;
	if (f->attack_count == SL_FINDING_MAX_RULES)
		return;
	memmove(&f->attack[at + 1], &f->attack[at], (f->attack_count - at) * sizeof(f->attack[0]));
	f->attack[at] = id;
	f->attack_count++;
}

void rules_apply(struct sl_finding *f, const struct sl_change *c, uint64_t facts)
{
	for (size_t i = 0; i < rules_count; i++) {
		const struct rule *r = &rules_table[i];

		if (!rule_matches(r, c, facts))
			continue;
		if (r->severity > f->severity)
			f->severity = r->severity;
		if (f->rule_count == SL_FINDING_MAX_RULES)
			continue;
		f->rules[f->rule_count] = r->id;
		f->reasons[f->rule_count] = r->reason;
		f->rule_count++;
		for (size_t t = 0; t < RULE_ATTACK_MAX && r->attack[t] != NULL; t++)
			add_attack(f, r->attack[t]);
	}
}
