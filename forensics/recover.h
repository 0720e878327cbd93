/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What is left of a damaged bundle, and what of that is attested (docs/recover.md). The bundle is
 * only read.
 */
#ifndef FORENSICS_RECOVER_H
#define FORENSICS_RECOVER_H

#include <strandline/bundle.h>

#include "core/ostream.h"
#include "core/rfile.h"

struct recover_options {
	struct ostream *report; /* JSON lines; borrowed */
	const char *source;     /* what the report calls the bundle */
	int dir_fd;             /* where whole payloads go, or -1 */
	uint64_t max_bytes;     /* of payloads in that directory; 0: no bound */
};

struct recover_summary {
	/* missing: named by records that are there */
	uint64_t frames, members, partial, missing, attested, segments, attested_segments;
	uint64_t extracted, not_extracted, lost_bytes;
	uint64_t stray_bytes; /* of whole frames, that are part of no bundle */
	bool is_closed;       /* the close record of an attested segment was met */
};

int recover_run(struct rfile *bundle, const struct recover_options *options,
		struct recover_summary *out, struct sl_error *err);

#endif
