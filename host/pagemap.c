/* SPDX-License-Identifier: Apache-2.0 */
#include "host/pagemap.h"

#include <errno.h>
#include <stddef.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "core/cleanup.h"

#define ENTRIES 8192
#define REGIONS 512
/* What one call may look through. */
#define SCAN_BYTES (UINT64_C(1) << 40)

/* linux/fs.h since 6.7; headers of Debian 12 are older */
struct scan_region {
	uint64_t start, end, categories;
};
struct scan_arg {
	uint64_t size, flags, start, end, walk_end, vec, vec_len, max_pages;
	uint64_t category_inverted, category_mask, category_anyof_mask, return_mask;
};
#define SCAN _IOWR('f', 16, struct scan_arg)
#define SCAN_IS_THERE ((1u << 3) | (1u << 4)) /* PAGE_IS_PRESENT, PAGE_IS_SWAPPED */

int pagemap_scan_entries(int pagemap_fd, uint64_t page, uint64_t start, uint64_t end,
			 int (*found)(void *payload, uint64_t start, uint64_t end), void *payload,
			 struct sl_error *err)
{
	uint64_t entries[ENTRIES];
	int rc = 0;

	while (rc >= 0 && start < end) {
		uint64_t left = (end - start) / page;
		size_t want = left < ENTRIES ? (size_t)left : ENTRIES;
		ssize_t n = pread(pagemap_fd, entries, want * 8, (off_t)(start / page * 8));
		size_t count = n > 0 ? (size_t)n / 8 : 0;

		if (n < 0)
			return sl_fail(err, SL_EIO, errno, "read 'pagemap'");
		if (count == 0) /* the process has ended */
			return 0;
		for (size_t i = 0, same; rc >= 0 && i < count; i += same) {
			same = 1;
			while (i + same < count &&
			       pagemap_is_there(entries[i + same]) == pagemap_is_there(entries[i]))
				same++;
			if (pagemap_is_there(entries[i]))
				rc = found(payload, start + i * page, start + (i + same) * page);
		}
		start += count * page;
		if (rc >= 0)
			rc = found(payload, start, start);
	}
	return rc < 0 ? rc : 0;
}

int pagemap_scan(int pagemap_fd, uint64_t page, uint64_t start, uint64_t end,
		 int (*found)(void *payload, uint64_t start, uint64_t end), void *payload,
		 struct sl_error *err)
{
	struct scan_region regions[REGIONS];
	int rc = 0;

	while (rc >= 0 && start < end) {
		struct scan_arg arg = {.size = sizeof(arg),
				       .start = start,
				       .end = end - start > SCAN_BYTES ? start + SCAN_BYTES : end,
				       .vec = (uintptr_t)regions,
				       .vec_len = ARRAY_SIZE(regions),
				       .category_anyof_mask = SCAN_IS_THERE,
				       .return_mask = SCAN_IS_THERE};
		int count = ioctl(pagemap_fd, SCAN, &arg);

		/* before 6.7, or a mapping that it does not know */
		if (count < 0 || arg.walk_end <= start)
			return pagemap_scan_entries(pagemap_fd, page, start, end, found, payload,
						    err);
		for (int i = 0; rc >= 0 && i < count; i++)
			rc = found(payload, regions[i].start, regions[i].end);
		start = arg.walk_end;
		if (rc >= 0)
			rc = found(payload, start, start);
	}
	return rc < 0 ? rc : 0;
}
