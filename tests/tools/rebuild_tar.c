/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A tar from what tar-split keeps of it and the directory it was unpacked to, on standard output:
 *
 *	rebuild_tar SPLIT.json.gz DIR
 *	rebuild_tar --names TAR          its names and sizes, as jq prints those of tar-split
 */
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "core/cleanup.h"
#include "core/encode.h"
#include "core/zstream.h"
#include "snapshot/tar.h"
#include "snapshot/tarsplit.h"

static int rebuild(const char *split, const char *dir, struct sl_error *err)
{
	AUTO_CLOSE int dir_fd = open(dir, O_PATH | O_DIRECTORY | O_CLOEXEC);
	struct istream *in = NULL;
	const uint8_t *bytes;
	size_t len;
	int rc = istream_from_fd(&in, open(split, O_RDONLY | O_CLOEXEC), err);

	if (rc == 0)
		rc = istream_gzip(&in, in, err);
	if (rc == 0)
		rc = tarsplit_open(&in, in, dir_fd, err);
	while (rc == 0) {
		rc = istream_next(in, &bytes, &len, err);
		if (rc == 0 && fwrite(bytes, 1, len, stdout) != len)
			rc = sl_fail(err, SL_EIO, errno, "write");
	}
	istream_close(in);
	return rc < 0 ? rc : 0;
}

static int print_name(void *payload, const struct layer_item *item, struct sl_error *err)
{
	const struct sl_entry *e = &item->entry;
	CLEANUP(buf_clear) struct buf b64 = BUF_INIT(1 << 24);

	(void)payload;
	if (utf8_valid(e->path.data, e->path.len)) {
		printf("name %s %" PRIu64 "\n", e->path.data, e->size);
		return 0;
	}
	if (base64_encode(&b64, e->path.data, e->path.len) < 0)
		return sl_fail(err, SL_ENOMEM, 0, "name");
	printf("base64 %s %" PRIu64 "\n", b64.data, e->size);
	return 0;
}

static int names(const char *path, struct sl_error *err)
{
	const struct sl_limits limits = SL_LIMITS_DEFAULT;
	const struct tar_options options = {.limits = &limits, .item = print_name};
	struct istream *in = NULL;
	uint64_t entries;
	int rc = istream_from_fd(&in, open(path, O_RDONLY | O_CLOEXEC), err);

	if (rc == 0)
		rc = tar_read(in, &options, &entries, err);
	istream_close(in);
	return rc;
}

int main(int argc, char **argv)
{
	struct sl_error err = SL_ERROR_INIT;
	int rc;

	if (argc != 3) {
		fprintf(stderr, "usage: rebuild_tar SPLIT.json.gz DIR | --names TAR\n");
		return 2;
	}
	rc = strcmp(argv[1], "--names") == 0 ? names(argv[2], &err)
					     : rebuild(argv[1], argv[2], &err);
	if (rc < 0)
		fprintf(stderr, "%s\n", sl_error_text(&err));
	sl_error_clear(&err);
	return rc < 0 ? 1 : 0;
}
