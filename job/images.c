/* SPDX-License-Identifier: Apache-2.0 */
#include "job/images.h"

#include <string.h>

#include "core/cleanup.h"
#include "job/baseline.h"
#include "job/resolve.h"

int job_images(const struct job *job,
	       int (*each)(void *payload, const struct sl_baseline_info *info), void *payload,
	       struct sl_error *err)
{
	struct sl_baselines *baselines = NULL;
	int rc = sl_baselines_open(&baselines, job->db, err);

	if (rc == 0)
		rc = sl_baselines_list(baselines, each, payload, err);
	sl_baselines_close(baselines);
	return rc;
}

/* A tree may be named by a relative path, as it was when it was indexed. */
static int search(struct sl_baselines *b, const char *word, struct baseline_hits *hits,
		  struct sl_error *err)
{
	AUTO_FREE char *name = NULL;
	int rc = resolve_tree_name(&name, word, err);

	return rc < 0 ? rc : baseline_search(b, name != NULL ? name : word, 4, true, hits, err);
}

int job_forget(const struct job *job, const char *word, uint8_t id[SL_SHA256_SIZE],
	       struct sl_error *err)
{
	struct baseline_hits hits = {.count = 0};
	struct sl_baselines *baselines = NULL;
	int rc = sl_baselines_open(&baselines, job->db, err);

	if (rc == 0)
		rc = search(baselines, word, &hits, err);
	if (rc == 0 && hits.count == 0)
		rc = sl_fail(err, SL_ENOTFOUND, 0, "no indexed image is called '%s'", word);
	if (rc == 0 && hits.count > 1)
		rc = sl_fail(err, SL_EAMBIGUOUS, 0, "%zu indexed images fit '%s', give the id: %s",
			     hits.count, word, hits.list.data != NULL ? hits.list.data : "");
	if (rc == 0)
		rc = sl_baselines_remove(baselines, hits.id, err);
	sl_baselines_close(baselines);
	buf_clear(&hits.list);
	if (rc == 0)
		memcpy(id, hits.id, SL_SHA256_SIZE);
	return rc;
}
