/* SPDX-License-Identifier: Apache-2.0 */
/* layers.json, images.json and containers.json, with a "%%" line between each two. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "core/cleanup.h"
#include "core/idmap.h"
#include "host/cstore.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check(const struct cstore_table *t)
{
	for (size_t i = 0; i < t->count; i++) {
		if (!cstore_is_name(t->rows[i].id) ||
		    cstore_table_find(t, t->rows[i].id) != &t->rows[i])
			abort();
		if (i > 0 && strcmp(t->rows[i - 1].id, t->rows[i].id) >= 0)
			abort();
	}
}

static void check_map(const struct jval *row)
{
	static struct sl_idmap_range base = {.inside = 0, .outside = 1000, .count = 1};
	const struct sl_idmap user = {.uids = &base, .gids = &base, .uid_count = 1, .gid_count = 1};
	struct sl_idmap map;

	if (cstore_idmap_of_row(&map, &user, row, NULL) < 0)
		return;
	/* nothing but what the base has is ever on disk */
	for (size_t i = 0; i < map.uid_count; i++)
		if (map.uids[i].outside != 1000 || map.uids[i].count != 1)
			abort();
	idmap_clear(&map);
}

/* Everything that is asked of rows once they are in. */
static void use(struct cstore *s, struct cstore_part *part)
{
	struct cstore_chain chain;

	for (size_t i = 0; i < part->layers.count; i++) {
		if (cstore_chain_read(s, part, part->layers.rows[i].id, &chain, NULL) < 0)
			abort();
		if (chain.count == 0 || chain.count > SL_IMAGE_MAX_LAYERS + 1)
			abort();
		cstore_chain_clear(&chain);
		check_map(part->layers.rows[i].v);
	}
	for (size_t i = 0; i < part->images.count; i++)
		(void)cstore_image_name(&part->images.rows[i], NULL);
	for (size_t i = 0; i < part->containers.count; i++) {
		struct cstore_meta meta;
		struct sl_error why = SL_ERROR_INIT;

		if (cstore_meta_read(s, part, &part->containers.rows[i], &meta, &why, NULL) < 0)
			abort();
		if (meta.engine == NULL || (meta.kind == SL_CONTAINER_SANDBOX && meta.pod == NULL))
			abort();
		cstore_meta_clear(&meta);
		sl_error_clear(&why);
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static char driver[] = "overlay";
	struct cstore_part part = {.driver = driver,
				   .layout = CSTORE_OVERLAY,
				   .layer_dir_fd = -1,
				   .links_fd = -1,
				   .layers_fd = -1,
				   .images_fd = -1,
				   .containers_fd = -1};
	struct cstore s = {.store = {.engine = "podman"}, .parts = &part, .part_count = 1};
	struct cstore_table *tables[] = {&part.layers, &part.images, &part.containers};
	const uint8_t *p = data, *end = data + size;

	s.libpod.is_read = true;
	for (size_t i = 0; i < ARRAY_SIZE(tables); i++) {
		const uint8_t *mark = memmem(p, (size_t)(end - p), "\n%%\n", 4);
		size_t len = mark != NULL ? (size_t)(mark - p) : (size_t)(end - p);

		if (cstore_table_parse(tables[i], "list", (const char *)p, len, i == 1, NULL) < 0 ||
		    cstore_table_settle(tables[i], "list", NULL) < 0)
			abort();
		check(tables[i]);
		tables[i]->is_read = true;
		p = mark != NULL ? mark + 4 : end;
	}
	use(&s, &part);
	for (size_t i = 0; i < ARRAY_SIZE(tables); i++)
		cstore_table_clear(tables[i]);
	return 0;
}
