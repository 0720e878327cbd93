/* SPDX-License-Identifier: Apache-2.0 */
#include "host/ctrd_spec.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "core/cleanup.h"
#include "core/idmap.h"
#include "core/json.h"
#include "host/store.h"

/* Most values in one specification: one with thousands of mounts and seccomp rules fits. */
#define VALUES_MAX 262144
/* Most ranges in one map; the kernel's own bound. */
#define RANGES_MAX 340

struct reader {
	struct sl_container *c;
	const char *volumes;
	struct sl_error *err;
};

void ctrd_spec_clear(struct ctrd_spec *spec)
{
	free(spec->root_path);
	idmap_clear(&spec->idmap);
	*spec = (struct ctrd_spec){0};
}

static bool is_word(const char *s, const char *want)
{
	return s != NULL && strcmp(s, want) == 0;
}

static bool has_option(const struct jval *m, const char *wanted)
{
	const struct jval *options = jval_get(m, "options");

	for (size_t i = 0; i < jval_len(options); i++)
		if (is_word(jval_str(jval_at(options, i)), wanted))
			return true;
	return false;
}

/* NULL: the runtime's own, without files of the container. */
static const char *type_of(const struct reader *r, const struct jval *m)
{
	static const char *const own[] = {"proc",   "sysfs",   "devpts",  "mqueue",
					  "cgroup", "cgroup2", "devtmpfs"};
	const char *type = jval_str(jval_get(m, "type"));
	const char *source = jval_str(jval_get(m, "source"));

	for (size_t i = 0; i < ARRAY_SIZE(own); i++)
		if (is_word(type, own[i]))
			return NULL;
	if (is_word(type, "tmpfs"))
		return is_word(jval_str(jval_get(m, "destination")), "/dev") ? NULL : "tmpfs";
	if (r->volumes != NULL && source != NULL &&
	    strncmp(source, r->volumes, strlen(r->volumes)) == 0)
		return "volume";
	return "bind";
}

/* The last mount on a path is the one that shows; one of it is enough to know. */
static int add_mount(const struct reader *r, const struct jval *m)
{
	const char *path = jval_str(jval_get(m, "destination"));
	const char *source = jval_str(jval_get(m, "source"));
	const char *type = type_of(r, m);
	bool is_real = source != NULL && source[0] == '/';

	if (type == NULL || path == NULL || path[0] != '/' || store_has_mount(r->c, path))
		return 0;
	return sl_container_add_mount(r->c, path, type, is_real ? source : NULL,
				      !has_option(m, "ro"), r->err);
}

static int add_mounts(const struct reader *r, const struct jval *mounts)
{
	size_t count = jval_len(mounts);
	int rc = 0;

	if (count > CTRD_MOUNTS_MAX)
		return sl_fail(r->err, SL_ELIMIT, 0, "more than %d mounts", CTRD_MOUNTS_MAX);
	for (size_t i = count; rc == 0 && i > 0; i--)
		rc = add_mount(r, jval_at(mounts, i - 1));
	return rc;
}

static int add_range(struct sl_idmap_range **out, size_t *count, uint64_t inside, uint64_t outside,
		     uint64_t size, struct sl_error *err)
{
	struct sl_idmap_range *grown;

	if (size == 0)
		return 0;
	if (inside > UINT32_MAX || outside > UINT32_MAX || size > UINT32_MAX ||
	    inside + size > (uint64_t)UINT32_MAX + 1 || outside + size > (uint64_t)UINT32_MAX + 1)
		return sl_fail(err, SL_EFORMAT, 0, "an id map is out of range");
	if (*count >= RANGES_MAX)
		return sl_fail(err, SL_ELIMIT, 0, "an id map has more than %d ranges", RANGES_MAX);
	grown = reallocarray(*out, *count + 1, sizeof(*grown));
	if (grown == NULL)
		return sl_fail(err, SL_ENOMEM, 0, "id map");
	*out = grown;
	grown[(*count)++] = (struct sl_idmap_range){
		.inside = (uint32_t)inside, .outside = (uint32_t)outside, .count = (uint32_t)size};
	return 0;
}

static int read_ranges(struct sl_idmap_range **out, size_t *count, const struct jval *list,
		       struct sl_error *err)
{
	int rc = 0;

	for (size_t i = 0; rc == 0 && i < jval_len(list); i++) {
		const struct jval *v = jval_at(list, i);
		int64_t inside = 0, outside = 0, size = 0;

		/* Go leaves out a zero */
		(void)jval_i64(jval_get(v, "containerID"), &inside);
		(void)jval_i64(jval_get(v, "hostID"), &outside);
		(void)jval_i64(jval_get(v, "size"), &size);
		if (inside < 0 || outside < 0 || size < 0)
			return sl_fail(err, SL_EFORMAT, 0, "an id map is out of range");
		rc = add_range(out, count, (uint64_t)inside, (uint64_t)outside, (uint64_t)size,
			       err);
	}
	return rc;
}

static bool read_number(const char **at, char end, uint64_t *out)
{
	uint64_t n = 0;
	const char *p = *at;

	while (*p >= '0' && *p <= '9' && n <= UINT32_MAX)
		n = n * 10 + (uint64_t)(*p++ - '0');
	if (p == *at || n > UINT32_MAX || (*p != end && !(end == ',' && *p == '\0')))
		return false;
	*at = *p == '\0' ? p : p + 1;
	*out = n;
	return true;
}

int ctrd_spec_ranges(struct sl_idmap_range **out, size_t *count, const char *text,
		     struct sl_error *err)
{
	int rc = 0;

	for (const char *at = text; rc == 0 && *at != '\0';) {
		uint64_t inside, outside, size;

		if (!read_number(&at, ':', &inside) || !read_number(&at, ':', &outside) ||
		    !read_number(&at, ',', &size))
			return sl_fail(err, SL_EFORMAT, 0, "a label is no id map");
		rc = add_range(out, count, inside, outside, size, err);
	}
	return rc;
}

static int read_userns(struct ctrd_spec *out, const struct jval *os, struct sl_error *err)
{
	const struct jval *spaces = jval_get(os, "namespaces");
	int rc;

	for (size_t i = 0; i < jval_len(spaces); i++)
		out->has_userns |= is_word(jval_str(jval_get(jval_at(spaces, i), "type")), "user");
	if (!out->has_userns)
		return 0;
	rc = read_ranges(&out->idmap.uids, &out->idmap.uid_count, jval_get(os, "uidMappings"), err);
	return rc < 0 ? rc
		      : read_ranges(&out->idmap.gids, &out->idmap.gid_count,
				    jval_get(os, "gidMappings"), err);
}

static int keep(char **out, const char *text, struct sl_error *err)
{
	if (text == NULL)
		return 0;
	free(*out);
	*out = strdup(text);
	return *out != NULL ? 0 : sl_fail(err, SL_ENOMEM, 0, "specification");
}

int ctrd_spec_read(struct sl_container *c, const void *text, size_t len, const char *volumes,
		   struct ctrd_spec *out, struct sl_error *err)
{
	AUTO_JVAL struct jval *doc = NULL;
	struct reader r = {.c = c, .volumes = volumes, .err = err};
	const char *workdir;
	int rc = jval_parse_bounded(&doc, text, len, VALUES_MAX, err);

	*out = (struct ctrd_spec){0};
	if (rc < 0)
		return rc;
	if (jval_type(doc) != JVAL_OBJECT)
		return sl_fail(err, SL_EFORMAT, 0, "it is no JSON object");
	workdir = jval_str(jval_path(doc, "process", "cwd", NULL));
	rc = keep(&c->workdir, workdir != NULL && workdir[0] == '/' ? workdir : NULL, err);
	if (rc == 0)
		rc = keep(&out->root_path, jval_str(jval_path(doc, "root", "path", NULL)), err);
	if (rc == 0)
		rc = add_mounts(&r, jval_get(doc, "mounts"));
	if (rc == 0)
		rc = read_userns(out, jval_get(doc, "linux"), err);
	if (rc < 0)
		ctrd_spec_clear(out);
	return rc;
}
