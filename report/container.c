/* SPDX-License-Identifier: Apache-2.0 */
#include "report/container.h"

#include <string.h>

/* Names come from stores, and an engine does not check each as Kubernetes does. */
static void pod_json(struct jout *j, const struct sl_container *c)
{
	const struct sl_pod *pod = c->pod;

	jout_key(j, "pod");
	if (pod == NULL) {
		jout_null(j);
		return;
	}
	jout_object(j);
	jout_key_bytes(j, "namespace", pod->ns);
	jout_key_bytes(j, "name", pod->name);
	jout_key_bytes(j, "uid", pod->uid);
	jout_key_bytes(j, "container", pod->container);
	jout_key_bytes(j, "sandbox", pod->sandbox);
	jout_key_u64(j, "attempt", pod->attempt);
	jout_object_end(j);
}

void container_json_place(struct jout *j, const struct sl_container *c)
{
	jout_key_str(j, "kind", sl_container_kind_name(c->kind));
	jout_key_bytes(j, "namespace", c->ns);
	jout_key_bytes(j, "note", c->note);
	pod_json(j, c);
}

void container_json_mounts(struct jout *j, const char *key, const struct sl_container *c,
			   bool with_source)
{
	jout_key(j, key);
	jout_array(j);
	for (size_t i = 0; i < c->mount_count; i++) {
		jout_object(j);
		jout_key_bytes(j, "path", c->mounts[i].path);
		jout_key_str(j, "type", c->mounts[i].type);
		if (with_source)
			jout_key_bytes(j, "source", c->mounts[i].source);
		jout_key_bool(j, "rw", c->mounts[i].rw);
		jout_object_end(j);
	}
	jout_array_end(j);
}

static void namespaces(struct jout *j, const struct sl_namespaces *n)
{
	const struct {
		const char *name;
		uint64_t number;
	} spaces[] = {{"mnt", n->mnt}, {"pid", n->pid}, {"net", n->net},      {"user", n->user},
		      {"ipc", n->ipc}, {"uts", n->uts}, {"cgroup", n->cgroup}};

	jout_key(j, "namespaces");
	jout_object(j);
	for (size_t i = 0; i < sizeof(spaces) / sizeof(spaces[0]); i++) {
		jout_key(j, spaces[i].name);
		if (spaces[i].number != 0)
			jout_id(j, spaces[i].number);
		else
			jout_null(j);
	}
	jout_object_end(j);
}

void container_json_live(struct jout *j, const struct sl_container *c)
{
	jout_key(j, "process");
	if (!c->has_pid_start) {
		jout_null(j);
		return;
	}
	jout_object(j);
	jout_key(j, "start");
	jout_id(j, c->pid_start);
	jout_key_bytes(j, "cgroup", c->cgroup);
	namespaces(j, &c->namespaces);
	jout_object_end(j);
}
