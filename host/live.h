/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What runs, by /proc alone: no engine is asked. A store says what should be; the kernel says what
 * is. All of it does nothing where the examined root is not that of the running machine.
 *
 * A /proc shows the pid namespace that it was mounted in. One of an inner namespace (we run in a
 * container, and look at a store of the host) lacks the host's processes: a container whose process
 * is not found there is then of unknown state, not exited. Use the host's: --root DIR --live, where
 * DIR/proc is the host's.
 */
#ifndef HOST_LIVE_H
#define HOST_LIVE_H

#include "host/machine.h"
#include "host/owned.h"

/* What containers of no store have for an engine. */
#define LIVE_ENGINE "other"

/*
 * Look at all processes and mounts now, as one look at many containers needs it; else that is done
 * when it cannot be helped. Processes that would not be looked at are one gap. Non-zero from @gap
 * is returned.
 */
int live_look(struct host *h, host_gap_fn gap, void *payload, struct sl_error *err);

/*
 * Settle a container that a store has loaded: its state, its first process, and what that one tells
 * (start time, control group, namespaces). Negative is memory only.
 */
int live_settle(struct host *h, struct sl_container *c, struct sl_error *err);

/*
 * Append a row for every container that runs or is mounted and is owned by none of @owned, which
 * must have every container of every store. They are loaded like any other:
 * row->store->ops->load().
 */
int live_others(struct host *h, const struct owned *owned, struct store_list *out, host_gap_fn gap,
		void *payload, struct sl_error *err);

/* The image of such a container: -SL_ENOTFOUND, in a sentence. */
int live_container_image(struct host *h, const struct sl_container *c, struct sl_image **out,
			 struct sl_error *err);

void live_close(struct live *live);

#endif
