/* SPDX-License-Identifier: Apache-2.0 */
#include "job/filedigest.h"

#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/cleanup.h"
#include "core/digest.h"
#include "core/halt.h"
#include "core/quote.h"
#include "core/root.h"

#define PIECE ((size_t)1 << 20)

static void free_hash(struct sha256 *const *h)
{
	sha256_free(*h);
}

static bool is_same(const struct stat *a, const struct stat *b)
{
	return a->st_size == b->st_size && a->st_mtim.tv_sec == b->st_mtim.tv_sec &&
	       a->st_mtim.tv_nsec == b->st_mtim.tv_nsec && a->st_ctim.tv_sec == b->st_ctim.tv_sec &&
	       a->st_ctim.tv_nsec == b->st_ctim.tv_nsec;
}

static int hash_all(struct filedigest *out, int fd, const volatile sig_atomic_t *stop,
		    struct sl_error *err)
{
	CLEANUP(free_hash) struct sha256 *hash = NULL;
	AUTO_FREE char *piece = malloc(PIECE);
	ssize_t n;
	int rc = piece == NULL ? sl_fail(err, SL_ENOMEM, 0, "digest") : sha256_new(&hash, err);

	if (rc < 0)
		return rc;
	out->bytes = 0;
	while ((n = read(fd, piece, PIECE)) > 0) {
		rc = halted(stop, err);
		if (rc < 0)
			return rc;
		sha256_update(hash, piece, (size_t)n);
		out->bytes += (uint64_t)n;
	}
	if (n < 0)
		return sl_fail(err, SL_EIO, errno, "read");
	return sha256_final(hash, out->sha256, err);
}

int filedigest_read(struct filedigest *out, const char *path, const volatile sig_atomic_t *stop,
		    struct sl_error *err)
{
	AUTO_CLOSE int fd = root_open_named(path, false, err);
	AUTO_FREE char *shown = quote_dup(path, strlen(path));
	struct stat before, after;
	int rc;

	if (fd < 0)
		return fd;
	if (fstat(fd, &before) < 0)
		return sl_fail(err, SL_EIO, errno, "'%s'", shown != NULL ? shown : "?");
	rc = hash_all(out, fd, stop, err);
	if (rc < 0)
		return sl_wrap(err, rc, "'%s'", shown != NULL ? shown : "?");
	if (fstat(fd, &after) < 0 || !is_same(&before, &after) ||
	    out->bytes != (uint64_t)after.st_size)
		return sl_fail(err, SL_EIO, 0, "'%s' changes while it is read",
			       shown != NULL ? shown : "?");
	return 0;
}
