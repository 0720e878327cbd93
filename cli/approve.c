/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/approve.h"

#include <string.h>

#include "core/cleanup.h"

const char *const approve_kinds[] = {"auto", "name", "pod", "image", NULL};

const enum approval_kind *approve_kind(unsigned int as)
{
	static const enum approval_kind kinds[] = {APPROVAL_NAME, APPROVAL_POD, APPROVAL_IMAGE};

	return as > 0 && as <= ARRAY_SIZE(kinds) ? &kinds[as - 1] : NULL;
}

void approve_members(struct jout *j, const struct approval *a)
{
	jout_key_str(j, "kind", approval_kind_name(a->kind));
	jout_key_str(j, "key", a->key);
	jout_key_str(j, "by", a->by);
	jout_key_str(j, "reason", a->reason);
	jout_key_time(j, "at", a->at);
	jout_key(j, "settings");
	jout_raw(j, a->profile, strlen(a->profile));
}
