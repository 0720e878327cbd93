/* SPDX-License-Identifier: Apache-2.0 */
/* Records of log-ins: /var/log/wtmp and /var/log/btmp. */
#ifndef DIFF_LOGINLOG_H
#define DIFF_LOGINLOG_H

#include <strandline/base.h>

/* Is it one of these two? */
bool loginlog_is(struct sl_bytes path);

struct loginlog {
	size_t records;
	size_t wiped;   /* of zeros, with a record that is none behind: nothing writes these */
	bool is_uneven; /* its length is no number of records: something was cut out or put in */
};

#define LOGINLOG_RECORD_MAX 400

/* Being read, in pieces of any length. */
struct loginscan {
	struct loginlog found;
	size_t size;  /* of a record */
	size_t empty; /* of zeros, with nothing behind them so far */
	size_t held;  /* of the record that has begun */
	char record[LOGINLOG_RECORD_MAX];
};

/*
 * Records have the length of this machine's C library or of another one's: whichever fits @len, the
 * length of all of it.
 */
void loginscan_begin(struct loginscan *s, uint64_t len);
void loginscan_feed(struct loginscan *s, struct sl_bytes bytes);
/* What was found; @s may be fed on. */
struct loginlog loginscan_end(const struct loginscan *s);

#endif
