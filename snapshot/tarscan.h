/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The members of a tar that is a file, by their headers alone: bodies are passed over, not read.
 * Headers mean what they mean in layers (tarhead.h, tarpax.h).
 */
#ifndef SNAPSHOT_TARSCAN_H
#define SNAPSHOT_TARSCAN_H

#include <strandline/entry.h>
#include <strandline/error.h>

/* Longest name or link target of a member; image archives have some eighty bytes. */
#define TARSCAN_MAX_NAME 4096

enum tarscan_kind {
	TARSCAN_FILE,
	TARSCAN_SYMLINK,
	TARSCAN_HARDLINK,
	TARSCAN_DIRECTORY,
	TARSCAN_SPARSE, /* its bytes do not lie there as they are */
	TARSCAN_OTHER,  /* devices and the like */
};

/* Strings are borrowed for the call, as they stand in the archive: not cleaned. */
struct tarscan_member {
	enum tarscan_kind kind;
	struct sl_bytes name, link;
	uint64_t offset, size; /* of the body: inside the file */
};

/* Negative ends the scan with that code, 1 ends it with success. */
typedef int (*tarscan_fn)(void *payload, const struct tarscan_member *m, struct sl_error *err);

/*
 * Call @fn for each member of the tar that is the regular file @fd. An archive may end without its
 * end marker, but no member may reach beyond the file.
 *
 * Returns 0; -SL_EFORMAT when it is no tar or cut off; -SL_ELIMIT for a name above the limit.
 */
int tarscan(int fd, tarscan_fn fn, void *payload, struct sl_error *err);

#endif
