/* SPDX-License-Identifier: Apache-2.0 */
/* What a process can be found for, in the words of a finding. Ids are part of the document. */
#ifndef JOB_PROCRULES_H
#define JOB_PROCRULES_H

#include <strandline/finding.h>

enum procrule_id {
	PROCRULE_RUNNING_UPPER,
	PROCRULE_RUNNING_DELETED,
	PROCRULE_RUNNING_MEMORY,
	PROCRULE_RUNNING_TMPFS,
	PROCRULE_RUNNING_MOUNT,
	PROCRULE_RUNNING_READONLY,
	PROCRULE_RUNNING_NESTED,
	PROCRULE_RUNNING_OUTSIDE,
	PROCRULE_SCRIPT_UPPER,
	PROCRULE_SCRIPT_DELETED,
	PROCRULE_SCRIPT_TMPFS,
	PROCRULE_SCRIPT_MOUNT,
	PROCRULE_SCRIPT_READONLY,
	PROCRULE_MAPPED_DELETED,
	PROCRULE_MAPPED_MEMORY,
	PROCRULE_MAPPED_TMPFS,
	PROCRULE_MAPPED_MOUNT,
	PROCRULE_MAPPED_OUTSIDE,
	PROCRULE_MAPPED_DATA,
	PROCRULE_PRELOAD,
	PROCRULE_PRELOAD_KNOWN,
	PROCRULE_TRACED,
	PROCRULE_TRACED_OUTSIDE,
	PROCRULE_FOREIGN,
	PROCRULE_ENTERED,
	PROCRULE_COVERED,
	PROCRULE_NETWORK_SHELL,
	PROCRULE_KERNEL_NAME,
	PROCRULES
};

#define PROCRULE_ATTACK_MAX 2

struct procrule {
	const char *id;
	enum sl_severity severity;
	uint64_t signals;                        /* of the finding */
	const char *attack[PROCRULE_ATTACK_MAX]; /* sorted */
	const char *reason;                      /* one sentence */
};

const struct procrule *procrule(enum procrule_id id);

/* Has a process the name of a thread of the kernel? Either may be NULL. */
bool procrule_is_kernel_name(const char *name, const char *command);

#endif
