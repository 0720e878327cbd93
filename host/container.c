/* SPDX-License-Identifier: Apache-2.0 */
#include <strandline/container.h>

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "core/cleanup.h"
#include "core/ostream.h"
#include "host/store.h"

int sl_container_new(struct sl_container **out, struct sl_error *err)
{
	struct sl_container *c = calloc(1, sizeof(*c));

	if (c == NULL)
		return sl_fail(err, SL_ENOMEM, 0, "container");
	c->stack = SL_STACK_INIT;
	*out = c;
	return 0;
}

static void mount_clear(struct sl_mount *m)
{
	free(m->path);
	free(m->type);
	free(m->source);
}

static void artifact_clear(struct sl_artifact *a)
{
	free(a->name);
	free(a->path);
	free(a->log_format);
	if (a->fd >= 0)
		close(a->fd);
}

/* Where @path belongs in the sorted list: behind its equals, so that order of arrival is kept. */
static size_t mount_place(const struct sl_container *c, const char *path)
{
	size_t low = 0, high = c->mount_count;

	while (low < high) {
		size_t mid = low + (high - low) / 2;

		if (strcmp(c->mounts[mid].path, path) <= 0)
			low = mid + 1;
		else
			high = mid;
	}
	return low;
}

bool store_has_mount(const struct sl_container *c, const char *path)
{
	size_t place = mount_place(c, path);

	return place > 0 && strcmp(c->mounts[place - 1].path, path) == 0;
}

int sl_container_add_mount(struct sl_container *c, const char *path, const char *type,
			   const char *source, bool rw, struct sl_error *err)
{
	struct sl_mount m = {.path = strdup(path),
			     .type = strdup(type),
			     .source = source != NULL ? strdup(source) : NULL,
			     .rw = rw};
	struct sl_mount *grown = reallocarray(c->mounts, c->mount_count + 1, sizeof(*grown));
	size_t at;

	if (grown != NULL)
		c->mounts = grown;
	if (grown == NULL || m.path == NULL || m.type == NULL ||
	    (source != NULL && m.source == NULL)) {
		mount_clear(&m);
		return sl_fail(err, SL_ENOMEM, 0, "mount");
	}
	at = mount_place(c, path);
	memmove(&grown[at + 1], &grown[at], (c->mount_count - at) * sizeof(*grown));
	grown[at] = m;
	c->mount_count++;
	return 0;
}

int sl_container_add_artifact(struct sl_container *c, const char *name, const char *path, int fd,
			      const char *log_format, struct sl_error *err)
{
	struct sl_artifact a = {.name = strdup(name),
				.path = strdup(path),
				.fd = fd,
				.is_log = log_format != NULL,
				.log_format = log_format != NULL ? strdup(log_format) : NULL};
	struct sl_artifact *grown =
		reallocarray(c->artifacts, c->artifact_count + 1, sizeof(*grown));

	if (grown != NULL)
		c->artifacts = grown;
	if (grown == NULL || a.name == NULL || a.path == NULL ||
	    (log_format != NULL && a.log_format == NULL)) {
		artifact_clear(&a);
		return sl_fail(err, SL_ENOMEM, 0, "artifact");
	}
	grown[c->artifact_count++] = a;
	return 0;
}

void store_cut_artifacts(struct sl_container *c, size_t count)
{
	while (c->artifact_count > count)
		artifact_clear(&c->artifacts[--c->artifact_count]);
}

/* A record has no file of its own: its bytes are lent one that lives in memory. */
int sl_container_add_record(struct sl_container *c, const char *name, const char *path,
			    const void *bytes, size_t len, struct sl_error *err)
{
	AUTO_CLOSE int fd = memfd_create("record", MFD_CLOEXEC);
	int rc;

	if (fd < 0)
		return sl_fail(err, SL_EIO, errno, "%s cannot be lent a file", name);
	rc = fd_write_all(fd, bytes, len, err);
	if (rc < 0)
		return sl_wrap(err, rc, "%s cannot be lent a file", name);
	rc = sl_container_add_artifact(c, name, path, take_fd(&fd), NULL, err);
	if (rc == 0)
		c->artifacts[c->artifact_count - 1].is_record = true;
	return rc;
}

void sl_pod_free(struct sl_pod *pod)
{
	if (pod == NULL)
		return;
	free(pod->ns);
	free(pod->name);
	free(pod->uid);
	free(pod->container);
	free(pod->sandbox);
	free(pod);
}

static char *copy_or_null(const char *text, bool *failed)
{
	char *copy = text != NULL ? strdup(text) : NULL;

	*failed = *failed || (text != NULL && copy == NULL);
	return copy;
}

int sl_pod_copy(struct sl_pod **out, const struct sl_pod *pod, struct sl_error *err)
{
	bool failed = false;
	struct sl_pod *copy;

	*out = NULL;
	if (pod == NULL)
		return 0;
	copy = calloc(1, sizeof(*copy));
	if (copy == NULL)
		return sl_fail(err, SL_ENOMEM, 0, "pod");
	copy->ns = copy_or_null(pod->ns, &failed);
	copy->name = copy_or_null(pod->name, &failed);
	copy->uid = copy_or_null(pod->uid, &failed);
	copy->container = copy_or_null(pod->container, &failed);
	copy->sandbox = copy_or_null(pod->sandbox, &failed);
	copy->attempt = pod->attempt;
	if (failed) {
		sl_pod_free(copy);
		return sl_fail(err, SL_ENOMEM, 0, "pod");
	}
	*out = copy;
	return 0;
}

void sl_container_free(struct sl_container *c)
{
	if (c == NULL)
		return;
	for (size_t i = 0; i < c->mount_count; i++)
		mount_clear(&c->mounts[i]);
	for (size_t i = 0; i < c->artifact_count; i++)
		artifact_clear(&c->artifacts[i]);
	free(c->mounts);
	free(c->artifacts);
	sl_stack_clear(&c->stack);
	sl_settings_free(c->settings);
	free(c->engine);
	free(c->id);
	free(c->name);
	sl_pod_free(c->pod);
	free(c->cgroup);
	free(c->ns);
	free(c->note);
	free(c->image_ref);
	free(c->workdir);
	free(c->driver);
	free(c->store);
	free(c->metadata_gap);
	free(c->log_driver);
	free(c);
}

const char *sl_container_label(const struct sl_container *c)
{
	/* stores are written by others: a name may be empty */
	if (c->name != NULL && c->name[0] != '\0')
		return c->name;
	return c->id != NULL ? c->id : "";
}

const char *sl_state_name(enum sl_container_state state)
{
	switch (state) {
	case SL_STATE_CREATED:
		return "created";
	case SL_STATE_RUNNING:
		return "running";
	case SL_STATE_PAUSED:
		return "paused";
	case SL_STATE_EXITED:
		return "exited";
	case SL_STATE_DEAD:
		return "dead";
	case SL_STATE_UNKNOWN:
		break;
	}
	return "unknown";
}

const char *sl_container_kind_name(enum sl_container_kind kind)
{
	switch (kind) {
	case SL_CONTAINER_WORKLOAD:
		return "workload";
	case SL_CONTAINER_SANDBOX:
		return "sandbox";
	case SL_CONTAINER_BUILD:
		return "build";
	case SL_CONTAINER_ORPHAN:
		return "orphan";
	}
	return "unknown";
}
