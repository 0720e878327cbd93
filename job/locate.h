/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Whose a path is: from a path of the host to the layers, images, containers and pods that have it,
 * and from a path in a container to the directory that it comes from.
 */
#ifndef JOB_LOCATE_H
#define JOB_LOCATE_H

#include <strandline/container.h>
#include <strandline/entry.h>
#include <strandline/source.h>

#include "job/job.h"

/* What the directory is to its owner. */
enum located_what {
	LOCATED_UPPER,    /* the container's writable directory, or its whole tree */
	LOCATED_LOWER,    /* below it: a layer of the image */
	LOCATED_INIT,     /* below it, made by the engine */
	LOCATED_DATA,     /* below it, lends bytes only */
	LOCATED_MOUNT,    /* mounted into the container: a volume or a directory of the host */
	LOCATED_VIEW,     /* where the engine shows the container's merged tree */
	LOCATED_ARTIFACT, /* a file of the engine about the container */
	LOCATED_IMAGE,    /* a layer of an image, whether a container uses it or not */
};

/* "upper", "layer", "init", "data", "mount", "view", "engine file", "image". Static text. */
const char *located_name(enum located_what what);

enum located_shown { SHOWN_NO, SHOWN_YES, SHOWN_UNKNOWN };

/* One owner of the path; everything borrowed for the call. */
struct located_owner {
	enum located_what what;
	const struct sl_container *container; /* NULL for an image */
	const char *engine;
	const char *image; /* a name of it, or NULL */
	bool has_image_id;
	uint8_t image_id[SL_SHA256_SIZE];
	const char *dir; /* the directory of the store, or the source of the mount; may be NULL */
	bool has_layer;  /* it is layer @layer of the image, 0 = bottom */
	size_t layer;
	bool has_diff_id;
	uint8_t diff_id[SL_SHA256_SIZE];
	const char *path; /* in the container, or beneath the layer: "/..."; NULL: not in it */
	enum located_shown shown; /* does the container show this very object there? */
	const char *hidden_by;    /* why it does not, or is not known; or NULL */
};

/* The path of the host itself, told before its owners. */
struct located_path {
	const char *path; /* with links on the way followed */
	bool exists;
	uint32_t mode; /* when it exists; a link is not followed */
	uint64_t size;
};

struct locate_receiver {
	int (*path)(void *payload, const struct located_path *path);
	int (*owner)(void *payload, const struct located_owner *owner);
	int (*gap)(void *payload, const struct sl_gap *gap);
	void *payload;
};

/*
 * Tell every owner of @path, which is resolved inside the examined root.
 * @param[out] status  3 when something could not be looked at, else 0
 */
int job_locate(const struct job *job, const char *path, const struct locate_receiver *receiver,
	       int *status, struct sl_error *err);

/* What one directory of a container's stack has at a path. */
enum located_object {
	OBJECT_FOUND,    /* something is there */
	OBJECT_DELETED,  /* a marker deletes it, or a directory above it */
	OBJECT_REPLACED, /* what is above it is no directory here: nothing below shows */
};

struct located_layer {
	enum located_what what; /* upper, lower, init or data */
	const char *dir;
	const char *path;   /* in @dir: what was found, or what the marker or file is about */
	const char *stored; /* how the object is called in @dir, or NULL when that is not known */
	enum located_object object;
	uint32_t mode; /* when something was found */
	uint64_t size;
	bool has_layer, has_diff_id;
	size_t layer;
	uint8_t diff_id[SL_SHA256_SIZE];
	bool shown; /* this is what the container shows; of a directory: what it is like */
};

struct locate_inside_receiver {
	/* @resolved: where the path leads in the container, links on the way followed; @mount: what
	 * is mounted there or above it, or NULL; @shown: something is there */
	int (*path)(void *payload, const struct sl_container *c, const char *resolved,
		    const struct sl_mount *mount, bool shown);
	int (*layer)(void *payload, const struct located_layer *layer);
	int (*gap)(void *payload, const struct sl_gap *gap);
	void *payload;
};

/* Tell which directories of the stack of @container have @path ("/..."), topmost first. */
int job_locate_inside(const struct job *job, const char *container, const char *path,
		      const struct locate_inside_receiver *receiver, int *status,
		      struct sl_error *err);

#endif
