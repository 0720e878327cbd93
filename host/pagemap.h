/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Which pages of a process are there, by its page tables: /proc/PID/pagemap, as in
 * Documentation/admin-guide/mm/pagemap.rst of Linux. Looking touches none of them.
 */
#ifndef HOST_PAGEMAP_H
#define HOST_PAGEMAP_H

#include <strandline/error.h>

/* In memory or in the swap. */
static inline bool pagemap_is_there(uint64_t entry)
{
	return (entry & (UINT64_C(3) << 62)) != 0;
}

/*
 * Call @found for each run of pages in [start, end) that are there, in their order; now and then
 * with an empty run, so that whoever waits knows that it goes on. Its negative return ends the scan
 * and is returned.
 */
int pagemap_scan(int pagemap_fd, uint64_t page, uint64_t start, uint64_t end,
		 int (*found)(void *payload, uint64_t start, uint64_t end), void *payload,
		 struct sl_error *err);

/* The same without the call that Linux has since 6.7: for tests. */
int pagemap_scan_entries(int pagemap_fd, uint64_t page, uint64_t start, uint64_t end,
			 int (*found)(void *payload, uint64_t start, uint64_t end), void *payload,
			 struct sl_error *err);

#endif
