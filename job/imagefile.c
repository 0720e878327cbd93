/* SPDX-License-Identifier: Apache-2.0 */
#include "job/imagefile.h"

#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "core/cleanup.h"
#include "core/encode.h"
#include "core/quote.h"
#include "core/root.h"
#include "snapshot/archivefile.h"
#include "snapshot/dockerarchive.h"
#include "snapshot/oci.h"
#include "snapshot/tarball.h"

static bool exists(const char *path)
{
	struct stat st;

	return strcmp(path, "-") == 0 || stat(path, &st) == 0;
}

/*
 * Cut @word into PATH and *name, which is NULL when nothing is named: the longest PATH that exists,
 * else all up to the first colon.
 */
static void split(char *word, const char **name)
{
	char *colon;

	*name = NULL;
	if (exists(word))
		return;
	for (char *end = word + strlen(word); (colon = memrchr(word, ':', (size_t)(end - word)));) {
		*colon = '\0';
		if (exists(word) || strchr(word, ':') == NULL)
			break;
		*colon = ':';
		end = colon;
	}
	if (colon != NULL)
		*name = colon + 1;
}

/* "TRANSPORT:PATH[:NAME]", quoted by whoever prints it. */
static int join(char **out, const char *transport, const char *path, const char *name,
		struct sl_error *err)
{
	if (asprintf(out, "%s:%s%s%s", transport, path, name != NULL ? ":" : "",
		     name != NULL ? name : "") >= 0)
		return 0;
	*out = NULL;
	return sl_fail(err, SL_ENOMEM, 0, "image reference");
}

static void say(void *payload, const char *line)
{
	job_say(payload, "%s", line);
}

/* @job is only spoken to; the callback's payload has no const. */
static int open_file(const struct job *job, const char *path, bool pipe_ok, struct sl_error *err)
{
	struct job listener = *job;
	const struct sl_limits limits = job->limits != NULL ? *job->limits : SL_LIMITS_DEFAULT;
	struct archivefile_options options = {.limits = &limits,
					      .pipe_ok = pipe_ok,
					      .say = say,
					      .payload = &listener,
					      .stop = job->stop};

	return archivefile_open(path, &options, err);
}

/* What a pipe is called says nothing of what came through it; what the image is called does. */
static int name_piped(struct sl_image *image, const char *transport, const char *path,
		      struct sl_error *err)
{
	char id[DIGEST_TEXT_SIZE];
	char *reference;
	struct stat st;
	int rc;

	if (strcmp(path, "-") != 0 && (stat(path, &st) < 0 || S_ISREG(st.st_mode)))
		return 0;
	digest_format(id, image->config_digest);
	rc = join(&reference, transport, path, image->name != NULL ? image->name : id, err);
	if (rc < 0)
		return rc;
	free(image->reference);
	image->reference = reference;
	return 0;
}

/* The image in the tar @fd, which is taken over. */
static int open_archive(int fd, enum archivefile_form form, const char *path, const char *name,
			const char *platform, struct sl_image **out, struct sl_error *err)
{
	bool is_oci = form == ARCHIVEFILE_OCI;
	const char *transport = is_oci ? "oci-archive" : "docker-archive";
	AUTO_FREE char *reference = NULL, *shown = NULL;
	struct tarball *archive = NULL;
	int rc = tarball_open(&archive, fd, err);

	if (rc < 0) {
		shown = quote_dup(path, strlen(path));
		return sl_wrap(err, rc, "'%s'", shown != NULL ? shown : "?");
	}
	rc = join(&reference, transport, path, name, err);
	if (rc == 0 && is_oci)
		rc = oci_open_archive(out, archive, reference, name, platform, err);
	else if (rc == 0)
		rc = dockerarchive_open(out, archive, reference, name, platform, err);
	tarball_free(archive);
	if (rc == 0 && name == NULL) {
		rc = name_piped(*out, transport, path, err);
		if (rc < 0)
			sl_image_free(*out);
	}
	return rc;
}

static int resolve_archive(const struct job *job, enum archivefile_form form, const char *word,
			   const char *platform, struct sl_image **out, struct sl_error *err)
{
	AUTO_FREE char *path = strdup(word);
	const char *name;
	int fd;

	if (path == NULL)
		return sl_fail(err, SL_ENOMEM, 0, "image reference");
	split(path, &name);
	fd = open_file(job, path, true, err);
	return fd < 0 ? fd : open_archive(fd, form, path, name, platform, out, err);
}

static int resolve_layout(const char *word, const char *platform, struct sl_image **out,
			  struct sl_error *err)
{
	AUTO_FREE char *dir = strdup(word);
	const char *tag;

	if (dir == NULL)
		return sl_fail(err, SL_ENOMEM, 0, "image reference");
	split(dir, &tag);
	return oci_open(out, dir, tag, platform, err);
}

/* What stands behind the transport, or NULL when it is another. */
static const char *behind(const char *reference, const char *transport)
{
	size_t len = strlen(transport);

	return strncmp(reference, transport, len) == 0 ? reference + len : NULL;
}

int imagefile_resolve(const struct job *job, const char *reference, const char *platform,
		      struct sl_image **out, struct sl_error *err)
{
	const char *word;

	if ((word = behind(reference, "oci:")) != NULL)
		return resolve_layout(word, platform, out, err);
	if ((word = behind(reference, "oci-archive:")) != NULL)
		return resolve_archive(job, ARCHIVEFILE_OCI, word, platform, out, err);
	if ((word = behind(reference, "docker-archive:")) != NULL)
		return resolve_archive(job, ARCHIVEFILE_DOCKER, word, platform, out, err);
	return 1;
}

static int sniff_directory(const char *path, const char *platform, enum imagefile_kind *kind,
			   struct sl_image **out, struct sl_error *err)
{
	AUTO_CLOSE int dir_fd = root_open_dir(path, err);
	AUTO_CLOSE int layout = -1;

	if (dir_fd < 0)
		return dir_fd;
	layout = root_open_path(dir_fd, "oci-layout", ROOT_FOLLOW_INSIDE, NULL);
	*kind = layout >= 0 ? IMAGEFILE_IMAGE : IMAGEFILE_ROOTFS;
	return layout >= 0 ? oci_open(out, path, NULL, platform, err) : 0;
}

/* What a pipe holds cannot be looked at first: whoever means one says what it is. */
static int sniff_file(const struct job *job, const char *path, const char *platform,
		      enum imagefile_kind *kind, struct sl_image **out, struct sl_error *err)
{
	AUTO_CLOSE int fd = open_file(job, path, false, err);
	AUTO_FREE char *shown = quote_dup(path, strlen(path));
	enum archivefile_form form;
	int rc;

	if (fd < 0)
		return fd == -SL_EINVAL ? sl_wrap(err, fd, "no image without a transport") : fd;
	rc = archivefile_sniff(fd, &form, err);
	if (rc < 0)
		return sl_wrap(err, rc, "'%s' is no image", shown != NULL ? shown : "?");
	*kind = form == ARCHIVEFILE_OTHER ? IMAGEFILE_ROOTFS_TAR : IMAGEFILE_IMAGE;
	if (form == ARCHIVEFILE_OTHER)
		return 0;
	return open_archive(take_fd(&fd), form, path, NULL, platform, out, err);
}

int imagefile_sniff(const struct job *job, const char *path, const char *platform,
		    enum imagefile_kind *kind, struct sl_image **out, struct sl_error *err)
{
	struct stat st;

	*kind = IMAGEFILE_NONE;
	if (stat(path, &st) < 0)
		return 0;
	return S_ISDIR(st.st_mode) ? sniff_directory(path, platform, kind, out, err)
				   : sniff_file(job, path, platform, kind, out, err);
}
