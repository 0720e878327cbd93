/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What is risky about a container's settings by itself, whoever approved of them. What is unknown
 * is not judged.
 */
#ifndef DIFF_POSTURE_H
#define DIFF_POSTURE_H

#include <strandline/finding.h>
#include <strandline/settings.h>

struct posture_check {
	const char *id;      /* "posture-privileged" */
	const char *section; /* of the CIS Docker Benchmark 1.6, with its title */
	enum sl_setting about;
	enum sl_severity severity;
	const char *sentence; /* what it means */
	bool escapes;         /* a way to the machine: ATT&CK T1611 */
};

/* What a check found; texts borrowed for the call. */
struct posture_note {
	const struct posture_check *check;
	enum sl_severity severity; /* of this case */
	const char *found;         /* the value that is risky */
};

/* Call @note for everything that is; negative ends it and is returned. */
int posture_judge(const struct sl_settings *s,
		  int (*note)(void *payload, const struct posture_note *n, struct sl_error *err),
		  void *payload, struct sl_error *err);

/* Does this capability lead out of a container, or to the kernel? */
bool posture_is_dangerous(const char *capability);
/* Is this user root inside? Texts like "0", "root:root", "0:0". */
bool posture_is_root(const char *user);

#endif
