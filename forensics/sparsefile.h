/* SPDX-License-Identifier: Apache-2.0 */
/* A file with holes on its way out of a bundle: where the bytes of its parts belong. */
#ifndef FORENSICS_SPARSEFILE_H
#define FORENSICS_SPARSEFILE_H

#include <strandline/error.h>

#include "core/digest.h"
#include "core/json.h"

/* Most runs of all parts together: 64 MiB of them. */
#define SPARSEFILE_RUNS_MAX ((size_t)4 << 20)
/* Holes that a digest of the whole is checked over; beyond, the parts have theirs. */
#define SPARSEFILE_HASHED_MAX ((uint64_t)16 << 30)

/* Takes the next bytes of the file. */
typedef int (*sparsefile_take_fn)(void *payload, const uint8_t *bytes, size_t len,
				  struct sl_error *err);

struct sparsefile {
	struct sparsefile_run {
		uint64_t at, len;
	} * runs; /* owned; ascending, apart from each other, all before @size */
	size_t count, room;
	uint64_t size;
	uint64_t data; /* bytes of all runs */
	/* writing */
	size_t next;       /* the run that is written into */
	uint64_t run_done; /* bytes of it that were */
	uint64_t done;     /* of the file, holes too */
	bool can_seek;
	int fd;
	sparsefile_take_fn take;
	void *payload;
};

/* @map of a part that holds @bytes. -SL_EFORMAT when it does not describe them. */
int sparsefile_map(struct sparsefile *s, const struct jval *map, uint64_t bytes,
		   struct sl_error *err);
void sparsefile_clear(struct sparsefile *s);

/*
 * After all maps: hand the file to @take, and hash all of it where @hash is not NULL. Holes are
 * zeros; where @take writes to @fd, an empty regular file, they become holes again (-1: it does
 * not).
 */
void sparsefile_begin(struct sparsefile *s, int fd, sparsefile_take_fn take, void *payload);
int sparsefile_data(struct sparsefile *s, const uint8_t *bytes, size_t len, struct sha256 *hash,
		    struct sl_error *err);
/* The hole at the end. */
int sparsefile_end(struct sparsefile *s, struct sha256 *hash, struct sl_error *err);

#endif
