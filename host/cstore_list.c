/* SPDX-License-Identifier: Apache-2.0 */
/* Which containers the store has: its own lists, and Podman's database for what is not in them. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/cleanup.h"
#include "host/cstore.h"

char *cstore_key(char kind, size_t part, const char *id)
{
	char *out = NULL;

	return asprintf(&out, "%c%zu/%s", kind, part, id) < 0 ? NULL : out;
}

static int give_gaps(const struct cstore_gap *gaps, size_t count, host_gap_fn gap, void *payload)
{
	int rc = 0;

	for (size_t i = 0; rc == 0 && i < count; i++)
		rc = store_gap(gap, payload, gaps[i].what, &gaps[i].why);
	return rc;
}

/* What decides between two attempts of one pod's container. */
static bool is_running(struct cstore *s, const struct cstore_part *part, const char *id,
		       const char *engine)
{
	const struct cstore_libpod_row *row;
	struct sl_container c = {0};
	AUTO_FREE char *path = NULL;
	struct jval *doc = NULL;

	if (strcmp(engine, "cri-o") != 0) {
		row = cstore_libpod_find(&s->libpod, id);
		return row != NULL && row->state == SL_STATE_RUNNING;
	}
	if (part->containers_fd < 0 || asprintf(&path, "%s/userdata/state.json", id) < 0) {
		path = NULL;
		return false;
	}
	if (store_read_json(part->containers_fd, path, &doc, NULL) < 0)
		return false;
	cstore_state_crio(&c, doc);
	jval_free(doc);
	return c.state == SL_STATE_RUNNING;
}

static int list_row(struct cstore *s, size_t part, const struct cstore_row *row,
		    struct store_list *out, struct sl_error *err)
{
	CLEANUP(cstore_meta_clear) struct cstore_meta meta = {0};
	CLEANUP(sl_error_clear) struct sl_error why = SL_ERROR_INIT; /* loading it says so */
	struct store_name name = {.store = &s->store};
	int rc = cstore_meta_read(s, &s->parts[part], row, &meta, &why, err);

	if (rc < 0)
		return rc;
	name.key = cstore_key('c', part, row->id);
	name.id = strdup(row->id);
	name.engine = meta.engine;
	name.kind = meta.kind;
	name.name = take_ptr(&meta.name);
	name.pod = take_ptr(&meta.pod);
	name.made = meta.created;
	name.running = is_running(s, &s->parts[part], row->id, meta.engine);
	if (name.key == NULL) {
		free(name.id);
		name.id = NULL; /* is memory, too */
	}
	return store_list_add(out, &name, err);
}

/* Containers that run on a directory of the administrator's have no layer, so no row. */
static int list_foreign(struct cstore *s, struct store_list *out, struct sl_error *err)
{
	int rc = 0;

	for (size_t i = 0; rc == 0 && i < s->libpod.count; i++) {
		const struct cstore_libpod_row *row = &s->libpod.rows[i];
		struct store_name name = {.store = &s->store, .kind = SL_CONTAINER_WORKLOAD};

		if (row->config == NULL)
			continue;
		name.key = cstore_key('d', 0, row->id);
		name.id = name.key != NULL ? strdup(row->id) : NULL;
		name.running = row->state == SL_STATE_RUNNING;
		if (!cstore_keep(&name.name, row->name)) {
			free(name.id);
			name.id = NULL;
		}
		rc = store_list_add(out, &name, err);
	}
	return rc;
}

static int list_part(struct cstore *s, size_t at, struct store_list *out, host_gap_fn gap,
		     void *payload, struct sl_error *err)
{
	struct cstore_part *part = &s->parts[at];
	int rc = cstore_layers(s, part, err);

	if (rc == 0)
		rc = give_gaps(part->layers.gaps, part->layers.gap_count, gap, payload);
	if (rc != 0 || part->is_additional)
		return rc;
	rc = cstore_containers_read(s, part, err);
	if (rc == 0)
		rc = give_gaps(part->containers.gaps, part->containers.gap_count, gap, payload);
	for (size_t i = 0; rc == 0 && i < part->containers.count; i++)
		rc = list_row(s, at, &part->containers.rows[i], out, err);
	return rc;
}

int cstore_list(struct store *store, bool orphans, struct store_list *out, host_gap_fn gap,
		void *payload, struct sl_error *err)
{
	struct cstore *s = container_of(store, struct cstore, store);
	int rc = cstore_libpod_read(s, err);

	if (rc == 0)
		rc = give_gaps(s->libpod.gaps, s->libpod.gap_count, gap, payload);
	for (size_t i = 0; rc == 0 && i < s->part_count; i++)
		rc = list_part(s, i, out, gap, payload, err);
	if (rc == 0)
		rc = list_foreign(s, out, err);
	return rc == 0 && orphans ? cstore_orphans_list(s, out, gap, payload, err) : rc;
}
