/* SPDX-License-Identifier: Apache-2.0 */
/* One container, from everything that the store has about it. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/autofree.h"
#include "core/cleanup.h"
#include "core/encode.h"
#include "host/cstore.h"

int cstore_note_gap(struct sl_container *c, struct sl_error *why, struct sl_error *err)
{
	if (why->code == SL_ENOMEM)
		return sl_fail(err, SL_ENOMEM, 0, "container");
	if (c->metadata_gap == NULL && !cstore_keep(&c->metadata_gap, sl_error_text(why)))
		return sl_fail(err, SL_ENOMEM, 0, "container");
	sl_error_clear(why);
	return 0;
}

/* Who it is. */
static int read_meta(struct cstore *s, struct cstore_part *part, const struct cstore_row *row,
		     struct sl_container *c, struct sl_error *err)
{
	CLEANUP(cstore_meta_clear) struct cstore_meta meta = {0};
	CLEANUP(sl_error_clear) struct sl_error why = SL_ERROR_INIT;
	bool is_podman, volatile_flag = false;
	int rc = cstore_meta_read(s, part, row, &meta, &why, err);

	if (rc < 0)
		return rc;
	if (why.code != 0 && cstore_note_gap(c, &why, err) < 0)
		return -SL_ENOMEM;
	c->kind = meta.kind;
	c->pod = take_ptr(&meta.pod);
	c->image_ref = take_ptr(&meta.image_name);
	c->has_created = meta.has_created;
	c->created = meta.created;
	if (!cstore_keep(&c->engine, meta.engine) ||
	    !cstore_keep(&c->name, meta.name != NULL ? meta.name : c->id))
		return sl_fail(err, SL_ENOMEM, 0, "container");
	is_podman = strcmp(c->engine, "podman") == 0;
	(void)jval_bool(jval_path(row->v, "flags", "Volatile", NULL), &volatile_flag);
	if (is_podman && (row->is_volatile || volatile_flag) &&
	    !cstore_keep(&c->note, "volatile: removed once it ends, and written without being "
				   "synced"))
		return sl_fail(err, SL_ENOMEM, 0, "container");
	return 0;
}

/* What it was made from. */
static int read_image(struct cstore *s, const char *id, struct sl_container *c,
		      struct sl_error *err)
{
	struct cstore_image at;
	const char *digest, *name;
	int rc;

	if (id == NULL || id[0] == '\0')
		return 0;
	c->has_image_id = hex_decode(c->image_id, sizeof(c->image_id), id, strlen(id)) == 0;
	rc = cstore_image_by_id(s, id, &at, err);
	if (rc != 0)
		return rc < 0 ? rc : 0;
	digest = jval_str(jval_get(at.row->v, "digest"));
	c->has_image_digest =
		digest != NULL && digest_parse(c->image_digest, digest, strlen(digest)) == 0;
	name = cstore_image_name(at.row, NULL);
	if (c->image_ref == NULL && !cstore_keep(&c->image_ref, name))
		return sl_fail(err, SL_ENOMEM, 0, "container");
	return 0;
}

/* What it was told to run. What is wrong with that is noted, and the rest goes on. */
static int read_spec(struct sl_container *c, int userdata_fd, struct cstore_spec *spec,
		     struct sl_error *err)
{
	AUTO_JVAL struct jval *doc = NULL;
	CLEANUP(buf_clear) struct buf text = BUF_INIT(STORE_JSON_MAX);
	CLEANUP(sl_error_clear) struct sl_error why = SL_ERROR_INIT;
	int rc = userdata_fd < 0
			 ? -SL_ENOTFOUND
			 : root_read_file(userdata_fd, "config.json", ROOT_NO_LINKS, &text, &why);

	if (rc == -SL_ENOTFOUND)
		return 0; /* it was made and not started, or is Buildah's */
	if (rc == 0) {
		if (text.data != NULL)
			text.len = cstore_spec_shorten(text.data, text.len);
		rc = store_parse_json(&doc, &text, "config.json", &why);
	}
	if (rc == 0)
		rc = cstore_spec_read(c, doc, spec, &why);
	return rc < 0 ? cstore_note_gap(c, &why, err) : 0;
}

static int open_userdata(const struct cstore_part *part, const char *id)
{
	AUTO_FREE char *path = NULL;
	int fd;

	if (part->containers_fd < 0 || asprintf(&path, "%s/userdata", id) < 0) {
		path = NULL;
		return -1;
	}
	fd = root_open_subdir(part->containers_fd, path, ROOT_NO_LINKS, NULL);
	return fd >= 0 ? fd : -1;
}

static int load_row(struct cstore *s, struct cstore_part *part, struct sl_container *c,
		    struct sl_error *err)
{
	CLEANUP(cstore_spec_clear) struct cstore_spec spec = {0};
	AUTO_CLOSE int userdata_fd = -1;
	const struct cstore_row *row;
	const char *image;
	int rc = cstore_containers_read(s, part, err);

	if (rc < 0)
		return rc;
	row = cstore_table_find(&part->containers, c->id);
	if (row == NULL)
		return sl_fail(err, SL_ENOTFOUND, 0, "the store does not have it any more");
	image = jval_str(jval_get(row->v, "image"));
	userdata_fd = open_userdata(part, c->id);
	rc = read_meta(s, part, row, c, err);
	if (rc == 0)
		rc = read_image(s, image, c, err);
	if (rc == 0)
		rc = read_spec(c, userdata_fd, &spec, err);
	if (rc == 0)
		rc = cstore_state_read(s, c, userdata_fd, spec.run_dir, err);
	if (rc == 0)
		rc = cstore_stack(s, part, c, jval_str(jval_get(row->v, "layer")), image, row->v,
				  err);
	return rc < 0 ? rc : cstore_artifacts(s, part, c, userdata_fd, &spec, err);
}

/* --rootfs: its tree is a directory of the administrator's. */
static int open_rootfs(struct cstore *s, struct sl_container *c, const char *dir,
		       struct sl_error *err)
{
	struct sl_stack *stack = &c->stack;

	stack->is_whole = true;
	stack->marker = SL_MARKER_NONE;
	stack->upper_fd = root_open_subdir(s->place->root_fd, dir, ROOT_FOLLOW_INSIDE, NULL);
	if (stack->upper_fd < 0)
		stack->upper_fd = -1;
	if (!cstore_keep(&stack->upper_path, dir) ||
	    !cstore_keep(&stack->unsupported,
			 "it runs on a directory, not on an image: there is nothing to compare "
			 "it with"))
		return sl_fail(err, SL_ENOMEM, 0, "container");
	return 0;
}

/* Its row was lost, or removed behind Podman's back. Its layer may be an orphan. */
static int refuse_lost(struct sl_container *c, struct sl_error *err)
{
	if (!cstore_keep(&c->note, "only Podman's database knows it") ||
	    !cstore_keep(&c->stack.unsupported,
			 "containers.json does not have it: its layer is not known"))
		return sl_fail(err, SL_ENOMEM, 0, "container");
	return 0;
}

static int load_foreign(struct cstore *s, struct sl_container *c, struct sl_error *err)
{
	AUTO_JVAL struct jval *doc = NULL;
	CLEANUP(cstore_spec_clear) struct cstore_spec spec = {0};
	CLEANUP(sl_error_clear) struct sl_error why = SL_ERROR_INIT;
	const struct cstore_libpod_row *row;
	const char *dir;
	int rc = cstore_libpod_read(s, err);

	if (rc < 0)
		return rc;
	row = cstore_libpod_find(&s->libpod, c->id);
	if (row == NULL || row->config == NULL)
		return sl_fail(err, SL_ENOTFOUND, 0, "the store does not have it any more");
	if (!cstore_keep(&c->engine, s->store.engine) ||
	    !cstore_keep(&c->name, row->name != NULL ? row->name : c->id))
		return sl_fail(err, SL_ENOMEM, 0, "container");
	rc = jval_parse_bounded(&doc, row->config, row->config_len, CSTORE_VALUES_MAX, &why);
	if (rc == 0)
		rc = cstore_spec_read(c, jval_get(doc, "spec"), &spec, &why);
	if (rc < 0)
		rc = cstore_note_gap(c, &why, err);
	if (rc == 0)
		rc = cstore_state_read(s, c, -1, spec.run_dir, err);
	if (rc < 0)
		return rc;
	dir = jval_str(jval_get(doc, "rootfs"));
	return dir != NULL && dir[0] == '/' ? open_rootfs(s, c, dir, err) : refuse_lost(c, err);
}

/* The kind, the part and the id of a key. */
static int split_key(struct cstore *s, const char *key, char *kind, struct cstore_part **part,
		     const char **id)
{
	const char *slash = strchr(key, '/');
	size_t n = 0;

	if (key[0] == '\0' || slash == NULL)
		return -1;
	for (const char *p = key + 1; p < slash && n < s->part_count; p++)
		n = n * 10 + (size_t)(*p - '0');
	if (n >= s->part_count)
		return -1;
	*kind = key[0];
	*part = &s->parts[n];
	*id = slash + 1;
	return 0;
}

int cstore_load(struct store *store, const struct store_name *row, struct sl_container **out,
		struct sl_error *err)
{
	struct cstore *s = container_of(store, struct cstore, store);
	AUTO_CONTAINER struct sl_container *c = NULL;
	struct cstore_part *part;
	const char *id;
	char kind;
	int rc;

	if (split_key(s, row->key, &kind, &part, &id) < 0)
		return sl_fail(err, SL_EINVAL, 0, "this row is not of this store");
	rc = sl_container_new(&c, err);
	if (rc < 0)
		return rc;
	if (!cstore_keep(&c->id, id) || !cstore_keep(&c->store, s->store.dir) ||
	    !cstore_keep(&c->driver, part->driver))
		return sl_fail(err, SL_ENOMEM, 0, "container");
	if (kind == 'c')
		rc = load_row(s, part, c, err);
	else if (kind == 'd')
		rc = load_foreign(s, c, err);
	else
		rc = cstore_orphan_load(s, part, kind, id, c, err);
	if (rc < 0)
		return rc;
	*out = take_ptr(&c);
	return 0;
}
