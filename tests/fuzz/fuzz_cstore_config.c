/* SPDX-License-Identifier: Apache-2.0 */
/* userdata/config.json, then (after a line "%%") state.json, as CRI-O's and as Podman's. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "core/cleanup.h"
#include "host/cstore.h"

#define ID "7777777777777777777777777777777777777777777777777777777777777777"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Shortening changes no other member of a document. */
static void check_shorter(const uint8_t *data, size_t len)
{
	struct jval *whole = NULL, *shorter = NULL;
	char *text = malloc(len + 1);
	size_t short_len;

	if (text == NULL)
		return;
	memcpy(text, data, len);
	short_len = cstore_spec_shorten(text, len);
	if (short_len > len)
		abort();
	if (jval_parse_bounded(&whole, data, len, CSTORE_VALUES_MAX, NULL) == 0) {
		if (jval_parse_bounded(&shorter, text, short_len, CSTORE_VALUES_MAX, NULL) < 0 ||
		    jval_len(whole) != jval_len(shorter) ||
		    jval_len(jval_get(whole, "mounts")) != jval_len(jval_get(shorter, "mounts")) ||
		    jval_len(jval_get(whole, "annotations")) !=
			    jval_len(jval_get(shorter, "annotations")))
			abort();
	}
	jval_free(whole);
	jval_free(shorter);
	free(text);
}

static void check(const struct sl_container *c, const struct cstore_spec *spec)
{
	for (size_t i = 0; i < c->mount_count; i++)
		if (c->mounts[i].path[0] != '/' ||
		    (i > 0 && strcmp(c->mounts[i - 1].path, c->mounts[i].path) >= 0))
			abort();
	if (c->workdir != NULL && c->workdir[0] != '/')
		abort();
	/* a directory of another container's is none of this one's */
	if (spec->run_dir != NULL && strstr(spec->run_dir, "-containers/" ID "/userdata") == NULL)
		abort();
	if (c->pid < 0)
		abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const uint8_t *mark = memmem(data, size, "\n%%\n", 4);
	size_t len = mark != NULL ? (size_t)(mark - data) : size;
	struct jval *config = NULL, *state = NULL;
	struct cstore_libpod_row row = {0};
	struct cstore_spec spec = {0};
	struct sl_container *c = NULL;

	check_shorter(data, len);
	if (sl_container_new(&c, NULL) < 0)
		return 0;
	if (!cstore_keep(&c->engine, "cri-o") || !cstore_keep(&c->id, ID))
		abort();
	if (mark != NULL &&
	    jval_parse_bounded(&state, mark + 4, size - len - 4, CSTORE_VALUES_MAX, NULL) == 0) {
		cstore_state_crio(c, state);
		cstore_libpod_state(&row, state);
		if (row.pid < 0)
			abort();
	}
	if (jval_parse_bounded(&config, data, len, CSTORE_VALUES_MAX, NULL) == 0)
		(void)cstore_spec_read(c, config, &spec, NULL);
	check(c, &spec);
	cstore_spec_clear(&spec);
	jval_free(config);
	jval_free(state);
	sl_container_free(c);
	return 0;
}
