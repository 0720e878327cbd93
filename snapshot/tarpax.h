/* SPDX-License-Identifier: Apache-2.0 */
/* Extended (PAX) tar headers: what of them engines act on. */
#ifndef SNAPSHOT_TARPAX_H
#define SNAPSHOT_TARPAX_H

#include <strandline/baseline.h>
#include <strandline/entry.h>
#include <strandline/error.h>

#include "core/buf.h"

enum tarpax_field {
	TARPAX_SIZE = 1u << 0,
	TARPAX_UID = 1u << 1,
	TARPAX_GID = 1u << 2,
	TARPAX_MTIME = 1u << 3,
	TARPAX_ATIME = 1u << 4,
	TARPAX_CTIME = 1u << 5,
	TARPAX_SPARSE_SIZE = 1u << 6,
	TARPAX_SPARSE_REALSIZE = 1u << 7,
};

/*
 * Decoded records. Everything borrows from the buffer that was parsed.
 *
 * Attributes are those in SCHILY.xattr records: engines read no others. LIBARCHIVE.xattr, which
 * bsdtar writes beside them, and SCHILY.acl, of GNU tar and star, change what those programs
 * unpack; where they say more than SCHILY.xattr does, has_foreign is set. So it is for an attribute
 * without a value: it is an empty record, which some readers in Go take for none.
 */
struct tarpax {
	uint32_t fields; /* set of enum tarpax_field */
	struct sl_bytes path, link;
	uint64_t size, sparse_size, sparse_realsize;
	int64_t uid, gid;
	struct sl_time mtime, atime, ctime;
	struct sl_bytes sparse_name, sparse_map; /* 0.0 and 0.1: the map as text */
	char sparse_major, sparse_minor;         /* digit, 0 when not given, else '?' */
	size_t sparse_values;                    /* 0.0: offset and numbytes records seen */
	bool has_foreign;                        /* attributes that only some programs set */
	/* sorted by name, each name once */
	struct sl_xattr *xattrs; /* owned */
	size_t xattr_count, xattr_cap;
};

/*
 * Parse the body of an 'x' header, in place: the buffer is changed and must outlive @p. With
 * @pairs, GNU.sparse.offset and .numbytes are appended to it as the text of a 0.1 map.
 * More bytes of attributes than the limit allows is -SL_ELIMIT.
 */
int tarpax_parse(struct tarpax *p, struct buf *body, struct buf *pairs,
		 const struct sl_limits *limits, struct sl_error *err);

void tarpax_clear(struct tarpax *p);

#endif
