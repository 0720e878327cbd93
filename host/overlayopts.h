/* SPDX-License-Identifier: Apache-2.0 */
/* What an overlay mount says of itself in mountinfo: its directories, as whoever mounted it named
 * them. */
#ifndef HOST_OVERLAYOPTS_H
#define HOST_OVERLAYOPTS_H

#include <strandline/error.h>

/* The kernel stacks at most 500. */
#define OVERLAY_LOWERS_MAX 500
/* Longest path of one directory; relative ones are as the mounter's current directory had them. */
#define OVERLAY_PATH_MAX 16384

struct overlayopts {
	char *upper; /* owned; NULL: a mount that cannot be written */
	char *work;
	char **lowers; /* owned, top first */
	size_t lower_count;
	size_t data_count; /* so many of the last ones lend bytes only */
	bool userxattr;
	bool is_volatile; /* nothing was synced */
};

/*
 * Parse the options of the superblock. -SL_EFORMAT when they are not what the kernel writes,
 * -SL_ELIMIT beyond the bounds above.
 */
int overlayopts_parse(struct overlayopts *out, struct sl_bytes options, struct sl_error *err);
void overlayopts_clear(struct overlayopts *o);

#endif
