/* SPDX-License-Identifier: Apache-2.0 */
/* A layer's directory held against the layer itself: containers show the directory. */
#ifndef SNAPSHOT_LAYERCHECK_H
#define SNAPSHOT_LAYERCHECK_H

#include <strandline/check.h>

#include "snapshot/lowertree.h"

enum layer_side { LAYER_ON_DISK, LAYER_AS_STORED };

/* How the contents of regular files are known. */
enum layer_contents {
	LAYER_CONTENTS_HASH,   /* hash each file and compare with the row's SHA-256 */
	LAYER_CONTENTS_PROVEN, /* they are the layer's: its tar came out of this directory */
	LAYER_CONTENTS_NAMED,  /* are the layer's but for the files that single() names */
};

/* What is known of a single file. */
enum layer_file {
	LAYER_FILE_AS_ALL, /* no more than of all of them */
	LAYER_FILE_OTHER,  /* it has other bytes */
	LAYER_FILE_UNREAD, /* its bytes were no part of the tar: hash it */
};

struct layer_check {
	/* A new walk of either side; may be asked again for a second look. */
	int (*open)(void *payload, enum layer_side side, struct sl_source **out,
		    struct sl_error *err);
	/* Files of which something else is known than of all others; may be NULL. */
	enum layer_file (*single)(void *payload, const struct sl_entry *disk);
	void *payload;
	enum layer_contents contents;
	int dir_fd;              /* of the directory, borrowed: to read a file that moved again */
	struct lowertree *lower; /* what the layers below show; NULL for the bottom one */
	unsigned int jobs;       /* threads that hash; 0: none beside the caller */
	const struct sl_progress *progress; /* may be NULL */
	uint64_t total;                     /* bytes expected, for progress */
	const struct sl_check_events *events;
};

/*
 * Walk the directory beside what the layer says: no name more, no name less, and each of the same
 * type, mode, owner, content, link target, device number, time, attributes and capability, without
 * markers that move or hide what is below. Every difference goes to the events, in canonical order,
 * except that times come last.
 *
 * Owners that were all moved alike, and times that were lost all over, are told once, as one
 * doubtful difference of the root, and those that do not fit are told one by one.
 *
 * 0 and @counts filled; otherwise what an event returned, or negative.
 */
int layer_check(const struct layer_check *check, struct sl_check_counts *counts,
		struct sl_error *err);

/*
 * The same for who wants a yes or no; without events. Times do not matter here, since builders
 * round them. 0; -SL_EUNTRUSTED naming the first difference; -SL_EUNSUPPORTED naming an attribute
 * that a build may have left as well as an attacker; -SL_EIO naming what could not be read.
 */
int layer_check_first(const struct layer_check *check, struct sl_error *err);

#endif
