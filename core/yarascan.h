/* SPDX-License-Identifier: Apache-2.0 */
/*
 * YARA rules over bytes in memory. libyara is loaded when it is first asked for, so that a run
 * without rules does not wait for it; the static program has it inside.
 */
#ifndef CORE_YARASCAN_H
#define CORE_YARASCAN_H

#include <stdbool.h>

#include <strandline/error.h>

/* Rules that one file can match and be told with. */
#define YARASCAN_MATCHES_MAX 16
#define YARASCAN_FILES_MAX ((size_t)10000)

struct yarascan;

struct yarascan_match {
	const char *rule;     /* its identifier */
	const char *severity; /* of its metadata, or NULL */
};

struct yarascan_matches {
	struct yarascan_match items[YARASCAN_MATCHES_MAX]; /* texts live as long as the rules */
	size_t count;
	size_t more; /* that did not fit */
};

/*
 * Compile the rules of a file, or of every *.yar and *.yara in a directory, in order of their
 * names. What is wrong with them is -SL_EFORMAT, "FILE:LINE: what"; without libyara
 * -SL_EUNSUPPORTED. Close with yarascan_close().
 */
int yarascan_open(struct yarascan **out, const char *path, struct sl_error *err);
void yarascan_close(struct yarascan *y); /* NULL is fine */

/*
 * Which rules match? -SL_ELIMIT: it takes longer than @seconds; other failures are -SL_EIO. One
 * thread at a time.
 */
int yarascan_bytes(struct yarascan *y, const void *bytes, size_t len, int seconds,
		   struct yarascan_matches *out, struct sl_error *err);

size_t yarascan_count(const struct yarascan *y);

#endif
