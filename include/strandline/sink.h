/* SPDX-License-Identifier: Apache-2.0 */
/**
 * @file sink.h
 * Where findings go: a table, a JSON document, a bundle, a test. One implementation a format.
 *
 * Calls come in this order: begin, then for each container: container, any number of finding and
 * gap in path order, container_end; at last end. close may come at any time.
 */
#ifndef SL_SINK_H
#define SL_SINK_H

#include <strandline/container.h>
#include <strandline/finding.h>

/** Who ran what, where and when. Strings borrowed for the length of the run. */
struct sl_run {
	const char *command; /**< "diff", "check"... */
	const char *tool_version;
	const char *host_name;
	const char *boot_id; /**< NULL for a dead disk */
	const char *kernel;  /**< release; NULL for a dead disk */
	const char *root;    /**< the examined root, "/" when live */
	/** What this kernel, or a filter around the program, has not, and was done another way. */
	const char *const *fallbacks;
	size_t fallback_count;
	struct sl_time started, finished; /**< finished is set at end only */
};

/** An image that something is compared with, and what is known of it. Borrowed. */
struct sl_subject_image {
	const char *ref; /**< what it was asked for as, or NULL */
	bool has_digest, has_id;
	uint8_t digest[SL_SHA256_SIZE]; /**< manifest */
	uint8_t id[SL_SHA256_SIZE];     /**< config */
	bool digest_verified;           /**< the manifest was read and hashed to digest */
	enum sl_anchor anchor;
	const char *signer; /**< with SL_ANCHOR_SIGNATURE: whose; harmless to print */
	enum sl_trust trust;
	bool has_checked_at;
	struct sl_time checked_at; /**< when its layers were last proven */
};

/** What is compared with what. Borrowed. */
struct sl_subject {
	const struct sl_container *container; /**< never NULL; name may be a path for --upper */
	struct sl_subject_image image;        /**< the baseline; its checks are of layers on disk */
	bool quick; /**< contents compared by size and XXH3 only: no equality claim */
	const char *const *compared; /**< roots compared, usually just "/" */
	size_t compared_count;
	/* not compared: the container's mounts */
	const struct sl_subject_image *after; /**< NULL, unless two images are compared */
	/** The lower directories were held against their layers: what stands for all of them. */
	bool has_last_check;
	bool is_check_asked; /**< by this run: then what is unproven or unread of it is so here */
	struct sl_time last_check_at;                       /**< of the one that is longest ago */
	const char *last_check_method, *last_check_verdict; /**< words of check.h; static */
};

/** Counts by change kind of the findings that are not explained, and the rest. */
struct sl_counts {
	uint64_t by_kind[SL_CHANGE_KINDS]; /**< touched stands at SL_CHANGE_TOUCHED */
	uint64_t by_severity[SL_SEVERITY_CRITICAL + 1];
	/** Of these: acknowledged, or found by the last run, too. */
	uint64_t known_by_severity[SL_SEVERITY_CRITICAL + 1];
	uint64_t other;   /**< findings that are not of kind file and not posture */
	uint64_t posture; /**< risky by themselves; in by_severity only where that was asked for */
	uint64_t explained;
	uint64_t raced; /**< vanished while walking: no gap */
	uint64_t gaps;
	uint64_t bytes_read;
	uint64_t cached;  /**< files that were not read: digests of an earlier run stand for them */
	uint64_t entries; /**< entries looked at in the container */
};

/** A mount that was looked through for programs, keys and what rules name: no comparison. */
struct sl_scanned {
	const char *path, *type; /**< of the mount, as in the container */
	uint64_t entries;        /**< looked at */
	uint64_t bytes;          /**< of contents that were read */
	uint64_t listed;         /**< told as findings; the rest is only counted */
	bool complete;           /**< no gap in it */
	uint64_t recent;         /**< changed since the container started; no directories */
};

/** How one container ended. */
struct sl_summary {
	const struct sl_subject *subject;
	struct sl_counts counts;
	bool complete;   /**< no gap: everything planned was read */
	bool was_frozen; /**< its processes stood still while it was read */
	struct sl_time frozen_at;
	uint64_t frozen_ns; /**< for how long */
	/** What was not looked for, and makes nothing incomplete: a sentence each. Static. */
	const char *const *notes;
	size_t note_count;
	const struct sl_scanned *scanned; /**< volumes, where that was asked for */
	size_t scanned_count;
};

/** Of what is compared, the side that can be trusted least: only it may say "equal". */
SL_API enum sl_trust sl_subject_trust(const struct sl_subject *subject);

struct sl_sink;

/** What a sink has no use for it leaves out. */
struct sl_sink_ops {
	int (*begin)(struct sl_sink *s, const struct sl_run *run, struct sl_error *err);
	int (*container)(struct sl_sink *s, const struct sl_subject *subject, struct sl_error *err);
	int (*finding)(struct sl_sink *s, const struct sl_finding *f, struct sl_error *err);
	int (*gap)(struct sl_sink *s, const struct sl_gap *gap, struct sl_error *err);
	int (*container_end)(struct sl_sink *s, const struct sl_summary *sum, struct sl_error *err);
	int (*end)(struct sl_sink *s, const struct sl_run *run, struct sl_error *err);
	void (*close)(struct sl_sink *s);
};

/** Implementations embed it as their first member. */
struct sl_sink {
	const struct sl_sink_ops *ops;
};

SL_API int sl_sink_begin(struct sl_sink *s, const struct sl_run *run, struct sl_error *err);
SL_API int sl_sink_container(struct sl_sink *s, const struct sl_subject *subject,
			     struct sl_error *err);
SL_API int sl_sink_finding(struct sl_sink *s, const struct sl_finding *f, struct sl_error *err);
SL_API int sl_sink_gap(struct sl_sink *s, const struct sl_gap *gap, struct sl_error *err);
SL_API int sl_sink_container_end(struct sl_sink *s, const struct sl_summary *sum,
				 struct sl_error *err);
SL_API int sl_sink_end(struct sl_sink *s, const struct sl_run *run, struct sl_error *err);
/** NULL is fine. */
SL_API void sl_sink_close(struct sl_sink *s);

#endif
