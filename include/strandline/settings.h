/* SPDX-License-Identifier: Apache-2.0 */
/**
 * @file settings.h
 * What a container was told to be: how it is confined, what it shares, what it may use. From the
 * engine's record, and, while it runs, from the kernel. What neither says is unknown, never a
 * default.
 */
#ifndef SL_SETTINGS_H
#define SL_SETTINGS_H

#include <strandline/error.h>

/** One setting each. The order is that of documents; append in front of the live ones only. */
enum sl_setting {
	SL_SETTING_USER,            /**< as configured: a name or number, ":" and a group; "0" */
	SL_SETTING_PRIVILEGED,      /**< "true", "false"; so are all flags */
	SL_SETTING_CAPABILITIES,    /**< set: of the bounding set, as the runtime was told */
	SL_SETTING_CAP_ADD,         /**< set: what was asked for on top of the engine's own */
	SL_SETTING_CAP_DROP,        /**< set */
	SL_SETTING_NO_NEW_PRIVS,    /**< flag */
	SL_SETTING_SECCOMP,         /**< "unconfined", "default" (the engine's), or which */
	SL_SETTING_APPARMOR,        /**< name of the profile, "unconfined", "none" */
	SL_SETTING_SELINUX,         /**< label without the categories, which are drawn by lot */
	SL_SETTING_PID_NS,          /**< namespaces: "private", "host", "joined", or the */
	SL_SETTING_NETWORK,         /**< engine's word: "bridge", "none", "container:ID"... */
	SL_SETTING_IPC_NS,          /**< */
	SL_SETTING_UTS_NS,          /**< */
	SL_SETTING_USER_NS,         /**< */
	SL_SETTING_CGROUP_NS,       /**< */
	SL_SETTING_MOUNTS,          /**< in sl_settings.mounts */
	SL_SETTING_DEVICES,         /**< set: devices of the host that are handed in */
	SL_SETTING_DEVICE_RULES,    /**< set: "allow c 1:3 rwm" */
	SL_SETTING_MASKED_PATHS,    /**< set: paths of /proc and /sys that are hidden */
	SL_SETTING_READ_ONLY_PATHS, /**< set */
	SL_SETTING_READ_ONLY_ROOT,  /**< flag */
	SL_SETTING_MEMORY_LIMIT,    /**< bytes, or "unlimited" */
	SL_SETTING_PIDS_LIMIT,      /**< a number, or "unlimited" */
	SL_SETTING_CPU_LIMIT,       /**< processors, three decimals, or "unlimited" */
	SL_SETTING_PORTS,           /**< set: "ADDRESS:PORT:PORT/tcp": host's, then container's */
	SL_SETTING_ENVIRONMENT,     /**< set: names only */
	SL_SETTING_COMMAND,         /**< list: all arguments, the program first */
	SL_SETTING_WORKING_DIR,
	SL_SETTING_RESTART, /**< "no", "always", "unless-stopped", "on-failure:N" */
	SL_SETTING_SYSCTLS, /**< set: "NAME=VALUE" */
	/* what the kernel says of its first process, while it runs */
	SL_SETTING_LIVE_CAPABILITIES, /**< set: bounding set */
	SL_SETTING_LIVE_NO_NEW_PRIVS, /**< flag */
	SL_SETTING_LIVE_SECCOMP,      /**< "unconfined", "strict", "filter" */
	SL_SETTING_LIVE_LABEL,        /**< of AppArmor or SELinux (that without categories) */
	SL_SETTING_LIVE_HOST_NS,      /**< set: namespaces that are the machine's own: "net"... */
	SL_SETTING_LIVE_MEMORY_LIMIT, /**< like those above, of its control groups */
	SL_SETTING_LIVE_PIDS_LIMIT,
	SL_SETTING_LIVE_CPU_LIMIT,
	SL_SETTINGS,
};
#define SL_SETTING_LIVE_FIRST SL_SETTING_LIVE_CAPABILITIES

enum sl_setting_shape {
	SL_SHAPE_TEXT,
	SL_SHAPE_FLAG,
	SL_SHAPE_SET,  /**< sorted as bytes, each once */
	SL_SHAPE_LIST, /**< in order */
	SL_SHAPE_MOUNTS,
};

/** Most values of one setting, and most bytes of all settings of one container. */
#define SL_SETTING_VALUES_MAX 4096
#define SL_SETTINGS_BYTES_MAX ((size_t)4 << 20)

/** The value of one setting. */
struct sl_setting_value {
	bool is_known;
	char **items; /**< text and flag: exactly one; owned */
	size_t count;
};

/** What is mounted into the container on its configuration's word. Texts owned, or NULL. */
struct sl_setting_mount {
	char *path;        /**< destination */
	char *type;        /**< "bind", "volume", "tmpfs" */
	char *source;      /**< host path, or name of a volume */
	char *likeness;    /**< source with what is drawn anew for each container (its id, that of
				its pod, a nameless volume) replaced: what is compared */
	char *propagation; /**< "rprivate", "shared"...; NULL: unknown */
	bool rw;
};

/** Free with sl_settings_free(). */
struct sl_settings {
	struct sl_setting_value values[SL_SETTINGS]; /**< but mounts: only whether they are known */
	struct sl_setting_mount *mounts;             /**< sorted by path */
	size_t mount_count;
	bool has_host_apparmor, host_apparmor; /**< does the machine enforce AppArmor? */
	bool is_shifted;       /**< its ids are others on the machine: root inside is not root */
	char **code_variables; /**< "NAME=VALUE" of its environment where the value may name code
				that programs load; in no document. Owned */
	size_t code_variable_count;
	char *gap;    /**< why the engine's record could not be read fully, or NULL */
	size_t bytes; /**< so far, of SL_SETTINGS_BYTES_MAX */
};

/** "cap_add": the name in documents. @return static text */
SL_API const char *sl_setting_name(enum sl_setting setting);
SL_API enum sl_setting_shape sl_setting_shape(enum sl_setting setting);
/** @return 0, or -SL_EINVAL */
SL_API int sl_setting_parse(const char *name, enum sl_setting *out);

SL_API int sl_settings_new(struct sl_settings **out, struct sl_error *err);
SL_API void sl_settings_free(struct sl_settings *s);

/** A text or flag: becomes known. Replaces what was there. */
SL_API int sl_settings_text(struct sl_settings *s, enum sl_setting setting, const char *text,
			    struct sl_error *err);
SL_API int sl_settings_flag(struct sl_settings *s, enum sl_setting setting, bool value,
			    struct sl_error *err);
/** A set, list or the mounts are known, empty so far. */
SL_API void sl_settings_know(struct sl_settings *s, enum sl_setting setting);
/** One more of a set or list: becomes known. -SL_ELIMIT when there are too many. */
SL_API int sl_settings_add(struct sl_settings *s, enum sl_setting setting, const char *text,
			   struct sl_error *err);
/** All members copied; likeness NULL: that is the source. */
SL_API int sl_settings_add_mount(struct sl_settings *s, const struct sl_setting_mount *mount,
				 struct sl_error *err);
/** Bring sets and mounts in order. Call when all is added. */
SL_API void sl_settings_settle(struct sl_settings *s);

/** Is any setting known at all? */
SL_API bool sl_settings_is_any_known(const struct sl_settings *s);
/** The text of a text or flag; NULL when unknown. Borrowed. */
SL_API const char *sl_settings_get(const struct sl_settings *s, enum sl_setting setting);
/** False also when unknown. */
SL_API bool sl_settings_is(const struct sl_settings *s, enum sl_setting setting, const char *text);
SL_API bool sl_settings_has(const struct sl_settings *s, enum sl_setting setting, const char *text);

#endif
