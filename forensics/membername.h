/* SPDX-License-Identifier: Apache-2.0 */
/* The names that members of a bundle may have (docs/bundle-format.md section 2). */
#ifndef FORENSICS_MEMBERNAME_H
#define FORENSICS_MEMBERNAME_H

#include <strandline/base.h>

/* "d/", a sequence number, "/", 180 bytes of path, ".part" and a number. */
#define MEMBERNAME_MAX 256

enum membername_kind {
	MEMBER_README,
	MEMBER_VERIFY,
	MEMBER_PAYLOAD,
	MEMBER_JOURNAL,
	MEMBER_NOTE,
	MEMBER_KEY,
	MEMBER_CLOSE,
	MEMBER_INDEX,
};

struct membername {
	enum membername_kind kind;
	uint64_t number; /* record of a payload, segment of a journal, note or key */
};

/* 0, or -SL_EFORMAT when no member may be called that. */
int membername_parse(struct membername *out, const char *name, size_t len);

#endif
