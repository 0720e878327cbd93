/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What containerd's Kubernetes plugin wrote about a container or a sandbox, parsed from bytes: no
 * I/O here. Names come from its own records alone; labels hold the image's labels, too.
 */
#ifndef HOST_CTRD_CRI_H
#define HOST_CTRD_CRI_H

#include <strandline/container.h>
#include <strandline/error.h>

/* The metadata extension; owned. */
struct ctrd_cri {
	char *id;
	char *full_name; /* "app_web-1_prod_<uid>_0", made of names that hold no underscore */
	char *name;      /* of the container in its pod, or of the pod */
	char *ns, *uid;  /* of a sandbox */
	char *sandbox;   /* of a container: its sandbox's id */
	uint32_t attempt;
	char *image_ref;  /* "sha256:...": the config's digest */
	char *image_name; /* what was asked for */
	char *log_path;
};

/* -SL_EFORMAT when it is not the metadata of @id. */
int ctrd_cri_parse(struct ctrd_cri *out, const void *text, size_t len, const char *id,
		   struct sl_error *err);
void ctrd_cri_clear(struct ctrd_cri *cri);

/*
 * The pod of a container or sandbox. @sandbox is the metadata of a container's sandbox; without
 * it (NULL) the container's full name is taken apart. *out is NULL when neither says it.
 */
int ctrd_cri_pod(struct sl_pod **out, const struct ctrd_cri *cri, bool is_sandbox,
		 const struct ctrd_cri *sandbox, struct sl_error *err);

/* The status file: state, process, times and exit code. */
int ctrd_cri_status(struct sl_container *c, const void *text, size_t len, struct sl_error *err);

#endif
