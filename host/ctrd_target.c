/* SPDX-License-Identifier: Apache-2.0 */
/* Which image a digest leads to: through indexes and manifests that are in the content store. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/utsname.h>

#include "core/autofree.h"
#include "core/cleanup.h"
#include "core/encode.h"
#include "core/quote.h"
#include "host/ctrd.h"

/* Documents that one target may lead through: multi-platform images have a dozen. */
#define DOCUMENTS_MAX 64
/* Images of several machines that one target may have at hand. */
#define CHOICES_MAX 32

static void target_clear(struct ctrd_target *t)
{
	free(t->choices);
	free(t->indexes);
	sl_error_clear(&t->why);
}

void ctrd_targets_clear(struct ctrd *c)
{
	for (size_t i = 0; i < c->target_count; i++)
		target_clear(&c->targets[i]);
	free(c->targets);
	c->targets = NULL;
	c->target_count = 0;
}

/* What uname calls the machines that images are made for; others are never this one. */
static bool is_this_machine(const char *platform)
{
	static const struct {
		const char *machine, *platform;
	} machines[] = {
		{"x86_64", "linux/amd64"},     {"aarch64", "linux/arm64"},
		{"aarch64", "linux/arm64/v8"}, {"armv7l", "linux/arm/v7"},
		{"armv6l", "linux/arm/v6"},    {"i686", "linux/386"},
		{"ppc64le", "linux/ppc64le"},  {"s390x", "linux/s390x"},
		{"riscv64", "linux/riscv64"},
	};
	struct utsname host;

	if (platform == NULL || uname(&host) < 0)
		return false;
	for (size_t i = 0; i < ARRAY_SIZE(machines); i++)
		if (strcmp(host.machine, machines[i].machine) == 0 &&
		    strcmp(platform, machines[i].platform) == 0)
			return true;
	return false;
}

/* The chain ID of the uppermost layer, worked out by the rule that images have. */
static int set_top(struct ctrd_choice *choice, const struct imageconfig *config,
		   struct sl_error *err)
{
	AUTO_IMAGE struct sl_image *image = NULL;
	int rc = sl_image_new(&image, "", err);

	if (rc == 0)
		rc = imageconfig_add_layers(config, image, err);
	if (rc == 0 && config->count > 0) {
		choice->has_top = true;
		memcpy(choice->top, image->layers[config->count - 1].chain_id, SL_SHA256_SIZE);
	}
	return rc;
}

static int add_choice(struct ctrd *c, struct ctrd_target *t, const uint8_t *manifest,
		      const uint8_t config[SL_SHA256_SIZE], size_t via, struct sl_error *err)
{
	CLEANUP(imageconfig_clear) struct imageconfig parsed = {0};
	CLEANUP(buf_clear) struct buf text = BUF_INIT(0);
	struct ctrd_choice choice = {.has_manifest = manifest != NULL, .via = via};
	struct ctrd_choice *grown;
	int rc = ctrd_imageconfig_read(c, config, &text, &parsed, err);

	if (rc == 0)
		rc = set_top(&choice, &parsed, err);
	if (rc < 0)
		return rc;
	if (t->count >= CHOICES_MAX)
		return sl_fail(err, SL_ELIMIT, 0, "more than %d images in one index", CHOICES_MAX);
	memcpy(choice.config, config, SL_SHA256_SIZE);
	if (manifest != NULL)
		memcpy(choice.manifest, manifest, SL_SHA256_SIZE);
	choice.is_native = is_this_machine(parsed.platform);
	grown = reallocarray(t->choices, t->count + 1, sizeof(*grown));
	if (grown == NULL)
		return sl_fail(err, SL_ENOMEM, 0, "image");
	t->choices = grown;
	grown[t->count++] = choice;
	return 0;
}

static int add_index(struct ctrd_target *t, const uint8_t digest[SL_SHA256_SIZE], uint64_t size,
		     size_t via, struct sl_error *err)
{
	struct ctrd_index_seen *grown =
		reallocarray(t->indexes, t->index_count + 1, sizeof(*grown));

	if (grown == NULL)
		return sl_fail(err, SL_ENOMEM, 0, "image");
	t->indexes = grown;
	grown[t->index_count] = (struct ctrd_index_seen){.size = size, .via = via};
	memcpy(grown[t->index_count++].digest, digest, SL_SHA256_SIZE);
	return 0;
}

/* Digests to be looked at, and the index that names each. */
struct queue {
	struct {
		uint8_t digest[SL_SHA256_SIZE];
		size_t via;
	} items[DOCUMENTS_MAX];
	size_t count;
};

static void enqueue(struct queue *q, const uint8_t digest[SL_SHA256_SIZE], size_t via)
{
	for (size_t i = 0; i < q->count; i++)
		if (memcmp(q->items[i].digest, digest, SL_SHA256_SIZE) == 0)
			return;
	if (q->count == DOCUMENTS_MAX)
		return;
	memcpy(q->items[q->count].digest, digest, SL_SHA256_SIZE);
	q->items[q->count++].via = via;
}

static int visit(struct ctrd *c, struct ctrd_target *t, struct queue *q, size_t at,
		 struct sl_error *err)
{
	const uint8_t *digest = q->items[at].digest;
	size_t via = q->items[at].via;
	CLEANUP(ctrd_doc_clear) struct ctrd_doc doc = {0};
	CLEANUP(buf_clear) struct buf text = BUF_INIT(0);
	int rc = ctrd_blob_read(c, digest, "manifest", &text, err);

	if (rc < 0)
		return rc;
	rc = ctrd_doc_parse(&doc, text.data, text.len, err);
	if (rc < 0)
		return sl_wrap(err, rc, "manifest");
	if (doc.kind == CTRD_DOC_CONFIG)
		return add_choice(c, t, NULL, digest, via, err);
	if (doc.kind == CTRD_DOC_MANIFEST)
		return add_choice(c, t, digest, doc.config.digest, via, err);
	rc = add_index(t, digest, text.len, via, err);
	for (size_t i = 0; rc == 0 && i < doc.count; i++)
		enqueue(q, doc.items[i].digest, t->index_count);
	return rc;
}

/* Keep the reason that says most: bytes that contradict their digest before ones that are gone. */
static void keep_why(struct ctrd_target *t, struct sl_error *why)
{
	if (t->why.code == 0 || (why->code == SL_EUNTRUSTED && t->why.code != SL_EUNTRUSTED)) {
		sl_error_clear(&t->why);
		t->why = *why;
		*why = SL_ERROR_INIT;
	}
	sl_error_clear(why);
}

static int read_target(struct ctrd *c, struct ctrd_target *t, struct sl_error *err)
{
	struct queue *q = calloc(1, sizeof(*q));
	int rc = 0;

	if (q == NULL)
		return sl_fail(err, SL_ENOMEM, 0, "image");
	enqueue(q, t->digest, 0);
	for (size_t i = 0; rc == 0 && i < q->count; i++) {
		struct sl_error why = SL_ERROR_INIT;

		/* an index names images of machines whose blobs nobody fetched */
		if (visit(c, t, q, i, &why) == -SL_ENOMEM)
			rc = -SL_ENOMEM;
		if (why.code != 0)
			keep_why(t, &why);
	}
	free(q);
	return rc < 0 ? sl_fail(err, SL_ENOMEM, 0, "image") : 0;
}

int ctrd_target_get(struct ctrd *c, const uint8_t digest[SL_SHA256_SIZE],
		    const struct ctrd_target **out, struct sl_error *err)
{
	struct ctrd_target t = {0};
	struct ctrd_target *grown;
	int rc;

	for (size_t i = 0; i < c->target_count; i++)
		if (memcmp(c->targets[i].digest, digest, SL_SHA256_SIZE) == 0) {
			*out = &c->targets[i];
			return 0;
		}
	memcpy(t.digest, digest, SL_SHA256_SIZE);
	rc = read_target(c, &t, err);
	grown = rc < 0 ? NULL : reallocarray(c->targets, c->target_count + 1, sizeof(*grown));
	if (grown == NULL) {
		target_clear(&t);
		return sl_fail(err, SL_ENOMEM, 0, "image");
	}
	c->targets = grown;
	grown[c->target_count] = t;
	*out = &grown[c->target_count++];
	return 0;
}

static bool is_unpacked(struct ctrd *c, const struct ctrd_choice *choice, const char *ns)
{
	char key[DIGEST_TEXT_SIZE];
	bool found = false;

	if (!choice->has_top)
		return false;
	digest_format(key, choice->top);
	for (size_t i = 0; !found && i < c->snapper_count; i++) {
		const struct containerd_key which = {ns, c->snappers[i].name, key};
		AUTO_FREE char *backend = NULL;

		found = ctrd_backend_find(c, &c->snappers[i], &which, &backend, NULL) == 0;
	}
	return found;
}

static const struct ctrd_choice *only_one(const struct ctrd_target *t, const bool *fits)
{
	const struct ctrd_choice *found = NULL;

	for (size_t i = 0; i < t->count; i++) {
		if (fits[i] && found != NULL)
			return NULL;
		if (fits[i])
			found = &t->choices[i];
	}
	return found;
}

int ctrd_target_choose(struct ctrd *c, const struct ctrd_target *t, const char *ns,
		       const struct containerd_top *top, const struct ctrd_choice **out,
		       struct sl_error *err)
{
	bool fits[CHOICES_MAX];

	*out = NULL;
	if (t->count == 0)
		return sl_fail(err, t->why.code != 0 ? t->why.code : SL_ENOTFOUND, 0, "%s",
			       t->why.code != 0 ? sl_error_text(&t->why) : "no image is at hand");
	for (size_t i = 0; top != NULL && top->has_chain_id && i < t->count; i++)
		if (t->choices[i].has_top &&
		    memcmp(t->choices[i].top, top->chain_id, SL_SHA256_SIZE) == 0)
			*out = &t->choices[i];
	if (*out == NULL && t->count == 1)
		*out = &t->choices[0];
	for (size_t i = 0; *out == NULL && i < t->count; i++)
		fits[i] = is_unpacked(c, &t->choices[i], ns);
	if (*out == NULL)
		*out = only_one(t, fits);
	for (size_t i = 0; *out == NULL && i < t->count; i++)
		fits[i] = t->choices[i].is_native;
	if (*out == NULL)
		*out = only_one(t, fits);
	return *out != NULL
		       ? 0
		       : sl_fail(err, SL_EAMBIGUOUS, 0,
				 "the image is here for %zu machines: use one's digest", t->count);
}
