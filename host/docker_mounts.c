/* SPDX-License-Identifier: Apache-2.0 */
/* What is mounted over a container's tree, from config.v2.json and hostconfig.json. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/cleanup.h"
#include "host/docker.h"

struct reader {
	struct sl_container *c;
	const char *dir; /* the data root */
	struct sl_error *err;
};

/* The first word on a path is the daemon's: mount points, then the host configuration. */
static int add(struct reader *r, const char *path, const char *type, const char *source, bool rw)
{
	if (path == NULL || path[0] != '/' || store_has_mount(r->c, path))
		return 0;
	if (r->c->mount_count >= DOCKER_MOUNTS_MAX)
		return sl_fail(r->err, SL_ELIMIT, 0, "more than %d mounts", DOCKER_MOUNTS_MAX);
	return sl_container_add_mount(r->c, path, type, source, rw, r->err);
}

/* Old versions write no type: what has a name is a volume. Whatever is neither is bound. */
static const char *type_of(const struct jval *m)
{
	const char *type = jval_str(jval_get(m, "Type"));
	const char *name = jval_str(jval_get(m, "Name"));

	if (type != NULL && strcmp(type, "tmpfs") == 0)
		return "tmpfs";
	if (type != NULL && (strcmp(type, "volume") == 0 || strcmp(type, "cluster") == 0))
		return "volume";
	if ((type == NULL || type[0] == '\0') && name != NULL && name[0] != '\0')
		return "volume";
	return "bind";
}

static bool is_text(const char *s)
{
	return s != NULL && s[0] != '\0';
}

/* A local volume lies in the data root, wherever that was when the path was written. */
static int add_point(void *payload, const char *key, const struct jval *m)
{
	struct reader *r = payload;
	const char *dest = jval_str(jval_get(m, "Destination"));
	const char *name = jval_str(jval_get(m, "Name"));
	const char *driver = jval_str(jval_get(m, "Driver"));
	const char *source = jval_str(jval_get(m, "Source"));
	const char *type = type_of(m);
	AUTO_FREE char *place = NULL;
	bool rw = true;

	(void)jval_bool(jval_get(m, "RW"), &rw);
	if (strcmp(type, "volume") == 0 && is_text(name)) {
		bool local = !is_text(driver) || strcmp(driver, "local") == 0;

		if (local && docker_is_volume_name(name)) {
			if (asprintf(&place, "%s/volumes/%s/_data", r->dir, name) < 0) {
				place = NULL;
				return sl_fail(r->err, SL_ENOMEM, 0, "mount");
			}
			source = place;
		} else if (!is_text(source)) {
			source = name;
		}
	}
	return add(r, is_text(dest) ? dest : key, type, is_text(source) ? source : NULL, rw);
}

static bool has_option(const char *options, const char *wanted)
{
	size_t len = strlen(wanted);

	while (options != NULL && *options != '\0') {
		const char *comma = strchrnul(options, ',');

		if ((size_t)(comma - options) == len && memcmp(options, wanted, len) == 0)
			return true;
		options = *comma == ',' ? comma + 1 : comma;
	}
	return false;
}

static int add_tmpfs(void *payload, const char *key, const struct jval *m)
{
	return add(payload, key, "tmpfs", NULL, !has_option(jval_str(m), "ro"));
}

static int add_asked_for(struct reader *r, const struct jval *mounts)
{
	int rc = 0;

	for (size_t i = 0; rc == 0 && i < jval_len(mounts); i++) {
		const struct jval *m = jval_at(mounts, i);
		const char *source = jval_str(jval_get(m, "Source"));
		bool ro = false;

		(void)jval_bool(jval_get(m, "ReadOnly"), &ro);
		rc = add(r, jval_str(jval_get(m, "Target")), type_of(m),
			 is_text(source) ? source : NULL, !ro);
	}
	return rc;
}

/*
 * A file that the daemon keeps for some container ("/old/root/containers/<id>/hosts", also another
 * container's when they share a network), as a path in this data root. NULL stays NULL.
 */
static int own_file(char **out, const char *recorded, const char *dir, struct sl_error *err)
{
	static const char part[] = "/containers/";
	const char *at = NULL;

	*out = NULL;
	if (!is_text(recorded))
		return 0;
	for (const char *p = recorded; (p = strstr(p, part)) != NULL; p++)
		at = p;
	if (at != NULL && strspn(at + sizeof(part) - 1, "0123456789abcdef") == DOCKER_ID_LEN) {
		if (asprintf(out, "%s%s", dir, at) < 0)
			*out = NULL;
	} else {
		*out = strdup(recorded);
	}
	return *out == NULL ? sl_fail(err, SL_ENOMEM, 0, "mount") : 0;
}

static int add_own(struct reader *r, const struct jval *config)
{
	static const struct {
		const char *key, *path, *type;
	} own[] = {
		{"HostnamePath", "/etc/hostname", "bind"},
		{"HostsPath", "/etc/hosts", "bind"},
		{"ResolvConfPath", "/etc/resolv.conf", "bind"},
	};
	int rc = 0;

	for (size_t i = 0; rc == 0 && i < ARRAY_SIZE(own); i++) {
		AUTO_FREE char *source = NULL;

		rc = own_file(&source, jval_str(jval_get(config, own[i].key)), r->dir, r->err);
		if (rc == 0 && source != NULL)
			rc = add(r, own[i].path, own[i].type, source, true);
	}
	if (rc == 0)
		rc = add(r, "/dev/shm", "tmpfs", NULL, true);
	if (rc == 0 && jval_len(jval_get(config, "SecretReferences")) > 0)
		rc = add(r, "/run/secrets", "tmpfs", NULL, false);
	return rc;
}

int docker_mounts_read(struct sl_container *c, const struct jval *config,
		       const struct jval *hostconfig, const char *dir, struct sl_error *err)
{
	struct reader r = {.c = c, .dir = dir, .err = err};
	int rc = jval_each(jval_get(config, "MountPoints"), add_point, &r);

	if (rc == 0)
		rc = jval_each(jval_get(hostconfig, "Tmpfs"), add_tmpfs, &r);
	if (rc == 0)
		rc = add_asked_for(&r, jval_get(hostconfig, "Mounts"));
	if (rc == 0)
		rc = add_own(&r, config);
	return rc;
}
