/* SPDX-License-Identifier: Apache-2.0 */
#include "unit/fake_docker.h"

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

const char *fake_id(char out[65], char digit)
{
	memset(out, digit, 64);
	out[64] = '\0';
	return out;
}

const char *fake_mount_id(char out[65], char digit)
{
	fake_id(out, '0');
	out[0] = digit;
	return out;
}

static void hash_text(char out[65], const char *text)
{
	uint8_t digest[SL_SHA256_SIZE];

	must(sha256_once(text, strlen(text), digest, NULL) == 0);
	hex_encode(out, digest, sizeof(digest));
}

/* The 26 letters that overlay2 calls a directory by: here its first ones in upper case, padded. */
static void link_name(char out[27], const char *dir)
{
	memset(out, 'Z', 26);
	out[26] = '\0';
	for (int i = 0; i < 8; i++)
		out[i] = dir[i] >= 'a' ? (char)(dir[i] - 'a' + 'A') : dir[i];
	if (strchr(dir, '-') != NULL)
		out[8] = 'I';
}

static void layer_dir(const char *root, const char *dir)
{
	AUTO_FREE char *target = NULL;
	char name[27];

	link_name(name, dir);
	fake_dir(root, DR "/overlay2/%s/diff", dir);
	fake_file(root, name, DR "/overlay2/%s/link", dir);
	must(asprintf(&target, "../%s/diff", dir) >= 0);
	fake_link(root, target, DR "/overlay2/l/%s", name);
}

static void write_layer(const char *root, struct fake_image *image, int i)
{
	AUTO_FREE char *text = NULL;
	AUTO_FREE char *diff = NULL;

	fake_id(image->diff_id[i], (char)('1' + i));
	fake_id(image->cache_id[i], (char)('a' + i));
	if (i == 0) {
		strcpy(image->chain_id[0], image->diff_id[0]);
	} else {
		must(asprintf(&text, "sha256:%s sha256:%s", image->chain_id[i - 1],
			      image->diff_id[i]) >= 0);
		hash_text(image->chain_id[i], text);
		free(text);
		must(asprintf(&text, "sha256:%s", image->chain_id[i - 1]) >= 0);
		fake_file(root, text, DR "/image/overlay2/layerdb/sha256/%s/parent",
			  image->chain_id[i]);
	}
	must(asprintf(&diff, "sha256:%s\n", image->diff_id[i]) >= 0);
	fake_file(root, diff, DR "/image/overlay2/layerdb/sha256/%s/diff", image->chain_id[i]);
	fake_file(root, image->cache_id[i], DR "/image/overlay2/layerdb/sha256/%s/cache-id",
		  image->chain_id[i]);
	fake_file(root, "", DR "/image/overlay2/layerdb/sha256/%s/tar-split.json.gz",
		  image->chain_id[i]);
	layer_dir(root, image->cache_id[i]);
}

void fake_docker_image(const char *root, const char *name, struct fake_image *out)
{
	AUTO_FREE char *config = NULL;
	AUTO_FREE char *repos = NULL;
	int len = (int)strcspn(name, ":");

	for (int i = 0; i < FAKE_LAYERS; i++)
		write_layer(root, out, i);
	must(asprintf(
		     &config,
		     "{\"architecture\":\"amd64\",\"os\":\"linux\",\"rootfs\":{\"type\":\"layers\","
		     "\"diff_ids\":[\"sha256:%s\",\"sha256:%s\"]},\"note\":\"%s\"}",
		     out->diff_id[0], out->diff_id[1], name) >= 0);
	hash_text(out->id, config);
	fake_file(root, config, DR "/image/overlay2/imagedb/content/sha256/%s", out->id);
	must(asprintf(&repos,
		      "{\"Repositories\":{\"%.*s\":{\"%s\":\"sha256:%s\","
		      "\"%.*s@sha256:%064d\":\"sha256:%s\"}}}",
		      len, name, name, out->id, len, name, 5, out->id) >= 0);
	fake_file(root, repos, DR "/image/overlay2/repositories.json");
}

static void write_mount(const char *root, const struct fake_image *image, char digit,
			const char *id)
{
	char mount[65], init[72], names[FAKE_LAYERS][27], name[27];
	AUTO_FREE char *lower = NULL;
	AUTO_FREE char *top = NULL;

	fake_mount_id(mount, digit);
	(void)snprintf(init, sizeof(init), "%s-init", mount);
	layer_dir(root, mount);
	layer_dir(root, init);
	for (int i = 0; i < FAKE_LAYERS; i++)
		link_name(names[i], image->cache_id[i]);
	link_name(name, init);
	must(asprintf(&lower, "l/%s:l/%s:l/%s", name, names[1], names[0]) >= 0);
	fake_file(root, lower, DR "/overlay2/%s/lower", mount);
	fake_file(root, mount, DR "/image/overlay2/layerdb/mounts/%s/mount-id", id);
	fake_file(root, init, DR "/image/overlay2/layerdb/mounts/%s/init-id", id);
	must(asprintf(&top, "sha256:%s", image->chain_id[FAKE_LAYERS - 1]) >= 0);
	fake_file(root, top, DR "/image/overlay2/layerdb/mounts/%s/parent", id);
}

void fake_docker_container(const char *root, const struct fake_image *image, char digit,
			   const char *name, const char *state, const char *more)
{
	AUTO_FREE char *config = NULL;
	char id[65];

	fake_id(id, digit);
	must(asprintf(&config,
		      "{\"ID\":\"%s\",\"Name\":\"/%s\",\"Driver\":\"overlay2\","
		      "\"Created\":\"2026-01-02T03:04:05.000000006Z\",\"Image\":\"sha256:%s\","
		      "\"Config\":{\"Image\":\"web:1\",\"WorkingDir\":\"/srv\"},\"State\":{%s}%s}",
		      id, name, image->id, state, more) >= 0);
	fake_file(root, config, DR "/containers/%s/config.v2.json", id);
	fake_file(root, "{}", DR "/containers/%s/hostconfig.json", id);
	write_mount(root, image, digit, id);
}

static int log_container(void *payload, struct sl_container *c)
{
	int rc = buf_printf(payload, "%s %s\n", c->name, sl_state_name(c->state));

	sl_container_free(c);
	return rc;
}

static int log_gap(void *payload, const struct sl_gap *gap)
{
	return buf_printf(payload, "gap %.12s: %s\n", gap->what.data, gap->why);
}

void fake_docker_list(const char *root, struct buf *log)
{
	struct host_options options = {.root = root};
	struct sl_error err = SL_ERROR_INIT;
	struct host *h = NULL;

	if (host_open(&h, &options, &err) < 0 ||
	    host_containers(h, NULL, log_container, log_gap, log, &err) != 0) {
		(void)fprintf(stderr, "%s\n", sl_error_text(&err));
		abort();
	}
	host_close(h);
}
