/* SPDX-License-Identifier: Apache-2.0 */
#include "diff/facts.h"

#include <string.h>
#include <sys/stat.h>

#include "core/cleanup.h"
#include "core/encode.h"
#include "diff/caps.h"

#define ANY_EXECUTE 0111u
#define WRITE_OTHERS 0002u

/* ---- names ---- */

static struct sl_bytes last_component(struct sl_bytes path)
{
	const char *slash = memrchr(path.data, '/', path.len);

	if (slash == NULL)
		return path;
	return (struct sl_bytes){slash + 1, (size_t)(path.data + path.len - slash - 1)};
}

/* Characters that show as nothing, as a plain space, or that turn the text around them. */
static bool is_invisible(uint32_t code)
{
	static const struct {
		uint32_t first, last;
	} ranges[] = {
		{0x00a0, 0x00a0},   {0x00ad, 0x00ad}, {0x034f, 0x034f}, {0x061c, 0x061c},
		{0x115f, 0x1160},   {0x17b4, 0x17b5}, {0x180e, 0x180e}, {0x2000, 0x200f},
		{0x2028, 0x202f},   {0x205f, 0x206f}, {0x2800, 0x2800}, {0x3000, 0x3000},
		{0x3164, 0x3164},   {0xfe00, 0xfe0f}, {0xfeff, 0xfeff}, {0xffa0, 0xffa0},
		{0xe0000, 0xe01ef},
	};

	for (size_t i = 0; i < ARRAY_SIZE(ranges); i++)
		if (code >= ranges[i].first && code <= ranges[i].last)
			return true;
	return false;
}

static bool has_odd_character(struct sl_bytes name)
{
	size_t at = 0;

	while (at < name.len) {
		unsigned char byte = (unsigned char)name.data[at];
		uint32_t code = 0;
		size_t n = utf8_next(name.data + at, name.len - at, &code);

		if (byte < 0x20 || byte == 0x7f)
			return true;
		if (n > 0 && (is_invisible(code) || (code >= 0x80 && code < 0xa0)))
			return true;
		at += n > 0 ? n : 1;
	}
	return false;
}

static bool is_deceptive(struct sl_bytes name)
{
	size_t dots = 0;

	if (name.len == 0)
		return false;
	while (dots < name.len && name.data[dots] == '.')
		dots++;
	/* "...", ". ", " x", "x ", and markers of image layers as real names */
	return (dots == name.len && dots > 2) || name.data[0] == ' ' ||
	       name.data[name.len - 1] == ' ' ||
	       (name.len >= 4 && memcmp(name.data, ".wh.", 4) == 0) || has_odd_character(name);
}

static uint64_t name_facts(struct sl_bytes path)
{
	struct sl_bytes name = last_component(path);
	uint64_t facts = 0;

	if (name.len > 0 && name.data[0] == '.')
		facts |= SL_SIGNAL_HIDDEN_NAME | FACT_DOT_NAME;
	if (is_deceptive(name))
		facts |= SL_SIGNAL_HIDDEN_NAME | FACT_DECEPTIVE;
	return facts;
}

/* ---- what it is, and what it gained ---- */

/* True when @after carries capabilities that @before did not carry in the same form. */
static bool gained_caps(const struct sl_entry *before, const struct sl_entry *after)
{
	static const char name[] = "security.capability";
	const struct sl_xattr *is = sl_entry_xattr(after, name);
	const struct sl_xattr *was = before != NULL ? sl_entry_xattr(before, name) : NULL;
	struct caps now, then;

	if (is == NULL)
		return false;
	if (was != NULL && was->size == is->size && memcmp(was->value, is->value, is->size) == 0)
		return false;
	if (caps_decode(&now, is->value, is->size) < 0)
		return true; /* the kernel may read what we cannot */
	if ((now.permitted | now.inheritable) == 0)
		return false;
	if (was == NULL || caps_decode(&then, was->value, was->size) < 0)
		return true;
	/* the same set in another revision is no gain, and neither is a smaller one */
	return (now.permitted & ~then.permitted) != 0 ||
	       (now.inheritable & ~then.inheritable) != 0 || (now.effective && !then.effective) ||
	       now.root_id != then.root_id;
}

static uint64_t regular_facts(const struct sl_change *c, const struct sl_entry *before)
{
	const struct sl_entry *after = c->after;
	uint32_t was = before != NULL ? before->mode : 0;
	uint64_t facts = FACT_REGULAR;

	if ((after->mode & S_ISUID) != 0)
		facts |= FACT_SETID | ((was & S_ISUID) == 0 ? (uint64_t)SL_SIGNAL_SETUID : 0);
	if ((after->mode & S_ISGID) != 0)
		facts |= FACT_SETID | ((was & S_ISGID) == 0 ? (uint64_t)SL_SIGNAL_SETGID : 0);
	if ((after->mode & ANY_EXECUTE) != 0)
		facts |= SL_SIGNAL_EXECUTABLE | ((was & ANY_EXECUTE) == 0 ? FACT_EXEC_GAINED : 0);
	if (gained_caps(before, after))
		facts |= SL_SIGNAL_CAPS;
	if (c->head_len >= 4 && memcmp(c->head, "\177ELF", 4) == 0)
		facts |= SL_SIGNAL_ELF;
	if (c->head_len >= 2 && memcmp(c->head, "#!", 2) == 0)
		facts |= SL_SIGNAL_SCRIPT;
	if (before != NULL && before->size > 0 && after->size == 0)
		facts |= SL_SIGNAL_TRUNCATED;
	if (before != NULL && after->size < before->size)
		facts |= FACT_SHRUNK;
	if (after->size > 0)
		facts |= FACT_FILLED;
	return facts;
}

static uint64_t after_facts(const struct sl_change *c)
{
	const struct sl_entry *after = c->after;
	const struct sl_entry *before = c->before;
	bool is_same_type = before != NULL && ((before->mode ^ after->mode) & S_IFMT) == 0;
	uint64_t facts = 0;

	switch (after->mode & S_IFMT) {
	case S_IFREG:
		facts = regular_facts(c, is_same_type ? before : NULL);
		break;
	case S_IFDIR:
		facts = FACT_DIRECTORY;
		break;
	case S_IFLNK:
		return FACT_LINK | FACT_FILLED;
	case S_IFBLK:
		facts = FACT_BLOCK | FACT_FILLED;
		facts |= is_same_type && (c->fields & SL_FIELD_RDEV) == 0 ? 0 : SL_SIGNAL_DEVICE;
		break;
	case S_IFCHR:
		facts = FACT_FILLED;
		facts |= is_same_type && (c->fields & SL_FIELD_RDEV) == 0 ? 0 : SL_SIGNAL_DEVICE;
		break;
	default:
		return FACT_FILLED;
	}
	/* a directory with the sticky bit is meant to be written by all */
	if ((after->mode & WRITE_OTHERS) != 0 &&
	    !(S_ISDIR(after->mode) && (after->mode & S_ISVTX) != 0)) {
		facts |= SL_SIGNAL_WORLD_WRITABLE;
		if (!is_same_type || (before->mode & WRITE_OTHERS) == 0)
			facts |= FACT_WRITE_GAINED;
	}
	return facts;
}

/* ---- places ---- */

/* A configured destination as a path of ours: no slash in front or at the end. */
static struct sl_bytes inside(const char *mount)
{
	size_t len;

	while (*mount == '/')
		mount++;
	len = strlen(mount);
	while (len > 0 && mount[len - 1] == '/')
		len--;
	return (struct sl_bytes){mount, len};
}

static enum facts_mount place(struct sl_bytes path, struct sl_bytes point)
{
	if (point.len == 0)
		return FACTS_APART;
	if (sl_path_within(path, point))
		return path.len == point.len ? FACTS_AT : FACTS_BENEATH;
	/* the other way round: NOLINTNEXTLINE(readability-suspicious-call-argument) */
	return sl_path_within(point, path) ? FACTS_ABOVE : FACTS_APART;
}

enum facts_mount facts_place(struct sl_bytes path, const char *mount)
{
	static const char var_run[] = "var/run/";
	struct sl_bytes m = inside(mount);
	enum facts_mount where = place(path, m);

	/* /var/run is a link to /run in most images: the stub appears there */
	if (where == FACTS_APART && m.len > sizeof(var_run) - 1 &&
	    memcmp(m.data, var_run, sizeof(var_run) - 1) == 0)
		where = place(path, (struct sl_bytes){m.data + 4, m.len - 4});
	return where;
}

static uint64_t mount_facts(struct sl_bytes path, const struct sl_container *container)
{
	/* every runtime mounts these, whatever the configuration says */
	static const char *const always[] = {"proc", "sys", "dev"};
	enum facts_mount deepest = FACTS_APART;

	for (size_t i = 0; i < container->mount_count; i++) {
		enum facts_mount where = facts_place(path, container->mounts[i].path);

		if (where == FACTS_AT && deepest != FACTS_BENEATH)
			deepest = FACTS_AT;
		if (where == FACTS_BENEATH)
			deepest = FACTS_BENEATH;
	}
	for (size_t i = 0; container->id != NULL && i < ARRAY_SIZE(always); i++) {
		enum facts_mount where = facts_place(path, always[i]);

		if (where == FACTS_BENEATH)
			deepest = FACTS_BENEATH;
	}
	if (deepest == FACTS_BENEATH)
		return SL_SIGNAL_UNDER_MOUNT | FACT_BENEATH_MOUNT;
	return deepest == FACTS_AT ? (uint64_t)SL_SIGNAL_UNDER_MOUNT : 0;
}

uint64_t facts_of(const struct sl_change *c, const struct sl_container *container)
{
	uint64_t facts = c->signals;

	if ((c->fields & SL_FIELD_OWNER) != 0)
		facts |= FACT_OWNER_MOVED;
	if ((c->fields & SL_FIELD_MODE) != 0)
		facts |= FACT_MODE_MOVED;
	if (c->before != NULL && S_ISREG(c->before->mode)) {
		facts |= FACT_WAS_REGULAR;
		if ((c->before->mode & ANY_EXECUTE) != 0)
			facts |= FACT_WAS_PROGRAM;
	}
	if (c->after == NULL)
		return facts;
	facts |= after_facts(c) | name_facts(c->path);
	if (container != NULL)
		facts |= mount_facts(c->path, container);
	return facts;
}
