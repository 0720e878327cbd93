/* SPDX-License-Identifier: Apache-2.0 */
#include "job/resolve.h"

#include <string.h>

#include "core/cleanup.h"
#include "core/quote.h"
#include "host/host.h"
#include "job/imagefile.h"

static const char *const engines[] = {"docker", "containerd", "podman", "cri-o"};
static const char *const later[] = {"rootfs", "rootfs-tar"};

int resolve_host(const struct job *job, struct host **out, struct sl_error *err)
{
	struct host_store stores[16];
	struct host_options options = {.root = job->root, .live = job->live, .stores = stores};

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

/* A directory or a tar that no image configuration vouches for. */
static int resolve_tree(const char *transport, const char *path, struct sl_image **out,
			struct sl_error *err)
{
	AUTO_FREE char *shown = quote_dup(path, strlen(path));

	*out = NULL;
	return sl_fail(err, SL_EUNSUPPORTED, 0,
		       "'%s' holds no image, and '%s:' is not read by this version",
		       shown != NULL ? shown : "?", transport);
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
	int rc = imagefile_resolve(job, reference, platform, out, err);

	if (rc != 1)
		return rc;
	for (size_t i = 0; i < ARRAY_SIZE(later); i++)
		if (has_transport(reference, later[i]))
			return sl_fail(err, SL_EUNSUPPORTED, 0,
				       "transport '%s:' is not read by this version", later[i]);
	for (size_t i = 0; i < ARRAY_SIZE(engines); i++)
		if (has_transport(reference, engines[i]))
			return resolve_in_stores(job, host, reference, out, err);
	return resolve_bare(job, host, reference, platform, out, err);
}
