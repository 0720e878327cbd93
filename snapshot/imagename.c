/* SPDX-License-Identifier: Apache-2.0 */
#include "snapshot/imagename.h"

#include <string.h>

#include "core/cleanup.h"

struct parts {
	const char *repository;
	size_t repository_len;
	const char *suffix; /* ":tag" or "@digest" */
};

/* The default registry, and its folder of official images, need not be said. */
static const char *strip_default(const char *name)
{
	static const char *const hubs[] = {"docker.io/", "index.docker.io/"};

	for (size_t i = 0; i < ARRAY_SIZE(hubs); i++) {
		if (strncmp(name, hubs[i], strlen(hubs[i])) == 0) {
			name += strlen(hubs[i]);
			break;
		}
	}
	if (strncmp(name, "library/", 8) == 0 && strchr(name + 8, '/') == NULL)
		name += 8;
	return name;
}

/* A tag stands behind the last slash, so that a registry's port is none; a digest says it all. */
static struct parts split(const char *name)
{
	struct parts p = {.repository = strip_default(name)};
	size_t len = strcspn(p.repository, "@");
	const char *slash = memrchr(p.repository, '/', len);
	const char *base = slash != NULL ? slash : p.repository;
	const char *colon = memchr(base, ':', (size_t)(p.repository + len - base));

	p.repository_len = colon != NULL ? (size_t)(colon - p.repository) : len;
	p.suffix = p.repository[len] == '@' ? p.repository + len
		   : colon != NULL          ? colon
					    : ":latest";
	return p;
}

bool imagename_same(const char *a, const char *b)
{
	struct parts x = split(a), y = split(b);

	return x.repository_len == y.repository_len && x.repository_len > 0 &&
	       memcmp(x.repository, y.repository, x.repository_len) == 0 &&
	       strcmp(x.suffix, y.suffix) == 0;
}
