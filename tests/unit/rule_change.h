/* SPDX-License-Identifier: Apache-2.0 */
/* Changes in few words, for the tests of rules, in a container that was made at T0. */
#ifndef UNIT_RULE_CHANGE_H
#define UNIT_RULE_CHANGE_H

#include "unit/drift_case.h"

#define E(t, m, ...) (&(const struct sl_entry){.mode = (t) | (m), __VA_ARGS__})
#define REG(m, ...) E(S_IFREG, m, .size = 10, __VA_ARGS__)
#define EMPTY REG(0644, .size = 0)
#define TEXT REG(0644)
#define PROGRAM REG(0755)
#define SUBDIR E(S_IFDIR, 0755)
#define SYMLINK E(S_IFLNK, 0777, .target = {"/dev/null", 9})
#define CHAR_DEVICE E(S_IFCHR, 0600, .rdev_major = 1)
#define BLOCK_DEVICE E(S_IFBLK, 0600, .rdev_major = 8)

#define RUNS .signals = SL_SIGNAL_RUNNING
#define MAPS .signals = SL_SIGNAL_MAPPED

#define ADD(p, e, ...)                                                                             \
	{                                                                                          \
		.kind = SL_CHANGE_ADDED, .path = PATH(p), .after = (e), __VA_ARGS__                \
	}
#define DEL(p, e, ...)                                                                             \
	{                                                                                          \
		.kind = SL_CHANGE_DELETED, .path = PATH(p), .before = (e), __VA_ARGS__             \
	}
#define MOD(p, b, a, ...)                                                                          \
	{                                                                                          \
		.kind = SL_CHANGE_MODIFIED, .fields = SL_FIELD_CONTENT, .path = PATH(p),           \
		.before = (b), .after = (a), __VA_ARGS__                                           \
	}
#define TYPE(p, b, a)                                                                              \
	{                                                                                          \
		.kind = SL_CHANGE_TYPE, .fields = SL_FIELD_TYPE, .path = PATH(p), .before = (b),   \
		.after = (a)                                                                       \
	}
#define META(p, f, b, a, ...)                                                                      \
	{                                                                                          \
		.kind = SL_CHANGE_METADATA, .fields = (f), .path = PATH(p), .before = (b),         \
		.after = (a), __VA_ARGS__                                                          \
	}

static const uint8_t raw_caps[20] = {1, 0, 0, 2, 0, 0x20};
static const struct sl_xattr raw[] = {{"security.capability", raw_caps, sizeof(raw_caps)}};
static const uint8_t no_caps[20] = {1, 0, 0, 2};
static const struct sl_xattr empty_set[] = {{"security.capability", no_caps, sizeof(no_caps)}};

static const uint8_t many[300] = {'x'};
static const struct sl_xattr large[] = {{"user.p", many, sizeof(many)}};
static const struct sl_xattr note[] = {{"user.xdg.origin.url", many, 60}};
static const struct sl_xattr hidden[] = {{"user.p", (const uint8_t *)"#!/bin/sh\nid\n", 13}};

/* user::rw-, user:33:rw- or r--, group::r--, mask::rw-, other::--- */
#define LIST(named)                                                                                \
	{                                                                                          \
		2, 0, 0, 0, 1, 0, 6, 0, 255, 255, 255, 255, 2, 0, named, 0, 33, 0, 0, 0, 4, 0, 4,  \
			0, 255, 255, 255, 255, 16, 0, 6, 0, 255, 255, 255, 255, 32, 0, 0, 0, 255,  \
			255, 255, 255                                                              \
	}
static const uint8_t list_rw[] = LIST(6), list_ro[] = LIST(4);
static const struct sl_xattr write_list[] = {{"system.posix_acl_access", list_rw, sizeof(list_rw)}};
static const struct sl_xattr read_list[] = {{"system.posix_acl_access", list_ro, sizeof(list_ro)}};

#define T0 INT64_C(1000000000)
static const struct sl_container container = {
	.mounts = &(struct sl_mount){.path = (char *)(uintptr_t) "/data"},
	.mount_count = 1,
	.has_created = true,
	.created = {T0 + 1000, 0},
	.has_started = true,
	.started = {T0 + 5000, 0}};

#define AT(sec, ...) REG(0644, .fields = SL_ENTRY_CTIME, .ctime = {T0 + (sec), 0}, __VA_ARGS__)
#define DIR_AT(sec, m, ...)                                                                        \
	E(S_IFDIR, m, .fields = SL_ENTRY_CTIME, .ctime = {T0 + (sec), 0}, __VA_ARGS__)
/* Written at one time, by its own account, and at another by the kernel's. */
#define SAYS(wrote, sec, m)                                                                        \
	REG(m, .fields = SL_ENTRY_CTIME | SL_ENTRY_MTIME, .mtime = {T0 + (wrote), 0},              \
	    .ctime = {T0 + (sec), 0})
#define CODE .signals = SL_SIGNAL_SERVER_CODE
#define REWRITTEN .signals = SL_SIGNAL_REWRITTEN
#define MINES .signals = SL_SIGNAL_MINER
#define ORIGIN SL_ENTRY_ORIGIN
/* Born at 9000, changed last at 9001 and a fraction, and says that it was written at @sec. */
#define SET_BACK(p, sec, ns, f)                                                                    \
	MOD(p, TEXT,                                                                               \
	    REG(0644, .fields = SL_ENTRY_CTIME | SL_ENTRY_MTIME | SL_ENTRY_BTIME,                  \
		.mtime = {T0 + (sec), ns}, .ctime = {T0 + 9001, 7}, .btime = {T0 + 9000, 7},       \
		.flags = (f)),                                                                     \
	    .fields = ~0u)
#define SOCKET E(S_IFSOCK, 0777)
#define TO(to) E(S_IFLNK, 0777, .target = {(to), sizeof(to) - 1})
#define LINK_AT(sec, to)                                                                           \
	E(S_IFLNK, 0777, .fields = SL_ENTRY_CTIME, .ctime = {T0 + (sec), 0},                       \
	  .target = {(to), sizeof(to) - 1})
#define MARKED(p, signal)                                                                          \
	{                                                                                          \
		.kind = SL_CHANGE_ADDED, .signals = (signal), .path = PATH(p), .after = TEXT       \
	}
#define PYC "\xa7\x0d\x0d\n\0\0\0\0\1\2\3\4\5\6\7\10"
#define PYC_UNCHECKED "\xa7\x0d\x0d\n\1\0\0\0\1\2\3\4\5\6\7\10"

#endif
