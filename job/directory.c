/* SPDX-License-Identifier: Apache-2.0 */
#include "job/directory.h"

#include <string.h>

#include "core/root.h"

int directory_container(struct sl_container **out, const char *dir, enum sl_marker marker,
			struct sl_error *err)
{
	int rc = sl_container_new(out, err);
	struct sl_container *c = *out;

	if (rc < 0)
		return rc;
	c->engine = strdup("none");
	c->name = strdup(dir);
	c->stack.upper_path = strdup(dir);
	c->stack.marker = marker;
	if (c->engine == NULL || c->name == NULL || c->stack.upper_path == NULL)
		rc = sl_fail(err, SL_ENOMEM, 0, "container");
	else
		rc = c->stack.upper_fd = root_open_dir(dir, err);
	if (rc < 0) {
		sl_container_free(c);
		*out = NULL;
		return rc;
	}
	return 0;
}
