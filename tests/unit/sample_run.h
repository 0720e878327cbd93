/* SPDX-License-Identifier: Apache-2.0 */
/* One run with everything in it that a report can say, for tests of formats. */
#ifndef TESTS_SAMPLE_RUN_H
#define TESTS_SAMPLE_RUN_H

#include <strandline/sink.h>

#include "core/buf.h"
#include "core/ostream.h"
#include "report/report.h"

typedef int (*sample_format)(struct sl_sink **out, struct ostream *to,
			     const struct report_options *o, struct sl_error *err);

struct sample {
	bool clean;    /* no finding, no gap */
	bool unproven; /* layers as found on disk */
	bool quick;
	bool notes;              /* findings of every kind and with everything known of them */
	unsigned int alike;      /* so many files in /srv/data change owner */
	unsigned int unlike;     /* so many in /srv/unlike each get an owner of their own */
	unsigned int gaps;       /* so many more gaps */
	unsigned int containers; /* 0 means 1 */
};

/* Feed a sink of this format; the output is appended to @out. Any failure fails the test. */
void sample_report(struct buf *out, sample_format format, const struct report_options *options,
		   const struct sample *sample);
/* The same to any stream; returns the first negative code. */
int sample_feed(struct sl_sink *sink, const struct sample *sample);

#endif
