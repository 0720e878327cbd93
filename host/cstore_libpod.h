/* SPDX-License-Identifier: Apache-2.0 */
/* What the readers of Podman's two kinds of database share. */
#ifndef HOST_CSTORE_LIBPOD_H
#define HOST_CSTORE_LIBPOD_H

#include "host/cstore.h"

/* Most containers, and most pods, of one database. */
#define CSTORE_LIBPOD_MAX (1 << 20)
/* Longest configuration that is kept, of a container that the store does not have. */
#define CSTORE_LIBPOD_CONFIG_MAX ((size_t)4 * 1024 * 1024)
/* Most of these. */
#define CSTORE_LIBPOD_CONFIGS_MAX 64

/* The next row, empty, borrowed until the next one. */
int cstore_libpod_add(struct cstore_libpod *db, struct cstore_libpod_row **out,
		      struct sl_error *err);
int cstore_libpod_add_pod(struct cstore_libpod *db, const char *id, const char *name,
			  struct sl_error *err);
/* Drop the last rows and pods, down to so many. */
void cstore_libpod_forget(struct cstore_libpod *db, size_t rows, size_t pods);
int cstore_libpod_parse_state(struct cstore_libpod_row *row, const char *text, size_t len,
			      struct sl_error *err);
/* Keep a failure as a gap; memory is returned. Clears @why. */
int cstore_libpod_gap(struct cstore_libpod *db, const char *what, struct sl_error *why,
		      struct sl_error *err);
/* Is there no row of this container in the store? */
bool cstore_libpod_wants_config(const struct cstore *s, const char *id);

/* cstore_bolt.c, cstore_sqlite.c: read the database @name. -SL_ENOTFOUND: it is not there. */
int cstore_libpod_bolt(struct cstore *s, int dir_fd, const char *name, struct sl_error *err);
int cstore_libpod_sqlite(struct cstore *s, int dir_fd, const char *name, struct sl_error *err);

#endif
