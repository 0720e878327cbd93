/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a bundle says of a container's tree: its writable layer as captured, and, by the findings,
 * what the image had in place of what differs.
 */
#ifndef FORENSICS_BUNDLETREE_H
#define FORENSICS_BUNDLETREE_H

#include <strandline/bundle.h>
#include <strandline/container.h>
#include <strandline/entry.h>

#include "core/rfile.h"

/* Calls come in the bundle's order: captured entries in path order, then findings in path order. */
struct bundletree_events {
	/* An object of the writable layer, with its SHA-256 where it was read to its end. */
	int (*captured)(void *payload, const struct sl_entry *e, struct sl_error *err);
	/* A finding about @path; @before is NULL where the image has nothing. */
	int (*found)(void *payload, struct sl_bytes path, const struct sl_entry *before,
		     struct sl_error *err);
	int (*gap)(void *payload, const struct sl_gap *gap, struct sl_error *err);
	void *payload;
	const char *wanted; /* which container, as targetword.h has it; NULL: there is only one */
};

/* Whose tree it is. Texts owned and NULL where the bundle does not say. */
struct bundletree_target {
	char *engine, *id, *name, *image_ref;
	bool has_image_id;
	uint8_t image_id[SL_SHA256_SIZE];
	bool is_whole;    /* captured is all of it, not a layer on an image */
	bool is_compared; /* the findings are all there are: without, nothing is known of the image
			   */
	struct sl_time captured_at; /* when the container was looked at */
	struct sl_mount *mounts;    /* what is none of the tree: owned, and no source */
	size_t mount_count;
};

/*
 * Read it all; @file is borrowed for the call. Records that no signature attests are not used:
 * that is a gap. More than one container that fits is -SL_EAMBIGUOUS, none -SL_ENOTFOUND. Clear
 * @out also on failure.
 */
int bundletree_read(struct rfile *file, const struct bundletree_events *events,
		    struct bundletree_target *out, struct sl_error *err);
void bundletree_target_clear(struct bundletree_target *t);

#endif
