/* SPDX-License-Identifier: Apache-2.0 */
/* The metadata text that each engine keeps with its containers: whose a row is, and what it is. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/cleanup.h"
#include "core/clock.h"
#include "host/cstore.h"

void cstore_meta_clear(struct cstore_meta *meta)
{
	free(meta->name);
	free(meta->image_name);
	sl_pod_free(meta->pod);
	*meta = (struct cstore_meta){0};
}

static bool is_text(const char *s)
{
	return s != NULL && s[0] != '\0';
}

static const char *text(const struct jval *v, const char *key)
{
	const char *s = jval_str(jval_get(v, key));

	return is_text(s) ? s : NULL;
}

/* The metadata as a document; NULL where a row has none. */
static int parse(const struct cstore_row *row, struct jval **out, struct sl_error *err)
{
	const char *s = text(row->v, "metadata");
	int rc;

	*out = NULL;
	if (s == NULL)
		return 0;
	rc = jval_parse_bounded(out, s, strlen(s), CSTORE_VALUES_MAX, err);
	return rc < 0 ? sl_wrap(err, rc, "metadata") : 0;
}

/* Fields of a unique name; no part of one can hold a "_" in Kubernetes. */
static size_t split(char *name, char **fields, size_t max)
{
	char *save = NULL;
	size_t n = 0;

	for (char *f = strtok_r(name, "_", &save); f != NULL && n < max;
	     f = strtok_r(NULL, "_", &save))
		fields[n++] = f;
	return n;
}

/*
 * Only the sandbox's own metadata has the pod's namespace and uid; its containers have its id. Once
 * it is gone, unique names still have both: "k8s_<pod>_<namespace>_<uid>_<attempt>" is the pod's,
 * "k8s_<container>_<pod>_<namespace>_<uid>_<attempt>" the container's.
 */
static int from_unique_names(struct sl_pod *pod, const char *name, struct sl_error *err)
{
	AUTO_FREE char *pod_name = pod->name != NULL ? strdup(pod->name) : NULL;
	AUTO_FREE char *own = name != NULL ? strdup(name) : NULL;
	char *f[7];

	if ((pod->name != NULL && pod_name == NULL) || (name != NULL && own == NULL))
		return sl_fail(err, SL_ENOMEM, 0, "pod");
	if (pod_name != NULL && split(pod_name, f, ARRAY_SIZE(f)) == 5 &&
	    strcmp(f[0], "k8s") == 0) {
		if (!cstore_keep(&pod->name, f[1]) ||
		    (pod->ns == NULL && !cstore_keep(&pod->ns, f[2])) ||
		    (pod->uid == NULL && !cstore_keep(&pod->uid, f[3])))
			return sl_fail(err, SL_ENOMEM, 0, "pod");
	}
	if (own != NULL && split(own, f, ARRAY_SIZE(f)) == 6 && strcmp(f[0], "k8s") == 0) {
		if ((pod->name == NULL && !cstore_keep(&pod->name, f[2])) ||
		    (pod->ns == NULL && !cstore_keep(&pod->ns, f[3])) ||
		    (pod->uid == NULL && !cstore_keep(&pod->uid, f[4])))
			return sl_fail(err, SL_ENOMEM, 0, "pod");
	}
	return 0;
}

static int from_sandbox(struct sl_pod *pod, const struct cstore_part *part, struct sl_error *err)
{
	AUTO_JVAL struct jval *doc = NULL;
	const struct cstore_row *row =
		pod->sandbox != NULL ? cstore_table_find(&part->containers, pod->sandbox) : NULL;
	bool kept;

	if (row == NULL || parse(row, &doc, NULL) < 0)
		return 0;
	kept = (pod->ns != NULL || cstore_keep(&pod->ns, text(doc, "namespace"))) &&
	       (pod->uid != NULL || cstore_keep(&pod->uid, text(doc, "uid")));
	return kept ? 0 : sl_fail(err, SL_ENOMEM, 0, "pod");
}

static int read_crio(struct cstore_meta *out, const struct cstore_part *part,
		     const struct jval *doc, struct sl_error *err)
{
	struct sl_pod *pod = calloc(1, sizeof(*pod));
	bool is_sandbox = false;
	int64_t attempt;
	int rc;

	out->pod = pod;
	if (pod == NULL)
		return sl_fail(err, SL_ENOMEM, 0, "pod");
	(void)jval_bool(jval_get(doc, "pod"), &is_sandbox);
	out->engine = "cri-o";
	out->kind = is_sandbox ? SL_CONTAINER_SANDBOX : SL_CONTAINER_WORKLOAD;
	if (!cstore_keep(&pod->name, text(doc, "pod-name")) ||
	    !cstore_keep(&pod->sandbox, text(doc, "pod-id")) ||
	    !cstore_keep(&pod->ns, text(doc, "namespace")) ||
	    !cstore_keep(&pod->uid, text(doc, "uid")))
		return sl_fail(err, SL_ENOMEM, 0, "pod");
	if (!is_sandbox && !cstore_keep(&pod->container, text(doc, "metadata-name")))
		return sl_fail(err, SL_ENOMEM, 0, "pod");
	if (jval_i64(jval_get(doc, "attempt"), &attempt) == 0 && attempt > 0 &&
	    attempt <= UINT32_MAX)
		pod->attempt = (uint32_t)attempt;
	rc = from_sandbox(pod, part, err);
	if (rc == 0)
		rc = from_unique_names(pod, text(doc, "name"), err);
	return rc;
}

/* Podman's pods are known to its database alone. */
static int read_podman(struct cstore *s, struct cstore_meta *out, const char *id,
		       struct sl_error *err)
{
	const struct cstore_libpod_row *row;
	int rc = cstore_libpod_read(s, err);

	if (rc < 0)
		return rc;
	row = cstore_libpod_find(&s->libpod, id);
	if (row == NULL)
		return 0;
	if (row->is_infra)
		out->kind = SL_CONTAINER_SANDBOX;
	if (row->pod == NULL)
		return 0;
	out->pod = calloc(1, sizeof(*out->pod));
	if (out->pod == NULL || !cstore_keep(&out->pod->uid, row->pod) ||
	    !cstore_keep(&out->pod->name, cstore_libpod_pod_name(&s->libpod, row->pod)) ||
	    (!row->is_infra && !cstore_keep(&out->pod->container, row->name)))
		return sl_fail(err, SL_ENOMEM, 0, "pod");
	return 0;
}

/* Buildah writes no metadata, but a description of what it works on. */
static bool is_buildah(const struct cstore_part *part, const char *id)
{
	AUTO_FREE char *path = NULL;
	AUTO_CLOSE int fd = -1;

	if (part->containers_fd < 0 || asprintf(&path, "%s/userdata/buildah.json", id) < 0) {
		path = NULL;
		return false;
	}
	fd = root_open_path(part->containers_fd, path, ROOT_NO_LINKS, NULL);
	return fd >= 0;
}

static const char *first_name(const struct cstore_row *row)
{
	const char *name = jval_str(jval_at(jval_get(row->v, "names"), 0));

	return is_text(name) ? name : NULL;
}

static void read_created(struct cstore_meta *out, const struct cstore_row *row)
{
	const char *s = text(row->v, "created");

	out->has_created = s != NULL && clock_parse(&out->created, s, strlen(s)) == 0 &&
			   out->created.sec > -62135596800;
	if (!out->has_created)
		out->created = (struct sl_time){0};
}

int cstore_meta_read(struct cstore *s, struct cstore_part *part, const struct cstore_row *row,
		     struct cstore_meta *out, struct sl_error *gap, struct sl_error *err)
{
	AUTO_JVAL struct jval *doc = NULL;
	const char *name = first_name(row);
	int rc = parse(row, &doc, gap);

	*out = (struct cstore_meta){.engine = s->store.engine, .kind = SL_CONTAINER_WORKLOAD};
	if (rc == -SL_ENOMEM)
		return sl_fail(err, SL_ENOMEM, 0, "container");
	read_created(out, row);
	if (!cstore_keep(&out->name, name != NULL ? name : text(doc, "name")) ||
	    !cstore_keep(&out->image_name, text(doc, "image-name")))
		return sl_fail(err, SL_ENOMEM, 0, "container");
	if (text(doc, "pod-id") != NULL || text(doc, "pod-name") != NULL)
		return read_crio(out, part, doc, err);
	if (doc == NULL && rc == 0 && is_buildah(part, row->id)) {
		out->engine = "buildah";
		out->kind = SL_CONTAINER_BUILD;
		return 0;
	}
	return read_podman(s, out, row->id, err);
}
