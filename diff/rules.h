/* SPDX-License-Identifier: Apache-2.0 */
/* The compiled table of what a change means (diff/rules_table.c), and how it is matched. */
#ifndef DIFF_RULES_H
#define DIFF_RULES_H

#include <strandline/finding.h>

#include "diff/facts.h"

#define RULE_ATTACK_MAX 3

#define KIND(name) (1u << SL_CHANGE_##name)
/* New or other bytes at a path. */
#define KINDS_WRITTEN (KIND(ADDED) | KIND(MODIFIED) | KIND(TYPE))
#define KINDS_ALL (KINDS_WRITTEN | KIND(METADATA) | KIND(DELETED))

/* Conditions that are left out (0, NULL) always hold; a rule matches when all of them do. */
struct rule {
	const char *id;
	const char *attack[RULE_ATTACK_MAX]; /* ATT&CK technique ids, v18 */
	const char *reason;                  /* one sentence */
	enum sl_severity severity;
	uint32_t kinds;            /* set of KIND() */
	uint64_t any, all, none;   /* sets of signals and facts */
	const char *const *paths;  /* globs, NULL-terminated: one must match the path */
	const char *const *except; /* none may */
	const char *const *names;  /* globs: one must match the last component */
};

extern const struct rule rules_table[];
extern const size_t rules_count;

bool rule_matches(const struct rule *r, const struct sl_change *c, uint64_t facts);

/*
 * Add every rule that names the change to @f: ids, reasons, techniques (sorted, unique), and raise
 * its severity to the highest of them.
 */
void rules_apply(struct sl_finding *f, const struct sl_change *c, uint64_t facts);

/* /etc/passwd and its like: nothing benign is ever said about these. */
bool rules_is_account_file(struct sl_bytes path);

#endif
