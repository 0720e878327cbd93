/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Evidence to be handed on: without what looks like a secret. A help for whoever reads it once more
 * before it leaves, and no promise: nothing tells a password from any other word but its place.
 */
#ifndef JOB_REDACT_H
#define JOB_REDACT_H

#include <strandline/bundle.h>

#include "core/rfile.h"
#include "diff/textfile.h"
#include "forensics/bundle_read.h"
#include "job/redactline.h"

/* A longer line is masked as a whole. */
#define REDACT_LINE_MAX ((size_t)1 << 20)

/* Lines that end in a newline; or in NUL, as in /proc/PID/environ and cmdline. */
enum redact_kind { REDACT_LINES, REDACT_ENVIRON, REDACT_ARGUMENTS };

struct redact {
	enum redact_kind kind;
	enum textfile what;
	bool is_secret; /* every line of it */
	bundle_data_fn write;
	void *payload;
	struct buf line; /* one that has not ended yet */
	bool is_long;    /* its beginning was dropped: it is masked as a whole */
	uint64_t bytes;  /* taken so far */
	struct redact_state state;
};

/*
 * @path: of the file in its role, which says what its lines are. @write gets the masked bytes, with
 * every line feed and every NUL where it was. redact_clear() it.
 */
void redact_init(struct redact *r, const char *role, struct sl_bytes path, bundle_data_fn write,
		 void *payload);
/* Pieces may end anywhere. -SL_EUNSUPPORTED: it is no text. */
int redact_bytes(struct redact *r, const void *bytes, size_t len, struct sl_error *err);
/* The bytes are over. */
int redact_end(struct redact *r, struct sl_error *err);
void redact_clear(struct redact *r);

/* Append a record of a bundle, masked; still one line of JSON, of which no digest fits any more. */
int redact_record(struct buf *out, const char *line, size_t len, struct sl_error *err);

/*
 * Write the content of the file record @seq to @fd, masked. As bundle_extract(); -SL_EUNSUPPORTED
 * when it is no text, which may show late.
 */
int redact_item(struct rfile *bundle, uint64_t seq, int fd, struct sl_error *err);

#endif
