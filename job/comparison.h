/* SPDX-License-Identifier: Apache-2.0 */
/* What a container is compared with: the best baseline there is, and how far it can be trusted. */
#ifndef JOB_COMPARISON_H
#define JOB_COMPARISON_H

#include <strandline/finding.h>

#include "diff/drift.h"
#include "job/job.h"
#include "job/layerfindings.h"

struct comparison {
	const struct sl_container *container; /* borrowed */
	struct sl_image *image;               /* NULL when the store has none */
	struct sl_baselines *baselines;       /* NULL when only the directories are left */
	bool stack_fits; /* the lower directories are the image's layers, one for one */
	enum sl_trust trust;
	enum sl_anchor anchor; /* as it was stored with the baseline */
	char *signer;
	bool digest_verified; /* digest names a manifest that was proven when indexing */
	uint8_t digest[SL_SHA256_SIZE];
	bool has_checked_at;
	struct sl_time checked_at;
	char *contradiction;         /* the source contradicts its own digests: what and which */
	char *unproven;              /* why the baseline is no better than it is, or NULL */
	struct layerfindings layers; /* what is known about the layers on disk */
	struct sl_subject subject;
};

struct comparison_options {
	bool no_index;
	bool must_prove; /* there are no lower directories to fall back on */
	/* why the store's record of the image was refused: it contradicts its digest; or NULL */
	const char *contradiction;
	/* What a check of the layers found just now, or NULL: then the last one counts. Emptied. */
	struct layerfindings *checked;
	struct sl_baselines **baselines; /* the database, when it is open already. Emptied */
};

/*
 * Find or make the baseline. Takes over @image (may be NULL), also on failure; borrows @container.
 * Layers that contradict their digests, or cannot be proven, leave the lower directories as found:
 * that is said, not failed, unless there are none. Close with comparison_close().
 */
int comparison_open(struct comparison *out, const struct job *job,
		    const struct sl_container *container, struct sl_image *image,
		    const struct comparison_options *options, struct sl_error *err);
void comparison_close(struct comparison *c);

/* A fresh view of the before side, engine's init layer included. */
int comparison_before(const struct comparison *c, struct sl_source **out, struct sl_error *err);

/*
 * What the container shows, of its writable directory as a source (@upper, taken over, also on
 * failure): that itself when it is a whole tree, else what it makes of the before side.
 */
int comparison_after(struct comparison *c, struct sl_source *upper, struct sl_source **out,
		     struct sl_error *err);

struct meaning;

/* Compare with @after (borrowed; closed by the caller) and report what it means. */
int comparison_run(struct comparison *c, struct sl_source *after, const struct meaning *meaning,
		   const struct drift_options *options, struct sl_sink *sink,
		   struct sl_summary *out, struct sl_error *err);

#endif
