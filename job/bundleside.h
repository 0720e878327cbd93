/* SPDX-License-Identifier: Apache-2.0 */
/* One of two bundles that are compared: read once, and written down to be walked. */
#ifndef JOB_BUNDLESIDE_H
#define JOB_BUNDLESIDE_H

#include <strandline/source.h>

#include "forensics/bundletree.h"
#include "job/job.h"
#include "snapshot/recording.h"

struct bundleside {
	const char *file;      /* borrowed, like the next */
	const char *container; /* which one of it, where there are several; or NULL */
	const struct age_identities *identities; /* for encrypted bundles; or NULL */
	struct bundletree_target target;
	struct recording *captured; /* the writable layer */
	/* What findings say of the image: its object, or a whiteout where it has none. */
	struct recording *found;
	struct sl_gap *gaps; /* texts owned */
	size_t gap_count;
	/* while reading */
	struct sl_entry *last_captured, *last_found;
};

/*
 * Verify and read a bundle. What contradicts itself is -SL_EUNTRUSTED; what is only cut, or has
 * gaps of its own, brings gaps. Clear it also on failure.
 */
int bundleside_open(struct bundleside *out, const struct job *job, const char *file,
		    const char *container, const struct age_identities *identities,
		    struct sl_error *err);
void bundleside_clear(struct bundleside *s);

/*
 * What the image had at every path that either bundle says something about: by the findings, and,
 * of captured objects without one, themselves: they equal the image's.
 */
int bundleside_image(struct recording **out, const struct bundleside *a, const struct bundleside *b,
		     struct sl_error *err);

/* The tree as it was captured, as far as anything is known: the layer on that image. */
int bundleside_view(const struct bundleside *s, struct recording *image, struct sl_source **out,
		    struct sl_error *err);

#endif
