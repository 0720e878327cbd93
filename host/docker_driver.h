/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A storage driver's part of a data root: DR/<name> with the layers' directories, DR/image/<name>
 * with the databases of layers and images. A daemon uses one at a time and leaves the others where
 * they are, so a root may have several, and each container is on its own one.
 */
#ifndef HOST_DOCKER_DRIVER_H
#define HOST_DOCKER_DRIVER_H

#include <strandline/container.h>

#include "core/json.h"
#include "host/layerlinks.h"
#include "host/store.h"

struct docker;
struct docker_chain;
struct docker_known;

/* Where a driver keeps directories, and how it says what is below one. */
enum docker_layout {
	DOCKER_LINKS,    /* <id>/diff on what <id>/lower lists, by links in l/ */
	DOCKER_LOWER_ID, /* <id>/upper on one whole tree: <lower-id>/root */
	DOCKER_PARENTS,  /* diff/<id> on what layers/<id> lists */
	DOCKER_WHOLE,    /* every directory is a whole tree */
	DOCKER_UNREAD,   /* not in directories at all, or unknown */
};

struct docker_driver_kind {
	const char *name;
	enum docker_layout layout;
	enum sl_marker marker;
	/* A directory's path in DR/<name>: @before, the id, and one of the other two. */
	const char *before, *own, *layer;
	const char *keeps; /* DOCKER_UNREAD: what it keeps layers in, or NULL */
};

/* NULL: no driver of that name is known. */
const struct docker_driver_kind *docker_driver_kind(const char *name);

struct docker_driver {
	const struct docker *docker; /* whose part it is */
	const struct docker_driver_kind *kind;
	char *name; /* as the store calls it; plain words only; owned */
	char *gap;  /* why a part of it could not be opened, or NULL; owned */
	enum sl_marker marker;
	int home_fd;    /* DR/<name> */
	int links_fd;   /* DR/<name>/l */
	int image_fd;   /* DR/image/<name> */
	int layerdb_fd; /* its layerdb */
	int imagedb_fd; /* its imagedb/content/sha256 */
	/* read when they are asked for first */
	struct jval *repositories;
	bool repositories_read;
	struct layerlinks *links;    /* lost links */
	struct docker_chain *chains; /* those read so far: most containers share an image */
	size_t chain_count;
	struct docker_known *known; /* what the databases say of its directories */
};

/*
 * Open every driver's part that is there. One that cannot be opened has a gap; negative is memory.
 */
int docker_drivers_open(struct docker *d, struct sl_error *err);
void docker_drivers_close(struct docker *d);
/* By its name; NULL when the root has no such part. */
struct docker_driver *docker_driver_find(const struct docker *d, const char *name);
/* The one whose layer database knows the container @id; NULL when none does. */
struct docker_driver *docker_driver_of(const struct docker *d, const char *id);
/* A driver's name comes from evidence: only plain words are repeated. */
bool docker_is_driver_name(const char *s);

static inline bool docker_driver_is_whole(const struct docker_driver *dr)
{
	return dr->kind->layout == DOCKER_WHOLE || dr->kind->layout == DOCKER_LOWER_ID;
}

/* What of a driver's directories is asked for. */
enum docker_part {
	DOCKER_OWN,   /* what a container (or its init layer) wrote */
	DOCKER_LAYER, /* what an image's layer is */
};

/*
 * Open the directory of @id, which the caller checked to be a name. *path (owned) says where it is,
 * also on failure.
 */
int docker_driver_dir(const struct docker_driver *dr, const char *id, enum docker_part part,
		      int *fd, char **path, struct sl_error *err);
/* Where the ids are names of directories; -SL_EUNSUPPORTED when nowhere. */
int docker_driver_shelf(const struct docker_driver *dr, struct sl_error *err);

/* ---- docker_chain.c ---- */

/* An image's layer directories, top first, by the layer database's parents. */
struct docker_chain {
	char *top;   /* "sha256:..." of the uppermost layer; owned */
	char **dirs; /* cache ids; owned */
	size_t count;
};
/* That of the layer @top. It is remembered: borrowed until the next call on @dr. */
int docker_chain_get(struct docker_driver *dr, const char *top, const struct docker_chain **out,
		     struct sl_error *err);
void docker_chain_clear(struct docker_chain *chain);

/* ---- docker_mount.c: which directories a container's (or an orphan's) tree is made of ---- */

struct docker_mount {
	struct buf mount_id, init_id;     /* init_id may be empty */
	struct buf parent;                /* "sha256:..." of the image's top layer, or empty */
	const struct docker_chain *chain; /* of the image, borrowed; NULL when unknown */
	char **dirs;                      /* lower directories, top first; owned */
	size_t dir_count;
};

/* What layerdb/mounts says of container @id. */
int docker_mount_read(struct docker_driver *dr, const char *id, struct docker_mount *out,
		      struct sl_error *err);
/* The same for a directory that nothing but its own files tells about. */
int docker_mount_guess(struct docker_driver *dr, const char *dir, struct docker_mount *out,
		       struct sl_error *err);
/* Then the directories below, as the driver itself finds them. */
int docker_mount_lowers(struct docker_driver *dr, struct docker_mount *m, struct sl_error *err);
void docker_mount_clear(struct docker_mount *m);

/* ---- docker_stack.c ---- */

/* Open what @m names. -SL_ENOMEM, or why it cannot be opened fully. */
int docker_stack_fill(const struct docker_driver *dr, const struct docker_mount *m,
		      struct sl_stack *stack, struct sl_error *err);

/* ---- docker_known.c: what the layer database says of a driver's directories ---- */

enum docker_role {
	DOCKER_ROLE_LAYER,    /* an image's layer */
	DOCKER_ROLE_REMOVING, /* the same, and its removal was begun */
	DOCKER_ROLE_MOUNT,    /* a container's */
	DOCKER_ROLE_INIT,     /* what the engine made for the container */
};

struct docker_known_dir {
	char *dir;
	enum docker_role role;
	char *owner;  /* the entry in the database: a layer's chain ID, a container's id */
	bool is_gone; /* the container is no longer in DR/containers */
};

struct docker_known {
	struct docker_known_dir *rows; /* sorted by dir */
	size_t count;
};

/* Borrowed. What cannot be read of one entry leaves its directory unknown. */
int docker_known_get(struct docker_driver *dr, const struct docker_known **out,
		     struct sl_error *err);
/* NULL: the database does not know the directory. */
const struct docker_known_dir *docker_known_find(const struct docker_known *known, const char *dir);
void docker_known_free(struct docker_known *known);

/* ---- docker_repos.c: names of images ---- */

/* The document, borrowed; NULL when there is no repositories.json. */
int docker_repos(struct docker_driver *dr, const struct jval **out, struct sl_error *err);

#endif
