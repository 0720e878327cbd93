/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The engines' stores of one host, live or on a mounted disk: which containers and images there
 * are. No daemon, no API, no lock: only their files.
 */
#ifndef HOST_HOST_H
#define HOST_HOST_H

#include <strandline/container.h>
#include <strandline/image.h>
#include <strandline/source.h>

struct host;

struct host_store {
	const char *engine; /* "docker" */
	const char *dir;    /* its root, as a path inside the examined root */
};

struct host_options {
	const char *root; /* NULL or "/": this machine; else a mounted disk */
	bool live; /* @root is the root of the running machine: /proc beneath it may be read */
	const struct host_store *stores; /* replaces discovery when there are any */
	size_t store_count;
	const char *ns; /* of containerd's namespaces only this one; NULL: all. Borrowed */
};

/* What to do with something that could not be read. */
typedef int (*host_gap_fn)(void *payload, const struct sl_gap *gap);

int host_open(struct host **out, const struct host_options *options, struct sl_error *err);
void host_close(struct host *h);

/* Is this the machine that runs, and can its /proc be looked at? */
bool host_is_live(const struct host *h);

/* False: no store was found, not even one that cannot be opened. There is nothing to list. */
bool host_has_stores(const struct host *h);

/* Open a path of the examined root with O_PATH, links resolved inside it. */
int host_open_path(const struct host *h, const char *path, struct sl_error *err);

/* Is this an engine's name, as references and filters take it? -SL_EINVAL lists those there are. */
int host_check_engine(const char *name, struct sl_error *err);

/* Call @each for every store that is open; a non-zero return ends it and is returned. */
int host_stores(const struct host *h,
		int (*each)(void *payload, const char *engine, const char *dir), void *payload);

/* Does this directory lie in one of the stores? 1: yes; 0: no; negative: it cannot be told. */
int host_holds_dir(const struct host *h, int dir_fd, struct sl_error *err);

/* Containers that a filter left out only because of what they are. */
struct host_hidden {
	size_t sandboxes, builds;
};

/* Which containers a walk hands over. All zero: the workloads of every store. */
struct host_filter {
	bool sandboxes;             /* those that hold a pod's namespaces, too */
	bool orphans;               /* and what belongs to no container, or to an image build */
	const char *engine;         /* of this engine alone; NULL: any */
	const char *pod;            /* of this pod alone: "NAMESPACE/POD" or "POD"; NULL: any */
	bool own_gaps;              /* @each says what c->metadata_gap says */
	bool bare;                  /* without artifacts, which cost a fifth of the time */
	struct host_hidden *hidden; /* counted here when not NULL */
};

/*
 * Call @each for every container of every store that @filter (NULL: all zero) lets through, ordered
 * by engine, pod or name, id; orphans come last. The container is handed over. One unreadable
 * container is a gap and costs that container only. An orphan whose directory a container of
 * another store owns is none, and left out. What runs and no store knows comes last, its engine is
 * "other"; where stores were named instead of found, only when that engine is asked for. A non-zero
 * return of @each ends the walk and is returned.
 */
int host_containers(struct host *h, const struct host_filter *filter,
		    int (*each)(void *payload, struct sl_container *c), host_gap_fn gap,
		    void *payload, struct sl_error *err);

/*
 * A container as people refer to it: name, full id or unique id prefix, with an optional "ENGINE:"
 * in front; "pod:NAMESPACE/POD[/CONTAINER]", with "@N" or "@previous" behind for another than the
 * running or newest attempt; or the path of its upper directory. Workloads are found first. What is
 * none has no name here, only an id and a path.
 * -SL_ENOTFOUND, or -SL_EAMBIGUOUS listing the candidates.
 */
int host_find_container(struct host *h, const char *word, struct sl_container **out,
			struct sl_error *err);

/*
 * The same, where a pod without a container stands for all its workloads: each is handed to @each,
 * as by host_containers(). What is found and cannot be read is a gap when it is one of several,
 * else the failure.
 */
int host_find_containers(struct host *h, const char *word,
			 int (*each)(void *payload, struct sl_container *c), host_gap_fn gap,
			 void *payload, struct sl_error *err);

/* An image as a store names it; borrowed for the call. */
struct host_image {
	const char *engine, *dir; /* of the store */
	const char *name;         /* "repository:tag", or NULL */
	const char *id;           /* "sha256:..." */
};

/* Call @each for every image of every store; a non-zero return ends the walk and is returned. */
int host_images(struct host *h, int (*each)(void *payload, const struct host_image *image),
		host_gap_fn gap, void *payload, struct sl_error *err);

/* The image that host_images() named, of that very store; also while it still names others. */
int host_load_image(struct host *h, const struct host_image *image, struct sl_image **out,
		    struct sl_error *err);

/* An image of a store: "docker:NAME[:TAG]", "podman:ID"..., or without an engine in front. */
int host_find_image(struct host *h, const char *word, struct sl_image **out, struct sl_error *err);
/*
 * Read what a container was told to be into c->settings, from the files that were found with it and
 * from what runs; done once. What cannot be read is in settings->gap; negative is memory only.
 */
int host_container_settings(const struct host *h, struct sl_container *c, struct sl_error *err);
/*
 * Add to the artifacts what only evidence takes, because finding it costs time: what runtimes and
 * monitors wrote while it ran, and records of the engines' databases; and c->log_driver. Call it
 * once. What is not there is not missed; a database that cannot be read is c->metadata_gap.
 */
int host_container_evidence(struct host *h, struct sl_container *c, struct sl_error *err);
/* The image a container runs, in the store it was found in. */
int host_container_image(struct host *h, const struct sl_container *c, struct sl_image **out,
			 struct sl_error *err);

#endif
