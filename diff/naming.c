/* SPDX-License-Identifier: Apache-2.0 */
#include "diff/naming.h"

#include <string.h>

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

void naming_add(struct sl_finding *f, const char *id, const char *reason, enum sl_severity severity,
		const char *const *attack, size_t attack_max)
{
	if (severity > f->severity)
		f->severity = severity;
	if (f->rule_count == SL_FINDING_MAX_RULES)
		return;
	f->rules[f->rule_count] = id;
	f->reasons[f->rule_count] = reason;
	f->rule_count++;
	for (size_t i = 0; i < attack_max && attack[i] != NULL; i++)
		add_attack(f, attack[i]);
}
