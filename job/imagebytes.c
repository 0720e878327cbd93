/* SPDX-License-Identifier: Apache-2.0 */
#include "job/imagebytes.h"

#include <string.h>
#include <sys/stat.h>

#include "core/cleanup.h"
#include "core/digest.h"
#include "snapshot/content.h"

static void sha256_cleanup(struct sha256 **h)
{
	sha256_free(*h);
}

static void content_cleanup(struct sl_content **c)
{
	sl_content_close(*c);
}

static int hash(struct sl_content *content, uint8_t out[SL_SHA256_SIZE], struct sl_error *err)
{
	CLEANUP(sha256_cleanup) struct sha256 *h = NULL;
	struct sl_read read = {0};
	struct digest_tap tap;
	struct sl_tap *taps[] = {&tap.tap};
	int rc = sha256_new(&h, err);

	if (rc < 0)
		return rc;
	digest_tap_init(&tap, h, NULL);
	rc = sl_content_read(content, taps, ARRAY_SIZE(taps), &read, err);
	if (rc < 0)
		return rc;
	if (read.sys != 0 || read.is_short || read.changed)
		return sl_fail(err, SL_EIO, read.sys, "read a program");
	return sha256_final(h, out, err);
}

static int hash_fd(int fd, uint8_t out[SL_SHA256_SIZE], struct sl_error *err)
{
	CLEANUP(content_cleanup) struct sl_content *content = NULL;
	int rc = content_open(&content, fd, err);

	return rc < 0 ? rc : hash(content, out, err);
}

/* Of the entry last returned. 1: the source holds no bytes. */
static int hash_entry(struct sl_source *view, const struct sl_entry *e, uint8_t out[SL_SHA256_SIZE],
		      struct sl_error *err)
{
	CLEANUP(content_cleanup) struct sl_content *content = NULL;
	int rc;

	if ((e->fields & SL_ENTRY_SHA256) != 0) {
		memcpy(out, e->sha256, SL_SHA256_SIZE);
		return 0;
	}
	rc = sl_source_open(view, &content, err);
	return rc != 0 ? rc : hash(content, out, err);
}

static int find_entry(struct imagebytes *b, struct sl_bytes path, const struct sl_entry **out,
		      struct sl_error *err)
{
	int rc = b->view == NULL ? comparison_before(b->comparison, &b->view, err) : 0;

	if (rc == 0)
		rc = sl_source_seek(b->view, path, err);
	if (rc == 0)
		rc = sl_source_next(b->view, out, err);
	if (rc == 0 &&
	    ((*out)->path.len != path.len || memcmp((*out)->path.data, path.data, path.len) != 0))
		rc = 1;
	return rc;
}

int imagebytes_same(struct imagebytes *b, const char *path, int fd, bool *same,
		    struct sl_error *err)
{
	const char *relative = path + strspn(path, "/");
	uint8_t before[SL_SHA256_SIZE], after[SL_SHA256_SIZE];
	const struct sl_entry *e;
	struct stat st;
	int rc;

	*same = false;
	if (fstat(fd, &st) < 0)
		return sl_fail(err, SL_EIO, errno, "look at a program");
	rc = find_entry(b, (struct sl_bytes){relative, strlen(relative)}, &e, err);
	if (rc != 0)
		return rc < 0 ? rc : 0;
	if (!S_ISREG(e->mode) || !S_ISREG(st.st_mode) || e->size != (uint64_t)st.st_size)
		return 0;
	rc = hash_entry(b->view, e, before, err);
	if (rc == 0)
		rc = hash_fd(fd, after, err);
	if (rc == 0)
		*same = memcmp(before, after, SL_SHA256_SIZE) == 0;
	return rc < 0 ? rc : 0;
}

bool imagebytes_has(struct imagebytes *b, const char *path, mode_t type)
{
	const char *relative = path + strspn(path, "/");
	size_t len = strlen(relative);
	const struct sl_entry *e;

	while (len > 0 && relative[len - 1] == '/')
		len--;
	if (len == 0)
		return S_ISDIR(type);
	return find_entry(b, (struct sl_bytes){relative, len}, &e, NULL) == 0 &&
	       (e->mode & S_IFMT) == type;
}

int imagebytes_equal(int a, int b, bool *same, struct sl_error *err)
{
	uint8_t first[SL_SHA256_SIZE], second[SL_SHA256_SIZE];
	struct stat x, y;
	int rc;

	*same = false;
	if (fstat(a, &x) < 0 || fstat(b, &y) < 0 || x.st_size != y.st_size)
		return 0;
	rc = hash_fd(a, first, err);
	if (rc == 0)
		rc = hash_fd(b, second, err);
	if (rc == 0)
		*same = memcmp(first, second, SL_SHA256_SIZE) == 0;
	return rc;
}

void imagebytes_clear(struct imagebytes *b)
{
	sl_source_close(b->view);
	b->view = NULL;
}
