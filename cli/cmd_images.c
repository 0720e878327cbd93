/* SPDX-License-Identifier: Apache-2.0 */
/* List baselines; the other things one can do with them are nested commands. */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "cli/app.h"
#include "cli/listing.h"
#include "core/cleanup.h"
#include "core/clock.h"
#include "core/encode.h"
#include "core/json.h"
#include "job/images.h"

static int image_row(void *payload, const struct sl_baseline_info *info)
{
	struct columns *c = payload;
	AUTO_FREE char *moved = NULL;
	char id[DIGEST_TEXT_SIZE], number[32], time[CLOCK_TEXT_SIZE];

	if (info->has_moved && asprintf(&moved, "%s (moved)", info->name) < 0)
		moved = NULL;
	columns_cell(c, moved != NULL ? moved : info->name);
	digest_format(id, info->config_digest);
	id[7 + 12] = '\0';
	columns_cell(c, id + 7);
	columns_cell(c, sl_trust_name(info->trust));
	columns_cell(c, sl_anchor_name(info->anchor));
	(void)snprintf(number, sizeof(number), "%zu", info->layers);
	columns_cell(c, number);
	(void)snprintf(number, sizeof(number), "%" PRIu64, info->entries);
	columns_cell(c, number);
	clock_format_short(time, info->indexed_at);
	columns_cell(c, time);
	if (info->has_checked_at)
		clock_format_short(time, info->checked_at);
	columns_cell(c, info->has_checked_at ? time : "never");
	return 0;
}

static int image_json(void *payload, const struct sl_baseline_info *info)
{
	struct jout *j = payload;

	jout_object(j);
	jout_key_str(j, "name", info->name);
	jout_key_bool(j, "moved", info->has_moved);
	jout_key(j, "id");
	jout_digest(j, info->config_digest);
	jout_key(j, "digest");
	if (info->has_manifest_digest)
		jout_digest(j, info->manifest_digest);
	else
		jout_null(j);
	jout_key_str(j, "trust", sl_trust_name(info->trust));
	jout_key_str(j, "anchor", sl_anchor_name(info->anchor));
	jout_key_str(j, "signer", info->signer);
	jout_key(j, "anchored_at");
	if (info->has_anchored_at)
		jout_time(j, info->anchored_at);
	else
		jout_null(j);
	jout_key_u64(j, "layers", info->layers);
	jout_key_u64(j, "entries", info->entries);
	jout_key_u64(j, "bytes", info->bytes);
	jout_key_time(j, "indexed_at", info->indexed_at);
	jout_key(j, "checked_at");
	if (info->has_checked_at)
		jout_time(j, info->checked_at);
	else
		jout_null(j);
	jout_object_end(j);
	return 0;
}

static int list_json(const struct job *job, struct jout *to, struct sl_error *err)
{
	return job_images(job, image_json, to, err);
}

static int list_table(const struct job *job, struct columns *to, struct sl_error *err)
{
	return job_images(job, image_row, to, err);
}

static const char *const headings[] = {"IMAGE",  "ID",      "TRUST",   "ANCHOR",
				       "LAYERS", "ENTRIES", "INDEXED", "CHECKED"};
static const struct listing listing = {
	.schema = "strandline.images/1",
	.key = "images",
	.headings = headings,
	.heading_count = ARRAY_SIZE(headings),
	.table = list_table,
	.json = list_json,
};

static int run(struct app *app, const void *args, const struct operands *words)
{
	(void)args;
	(void)words;
	return listing_run(app, &listing);
}

#define LIST_EXAMPLES                                                                              \
	{                                                                                          \
		{"strandline images", "Which images are indexed?"},                                \
		{                                                                                  \
			"strandline images list --format json", "The same for another program:"    \
		}                                                                                  \
	}

const struct command command_images = {
	.name = "images",
	.summary = "list, check, move and forget what was indexed",
	.operands = "[COMMAND]",
	.description = "List the images whose baselines are stored, with their trust and the time "
		       "they were indexed, or do one of the things below with them.",
	.formats = listing_formats,
	.exits = EXIT_WORKS,
	.examples = LIST_EXAMPLES,
	.run = run,
};

const struct command command_images_list = {
	.name = "images list",
	.summary = "list the images whose baselines are stored",
	.operands = "",
	.description = "List the images whose baselines are stored, with their trust and the time "
		       "they were indexed; (moved) stands behind a name that has meant another "
		       "image since. CHECKED is when the layer directories on disk were last "
		       "proven to be the image's.",
	.formats = listing_formats,
	.exits = EXIT_WORKS,
	.examples = LIST_EXAMPLES,
	.run = run,
};
