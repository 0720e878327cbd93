/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Docker with containerd's image store: the daemon's own files stay in the data root, and images
 * and containers' directories are snapshots in a containerd root, in the namespace "moby".
 */
#ifndef HOST_DOCKER_CTRD_H
#define HOST_DOCKER_CTRD_H

#include "host/containerd.h"
#include "host/docker.h"

/* The containerd roots of one data root's daemon. */
struct docker_ctrd {
	struct ctrd **roots; /* owned */
	size_t count;
	char *gap; /* why one of them cannot be opened, or NULL; owned */
	struct docker_ctrd_target {
		uint8_t manifest[SL_SHA256_SIZE], config[SL_SHA256_SIZE];
	} * targets; /* images that were read already: most containers share one */
	size_t target_count;
};

/* Opened when they are asked for first, then borrowed. */
int docker_ctrd_roots(struct docker *d, struct docker_ctrd **out, struct sl_error *err);
void docker_ctrd_free(struct docker_ctrd *c);

/* Is the container's driver a snapshotter, and none of this data root's own? */
bool docker_is_ctrd(const struct docker *d, const struct sl_container *c);
/* Fill c->stack; -SL_ENOTFOUND says what was looked for. */
int docker_ctrd_stack(struct docker *d, struct sl_container *c, struct sl_error *err);
/* The engine wrote down what it asked containerd for: make an image id and a digest of it. */
int docker_ctrd_name_image(struct docker *d, struct sl_container *c, struct sl_error *err);
int docker_ctrd_image(struct docker *d, const struct sl_container *c, struct sl_image **out,
		      struct sl_error *err);

/* All images of the namespace, and one by its name. */
int docker_ctrd_images(struct docker *d,
		       int (*each)(void *payload, const struct store_image *image), host_gap_fn gap,
		       void *payload, struct sl_error *err);
int docker_ctrd_find_image(struct docker *d, const char *word, struct sl_image **out,
			   struct sl_error *err);

/* ---- docker_ctrd_orphans.c ---- */

/* Writable snapshots that no container of the data root has. */
int docker_ctrd_orphans(struct docker *d, struct store_list *out, host_gap_fn gap, void *payload,
			struct sl_error *err);
bool docker_ctrd_is_orphan(const char *key);
int docker_ctrd_orphan_load(struct docker *d, const struct store_name *row,
			    struct sl_container **out, struct sl_error *err);

#endif
