/* SPDX-License-Identifier: Apache-2.0 */
/* Which image a word means, in the databases of all storage drivers of a data root. */
#include <inttypes.h>
#include <string.h>

#include "core/cleanup.h"
#include "core/encode.h"
#include "core/quote.h"
#include "host/docker_ctrd.h"

/* Candidates that a message about an ambiguous word shows. */
#define SHOWN_MAX 10

/* What fits so far. */
struct match {
	struct docker_driver *driver; /* NULL: nothing */
	uint8_t id[SL_SHA256_SIZE];
	char *name;      /* "repository:tag" as the store has it, or NULL; owned */
	size_t count;    /* of different images */
	struct buf list; /* the first of them, for a message */
};

static void match_clear(struct match *m)
{
	free(m->name);
	buf_clear(&m->list);
}

/* Drivers may well have the same image: the first one's counts. Takes over @name. */
static void take(struct match *m, struct docker_driver *dr, const uint8_t id[SL_SHA256_SIZE],
		 char *name)
{
	char text[DIGEST_TEXT_SIZE];

	if (m->driver != NULL && memcmp(m->id, id, sizeof(m->id)) == 0) {
		free(name);
		return;
	}
	digest_format(text, id);
	if (m->count++ < SHOWN_MAX)
		(void)buf_printf(&m->list, "%s %.23s", m->count > 1 ? "," : "", text);
	if (m->driver != NULL) {
		free(name);
		return;
	}
	m->driver = dr;
	memcpy(m->id, id, sizeof(m->id));
	m->name = name;
}

static int fail_ambiguous(const struct match *m, const char *word, const char *hint,
			  struct sl_error *err)
{
	AUTO_FREE char *shown = quote_dup(word, strlen(word));

	return sl_fail(err, SL_EAMBIGUOUS, 0, "image %s '%s' fits %zu images:%s%s", hint,
		       shown != NULL ? shown : "?", m->count,
		       m->list.data != NULL ? m->list.data : "",
		       m->count > SHOWN_MAX ? ", ..." : "");
}

/* Is this image one of an earlier driver, too? */
static bool is_repeated(const struct docker *d, size_t at, const char *name)
{
	for (size_t i = 0; i < at; i++) {
		AUTO_CLOSE int fd = -1;

		if (d->drivers[i]->imagedb_fd >= 0)
			fd = root_open_path(d->drivers[i]->imagedb_fd, name, ROOT_NO_LINKS, NULL);
		if (fd >= 0)
			return true;
	}
	return false;
}

/* A full id or the beginning of exactly one; with or without "sha256:". */
static int find_id(const struct docker *d, const char *word, struct match *m, struct sl_error *err)
{
	const char *prefix = strncmp(word, "sha256:", 7) == 0 ? word + 7 : word;
	size_t len = strlen(prefix);
	int rc = 0;

	if (len == 0 || len > DOCKER_ID_LEN || strspn(prefix, "0123456789abcdef") != len)
		return sl_fail(err, SL_ENOTFOUND, 0, "no such image");
	for (size_t i = 0; i < d->driver_count; i++) {
		CLEANUP(root_names_clear) struct root_names names = {0};
		struct docker_driver *dr = d->drivers[i];
		uint8_t id[SL_SHA256_SIZE];

		if (dr->imagedb_fd >= 0)
			rc = root_list(dr->imagedb_fd, &names, STORE_NAMES_MAX, err);
		if (rc < 0)
			return rc;
		for (size_t k = 0; k < names.count; k++)
			if (docker_is_id(names.names[k]) &&
			    strncmp(names.names[k], prefix, len) == 0 &&
			    !is_repeated(d, i, names.names[k]) &&
			    hex_decode(id, sizeof(id), names.names[k], DOCKER_ID_LEN) == 0)
				take(m, dr, id, NULL);
	}
	if (m->count == 0)
		return sl_fail(err, SL_ENOTFOUND, 0, "no such image");
	return m->count > 1 ? fail_ambiguous(m, prefix, "id", err) : 0;
}

/* By name; -SL_ENOTFOUND, or what kept some driver's names from being read. */
static int find_name(const struct docker *d, const char *word, struct match *m,
		     struct sl_error *err)
{
	CLEANUP(sl_error_clear) struct sl_error unread = SL_ERROR_INIT;

	for (size_t i = 0; i < d->driver_count; i++) {
		CLEANUP(sl_error_clear) struct sl_error why = SL_ERROR_INIT;
		const struct jval *repos = NULL;
		uint8_t id[SL_SHA256_SIZE];
		char *name = NULL;
		int rc = docker_repos(d->drivers[i], &repos, &why);

		if (rc == 0)
			rc = docker_repos_find(repos, word, id, &name, &why);
		if (rc == 0)
			take(m, d->drivers[i], id, name);
		else if (rc == -SL_ENOMEM)
			return sl_fail(err, SL_ENOMEM, 0, "image name");
		else if (rc != -SL_ENOTFOUND && unread.code == 0) {
			unread = why;
			why = SL_ERROR_INIT;
		}
	}
	if (m->count > 1)
		return fail_ambiguous(m, word, "name", err);
	if (m->count == 1)
		return 0;
	return unread.code != 0 ? store_give_error(err, &unread)
				: sl_fail(err, SL_ENOTFOUND, 0, "no image of this name");
}

/* A full id is an id; otherwise a name wins over the beginning of an id, as in docker. */
static int find(const struct docker *d, const char *word, struct match *m, struct sl_error *err)
{
	CLEANUP(sl_error_clear) struct sl_error why = SL_ERROR_INIT;
	uint8_t id[SL_SHA256_SIZE];
	int rc;

	if (docker_is_id(word) || digest_parse(id, word, strlen(word)) == 0)
		return find_id(d, word, m, err);
	rc = find_name(d, word, m, &why);
	if (rc == 0)
		return 0;
	if (rc == -SL_ENOTFOUND)
		return find_id(d, word, m, err);
	/* garbled names do not hide ids, but they are the reason when there is no id */
	if (rc == -SL_ENOMEM || rc == -SL_EAMBIGUOUS || find_id(d, word, m, NULL) < 0)
		return store_give_error(err, &why);
	return 0;
}

int docker_image(struct store *s, const char *word, struct sl_image **out, struct sl_error *err)
{
	struct docker *d = container_of(s, struct docker, store);
	CLEANUP(match_clear) struct match m = {.list = BUF_INIT(4096)};
	int rc = find(d, word, &m, err);

	if (rc == -SL_ENOTFOUND) {
		if (err != NULL)
			sl_error_clear(err);
		return docker_ctrd_find_image(d, word, out, err);
	}
	return rc < 0 ? rc : docker_image_load(m.driver, m.id, word, m.name, out, err);
}

struct listing {
	const struct docker *d;
	size_t at; /* the driver's */
	int (*each)(void *payload, const struct store_image *image);
	host_gap_fn gap;
	void *payload;
};

static int list_driver(const struct listing *l)
{
	CLEANUP(root_names_clear) struct root_names names = {0};
	CLEANUP(sl_error_clear) struct sl_error why = SL_ERROR_INIT;
	struct docker_driver *dr = l->d->drivers[l->at];
	const struct jval *repos = NULL;
	int rc = 0;

	if (dr->imagedb_fd >= 0)
		rc = root_list(dr->imagedb_fd, &names, STORE_NAMES_MAX, &why);
	if (rc == 0)
		rc = docker_repos(dr, &repos, &why);
	if (rc < 0)
		rc = store_gap(l->gap, l->payload, l->d->store.dir, &why);
	for (size_t i = 0; rc == 0 && i < names.count; i++) {
		char text[DIGEST_TEXT_SIZE];
		uint8_t id[SL_SHA256_SIZE];

		if (!docker_is_id(names.names[i]) || is_repeated(l->d, l->at, names.names[i]) ||
		    hex_decode(id, sizeof(id), names.names[i], DOCKER_ID_LEN) < 0)
			continue;
		digest_format(text, id);
		rc = l->each(l->payload, &(struct store_image){docker_repos_name(repos, id), text});
	}
	return rc;
}

int docker_images(struct store *s, int (*each)(void *payload, const struct store_image *image),
		  host_gap_fn gap, void *payload, struct sl_error *err)
{
	struct listing l = {.d = container_of(s, struct docker, store),
			    .each = each,
			    .gap = gap,
			    .payload = payload};
	int rc = 0;

	for (; rc == 0 && l.at < l.d->driver_count; l.at++)
		rc = list_driver(&l);
	if (rc == 0)
		rc = docker_ctrd_images(container_of(s, struct docker, store), each, gap, payload,
					err);
	return rc == -SL_ENOMEM ? sl_fail(err, SL_ENOMEM, 0, "images") : rc;
}

/*
 * Of the container's own driver: another one may have the same image in other directories, which
 * say nothing of those below this container.
 */
int docker_container_image(struct store *s, const struct sl_container *c, struct sl_image **out,
			   struct sl_error *err)
{
	struct docker *d = container_of(s, struct docker, store);
	struct docker_driver *dr = docker_driver_find(d, c->driver != NULL ? c->driver : "");
	const struct jval *repos = NULL;
	uint8_t named[SL_SHA256_SIZE];
	AUTO_FREE char *name = NULL;
	char text[DIGEST_TEXT_SIZE];

	if (docker_is_ctrd(d, c))
		return docker_ctrd_image(d, c, out, err);
	if (!c->has_image_id)
		return sl_fail(err, SL_ENOTFOUND, 0, "the store does not say which image it runs");
	if (dr == NULL)
		return sl_fail(err, SL_EUNSUPPORTED, 0,
			       "images of this storage driver are not read by this version");
	digest_format(text, c->image_id);
	/* the name may have moved on to a newer image since */
	if (c->image_ref != NULL && docker_repos(dr, &repos, NULL) == 0 &&
	    (docker_repos_find(repos, c->image_ref, named, &name, NULL) < 0 ||
	     memcmp(named, c->image_id, sizeof(named)) != 0)) {
		free(name);
		name = NULL;
	}
	return docker_image_load(dr, c->image_id, text, name, out, err);
}
