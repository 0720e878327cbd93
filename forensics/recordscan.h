/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the chain needs of a record, from its bytes alone: a document of a thousand records a
 * segment costs twenty times as much.
 *
 * It knows only the plain form that writers use, and says so when it meets another: then
 * record_parse() decides. So it never refuses anything, and what it takes record_parse() takes,
 * with the same answers.
 */
#ifndef FORENSICS_RECORDSCAN_H
#define FORENSICS_RECORDSCAN_H

#include "forensics/record.h"

enum recordscan_member { RECORDSCAN_STORED, RECORDSCAN_ATTRIBUTES, RECORDSCAN_MEMBERS };

struct recordscan {
	struct record head; /* doc is NULL */
	bool has[RECORDSCAN_MEMBERS];
	struct stored said[RECORDSCAN_MEMBERS]; /* names are not NUL-terminated */
};

/* Names of the two members that name a payload. */
const char *recordscan_key(enum recordscan_member which);

/* A line without its line feed. 0; 1 when it takes a parser. */
int recordscan(struct recordscan *out, const char *line, size_t len);

#endif
