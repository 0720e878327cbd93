/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a change means. The default rules are samples/rules/ in compiled form; diff/rules_load.h
 * reads others. Matching knows nothing of files.
 */
#ifndef DIFF_RULES_H
#define DIFF_RULES_H

#include <strandline/finding.h>

#include "diff/facts.h"
#include "diff/globset.h"

#define RULE_ATTACK_MAX 3

#define KIND(name) (1u << SL_CHANGE_##name)
/* New or other bytes at a path. */
#define KINDS_WRITTEN (KIND(ADDED) | KIND(MODIFIED) | KIND(TYPE))
#define KINDS_ALL (KINDS_WRITTEN | KIND(METADATA) | KIND(DELETED))

enum rule_effect {
	RULE_RAISES,   /* to its severity */
	RULE_EXPLAINS, /* benign: where diff/benign.h allows it */
	RULE_CALMS,    /* the same, but it stays a finding, of severity info */
};

enum rule_owner { RULE_OWNER_ANY, RULE_OWNER_ROOT, RULE_OWNER_SERVICE /* anyone but root */ };

/* Conditions that are left out (0, NULL) always hold; a rule matches when all of them do. */
struct rule {
	const char *id;
	const char *attack[RULE_ATTACK_MAX]; /* ATT&CK technique ids */
	const char *attack_version;          /* of ATT&CK, "18" */
	const char *reason;                  /* one sentence */
	const char *const *references;       /* NULL-terminated, or NULL */
	const char *file;                    /* where it was read from */
	unsigned int line;
	enum rule_effect effect;
	enum sl_severity severity;
	uint32_t kinds;            /* set of KIND() */
	fact_set any, all, none;   /* sets of signals and facts */
	const char *const *paths;  /* globs, NULL-terminated: one must match the path */
	const char *const *except; /* none may */
	const char *const *names;  /* globs: one must match the last component */
	/* the shape of what is there; of what was, when it is deleted */
	fact_set types;   /* facts, one of which must hold: FACT_REGULAR... */
	fact_set content; /* FACT_TEXT or FACT_NUMBER: of a file that is not empty */
	bool has_size_max;
	uint64_t size_max;
	enum rule_owner owner;
};

/* The default rules. */
extern const struct rule rules_table[];
extern const size_t rules_count;

/* Rules made ready to be matched: the most severe first, then by id. */
struct ruleset {
	const struct rule **rules; /* owned array of borrowed rules */
	size_t count;
	size_t replaced; /* rules of the second table whose id the first has */
	struct globset paths, names;
	globset_bits by_kind[SL_CHANGE_KINDS];
	globset_bits any_path, any_name; /* those that have no such condition */
};

/*
 * Of two tables; what is in the second replaces what has the same id in the first. Tables are
 * borrowed. -SL_ELIMIT when there are more than GLOBSET_MAX rules. Clear with ruleset_clear().
 */
int ruleset_init(struct ruleset *out, const struct rule *first, size_t first_count,
		 const struct rule *second, size_t second_count, struct sl_error *err);
void ruleset_clear(struct ruleset *set);

/*
 * Add every rule that names the change to @f: ids, reasons, techniques (sorted, unique), and raise
 * its severity to the highest of them. Where none does, a benign one may explain it.
 */
void rules_apply(const struct ruleset *set, struct sl_finding *f, const struct sl_change *c,
		 fact_set facts);

#endif
