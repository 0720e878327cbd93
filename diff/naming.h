/* SPDX-License-Identifier: Apache-2.0 */
/* A rule that names a finding. */
#ifndef DIFF_NAMING_H
#define DIFF_NAMING_H

#include <strandline/finding.h>

/*
 * Add a rule's id and reason, its techniques (up to a NULL or @attack_max; sorted, unique), and
 * raise the severity to its own. Borrows the texts. Rules beyond SL_FINDING_MAX_RULES raise only.
 */
void naming_add(struct sl_finding *f, const char *id, const char *reason, enum sl_severity severity,
		const char *const *attack, size_t attack_max);

#endif
