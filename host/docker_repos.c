/* SPDX-License-Identifier: Apache-2.0 */
/* repositories.json: names of images, as `docker images` shows them. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/cleanup.h"
#include "core/encode.h"
#include "host/docker.h"

/* Longest name that is looked up: repository, tag and digest have bounds of their own in docker. */
#define WORD_MAX 1024

int docker_repos(struct docker_driver *dr, const struct jval **out, struct sl_error *err)
{
	int rc;

	*out = dr->repositories;
	if (dr->repositories_read || dr->image_fd < 0)
		return 0;
	rc = store_read_json(dr->image_fd, "repositories.json", &dr->repositories, err);
	if (rc == -SL_ENOTFOUND && err != NULL)
		sl_error_clear(err);
	if (rc < 0 && rc != -SL_ENOTFOUND)
		return rc;
	dr->repositories_read = true;
	*out = dr->repositories;
	return 0;
}

/* A reference as the store spells it: "docker.io/library/web" is "web". Borrows from @word. */
static const char *familiar(const char *word)
{
	static const char *const hubs[] = {"docker.io/", "index.docker.io/"};
	bool stripped = false;
	const char *slash;

	for (size_t i = 0; i < ARRAY_SIZE(hubs) && !stripped; i++) {
		stripped = strncmp(word, hubs[i], strlen(hubs[i])) == 0;
		if (stripped)
			word += strlen(hubs[i]);
	}
	slash = strchr(word, '/');
	if (slash != NULL && strncmp(word, "library/", 8) == 0 && strchr(slash + 1, '/') == NULL)
		word = slash + 1;
	return word;
}

/*
 * Repository and full reference of a familiar word: the tag defaults to "latest", and where there
 * is a digest the tag says nothing.
 */
static int split(const char *word, struct buf *repo, struct buf *ref)
{
	const char *at = strchr(word, '@');
	const char *slash = strrchr(word, '/');
	const char *end = at != NULL ? at : word + strlen(word);
	const char *colon;

	if (slash != NULL && slash > end)
		slash = NULL;
	colon = memchr(slash != NULL ? slash : word, ':',
		       (size_t)(end - (slash != NULL ? slash : word)));
	(void)buf_append(repo, word, (size_t)((colon != NULL ? colon : end) - word));
	if (at != NULL) {
		(void)buf_append(ref, repo->data != NULL ? repo->data : "", repo->len);
		(void)buf_append_str(ref, at);
	} else {
		(void)buf_append_str(ref, word);
		if (colon == NULL)
			(void)buf_append_str(ref, ":latest");
	}
	return repo->status != 0 ? repo->status : ref->status;
}

/* The repository of a "repository:tag" or "repository@digest". */
static size_t repo_len(const char *ref)
{
	const char *at = strchr(ref, '@');
	const char *slash = strrchr(ref, '/');
	const char *colon;

	if (at != NULL)
		return (size_t)(at - ref);
	colon = strchr(slash != NULL ? slash : ref, ':');
	return colon != NULL ? (size_t)(colon - ref) : strlen(ref);
}

struct search {
	char id[DIGEST_TEXT_SIZE];
	bool by_digest;
	const char *prefer; /* a reference whose repository is preferred, or NULL */
	const char *found, *preferred;
};

static bool same_repo(const char *a, const char *b)
{
	size_t len = repo_len(a);

	return len == repo_len(b) && memcmp(a, b, len) == 0;
}

static int search_ref(void *payload, const char *ref, const struct jval *v)
{
	struct search *s = payload;
	const char *text = jval_str(v);

	if (text == NULL || strcmp(text, s->id) != 0 || (strchr(ref, '@') != NULL) != s->by_digest)
		return 0;
	if (s->found == NULL)
		s->found = ref;
	if (s->prefer != NULL && s->preferred == NULL && same_repo(ref, s->prefer))
		s->preferred = ref;
	return 0;
}

static int search_repo(void *payload, const char *repo, const struct jval *refs)
{
	(void)repo;
	return jval_each(refs, search_ref, payload);
}

static const char *search(const struct jval *repos, struct search *s)
{
	(void)jval_each(jval_get(repos, "Repositories"), search_repo, s);
	return s->preferred != NULL ? s->preferred : s->found;
}

const char *docker_repos_name(const struct jval *repos, const uint8_t id[SL_SHA256_SIZE])
{
	struct search s = {0};

	digest_format(s.id, id);
	return search(repos, &s);
}

int docker_repos_digest(const struct jval *repos, const uint8_t id[SL_SHA256_SIZE],
			const char *name, uint8_t digest[SL_SHA256_SIZE])
{
	struct search s = {.by_digest = true, .prefer = name != NULL ? familiar(name) : NULL};
	const char *ref, *at;

	digest_format(s.id, id);
	ref = search(repos, &s);
	at = ref != NULL ? strchr(ref, '@') : NULL;
	return at != NULL && digest_parse(digest, at + 1, strlen(at + 1)) == 0 ? 0 : 1;
}

int docker_repos_find(const struct jval *repos, const char *word, uint8_t id[SL_SHA256_SIZE],
		      char **name, struct sl_error *err)
{
	CLEANUP(buf_clear) struct buf repo = BUF_INIT(WORD_MAX);
	CLEANUP(buf_clear) struct buf ref = BUF_INIT(WORD_MAX);
	const char *text;
	int rc;

	*name = NULL;
	rc = split(familiar(word), &repo, &ref);
	if (rc < 0 || repo.len == 0)
		return sl_fail(err, rc == -SL_ENOMEM ? SL_ENOMEM : SL_ENOTFOUND, 0,
			       "no image of this name");
	text = jval_str(jval_path(repos, "Repositories", repo.data, ref.data, NULL));
	if (text == NULL)
		return sl_fail(err, SL_ENOTFOUND, 0, "no image of this name");
	if (digest_parse(id, text, strlen(text)) < 0)
		return sl_fail(err, SL_EFORMAT, 0, "repositories.json: an image id is no digest");
	if (strchr(ref.data, '@') != NULL)
		return 0;
	*name = buf_take(&ref);
	return *name != NULL ? 0 : sl_fail(err, SL_ENOMEM, 0, "image name");
}
