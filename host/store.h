/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One engine's store, read by the reader of that engine. A further engine is a further row in the
 * table of host.c and a file that fills these operations.
 */
#ifndef HOST_STORE_H
#define HOST_STORE_H

#include "core/json.h"
#include "core/root.h"
#include "host/host.h"

/* Largest metadata document that is read. */
#define STORE_JSON_MAX ((size_t)16 * 1024 * 1024)
/* Most values in one: a specification with thousands of mounts and seccomp rules fits. */
#define STORE_VALUES_MAX ((size_t)262144)
/* Most names in one directory of a store. */
#define STORE_NAMES_MAX ((size_t)1 << 20)

/* What is being examined; lent to every store. */
struct place {
	int root_fd;    /* O_PATH: "/" of what is examined */
	int proc_fd;    /* O_PATH: its /proc, -1 when the machine is not running (or not ours) */
	const char *ns; /* look up images in this namespace of containerd alone; NULL: in all */
	bool bare;      /* for now, containers are loaded without their artifacts */
};

struct store;

/*
 * What a walk needs to know of a container before it is read in full. All texts are owned by the
 * list.
 */
struct store_name {
	struct store *store;
	char *key;          /* how the store finds it again; unique in the store */
	const char *engine; /* static text; store->engine, unless one store serves several */
	char *id;           /* as people type it */
	char *name;         /* NULL when there is none */
	char *ns;           /* containerd's namespace, or NULL */
	enum sl_container_kind kind;
	struct sl_pod *pod;  /* NULL: not in one */
	bool running;        /* as far as the store knows; the running attempt of a pod's container
				wins */
	struct sl_time made; /* or zero: of two attempts the newer one wins */
};

struct store_list {
	struct store_name *rows;
	size_t count, cap;
};

/* Takes over the texts of @row, also on failure. No engine: the store's. No key: the id. */
int store_list_add(struct store_list *list, struct store_name *row, struct sl_error *err);
/* Keep the first @count rows. */
void store_list_cut(struct store_list *list, size_t count);
void store_list_clear(struct store_list *list);

/* An image of a store by its names; texts borrowed for the call. */
struct store_image {
	const char *name; /* "repository:tag", or NULL */
	const char *id;   /* "sha256:...": what ops->image() finds it by */
};

struct store_ops {
	/*
	 * Name every container of the store, in any order; with @orphans also what belongs to no
	 * container. One that cannot be named is a gap, and so is the list itself when it cannot
	 * be read. Non-zero from @gap is returned.
	 */
	int (*list)(struct store *s, bool orphans, struct store_list *out, host_gap_fn gap,
		    void *payload, struct sl_error *err);
	/* Read one container in full. State and pid are what the store says; live.h settles them.
	 */
	int (*load)(struct store *s, const struct store_name *row, struct sl_container **out,
		    struct sl_error *err);
	/* Every image of the store; one that cannot be named is a gap. Non-zero ends it. */
	int (*images)(struct store *s, int (*each)(void *payload, const struct store_image *image),
		      host_gap_fn gap, void *payload, struct sl_error *err);
	/* An image by name, id or id prefix; -SL_ENOTFOUND, -SL_EAMBIGUOUS with candidates. */
	int (*image)(struct store *s, const char *word, struct sl_image **out,
		     struct sl_error *err);
	/* The image of a container of this store. */
	int (*container_image)(struct store *s, const struct sl_container *c, struct sl_image **out,
			       struct sl_error *err);
	/*
	 * Records of the container in the store's databases, as artifacts, and what its log driver
	 * is; NULL: there are none. Negative is memory only.
	 */
	int (*evidence)(struct store *s, struct sl_container *c, struct sl_error *err);
	void (*close)(struct store *s);
};

struct store {
	const struct store_ops *ops;
	const char *engine; /* "docker" */
	char *dir;          /* its root, as a path inside the examined root; owned */
};

/* The stores of a host; owned. */
struct store_set {
	struct store **stores;
	size_t count;
};

/* Where stores may be, as paths inside the examined root; owned. */
struct store_dirs {
	char **dirs;
	size_t count;
};

/* A copy of @dir, unless it is there already. */
int store_dirs_add(struct store_dirs *dirs, const char *dir, struct sl_error *err);
void store_dirs_clear(struct store_dirs *dirs);

/* Takes over @s, also on failure. */
int store_set_add(struct store_set *set, struct store *s, struct sl_error *err);

/* A JSON document within both bounds, no link followed; and what was read of one already. */
int store_read_json(int dir_fd, const char *path, struct jval **out, struct sl_error *err);
int store_parse_json(struct jval **out, const struct buf *text, const char *path,
		     struct sl_error *err);

/* Move @own into @err (which may be NULL) and return its negated code. */
int store_give_error(struct sl_error *err, struct sl_error *own);

/* container.c: is something mounted on @path already? */
bool store_has_mount(const struct sl_container *c, const char *path);

/* container.c: keep the first @count artifacts. */
void store_cut_artifacts(struct sl_container *c, size_t count);

/* A gap about something other than a path in a container. */
int store_gap(host_gap_fn gap, void *payload, const char *what, const struct sl_error *why);

/*
 * docker.c: open the data root @dir and the remapped ones below it.
 * -SL_ENOTFOUND when there is no such store.
 */
int docker_open(struct store_set *set, const struct place *place, const char *dir,
		struct sl_error *err);
/*
 * docker_discover.c: where this root's daemons keep their data. A configuration that cannot be read
 * is a failure; @dirs then has the built-in defaults.
 */
int docker_discover(struct store_dirs *dirs, const struct place *place, struct sl_error *err);

/*
 * cstore.c, cstore_discover.c: the same for containers/storage, which Podman, CRI-O and Buildah
 * share.
 */
int cstore_open(struct store_set *set, const struct place *place, const char *dir,
		struct sl_error *err);
int cstore_discover(struct store_dirs *dirs, const struct place *place, struct sl_error *err);
/* ctrd.c: open containerd's root @dir. -SL_ENOTFOUND when there is no such store. */
int ctrd_open(struct store_set *set, const struct place *place, const char *dir,
	      struct sl_error *err);
/* ctrd_discover.c: its own, Kubernetes distributions', docker's supervised one, rootless homes. */
int ctrd_discover(struct store_dirs *dirs, const struct place *place, struct sl_error *err);

#endif
