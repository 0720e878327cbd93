/* SPDX-License-Identifier: Apache-2.0 */
/* Sparse files in tars: which parts of the file the archive holds. */
#ifndef SNAPSHOT_TARSPARSE_H
#define SNAPSHOT_TARSPARSE_H

#include <strandline/error.h>

#include "snapshot/tarhead.h"

/* Most extents of one file. */
#define TARSPARSE_MAX 65536

struct tarsparse_extent {
	uint64_t offset, len;
};

struct tarsparse {
	struct tarsparse_extent *extents; /* owned; ascending, apart */
	size_t count, cap;
};

void tarsparse_reset(struct tarsparse *s);
void tarsparse_clear(struct tarsparse *s);

/* Append. -SL_ELIMIT, -SL_ENOMEM. */
int tarsparse_add(struct tarsparse *s, uint64_t offset, uint64_t len, struct sl_error *err);

/* GNU.sparse.map: "OFFSET,LENGTH,OFFSET,LENGTH..." */
int tarsparse_parse_map(struct tarsparse *s, const char *text, size_t len, struct sl_error *err);

/*
 * Old GNU: the entries of a header (4, at 386) or of an extension block (21, at 0). *more is set
 * when another extension block follows.
 */
int tarsparse_parse_old(struct tarsparse *s, const uint8_t block[TAR_BLOCK], bool is_header,
			bool *more, struct sl_error *err);

/* Ascending, apart, inside @size, and @stored bytes in all: 0, or -SL_EFORMAT. */
int tarsparse_check(const struct tarsparse *s, uint64_t size, uint64_t stored,
		    struct sl_error *err);

#endif
