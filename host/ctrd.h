/* SPDX-License-Identifier: Apache-2.0 */
/*
 * containerd's root directory, as its reader's files share it. Everything about containers, images
 * and snapshots of all namespaces stands in meta.db; each snapshotter has a database of its own
 * for which directory a snapshot is. Both are read without a lock, a record at a time.
 */
#ifndef HOST_CTRD_H
#define HOST_CTRD_H

#include "core/json.h"
#include "host/bolt.h"
#include "host/containerd.h"
#include "host/ctrd_config.h"
#include "host/ctrd_cri.h"
#include "host/ctrd_spec.h"
#include "host/imageconfig.h"

/* Longest text (name, key, label) that is taken from a database. */
#define CTRD_TEXT_MAX ((size_t)65536)

/* How a snapshotter keeps its directories. */
enum ctrd_layout {
	CTRD_OVERLAY, /* snapshots/N/fs: what changed */
	CTRD_NATIVE,  /* snapshots/N: a whole copy */
	CTRD_OTHER,   /* block devices, subvolumes, remote content: named, never guessed */
};

/* One snapshotter's directory. */
struct ctrd_snapper {
	char *name, *dir; /* dir: as a path inside the examined root */
	enum ctrd_layout layout;
	int snapshots_fd; /* or -1 */
	struct bolt *db;  /* or NULL: why says why */
	bool is_unused;   /* there is no database, and nothing that one could be about */
	struct sl_error why;
};

struct ctrd_target;

struct ctrd {
	struct store store;
	const struct place *place;
	bool is_own; /* read for containerd's own containers, not for another engine's */
	int root_fd;
	uint32_t owner;        /* of the root: whoever runs a rootless one */
	enum sl_marker marker; /* dialect of its overlay directories */
	char *state_dir;       /* as a path inside the examined root, or NULL: not known */
	int tasks_fd;          /* its directory of running tasks, or -1 */
	int blobs_fd;          /* of the content store, or -1 */
	int cri_fd;            /* of the Kubernetes plugin, or -1 */
	struct bolt *meta;     /* or NULL: meta_why says why */
	struct sl_error meta_why;
	struct ctrd_snapper *snappers; /* sorted by name */
	size_t snapper_count;
	struct ctrd_target *targets; /* images read so far: most containers share one */
	size_t target_count;
};

/* ---- ctrd.c ---- */

/* Does Docker keep its containers there: "moby", or "moby-1000.1000" where ids are remapped? */
bool ctrd_ns_is_dockers(const char *ns);
/* Is @ns meant by @wanted? NULL means every one; for Docker, "moby" means its remapped twins too.
 */
bool ctrd_ns_fits(const struct ctrd *c, const char *wanted, const char *ns);
/* NULL when the root has no such snapshotter. */
const struct ctrd_snapper *ctrd_snapper(const struct ctrd *c, const char *name);

/* ---- ctrd_discover.c ---- */

/*
 * What is known of the root at @dir besides its files: where its runtime state is, and which
 * snapshotters keep theirs elsewhere. From the configuration when that names this root. Negative
 * is memory only: what a configuration does not say is looked for and missed later.
 */
int ctrd_settings(struct ctrd_config *out, const struct place *place, int root_fd, const char *dir,
		  struct sl_error *err);

/* ---- ctrd_value.c: values of a database, copied out ---- */

/* 0 and a copy without NUL inside; 1 when it is not there or empty. */
int ctrd_get_text(struct bolt *b, struct bolt_bucket in, const char *key, char **out,
		  struct sl_error *err);
/* 0; 1 when it is not there. A value of another form is 1, too: nothing is known then. */
int ctrd_get_time(struct bolt *b, struct bolt_bucket in, const char *key, struct sl_time *out,
		  struct sl_error *err);
int ctrd_get_digest(struct bolt *b, struct bolt_bucket in, const char *key,
		    uint8_t out[SL_SHA256_SIZE], struct sl_error *err);
/* The key as text, when it is some: no NUL, not too long. A heap string, or NULL. */
char *ctrd_key_text(const struct bolt_item *item);

/* ---- ctrd_record.c: one container of meta.db ---- */

/* JSON of an Any; data NULL: there is none. */
struct ctrd_blob {
	char *data; /* owned */
	size_t len;
};

struct ctrd_record {
	char *ns, *id;
	char *image, *snapshotter, *snapshot_key;
	char *backend_key; /* how the snapshotter's database names the snapshot */
	bool has_created;
	struct sl_time created;
	bool is_sandbox;
	bool is_labelled;             /* labels of the Kubernetes plugin, believed for nothing */
	struct ctrd_blob spec;        /* the runtime specification */
	struct ctrd_blob cri;         /* metadata extension */
	struct ctrd_cri own, sandbox; /* parsed; of the pod's sandbox */
	bool has_own, has_sandbox;
	bool has_target;
	uint8_t target[SL_SHA256_SIZE]; /* what its image's name stands for now */
	char *damage; /* the first thing about it that could not be read, or NULL */
};

/* How much of a record is needed. */
enum ctrd_depth {
	CTRD_NAMES, /* to list it */
	CTRD_ALL,
};

/*
 * Read a container inside a view; @of is v1/NS. What is wrong with a value ends up in out->damage;
 * negative is a database that does not hold together, or memory. 1: no such container.
 */
int ctrd_record_read(struct ctrd_record *out, struct bolt *b, struct bolt_bucket of, const char *ns,
		     const char *id, enum ctrd_depth depth, struct sl_error *err);
int ctrd_record_pod(struct sl_pod **out, const struct ctrd_record *r, struct sl_error *err);
void ctrd_record_clear(struct ctrd_record *r);

/* ---- ctrd_list.c, ctrd_container.c, ctrd_artifacts.c ---- */

int ctrd_list(struct store *s, bool orphans, struct store_list *out, host_gap_fn gap, void *payload,
	      struct sl_error *err);
int ctrd_load(struct store *s, const struct store_name *row, struct sl_container **out,
	      struct sl_error *err);
int ctrd_artifacts(const struct ctrd *d, struct sl_container *c, const struct ctrd_record *r,
		   struct sl_error *err);

/* ---- ctrd_evidence.c ---- */

int ctrd_evidence(struct store *store, struct sl_container *c, struct sl_error *err);

/* Keep the first reason why metadata is not complete; memory is the one failure that ends a load.
 */
int ctrd_note_gap(struct sl_container *c, struct sl_error *why, struct sl_error *err);

/* ---- ctrd_active.c: which snapshots are used, and by what ---- */

enum ctrd_mark_kind {
	CTRD_MARK_KNOWN,  /* meta.db has it */
	CTRD_MARK_USED,   /* a container's */
	CTRD_MARK_LEASED, /* kept by a lease */
};

/* One thing that meta.db says of a snapshot. */
struct ctrd_mark {
	char *snapshotter, *backend; /* owned */
	enum ctrd_mark_kind kind;
	char *lease; /* owned; NULL unless leased */
};

struct ctrd_marks {
	struct ctrd_mark *marks; /* owned; sorted by snapshotter, backend, kind */
	size_t count;
};
int ctrd_marks_read(struct ctrd_marks *out, struct ctrd *c, struct sl_error *err);
void ctrd_marks_clear(struct ctrd_marks *marks);
/* NULL when meta.db does not say this of it. */
const struct ctrd_mark *ctrd_mark(const struct ctrd_marks *marks, const char *snapshotter,
				  const char *backend, enum ctrd_mark_kind kind);

/* A snapshot of a snapshotter's database. */
struct ctrd_entry {
	char *backend; /* owned */
	uint64_t id;
	uint8_t kind;
	struct sl_time created;
};

struct ctrd_entries {
	struct ctrd_entry *entries; /* owned; sorted by id */
	size_t count;
};
int ctrd_entries_read(struct ctrd_entries *out, const struct ctrd_snapper *s, struct sl_error *err);
void ctrd_entries_clear(struct ctrd_entries *entries);

/* ---- ctrd_orphans.c ---- */

int ctrd_orphans(struct ctrd *d, struct store_list *out, host_gap_fn gap, void *payload,
		 struct sl_error *err);
bool ctrd_is_orphan(const struct store_name *row);
int ctrd_load_orphan(struct ctrd *d, const struct store_name *row, struct sl_container *c,
		     struct sl_error *err);

/* ---- ctrd_chain.c: a snapshot and what it stands on, by a snapshotter's database ---- */

/* Kinds of snapshots, as the database has them; 1 is a view. */
#define CTRD_KIND_ACTIVE 2
#define CTRD_KIND_COMMITTED 3

struct ctrd_link {
	char *backend; /* "NS/SEQUENCE/KEY"; owned */
	uint64_t id;   /* directory */
	uint8_t kind;
	bool is_remote;    /* its files are elsewhere */
	char *uids, *gids; /* id maps from its labels, or NULL; owned */
	bool has_created;
	struct sl_time created;
};

/* [0] is the snapshot itself. */
struct ctrd_chain {
	struct ctrd_link *links;
	size_t count;
};

/* -SL_ENOTFOUND when there is no snapshot of this name. */
int ctrd_chain_read(struct ctrd_chain *out, const struct ctrd_snapper *s, const char *backend,
		    struct sl_error *err);
void ctrd_chain_clear(struct ctrd_chain *chain);
/* What follows "NS/SEQUENCE/", borrowed; NULL when it is of another form. */
const char *ctrd_backend_split(const char *backend, size_t *ns_len);
/* The name in the snapshotter's database of what meta.db calls @key; -SL_ENOTFOUND. */
int ctrd_backend_find(struct ctrd *c, const struct ctrd_snapper *s,
		      const struct containerd_key *which, char **out, struct sl_error *err);

/* ---- ctrd_stack.c ---- */

/* From a chain to open directories. What cannot be opened is out->unsupported. */
int ctrd_stack_open(const struct ctrd *c, const struct ctrd_snapper *s,
		    const struct ctrd_chain *chain, const struct ctrd_spec *spec,
		    struct sl_stack *out, struct containerd_top *top, struct sl_error *err);
int ctrd_stack_refuse(struct sl_stack *stack, struct sl_error *why, struct sl_error *err);
/* Open "snapshots/ID/fs", or what it is for this snapshotter. *shown is set in either case. */
int ctrd_snapshot_open(const struct ctrd_snapper *s, uint64_t id, int *fd, char **shown,
		       struct sl_error *err);
/* The same for a directory by its name, which need not be a snapshot's number. */
int ctrd_snapshot_open_name(const struct ctrd_snapper *s, const char *name, int *fd, char **shown,
			    struct sl_error *err);

/* ---- ctrd_content.c, ctrd_doc.c: manifests and configs, each proven against its digest ---- */

int ctrd_blob_open(const struct ctrd *c, const uint8_t digest[SL_SHA256_SIZE],
		   struct sl_error *err);
/* Read and hash: -SL_EUNTRUSTED when the bytes are others. @what: "manifest". */
int ctrd_blob_read(const struct ctrd *c, const uint8_t digest[SL_SHA256_SIZE], const char *what,
		   struct buf *out, struct sl_error *err);

enum ctrd_doc_kind { CTRD_DOC_OTHER, CTRD_DOC_INDEX, CTRD_DOC_MANIFEST, CTRD_DOC_CONFIG };

struct ctrd_desc {
	uint8_t digest[SL_SHA256_SIZE];
	uint64_t size;
	bool is_layer;
	struct sl_toc_claim toc;
};

/* An index (descriptors of images, attestations left out) or a manifest (config, layers). */
struct ctrd_doc {
	enum ctrd_doc_kind kind;
	struct ctrd_desc config;
	struct ctrd_desc *items; /* owned */
	size_t count;
};
int ctrd_doc_parse(struct ctrd_doc *out, const void *text, size_t len, struct sl_error *err);
void ctrd_doc_clear(struct ctrd_doc *doc);

/* ---- ctrd_target.c: which image a digest leads to ---- */

/* One image behind a target that is at hand. */
struct ctrd_choice {
	bool has_manifest;
	uint8_t manifest[SL_SHA256_SIZE], config[SL_SHA256_SIZE];
	bool has_top;
	uint8_t top[SL_SHA256_SIZE]; /* chain ID of its uppermost layer */
	bool is_native;              /* made for this machine */
	size_t via;                  /* the index that lists it, 1 is the first; 0: none */
};

struct ctrd_index_seen {
	uint8_t digest[SL_SHA256_SIZE];
	uint64_t size;
	size_t via; /* likewise */
};

struct ctrd_target {
	uint8_t digest[SL_SHA256_SIZE];
	struct ctrd_choice *choices; /* owned */
	size_t count;
	struct ctrd_index_seen *indexes; /* owned */
	size_t index_count;
	struct sl_error why; /* when there is none */
};

/* Read once, then remembered: borrowed until the next call. Negative is memory only. */
int ctrd_target_get(struct ctrd *c, const uint8_t digest[SL_SHA256_SIZE],
		    const struct ctrd_target **out, struct sl_error *err);
/* The choice that fits: whose layers are @top (may be NULL), else unpacked, else this machine's. */
int ctrd_target_choose(struct ctrd *c, const struct ctrd_target *t, const char *ns,
		       const struct containerd_top *top, const struct ctrd_choice **out,
		       struct sl_error *err);
void ctrd_targets_clear(struct ctrd *c);

/* ---- ctrd_image.c, ctrd_names.c ---- */

/* An image as meta.db names it. */
struct ctrd_name {
	char *ns, *name; /* owned */
	uint8_t target[SL_SHA256_SIZE];
};

struct ctrd_names {
	struct ctrd_name *names; /* owned, sorted by namespace, then name */
	size_t count;
};
/* Every name in @wanted; a name whose target is unreadable is left out. */
int ctrd_names_read(struct ctrd_names *out, struct ctrd *c, const char *wanted,
		    struct sl_error *err);
void ctrd_names_clear(struct ctrd_names *names);

/* A configuration of the content store, which must have a list of layers; and its bytes. */
int ctrd_imageconfig_read(struct ctrd *c, const uint8_t digest[SL_SHA256_SIZE], struct buf *text,
			  struct imageconfig *out, struct sl_error *err);
/* Build the image of one choice; @name may be NULL. */
int ctrd_image_build(struct ctrd *c, const char *ns, const char *snapshotter,
		     const struct ctrd_target *t, const struct ctrd_choice *choice,
		     const char *reference, const char *name, struct sl_image **out,
		     struct sl_error *err);

int ctrd_image(struct store *s, const char *word, struct sl_image **out, struct sl_error *err);
int ctrd_images(struct store *s, int (*each)(void *payload, const struct store_image *image),
		host_gap_fn gap, void *payload, struct sl_error *err);
int ctrd_container_image(struct store *s, const struct sl_container *c, struct sl_image **out,
			 struct sl_error *err);
/* Set image_id and image_digest of @c from what its record and its stack say. */
int ctrd_claim_image(struct ctrd *d, struct sl_container *c, const struct ctrd_record *r,
		     const struct containerd_top *top, struct sl_error *err);

#endif
