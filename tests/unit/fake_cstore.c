/* SPDX-License-Identifier: Apache-2.0 */
#include "unit/fake_cstore.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/cleanup.h"
#include "core/digest.h"
#include "core/encode.h"

static void must(bool good)
{
	if (!good)
		abort();
}

const char *fake_cid(char out[65], char digit)
{
	memset(out, digit, 64);
	out[64] = '\0';
	return out;
}

const char *fake_lid(char out[65], char digit)
{
	fake_cid(out, digit);
	out[0] = 'f';
	return out;
}

static void add(struct buf *rows, const char *row)
{
	must(buf_printf(rows, "%s%s", rows->len > 0 ? "," : "", row) == 0);
}

/* The 26 letters that a layer is called by: here its first and last ones, in upper case. */
static void link_name(char out[27], const char *id)
{
	memset(out, 'Z', 26);
	out[26] = '\0';
	for (int i = 0; i < 8; i++) {
		out[i] = id[i] >= 'a' ? (char)(id[i] - 'a' + 'A') : id[i];
		out[8 + i] = id[56 + i] >= 'a' ? (char)(id[56 + i] - 'a' + 'A') : id[56 + i];
	}
}

void fake_cstore_layer(struct fake_cstore *f, const char *id, const char *parent, const char *more)
{
	AUTO_FREE char *target = NULL;
	AUTO_FREE char *lower = NULL;
	AUTO_FREE char *row = NULL;
	char name[27], below[27];

	link_name(name, id);
	fake_dir(f->root, GR "/overlay/%s/diff", id);
	fake_file(f->root, name, GR "/overlay/%s/link", id);
	must(asprintf(&target, "../%s/diff", id) >= 0);
	fake_link(f->root, target, GR "/overlay/l/%s", name);
	if (parent != NULL && strcmp(parent, FAKE_TOP) == 0) {
		char base[27];

		link_name(below, FAKE_TOP);
		link_name(base, FAKE_BASE);
		must(asprintf(&lower, "l/%s:l/%s", below, base) >= 0);
	} else if (parent != NULL) {
		link_name(below, parent);
		must(asprintf(&lower, "l/%s", below) >= 0);
	}
	if (lower != NULL)
		fake_file(f->root, lower, GR "/overlay/%s/lower", id);
	must(asprintf(&row, "{\"id\":\"%s\"%s%s%s%s}", id, parent != NULL ? ",\"parent\":\"" : "",
		      parent != NULL ? parent : "", parent != NULL ? "\"" : "", more) >= 0);
	add(&f->layers, row);
}

static void write_bigdata(struct fake_cstore *f, const char *key, const char *text)
{
	CLEANUP(buf_clear) struct buf name = BUF_INIT(1024);

	must(base64_encode(&name, key, strlen(key)) == 0);
	fake_file(f->root, text, GR "/overlay-images/%s/=%s", f->image, name.data);
}

void fake_cstore_begin(struct fake_cstore *f, char *root, const char *name)
{
	static const char *const ids[] = {FAKE_BASE, FAKE_TOP};
	AUTO_FREE char *config = NULL;
	AUTO_FREE char *key = NULL;
	AUTO_FREE char *row = NULL;
	uint8_t digest[SL_SHA256_SIZE];

	*f = (struct fake_cstore){.root = root,
				  .layers = BUF_INIT(1 << 20),
				  .images = BUF_INIT(1 << 20),
				  .containers = BUF_INIT(1 << 20),
				  .hasty = BUF_INIT(1 << 20)};
	for (size_t i = 0; i < ARRAY_SIZE(ids); i++) {
		AUTO_FREE char *more = NULL;

		must(asprintf(&more, ",\"diff-digest\":\"sha256:%s\"", ids[i]) >= 0);
		fake_cstore_layer(f, ids[i], i > 0 ? ids[i - 1] : NULL, more);
		fake_file(root, "", GR "/overlay-layers/%s.tar-split.gz", ids[i]);
	}
	must(asprintf(
		     &config,
		     "{\"os\":\"linux\",\"architecture\":\"amd64\",\"rootfs\":{\"type\":\"layers\","
		     "\"diff_ids\":[\"sha256:" FAKE_BASE "\",\"sha256:" FAKE_TOP
		     "\"]},\"note\":\"%s\"}",
		     name) >= 0);
	must(sha256_once(config, strlen(config), digest, NULL) == 0);
	hex_encode(f->image, digest, sizeof(digest));
	must(asprintf(&key, "sha256:%s", f->image) >= 0);
	write_bigdata(f, key, config);
	must(asprintf(&row,
		      "{\"id\":\"%s\",\"digest\":\"sha256:%064d\",\"names\":[\"%s\"],"
		      "\"layer\":\"" FAKE_TOP "\"}",
		      f->image, 5, name) >= 0);
	add(&f->images, row);
}

static void add_container(struct fake_cstore *f, struct buf *rows, char digit, const char *more)
{
	AUTO_FREE char *row = NULL;
	char id[65], layer[65];

	fake_cid(id, digit);
	fake_cstore_layer(f, fake_lid(layer, digit), FAKE_TOP, "");
	must(asprintf(&row,
		      "{\"id\":\"%s\",\"image\":\"%s\",\"layer\":\"%s\","
		      "\"created\":\"2026-01-02T03:04:05.000000006Z\"%s}",
		      id, f->image, layer, more) >= 0);
	add(rows, row);
}

void fake_cstore_container(struct fake_cstore *f, char digit, const char *more)
{
	add_container(f, &f->containers, digit, more);
}

void fake_cstore_volatile(struct fake_cstore *f, char digit, const char *more)
{
	add_container(f, &f->hasty, digit, more);
}

void fake_cstore_crio(struct fake_cstore *f, char digit, char pod, const char *name, int attempt)
{
	bool is_pod = digit == pod;
	AUTO_FREE char *unique = NULL;
	AUTO_FREE char *more = NULL;
	char sandbox[65];

	must(asprintf(&unique, "k8s_%s_web_shop_0f-2c_%d", is_pod ? "POD" : name, attempt) >= 0);
	must(asprintf(&more,
		      ",\"names\":[\"%s\"],\"metadata\":\"{\\\"pod-name\\\":"
		      "\\\"k8s_web_shop_0f-2c_0\\\",\\\"pod-id\\\":\\\"%s\\\",\\\"image-name\\\":"
		      "\\\"app:1\\\",\\\"name\\\":\\\"%s\\\",\\\"metadata-name\\\":\\\"%s\\\",%s"
		      "\\\"created-at\\\":1767323045,\\\"attempt\\\":%d}\"",
		      unique, fake_cid(sandbox, pod), unique, is_pod ? "web" : name,
		      is_pod ? "\\\"uid\\\":\\\"0f-2c\\\",\\\"namespace\\\":\\\"shop\\\","
			       "\\\"pod\\\":true,"
			     : "",
		      attempt) >= 0);
	add_container(f, &f->hasty, digit, more);
}

static void write_list(struct fake_cstore *f, struct buf *rows, const char *path)
{
	AUTO_FREE char *text = NULL;

	must(asprintf(&text, "[%s]", rows->data != NULL ? rows->data : "") >= 0);
	fake_file(f->root, text, GR "/%s", path);
}

void fake_cstore_write(struct fake_cstore *f)
{
	write_list(f, &f->layers, "overlay-layers/layers.json");
	write_list(f, &f->images, "overlay-images/images.json");
	write_list(f, &f->containers, "overlay-containers/containers.json");
	if (f->hasty.len > 0)
		write_list(f, &f->hasty, "overlay-containers/volatile-containers.json");
}

void fake_cstore_clear(struct fake_cstore *f)
{
	buf_clear(&f->layers);
	buf_clear(&f->images);
	buf_clear(&f->containers);
	buf_clear(&f->hasty);
}
