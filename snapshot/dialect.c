/* SPDX-License-Identifier: Apache-2.0 */
#include "snapshot/dialect.h"

#include <string.h>
#include <sys/stat.h>

#define ESCAPE "overlay."

struct dialect {
	const char *const *privates; /* prefixes of attributes that containers never see */
	bool devices, names, survives, root_opaque, redirects, trusted, overrides;
};

static const char *const no_names[] = {NULL};
static const char *const trusted_names[] = {"trusted.overlay.", NULL};
static const char *const user_names[] = {"user.overlay.", NULL};
static const char *const fuse_names[] = {"trusted.overlay.", "user.overlay.", "user.fuseoverlayfs.",
					 NULL};
static const char *const fuse_stat_names[] = {"security.fuseoverlayfs.override_stat",
					      "user.containers.override_stat",
					      "user.fuseoverlayfs.override_stat", NULL};

const struct dialect *dialect_of(enum sl_marker marker)
{
	static const struct dialect plain = {.privates = no_names};
	static const struct dialect oci = {.privates = no_names, .names = true, .survives = true};
	static const struct dialect aufs = {
		.privates = no_names, .names = true, .root_opaque = true};
	static const struct dialect kernel = {
		.privates = trusted_names, .devices = true, .redirects = true, .trusted = true};
	/* mounts with userxattr refuse to follow redirects of directories */
	static const struct dialect user = {.privates = user_names, .devices = true};
	static const struct dialect fuse = {.privates = fuse_names,
					    .devices = true,
					    .names = true,
					    .root_opaque = true,
					    .trusted = true,
					    .overrides = true};

	switch (marker) {
	case SL_MARKER_OCI:
		return &oci;
	case SL_MARKER_OVERLAY_TRUSTED:
		return &kernel;
	case SL_MARKER_OVERLAY_USER:
		return &user;
	case SL_MARKER_FUSE_OVERLAY:
		return &fuse;
	case SL_MARKER_AUFS:
		return &aufs;
	case SL_MARKER_NONE:
	default:
		return &plain;
	}
}

bool dialect_object_survives(const struct dialect *d)
{
	return d->survives;
}

bool dialect_reads_devices(const struct dialect *d)
{
	return d->devices;
}

bool dialect_root_is_opaque(const struct dialect *d)
{
	return d->root_opaque;
}

bool dialect_follows_redirects(const struct dialect *d)
{
	return d->redirects;
}

bool dialect_needs_trusted(const struct dialect *d)
{
	return d->trusted;
}

static bool starts_with(const char *s, const char *prefix)
{
	return strncmp(s, prefix, strlen(prefix)) == 0;
}

/* Names */

enum dialect_name dialect_name(const struct dialect *d, const char *name, bool at_root)
{
	static const char *const books[] = {".wh..wh.aufs", ".wh..wh.plnk", ".wh..wh.orph"};

	if (!d->names || !starts_with(name, DIALECT_WHITEOUT_PREFIX))
		return DIALECT_OBJECT;
	if (strcmp(name, DIALECT_OPAQUE_NAME) == 0)
		return DIALECT_OPAQUE;
	for (size_t i = 0; at_root && i < sizeof(books) / sizeof(books[0]); i++)
		if (strcmp(name, books[i]) == 0)
			return DIALECT_PRIVATE;
	name += strlen(DIALECT_WHITEOUT_PREFIX);
	if (name[0] == '\0' || strcmp(name, ".") == 0 || strcmp(name, "..") == 0 ||
	    starts_with(name, DIALECT_WHITEOUT_PREFIX))
		return DIALECT_RESERVED;
	return DIALECT_WHITEOUT;
}

static const char *behind_prefix(const char *name)
{
	return starts_with(name, DIALECT_WHITEOUT_PREFIX) ? name + strlen(DIALECT_WHITEOUT_PREFIX)
							  : name;
}

dialect_key_fn dialect_key(const struct dialect *d)
{
	return d->names ? behind_prefix : NULL;
}

/* Extended attributes */

static enum dialect_attribute kernel_word(const char *word)
{
	static const struct {
		const char *word;
		enum dialect_attribute kind;
	} words[] = {{"whiteout", DIALECT_ATTR_WHITEOUT}, {"opaque", DIALECT_ATTR_OPAQUE},
		     {"metacopy", DIALECT_ATTR_METACOPY}, {"origin", DIALECT_ATTR_ORIGIN},
		     {"redirect", DIALECT_ATTR_REDIRECT}, {"nlink", DIALECT_ATTR_NLINK}};

	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++)
		if (strcmp(word, words[i].word) == 0)
			return words[i].kind;
	/* impure, upper, uuid, protattr, whiteouts, and whatever comes next */
	return DIALECT_HIDDEN;
}

static bool is_private(const struct dialect *d, const char *name)
{
	for (const char *const *p = d->privates; *p != NULL; p++)
		if (starts_with(name, *p))
			return true;
	return false;
}

/*
 * fuse-overlayfs stores an attribute that it may not set under its own name behind a prefix, and
 * shows it without. (Its older versions show security.* of the file itself, newer ones do not; we
 * do.)
 */
static struct dialect_reading fuse_attribute(const struct dialect *d, const char *name,
					     const char *stat_name)
{
	static const char store[] = "user.containers.override_";
	const char *inner = name + sizeof(store) - 1;
	struct dialect_reading data = {.kind = DIALECT_DATA};

	if (stat_name != NULL && strcmp(name, stat_name) == 0)
		return (struct dialect_reading){.kind = DIALECT_ATTR_STAT};
	if (starts_with(name, store) &&
	    (is_private(d, inner) || (stat_name != NULL && starts_with(stat_name, store) &&
				      starts_with(inner, "security."))))
		data.drop = sizeof(store) - 1;
	else if (is_private(d, name))
		data.kind = strcmp(strchr(strchr(name, '.') + 1, '.'), ".opaque") == 0
				    ? DIALECT_ATTR_OPAQUE
				    : DIALECT_HIDDEN;
	/* a path, for inode numbers alone; the kernel's handle is not read either */
	if (strcmp(name, "user.fuseoverlayfs.origin") == 0)
		data.kind = DIALECT_ATTR_ORIGIN;
	return data;
}

struct dialect_reading dialect_attribute(const struct dialect *d, const char *name,
					 const char *stat_name)
{
	if (d->overrides)
		return fuse_attribute(d, name, stat_name);
	for (const char *const *p = d->privates; *p != NULL; p++) {
		const char *word = name + strlen(*p);

		if (!starts_with(name, *p))
			continue;
		/* an overlay mounted inside the container: its markers are this one's data */
		if (starts_with(word, ESCAPE))
			return (struct dialect_reading){.keep = strlen(*p),
							.drop = sizeof(ESCAPE) - 1};
		return (struct dialect_reading){.kind = kernel_word(word)};
	}
	return (struct dialect_reading){.kind = DIALECT_DATA};
}

const char *const *dialect_stat_names(const struct dialect *d)
{
	return d->overrides ? fuse_stat_names : no_names;
}

/* Values */

int dialect_opaque(const struct dialect *d, const void *value, size_t len)
{
	if (len == 0 && d->overrides)
		return -1;
	/* the kernel's "x" only says that attribute whiteouts may follow; the rest is ignored */
	return len > 0 && *(const char *)value == 'y' && (len == 1 || d->overrides);
}

bool dialect_metacopy_is_valid(const void *value, size_t len)
{
	const uint8_t *head = value; /* version, length of all, flags, digest algorithm */

	return len == 0 || (len >= 4 && head[0] == 0 && head[1] == len);
}

bool dialect_nlink_reaches_below(const void *value, size_t len)
{
	const char *text = value;

	return len < 2 || text[0] != 'U' || text[1] != '-';
}

bool dialect_redirect_is_valid(struct sl_bytes r)
{
	bool absolute = r.len > 0 && r.data[0] == '/';
	size_t start = absolute ? 1 : 0;

	if (r.len == 0 || memchr(r.data, '\0', r.len) != NULL)
		return false;
	for (size_t i = start; i <= r.len; i++) {
		size_t len = i - start;

		if (i < r.len && r.data[i] != '/')
			continue;
		if (i < r.len && !absolute)
			return false;
		if (len == 0 || (len == 1 && r.data[start] == '.') ||
		    (len == 2 && r.data[start] == '.' && r.data[start + 1] == '.'))
			return false;
		start = i + 1;
	}
	return true;
}

/* Bytes that are still to be read. */
struct text {
	const char *at, *end;
};

/* Digits up to @stop or the end. False without digits, or beyond @max. */
static bool take_number(struct text *t, unsigned int base, char stop, uint64_t max, uint32_t *out)
{
	const char *start = t->at;
	uint64_t n = 0;

	for (; t->at < t->end && *t->at != stop; t->at++) {
		unsigned int digit = (unsigned char)*t->at - (unsigned int)'0';

		if (digit >= base)
			return false;
		n = n * base + digit;
		if (n > max)
			return false;
	}
	if (t->at == start)
		return false;
	*out = (uint32_t)n;
	return true;
}

static bool take_char(struct text *t, char c)
{
	if (t->at == t->end || *t->at != c)
		return false;
	t->at++;
	return true;
}

static bool take_word(struct text *t, const char *word)
{
	size_t len = strlen(word);

	if ((size_t)(t->end - t->at) < len || memcmp(t->at, word, len) != 0)
		return false;
	t->at += len;
	return true;
}

static bool take_type(struct dialect_stat *out, struct text *t)
{
	static const struct {
		const char *word;
		uint32_t type;
	} types[] = {{"file", S_IFREG}, {"dir", S_IFDIR},     {"symlink", S_IFLNK},
		     {"pipe", S_IFIFO}, {"socket", S_IFSOCK}, {"block-", S_IFBLK},
		     {"char-", S_IFCHR}};

	for (size_t i = 0; i < sizeof(types) / sizeof(types[0]); i++) {
		if (!take_word(t, types[i].word))
			continue;
		out->mode |= types[i].type;
		if (types[i].type != S_IFBLK && types[i].type != S_IFCHR)
			return t->at == t->end;
		return take_number(t, 10, '-', UINT32_MAX, &out->rdev_major) && take_char(t, '-') &&
		       take_number(t, 10, '\0', UINT32_MAX, &out->rdev_minor) && t->at == t->end;
	}
	return false;
}

bool dialect_parse_stat(struct dialect_stat *out, const void *value, size_t len)
{
	struct text t = {value, (const char *)value + len};

	*out = (struct dialect_stat){0};
	if (!take_number(&t, 10, ':', UINT32_MAX, &out->uid) || !take_char(&t, ':') ||
	    !take_number(&t, 10, ':', UINT32_MAX, &out->gid) || !take_char(&t, ':') ||
	    !take_number(&t, 8, ':', 0177777, &out->mode))
		return false;
	/* some versions write the type into the mode, too */
	out->claim = out->mode & S_IFMT;
	out->mode &= 07777;
	out->has_type = t.at < t.end;
	return !out->has_type || (take_char(&t, ':') && take_type(out, &t));
}
