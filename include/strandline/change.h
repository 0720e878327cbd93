/* SPDX-License-Identifier: Apache-2.0 */
/**
 * @file change.h
 * A difference between the image's merged view and the container, and how two entries compare.
 */
#ifndef SL_CHANGE_H
#define SL_CHANGE_H

#include <strandline/entry.h>
#include <strandline/source.h>

/** What happened to a path. The names are part of the document: append only. */
enum sl_change_kind {
	SL_CHANGE_ADDED,
	SL_CHANGE_MODIFIED, /**< bytes, link target or device number differ */
	SL_CHANGE_METADATA, /**< content proven equal; mode, owner, an xattr or mtime moved */
	SL_CHANGE_DELETED,
	SL_CHANGE_TYPE,    /**< file became directory, link, device... */
	SL_CHANGE_TOUCHED, /**< nothing differs, or only a directory's mtime: counted, not drift */
};
#define SL_CHANGE_KINDS 6

/** Which fields differ. */
enum sl_change_field {
	SL_FIELD_TYPE = 1u << 0,
	SL_FIELD_MODE = 1u << 1, /**< bits under 07777 */
	SL_FIELD_OWNER = 1u << 2,
	SL_FIELD_SIZE = 1u << 3,
	SL_FIELD_CONTENT = 1u << 4,
	SL_FIELD_TARGET = 1u << 5,
	SL_FIELD_RDEV = 1u << 6,
	SL_FIELD_MTIME = 1u << 7,
	SL_FIELD_XATTRS = 1u << 8,
};

/** Signals: facts about a change that rules and people read. Order is append only. */
enum sl_signal {
	SL_SIGNAL_FORGED_MTIME = 1u << 0, /**< content differs, mtime equals the lower object's */
	SL_SIGNAL_SETUID = 1u << 1,       /**< setuid bit is set after and was not before */
	SL_SIGNAL_SETGID = 1u << 2,
	SL_SIGNAL_CAPS = 1u << 3,        /**< security.capability gained or changed */
	SL_SIGNAL_OPAQUE = 1u << 4,      /**< directory replaced as a whole */
	SL_SIGNAL_HIDDEN_NAME = 1u << 5, /**< name starts with a dot, or is made to be overlooked */
	SL_SIGNAL_RENAMED = 1u << 6,
	SL_SIGNAL_UNSTABLE = 1u << 7, /**< changed while it was read */
	SL_SIGNAL_ELF = 1u << 8,
	SL_SIGNAL_SCRIPT = 1u << 9,      /**< starts with #! */
	SL_SIGNAL_EXECUTABLE = 1u << 10, /**< an execute bit is set */
	SL_SIGNAL_WORLD_WRITABLE = 1u << 11,
	SL_SIGNAL_DEVICE = 1u << 12,         /**< a device node that the image does not have */
	SL_SIGNAL_UNDER_MOUNT = 1u << 13,    /**< lies at or beneath a mount point: hidden inside */
	SL_SIGNAL_STRAY_WHITEOUT = 1u << 14, /**< deletes a name that the image never had */
	SL_SIGNAL_TRUNCATED = 1u << 15,      /**< had content, is empty now */
	SL_SIGNAL_RUNNING = 1u << 16,        /**< a process of the container runs it */
	SL_SIGNAL_MAPPED = 1u << 17,         /**< a process maps it, executable */
	SL_SIGNAL_ARCHIVE = 1u << 18,        /**< tar, zip, compressed data, by its first bytes */
	SL_SIGNAL_KEY = 1u << 19,            /**< a private key, by its first bytes */
	SL_SIGNAL_PACKAGED = 1u << 20,       /**< a package database claims it: proves nothing */
	SL_SIGNAL_VOLUME = 1u << 21,         /**< in a mount, which has no baseline */
	SL_SIGNAL_KNOWN_BAD = 1u << 22,      /**< its SHA-256 is in a list of bad ones */
	SL_SIGNAL_KNOWN_GOOD = 1u << 23,     /**< its SHA-256 is in a list of good ones */
	SL_SIGNAL_YARA = 1u << 24,           /**< a YARA rule matches its bytes */
	SL_SIGNAL_IN_PATH = 1u << 25,        /**< in a directory of PATH */
	SL_SIGNAL_IN_TEMP = 1u << 26,        /**< in a directory for temporary files */
	SL_SIGNAL_UNLINKED = 1u << 27,       /**< has no name any more, or another file has it */
	SL_SIGNAL_MEMFD = 1u << 28,          /**< lives in memory only */
	SL_SIGNAL_PRELOAD = 1u << 29,        /**< loaded into every program of a process */
	SL_SIGNAL_TRACED = 1u << 30,         /**< another process traces it */
};
/* C11 has no enumerators beyond an int: the rest of the signals. */
/** Holds PHP, JSP or ASP, wherever in the file. */
#define SL_SIGNAL_SERVER_CODE (UINT64_C(1) << 31)
/** And that code runs what a request brings, or what it unpacks first. */
#define SL_SIGNAL_RUNS_INPUT (UINT64_C(1) << 32)
/** Has a miner's pool or settings in it. */
#define SL_SIGNAL_MINER (UINT64_C(1) << 33)
/** Made so that looking through it costs too much: not searched to its end for the last three. */
#define SL_SIGNAL_PARTLY_SEARCHED (UINT64_C(1) << 34)
/** A log of the image whose beginning is not the image's any more. */
#define SL_SIGNAL_REWRITTEN (UINT64_C(1) << 35)
/** Its mtime is, to the nanosecond, that of a program of the image which everybody knows. */
#define SL_SIGNAL_BORROWED_MTIME (UINT64_C(1) << 36)
/** Has a credential of another system in it, known by its form. */
#define SL_SIGNAL_CREDENTIAL (UINT64_C(1) << 37)
/** A document of the image whose bytes are nothing but chance now. */
#define SL_SIGNAL_SCRAMBLED (UINT64_C(1) << 38)
/** Was deleted while the container was made or started. */
#define SL_SIGNAL_DELETED_AT_START (UINT64_C(1) << 39)
/** A text with a line that ties a shell to a connection, or runs what it fetches or decodes. */
#define SL_SIGNAL_SHELL_CODE (UINT64_C(1) << 40)
/** Holds a program behind other bytes, or one in base64. */
#define SL_SIGNAL_PROGRAM_INSIDE (UINT64_C(1) << 41)
/** One more than the highest bit of a signal. */
#define SL_SIGNAL_BITS 42

/** One difference. Everything borrowed. */
struct sl_change {
	enum sl_change_kind kind;
	uint32_t fields;  /**< set of enum sl_change_field */
	uint64_t signals; /**< set of enum sl_signal, and of those below it */
	struct sl_bytes path;
	const struct sl_entry *before; /**< NULL when added */
	const struct sl_entry *after;  /**< NULL when deleted */
	struct sl_bytes renamed_from;  /**< data NULL unless recognised */
	struct sl_bytes renamed_to;    /**< of what is gone here; data NULL unless recognised */
	uint8_t head[16];              /**< first bytes of the content after; for rules */
	uint8_t head_len;
};

/**
 * Say what differs between two entries that share a path.
 *
 * A pure function: no I/O, no allocation, no failure. Content counts as equal only when both sides
 * carry a SHA-256 and these agree; two different XXH3 values or sizes prove a difference, equal
 * ones prove nothing. mtimes compare at the coarser precision; modes under 07777; link counts,
 * sizes of anything but regular files and overlay-private attributes of an image not at all.
 * Metadata of an implied parent compares as equal.
 *
 * @return a set of enum sl_change_field; SL_FIELD_CONTENT also when equality cannot be proven
 */
SL_API uint32_t sl_entry_compare(const struct sl_entry *before, const struct sl_entry *after);

/** The kind that follows from the fields, when both sides exist and @p mode is the after mode. */
SL_API enum sl_change_kind sl_change_kind_of(uint32_t fields, uint32_t mode);

/**
 * Say in one line what differs: "mode 0644 -> 0755 (now executable), owner 0:0 -> 33:33". Evidence
 * bytes in it are quoted. With @p alike what differs from path to path (sizes, times, targets) is
 * left out, so that thousands of changes that say the same share a text.
 *
 * @return heap string, empty when there is nothing to say; NULL when memory ran out
 */
SL_API char *sl_change_describe(const struct sl_change *c, bool alike);

/** "added"... @return static text */
SL_API const char *sl_change_name(enum sl_change_kind kind);

/** The text of one signal bit, "forged-mtime"...; NULL for an unknown bit. Static. */
SL_API const char *sl_signal_name(uint64_t bit);

#endif
