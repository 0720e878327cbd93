/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One comparison from end to end: merge walk, spool, enrichers, sink.
 */
#ifndef DIFF_DRIFT_H
#define DIFF_DRIFT_H

#include <signal.h>

#include <strandline/sink.h>

/* Where the before side of a path lies on disk, when it does. */
struct drift_disk {
	const struct sl_stack *stack; /* lowers, top first; sl_entry.layer indexes them */
	bool proven;                  /* the layers on disk were checked: their times may be used */
};

/*
 * Something else that is known about findings, asked for each. Marks come before the rules, add to
 * the change's signals and to the finding's notes, and are not asked about other kinds than file.
 * Judges come last, in order, and may explain what is not explained yet. What a step lends must
 * live until it is asked again.
 */
struct drift_step {
	/* @c: the change of @f, to add signals to; NULL for other kinds than file */
	int (*apply)(void *payload, struct sl_finding *f, struct sl_change *c,
		     struct sl_error *err);
	void *payload;
	bool in_volumes; /* a mark: also what has no baseline, whose bytes lie elsewhere */
	/* A mark: what it was to look at for the finding and could not, one after the other; NULL:
	 * nothing more. May be NULL. */
	const struct sl_gap *(*gap)(void *payload);
};

/* What reading a file gave. */
struct drift_digests {
	uint8_t sha256[SL_SHA256_SIZE];
	uint8_t head[16], head_len;
	uint64_t signals;
};

/*
 * What earlier comparisons read of the container's files. All calls come on the thread of the
 * caller. What is found is used in place of the file's bytes, and said to be.
 */
struct drift_cache {
	/* Was it left alone for long enough to be remembered by its times? */
	bool (*is_settled)(void *payload, const struct sl_entry *e);
	/* The digests of this very file with this size and these times. */
	bool (*find)(void *payload, const struct sl_file_id *id, const struct sl_entry *e,
		     struct drift_digests *out);
	/* It was read, nobody could write to it when that began, and it held still. */
	void (*keep)(void *payload, const struct sl_file_id *id, const struct sl_entry *e,
		     const struct drift_digests *d);
	void *payload;
};

struct walk_sink;

/*
 * What else is to be told, after what was compared: findings with SL_SIGNAL_VOLUME, in any number.
 * They are judged like what was added. @out: what was scanned belongs there.
 */
struct drift_more {
	int (*walk)(void *payload, const struct walk_sink *sink, struct sl_summary *out,
		    struct sl_error *err); /* NULL: nothing */
	void *payload;
};

/* By default: some ten seconds of SHA-256. */
#define DRIFT_MAX_HOLES ((uint64_t)16 << 30)

struct drift_options {
	unsigned int jobs; /* hashing threads; 0: none beside the caller */
	bool quick;        /* compare contents by size and XXH3 only */
	/* Bytes of holes that are hashed, in all; files with more are gaps. 0: the default */
	uint64_t max_holes;
	bool show_touched;
	const struct drift_cache *cache; /* NULL: everything is read */
	unsigned int max_seconds;        /* then the rest is a gap; 0: however long it takes */
	uint64_t max_bytes;              /* of contents; files beyond are gaps; 0: all there is */
	bool count_posture;              /* by severity, so that it is in the exit status */
	/* Set by a signal handler: stop, with a gap that says so. May be NULL. */
	const volatile sig_atomic_t *stop;
	/* Names that vanished while walking, asked at the end. May be NULL. */
	uint64_t (*raced)(void *payload);
	void *raced_payload;
	/* All has been read: what must not wait for the end of the run. 1: @gap is to be told. May
	 * be NULL. */
	int (*finish)(void *payload, struct sl_summary *summary, struct sl_gap *gap);
	void *finish_payload;
};

struct ruleset;

struct drift_input {
	struct sl_source *before; /* the image's merged view, init layer included; borrowed */
	struct sl_source *after;  /* the container; sparse or complete; borrowed */
	const struct sl_subject *subject;
	struct drift_disk disk;
	/* Gaps known beforehand (unsupported dialect, unreadable stack). */
	const struct sl_gap *gaps;
	size_t gap_count;
	/* Findings known beforehand: of layers, processes, settings. */
	const struct sl_finding *findings;
	size_t finding_count;
	const struct ruleset *rules; /* NULL: the default ones */
	const struct drift_step *marks, *judges;
	size_t mark_count, judge_count;
	struct drift_more more;
};

/*
 * Compare and report: sink->container, findings and gaps in path order, sink->container_end.
 * Unexplained findings count by kind and severity; explained ones in `explained` only.
 * @return 0 with @out filled; negative when no statement could be made
 */
int drift_run(const struct drift_input *input, const struct drift_options *options,
	      struct sl_sink *sink, struct sl_summary *out, struct sl_error *err);

#endif
