/* SPDX-License-Identifier: Apache-2.0 */
#include <strandline/finding.h>

#include <string.h>

#include "core/cleanup.h"

static const char *const kind_names[] = {
	[SL_FINDING_FILE] = "file",     [SL_FINDING_PROCESS] = "process",
	[SL_FINDING_CONFIG] = "config", [SL_FINDING_POSTURE] = "posture",
	[SL_FINDING_LAYER] = "layer",   [SL_FINDING_ORPHAN] = "orphan",
};

static const char *const severity_names[] = {
	[SL_SEVERITY_INFO] = "info",         [SL_SEVERITY_LOW] = "low",
	[SL_SEVERITY_MEDIUM] = "medium",     [SL_SEVERITY_HIGH] = "high",
	[SL_SEVERITY_CRITICAL] = "critical",
};

static const char *const cause_names[] = {
	[SL_CAUSE_NONE] = "none",
	[SL_CAUSE_ENGINE] = "engine",
	[SL_CAUSE_RULE] = "rule",
	[SL_CAUSE_POLICY] = "policy",
};

const char *sl_finding_kind_name(enum sl_finding_kind kind)
{
	return (size_t)kind < ARRAY_SIZE(kind_names) ? kind_names[kind] : "unknown";
}

const char *sl_severity_name(enum sl_severity severity)
{
	return (size_t)severity < ARRAY_SIZE(severity_names) ? severity_names[severity] : "unknown";
}

const char *sl_cause_name(enum sl_cause cause)
{
	return (size_t)cause < ARRAY_SIZE(cause_names) ? cause_names[cause] : "unknown";
}

int sl_severity_parse(const char *word, enum sl_severity *out)
{
	for (size_t i = 0; i < ARRAY_SIZE(severity_names); i++) {
		if (strcmp(word, severity_names[i]) == 0) {
			*out = (enum sl_severity)i;
			return 0;
		}
	}
	return -SL_EINVAL;
}
