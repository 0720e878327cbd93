/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Docker's classic store (graph drivers), as its reader's files share it. The directories directly
 * below the data root may be links, as administrators make them, and are resolved inside the
 * examined root once; everything below those is opened without following any link.
 */
#ifndef HOST_DOCKER_H
#define HOST_DOCKER_H

#include "core/json.h"
#include "host/store.h"

struct docker_chain;

struct docker {
	struct store store;
	const struct place *place;
	int containers_fd; /* DR/containers */
	int overlay_fd;    /* DR/overlay2 */
	int links_fd;      /* DR/overlay2/l */
	int layerdb_fd;    /* DR/image/overlay2/layerdb */
	int imagedb_fd;    /* DR/image/overlay2/imagedb/content/sha256 */
	struct sl_idmap idmap;
	struct jval *repositories; /* lazily read; NULL before, or when there are none */
	bool repositories_read;
	struct docker_links *links;  /* lazily rebuilt map of lost links */
	struct docker_chain *chains; /* those read so far: most containers share an image */
	size_t chain_count;
};

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
/* A whole JSON document of at most STORE_JSON_MAX bytes. */
int docker_read_json(int dir_fd, const char *path, struct jval **out, struct sl_error *err);

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

/* ---- docker_layers.c, docker_links.c, docker_chain.c: the stack ---- */

/* Fill c->stack. What cannot be read ends up in c->stack.unsupported; negative is memory only. */
int docker_stack(struct docker *d, struct sl_container *c, struct sl_error *err);

/* The directory behind a name in l/, as a heap string. */
int docker_link_resolve(struct docker *d, const char *name, char **out, struct sl_error *err);
/* The same for any directory of overlay layers; *links is the map, made when a link is lost. */
int docker_links_resolve(struct docker_links **links, int overlay_fd, int links_fd,
			 const char *name, char **out, struct sl_error *err);
void docker_links_free(struct docker_links *links);

/* An image's layer directories, top first, by the layer database's parents. */
struct docker_chain {
	char *top;   /* "sha256:..." of the uppermost layer; owned */
	char **dirs; /* cache ids; owned */
	size_t count;
};
int docker_chain_read(struct docker_chain *out, int layerdb_fd, const char *top,
		      struct sl_error *err);
/* The same, remembered: borrowed until the next call on @d. */
int docker_chain_get(struct docker *d, const char *top, const struct docker_chain **out,
		     struct sl_error *err);
void docker_chain_clear(struct docker_chain *chain);

/* ---- docker_repos.c: names of images ---- */

/* The document, borrowed; NULL when there is no repositories.json. */
int docker_repos(struct docker *d, const struct jval **out, struct sl_error *err);
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

/* ---- docker_image.c ---- */

int docker_image(struct store *s, const char *word, struct sl_image **out, struct sl_error *err);
int docker_images(struct store *s, int (*each)(void *payload, const struct store_image *image),
		  host_gap_fn gap, void *payload, struct sl_error *err);
int docker_container_image(struct store *s, const struct sl_container *c, struct sl_image **out,
			   struct sl_error *err);

/* ---- docker_container.c ---- */

int docker_list(struct store *s, bool orphans, struct store_list *out, host_gap_fn gap,
		void *payload, struct sl_error *err);
int docker_load(struct store *s, const struct store_name *row, struct sl_container **out,
		struct sl_error *err);

#endif
