/* SPDX-License-Identifier: Apache-2.0 */
/* One rule of a policy: whom it is about, what it expects, and on whose word. */
#ifndef DIFF_POLICYRULE_H
#define DIFF_POLICYRULE_H

#include <strandline/finding.h>

#include "core/yaml.h"
#include "diff/policy.h"

#define POLICY_OWNERS_MAX 16

/* Texts of a list; owned. No list: anything. */
struct policy_globs {
	char **items;
	size_t count;
};

/* Owner after the change. */
struct policy_owner {
	uint32_t uid, gid;
	bool any_gid;
};

struct policyrule {
	char *file; /* where it stands */
	size_t line;
	char *name, *approved_by, *reason;
	struct policy_globs containers, pods, images; /* one of each that is given must match */
	struct policy_globs paths, except;            /* absolute; of kind file */
	struct policy_globs subjects;                 /* of the other kinds */
	uint32_t kinds;                               /* set of 1 << enum sl_finding_kind */
	uint32_t changes;                             /* set of 1 << enum sl_change_kind */
	struct policy_owner owners[POLICY_OWNERS_MAX];
	size_t owner_count;
	bool has_max_size;
	uint64_t max_size;
	uint32_t allow; /* set of enum policy_right */
	bool has_expiry;
	struct sl_time expiry;

	/* as it is asked */
	bool is_about, was_about, is_over;
	uint64_t explained;
};

/* Clear it also on failure. */
int policyrule_read(struct policyrule *out, const struct ynode *n, struct sl_error *err);
void policyrule_clear(struct policyrule *r);

bool policyrule_is_about(const struct policyrule *r, const struct policy_subject *s);
bool policyrule_expects(const struct policyrule *r, const struct sl_finding *f);
/* A pattern of paths or subjects is wildcards alone, and names nothing. */
bool policyrule_is_boundless(const struct policyrule *r);

#endif
