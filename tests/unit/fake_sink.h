/* SPDX-License-Identifier: Apache-2.0 */
/* A sink that writes one line a call into a buffer, for tests. */
#ifndef TESTS_FAKE_SINK_H
#define TESTS_FAKE_SINK_H

#include <strandline/sink.h>

#include "core/buf.h"

/*
 * Lines: "run COMMAND", "container NAME", "CHANGE PATH SEVERITY [signals] {rules} (cause)",
 * "gap WHAT: WHY", "end added=N ... complete=0|1". Borrow @log; close the sink.
 */
struct sl_sink *fake_sink(struct buf *log);

#endif
