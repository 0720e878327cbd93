/* SPDX-License-Identifier: Apache-2.0 */
/* What a signed file of baselines holds. */
#include <inttypes.h>
#include <string.h>

#include "cli/app.h"
#include "cli/jobs.h"
#include "cli/output.h"
#include "core/cleanup.h"
#include "core/encode.h"
#include "core/quote.h"
#include "job/travel.h"

struct show_args {
	struct text_list keys;
};

struct shown {
	const char *path;
	struct buf text;
};

static void put_digest(struct buf *text, const char *label, const uint8_t digest[SL_SHA256_SIZE])
{
	char digits[DIGEST_TEXT_SIZE];

	digest_format(digits, digest);
	(void)buf_printf(text, "%s%s\n", label, digits);
}

static int put_contents(void *payload, const struct travel_contents *c, struct sl_error *err)
{
	struct shown *s = payload;
	struct buf *text = &s->text;

	(void)quote_bytes(text, s->path, strlen(s->path));
	put_digest(text, c->is_verified ? "\n  signed by  key " : "\n  claims     key ", c->signer);
	(void)buf_printf(text, "  signature  %s\n  text       %" PRIu64 " bytes\n",
			 c->is_verified ? "verified"
					: "not verified: give --key FILE, a public key you trust",
			 c->size);
	for (size_t i = 0; i < import_image_count(c->read); i++) {
		const struct sl_image *image = import_image(c->read, i);

		put_digest(text, "image ", image->config_digest);
		for (size_t k = 0; k < image->layer_count; k++)
			put_digest(text, "  layer    ", image->layers[k].chain_id);
	}
	for (size_t i = 0; i < import_layer_count(c->read); i++) {
		const struct dumpread_layer *layer = import_layer(c->read, i);

		put_digest(text, "layer ", layer->chain_id);
		put_digest(text, "  diff     ", layer->diff_id);
		put_digest(text, "  tree     ", layer->tree);
		(void)buf_printf(text, "  entries  %" PRIu64 "\n  bytes    %" PRIu64 "\n",
				 layer->entries, layer->bytes);
	}
	return text->status < 0 ? sl_fail(err, SL_ENOMEM, 0, "list of baselines") : 0;
}

static int run(struct app *app, const void *args, const struct operands *words)
{
	CLEANUP(sl_error_clear) struct sl_error err = SL_ERROR_INIT;
	CLEANUP(travel_trust_clear) struct travel_trust trust = {.count = 0};
	const struct show_args *a = args;
	struct travel_keys keys = {a->keys.items, a->keys.count};
	struct shown s = {.path = words->items[0], .text = BUF_INIT((size_t)256 << 20)};
	int rc = travel_trust_read(&trust, &keys, &err);

	if (rc == 0)
		rc = job_baseline_show(s.path, &trust, put_contents, &s, &err);
	if (rc == 0)
		rc = output_text(app->options.output, &s.text, &err);
	buf_clear(&s.text);
	return rc < 0 ? cli_job_fail(app, &err) : EXIT_DONE;
}

static const struct opt options[] = {
	{"key", 0, OPT_LIST, "FILE", NULL, offsetof(struct show_args, keys),
	 "a public key that must have signed it; may be repeated"},
};

const struct command command_baseline_show = {
	.name = "baseline show",
	.summary = "list what a signed file of baselines holds",
	.operands = "FILE|-",
	.description =
		"List the images and layers of a file that 'baseline export' wrote, and whose key "
		"is said to have signed it. Nothing is stored, and without --key nothing is "
		"verified but that the text is the one that its signature is about.",
	.options = options,
	.option_count = ARRAY_SIZE(options),
	.operands_min = 1,
	.operands_max = 1,
	.args_size = sizeof(struct show_args),
	.exits = EXIT_WORKS,
	.examples = {{"strandline baseline show shop.signed", "What is in it?"},
		     {"strandline baseline show shop.signed --key ci.key.pub",
		      "Is it the pipeline's?"}},
	.run = run,
};
