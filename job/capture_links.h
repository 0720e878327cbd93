/* SPDX-License-Identifier: Apache-2.0 */
/* Files with several names: their content is stored under the first of them. */
#ifndef JOB_CAPTURE_LINKS_H
#define JOB_CAPTURE_LINKS_H

#include <strandline/bundle.h>

/* Most files that are remembered; a name of any other is stored as if it were the only one. */
#define CAPTURE_LINKS_MAX ((size_t)1 << 17)

struct capture_link {
	uint64_t dev, ino, size;
	struct sl_time mtime, ctime;
	uint64_t seq; /* of the record that has the content */
	bool has_sha256;
	uint8_t sha256[SL_SHA256_SIZE];
	uint8_t head[16], head_len;
	uint32_t flags; /* what its bytes show: of contentscan_flags() */
};

struct capture_links {
	struct capture_link *table; /* owned; open addressing, a power of two; ino 0: free */
	size_t room, count;
};

void capture_links_clear(struct capture_links *l);
/* What is known of the object, if it has not been touched since. NULL: it is new. */
const struct capture_link *capture_links_find(const struct capture_links *l,
					      const struct sl_entry *e);
/* Remember a file with further names; where there is no room it is forgotten. */
void capture_links_add(struct capture_links *l, const struct sl_entry *e,
		       const struct capture_link *about);

#endif
