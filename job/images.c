/* SPDX-License-Identifier: Apache-2.0 */
#include "job/images.h"

#include <string.h>

#include "core/encode.h"

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

struct search {
	const char *word;
	size_t matches;
	uint8_t id[SL_SHA256_SIZE];
};

static int match(void *payload, const struct sl_baseline_info *info)
{
	struct search *s = payload;
	char id[DIGEST_TEXT_SIZE];
	size_t len = strlen(s->word);
	bool by_name = info->name != NULL && strcmp(info->name, s->word) == 0;

	digest_format(id, info->config_digest);
	/* with or without "sha256:" in front; a beginning shorter than 4 digits is no reference */
	if (by_name || (len >= 4 && strncmp(id + 7, s->word, len) == 0) ||
	    (len >= 11 && strncmp(id, s->word, len) == 0)) {
		s->matches++;
		memcpy(s->id, info->config_digest, SL_SHA256_SIZE);
	}
	return 0;
}

int job_forget(const struct job *job, const char *word, uint8_t id[SL_SHA256_SIZE],
	       struct sl_error *err)
{
	struct sl_baselines *baselines = NULL;
	struct search s = {.word = word};
	int rc = sl_baselines_open(&baselines, job->db, err);

	if (rc == 0)
		rc = sl_baselines_list(baselines, match, &s, err);
	if (rc == 0 && s.matches == 0)
		rc = sl_fail(err, SL_ENOTFOUND, 0, "no indexed image is called '%s'", word);
	if (rc == 0 && s.matches > 1)
		rc = sl_fail(err, SL_EAMBIGUOUS, 0, "%zu indexed images fit '%s': give the id",
			     s.matches, word);
	if (rc == 0)
		rc = sl_baselines_remove(baselines, s.id, err);
	sl_baselines_close(baselines);
	if (rc == 0)
		memcpy(id, s.id, SL_SHA256_SIZE);
	return rc;
}
