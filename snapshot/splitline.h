/* SPDX-License-Identifier: Apache-2.0 */
/* One line of tar-split's JSON, parsed without a document tree: there is one per file and more. */
#ifndef SNAPSHOT_SPLITLINE_H
#define SNAPSHOT_SPLITLINE_H

#include <strandline/error.h>

#include "core/buf.h"

enum splitline_type {
	SPLITLINE_FILE = 1,    /* the content of a file, from the directory */
	SPLITLINE_SEGMENT = 2, /* bytes of the tar itself: headers and padding */
};

/* The buffers are reused from line to line. */
struct splitline {
	enum splitline_type type;
	struct buf name;    /* bytes; a file's */
	uint64_t size;      /* of the file */
	struct buf payload; /* decoded: the segment's bytes, or the file's checksum */
	uint64_t position;  /* counts lines from 0 */
};

/* Bounds: of a decoded payload, and of a name. */
#define SPLITLINE_INIT(max_payload, max_name)                                                      \
	((struct splitline){.payload = BUF_INIT(max_payload), .name = BUF_INIT(max_name)})

/*
 * Parse exactly one object of the known members, in any order; anything else is -SL_EFORMAT, so
 * are a file without a name and a segment with one.
 */
int splitline_parse(struct splitline *out, const char *text, size_t len, struct sl_error *err);
void splitline_clear(struct splitline *l);

#endif
