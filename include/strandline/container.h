/* SPDX-License-Identifier: Apache-2.0 */
/**
 * @file container.h
 * A container that some store knows, running or not.
 */
#ifndef SL_CONTAINER_H
#define SL_CONTAINER_H

#include <strandline/settings.h>
#include <strandline/stack.h>

enum sl_container_state {
	SL_STATE_UNKNOWN,
	SL_STATE_CREATED,
	SL_STATE_RUNNING,
	SL_STATE_PAUSED,
	SL_STATE_EXITED,
	SL_STATE_DEAD,
};

/** What a container is to whoever runs the host. */
enum sl_container_kind {
	SL_CONTAINER_WORKLOAD,
	SL_CONTAINER_SANDBOX, /**< holds the namespaces of a pod, runs "pause" */
	SL_CONTAINER_BUILD,   /**< what an image build works in */
	SL_CONTAINER_ORPHAN,  /**< a writable directory that no container of the store owns */
};

/** The Kubernetes (or Podman) pod a container belongs to. Owned; members may be NULL. */
struct sl_pod {
	char *ns;         /**< Kubernetes namespace */
	char *name;       /**< of the pod */
	char *uid;        /**< of the pod */
	char *container;  /**< name of the container in the pod */
	char *sandbox;    /**< id of the pod's sandbox */
	uint32_t attempt; /**< how often the container was made before in this pod */
};

/** Where something else is mounted over the container's own tree: it has no baseline. */
struct sl_mount {
	char *path;   /**< destination inside the container, absolute; owned */
	char *type;   /**< "volume", "bind" or "tmpfs"; owned */
	char *source; /**< host path or volume name, or NULL; owned */
	bool rw;
};

/** A file that describes the container or that it logged to, worth keeping as evidence. */
struct sl_artifact {
	char *name; /**< what it is: "config.v2.json", "json.log"; a safe relative path; owned */
	char *path; /**< where it was found; owned */
	int fd;     /**< O_PATH, regular file; -1: it is there, but not openable or not regular */
	bool is_log;
	/** "json-file", "local", "k8s-file", "cri"; NULL: none that is known; owned. What was
	   rotated away is the same, packed where its name ends in ".gz". */
	char *log_format;
	/** A record out of a database at @c path: @c fd lends its bytes, its times mean nothing. */
	bool is_record;
};

/** Numbers of a process's namespaces, as in /proc/PID/ns; 0 where they are not known. */
struct sl_namespaces {
	uint64_t mnt, pid, net, user, ipc, uts, cgroup;
};

/** Free with sl_container_free(). Strings are owned and may be NULL when unknown. */
struct sl_container {
	enum sl_container_kind kind;
	char *engine; /**< "docker", "containerd", "podman", "cri-o", "buildah"; "other": none that
			   has a store here */
	char *id;     /**< as the engine spells it, 64 hex digits for Docker */
	char *name;
	enum sl_container_state state;
	int64_t pid;        /**< of its init on this host, 0 when not running or unknown */
	bool has_pid_start; /**< with it, @c pid means this process and none that came later */
	uint64_t pid_start; /**< of the process @c pid, in clock ticks after boot */
	char *cgroup;       /**< its control group, as the process names it: no proof; or NULL */
	struct sl_namespaces namespaces; /**< of the process @c pid */
	char *ns;                        /**< containerd's namespace, or NULL */
	struct sl_pod *pod;              /**< owned, or NULL */
	char *note;      /**< why an orphan is one, or what else is special; one line; owned */
	char *image_ref; /**< what the user asked for, e.g. "nginx:1.25" */
	bool has_image_id;
	uint8_t image_id[SL_SHA256_SIZE]; /**< config digest */
	bool has_image_digest;
	uint8_t image_digest[SL_SHA256_SIZE]; /**< manifest digest, when the store has it */
	bool has_created, has_started, has_finished;
	struct sl_time created, started, finished;
	int exit_code;
	char *workdir;           /**< configured working directory, absolute */
	char *driver;            /**< storage driver as the store calls it */
	char *store;             /**< root of the store it was found in */
	struct sl_mount *mounts; /**< sorted by path */
	size_t mount_count;
	struct sl_stack stack;
	struct sl_artifact *artifacts;
	size_t artifact_count;
	/** What it was told to be; NULL until somebody asked for it, or there is no record. Owned.
	 */
	struct sl_settings *settings;
	/** Why what the store says about it could not be read fully, or NULL; owned. A gap. */
	char *metadata_gap;
	/** Where its output goes, as its engine calls it: "json-file", "journald"...; NULL when
	    nobody asked or no record says. Owned. */
	char *log_driver;
};

/** @return 0, or -SL_ENOMEM */
SL_API int sl_container_new(struct sl_container **out, struct sl_error *err);
/** Kept sorted by path; equal paths stay in the order of arrival. */
SL_API int sl_container_add_mount(struct sl_container *c, const char *path, const char *type,
				  const char *source, bool rw, struct sl_error *err);
/** Takes over @p fd, also on failure. What has a @p log_format is a log. */
SL_API int sl_container_add_artifact(struct sl_container *c, const char *name, const char *path,
				     int fd, const char *log_format, struct sl_error *err);
/** A record of a database as an artifact: its bytes are copied. */
SL_API int sl_container_add_record(struct sl_container *c, const char *name, const char *path,
				   const void *bytes, size_t len, struct sl_error *err);
SL_API void sl_container_free(struct sl_container *c);

/** NULL is fine. */
SL_API void sl_pod_free(struct sl_pod *pod);
/** A copy of all of it; NULL stays NULL. @return 0, or -SL_ENOMEM */
SL_API int sl_pod_copy(struct sl_pod **out, const struct sl_pod *pod, struct sl_error *err);

/** What people know it by: its name, else its id; "" when it has neither. Borrowed. */
SL_API const char *sl_container_label(const struct sl_container *c);

/** "running", "exited"... @return static text */
SL_API const char *sl_state_name(enum sl_container_state state);

/** "workload", "sandbox", "build", "orphan". @return static text */
SL_API const char *sl_container_kind_name(enum sl_container_kind kind);

#endif
