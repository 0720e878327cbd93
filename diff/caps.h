/* SPDX-License-Identifier: Apache-2.0 */
/* File capabilities: the value of security.capability (linux/capability.h, struct vfs_cap_data). */
#ifndef DIFF_CAPS_H
#define DIFF_CAPS_H

#include <strandline/base.h>

#include "core/buf.h"

struct caps {
	uint64_t permitted, inheritable; /* bit n: capability number n */
	bool effective;
	bool has_root_id; /* revision 3: counts in the user namespace of this uid only */
	uint32_t root_id;
};

/* Returns 0; -SL_EFORMAT when it is none of the three revisions, exactly. */
int caps_decode(struct caps *out, const void *value, size_t len);

/* As getcap writes it: "cap_net_raw,cap_setuid=ep"; numbers for bits without a name. */
int caps_format(struct buf *out, const struct caps *c);

#endif
