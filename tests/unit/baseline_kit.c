/* SPDX-License-Identifier: Apache-2.0 */
#include "unit/baseline_kit.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "core/cleanup.h"
#include "core/digest.h"
#include "core/encode.h"
#include "snapshot/apply.h"
#include "snapshot/publish.h"
#include "snapshot/store.h"

static void must(bool ok, const char *what)
{
	if (!ok) {
		(void)fprintf(stderr, "kit: %s\n", what);
		abort();
	}
}

/* ---- a line as items ---- */

static struct sl_bytes bytes(const char *s)
{
	return (struct sl_bytes){s, strlen(s)};
}

static void fill_file(struct sl_entry *e, const char *content)
{
	e->mode = S_IFREG | 0644;
	e->size = strlen(content);
	must(sha256_once(content, strlen(content), e->sha256, NULL) == 0, "sha256");
	memset(e->xxh3, 0x33, sizeof(e->xxh3));
	/* what a test wants to read back */
	memcpy(e->xxh3, content, strnlen(content, SL_XXH3_SIZE));
	e->xxh3[SL_XXH3_SIZE - 1] = (uint8_t)strlen(content);
	e->fields |= SL_ENTRY_SHA256 | SL_ENTRY_XXH3;
}

static void fill(struct layer_item *item, char kind, const char *arg, struct sl_xattr *xattr)
{
	struct sl_entry *e = &item->entry;

	e->fields = SL_ENTRY_MTIME | SL_ENTRY_XATTRS;
	e->flags = SL_ENTRY_COARSE_TIME;
	e->mtime.sec = 1700000000;
	switch (kind) {
	case 'd':
		e->mode = S_IFDIR | (*arg != '\0' ? (uint32_t)strtoul(arg, NULL, 8) : 0750);
		break;
	case 'f':
		fill_file(e, arg);
		break;
	case 'x':
		fill_file(e, "");
		*xattr = (struct sl_xattr){.name = arg, .value = "y", .size = 1};
		e->xattrs = xattr;
		e->xattr_count = 1;
		break;
	case 'l':
		e->mode = S_IFLNK | 0777;
		e->target = bytes(arg);
		break;
	case 'h':
		e->mode = 0644;
		item->hardlink = (struct sl_bytes){arg, strcspn(arg, " ")};
		if (arg[item->hardlink.len] != '\0')
			e->mode = (uint32_t)strtoul(arg + item->hardlink.len, NULL, 8);
		break;
	case 'c':
		e->mode = S_IFCHR | 0644;
		must(sscanf(arg, "%u:%u", &e->rdev_major, &e->rdev_minor) == 2, "device");
		break;
	case 'p':
		e->mode = S_IFIFO | 0600;
		break;
	default:
		must(false, "kind");
	}
}

int kit_each(const char *line, layer_item_fn fn, void *payload, struct sl_error *err)
{
	AUTO_FREE char *copy = strdup(line);
	char *save = NULL;

	must(copy != NULL, "memory");
	for (char *p = strtok_r(copy, ";", &save); p != NULL; p = strtok_r(NULL, ";", &save)) {
		struct layer_item item = {.hardlink.data = NULL};
		struct sl_xattr xattr;
		char *path, *arg;
		int rc;

		p += strspn(p, " ");
		if (*p == '\0')
			continue;
		path = p + (p[1] == ' ' ? 2 : 1);
		arg = strchr(path, ' ');
		if (arg != NULL)
			*arg++ = '\0';
		fill(&item, *p, arg != NULL ? arg : "", &xattr);
		item.entry.path = bytes(path);
		rc = fn(payload, &item, err);
		if (rc < 0)
			return rc;
	}
	return 0;
}

/* ---- images ---- */

void kit_config(uint8_t out[SL_SHA256_SIZE], const char *name)
{
	must(sha256_once(name, strlen(name), out, NULL) == 0, "sha256");
}

static void chain_on(uint8_t chain[SL_SHA256_SIZE], const uint8_t diff_id[SL_SHA256_SIZE],
		     bool bottom)
{
	char text[2 * DIGEST_TEXT_SIZE];

	if (bottom) {
		memcpy(chain, diff_id, SL_SHA256_SIZE);
		return;
	}
	digest_format(text, chain);
	text[DIGEST_TEXT_SIZE - 1] = ' ';
	digest_format(text + DIGEST_TEXT_SIZE, diff_id);
	must(sha256_once(text, sizeof(text) - 1, chain, NULL) == 0, "sha256");
}

void kit_chain(uint8_t out[SL_SHA256_SIZE], const char *const layers[], size_t count)
{
	for (size_t i = 0; i < count; i++) {
		uint8_t diff_id[SL_SHA256_SIZE];

		kit_config(diff_id, layers[i]);
		chain_on(out, diff_id, i == 0);
	}
}

struct staging {
	struct rows *rows;
	struct sl_layer *layers;
	struct publish_layer *publish;
	struct row_at *at;
};

static void staging_clear(struct staging *s)
{
	rows_free(s->rows);
	free(s->layers);
	free(s->publish);
	free(s->at);
}

static int stage_one(struct staging *s, struct sl_baselines *b, const char *line, size_t i,
		     struct sl_error *err)
{
	struct layer_apply *apply = NULL;
	int rc = store_find_layer(b, s->layers[i].chain_id, &s->at[i].layer, NULL, err);

	s->publish[i] = (struct publish_layer){.is_known = rc == 0, .bytes = strlen(line)};
	if (rc <= 0)
		return rc;
	s->at[i] = (struct row_at){.layer = (int64_t)i + 1, .is_staged = true};
	rc = layer_apply_new(&apply, s->rows, (int64_t)i + 1, s->at, i, err);
	if (rc == 0)
		rc = kit_each(line, layer_apply_item, apply, err);
	layer_apply_free(apply);
	return rc;
}

int kit_store(struct sl_baselines *b, const char *name, const char *const layers[], size_t count,
	      size_t *applied, struct sl_error *err)
{
	struct staging s CLEANUP(staging_clear) = {
		.layers = calloc(count + 1, sizeof(*s.layers)),
		.publish = calloc(count + 1, sizeof(*s.publish)),
		.at = calloc(count + 1, sizeof(*s.at)),
	};
	struct sl_image image = {.layers = s.layers, .layer_count = count};
	AUTO_FREE char *reference = strdup(name);
	struct sl_index_result result = {0};
	int rc;

	image.reference = image.config = reference;
	image.config_size = strlen(name);
	kit_config(image.config_digest, name);
	for (size_t i = 0; i < count; i++) {
		s.layers[i] = SL_LAYER_INIT;
		kit_config(s.layers[i].diff_id, layers[i]);
		kit_chain(s.layers[i].chain_id, layers, i + 1);
	}
	rc = rows_new(&s.rows, b->db, err);
	if (rc == 0)
		rc = db_exec(b->db, "BEGIN; DELETE FROM temp.staged", err);
	for (size_t i = 0; rc == 0 && i < count; i++)
		rc = stage_one(&s, b, layers[i], i, err);
	if (rc == 0)
		rc = db_commit(b->db, err);
	if (rc < 0) {
		db_rollback(b->db);
		return rc;
	}
	if (applied != NULL) {
		*applied = 0;
		for (size_t i = 0; i < count; i++)
			*applied += !s.publish[i].is_known;
	}
	return publish_image(b, &image, s.publish, false, &result, err);
}

/* ---- a source as a line ---- */

static void dump_object(struct buf *out, const struct sl_entry *e)
{
	char kind = '?';

	switch (e->mode & S_IFMT) {
	case S_IFDIR:
		kind = 'd';
		break;
	case S_IFREG:
		kind = 'f';
		break;
	case S_IFLNK:
		kind = 'l';
		break;
	case S_IFCHR:
		kind = 'c';
		break;
	case S_IFIFO:
		kind = 'p';
		break;
	case 0:
		kind = 'w';
		break;
	}
	(void)buf_printf(out, "%s%c %.*s", out->len > 0 ? "; " : "", kind, (int)e->path.len,
			 e->path.data);
	if (kind == 'f' && (e->fields & SL_ENTRY_XXH3) != 0)
		(void)buf_printf(out, "=%.*s", e->xxh3[SL_XXH3_SIZE - 1], (const char *)e->xxh3);
	if (kind == 'f' && (e->mode & 07777) != 0644)
		(void)buf_printf(out, "%%%o", e->mode & 07777);
	if (kind == 'l')
		(void)buf_printf(out, "->%.*s", (int)e->target.len, e->target.data);
	if (kind == 'c')
		(void)buf_printf(out, "=%u:%u", e->rdev_major, e->rdev_minor);
}

static void dump_flags(struct buf *out, uint32_t flags)
{
	static const struct {
		uint32_t flag;
		char sign;
	} signs[] = {
		{SL_ENTRY_IMPLIED, '*'},
		{SL_ENTRY_OPAQUE, '!'},
		{SL_ENTRY_UNRESOLVED, '?'},
		{SL_ENTRY_AMBIGUOUS, '~'},
	};

	for (size_t i = 0; i < ARRAY_SIZE(signs); i++)
		if ((flags & signs[i].flag) != 0)
			(void)buf_append_char(out, signs[i].sign);
}

void kit_dump(struct buf *out, struct sl_source *src)
{
	const struct sl_entry *e;
	int rc;

	buf_reset(out);
	(void)buf_append_str(out, "");
	while ((rc = sl_source_next(src, &e, NULL)) == 0) {
		if (e->path.len == 0 &&
		    (e->flags & ~(uint32_t)SL_ENTRY_COARSE_TIME) == SL_ENTRY_IMPLIED)
			continue;
		dump_object(out, e);
		dump_flags(out, e->flags);
	}
	must(rc == 1 && out->status == 0, "source");
}
