/* SPDX-License-Identifier: Apache-2.0 */
#include "job/resolve.h"

#include <string.h>
#include <sys/stat.h>

#include "core/cleanup.h"
#include "core/quote.h"
#include "host/host.h"
#include "snapshot/oci.h"

static const char *const engines[] = {"docker", "containerd", "podman", "cri-o"};
static const char *const later[] = {"oci-archive", "docker-archive", "rootfs", "rootfs-tar"};

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

static bool is_directory(const char *path)
{
	struct stat st;

	return stat(path, &st) == 0 && S_ISDIR(st.st_mode);
}

/* "DIR" or "DIR:TAG": the whole word when it is a directory, else split at its last colon. */
static int resolve_oci(const char *word, const char *platform, struct sl_image **out,
		       struct sl_error *err)
{
	AUTO_FREE char *dir = strdup(word);
	char *colon;

	if (dir == NULL)
		return sl_fail(err, SL_ENOMEM, 0, "image reference");
	if (is_directory(dir))
		return oci_open(out, dir, NULL, platform, err);
	colon = strrchr(dir, ':');
	if (colon == NULL)
		return oci_open(out, dir, NULL, platform, err);
	*colon = '\0';
	return oci_open(out, dir, colon + 1, platform, err);
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

int resolve_image(const struct job *job, struct host *host, const char *reference,
		  const char *platform, struct sl_image **out, struct sl_error *err)
{
	if (has_transport(reference, "oci"))
		return resolve_oci(reference + strlen("oci:"), platform, out, err);
	for (size_t i = 0; i < ARRAY_SIZE(later); i++)
		if (has_transport(reference, later[i]))
			return sl_fail(err, SL_EUNSUPPORTED, 0,
				       "transport '%s:' is not read by this version", later[i]);
	for (size_t i = 0; i < ARRAY_SIZE(engines); i++)
		if (has_transport(reference, engines[i]))
			return resolve_in_stores(job, host, reference, out, err);
	if (is_directory(reference))
		return oci_open(out, reference, NULL, platform, err);
	return resolve_in_stores(job, host, reference, out, err);
}
