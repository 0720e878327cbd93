/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Settings out of the documents that engines keep, and out of the kernel's files. What a reader
 * does not find, it leaves unknown. All input is hostile; a document that breaks a bound fails as a
 * whole, for half a set would look like all of it.
 */
#ifndef HOST_SETTINGS_READ_H
#define HOST_SETTINGS_READ_H

#include <strandline/container.h>
#include <strandline/settings.h>

#include "core/json.h"
#include "host/cgroup.h"

/* Most values in one document: seccomp rules and thousands of mounts fit. */
#define SETTINGS_JSON_VALUES ((size_t)262144)

/* ---- settings_docker.c: config.v2.json and hostconfig.json; either may be NULL ---- */
int settings_docker(struct sl_settings *out, const struct sl_container *c,
		    const struct jval *config, const struct jval *hostconfig, struct sl_error *err);

/* ---- settings_oci.c: a runtime specification ---- */
int settings_oci(struct sl_settings *out, const struct sl_container *c, const struct jval *spec,
		 struct sl_error *err);

/*
 * ---- settings_beside.c: ports and restart policy, which the specification does not have ----
 * Documents that are NULL say nothing.
 */

/* Podman's configuration of a container and, in a pod, of the one that holds its namespaces. */
int settings_podman(struct sl_settings *out, const struct jval *config, const struct jval *infra,
		    struct sl_error *err);
/* The specification of a sandbox of CRI-O's. */
int settings_crio(struct sl_settings *out, const struct jval *sandbox, struct sl_error *err);
/* The metadata of a sandbox of containerd's Kubernetes plugin. */
int settings_cri(struct sl_settings *out, const struct jval *sandbox, struct sl_error *err);
/* The record of any other of containerd's, with its labels. */
int settings_containerd(struct sl_settings *out, const struct jval *record, struct sl_error *err);

/* ---- settings_mount.c ---- */

/* A mount with its likeness worked out. */
int settings_mount(struct sl_settings *out, const struct sl_container *c, const char *path,
		   const char *type, const char *source, const char *propagation, bool rw,
		   struct sl_error *err);

/* ---- settings_live.c ---- */

/* /proc/PID/status of the first process. */
int settings_status(struct sl_settings *out, const char *text, size_t len, struct sl_error *err);
/* One limit as a control group's file says it: "max", "1048576", "50000 100000". */
int settings_limit(struct sl_settings *out, enum sl_setting setting, const char *text, size_t len,
		   struct sl_error *err);
/* What runs now; does nothing when nothing does. @root_fd and @proc_fd are the machine's. */
int settings_live(struct sl_settings *out, const struct sl_container *c, int root_fd, int proc_fd,
		  struct sl_error *err);

/* ---- settings_value.c: one way of writing each kind of value ---- */

/* "SYS_ADMIN", whatever form it comes in. */
int settings_add_capability(struct sl_settings *out, enum sl_setting setting, const char *name,
			    struct sl_error *err);
int settings_add_capabilities(struct sl_settings *out, enum sl_setting setting, uint64_t bits,
			      struct sl_error *err);
/* Nothing is "unlimited". */
int settings_amount(struct sl_settings *out, enum sl_setting setting, bool has, int64_t amount,
		    struct sl_error *err);
/* Time a period, both in one unit, as processors. */
int settings_cpus(struct sl_settings *out, enum sl_setting setting, int64_t quota, int64_t period,
		  struct sl_error *err);
/* A label of SELinux without the categories at its end. */
int settings_label(struct sl_settings *out, enum sl_setting setting, const char *label, size_t len,
		   struct sl_error *err);
/* What Go writes for a list; what is there and is none says nothing. */
bool settings_is_list(const struct jval *v);
/* Texts of a JSON array; known also when there are none. What is no text is -SL_EFORMAT. */
int settings_texts(struct sl_settings *out, enum sl_setting setting, const struct jval *list,
		   struct sl_error *err);
/* The names of "NAME=VALUE" texts. */
int settings_names(struct sl_settings *out, const struct jval *environment, struct sl_error *err);
/* {"NAME":"VALUE"} as "NAME=VALUE". */
int settings_pairs(struct sl_settings *out, enum sl_setting setting, const struct jval *object,
		   struct sl_error *err);

#endif
