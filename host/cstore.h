/* SPDX-License-Identifier: Apache-2.0 */
/*
 * containers/storage, the store of Podman, CRI-O and Buildah, as its reader's files share it. One
 * graph root may be used through several drivers and may borrow layers and images from others:
 * each such pair of directory and driver is a part. Documents are read once and kept.
 */
#ifndef HOST_CSTORE_H
#define HOST_CSTORE_H

#include "core/json.h"
#include "host/layerlinks.h"
#include "host/store.h"

/* Most values in one document: a hundred megabytes of memory, and 40,000 containers. */
#define CSTORE_VALUES_MAX ((size_t)1 << 20)
/* Most mounts that are read of one container. */
#define CSTORE_MOUNTS_MAX 4096

/* ---- cstore_conf.c: what the administrator configured ---- */

struct cstore_conf {
	char *graphroot, *runroot, *imagestore, *rootless_path, *mount_program; /* owned, or NULL */
	struct store_dirs image_stores, layer_stores; /* additional ones */
};

/* One configuration file's text. -SL_EFORMAT with the line when it cannot be read. */
int cstore_conf_parse(struct cstore_conf *conf, const char *text, size_t len, struct sl_error *err);
/* The same for CRI-O's own file, whose table [crio] has root and runroot. */
int cstore_conf_parse_crio(struct cstore_conf *conf, const char *text, size_t len,
			   struct sl_error *err);
/*
 * storage.conf and its drop-ins of the whole system, or of the user with this home directory where
 * he has his own. What cannot be read is a failure; @conf then has what could.
 */
int cstore_conf_read(struct cstore_conf *conf, const struct place *place, const char *home,
		     struct sl_error *err);
/* crio.conf and its drop-ins. */
int cstore_conf_read_crio(struct cstore_conf *conf, const struct place *place,
			  struct sl_error *err);
void cstore_conf_clear(struct cstore_conf *conf);

/* ---- cstore_idmap.c ---- */

/*
 * The map of a user's own store: 0 is the user, and from 1 on come his ranges of etc/subuid and
 * etc/subgid, lowest first, as containers/storage sorts them before it sets them. @user may be
 * NULL.
 */
int cstore_idmap_of_user(struct sl_idmap *out, const struct place *place, const char *user,
			 uint32_t uid, uint32_t gid, struct sl_error *err);
/*
 * The map of a layer or container that has one of its own ("uidmap", "gidmap"), seen through
 * @base: what a user's store calls the host is the inside of that user's map.
 */
int cstore_idmap_of_row(struct sl_idmap *out, const struct sl_idmap *base, const struct jval *row,
			struct sl_error *err);

/* ---- cstore_table.c: layers.json, images.json, containers.json ---- */

struct cstore_row {
	const char *id;       /* borrowed from the document; a safe name for a directory */
	const struct jval *v; /* the object */
	bool is_volatile;     /* from a file that is written without being synced */
	bool is_used;         /* cstore_orphans.c */
	bool is_plain;        /* of a layer: seen, and only `diff` is there */
};

/* What could not be read; reported with every listing. */
struct cstore_gap {
	char *what; /* owned */
	struct sl_error why;
};

struct cstore_table {
	struct jval *docs[3]; /* owned */
	size_t doc_count;
	struct cstore_row *rows; /* sorted by id; owned */
	size_t count;
	struct cstore_gap *gaps; /* owned */
	size_t gap_count;
	bool is_read;
};

/* Add one document's rows. What is wrong with it, or in it, becomes a gap of the table. */
int cstore_table_parse(struct cstore_table *table, const char *name, const char *text, size_t len,
		       bool is_volatile, struct sl_error *err);
/* Sort when all are in; of two rows with one id the first stays. */
int cstore_table_settle(struct cstore_table *table, const char *name, struct sl_error *err);
struct cstore_row *cstore_table_find(const struct cstore_table *table, const char *id);
void cstore_table_clear(struct cstore_table *table);

/* ---- cstore_libpod.c: what Podman's own database says ---- */

struct cstore_libpod_row {
	char *id, *name, *pod; /* owned; pod: its id, or NULL */
	enum sl_container_state state;
	int64_t pid;
	int exit_code;
	bool has_started, has_finished, is_infra;
	struct sl_time started, finished;
	char *config; /* JSON of one that containers.json does not have, else NULL; owned */
	size_t config_len;
};

struct cstore_libpod_pod {
	char *id, *name; /* owned */
};

struct cstore_libpod {
	struct cstore_libpod_row *rows; /* sorted by id */
	size_t count, cap;
	struct cstore_libpod_pod *pods; /* sorted by id */
	size_t pod_count;
	struct cstore_gap *gaps;
	size_t gap_count;
	bool is_read;
};

/* The state object as Podman writes it. Values it does not know leave the row as it is. */
void cstore_libpod_state(struct cstore_libpod_row *row, const struct jval *state);

/* ---- cstore.c: the open store ---- */

enum cstore_layout {
	CSTORE_OVERLAY, /* <id>/diff on the directories that <id>/lower names */
	CSTORE_WHOLE,   /* each layer a whole tree: vfs, btrfs */
	CSTORE_UNKNOWN, /* a driver whose layers are not directories */
};

struct cstore_part {
	char *dir;    /* graph root, as a path inside the examined root; owned */
	char *driver; /* "overlay"; owned */
	enum cstore_layout layout;
	char *layer_dir;    /* where the layers' directories are; owned, NULL if unknown */
	int layer_dir_fd;   /* O_PATH, or -1; so are those below */
	int links_fd;       /* overlay/l */
	int layers_fd;      /* <driver>-layers */
	int images_fd;      /* <driver>-images */
	int containers_fd;  /* <driver>-containers */
	bool is_additional; /* borrowed: only its layers and images count */
	bool is_fuse;       /* layers are written for fuse-overlayfs */
	struct cstore_table layers, images, containers;
	struct layerlinks *links; /* lazily rebuilt map of lost links */
};

struct cstore {
	struct store store;
	const struct place *place;
	uint64_t device, inode; /* of the graph root */
	bool is_rootless;
	struct sl_idmap idmap; /* of a user's own store; empty: none */
	char *run_dir;         /* run root as configured; owned, may be NULL */
	struct store_dirs layer_stores;
	struct cstore_part *parts;
	size_t part_count;
	struct cstore_libpod libpod;
};

/* Read the tables, once. Negative is memory only: whatever else is wrong becomes a gap. */
int cstore_layers(struct cstore *s, struct cstore_part *part, struct sl_error *err);
int cstore_images_read(struct cstore *s, struct cstore_part *part, struct sl_error *err);
int cstore_containers_read(struct cstore *s, struct cstore_part *part, struct sl_error *err);
int cstore_libpod_read(struct cstore *s, struct sl_error *err);
void cstore_libpod_clear(struct cstore_libpod *db);
struct cstore_libpod_row *cstore_libpod_find(const struct cstore_libpod *db, const char *id);
const char *cstore_libpod_pod_name(const struct cstore_libpod *db, const char *id);

/* A safe name for a directory of the store: letters, digits, and "_.-" behind the first. */
bool cstore_is_name(const char *s);
/* A copy, NULL for NULL; false when memory ran out. */
bool cstore_keep(char **out, const char *text);

/* ---- cstore_layers.c ---- */

/* A layer that some part knows; part NULL: none does. @from is asked first. */
struct cstore_layer {
	struct cstore_part *part;
	struct cstore_row *row;
	const char *id;
};
int cstore_layer_find(struct cstore *s, struct cstore_part *from, const char *id,
		      struct cstore_layer *out, struct sl_error *err);

/* A layer and all below it, top first, by layers.json. */
struct cstore_chain {
	struct cstore_layer *layers;
	size_t count;
	bool is_whole; /* the last one has no parent; else one is missing, or there are too many */
};
int cstore_chain_read(struct cstore *s, struct cstore_part *from, const char *top,
		      struct cstore_chain *out, struct sl_error *err);
void cstore_chain_clear(struct cstore_chain *chain);

/* Open a layer's directory ("diff", "diff1"...; NULL with drivers that have none). @path is set in
 * any case. -SL_EUNSUPPORTED for what is no tree. */
int cstore_layer_open(struct cstore *s, struct cstore_part *part, const char *id, const char *sub,
		      int *fd, char **path, struct sl_error *err);
enum sl_marker cstore_marker(const struct cstore *s, const struct cstore_part *part);

/* ---- cstore_stack.c ---- */

/* Fill c->stack for the layer @top. What cannot be read ends up in c->stack.unsupported, what
 * contradicts itself in c->metadata_gap; negative is memory only. */
int cstore_stack(struct cstore *s, struct cstore_part *part, struct sl_container *c,
		 const char *top, const char *image, const struct jval *row, struct sl_error *err);

/* ---- cstore_images.c, cstore_image.c ---- */

struct cstore_image {
	struct cstore_part *part;
	struct cstore_row *row;
};
/* 0; 1 when there is none. */
int cstore_image_by_id(struct cstore *s, const char *id, struct cstore_image *out,
		       struct sl_error *err);
/* A name the image has, fitting @wanted (a stored name, or NULL: any); NULL when it has none. */
const char *cstore_image_name(const struct cstore_row *row, const char *wanted);
/* Does a name, as stored, answer to a word, as typed? 0 no; better fits are greater. */
int cstore_name_fits(const char *name, const char *word);
int cstore_images(struct store *s, int (*each)(void *payload, const struct store_image *image),
		  host_gap_fn gap, void *payload, struct sl_error *err);
int cstore_image(struct store *s, const char *word, struct sl_image **out, struct sl_error *err);
int cstore_image_load(struct cstore *s, const struct cstore_image *at, const char *reference,
		      const char *name, struct sl_image **out, struct sl_error *err);
int cstore_container_image(struct store *s, const struct sl_container *c, struct sl_image **out,
			   struct sl_error *err);
/* The file that a key of the big data is kept in. */
int cstore_bigdata_name(struct buf *out, const char *key);

/* ---- cstore_meta.c: whose container a row is ---- */

struct cstore_meta {
	const char *engine; /* static */
	enum sl_container_kind kind;
	char *name, *image_name;
	struct sl_pod *pod; /* all owned, or NULL */
	bool has_created;
	struct sl_time created;
};
/* @gap: why the metadata could not be read, or untouched. Negative is memory only. */
int cstore_meta_read(struct cstore *s, struct cstore_part *part, const struct cstore_row *row,
		     struct cstore_meta *out, struct sl_error *gap, struct sl_error *err);
void cstore_meta_clear(struct cstore_meta *meta);

/* ---- cstore_spec.c: userdata/config.json ---- */

struct cstore_spec {
	char *run_dir;  /* the container's volatile directory, as recorded; owned, or NULL */
	char *log_path; /* CRI-O's log; owned, or NULL */
	char *rootfs;   /* where its root is mounted; owned, or NULL */
};
/* Mounts and working directory; pod and kind where the row did not say. */
int cstore_spec_read(struct sl_container *c, const struct jval *config, struct cstore_spec *out,
		     struct sl_error *err);
void cstore_spec_clear(struct cstore_spec *spec);
/*
 * Empty the member "linux" of a document in place and return its new length: rules of seccomp, most
 * of the text and of the time to parse it, and nothing that is asked for here.
 */
size_t cstore_spec_shorten(char *text, size_t len);

/* ---- cstore_state.c ---- */

/* CRI-O's userdata/state.json. */
void cstore_state_crio(struct sl_container *c, const struct jval *state);
/* State, pid and times, from whoever knows them; @userdata_fd may be -1. */
int cstore_state_read(struct cstore *s, struct sl_container *c, int userdata_fd,
		      const char *run_dir, struct sl_error *err);

/* ---- cstore_artifacts.c ---- */

int cstore_artifacts(struct cstore *s, const struct cstore_part *part, struct sl_container *c,
		     int userdata_fd, const struct cstore_spec *spec, struct sl_error *err);

/* ---- cstore_evidence.c ---- */

int cstore_evidence(struct store *store, struct sl_container *c, struct sl_error *err);

/* ---- cstore_list.c, cstore_container.c, cstore_orphans.c ---- */

int cstore_list(struct store *s, bool orphans, struct store_list *out, host_gap_fn gap,
		void *payload, struct sl_error *err);
int cstore_load(struct store *s, const struct store_name *row, struct sl_container **out,
		struct sl_error *err);
/* Keep the first reason; memory is the one failure that is returned. Clears @why. */
int cstore_note_gap(struct sl_container *c, struct sl_error *why, struct sl_error *err);
/* What belongs to no container. */
int cstore_orphans_list(struct cstore *s, struct store_list *out, host_gap_fn gap, void *payload,
			struct sl_error *err);
/* @kind: the letter its key begins with. */
int cstore_orphan_load(struct cstore *s, struct cstore_part *part, char kind, const char *id,
		       struct sl_container *c, struct sl_error *err);
/* "<kind><part>/<id>": how a row is found again. NULL when memory ran out. */
char *cstore_key(char kind, size_t part, const char *id);

#endif
