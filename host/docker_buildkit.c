/* SPDX-License-Identifier: Apache-2.0 */
/*
 * BuildKit inside dockerd keeps its steps among the storage driver's directories. Its own database,
 * DR/buildkit/snapshots.db, has a bucket for each, named as the directory is.
 */
#include <stdlib.h>
#include <string.h>

#include "core/cleanup.h"
#include "host/bolt.h"
#include "host/docker.h"

/* Most steps that are remembered. */
#define STEPS_MAX ((size_t)1 << 20)

static int compare(const void *a, const void *b)
{
	return strcmp(*(const char *const *)a, *(const char *const *)b);
}

static int take_step(void *payload, const struct bolt_item *item, struct sl_error *err)
{
	struct docker_builds *out = payload;
	char **grown;

	if (item->value.data != NULL || item->key.len == 0 || item->key.len > 128)
		return 0;
	if (out->count >= STEPS_MAX)
		return sl_fail(err, SL_ELIMIT, 0, "more than %zu steps of builds", STEPS_MAX);
	grown = (char **)reallocarray((void *)out->names, out->count + 1, sizeof(*grown));
	if (grown == NULL)
		return sl_fail(err, SL_ENOMEM, 0, "steps of builds");
	out->names = grown;
	grown[out->count] = calloc(1, item->key.len + 1);
	if (grown[out->count] == NULL)
		return sl_fail(err, SL_ENOMEM, 0, "steps of builds");
	memcpy(grown[out->count++], item->key.data, item->key.len);
	return 0;
}

static int take_steps(struct bolt *b, struct bolt_bucket root, void *payload, struct sl_error *err)
{
	docker_builds_clear(payload);
	return bolt_each(b, root, take_step, payload, err);
}

static int read_steps(struct docker_builds *out, int fd, struct sl_error *err)
{
	struct bolt *b = NULL;
	int rc = bolt_open(&b, fd, err);

	if (rc < 0)
		return rc;
	rc = bolt_view(b, take_steps, out, NULL, err);
	bolt_close(b);
	return rc;
}

int docker_builds_read(struct docker_builds *out, const struct docker *d, struct sl_error *err)
{
	AUTO_CLOSE int dir_fd = docker_open_part(d, "buildkit", err);
	AUTO_CLOSE int fd = -1;
	int rc;

	*out = (struct docker_builds){0};
	if (dir_fd < 0)
		return dir_fd;
	fd = root_open_path(dir_fd, "snapshots.db", ROOT_NO_LINKS, err);
	if (fd < 0)
		return fd;
	rc = read_steps(out, fd, err);
	if (rc < 0) {
		docker_builds_clear(out);
		return sl_wrap(err, rc, "buildkit/snapshots.db");
	}
	if (out->count > 1)
		qsort((void *)out->names, out->count, sizeof(*out->names), compare);
	return 0;
}

bool docker_builds_have(const struct docker_builds *b, const char *name)
{
	return b->count > 0 &&
	       bsearch(&name, (const void *)b->names, b->count, sizeof(*b->names), compare) != NULL;
}

void docker_builds_clear(struct docker_builds *b)
{
	for (size_t i = 0; i < b->count; i++)
		free(b->names[i]);
	free((void *)b->names);
	*b = (struct docker_builds){0};
}
