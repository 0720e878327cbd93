/* SPDX-License-Identifier: Apache-2.0 */
#include "job/images.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>

#include "core/cleanup.h"
#include "core/encode.h"
#include "job/baseline.h"
#include "job/database.h"
#include "job/resolve.h"
#include "snapshot/dump.h"

int job_images(const struct job *job,
	       int (*each)(void *payload, const struct sl_baseline_info *info), void *payload,
	       struct sl_error *err)
{
	struct sl_baselines *baselines = NULL;
	int rc = job_database_open(job, &baselines, err);

	if (rc == 0)
		rc = sl_baselines_list(baselines, each, payload, err);
	sl_baselines_close(baselines);
	return rc;
}

/* As it was named when it was indexed: a tree by a relative path, an image with its engine. */
static int search(struct sl_baselines *b, const char *word, struct baseline_hits *hits,
		  struct sl_error *err)
{
	AUTO_FREE char *name = NULL;
	const char *in_store = resolve_engine_name(word);
	int rc = resolve_tree_name(&name, word, err);

	if (rc < 0)
		return rc;
	rc = baseline_search(b, name != NULL ? name : word, 4, true, hits, err);
	if (rc < 0 || hits->count > 0 || in_store == NULL)
		return rc;
	buf_clear(&hits->list);
	return baseline_search(b, in_store, 4, true, hits, err);
}

int job_find_image(struct sl_baselines *baselines, const char *word, uint8_t id[SL_SHA256_SIZE],
		   struct sl_error *err)
{
	struct baseline_hits hits = {.count = 0};
	int rc = search(baselines, word, &hits, err);

	if (rc == 0 && hits.count == 0)
		rc = sl_fail(err, SL_ENOTFOUND, 0, "no indexed image is called '%s'", word);
	if (rc == 0 && hits.count > 1)
		rc = sl_fail(err, SL_EAMBIGUOUS, 0, "%zu indexed images fit '%s', give the id: %s",
			     hits.count, word, hits.list.data != NULL ? hits.list.data : "");
	if (rc == 0)
		memcpy(id, hits.id, SL_SHA256_SIZE);
	buf_clear(&hits.list);
	return rc;
}

/* Open the database and find the image in it. */
static int open_image(const struct job *job, const char *word, struct sl_baselines **out,
		      uint8_t id[SL_SHA256_SIZE], struct sl_error *err)
{
	int rc = job_database_open(job, out, err);

	return rc == 0 ? job_find_image(*out, word, id, err) : rc;
}

static void close_baselines(struct sl_baselines **b)
{
	sl_baselines_close(*b);
}

/* What was just found and is gone now went to another process. */
static int gone(int rc, struct sl_error *err)
{
	return rc == 1 ? sl_fail(err, SL_ENOTFOUND, 0, "the image was removed meanwhile") : rc;
}

int job_image(const struct job *job, const char *word,
	      int (*image)(void *payload, const struct sl_baseline_info *info),
	      int (*each)(void *payload, const struct sl_layer_info *info), void *payload,
	      struct sl_error *err)
{
	CLEANUP(close_baselines) struct sl_baselines *baselines = NULL;
	struct sl_baseline_info info;
	uint8_t id[SL_SHA256_SIZE];
	int rc = open_image(job, word, &baselines, id, err);

	if (rc == 0)
		rc = sl_baselines_find(baselines, id, &info, err);
	if (rc == 0)
		rc = image(payload, &info);
	if (rc == 0)
		rc = sl_baselines_layers(baselines, id, each, payload, err);
	return gone(rc, err);
}

int job_forget(const struct job *job, const char *word, uint8_t id[SL_SHA256_SIZE],
	       struct sl_remove_result *out, struct sl_error *err)
{
	CLEANUP(close_baselines) struct sl_baselines *baselines = NULL;
	int rc = open_image(job, word, &baselines, id, err);

	if (rc == 0)
		rc = sl_baselines_remove(baselines, id, out, err);
	return gone(rc, err);
}

static void add_check(struct sl_baseline_check *sum, const struct sl_baseline_check *one)
{
	sum->images += one->images;
	sum->layers += one->layers;
	sum->entries += one->entries;
	sum->problems += one->problems;
}

int job_images_verify(const struct job *job, char *const *words, size_t count,
		      int (*problem)(void *payload, const struct sl_baseline_problem *problem),
		      void *payload, struct sl_baseline_check *out, struct sl_error *err)
{
	CLEANUP(close_baselines) struct sl_baselines *baselines = NULL;
	struct sl_baseline_check one;
	int rc = job_database_open(job, &baselines, err);

	*out = (struct sl_baseline_check){0};
	if (rc == 0 && count == 0)
		return sl_baselines_verify(baselines, NULL, problem, payload, out, err);
	for (size_t i = 0; rc == 0 && i < count; i++) {
		uint8_t id[SL_SHA256_SIZE];

		rc = job_find_image(baselines, words[i], id, err);
		if (rc == 0)
			rc = gone(sl_baselines_verify(baselines, id, problem, payload, &one, err),
				  err);
		if (rc == 0)
			add_check(out, &one);
	}
	return rc;
}

int job_image_dump(const struct job *job, const char *word, bool merged, struct ostream *to,
		   struct sl_error *err)
{
	CLEANUP(close_baselines) struct sl_baselines *baselines = NULL;
	uint8_t id[SL_SHA256_SIZE];
	int rc = open_image(job, word, &baselines, id, err);

	if (rc == 0)
		rc = merged ? dump_view(baselines, id, to, err)
			    : dump_image(baselines, id, to, err);
	return gone(rc, err);
}

static int open_input(const struct job *job, const char *path, struct istream **out,
		      struct sl_error *err)
{
	int fd = strcmp(path, "-") == 0 ? fcntl(STDIN_FILENO, F_DUPFD_CLOEXEC, 3)
					: open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY);
	int rc;

	if (fd < 0)
		return sl_fail(err, SL_EIO, errno, "open '%s'", path);
	rc = istream_from_fd(out, fd, err);
	if (rc == 0)
		istream_fd_stop(*out, job->stop);
	return rc;
}

int job_image_load(const struct job *job, const char *path, const char *name,
		   uint8_t id[SL_SHA256_SIZE], struct sl_index_result *out, struct sl_error *err)
{
	CLEANUP(close_baselines) struct sl_baselines *baselines = NULL;
	struct istream *in = NULL;
	int rc = open_input(job, path, &in, err);

	if (rc == 0)
		rc = job_database_open(job, &baselines, err);
	if (rc == 0)
		rc = dump_load(baselines, in, name, id, out, err);
	istream_close(in);
	return rc;
}

int job_images_vacuum(const struct job *job, uint64_t *before, uint64_t *after,
		      struct sl_error *err)
{
	CLEANUP(close_baselines) struct sl_baselines *baselines = NULL;
	int rc = job_database_open(job, &baselines, err);

	return rc == 0 ? sl_baselines_vacuum(baselines, before, after, err) : rc;
}
