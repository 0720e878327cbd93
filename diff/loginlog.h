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

/* Records have the length of this machine's C library or of another one's: whichever fits. */
void loginlog_read(struct loginlog *out, struct sl_bytes bytes);

#endif
