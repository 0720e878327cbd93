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

/* ---- what the engine wrote beside it ---- */

static void container_cleanup(struct sl_container **c)
{
	sl_container_free(*c);
}

static int copy_text(char **out, const char *text, struct sl_error *err)
{
	*out = text != NULL ? strdup(text) : NULL;
	return text == NULL || *out != NULL ? 0 : sl_fail(err, SL_ENOMEM, 0, "settings");
}

/* Its records, read for nobody but us: @c may be captured later, and then has them itself. */
static int read_records(struct sl_container **out, const struct host *h,
			const struct sl_container *c, struct sl_error *err)
{
	struct store *s = host_store_of(h, c);
	int rc = sl_container_new(out, err);

	if (rc == 0)
		rc = copy_text(&(*out)->engine, c->engine, err);
	if (rc == 0)
		rc = copy_text(&(*out)->id, c->id, err);
	if (rc == 0)
		rc = copy_text(&(*out)->ns, c->ns, err);
	if (rc == 0)
		rc = sl_pod_copy(&(*out)->pod, c->pod, err);
	if (rc < 0)
		return rc;
	(*out)->kind = c->kind;
	if (s == NULL || s->ops->evidence == NULL)
		return 0;
	rc = s->ops->evidence(s, *out, err);
	if (rc == 0 && (*out)->metadata_gap != NULL)
		return sl_fail(err, SL_EIO, 0, "%s", (*out)->metadata_gap);
	return rc;
}

/* 1 when it is not there. A document of the container's own, or of its records. */
static int find_document(struct jval **out, const struct sl_container *c,
			 const struct sl_container *records, const char *name, struct sl_error *err)
{
	int rc = read_document(out, c, name, err);

	return rc == 1 ? read_document(out, records, name, err) : rc;
}

static int read_podman(struct sl_settings *s, const struct sl_container *c,
		       const struct sl_container *records, struct sl_error *err)
{
	CLEANUP(jval_cleanup) struct jval *config = NULL;
	CLEANUP(jval_cleanup) struct jval *infra = NULL;
	int rc = find_document(&config, c, records, "libpod/config.json", err);

	if (rc >= 0)
		rc = find_document(&infra, c, records, "libpod/infra.json", err);
	return rc < 0 ? rc : settings_podman(s, config, infra, err);
}

/* Ports are of the pod, and in the records of its sandbox. */
static int read_pod(struct sl_settings *s, const struct sl_container *c,
		    const struct sl_container *records, const char *own, const char *sandbox,
		    int (*read)(struct sl_settings *out, const struct jval *doc,
				struct sl_error *err),
		    struct sl_error *err)
{
	CLEANUP(jval_cleanup) struct jval *doc = NULL;
	int rc = find_document(&doc, c, records, c->kind == SL_CONTAINER_SANDBOX ? own : sandbox,
			       err);

	return rc < 0 ? rc : read(s, doc, err);
}

static int read_containerd(struct sl_settings *s, const struct sl_container *c,
			   const struct sl_container *records, struct sl_error *err)
{
	CLEANUP(jval_cleanup) struct jval *doc = NULL;
	int rc;

	if (c->pod != NULL)
		return read_pod(s, c, records, "metadata.json", "sandbox.json", settings_cri, err);
	rc = find_document(&doc, c, records, "container.json", err);
	return rc < 0 ? rc : settings_containerd(s, doc, err);
}

static int read_beside(struct sl_settings *s, const struct host *h, const struct sl_container *c,
		       struct sl_error *err)
{
	CLEANUP(container_cleanup) struct sl_container *records = NULL;
	bool is_podman, is_crio, is_containerd;
	int rc;

	if (c->engine == NULL || c->kind == SL_CONTAINER_ORPHAN || c->kind == SL_CONTAINER_BUILD)
		return 0;
	is_podman = strcmp(c->engine, "podman") == 0;
	is_crio = strcmp(c->engine, "cri-o") == 0;
	is_containerd = strcmp(c->engine, "containerd") == 0;
	if (!is_podman && !is_crio && !is_containerd)
		return 0;
	rc = read_records(&records, h, c, err);
	if (rc < 0)
		return rc;
	if (is_podman)
		return read_podman(s, c, records, err);
	return is_containerd ? read_containerd(s, c, records, err)
			     : read_pod(s, c, records, "config.json", "sandbox/config.json",
					settings_crio, err);
}

/* What cannot be read is unknown, and a gap; the specification stays what it is. */
static int settle_beside(struct sl_settings *s, const struct host *h, const struct sl_container *c,
			 struct sl_error *err)
{
	CLEANUP(sl_error_clear) struct sl_error why = SL_ERROR_INIT;
	int rc = read_beside(s, h, c, &why);

	if (rc >= 0)
		return 0;
	if (rc == -SL_ENOMEM)
		return sl_fail(err, SL_ENOMEM, 0, "settings");
	s->values[SL_SETTING_PORTS].is_known = false;
	s->values[SL_SETTING_RESTART].is_known = false;
	if (s->gap == NULL)
		s->gap = strdup(sl_error_text(&why));
	return s->gap != NULL ? 0 : sl_fail(err, SL_ENOMEM, 0, "settings");
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
		rc = settle_beside(s, h, c, err);
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
