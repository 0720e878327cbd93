/* SPDX-License-Identifier: Apache-2.0 */
/* One directory of DR/containers. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/autofree.h"
#include "core/cleanup.h"
#include "host/docker_ctrd.h"

/* "/name" as it is listed: without the slash, or NULL. */
static char *listed_name(const char *name, size_t len)
{
	size_t skip = len > 0 && name[0] == '/';

	return len > skip ? strndup(name + skip, len - skip) : NULL;
}

static char *parse_name(const struct buf *config)
{
	AUTO_JVAL struct jval *doc = NULL;
	const char *name;

	if (store_parse_json(&doc, config, "config.v2.json", NULL) < 0)
		return NULL;
	name = jval_str(jval_get(doc, "Name"));
	return name != NULL ? listed_name(name, strlen(name)) : NULL;
}

/*
 * The name of a container whose configuration cannot be read is unknown; loading it says why. A
 * listing has nothing else to ask of all these documents, so they are parsed only if they must be.
 */
static char *read_name(int containers_fd, const char *id)
{
	CLEANUP(buf_clear) struct buf text = BUF_INIT(STORE_JSON_MAX);
	char path[DOCKER_ID_LEN + sizeof("/config.v2.json")];
	struct sl_bytes name;
	int rc;

	(void)snprintf(path, sizeof(path), "%s/config.v2.json", id);
	if (root_read_file(containers_fd, path, ROOT_NO_LINKS, &text, NULL) < 0 || text.len == 0)
		return NULL;
	rc = json_scan_text(text.data, text.len, "Name", &name);
	if (rc < 0)
		return parse_name(&text);
	return rc == 0 ? listed_name(name.data, name.len) : NULL;
}
/* What is wrong with the store as a whole. */
static int list_gaps(const struct docker *d, host_gap_fn gap, void *payload)
{
	int rc = 0;

	for (size_t i = 0; rc == 0 && i < d->driver_count; i++) {
		struct sl_error why = {.code = SL_EIO, .msg = d->drivers[i]->gap};

		if (why.msg != NULL)
			rc = store_gap(gap, payload, d->drivers[i]->name, &why);
	}
	if (rc == 0 && d->has_old_graph) {
		CLEANUP(sl_error_clear) struct sl_error why = SL_ERROR_INIT;

		(void)sl_fail(&why, SL_EUNSUPPORTED, 0,
			      "images in graph/ are of Docker before 1.10, which this version "
			      "does not read");
		rc = store_gap(gap, payload, d->store.dir, &why);
	}
	return rc;
}

static int list_containers(struct docker *d, struct store_list *out, host_gap_fn gap, void *payload,
			   struct sl_error *err)
{
	CLEANUP(root_names_clear) struct root_names names = {0};
	CLEANUP(sl_error_clear) struct sl_error why = SL_ERROR_INIT;
	int rc;

	if (d->containers_fd < 0)
		return 0; /* a data root without containers */
	rc = root_list(d->containers_fd, &names, STORE_NAMES_MAX, &why);
	if (rc < 0)
		return store_gap(gap, payload, d->store.dir, &why);
	for (size_t i = 0; rc == 0 && i < names.count; i++) {
		if (docker_is_id(names.names[i])) {
			struct store_name row = {.store = &d->store};

			row.name = read_name(d->containers_fd, names.names[i]);
			row.id = take_ptr(&names.names[i]);
			rc = store_list_add(out, &row, err);
		} else {
			(void)sl_fail(&why, SL_EFORMAT, 0, "not the name of a container directory");
			rc = store_gap(gap, payload, names.names[i], &why);
		}
	}
	return rc;
}

int docker_list(struct store *s, bool orphans, struct store_list *out, host_gap_fn gap,
		void *payload, struct sl_error *err)
{
	struct docker *d = container_of(s, struct docker, store);
	int rc = list_gaps(d, gap, payload);

	if (rc == 0)
		rc = list_containers(d, out, gap, payload, err);
	return rc == 0 && orphans ? docker_orphans_list(d, out, gap, payload, err) : rc;
}

static int copy_text(char **out, const char *text, struct sl_error *err)
{
	*out = strdup(text);
	return *out != NULL ? 0 : sl_fail(err, SL_ENOMEM, 0, "container");
}

int docker_note_gap(struct sl_container *c, struct sl_error *why, struct sl_error *err)
{
	int rc = 0;

	if (why->code == SL_ENOMEM)
		return sl_fail(err, SL_ENOMEM, 0, "container");
	if (c->metadata_gap == NULL)
		rc = copy_text(&c->metadata_gap, sl_error_text(why), err);
	sl_error_clear(why);
	return rc;
}

/* Docker 1.10 wrote config.v2.json in the place of it when it started first. */
static bool is_of_old_daemon(int fd)
{
	AUTO_CLOSE int old = root_open_path(fd, "config.json", ROOT_NO_LINKS, NULL);

	return old >= 0;
}

/* Read both documents. What is wrong with them is noted, and the rest goes on. */
static int read_documents(struct docker *d, struct sl_container *c, int fd, char **log_path,
			  struct sl_error *err)
{
	AUTO_JVAL struct jval *config = NULL;
	AUTO_JVAL struct jval *hostconfig = NULL;
	CLEANUP(sl_error_clear) struct sl_error why = SL_ERROR_INIT;
	const char *log;
	int rc = store_read_json(fd, "config.v2.json", &config, &why);

	if (rc == -SL_ENOTFOUND && is_of_old_daemon(fd)) {
		sl_error_clear(&why);
		rc = sl_fail(&why, SL_EUNSUPPORTED, 0,
			     "config.json is of Docker before 1.10, which this version does not "
			     "read");
	}
	if (rc == 0)
		rc = docker_config_read(c, config, c->id, &why);
	if (rc < 0)
		return docker_note_gap(c, &why, err);
	if (store_read_json(fd, "hostconfig.json", &hostconfig, &why) < 0)
		rc = docker_note_gap(c, &why, err);
	if (rc == 0 && docker_mounts_read(c, config, hostconfig, d->store.dir, &why) < 0)
		rc = docker_note_gap(c, &why, err);
	log = jval_str(jval_get(config, "LogPath"));
	if (rc == 0 && log != NULL)
		rc = copy_text(log_path, log, err);
	return rc;
}

/* What is special about it: the daemon was removing it, or its directory is gone already. */
static int note_removal(const struct docker *d, struct sl_container *c, struct sl_error *err)
{
	if (c->state == SL_STATE_DEAD)
		return copy_text(&c->note, "its removal was begun and not finished", err);
	if (c->stack.upper_fd < 0 && c->driver != NULL &&
	    docker_driver_find(d, c->driver) != NULL && docker_driver_of(d, c->id) == NULL)
		return copy_text(&c->note, "the layer database no longer knows it", err);
	return 0;
}

/* The store keeps no manifest; only a name by digest remembers which one was pulled. */
static void claim_digest(struct docker *d, struct sl_container *c)
{
	struct docker_driver *dr = docker_driver_find(d, c->driver != NULL ? c->driver : "");
	const struct jval *repos = NULL;

	if (c->has_image_digest || !c->has_image_id || dr == NULL ||
	    docker_repos(dr, &repos, NULL) < 0)
		return;
	c->has_image_digest =
		docker_repos_digest(repos, c->image_id, c->image_ref, c->image_digest) == 0;
}

static int load_container(struct docker *d, const char *id, struct sl_container **out,
			  struct sl_error *err)
{
	AUTO_CONTAINER struct sl_container *c = NULL;
	AUTO_FREE char *log_path = NULL;
	AUTO_CLOSE int fd = root_open_subdir(d->containers_fd, id, ROOT_NO_LINKS, err);
	int rc;

	if (fd < 0)
		return fd;
	rc = sl_container_new(&c, err);
	if (rc == 0)
		rc = copy_text(&c->engine, d->store.engine, err);
	if (rc == 0)
		rc = copy_text(&c->id, id, err);
	if (rc == 0)
		rc = copy_text(&c->store, d->store.dir, err);
	if (rc == 0)
		rc = read_documents(d, c, fd, &log_path, err);
	if (rc == 0 && c->name == NULL)
		rc = copy_text(&c->name, id, err);
	if (rc == 0)
		rc = docker_stack(d, c, err);
	if (rc == 0 && docker_is_ctrd(d, c))
		rc = docker_ctrd_name_image(d, c, err);
	if (rc == 0)
		rc = note_removal(d, c, err);
	if (rc == 0)
		rc = docker_artifacts(d, c, fd, log_path, err);
	if (rc < 0)
		return rc;
	claim_digest(d, c);
	*out = take_ptr(&c);
	return 0;
}

int docker_load(struct store *s, const struct store_name *row, struct sl_container **out,
		struct sl_error *err)
{
	const char *id = row->key;
	struct docker *d = container_of(s, struct docker, store);

	return strchr(id, '/') != NULL ? docker_orphan_load(d, row, out, err)
				       : load_container(d, id, out, err);
}
