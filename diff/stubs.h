/* SPDX-License-Identifier: Apache-2.0 */
/* What engines and runtimes leave in every writable layer: known, empty, harmless. */
#ifndef DIFF_STUBS_H
#define DIFF_STUBS_H

#include <strandline/change.h>
#include <strandline/container.h>

#include "diff/facts.h"

/*
 * The name of the stub that explains the change ("mount point", "working directory"...), or NULL.
 *
 * Explained is only what is new, empty (or exactly the link a runtime makes), owned by root,
 * without special bits, attributes or write permission for others, and no account file; and the
 * mode that containers/storage gives to root directories.
 *
 * @has_children: the container's tree has something new beneath it
 */
const char *stub_explains(const struct sl_change *c, fact_set facts,
			  const struct sl_container *container, bool has_children);

#endif
