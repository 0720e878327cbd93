/* SPDX-License-Identifier: Apache-2.0 */
/*
 * From a loaded container to its settings. Whichever engine made it, its documents are among the
 * files that were found with it: no store is asked again.
 */
#include <stdlib.h>
#include <string.h>

#include "core/buf.h"
#include "core/cleanup.h"
#include "core/root.h"
#include "host/machine.h"
#include "host/settings_read.h"

static void jval_cleanup(struct jval **doc)
{
	jval_free(*doc);
}

static void settings_cleanup(struct sl_settings **s)
{
	sl_settings_free(*s);
}

static const struct sl_artifact *artifact(const struct sl_container *c, const char *name)
{
	for (size_t i = 0; i < c->artifact_count; i++)
		if (strcmp(c->artifacts[i].name, name) == 0)
			return &c->artifacts[i];
	return NULL;
}

/* 0; 1 when the engine keeps no such document. */
static int read_document(struct jval **out, const struct sl_container *c, const char *name,
			 struct sl_error *err)
{
	CLEANUP(buf_clear) struct buf text = BUF_INIT(STORE_JSON_MAX);
	const struct sl_artifact *a = artifact(c, name);
	int rc;

	if (a == NULL)
		return 1;
	if (a->fd < 0)
		return sl_fail(err, SL_EIO, 0, "%s: it cannot be opened, or is no regular file",
			       name);
	rc = root_read_fd(a->fd, &text, err);
	if (rc == 0)
		rc = jval_parse_bounded(out, text.data != NULL ? text.data : "", text.len,
					SETTINGS_JSON_VALUES, err);
	return rc < 0 ? sl_wrap(err, rc, "%s", name) : 0;
}

static int missing(const char *name, struct sl_error *err)
{
	return sl_fail(err, SL_ENOTFOUND, 0, "%s is not there: its settings are unknown", name);
}

/* One of the two documents still says its half. */
static int read_docker(struct sl_settings *out, const struct sl_container *c, struct sl_error *err)
{
	CLEANUP(jval_cleanup) struct jval *config = NULL;
	CLEANUP(jval_cleanup) struct jval *hostconfig = NULL;
	CLEANUP(sl_error_clear) struct sl_error why = SL_ERROR_INIT;
	int rc = read_document(&config, c, "config.v2.json", &why);

	if (rc == 1)
		rc = missing("config.v2.json", &why);
	if (rc == 0) {
		rc = read_document(&hostconfig, c, "hostconfig.json", &why);
		if (rc == 1)
			rc = missing("hostconfig.json", &why);
	} else {
		(void)read_document(&hostconfig, c, "hostconfig.json", NULL);
	}
	if (rc < 0) {
		out->gap = strdup(sl_error_text(&why));
		if (out->gap == NULL)
			return sl_fail(err, SL_ENOMEM, 0, "settings");
	}
	return settings_docker(out, c, config, hostconfig, err);
}

static int read_oci(struct sl_settings *out, const struct sl_container *c, const char *name,
		    struct sl_error *err)
{
	CLEANUP(jval_cleanup) struct jval *spec = NULL;
	int rc = read_document(&spec, c, name, err);

	/* made and never started, it has none yet: then nothing is known, and nothing unread */
	if (rc == 1)
		return 0;
	if (rc == 0) {
		rc = settings_oci(out, c, spec, err);
		if (rc < 0)
			(void)sl_wrap(err, rc, "%s", name);
	}
	return rc;
}

static int read_record(struct sl_settings *out, const struct sl_container *c, struct sl_error *err)
{
	if (c->engine == NULL || c->kind == SL_CONTAINER_ORPHAN || c->kind == SL_CONTAINER_BUILD)
		return 0;
	if (strcmp(c->engine, "docker") == 0)
		return read_docker(out, c, err);
	if (strcmp(c->engine, "containerd") == 0)
		return read_oci(out, c, "spec.json", err);
	if (strcmp(c->engine, "podman") == 0 || strcmp(c->engine, "cri-o") == 0)
		return read_oci(out, c, "config.json", err);
	return 0;
}

static void read_host(struct sl_settings *out, int root_fd, int proc_fd)
{
	CLEANUP(buf_clear)
	struct buf text = BUF_INIT(8192); /* sysfs says that every file is a page */

	/* a disk does not say what its kernel would enforce */
	if (proc_fd < 0)
		return;
	if (root_read_file(root_fd, "sys/module/apparmor/parameters/enabled", ROOT_FOLLOW_INSIDE,
			   &text, NULL) == 0 &&
	    text.len > 0) {
		out->has_host_apparmor = true;
		out->host_apparmor = text.data[0] == 'Y';
	}
}

/* A record that cannot be read as a whole says nothing: half a set would look like all of it. */
static int settle_record(struct sl_settings **s, const struct sl_container *c, struct sl_error *err)
{
	CLEANUP(sl_error_clear) struct sl_error why = SL_ERROR_INIT;
	int rc = read_record(*s, c, &why);

	if (rc == 0)
		return 0;
	if (rc == -SL_ENOMEM)
		return sl_fail(err, SL_ENOMEM, 0, "settings");
	sl_settings_free(take_ptr(s));
	rc = sl_settings_new(s, err);
	if (rc < 0)
		return rc;
	(*s)->gap = strdup(sl_error_text(&why));
	return (*s)->gap != NULL ? 0 : sl_fail(err, SL_ENOMEM, 0, "settings");
}

int host_container_settings(const struct host *h, struct sl_container *c, struct sl_error *err)
{
	CLEANUP(settings_cleanup) struct sl_settings *s = NULL;
	int rc;

	if (c->settings != NULL)
		return 0;
	rc = sl_settings_new(&s, err);
	if (rc == 0)
		rc = settle_record(&s, c, err);
	if (rc == 0)
		rc = settings_live(s, c, h->place.root_fd, h->place.proc_fd, err);
	if (rc < 0)
		return rc;
	s->is_shifted = c->stack.idmap.uid_count > 0;
	read_host(s, h->place.root_fd, h->place.proc_fd);
	sl_settings_settle(s);
	c->settings = take_ptr(&s);
	return 0;
}
