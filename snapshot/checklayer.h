/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What is known of each layer of an image whose directories are checked: rows that are stored, or,
 * read into a temporary table, what its blob or its tar-split says. What is found out of a damaged
 * image must not be mistaken for the image later, and rows without digests are no baseline.
 */
#ifndef SNAPSHOT_CHECKLAYER_H
#define SNAPSHOT_CHECKLAYER_H

#include <sys/types.h>

#include <strandline/check.h>

#include "snapshot/inodeset.h"
#include "snapshot/nameset.h"
#include "snapshot/rows.h"

enum checklayer_state { CHECKLAYER_UNTRIED, CHECKLAYER_UNKNOWN, CHECKLAYER_KNOWN };

struct checklayer {
	enum checklayer_state state;
	enum sl_check_method method;
	enum sl_trust trust;
	bool is_unread;  /* a source, or a file that it needs, could not be read */
	bool is_damaged; /* tar-split: the digest does not come out; trust is on-disk */
	bool is_bare;    /* tar-split: the rows have no digests, the tar proves its directory */
	struct nameset damage;
	struct inodeset inodes;  /* of damaged files that have several names */
	struct inodeset severed; /* tar-split: of files that the tar does not prove */
	dev_t dev;               /* tar-split: the directory it was read with */
	ino_t ino;
	uint64_t bytes;
	char *why;           /* no better source; owned, or NULL */
	char *contradiction; /* owned, or NULL */
};

struct checklayers {
	struct sl_baselines *b;
	const struct sl_image *image;
	const struct sl_progress *progress;
	struct rows *rows;
	struct row_at *at;        /* of each layer */
	struct checklayer *known; /* the same */
};

/* What the rows are for: each asks for more than those before. */
enum checklayer_use {
	CHECKLAYER_NAMES,     /* they lie below the one that is checked */
	CHECKLAYER_DIRECTORY, /* a directory of just this layer is held against them */
	CHECKLAYER_DIGESTS,   /* files are hashed, and compared with them */
};

int checklayers_init(struct checklayers *c, struct sl_baselines *b, const struct sl_image *image,
		     const struct sl_progress *progress, struct sl_error *err);
void checklayers_clear(struct checklayers *c);

/*
 * Find out what layer @i is, unless what is known already will do. @dir_fd is where it lies, or
 * -1. Negative only when memory ran out or someone stopped it: anything else is knowledge, too.
 */
int checklayers_learn(struct checklayers *c, size_t i, int dir_fd, enum checklayer_use use,
		      struct sl_error *err);

/* Can a comparison with the layer stand on this? */
bool checklayer_is_known(const struct checklayer *k);
/* Is it known by tar-split, which was read with this very directory? */
bool checklayer_is_of(const struct checklayer *k, int dir_fd);

#endif
