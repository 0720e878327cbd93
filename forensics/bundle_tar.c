/* SPDX-License-Identifier: Apache-2.0 */
#include "forensics/bundle_tar.h"

#include <errno.h>
#include <stdlib.h>

#include <archive.h>
#include <archive_entry.h>

#ifdef STRANDLINE_STATIC_ARCHIVE
/*
 * libarchive's pax writer calls this, of itself, for kinds of files that it cannot write. The
 * object it is defined in names every other format as well: with it come libxml2, ICU, nettle,
 * liblzma ..., which a static link would need and nothing would use. We only write regular files.
 */
void kind_unsupported(struct archive *a, struct archive_entry *e,
		      const char *format) __asm__("__archive_write_entry_filetype_unsupported")
	__attribute__((used));

void kind_unsupported(struct archive *a, struct archive_entry *e, const char *format)
{
	(void)e;
	archive_set_error(a, EINVAL, "%s: cannot archive this kind of file", format);
}
#endif

#define MTIME_MAX 0x7ffffffe /* libarchive makes a pax header for more */

struct bundle_tar {
	struct archive *archive;
	struct archive_entry *entry; /* reused */
	bundle_tar_write_fn write;   /* NULL: bytes go nowhere */
	void *payload;
	struct sl_error *err; /* of the call that runs */
	int failed;           /* what @write returned */
};

static la_ssize_t on_write(struct archive *a, void *payload, const void *bytes, size_t len)
{
	struct bundle_tar *t = payload;
	int rc = t->write == NULL ? 0 : t->write(t->payload, bytes, len, t->err);

	if (rc >= 0)
		return (la_ssize_t)len;
	t->failed = rc;
	archive_set_error(a, EIO, "output failed");
	return -1;
}

/* What our own output said goes before what libarchive makes of it. */
static int judge(struct bundle_tar *t, int rc, struct sl_error *err)
{
	t->err = NULL;
	if (rc == ARCHIVE_OK)
		return 0;
	if (t->failed < 0)
		return t->failed;
	return sl_fail(err, SL_EINVAL, 0, "tar: %s", archive_error_string(t->archive));
}

int bundle_tar_new(struct bundle_tar **out, bundle_tar_write_fn write, void *payload,
		   struct sl_error *err)
{
	struct bundle_tar *t = calloc(1, sizeof(*t));

	if (t == NULL)
		return sl_fail(err, SL_ENOMEM, 0, "tar");
	t->write = write;
	t->payload = payload;
	t->archive = archive_write_new();
	t->entry = archive_entry_new();
	if (t->archive == NULL || t->entry == NULL ||
	    archive_write_set_format_pax_restricted(t->archive) != ARCHIVE_OK ||
	    archive_write_set_bytes_per_block(t->archive, 0) != ARCHIVE_OK ||
	    archive_write_open(t->archive, t, NULL, on_write, NULL) != ARCHIVE_OK) {
		bundle_tar_free(t);
		return sl_fail(err, SL_ENOMEM, 0, "tar");
	}
	*out = t;
	return 0;
}

int bundle_tar_begin(struct bundle_tar *t, const char *name, uint64_t size, int64_t mtime_sec,
		     struct sl_error *err)
{
	int64_t mtime = mtime_sec < 0 ? 0 : mtime_sec > MTIME_MAX ? MTIME_MAX : mtime_sec;

	if (size > INT64_MAX)
		return sl_fail(err, SL_ELIMIT, 0, "member '%s'", name);
	archive_entry_clear(t->entry);
	archive_entry_set_pathname(t->entry, name);
	archive_entry_set_filetype(t->entry, AE_IFREG);
	archive_entry_set_perm(t->entry, 0440);
	archive_entry_set_size(t->entry, (la_int64_t)size);
	archive_entry_set_mtime(t->entry, (time_t)mtime, 0);
	t->err = err;
	return judge(t, archive_write_header(t->archive, t->entry), err);
}

int bundle_tar_data(struct bundle_tar *t, const void *bytes, size_t len, struct sl_error *err)
{
	la_ssize_t n;

	t->err = err;
	n = archive_write_data(t->archive, bytes, len);
	return judge(t, n == (la_ssize_t)len ? ARCHIVE_OK : ARCHIVE_FATAL, err);
}

int bundle_tar_end(struct bundle_tar *t, struct sl_error *err)
{
	t->err = err;
	return judge(t, archive_write_finish_entry(t->archive), err);
}

int bundle_tar_finish(struct bundle_tar *t, struct sl_error *err)
{
	t->err = err;
	return judge(t, archive_write_close(t->archive), err);
}

void bundle_tar_free(struct bundle_tar *t)
{
	if (t == NULL)
		return;
	/* freeing ends the archive, into nothing (archive_write_fail() would leak its output
	 * filter) */
	t->write = NULL;
	if (t->archive != NULL)
		(void)archive_write_free(t->archive);
	archive_entry_free(t->entry);
	free(t);
}
