/* SPDX-License-Identifier: Apache-2.0 */
#include "snapshot/rootfs.h"

#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>

#include "core/cleanup.h"
#include "core/quote.h"
#include "core/root.h"

/* Takes over the layer's descriptor, also on failure. */
static int make(struct sl_image **out, const char *reference, struct sl_layer *layer,
		struct sl_error *err)
{
	struct sl_image *image = NULL;
	int rc = sl_image_new(&image, reference, err);

	layer->marker = SL_MARKER_NONE;
	if (rc == 0)
		rc = sl_image_add_layer(image, layer, err);
	if (rc < 0) {
		AUTO_CLOSE int dir_fd = layer->dir_fd, blob_fd = layer->blob_fd;

		(void)dir_fd;
		(void)blob_fd;
		sl_image_free(image);
		return rc;
	}
	image->trust = SL_TRUST_RECORDED;
	*out = image;
	return 0;
}

int rootfs_open(struct sl_image **out, const char *reference, const char *path,
		struct sl_error *err)
{
	struct sl_layer layer = SL_LAYER_INIT;

	layer.dir_fd = root_open_dir(path, err);
	return layer.dir_fd < 0 ? layer.dir_fd : make(out, reference, &layer, err);
}

/* What the user names: links are followed, a pipe is waited for, a device is not touched. */
static int open_named(const char *path, struct sl_error *err)
{
	bool is_stdin = strcmp(path, "-") == 0;
	AUTO_CLOSE int fd =
		is_stdin ? fcntl(STDIN_FILENO, F_DUPFD_CLOEXEC, 0) : open(path, O_PATH | O_CLOEXEC);
	AUTO_FREE char *shown = quote_dup(path, strlen(path));
	const char *name = is_stdin ? "standard input" : shown != NULL ? shown : "?";
	struct stat st;

	if (fd < 0 || fstat(fd, &st) < 0)
		return sl_fail(err, errno == ENOENT ? SL_ENOTFOUND : SL_EIO, errno, "open '%s'",
			       name);
	if (!S_ISREG(st.st_mode) && !S_ISFIFO(st.st_mode) && !S_ISSOCK(st.st_mode))
		return sl_fail(err, SL_EINVAL, 0, "'%s' is neither a file nor a pipe", name);
	if (!is_stdin && !S_ISREG(st.st_mode)) {
		close(fd);
		fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY);
		if (fd < 0)
			return sl_fail(err, SL_EIO, errno, "open '%s'", name);
	}
	return take_fd(&fd);
}

int rootfs_tar_open(struct sl_image **out, const char *reference, const char *path,
		    struct sl_error *err)
{
	struct sl_layer layer = SL_LAYER_INIT;

	layer.blob_fd = open_named(path, err);
	return layer.blob_fd < 0 ? layer.blob_fd : make(out, reference, &layer, err);
}
