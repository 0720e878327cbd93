/* SPDX-License-Identifier: Apache-2.0 */
/* Where Podman, CRI-O and Buildah of an examined root keep their stores. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/cleanup.h"
#include "host/cstore.h"
#include "host/homes.h"

#define DEFAULT_DIR "/var/lib/containers/storage"

struct search {
	struct store_dirs *dirs;
	const struct place *place;
	struct sl_error why; /* the first configuration that could not be read */
};

static void search_clear(struct search *q)
{
	sl_error_clear(&q->why);
}

static int keep_first(struct search *q, int rc, struct sl_error *why)
{
	if (rc < 0 && rc != -SL_ENOMEM && q->why.code == 0) {
		q->why = *why;
		*why = SL_ERROR_INIT;
	}
	sl_error_clear(why);
	return rc == -SL_ENOMEM ? rc : 0;
}

/* "$HOME", "$USER" and "$UID" in a configured path. NULL when memory ran out. */
static char *expand(const char *text, const struct home *user)
{
	struct buf out = BUF_INIT((size_t)64 * 1024);

	for (const char *p = text; *p != '\0';) {
		if (strncmp(p, "$HOME", 5) == 0) {
			(void)buf_append_str(&out, user->dir);
			p += 5;
		} else if (strncmp(p, "$USER", 5) == 0 && user->user != NULL) {
			(void)buf_append_str(&out, user->user);
			p += 5;
		} else if (strncmp(p, "$UID", 4) == 0) {
			(void)buf_printf(&out, "%u", user->uid);
			p += 4;
		} else {
			(void)buf_append_char(&out, *p++);
		}
	}
	if (out.status < 0)
		buf_clear(&out);
	return buf_take(&out);
}

static int add_expanded(struct search *q, const char *text, const struct home *user)
{
	AUTO_FREE char *dir = NULL;

	if (text == NULL)
		return 0;
	dir = expand(text, user);
	if (dir == NULL)
		return -SL_ENOMEM;
	return dir[0] == '/' ? store_dirs_add(q->dirs, dir, NULL) : 0;
}

static void conf_clear(struct cstore_conf *conf)
{
	cstore_conf_clear(conf);
}

static int search_system(struct search *q)
{
	CLEANUP(conf_clear) struct cstore_conf conf = {0};
	CLEANUP(conf_clear) struct cstore_conf crio = {0};
	struct sl_error why = SL_ERROR_INIT;
	int rc = keep_first(q, cstore_conf_read(&conf, q->place, NULL, &why), &why);

	if (rc == 0)
		rc = keep_first(q, cstore_conf_read_crio(&crio, q->place, &why), &why);
	if (rc == 0 && conf.graphroot != NULL && conf.graphroot[0] == '/')
		rc = store_dirs_add(q->dirs, conf.graphroot, NULL);
	if (rc == 0 && crio.graphroot != NULL && crio.graphroot[0] == '/')
		rc = store_dirs_add(q->dirs, crio.graphroot, NULL);
	/* also where something else is configured: it may have been configured later */
	return rc < 0 ? rc : store_dirs_add(q->dirs, DEFAULT_DIR, NULL);
}

static int search_user(void *payload, const struct home *user)
{
	struct search *q = payload;
	CLEANUP(conf_clear) struct cstore_conf conf = {0};
	CLEANUP(sl_error_clear) struct sl_error none = SL_ERROR_INIT;
	struct sl_error why = SL_ERROR_INIT;
	AUTO_FREE char *dir = NULL;
	AUTO_CLOSE int home = -1;
	int rc;

	/* most users of a machine have no home directory */
	home = root_open_subdir(q->place->root_fd, user->dir, ROOT_FOLLOW_INSIDE, &none);
	if (home < 0)
		return keep_first(q, home == -SL_ENOTFOUND ? 0 : home, &none);
	rc = keep_first(q, cstore_conf_read(&conf, q->place, user->dir, &why), &why);
	if (rc == 0)
		rc = add_expanded(q, conf.graphroot, user);
	if (rc == 0)
		rc = add_expanded(q, conf.rootless_path, user);
	if (rc == 0 && asprintf(&dir, "%s/.local/share/containers/storage", user->dir) < 0) {
		dir = NULL;
		rc = -SL_ENOMEM;
	}
	return rc < 0 ? rc : store_dirs_add(q->dirs, dir, NULL);
}

int cstore_discover(struct store_dirs *dirs, const struct place *place, struct sl_error *err)
{
	CLEANUP(search_clear)
	struct search q = {.dirs = dirs, .place = place, .why = SL_ERROR_INIT};
	int rc = search_system(&q);

	if (rc == 0)
		rc = homes_each(place->root_fd, search_user, &q);
	if (rc < 0)
		return sl_fail(err, SL_ENOMEM, 0, "store discovery");
	return q.why.code != 0 ? store_give_error(err, &q.why) : 0;
}
