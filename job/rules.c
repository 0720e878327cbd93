/* SPDX-License-Identifier: Apache-2.0 */
#include "job/rules.h"

#include <stdlib.h>
#include <string.h>

#include "core/cleanup.h"
#include "diff/rules.h"
#include "diff/rules_load.h"

struct job_rules {
	struct rules_loaded loaded;
	struct ruleset set;
};

void job_rules_free(struct job_rules *r)
{
	if (r == NULL)
		return;
	ruleset_clear(&r->set);
	rules_loaded_clear(&r->loaded);
	free(r);
}

static void free_rules(struct job_rules **r)
{
	job_rules_free(*r);
}

static void say_which(const struct job *job, const struct rules_loaded *l)
{
	for (size_t i = 0; i < l->count; i++)
		for (size_t k = 0; k < rules_count; k++)
			if (strcmp(rules_table[k].id, l->items[i].id) == 0)
				job_say(job, "%s:%u: replaces the rule \"%s\"", l->items[i].file,
					l->items[i].line, l->items[i].id);
}

int job_rules_open(struct job_rules **out, const struct job *job, const char *const *dirs,
		   size_t count, bool say_replaced, struct sl_error *err)
{
	CLEANUP(free_rules) struct job_rules *r = calloc(1, sizeof(*r));
	int rc = 0;

	if (r == NULL)
		return sl_fail(err, SL_ENOMEM, 0, "rules");
	for (size_t i = 0; rc == 0 && i < count; i++)
		rc = rules_load_dir(&r->loaded, dirs[i], err);
	if (rc == 0)
		rc = ruleset_init(&r->set, rules_table, rules_count, r->loaded.items,
				  r->loaded.count, err);
	if (rc < 0)
		return rc;
	if (say_replaced)
		say_which(job, &r->loaded);
	*out = take_ptr(&r);
	return 0;
}

const struct ruleset *job_rules_set(const struct job_rules *r)
{
	return r != NULL ? &r->set : NULL;
}

size_t job_rules_count(const struct job_rules *r)
{
	return r->set.count;
}

int job_rules_list(const struct job_rules *r, struct buf *out, struct sl_error *err)
{
	static const char *const benign[] = {"", "explains", "info"};

	for (size_t i = 0; i < r->set.count; i++) {
		const struct rule *rule = r->set.rules[i];

		(void)buf_printf(out, "%-9s %-24s ",
				 rule->effect != RULE_RAISES ? benign[rule->effect]
							     : sl_severity_name(rule->severity),
				 rule->id);
		for (size_t t = 0; t < RULE_ATTACK_MAX && rule->attack[t] != NULL; t++)
			(void)buf_printf(out, "%s%s", t > 0 ? "," : "", rule->attack[t]);
		(void)buf_printf(out, "\t%s:%u\t%s\n", rule->file, rule->line, rule->reason);
	}
	return out->status < 0 ? sl_fail(err, SL_ENOMEM, 0, "list of rules") : 0;
}
