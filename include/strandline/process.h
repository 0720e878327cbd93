/* SPDX-License-Identifier: Apache-2.0 */
/**
 * @file process.h
 * What runs in a container, and where the bytes that it runs lie.
 */
#ifndef SL_PROCESS_H
#define SL_PROCESS_H

#include <strandline/container.h>

/** Where a file lies that a process runs or maps: by mount, device and inode, not by name. */
enum sl_origin {
	SL_ORIGIN_IMAGE,   /**< in the container's tree, and not in its writable directory */
	SL_ORIGIN_UPPER,   /**< in its writable directory; its bytes may still be the image's */
	SL_ORIGIN_MOUNT,   /**< in a volume or bind mount */
	SL_ORIGIN_TMPFS,   /**< in a tmpfs */
	SL_ORIGIN_MEMORY,  /**< in memory, with no place in any tree: memfd */
	SL_ORIGIN_OUTSIDE, /**< on no mount of the container */
};

/** One file that processes run or map. */
struct sl_object {
	enum sl_origin origin;
	bool is_unlinked;   /**< has no name any more, or another file has it */
	bool is_readonly;   /**< the mount it is on cannot be written */
	bool is_nested;     /**< in the root directory of a process that has one of its own */
	bool is_elf;        /**< its first bytes say so; looked at when not in the image */
	const char *engine; /**< it is this program of the host's engines, by device and inode */
	uint64_t dev, ino;
	char *path; /**< as seen in the container's tree, absolute; owned. Evidence bytes */
	int fd;     /**< O_PATH, of what does not plainly lie in the image; else -1 */
};

#define SL_OBJECT_NONE SIZE_MAX

/** Code from elsewhere that a variable or an option makes a process load. Texts owned. */
struct sl_process_lead {
	const char *by;    /**< which: "NODE_OPTIONS", "-javaagent:"; static */
	char *variable;    /**< all of it, "NAME=VALUE", which may hold secrets; NULL: an option */
	char *path;        /**< as it is named, absolute. Evidence bytes */
	size_t object;     /**< what is there; SL_OBJECT_NONE: nothing any more */
	bool is_directory; /**< code is looked for in it */
	bool is_code;      /**< a program in its arguments loads it */
};

/** What a process shares with its container. */
enum sl_process_place {
	SL_PLACE_CGROUP = 1u << 0,     /**< its control group, or one beneath */
	SL_PLACE_PID = 1u << 1,        /**< its pid namespace, or one beneath */
	SL_PLACE_MOUNTS = 1u << 2,     /**< its mount namespace */
	SL_PLACE_HOST_PID = 1u << 3,   /**< its pid namespace is the machine's, theirs is not */
	SL_PLACE_HOST_MOUNT = 1u << 4, /**< the same of its mount namespace */
	SL_PLACE_OTHER_PID = 1u << 5,  /**< its pid namespace is neither of both */
	SL_PLACE_NO_CGROUP = 1u << 6,  /**< the container has a group, and it is not in that */
};

/** Sockets that see more than what is sent to a process. */
enum sl_process_socket {
	SL_SOCKET_PACKET = 1u << 0,    /**< all packets of a network */
	SL_SOCKET_RAW = 1u << 1,       /**< all TCP or UDP packets, or ones of its own making */
	SL_SOCKET_RAW_OTHER = 1u << 2, /**< those of another protocol, as ping has */
};

/** One process. Texts are evidence bytes, owned, and may be NULL. */
struct sl_process {
	int64_t pid, parent, session;
	uint64_t start; /**< in clock ticks after boot */
	uint32_t uid;
	uint32_t place;       /**< set of enum sl_process_place */
	char *name;           /**< as it calls itself ("comm") */
	char *command;        /**< its arguments, separated by blanks; bounded */
	size_t exe;           /**< what it runs: index of an object, or SL_OBJECT_NONE */
	size_t script;        /**< what its interpreter runs; the same */
	char *missing_script; /**< that is not there any more, though it is held open; or NULL */
	size_t *mapped;       /**< what it maps executable, beside @c exe; owned */
	size_t mapped_count;
	struct sl_process_lead *leads; /**< owned */
	size_t lead_count;
	char *preload;         /**< "LD_PRELOAD=..." of its environment */
	bool is_preload_known; /**< all that it names lies in the image */
	int64_t tracer;        /**< the process that traces it, 0: none */
	bool is_tracer_inside; /**< that one is a process of the container */
	char *code;            /**< its arguments, as far as 16 KiB, where they are what it runs */
	char *alias;           /**< another program, which it says that it is: the path */
	size_t cwd;     /**< its working directory, where that was deleted; or SL_OBJECT_NONE */
	char *own_root; /**< its root directory, where that is not the container's */
	bool has_caps;
	uint64_t caps;             /**< effective and permitted ones */
	int seccomp, no_new_privs; /**< as the kernel counts them; -1: unknown */
	bool has_own_users;        /**< its user namespace is not that of the first process */
	uint32_t sockets;          /**< set of enum sl_process_socket */
	/**
	 * An interpreter that reads what it runs from a pipe which its parent has not: the pipe, as
	 * /proc shows it; who writes it (NULL: nobody any more); the connection behind that.
	 */
	char *pipe, *feeder, *feeder_peer;
	bool is_fed_from_above; /**< the writer is its parent, or the parent of that... */
	char *outlet;           /**< the pipe that it writes to then, or NULL */
	char *peer;     /**< "ADDRESS:PORT": an interpreter that this connection gives orders to */
	bool is_steady; /**< older than a second; after the second look: runs the same file still */
};

/** What a mount is that the container was not given. */
enum sl_inner {
	SL_INNER_NONE,    /**< it was given it */
	SL_INNER_RUNTIME, /**< nobody inside could have made it, or an init system makes it */
	SL_INNER_SYSTEM,  /**< it covers a part of the system */
	SL_INNER_KERNEL,  /**< an interface of the kernel */
	SL_INNER_DISK,    /**< of a disk */
	SL_INNER_OTHER,
};

/** Something mounted inside, of which no configuration says anything. */
struct sl_inner_mount {
	char *point; /**< as seen inside; owned. Evidence bytes */
	enum sl_inner kind;
};

/** Something that could not be read. */
struct sl_process_gap {
	char *what; /**< owned */
	char *why;  /**< owned */
	int sys;
};

/** All of a container. Free with sl_processes_clear(). */
struct sl_processes {
	struct sl_process *items; /**< by pid */
	size_t count;
	struct sl_object *objects;
	size_t object_count;
	char **covered; /**< entries of /proc that something is mounted over, as seen inside */
	size_t covered_count;
	struct sl_inner_mount *inner; /**< in the order in which they were met */
	size_t inner_count;
	struct sl_process_gap *gaps;
	size_t gap_count;
	uint64_t raced;     /**< ended while they were looked at */
	uint64_t looked_ns; /**< when, after boot */
};

SL_API void sl_processes_clear(struct sl_processes *p);

/** "image", "upper", "mount", "tmpfs", "memory", "outside". @return static text */
SL_API const char *sl_origin_name(enum sl_origin origin);

#endif
