/* SPDX-License-Identifier: Apache-2.0 */
/* Approved profiles: whose settings they are, as they are kept (docs/settings.md). */
#ifndef JOB_APPROVAL_H
#define JOB_APPROVAL_H

#include <strandline/container.h>

#include "core/db.h"

/* Whom a profile is for; what comes first wins. */
enum approval_kind {
	APPROVAL_NAME,  /* the container of this name */
	APPROVAL_POD,   /* this container of all pods that one owner makes */
	APPROVAL_IMAGE, /* every container of this image */
	APPROVAL_KINDS,
};

/* Texts owned. */
struct approval {
	enum approval_kind kind;
	char *key;         /* "docker:web", "shop/web/nginx", "nginx:1.25" */
	char *profile;     /* JSON */
	char *by, *reason; /* reason may be NULL */
	struct sl_time at;
};
void approval_clear(struct approval *a);

/* "name", "pod", "image". Static. */
const char *approval_kind_name(enum approval_kind kind);

/* The key that a container has: -SL_ENOTFOUND when it is in no pod, or of no image. */
int approval_key(char **out, enum approval_kind kind, const struct sl_container *c,
		 struct sl_error *err);

/* What is there already gives way. */
int approval_put(struct db *db, const struct approval *a, struct sl_error *err);
/*
 * The one that counts for this container; 1 when none does. One that was approved by name and
 * renamed since keeps its own, whose key is the old name then.
 */
int approval_find(struct db *db, const struct sl_container *c, struct approval *out,
		  struct sl_error *err);
int approval_each(struct db *db, int (*each)(void *payload, const struct approval *a),
		  void *payload, struct sl_error *err);
int approval_remove(struct db *db, const struct approval *a, struct sl_error *err);

/* A profile's text as settings again. Bounded; what it does not know is left out. */
int approval_settings(struct sl_settings **out, const char *profile, struct sl_error *err);
/* Settings as a profile's text, owned by the caller. SL_ENOTFOUND when none is known. */
int approval_profile(char **out, const struct sl_settings *s, struct sl_error *err);

#endif
