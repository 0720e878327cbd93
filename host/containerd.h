/* SPDX-License-Identifier: Apache-2.0 */
/*
 * containerd's root directory, for engines that keep their containers' files in one: Docker's
 * containers are snapshots and images of the namespace "moby". containerd's own containers come
 * through store.h, from the same reader.
 *
 * Of a root that was opened here, Docker's namespace also means its remapped twins
 * ("moby-100000.100000"); any other is that one alone.
 */
#ifndef HOST_CONTAINERD_H
#define HOST_CONTAINERD_H

#include "host/store.h"

struct ctrd;

/* Docker's namespace. */
#define CONTAINERD_DOCKER "moby"

/*
 * Open the root at @dir, a path inside the examined root. @place is lent until containerd_close().
 * -SL_ENOTFOUND when there is no such root. Unreadable databases are no failure here: what needs
 * them fails.
 */
int containerd_open_root(struct ctrd **out, const struct place *place, const char *dir,
			 struct sl_error *err);
void containerd_close(struct ctrd *c);

/* A snapshot as clients name it: for Docker its container's id. */
struct containerd_key {
	const char *ns;          /* "moby" */
	const char *snapshotter; /* "overlayfs" */
	const char *key;
};

/* What a stack stands on. */
struct containerd_top {
	bool has_chain_id; /* false: on no image, or on something that is not an image's layer */
	uint8_t chain_id[SL_SHA256_SIZE]; /* of the uppermost image layer */
};

/*
 * Fill @out (which starts as SL_STACK_INIT) with the stack of a snapshot: upper, then what it was
 * prepared on. A committed snapshot that is no image layer ("<id>-init") is SL_LOWER_INIT; one
 * keyed by a chain ID is that layer of the image, exactly. Where meta.db does not know the key or
 * cannot be read, the snapshotter's own database is asked for a key that ends in it.
 *
 * -SL_ENOTFOUND: no such snapshot. What is there and cannot be read fully is 0 and
 * out->unsupported, with as much as could be opened. @top may be NULL.
 */
int containerd_stack(struct ctrd *c, const struct containerd_key *which, struct sl_stack *out,
		     struct containerd_top *top, struct sl_error *err);

/*
 * The image behind a digest: of an index, a manifest or a config. Layer directories are those of
 * @snapshotter (NULL: any) in namespace @ns (NULL: any). An index with several images at hand
 * leads to the one whose layers are @top (may be NULL), else the unpacked one, else this
 * machine's. -SL_ENOTFOUND: the content store does not have it; -SL_EUNTRUSTED: bytes do not match
 * their digest.
 */
int containerd_image(struct ctrd *c, const char *ns, const char *snapshotter,
		     const uint8_t digest[SL_SHA256_SIZE], const struct containerd_top *top,
		     const char *reference, struct sl_image **out, struct sl_error *err);

/* The two operations of store.h on images, of one namespace (NULL: of all). */
int containerd_images(struct ctrd *c, const char *ns,
		      int (*each)(void *payload, const struct store_image *image), host_gap_fn gap,
		      void *payload, struct sl_error *err);
int containerd_find_image(struct ctrd *c, const char *ns, const char *word, struct sl_image **out,
			  struct sl_error *err);

/* An active (writable) snapshot; texts lent for the call. */
struct containerd_snapshot {
	const char *ns, *snapshotter, *key;
	const char *dir;   /* its number: the directory's name */
	const char *lease; /* a lease that keeps it, or NULL */
	struct sl_time created;
};

/*
 * Every active snapshot of namespace @ns (NULL: of all), whether or not a container uses it. A
 * snapshotter whose database cannot be read is a gap. Non-zero from either ends it.
 */
int containerd_each_active(struct ctrd *c, const char *ns,
			   int (*each)(void *payload, const struct containerd_snapshot *s),
			   host_gap_fn gap, void *payload, struct sl_error *err);

#endif
