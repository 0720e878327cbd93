/* SPDX-License-Identifier: Apache-2.0 */
#include "unit/fake_ctrd.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/digest.h"
#include "core/encode.h"

/* 2026-01-02T03:04:05Z as Go marshals it: version, seconds since year 1, nanoseconds, UTC. */
static const unsigned char made[15] = {1,    0, 0, 0, 0x0e, 0xe0, 0xe9, 0x2c,
				       0xa5, 0, 0, 0, 0,    0xff, 0xff};

static void digest_of(char out[72], const void *bytes, size_t len)
{
	uint8_t digest[SL_SHA256_SIZE];

	if (sha256_once(bytes, len, digest, NULL) < 0)
		abort();
	digest_format(out, digest);
}

void fake_ctrd_start(struct fake_ctrd *f)
{
	*f = (struct fake_ctrd){.root = fake_root(),
				.meta = fake_bolt_new(),
				.snapshots = fake_bolt_new(),
				.next = 1};
	fake_dir(f->root, "%s", OVERLAYFS "/snapshots");
}

unsigned int fake_ctrd_snapshot(struct fake_ctrd *f, const char *ns, const char *key, int kind,
				const char *parent)
{
	unsigned int dir = f->next++;
	const char kind_byte = (char)kind;
	char id[2] = {(char)(dir & 0x7f), (char)(dir >> 7)};
	size_t id_len = 1;
	char backend[256], above[256];

	if (dir > 0x7f) {
		id[0] = (char)(id[0] | (char)0x80);
		id_len = 2;
	}
	(void)snprintf(backend, sizeof(backend), "%s/1/%s", ns, key);
	fake_bolt_put(f->snapshots, id, id_len, "v1", "snapshots", backend, "id", NULL);
	fake_bolt_put(f->snapshots, &kind_byte, 1, "v1", "snapshots", backend, "kind", NULL);
	fake_bolt_put(f->snapshots, made, sizeof(made), "v1", "snapshots", backend, "createdat",
		      NULL);
	if (parent != NULL) {
		(void)snprintf(above, sizeof(above), "%s/1/%s", ns, parent);
		fake_bolt_text(f->snapshots, above, "v1", "snapshots", backend, "parent", NULL);
	}
	fake_bolt_text(f->meta, backend, "v1", ns, "snapshots", "overlayfs", key, "name", NULL);
	fake_dir(f->root, OVERLAYFS "/snapshots/%u/fs", dir);
	return dir;
}

static void put_blob(struct fake_ctrd *f, const char *text, char digest[72])
{
	digest_of(digest, text, strlen(text));
	fake_file(f->root, text, CR "/io.containerd.content.v1.content/blobs/sha256/%s",
		  digest + 7);
}

void fake_ctrd_image(struct fake_ctrd *f, const char *ns, unsigned int n,
		     struct fake_ctrd_image *out)
{
	char diff_ids[2][72], text[1024], chain[160];

	for (unsigned int i = 0; i < 2; i++) {
		(void)snprintf(text, sizeof(text), "layer %u of %u", i, n);
		digest_of(diff_ids[i], text, strlen(text));
	}
	(void)snprintf(text, sizeof(text),
		       "{\"os\":\"linux\",\"architecture\":\"amd64\",\"rootfs\":{\"type\":"
		       "\"layers\",\"diff_ids\":[\"%s\",\"%s\"]}}",
		       diff_ids[0], diff_ids[1]);
	put_blob(f, text, out->id);
	(void)snprintf(text, sizeof(text),
		       "{\"schemaVersion\":2,\"config\":{\"mediaType\":\"application/"
		       "vnd.oci.image.config.v1+json\",\"digest\":\"%s\",\"size\":1},\"layers\":["
		       "{\"mediaType\":\"application/vnd.oci.image.layer.v1.tar\",\"digest\":"
		       "\"%s\",\"size\":1},{\"mediaType\":\"application/"
		       "vnd.oci.image.layer.v1.tar\",\"digest\":\"%s\",\"size\":1}]}",
		       out->id, diff_ids[0], diff_ids[1]);
	put_blob(f, text, out->manifest);
	(void)snprintf(out->name, sizeof(out->name), "docker.io/library/image%u:1", n);
	fake_bolt_text(f->meta, out->manifest, "v1", ns, "images", out->name, "target", "digest",
		       NULL);
	(void)snprintf(chain, sizeof(chain), "%s %s", diff_ids[0], diff_ids[1]);
	digest_of(out->top, chain, strlen(chain));
	(void)fake_ctrd_snapshot(f, ns, diff_ids[0], 3, NULL);
	(void)fake_ctrd_snapshot(f, ns, out->top, 3, diff_ids[0]);
}

/* Protobuf's Any with a value alone. */
static size_t any_of(unsigned char *out, const char *json)
{
	size_t len = strlen(json), at = 0;

	out[at++] = 0x12;
	for (size_t rest = len;; rest >>= 7) {
		out[at++] = (unsigned char)((rest & 0x7f) | (rest > 0x7f ? 0x80 : 0));
		if (rest <= 0x7f)
			break;
	}
	memcpy(out + at, json, len);
	return at + len;
}

static void put_any(struct fake_ctrd *f, const char *json, const char *ns, const char *id,
		    const char *key, const char *below)
{
	unsigned char *any = malloc(strlen(json) + 16);
	size_t len;

	if (any == NULL)
		abort();
	len = any_of(any, json);
	fake_bolt_put(f->meta, any, len, "v1", ns, "containers", id, key, below, NULL);
	free(any);
}

void fake_ctrd_container(struct fake_ctrd *f, const char *ns, const char *id,
			 const struct fake_ctrd_image *image, const char *spec)
{
	fake_bolt_put(f->meta, made, sizeof(made), "v1", ns, "containers", id, "createdat", NULL);
	fake_bolt_text(f->meta, image->name, "v1", ns, "containers", id, "image", NULL);
	fake_bolt_text(f->meta, "overlayfs", "v1", ns, "containers", id, "snapshotter", NULL);
	fake_bolt_text(f->meta, id, "v1", ns, "containers", id, "snapshotKey", NULL);
	put_any(f, spec, ns, id, "spec", NULL);
	(void)fake_ctrd_snapshot(f, ns, id, 2, image->top);
}

void fake_ctrd_extension(struct fake_ctrd *f, const char *id, bool is_sandbox, const char *json)
{
	put_any(f, json, "k8s.io", id, "extensions",
		is_sandbox ? "io.cri-containerd.sandbox.metadata"
			   : "io.cri-containerd.container.metadata");
}

void fake_ctrd_finish(struct fake_ctrd *f)
{
	fake_bolt_write(f->meta, f->root, CR "/io.containerd.metadata.v1.bolt/meta.db");
	fake_bolt_write(f->snapshots, f->root, OVERLAYFS "/metadata.db");
}
