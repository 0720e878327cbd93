/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Docker's data root (DR), as its reader's files share it. The directories directly below it may be
 * links, as administrators make them, and are resolved inside the examined root once; everything
 * below those is opened without following any link.
 */
#ifndef HOST_DOCKER_H
#define HOST_DOCKER_H

#include "core/json.h"
#include "host/docker_driver.h"
#include "host/store.h"

/* Most names in DR/image that are looked at. */
#define DOCKER_DRIVERS_MAX 64

struct docker_ctrd;

struct docker {
	struct store store;
	const struct place *place;
	dev_t dev; /* of the data root: one may be reached by two names */
	ino_t ino;
	int containers_fd; /* DR/containers */
	bool is_rootless;
	bool has_buildkit;  /* DR/buildkit is there */
	bool has_old_graph; /* DR/graph is there: images as they were before Docker 1.10 */
	struct sl_idmap idmap;
	struct docker_driver **drivers; /* owned */
	size_t driver_count;
	struct docker_ctrd *ctrd; /* containerd's roots, when they were asked for; owned */
};

/* A part of the data root by its path there, as a descriptor; -SL_ENOTFOUND when it is not there.
 */
int docker_open_part(const struct docker *d, const char *part, struct sl_error *err);

/* ---- docker_ids.c: words from the store, checked before they become part of a path ---- */

#define DOCKER_ID_LEN 64

/* 64 lower-case hex digits. */
bool docker_is_id(const char *s);
/* A mount: an id, or an id and "-init". */
bool docker_is_mount_id(const char *s);
/* A directory of the driver: an id, an id and "-init", or BuildKit's shorter words. */
bool docker_is_layer_dir(const char *s);
/* A file in l/: upper-case letters and digits. */
bool docker_is_link_name(const char *s);
/* A local volume: what docker itself allows. */
bool docker_is_volume_name(const char *s);
/* "<uid>.<gid>", the name of a remapped data root. */
bool docker_is_remap_dir(const char *s, uint32_t *uid, uint32_t *gid);

/* A small file's one word, white space around it trimmed. NUL inside is -SL_EFORMAT. */
int docker_read_word(int dir_fd, const char *path, size_t max, struct buf *out,
		     struct sl_error *err);

/* ---- docker_config.c, docker_mounts.c: what the daemon wrote about a container ---- */

/* Most mounts that are read of one container. */
#define DOCKER_MOUNTS_MAX 4096

/* config.v2.json as a document; -SL_EFORMAT when it is not that of container @id. */
int docker_config_read(struct sl_container *c, const struct jval *config, const char *id,
		       struct sl_error *err);
/* Mount points; @hostconfig may be NULL. @dir is the data root. */
int docker_mounts_read(struct sl_container *c, const struct jval *config,
		       const struct jval *hostconfig, const char *dir, struct sl_error *err);

/* ---- docker_artifacts.c ---- */

/* Open what lies in the container's own directory @fd. @log_path: LogPath, or NULL. */
int docker_artifacts(const struct docker *d, struct sl_container *c, int fd, const char *log_path,
		     struct sl_error *err);

/* ---- docker_stack.c ---- */

/* Fill c->stack. What cannot be read ends up in c->stack.unsupported; negative is memory only. */
int docker_stack(struct docker *d, struct sl_container *c, struct sl_error *err);

/* ---- docker_repos.c: names of images ---- */

/* @word as an image id by name; -SL_ENOTFOUND. *name is its "repository:tag" as stored, or NULL. */
int docker_repos_find(const struct jval *repos, const char *word, uint8_t id[SL_SHA256_SIZE],
		      char **name, struct sl_error *err);
/* A "repository:tag" of the image, borrowed; NULL when it has none. */
const char *docker_repos_name(const struct jval *repos, const uint8_t id[SL_SHA256_SIZE]);
/*
 * The manifest digest the store claims for the image, of @name's repository if there is one.
 * 0, or 1 when there is none.
 */
int docker_repos_digest(const struct jval *repos, const uint8_t id[SL_SHA256_SIZE],
			const char *name, uint8_t digest[SL_SHA256_SIZE]);

/* ---- docker_image.c: one image ---- */

/* @name is the repository:tag it was asked for by, or NULL. */
int docker_image_load(struct docker_driver *dr, const uint8_t id[SL_SHA256_SIZE],
		      const char *reference, const char *name, struct sl_image **out,
		      struct sl_error *err);
/*
 * An image whose uppermost layer is @top, "sha256:...", one with a name (lent) before others; 1
 * when there is none.
 */
int docker_image_on_chain(struct docker_driver *dr, const char *top, uint8_t id[SL_SHA256_SIZE],
			  const char **name, struct sl_error *err);

/* ---- docker_lookup.c: images of all drivers, by what people call them ---- */

int docker_image(struct store *s, const char *word, struct sl_image **out, struct sl_error *err);
int docker_images(struct store *s, int (*each)(void *payload, const struct store_image *image),
		  host_gap_fn gap, void *payload, struct sl_error *err);
int docker_container_image(struct store *s, const struct sl_container *c, struct sl_image **out,
			   struct sl_error *err);

/* ---- docker_buildkit.c: steps of builds, which lie among the drivers' directories ---- */

struct docker_builds {
	char **names; /* sorted; owned */
	size_t count;
};

/* -SL_ENOTFOUND where there is no such database. */
int docker_builds_read(struct docker_builds *out, const struct docker *d, struct sl_error *err);
bool docker_builds_have(const struct docker_builds *b, const char *name);
void docker_builds_clear(struct docker_builds *b);

/* ---- docker_orphans.c: what belongs to no container ---- */

int docker_orphans_list(struct docker *d, struct store_list *out, host_gap_fn gap, void *payload,
			struct sl_error *err);
/* Keys of orphans have a slash, which no container's id has. */
int docker_orphan_load(struct docker *d, const struct store_name *row, struct sl_container **out,
		       struct sl_error *err);

/* ---- docker_evidence.c ---- */

int docker_evidence(struct store *store, struct sl_container *c, struct sl_error *err);

/* ---- docker_container.c ---- */

/* Keep the first reason; memory is the one failure that is returned. Clears @why. */
int docker_note_gap(struct sl_container *c, struct sl_error *why, struct sl_error *err);

int docker_list(struct store *s, bool orphans, struct store_list *out, host_gap_fn gap,
		void *payload, struct sl_error *err);
int docker_load(struct store *s, const struct store_name *row, struct sl_container **out,
		struct sl_error *err);

#endif
