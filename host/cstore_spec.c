/* SPDX-License-Identifier: Apache-2.0 */
/* userdata/config.json: what the runtime was told to run. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/cleanup.h"
#include "host/cstore.h"

#define ANNOTATION "io.kubernetes.cri-o."

void cstore_spec_clear(struct cstore_spec *spec)
{
	free(spec->run_dir);
	free(spec->log_path);
	free(spec->rootfs);
	*spec = (struct cstore_spec){0};
}

static bool has_option(const struct jval *options, const char *wanted)
{
	for (size_t i = 0; i < jval_len(options); i++) {
		const char *o = jval_str(jval_at(options, i));

		if (o != NULL && strcmp(o, wanted) == 0)
			return true;
	}
	return false;
}

/* Where a volume's directory lies is what tells it from another bind. */
static const char *type_of(const char *type, const char *source, const struct jval *options)
{
	static const char volumes[] = "/volumes/", data[] = "/_data";
	size_t len = source != NULL ? strlen(source) : 0;

	if (strcmp(type, "bind") == 0 || has_option(options, "bind") ||
	    has_option(options, "rbind"))
		return len > sizeof(data) - 1 &&
				       strcmp(source + len - (sizeof(data) - 1), data) == 0 &&
				       strstr(source, volumes) != NULL
			       ? "volume"
			       : "bind";
	return strcmp(type, "overlay") == 0 ? "bind" : "tmpfs";
}

/*
 * What the kernel itself shows there, and the directory of devices, are in every container; no
 * engine calls them a mount, and no file of the container's can be under them.
 */
static bool is_of_kernel(const char *type, const char *dest)
{
	static const char *const types[] = {"proc",    "sysfs",  "cgroup",
					    "cgroup2", "mqueue", "devpts"};

	for (size_t i = 0; i < ARRAY_SIZE(types); i++)
		if (strcmp(type, types[i]) == 0)
			return true;
	return strcmp(type, "tmpfs") == 0 && strcmp(dest, "/dev") == 0;
}

/* Of two mounts in one place the later one shows; they only differ in what is not compared. */
static int add_mount(struct sl_container *c, const struct jval *m, struct sl_error *err)
{
	const char *dest = jval_str(jval_get(m, "destination"));
	const char *type = jval_str(jval_get(m, "type"));
	const char *source = jval_str(jval_get(m, "source"));
	const struct jval *options = jval_get(m, "options");
	bool is_path = source != NULL && source[0] == '/';

	if (dest == NULL || dest[0] != '/' || dest[1] == '\0' || store_has_mount(c, dest) ||
	    (type != NULL && is_of_kernel(type, dest)))
		return 0;
	if (c->mount_count >= CSTORE_MOUNTS_MAX)
		return sl_fail(err, SL_ELIMIT, 0, "more than %d mounts", CSTORE_MOUNTS_MAX);
	return sl_container_add_mount(c, dest,
				      type_of(type != NULL ? type : "bind", source, options),
				      is_path ? source : NULL, !has_option(options, "ro"), err);
}

static int read_mounts(struct sl_container *c, const struct jval *mounts, struct sl_error *err)
{
	int rc = 0;

	for (size_t i = jval_len(mounts); rc == 0 && i > 0; i--)
		rc = add_mount(c, jval_at(mounts, i - 1), err);
	return rc;
}

/* The directory that holds a file of one of these names. NULL when @path is no such. */
static int own_dir(char **out, const char *path, const char *id, struct sl_error *err)
{
	static const char *const files[] = {"/.containerenv", "/hostname", "/hosts",
					    "/resolv.conf"};
	AUTO_FREE char *part = NULL;

	if (asprintf(&part, "-containers/%s/userdata", id) < 0) {
		part = NULL;
		return sl_fail(err, SL_ENOMEM, 0, "container");
	}
	for (size_t i = 0; path != NULL && i < ARRAY_SIZE(files); i++) {
		size_t len = strlen(path), tail = strlen(files[i]);
		const char *at;

		if (len <= tail || strcmp(path + len - tail, files[i]) != 0)
			continue;
		at = strstr(path, part);
		if (at == NULL || at + strlen(part) != path + len - tail)
			continue;
		*out = strndup(path, len - tail);
		return *out != NULL ? 0 : sl_fail(err, SL_ENOMEM, 0, "container");
	}
	return 0;
}

static const char *annotation(const struct jval *config, const char *key)
{
	char name[64];
	const char *s;

	(void)snprintf(name, sizeof(name), ANNOTATION "%s", key);
	s = jval_str(jval_path(config, "annotations", name, NULL));
	return s != NULL && s[0] != '\0' ? s : NULL;
}

static int read_run_dir(const struct sl_container *c, const struct jval *config,
			struct cstore_spec *out, struct sl_error *err)
{
	const struct jval *mounts = jval_get(config, "mounts");
	int rc = 0;

	for (size_t i = 0; rc == 0 && out->run_dir == NULL && i < jval_len(mounts); i++)
		rc = own_dir(&out->run_dir, jval_str(jval_get(jval_at(mounts, i), "source")), c->id,
			     err);
	return rc;
}

/* Without a database this is all that says of a Podman container that it is in a pod. */
static int read_pod(struct sl_container *c, const struct jval *config, struct sl_error *err)
{
	const char *kind = annotation(config, "ContainerType");
	const char *sandbox = annotation(config, "SandboxID");

	if (c->kind == SL_CONTAINER_WORKLOAD && kind != NULL && strcmp(kind, "sandbox") == 0)
		c->kind = SL_CONTAINER_SANDBOX;
	if (c->pod != NULL) {
		bool is_crio = strcmp(c->engine, "cri-o") == 0;

		return !is_crio || c->pod->ns != NULL ||
				       cstore_keep(&c->pod->ns, annotation(config, "Namespace"))
			       ? 0
			       : sl_fail(err, SL_ENOMEM, 0, "pod");
	}
	if (sandbox == NULL)
		return 0;
	c->pod = calloc(1, sizeof(*c->pod));
	if (c->pod == NULL || !cstore_keep(&c->pod->uid, sandbox))
		return sl_fail(err, SL_ENOMEM, 0, "pod");
	return 0;
}

/* Behind the string that begins at @i; @len when it does not end. */
static size_t string_end(const char *text, size_t len, size_t i)
{
	for (i++; i < len && text[i] != '"'; i++)
		if (text[i] == '\\')
			i++;
	return i < len ? i + 1 : len;
}

/* Behind the object that begins at @i; 0 when it does not end. */
static size_t object_end(const char *text, size_t len, size_t i)
{
	size_t depth = 0;

	while (i < len) {
		if (text[i] == '"') {
			i = string_end(text, len, i);
			continue;
		}
		depth += text[i] == '{';
		if (text[i] == '}' && --depth == 0)
			return i + 1;
		i++;
	}
	return 0;
}

size_t cstore_spec_shorten(char *text, size_t len)
{
	static const char key[] = "\"linux\":{";
	size_t depth = 0, end;

	for (size_t i = 0; i < len; i++) {
		if (depth == 1 && len - i >= sizeof(key) - 1 &&
		    memcmp(text + i, key, sizeof(key) - 1) == 0) {
			i += sizeof(key) - 2;
			end = object_end(text, len, i);
			if (end == 0)
				return len;
			memmove(text + i + 1, text + end - 1, len - (end - 1));
			return len - (end - 1 - (i + 1));
		}
		if (text[i] == '"')
			i = string_end(text, len, i) - 1;
		else if (text[i] == '{' || text[i] == '[')
			depth++;
		else if ((text[i] == '}' || text[i] == ']') && depth > 0)
			depth--;
	}
	return len;
}

int cstore_spec_read(struct sl_container *c, const struct jval *config, struct cstore_spec *out,
		     struct sl_error *err)
{
	const char *cwd = jval_str(jval_path(config, "process", "cwd", NULL));
	int rc;

	if (jval_type(config) != JVAL_OBJECT)
		return sl_fail(err, SL_EFORMAT, 0, "config.json is no JSON object");
	if (cwd != NULL && cwd[0] == '/' && !cstore_keep(&c->workdir, cwd))
		return sl_fail(err, SL_ENOMEM, 0, "container");
	if (!cstore_keep(&out->log_path, annotation(config, "LogPath")) ||
	    !cstore_keep(&out->rootfs, jval_str(jval_path(config, "root", "path", NULL))))
		return sl_fail(err, SL_ENOMEM, 0, "container");
	rc = read_run_dir(c, config, out, err);
	if (rc == 0)
		rc = read_pod(c, config, err);
	return rc < 0 ? rc : read_mounts(c, jval_get(config, "mounts"), err);
}
