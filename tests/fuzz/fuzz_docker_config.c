/* SPDX-License-Identifier: Apache-2.0 */
/* config.v2.json, then (after a line "%%") hostconfig.json. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "core/cleanup.h"
#include "host/docker.h"

#define ID "7777777777777777777777777777777777777777777777777777777777777777"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Where the document parses, what was found without parsing is what a parser finds. */
static void check_scan(const struct jval *config, const char *text, size_t len)
{
	const char *name = jval_str(jval_get(config, "Name"));
	struct sl_bytes found;
	int rc = json_scan_text(text, len, "Name", &found);

	if (rc == 1 && jval_get(config, "Name") != NULL)
		abort();
	if (rc == 0 &&
	    (name == NULL || strlen(name) != found.len || memcmp(name, found.data, found.len) != 0))
		abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const uint8_t *mark = memmem(data, size, "\n%%\n", 4);
	size_t len = mark != NULL ? (size_t)(mark - data) : size;
	struct jval *config = NULL, *hostconfig = NULL;
	struct sl_container *c = NULL;

	if (sl_container_new(&c, NULL) < 0)
		return 0;
	if (mark != NULL &&
	    jval_parse_bounded(&hostconfig, mark + 4, size - len - 4, STORE_VALUES_MAX, NULL) < 0)
		hostconfig = NULL;
	if (jval_parse_bounded(&config, data, len, STORE_VALUES_MAX, NULL) == 0) {
		check_scan(config, (const char *)data, len);
		if (docker_config_read(c, config, ID, NULL) == 0 && c->pid < 0)
			abort();
		(void)docker_mounts_read(c, config, hostconfig, "/var/lib/docker", NULL);
		/* what every consumer relies on */
		for (size_t i = 0; i < c->mount_count; i++)
			if (c->mounts[i].path[0] != '/' ||
			    (i > 0 && strcmp(c->mounts[i - 1].path, c->mounts[i].path) >= 0))
				abort();
		if (c->workdir != NULL && c->workdir[0] != '/')
			abort();
	}
	jval_free(config);
	jval_free(hostconfig);
	sl_container_free(c);
	return 0;
}
