/* SPDX-License-Identifier: Apache-2.0 */
/* Where the daemon of an examined root keeps its data. */
#include <string.h>

#include "core/cleanup.h"
#include "host/docker.h"

#define DEFAULT_DIR "/var/lib/docker"

static void jval_cleanup(struct jval **doc)
{
	jval_free(*doc);
}

/* "graph" is what data-root was called before 17.05. */
static const char *data_root(const struct jval *config)
{
	const char *dir = jval_str(jval_get(config, "data-root"));

	if (dir == NULL || dir[0] == '\0')
		dir = jval_str(jval_get(config, "graph"));
	return dir != NULL && dir[0] == '/' ? dir : NULL;
}

int docker_discover(struct store_dirs *dirs, const struct place *place, struct sl_error *err)
{
	CLEANUP(jval_cleanup) struct jval *config = NULL;
	CLEANUP(buf_clear) struct buf text = BUF_INIT(STORE_JSON_MAX);
	CLEANUP(sl_error_clear) struct sl_error why = SL_ERROR_INIT;
	const char *found = NULL;
	int rc = root_read_file(place->root_fd, "etc/docker/daemon.json", ROOT_FOLLOW_INSIDE, &text,
				&why);

	/* an empty file is how some installers leave it */
	if (rc == 0 && text.len > 0)
		rc = jval_parse(&config, text.data, text.len, &why);
	if (rc == 0)
		found = data_root(config);
	if (store_dirs_add(dirs, found != NULL ? found : DEFAULT_DIR, err) < 0)
		return -SL_ENOMEM;
	if (rc < 0 && rc != -SL_ENOTFOUND)
		return sl_fail(err, why.code, why.sys, "/etc/docker/daemon.json: %s",
			       why.sys == 0 ? sl_error_text(&why) : "open");
	return 0;
}
