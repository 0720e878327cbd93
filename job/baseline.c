/* SPDX-License-Identifier: Apache-2.0 */
#include "job/baseline.h"

#include <string.h>
#include <sys/stat.h>

#include "core/cleanup.h"
#include "core/clock.h"
#include "core/encode.h"
#include "core/quote.h"
#include "job/resolve.h"

#define LIST_MAX ((size_t)2048)
#define PREFIX "sha256:"
#define PREFIX_LEN (sizeof(PREFIX) - 1)

/* A tree says what it is only when it was read. */
static bool is_unread_tree(const struct sl_image *image)
{
	return image->trust == SL_TRUST_RECORDED && image->layer_count == 1 &&
	       !image->layers[0].has_diff_id;
}

int baseline_index(const struct job *job, struct sl_baselines *b, struct sl_image *image,
		   const uint8_t *expect, struct sl_index_result *out, struct sl_error *err)
{
	if (job->limits != NULL)
		sl_baselines_set_limits(b, job->limits);
	if (is_unread_tree(image))
		return sl_baselines_record(b, image, expect, &job->progress, out, err);
	return sl_baselines_index(b, image, &job->progress, out, err);
}

static int index_now(const struct job *job, struct sl_baselines *b, struct sl_image *image,
		     struct sl_error *err)
{
	AUTO_FREE char *shown = quote_dup(image->reference, strlen(image->reference));
	struct sl_index_result result;
	char was[DIGEST_TEXT_SIZE];
	int rc;

	if (shown == NULL)
		return sl_fail(err, SL_ENOMEM, 0, "image reference");
	job_say(job, "indexing image %s first", shown);
	rc = baseline_index(job, b, image, NULL, &result, err);
	if (rc == 0 && result.has_previous) {
		digest_format(was, result.previous);
		job_say(job, "%s is another image than when it was indexed last: was %s", shown,
			was);
	}
	if (rc == 0 && result.layers_contradicted > 0)
		job_say(job, "%s: %zu layers hold something else than was signed for", shown,
			result.layers_contradicted);
	return rc;
}

/*
 * The baseline is one that was only told. Where the image can still be read, it gets proven; where
 * it cannot, what was told is better than the directories as they are now.
 */
static int prove_recorded(const struct job *job, struct sl_baselines *b, struct sl_image *image,
			  struct sl_baseline_info *out, struct sl_error *err)
{
	struct sl_error why CLEANUP(sl_error_clear) = SL_ERROR_INIT;
	int rc = index_now(job, b, image, &why);

	if (rc == -SL_EUNTRUSTED || rc == -SL_ENOMEM || rc == -SL_ECANCELLED)
		return sl_fail(err, why.code, 0, "%s", sl_error_text(&why));
	if (rc < 0)
		job_say(job, "the recorded baseline stays unproven: %s", sl_error_text(&why));
	return sl_baselines_find(b, image->config_digest, out, err);
}

int baseline_ready(const struct job *job, struct sl_baselines *b, struct sl_image *image,
		   bool no_index, struct sl_baseline_info *out, struct sl_error *err)
{
	int rc = is_unread_tree(image) ? 1 : sl_baselines_find(b, image->config_digest, out, err);

	if (rc == 0 && out->trust > SL_TRUST_SIGNED && image->trust <= SL_TRUST_SIGNED &&
	    image->layer_count > 0 && !no_index)
		rc = prove_recorded(job, b, image, out, err);
	if (rc != 1)
		return rc;
	if (no_index || image->layer_count == 0) {
		AUTO_FREE char *shown = quote_dup(image->reference, strlen(image->reference));

		return sl_fail(err, SL_ENOTFOUND, 0, "image '%s' is not indexed",
			       shown != NULL ? shown : "?");
	}
	rc = index_now(job, b, image, err);
	if (rc == 0)
		rc = sl_baselines_find(b, image->config_digest, out, err);
	return rc == 1 ? sl_fail(err, SL_EIO, 0, "indexed image is not in the database") : rc;
}

/* ---- what is stored ---- */

/* The hexadecimal digits of an id or of its start; NULL when @word is none. */
static const char *digits_of(const char *word, size_t min_digits)
{
	bool is_marked = strncmp(word, PREFIX, PREFIX_LEN) == 0;
	const char *digits = word + (is_marked ? PREFIX_LEN : 0);
	size_t len = strlen(digits);

	if (len < (is_marked ? 4 : min_digits) || len > 2 * (size_t)SL_SHA256_SIZE)
		return NULL;
	return strspn(digits, "0123456789abcdef") == len ? digits : NULL;
}

struct search {
	const char *name;     /* or NULL */
	const uint8_t *named; /* the image that bears the name now, whatever it is called last */
	const char *digits;   /* or NULL */
	struct baseline_hits *hits;
};

static int match(void *payload, const struct sl_baseline_info *info)
{
	struct search *s = payload;
	struct baseline_hits *hits = s->hits;
	char id[DIGEST_TEXT_SIZE], when[CLOCK_TEXT_SIZE];
	bool fits = s->name != NULL && strcmp(info->name, s->name) == 0;

	digest_format(id, info->config_digest);
	if (s->named != NULL && memcmp(info->config_digest, s->named, SL_SHA256_SIZE) == 0)
		fits = true;
	if (s->digits != NULL && strncmp(id + PREFIX_LEN, s->digits, strlen(s->digits)) == 0)
		fits = true;
	if (!fits)
		return 0;
	memcpy(hits->id, info->config_digest, SL_SHA256_SIZE);
	hits->count++;
	if (hits->list.len > LIST_MAX / 2)
		return 0;
	clock_format_short(when, info->indexed_at);
	(void)buf_printf(&hits->list, "%s%s (", hits->count > 1 ? ", " : "", id);
	(void)quote_bytes(&hits->list, info->name, strnlen(info->name, 100));
	return buf_printf(&hits->list, ", indexed %s UTC%s)", when,
			  info->has_moved ? ", its name is another image's now" : "");
}

int baseline_search(struct sl_baselines *b, const char *word, size_t min_digits, bool names,
		    struct baseline_hits *out, struct sl_error *err)
{
	struct search s = {
		.name = names ? word : NULL, .digits = digits_of(word, min_digits), .hits = out};

	uint8_t named[SL_SHA256_SIZE];
	int rc;

	*out = (struct baseline_hits){.list = BUF_INIT(LIST_MAX)};
	if (s.name == NULL && s.digits == NULL)
		return 0;
	rc = names ? sl_baselines_named(b, word, named, err) : 1;
	if (rc < 0)
		return rc;
	if (rc == 0)
		s.named = named;
	return sl_baselines_list(b, match, &s, err);
}

/* An image of which there is only what the store knows. @name NULL: as it was called last. */
static int stored_image(struct sl_baselines *b, const uint8_t id[SL_SHA256_SIZE], const char *name,
			struct sl_image **out, struct sl_error *err)
{
	struct sl_baseline_info info;
	int rc = sl_baselines_find(b, id, &info, err);

	if (rc == 0)
		rc = sl_image_new(out, name != NULL ? name : info.name, err);
	if (rc != 0)
		return rc;
	memcpy((*out)->config_digest, info.config_digest, SL_SHA256_SIZE);
	(*out)->has_manifest_digest = info.has_manifest_digest;
	memcpy((*out)->manifest_digest, info.manifest_digest, SL_SHA256_SIZE);
	(*out)->trust = info.trust;
	return 0;
}

static int by_id(struct sl_baselines *b, const char *word, struct sl_image **out,
		 struct sl_error *err)
{
	struct baseline_hits hits;
	int rc = baseline_search(b, word, 12, false, &hits, err);

	if (rc == 0 && hits.count > 1)
		rc = sl_fail(err, SL_EAMBIGUOUS, 0, "%zu indexed images fit '%s': %s", hits.count,
			     word, hits.list.data != NULL ? hits.list.data : "");
	else if (rc == 0)
		rc = hits.count == 1 ? stored_image(b, hits.id, NULL, out, err) : 1;
	buf_clear(&hits.list);
	return rc;
}

static int by_name(struct sl_baselines *b, const char *name, struct sl_image **out,
		   struct sl_error *err)
{
	uint8_t id[SL_SHA256_SIZE];
	int rc = sl_baselines_named(b, name, id, err);

	return rc == 0 ? stored_image(b, id, name, out, err) : rc;
}

/* What was indexed from where it is no more. Images of engines are stored without the engine. */
static int stored_only(struct sl_baselines *b, const char *word, struct sl_image **out)
{
	const char *name = resolve_engine_name(word);
	int rc = by_name(b, word, out, NULL);

	return rc == 1 && name != NULL ? by_name(b, name, out, NULL) : rc;
}

static void say_stored(const struct job *job, struct sl_baselines *b, const struct sl_image *image,
		       const char *why)
{
	AUTO_FREE char *shown = quote_dup(image->reference, strlen(image->reference));
	struct sl_baseline_info info;
	char when[CLOCK_TEXT_SIZE];

	if (sl_baselines_find(b, image->config_digest, &info, NULL) != 0)
		return;
	clock_format_short(when, info.indexed_at);
	job_say(job, "%s: %s; comparing with what was indexed %s UTC", shown != NULL ? shown : "?",
		why, when);
}

/* A pipe has no recording: under its name something else comes each time. */
static int recorded_tree(const struct job *job, struct sl_baselines *b, const char *word,
			 struct sl_image **out, struct sl_error *err)
{
	AUTO_FREE char *reference = NULL;
	int rc = resolve_tree_name(&reference, word, err);

	if (rc == 0)
		rc = by_name(b, reference, out, err);
	if (rc == 0)
		say_stored(job, b, *out, "recorded earlier");
	return rc;
}

int baseline_resolve(const struct job *job, struct sl_baselines *b, const char *word,
		     const char *platform, struct sl_image **out, struct sl_error *err)
{
	struct sl_error why = SL_ERROR_INIT;
	int rc = by_id(b, word, out, err);

	if (rc == 1)
		rc = recorded_tree(job, b, word, out, err);
	if (rc != 1)
		return rc;
	rc = resolve_image(job, NULL, word, platform, out, &why);
	if (rc == -SL_ENOTFOUND && stored_only(b, word, out) == 0) {
		say_stored(job, b, *out, "not there any more");
		rc = 0;
	} else if (rc < 0) {
		(void)sl_fail(err, why.code, 0, "%s", sl_error_text(&why));
	}
	sl_error_clear(&why);
	return rc;
}
