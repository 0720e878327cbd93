/* SPDX-License-Identifier: Apache-2.0 */
/**
 * @file finding.h
 * A change, process, configuration or layer that someone should look at, with its reasons.
 */
#ifndef SL_FINDING_H
#define SL_FINDING_H

#include <strandline/change.h>

enum sl_finding_kind {
	SL_FINDING_FILE,
	SL_FINDING_PROCESS,
	SL_FINDING_CONFIG,
	SL_FINDING_POSTURE,
	SL_FINDING_LAYER,
	SL_FINDING_ORPHAN,
};

enum sl_severity {
	SL_SEVERITY_INFO,
	SL_SEVERITY_LOW,
	SL_SEVERITY_MEDIUM,
	SL_SEVERITY_HIGH,
	SL_SEVERITY_CRITICAL,
};

/** Why a change is benign. */
enum sl_cause {
	SL_CAUSE_NONE,
	SL_CAUSE_ENGINE, /**< a stub that the engine or runtime makes */
	SL_CAUSE_RULE,   /**< a shipped benign rule */
	SL_CAUSE_POLICY, /**< the operator expects it */
};

#define SL_FINDING_MAX_RULES 16

/** Borrowed, like the change inside it. */
struct sl_finding {
	enum sl_finding_kind kind;
	uint8_t id[SL_SHA256_SIZE]; /**< stable: see sl_finding_identify() */
	enum sl_severity severity;
	const struct sl_change *change;            /**< kind file; else NULL */
	struct sl_bytes subject;                   /**< kind other than file: what it is about */
	const char *message;                       /**< one sentence for people, or NULL */
	const char *rules[SL_FINDING_MAX_RULES];   /**< ids of the rules that named it */
	const char *reasons[SL_FINDING_MAX_RULES]; /**< one sentence each, in the same order */
	size_t rule_count;
	const char *attack[SL_FINDING_MAX_RULES]; /**< ATT&CK technique ids, sorted, unique */
	size_t attack_count;
	enum sl_cause cause;    /**< none: it counts */
	const char *cause_name; /**< which stub, rule or policy; NULL when none */
};

/**
 * Work out the stable id: SHA-256 over the length-prefixed fields container name (or pod), image
 * id, kind, path or subject, change and after-digest, so that the same drift has the same id in
 * every run. A deleted or unread after-side contributes an empty field.
 */
SL_API int sl_finding_identify(struct sl_finding *f, struct sl_bytes container_name,
			       const uint8_t image_id[SL_SHA256_SIZE], struct sl_error *err);

SL_API const char *sl_finding_kind_name(enum sl_finding_kind kind);
SL_API const char *sl_severity_name(enum sl_severity severity);
SL_API const char *sl_cause_name(enum sl_cause cause);

/** Parse a severity word. @return 0, or -SL_EINVAL */
SL_API int sl_severity_parse(const char *word, enum sl_severity *out);

#endif
