/* SPDX-License-Identifier: Apache-2.0 */
#include "job/travel.h"

#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "core/cleanup.h"
#include "core/quote.h"
#include "core/root.h"
#include "core/tempfile.h"
#include "job/database.h"
#include "job/images.h"

#define PIECE ((size_t)64 << 10)

static void close_baselines(struct sl_baselines **b)
{
	sl_baselines_close(*b);
}

/* ---- keys ---- */

int travel_trust_read(struct travel_trust *out, const struct travel_keys *keys,
		      struct sl_error *err)
{
	int rc = 0;

	*out = (struct travel_trust){.keys = calloc(keys->count + 1, sizeof(*out->keys))};
	if (out->keys == NULL)
		return sl_fail(err, SL_ENOMEM, 0, "keys");
	for (size_t i = 0; rc == 0 && i < keys->count; i++)
		rc = signkey_read_public(out->keys[out->count++], keys->paths[i], err);
	return rc;
}

void travel_trust_clear(struct travel_trust *t)
{
	free(t->keys);
	*t = (struct travel_trust){.keys = NULL};
}

/* ---- export ---- */

static int find_images(struct sl_baselines *b, char *const *words, size_t count,
		       uint8_t (*ids)[SL_SHA256_SIZE], struct sl_error *err)
{
	int rc = 0;

	for (size_t i = 0; rc == 0 && i < count; i++)
		rc = job_find_image(b, words[i], ids[i], err);
	return rc;
}

int job_baseline_export(const struct job *job, char *const *words, size_t count,
			const struct signkey_file *key_file, struct ostream *out,
			struct export_result *result, struct sl_error *err)
{
	AUTO_FREE uint8_t(*ids)[SL_SHA256_SIZE] = calloc(count + 1, sizeof(*ids));
	CLEANUP(close_baselines) struct sl_baselines *baselines = NULL;
	CLEANUP(signkey_free) struct sign_key *key = NULL;
	int rc = ids == NULL ? sl_fail(err, SL_ENOMEM, 0, "export")
			     : signkey_read(&key, key_file, err);

	if (rc == 0)
		rc = job_database_open(job, &baselines, err);
	if (rc == 0)
		rc = find_images(baselines, words, count, ids, err);
	if (rc == 0)
		rc = export_images(baselines, (const uint8_t(*)[SL_SHA256_SIZE])ids, count, key,
				   out, result, err);
	return rc;
}

/* ---- import ---- */

/* What signs stands behind what is signed, and is looked at first: a pipe is kept until then. */
static int spool(int *fd, const volatile int *stop, struct sl_error *err)
{
	AUTO_CLOSE int file = tempfile_open(NULL, err);
	struct istream *in = NULL;
	const uint8_t *bytes;
	size_t len;
	int rc = file < 0 ? file : istream_from_fd(&in, take_fd(fd), err);

	if (rc == 0)
		istream_fd_stop(in, stop);
	while (rc == 0 && (rc = istream_next(in, &bytes, &len, err)) == 0)
		rc = tempfile_write(file, bytes, len, err);
	istream_close(in);
	if (rc == 1)
		*fd = take_fd(&file);
	return rc < 0 ? rc : 0;
}

static int open_file(int *fd, const char *path, const volatile int *stop, struct sl_error *err)
{
	struct stat st;

	*fd = root_open_named(path, true, err);
	if (*fd < 0)
		return *fd;
	if (fstat(*fd, &st) == 0 && S_ISREG(st.st_mode))
		return 0;
	return spool(fd, stop, err);
}

int job_baseline_import(const struct job *job, const char *path, const struct travel_trust *trust,
			struct import_result *out, struct sl_error *err)
{
	CLEANUP(close_baselines) struct sl_baselines *baselines = NULL;
	AUTO_CLOSE int fd = -1;
	int rc = job_database_open(job, &baselines, err);

	if (rc == 0)
		rc = open_file(&fd, path, job->stop, err);
	if (rc == 0)
		rc = import_file(baselines, fd, (const uint8_t(*)[SIGN_PUBLIC_SIZE])trust->keys,
				 trust->count, out, err);
	return rc;
}

int job_baseline_show(const char *path, const struct travel_trust *trust,
		      int (*show)(void *payload, const struct travel_contents *contents,
				  struct sl_error *err),
		      void *payload, struct sl_error *err)
{
	CLEANUP(close_baselines) struct sl_baselines *baselines = NULL;
	struct travel_contents contents = {.is_verified = trust->count > 0};
	struct exportnote note;
	struct import *im = NULL;
	AUTO_CLOSE int fd = -1;
	int rc = open_file(&fd, path, NULL, err);

	if (rc == 0)
		rc = sl_baselines_open(&baselines, NULL, err);
	if (rc == 0)
		rc = import_look(&im, baselines, fd,
				 (const uint8_t(*)[SIGN_PUBLIC_SIZE])trust->keys, trust->count,
				 &note, err);
	if (rc == 0) {
		memcpy(contents.signer, note.key, SL_SHA256_SIZE);
		contents.size = note.size;
		contents.read = im;
		rc = show(payload, &contents, err);
	}
	import_free(im);
	return rc;
}
