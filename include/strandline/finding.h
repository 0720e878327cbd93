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

/** A line of a text file that came or went. Evidence bytes; what is secret in it is masked. */
struct sl_line {
	char sign;       /**< '+' or '-' */
	uint32_t number; /**< from 1; of the text after for '+', of the text before for '-' */
	struct sl_bytes text;
};

/** What a package database says of a file. Its owner may have written it: it explains nothing. */
struct sl_package {
	const char *manager; /**< "dpkg", "apk" or "rpm" */
	struct sl_bytes name, version;
	bool is_in_image;  /**< the image's own database says all of this, not the container's */
	bool has_digest;   /**< it records one, and the file was held against it */
	bool digest_equal; /**< and has it */
};

/** What is known of a file or subject beyond the change itself. Borrowed; 0 and NULL: nothing. */
struct sl_notes {
	const struct sl_line *lines;
	size_t line_count;
	uint64_t lines_left_out; /**< past the bound */
	const struct sl_package *package;
	int64_t pid;             /**< the process that is found, or that runs or maps the file */
	struct sl_bytes process; /**< its command line, arguments separated by blanks */
	const char *setting;     /**< kind config and posture: which */
	const char *expected, *found; /**< its approved and its present value */
	const char *const *yara;      /**< names of the rules that match */
	size_t yara_count;
	const char *listed_as;           /**< what the list of digests calls it */
	const char *ack_by, *ack_reason; /**< acknowledged: by whom and why */
	bool has_ack_until;
	struct sl_time ack_until;
	bool is_seen; /**< the last run of this container found it, too */
};

/** Borrowed, like the change inside it. */
struct sl_finding {
	enum sl_finding_kind kind;
	uint8_t id[SL_SHA256_SIZE]; /**< stable: see sl_finding_identify() */
	enum sl_severity severity;
	const struct sl_change *change;            /**< kind file; else NULL */
	struct sl_bytes subject;                   /**< kind other than file: what it is about */
	uint64_t signals;                          /**< kind other than file: enum sl_signal */
	const char *message;                       /**< one sentence for people, or NULL */
	const char *rules[SL_FINDING_MAX_RULES];   /**< ids of the rules that named it */
	const char *reasons[SL_FINDING_MAX_RULES]; /**< one sentence each, in the same order */
	size_t rule_count;
	const char *attack[SL_FINDING_MAX_RULES]; /**< ATT&CK technique ids, sorted, unique */
	size_t attack_count;
	enum sl_cause cause;                 /**< none: it counts */
	const char *cause_name;              /**< which stub, rule or policy; NULL when none */
	const char *cause_by, *cause_reason; /**< of a policy: who approved it, and why */
	struct sl_notes notes;
};

/**
 * Work out the stable id: SHA-256 over the length-prefixed fields container name (or pod), image
 * id, kind, path or subject, change and after-digest, so that the same drift has the same id in
 * every run. A deleted or unread after-side contributes an empty field; a setting, the digest of
 * the value found.
 */
SL_API int sl_finding_identify(struct sl_finding *f, struct sl_bytes container_name,
			       const uint8_t image_id[SL_SHA256_SIZE], struct sl_error *err);

SL_API const char *sl_finding_kind_name(enum sl_finding_kind kind);
SL_API const char *sl_severity_name(enum sl_severity severity);
SL_API const char *sl_cause_name(enum sl_cause cause);

/** Parse a severity word. @return 0, or -SL_EINVAL */
SL_API int sl_severity_parse(const char *word, enum sl_severity *out);

#endif
