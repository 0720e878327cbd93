/* SPDX-License-Identifier: Apache-2.0 */
/* storage.conf, read both as Podman's and as CRI-O's. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "host/cstore.h"
#include "host/toml.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static int on_value(void *payload, const struct toml_value *v, struct sl_error *err)
{
	(void)err;
	/* what every reader relies on */
	if (v->table == NULL || v->key == NULL || v->text == NULL || v->key[0] == '\0')
		++*(int *)payload; /* a quoted key may be empty */
	return strlen(v->text) > 65536 ? 1 : 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct cstore_conf conf = {0};
	struct sl_error err = SL_ERROR_INIT;
	int odd = 0;
	int rc = toml_read((const char *)data, size, on_value, &odd, &err);

	if (rc > 0 || (rc < 0 && err.code == 0))
		abort();
	/* the same text is good for all readers, or for none */
	if ((cstore_conf_parse(&conf, (const char *)data, size, NULL) < 0) != (rc < 0))
		abort();
	cstore_conf_clear(&conf);
	if ((cstore_conf_parse_crio(&conf, (const char *)data, size, NULL) < 0) != (rc < 0))
		abort();
	for (size_t i = 0; i < conf.image_stores.count; i++)
		if (conf.image_stores.dirs[i][0] != '/')
			abort();
	cstore_conf_clear(&conf);
	sl_error_clear(&err);
	return 0;
}
