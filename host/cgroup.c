/* SPDX-License-Identifier: Apache-2.0 */
#include "host/cgroup.h"

#include <string.h>

#define HEX_ID_LEN 64

/* How runtimes name the group of a container, systemd's ".scope" taken off. */
static const struct naming {
	const char *prefix;
	const char *engine;
	bool is_monitor;
	bool any_id; /* not only 64 hexadecimal digits */
} namings[] = {
	{"docker-", "docker", false, false},
	{"cri-containerd-", "containerd", false, false},
	{"nerdctl-", "containerd", false, false},
	{"crio-conmon-", "cri-o", true, false},
	{"crio-", "cri-o", false, false},
	{"libpod-conmon-", "podman", true, false},
	{"libpod-payload-", "podman", false, false},
	{"libpod-", "podman", false, false},
	{"runc-", "other", false, true},
	{"crun-", "other", false, true},
};

static bool is_hex_id(struct sl_bytes s)
{
	if (s.len != HEX_ID_LEN)
		return false;
	for (size_t i = 0; i < s.len; i++)
		if (memchr("0123456789abcdef", s.data[i], 16) == NULL)
			return false;
	return true;
}

static bool begins(struct sl_bytes s, const char *prefix)
{
	size_t len = strlen(prefix);

	return s.len >= len && memcmp(s.data, prefix, len) == 0;
}

static bool ends(struct sl_bytes s, const char *suffix)
{
	size_t len = strlen(suffix);

	return s.len >= len && memcmp(s.data + s.len - len, suffix, len) == 0;
}

static bool is_word(struct sl_bytes s, const char *word)
{
	return s.len == strlen(word) && begins(s, word);
}

static struct sl_bytes behind(struct sl_bytes s, size_t n)
{
	return (struct sl_bytes){s.data + n, s.len - n};
}

/* The last component of *@path, which is cut off. False at the root. */
static bool pop(struct sl_bytes *path, struct sl_bytes *out)
{
	const char *slash;

	while (path->len > 0 && path->data[path->len - 1] == '/')
		path->len--;
	if (path->len == 0)
		return false;
	slash = memrchr(path->data, '/', path->len);
	*out = behind(*path, slash != NULL ? (size_t)(slash - path->data) + 1 : 0);
	path->len -= out->len;
	return true;
}

/* "system.slice:docker:ID": what systemd's way leaves behind where systemd is not asked. */
static struct sl_bytes part_behind_colons(struct sl_bytes part, struct sl_bytes *prefix)
{
	const char *colon = memrchr(part.data, ':', part.len);
	size_t len = colon != NULL ? (size_t)(colon - part.data) : 0;
	const char *before = len > 0 ? memrchr(part.data, ':', len) : NULL;

	*prefix = (struct sl_bytes){.data = "", .len = 0};
	if (before == NULL)
		return part;
	*prefix = (struct sl_bytes){before + 1, (size_t)(colon - before) - 1};
	return behind(part, len + 1);
}

static const struct naming *naming_of(struct sl_bytes part, struct sl_bytes *id)
{
	struct sl_bytes prefix, rest = part_behind_colons(part, &prefix);

	for (size_t i = 0; i < sizeof(namings) / sizeof(namings[0]); i++) {
		const struct naming *n = &namings[i];
		size_t len = strlen(n->prefix);

		if (prefix.len == len - 1 && memcmp(prefix.data, n->prefix, len - 1) == 0)
			*id = rest;
		else if (prefix.len == 0 && begins(part, n->prefix))
			*id = behind(part, len);
		else
			continue;
		if (is_hex_id(*id) || (n->any_id && id->len > 0))
			return n;
	}
	return NULL;
}

/* A bare id: under cgroupfs only the group above says whose it is. */
static const char *engine_of_parent(struct sl_bytes path)
{
	struct sl_bytes parent;

	return pop(&path, &parent) && is_word(parent, "docker") ? "docker" : NULL;
}

/* The innermost component that an engine named. */
static bool find_id(struct cgroup *out, struct sl_bytes path)
{
	struct sl_bytes part;

	while (pop(&path, &part)) {
		const struct naming *n;
		struct sl_bytes id;

		if (ends(part, ".scope"))
			part.len -= strlen(".scope");
		n = naming_of(part, &id);
		if (n != NULL && n->is_monitor) {
			out->is_monitor = true;
			return true;
		}
		if (n == NULL && !is_hex_id(part))
			continue;
		out->id = n != NULL ? id : part;
		out->engine = n != NULL ? n->engine : engine_of_parent(path);
		return true;
	}
	return false;
}

/* The last two components, where none is systemd's: ctr's "/default/web" is NAMESPACE/ID. */
static void guess_id(struct cgroup *out, struct sl_bytes path)
{
	struct sl_bytes part;
	const char *end;

	for (int i = 0; i < 2; i++) {
		if (!pop(&path, &part) || is_word(part, "..") || ends(part, ".slice") ||
		    ends(part, ".scope") || ends(part, ".service"))
			return;
		if (i == 0)
			end = part.data + part.len;
	}
	out->id = (struct sl_bytes){part.data, (size_t)(end - part.data)};
	out->is_guess = true;
}

/* "pod<uid>" under cgroupfs; "...-pod<uid>.slice" under systemd, whose dashes part names. */
static void read_pod_uid(struct cgroup *out, struct sl_bytes part)
{
	bool is_slice = ends(part, ".slice");
	const char *pod;
	size_t n = 0;

	if (is_slice)
		part.len -= strlen(".slice");
	if (is_slice && !begins(part, "kubepods") &&
	    memmem(part.data, part.len, "-kubepods-", 10) == NULL)
		return;
	pod = is_slice ? memmem(part.data, part.len, "-pod", 4) : NULL;
	if (pod != NULL)
		part = behind(part, (size_t)(pod - part.data) + 1);
	if (!begins(part, "pod") || part.len - 3 >= sizeof(out->pod_uid) || part.len < 3 + 32)
		return;
	for (size_t i = 3; i < part.len; i++) {
		char c = part.data[i] == '_' ? '-' : part.data[i];

		if (memchr("0123456789abcdef-", c, 17) == NULL)
			return;
		out->pod_uid[n++] = c;
	}
	out->pod_uid[n] = '\0';
}

static void find_pod(struct cgroup *out)
{
	struct sl_bytes path = out->path, part;

	/* inside of an id's group are groups of the container's own making */
	if (out->id.len > 0)
		path.len = (size_t)(out->id.data - path.data);
	while (out->pod_uid[0] == '\0' && pop(&path, &part)) {
		out->pod_uid[0] = '\0';
		read_pod_uid(out, part);
	}
}

/* "9:name=systemd:/path", "0::/path" */
static bool split_line(struct sl_bytes line, struct sl_bytes *controllers, struct sl_bytes *path)
{
	const char *one = memchr(line.data, ':', line.len);
	const char *two;

	if (one == NULL)
		return false;
	*path = behind(line, (size_t)(one - line.data) + 1);
	two = memchr(path->data, ':', path->len);
	if (two == NULL)
		return false;
	*controllers = (struct sl_bytes){path->data, (size_t)(two - path->data)};
	*path = behind(*path, controllers->len + 1);
	return path->len > 0 && path->data[0] == '/';
}

static bool names_controller(struct sl_bytes list, const char *word)
{
	while (list.len > 0) {
		const char *comma = memchr(list.data, ',', list.len);
		size_t len = comma != NULL ? (size_t)(comma - list.data) : list.len;

		if (is_word((struct sl_bytes){list.data, len}, word))
			return true;
		list = behind(list, len + (comma != NULL));
	}
	return false;
}

/* What a line is worth: a container's name beats a guess, systemd's own hierarchy the others. */
static unsigned int worth(const struct cgroup *c, struct sl_bytes controllers)
{
	unsigned int named = c->is_monitor || (c->id.len > 0 && !c->is_guess) ? 8 : 0;
	unsigned int deep = c->path.len > 1 ? 4 : 0;

	return named + deep +
	       (is_word(controllers, "name=systemd") ? 2 : (controllers.len == 0 ? 1 : 0)) + 1;
}

static void read_line(struct cgroup *out, unsigned int *best, struct sl_bytes controllers,
		      struct sl_bytes path)
{
	struct cgroup c = {.path = path};

	if (!find_id(&c, path))
		guess_id(&c, path);
	if (controllers.len == 0)
		out->unified = path;
	if (names_controller(controllers, "freezer"))
		out->freezer = path;
	if (names_controller(controllers, "memory"))
		out->memory = path;
	if (names_controller(controllers, "pids"))
		out->pids = path;
	if (names_controller(controllers, "cpu"))
		out->cpu = path;
	if (worth(&c, controllers) <= *best)
		return;
	*best = worth(&c, controllers);
	c.unified = out->unified;
	c.freezer = out->freezer;
	c.memory = out->memory;
	c.pids = out->pids;
	c.cpu = out->cpu;
	*out = c;
}

int cgroup_parse(struct cgroup *out, const void *text, size_t len, struct sl_error *err)
{
	struct sl_bytes rest = {text, len};
	unsigned int best = 0;

	*out = (struct cgroup){.path = {.data = "", .len = 0}};
	while (rest.len > 0) {
		const char *end = memchr(rest.data, '\n', rest.len);
		struct sl_bytes controllers, path;
		struct sl_bytes line = {rest.data,
					end != NULL ? (size_t)(end - rest.data) : rest.len};

		rest = behind(rest, line.len + (end != NULL));
		if (split_line(line, &controllers, &path))
			read_line(out, &best, controllers, path);
	}
	if (best == 0 && len > 0)
		return sl_fail(err, SL_EFORMAT, 0, "no line is a control group's");
	find_pod(out);
	return 0;
}
