/* SPDX-License-Identifier: Apache-2.0 */
/* The mounts that a process sees, as the kernel writes them in /proc/PID/mountinfo. */
#ifndef HOST_MOUNTINFO_H
#define HOST_MOUNTINFO_H

#include <strandline/error.h>

#include "core/buf.h"

/* Most lines that are read of one document; the kernel allows a namespace 100,000 mounts. */
#define MOUNTINFO_ROWS_MAX ((size_t)200000)

/* One line. Texts are borrowed from the document, and escaped as the kernel escaped them. */
struct mountinfo_row {
	uint64_t id, parent;
	uint32_t major, minor;   /* of the superblock */
	struct sl_bytes root;    /* which directory of the file system is mounted */
	struct sl_bytes point;   /* where, from the root directory of the process */
	struct sl_bytes flags;   /* of this mount: "ro,nosuid" */
	struct sl_bytes type;    /* "overlay" */
	struct sl_bytes source;  /* may be empty */
	struct sl_bytes options; /* of the superblock */
};

/* A place in a document, which must outlive it. */
struct mountinfo {
	const char *rest;
	size_t left;
	size_t line; /* of the row returned last, from 1 */
};

#define MOUNTINFO_INIT(text, length) ((struct mountinfo){.rest = (text), .left = (length)})

/*
 * The next row. 0; 1 at the end. A line that is none is -SL_EFORMAT, and the call after it goes on
 * with the line after it; -SL_ELIMIT ends the document.
 */
int mountinfo_next(struct mountinfo *m, struct mountinfo_row *out, struct sl_error *err);

/*
 * Append the text without its escapes (\040 is a space): a path as it is on disk. A NUL cannot be
 * in one: -SL_EFORMAT. What only looks like an escape stays.
 */
int mountinfo_decode(struct buf *out, struct sl_bytes text, struct sl_error *err);

bool mountinfo_is(struct sl_bytes field, const char *word);

#endif
