/* SPDX-License-Identifier: Apache-2.0 */
/*
 * containerd's documents. The first line says which: "cri", "status", "spec", "manifest", "config"
 * or "toml".
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "host/ctrd.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void try_cri(struct sl_container *c, const char *text, size_t len)
{
	struct sl_pod *pod = NULL;
	struct ctrd_cri cri;

	(void)c;
	if (ctrd_cri_parse(&cri, text, len, "7", NULL) < 0)
		return;
	for (int is_sandbox = 0; is_sandbox < 2; is_sandbox++) {
		/* who is in a pod knows its name */
		if (ctrd_cri_pod(&pod, &cri, is_sandbox, NULL, NULL) == 0 && pod != NULL &&
		    pod->name == NULL)
			abort();
		sl_pod_free(pod);
		pod = NULL;
	}
	ctrd_cri_clear(&cri);
}

static void try_status(struct sl_container *c, const char *text, size_t len)
{
	if (ctrd_cri_status(c, text, len, NULL) == 0 &&
	    (c->pid < 0 || (c->state != SL_STATE_RUNNING && c->pid != 0)))
		abort();
}

static void try_spec(struct sl_container *c, const char *text, size_t len)
{
	struct ctrd_spec spec;

	if (ctrd_spec_read(c, text, len, "/v/", &spec, NULL) == 0)
		ctrd_spec_clear(&spec);
	/* what every consumer relies on */
	for (size_t i = 0; i < c->mount_count; i++)
		if (c->mounts[i].path[0] != '/' ||
		    (i > 0 && strcmp(c->mounts[i - 1].path, c->mounts[i].path) >= 0))
			abort();
	if (c->workdir != NULL && c->workdir[0] != '/')
		abort();
}

static void try_manifest(struct sl_container *c, const char *text, size_t len)
{
	struct ctrd_doc doc;

	(void)c;
	if (ctrd_doc_parse(&doc, text, len, NULL) < 0)
		return;
	if (doc.kind == CTRD_DOC_OTHER ||
	    (doc.kind == CTRD_DOC_MANIFEST && doc.count > SL_IMAGE_MAX_LAYERS))
		abort();
	ctrd_doc_clear(&doc);
}

static void try_config(struct sl_container *c, const char *text, size_t len)
{
	struct sl_image *image = NULL;
	struct imageconfig config;

	(void)c;
	if (imageconfig_parse(&config, text, len, NULL) < 0)
		return;
	if (config.count > SL_IMAGE_MAX_LAYERS || (config.count > 0 && !config.has_diff_ids))
		abort();
	if (sl_image_new(&image, "", NULL) == 0 &&
	    imageconfig_add_layers(&config, image, NULL) == 0 && image->layer_count != config.count)
		abort();
	sl_image_free(image);
	imageconfig_clear(&config);
}

static void try_toml(struct sl_container *c, const char *text, size_t len)
{
	struct ctrd_config config = {0};

	(void)c;
	(void)ctrd_config_parse(&config, text, len, NULL);
	if ((config.root != NULL && config.root[0] != '/') ||
	    (config.state != NULL && config.state[0] != '/'))
		abort();
	ctrd_config_clear(&config);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const struct {
		const char *name;
		void (*fn)(struct sl_container *c, const char *text, size_t len);
	} kinds[] = {
		{"cri\n", try_cri},           {"status\n", try_status}, {"spec\n", try_spec},
		{"manifest\n", try_manifest}, {"config\n", try_config}, {"toml\n", try_toml},
	};
	struct sl_container *c = NULL;

	if (sl_container_new(&c, NULL) < 0)
		return 0;
	for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
		size_t len = strlen(kinds[i].name);

		if (size >= len && memcmp(data, kinds[i].name, len) == 0)
			kinds[i].fn(c, (const char *)data + len, size - len);
	}
	sl_container_free(c);
	return 0;
}
