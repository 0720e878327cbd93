/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a container was called when something was kept under its name: ids of findings and profiles
 * are bound to names, so that they outlive a container that is made anew, and a renaming has to be
 * noticed.
 */
#ifndef JOB_CALLED_H
#define JOB_CALLED_H

#include <strandline/container.h>

#include "core/db.h"

enum called_use {
	CALLED_APPROVED, /* a profile's key */
	CALLED_SEEN,     /* whose findings the last run remembered */
};

/* 0 and the name, owned by the caller; 1 when nothing was kept of this very container. */
int called_get(char **name, struct db *db, enum called_use use, const struct sl_container *c,
	       struct sl_error *err);
/* What is there already gives way. */
int called_put(struct db *db, enum called_use use, const struct sl_container *c, const char *name,
	       struct sl_error *err);

#endif
