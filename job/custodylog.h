/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A custody record as a file: read under a lock as a whole, appended to in one write that is on the
 * disk when it returns. A last line that was cut off (a crash, a full disk) is never built upon.
 */
#ifndef JOB_CUSTODYLOG_H
#define JOB_CUSTODYLOG_H

#include "forensics/custodychain.h"
#include "job/sidecar.h"

#define CUSTODYLOG_MAX_BYTES ((size_t)32 << 20)

struct custodylog {
	const struct sidecars *at; /* borrowed */
	char *name;                /* of the file; owned */
	int fd;
	bool is_new; /* made by us, and empty */
	struct buf text;
	size_t whole; /* bytes of whole lines */
};

/* Open and lock for reading. 1 when there is none, or it is empty. */
int custodylog_read(struct custodylog *out, const struct sidecars *at, struct sl_error *err);
/* Open and lock for appending; with @may_create an empty one is made. 1 when there is none. */
int custodylog_edit(struct custodylog *out, const struct sidecars *at, bool may_create,
		    struct sl_error *err);
/* Closes; one that was made and stayed empty is removed again. */
void custodylog_close(struct custodylog *l);

static inline size_t custodylog_torn(const struct custodylog *l)
{
	return l->text.len - l->whole;
}

/*
 * Call @fn with every whole line and its number. What @fn returns below 0 ends it and is returned.
 */
int custodylog_each(const struct custodylog *l,
		    int (*fn)(void *payload, uint64_t seq, const char *line, size_t len,
			      struct sl_error *err),
		    void *payload, struct sl_error *err);

/* Take the cut line away, then write. After a failure the file is as it was before, or says so. */
int custodylog_append(struct custodylog *l, const struct buf *line, struct sl_error *err);

#endif
