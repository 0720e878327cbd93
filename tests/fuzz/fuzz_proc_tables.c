/* SPDX-License-Identifier: Apache-2.0 */
/* What the kernel lists of sockets and of a process: the input as each of these documents. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "host/nettable.h"
#include "host/process.h"
#include "host/procfds.h"
#include "host/procstatus.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void read_table(enum nettable_form form, struct sl_bytes all)
{
	struct sl_bytes rest = all;
	struct netsocket s;
	size_t left = rest.len + 1;
	int rc;

	while ((rc = nettable_next(form, &rest, &s, NULL)) != 1) {
		if (rest.len >= left)
			abort(); /* it does not come nearer to the end */
		left = rest.len;
		if (rc < 0)
			continue;
		if (s.path.len > 0 &&
		    (s.path.data < all.data || s.path.data + s.path.len > all.data + all.len ||
		     memchr(s.path.data, '\n', s.path.len) != NULL))
			abort();
		(void)nettable_state(form, "tcp", &s);
		(void)nettable_state(form, "udp", &s);
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct sl_bytes all = {(const char *)data, size};
	struct process_stat stat;
	struct procstatus status;

	if (size == 0)
		return 0;
	for (int form = NETTABLE_INET; form <= NETTABLE_OTHER; form++)
		read_table((enum nettable_form)form, all);
	if (procstatus_parse(&status, all.data, all.len, NULL) == 0 &&
	    (status.pid <= 0 || status.inner_count > PROCSTATUS_PIDS_MAX))
		abort();
	(void)process_stat_parse(&stat, all.data, all.len, NULL);
	(void)procfds_socket(all);
	return 0;
}
