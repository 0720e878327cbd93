/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Gaps of the container's side, kept while the walk is near them: the image's names beneath an
 * unread directory are unknown, not deleted. Also puts gaps where they belong in path order.
 */
#ifndef DIFF_UNREAD_H
#define DIFF_UNREAD_H

#include <strandline/source.h>

#define UNREAD_MAX 256

struct unread_gap {
	struct sl_gap gap; /* strings owned, behind it in one allocation */
	bool is_emitted;
};

struct unread {
	struct unread_gap *gaps[UNREAD_MAX]; /* in path order */
	size_t count;
	bool is_everything; /* too many at once: until the next entry nothing is known */
	int (*emit)(void *payload, const struct sl_gap *gap, struct sl_error *err);
	void *payload;
};

/* Copy a gap just met. One that is about no path goes out at once. */
int unread_add(struct unread *u, const struct sl_gap *gap, struct sl_error *err);

/* Emit what lies before or at @path. */
int unread_flush(struct unread *u, struct sl_bytes path, struct sl_error *err);
int unread_flush_all(struct unread *u, struct sl_error *err);

/* The walk leaves @path behind: forget gaps whose whole region it has passed. */
void unread_leave(struct unread *u, struct sl_bytes path);

/* True when something went unread at @path, or beneath a directory around it. */
bool unread_covers(const struct unread *u, struct sl_bytes path);

void unread_clear(struct unread *u);

#endif
