/* SPDX-License-Identifier: Apache-2.0 */
#include "job/resolve.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/cleanup.h"
#include "core/quote.h"
#include "host/host.h"
#include "job/imagefile.h"
#include "snapshot/rootfs.h"

static const char *const engines[] = {"docker", "containerd", "podman", "cri-o", "buildah"};

int resolve_host(const struct job *job, struct host **out, struct sl_error *err)
{
	struct host_store stores[16];
	struct host_options options = {
		.root = job->root, .live = job->live, .stores = stores, .ns = job->ns};

	if (job->store_count > ARRAY_SIZE(stores))
		return sl_fail(err, SL_ELIMIT, 0, "more than %zu stores", ARRAY_SIZE(stores));
	for (size_t i = 0; i < job->store_count; i++)
		stores[i] = (struct host_store){job->stores[i].engine, job->stores[i].dir};
	options.store_count = job->store_count;
	return host_open(out, &options, err);
}

/* The part before the first colon, when it is one of the known words. */
static bool has_transport(const char *reference, const char *word)
{
	size_t len = strlen(word);

	return strncmp(reference, word, len) == 0 && reference[len] == ':';
}

/* "rootfs" or "rootfs-tar", NULL for another reference. */
static const char *tree_transport(const char *reference)
{
	if (has_transport(reference, "rootfs"))
		return "rootfs";
	return has_transport(reference, "rootfs-tar") ? "rootfs-tar" : NULL;
}

/* The path is made absolute as text: what it leads to may be gone when the name is asked for. */
static int tree_name(char **out, const char *transport, const char *path, struct sl_error *err)
{
	AUTO_FREE char *here = NULL;
	size_t len;
	int n;

	while (path[0] == '.' && path[1] == '/')
		path += 2;
	if (path[0] != '/' && strcmp(path, "-") != 0) {
		here = getcwd(NULL, 0);
		if (here == NULL)
			return sl_fail(err, SL_EIO, errno, "current directory");
	}
	if (strcmp(path, ".") == 0)
		path = "";
	n = asprintf(out, "%s:%s%s%s", transport, here != NULL ? here : "", here != NULL ? "/" : "",
		     path);
	if (n < 0) {
		*out = NULL;
		return sl_fail(err, SL_ENOMEM, 0, "image reference");
	}
	len = (size_t)n;
	while (len > strlen(transport) + 2 && (*out)[len - 1] == '/')
		(*out)[--len] = '\0';
	return 0;
}

int resolve_tree_name(char **out, const char *reference, struct sl_error *err)
{
	const char *transport = tree_transport(reference);
	const char *path = transport != NULL ? reference + strlen(transport) + 1 : NULL;
	struct stat st;

	if (path == NULL || strcmp(path, "-") == 0 ||
	    (stat(path, &st) == 0 && !S_ISREG(st.st_mode) && !S_ISDIR(st.st_mode)))
		return 1;
	return tree_name(out, transport, path, err);
}

static int resolve_tree(const char *transport, const char *path, struct sl_image **out,
			struct sl_error *err)
{
	AUTO_FREE char *name = NULL;
	int rc = tree_name(&name, transport, path, err);

	if (rc < 0)
		return rc;
	return strcmp(transport, "rootfs") == 0 ? rootfs_open(out, name, path, err)
						: rootfs_tar_open(out, name, path, err);
}

static int resolve_in_stores(const struct job *job, struct host *host, const char *word,
			     struct sl_image **out, struct sl_error *err)
{
	struct host *own = NULL;
	int rc;

	if (host == NULL) {
		rc = resolve_host(job, &own, err);
		if (rc < 0)
			return rc;
	}
	rc = host_find_image(host != NULL ? host : own, word, out, err);
	host_close(own);
	return rc;
}

const char *resolve_engine_name(const char *reference)
{
	for (size_t i = 0; i < ARRAY_SIZE(engines); i++)
		if (has_transport(reference, engines[i]))
			return reference + strlen(engines[i]) + 1;
	return NULL;
}

/* Without a transport: a path that is there, else a name in the stores. */
static int resolve_bare(const struct job *job, struct host *host, const char *word,
			const char *platform, struct sl_image **out, struct sl_error *err)
{
	enum imagefile_kind kind;
	int rc = imagefile_sniff(job, word, platform, &kind, out, err);

	if (rc < 0)
		return rc;
	switch (kind) {
	case IMAGEFILE_IMAGE:
		return 0;
	case IMAGEFILE_ROOTFS:
		return resolve_tree("rootfs", word, out, err);
	case IMAGEFILE_ROOTFS_TAR:
		return resolve_tree("rootfs-tar", word, out, err);
	case IMAGEFILE_NONE:
		break;
	}
	return resolve_in_stores(job, host, word, out, err);
}

int resolve_image(const struct job *job, struct host *host, const char *reference,
		  const char *platform, struct sl_image **out, struct sl_error *err)
{
	const char *tree = tree_transport(reference);
	int rc;

	if (tree != NULL)
		return resolve_tree(tree, reference + strlen(tree) + 1, out, err);
	rc = imagefile_resolve(job, reference, platform, out, err);
	if (rc != 1)
		return rc;
	if (resolve_engine_name(reference) != NULL)
		return resolve_in_stores(job, host, reference, out, err);
	return resolve_bare(job, host, reference, platform, out, err);
}
