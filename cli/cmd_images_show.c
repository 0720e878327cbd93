/* SPDX-License-Identifier: Apache-2.0 */
/* One stored image with its layers. */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "cli/app.h"
#include "cli/jobs.h"
#include "cli/output.h"
#include "core/cleanup.h"
#include "core/clock.h"
#include "core/encode.h"
#include "core/json.h"
#include "core/quote.h"
#include "job/images.h"

/* Text or JSON, whichever is asked for, grows in one buffer. */
struct shown {
	struct buf text;
	struct jout json;
	size_t layers;
};

static void put_digest(struct buf *text, const char *label, const uint8_t digest[SL_SHA256_SIZE])
{
	char digits[DIGEST_TEXT_SIZE];

	digest_format(digits, digest);
	(void)buf_printf(text, "%s%s\n", label, digits);
}

static void put_time(struct buf *text, const char *label, bool is_known, struct sl_time t)
{
	char when[CLOCK_TEXT_SIZE];

	clock_format_short(when, t);
	(void)buf_printf(text, "%s%s\n", label, is_known ? when : "never");
}

static int image_text(void *payload, const struct sl_baseline_info *info)
{
	struct buf *text = &((struct shown *)payload)->text;

	(void)quote_bytes(text, info->name, strlen(info->name));
	put_digest(text, "\n  image    ", info->config_digest);
	if (info->has_manifest_digest)
		put_digest(text, info->manifest_verified ? "  manifest " : "  manifest (claimed) ",
			   info->manifest_digest);
	(void)buf_printf(text, "  trust    %s\n", sl_trust_name(info->trust));
	(void)buf_printf(text, "  entries  %" PRIu64 "\n  bytes    %" PRIu64 "\n", info->entries,
			 info->bytes);
	put_time(text, "  indexed  ", true, info->indexed_at);
	put_time(text, "  checked  ", info->has_checked_at, info->checked_at);
	return 0;
}

static int layer_text(void *payload, const struct sl_layer_info *info)
{
	bool is_signed = info->trust == SL_TRUST_SIGNED;
	struct shown *s = payload;
	struct buf *text = &s->text;

	(void)buf_printf(text, "layer %zu\n", ++s->layers);
	put_digest(text, "  chain    ", info->chain_id);
	put_digest(text, "  diff     ", info->diff_id);
	put_digest(text, "  tree     ", info->tree_digest);
	(void)buf_printf(text, "  trust    %s\n", sl_trust_name(info->trust));
	if (is_signed)
		put_digest(text, "  signer   key ", info->signer);
	(void)buf_printf(text, "  entries  %" PRIu64 "\n  bytes    %" PRIu64 "\n", info->entries,
			 info->bytes);
	put_time(text, is_signed ? "  imported " : "  read     ", true,
		 is_signed ? info->signed_at : info->proven_at);
	put_time(text, "  checked  ", info->has_checked_at, info->checked_at);
	(void)buf_printf(text, "  images   %zu\n", info->images);
	return 0;
}

static void json_digest(struct jout *j, const char *key, const uint8_t digest[SL_SHA256_SIZE])
{
	jout_key(j, key);
	if (digest != NULL)
		jout_digest(j, digest);
	else
		jout_null(j);
}

static void json_time(struct jout *j, const char *key, bool is_known, struct sl_time t)
{
	jout_key(j, key);
	if (is_known)
		jout_time(j, t);
	else
		jout_null(j);
}

static int image_json(void *payload, const struct sl_baseline_info *info)
{
	struct jout *j = &((struct shown *)payload)->json;

	jout_key_str(j, "name", info->name);
	json_digest(j, "id", info->config_digest);
	json_digest(j, "digest", info->has_manifest_digest ? info->manifest_digest : NULL);
	jout_key(j, "digest_verified");
	jout_bool(j, info->manifest_verified);
	jout_key_str(j, "trust", sl_trust_name(info->trust));
	jout_key_u64(j, "entries", info->entries);
	jout_key_u64(j, "bytes", info->bytes);
	json_time(j, "indexed_at", true, info->indexed_at);
	json_time(j, "checked_at", info->has_checked_at, info->checked_at);
	jout_key(j, "layers");
	jout_array(j);
	return 0;
}

static int layer_json(void *payload, const struct sl_layer_info *info)
{
	struct jout *j = &((struct shown *)payload)->json;
	bool is_signed = info->trust == SL_TRUST_SIGNED;

	jout_object(j);
	json_digest(j, "chain_id", info->chain_id);
	json_digest(j, "diff_id", info->diff_id);
	json_digest(j, "tree_digest", info->tree_digest);
	jout_key_str(j, "trust", sl_trust_name(info->trust));
	json_digest(j, "signer", is_signed ? info->signer : NULL);
	json_time(j, "signed_at", is_signed, info->signed_at);
	jout_key_u64(j, "entries", info->entries);
	jout_key_u64(j, "bytes", info->bytes);
	json_time(j, "read_at", true, info->proven_at);
	json_time(j, "checked_at", info->has_checked_at, info->checked_at);
	jout_key_u64(j, "images", info->images);
	jout_object_end(j);
	return 0;
}

static int show_json(const struct job *job, const char *word, struct shown *s, struct sl_error *err)
{
	int rc;

	jout_begin(&s->json, &s->text);
	jout_object(&s->json);
	jout_key_str(&s->json, "schema", "strandline.image/1");
	rc = job_image(job, word, image_json, layer_json, s, err);
	if (rc < 0)
		return rc;
	jout_array_end(&s->json);
	jout_object_end(&s->json);
	(void)buf_append_char(&s->text, '\n');
	return 0;
}

static int run(struct app *app, const void *args, const struct operands *words)
{
	CLEANUP(sl_error_clear) struct sl_error err = SL_ERROR_INIT;
	CLEANUP(cli_job_clear) struct cli_job j = {0};
	struct shown s = {.text = BUF_INIT((size_t)16 << 20)};
	int rc = cli_job_init(&j, app, 0, &err);

	(void)args;
	if (rc == 0)
		rc = app->options.format == FORMAT_JSON
			     ? show_json(&j.job, words->items[0], &s, &err)
			     : job_image(&j.job, words->items[0], image_text, layer_text, &s, &err);
	if (rc == 0)
		rc = output_text(app->options.output, &s.text, &err);
	buf_clear(&s.text);
	return rc < 0 ? app_fail(app, &err) : EXIT_DONE;
}

static const char *const formats[] = {"table", "json", NULL};

const struct command command_images_show = {
	.name = "images show",
	.summary = "show one image with its layers and their digests",
	.operands = "REF|ID",
	.description =
		"Show a stored image with its layers, bottom first: their chain id, diff_id, the "
		"digest of their tree (SHA-256 over the lines that 'images dump' prints of the "
		"layer), trust, times, and how many stored images have them.",
	.formats = formats,
	.operands_min = 1,
	.operands_max = 1,
	.exits = EXIT_WORKS,
	.examples = {{"strandline images show docker:nginx:1.25", "What is stored of an image?"},
		     {"strandline images show --format json 4f67c8", "The same by its id:"}},
	.run = run,
};
