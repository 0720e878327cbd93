/* SPDX-License-Identifier: Apache-2.0 */
#include "job/item.h"

#include <errno.h>

#include "core/cleanup.h"
#include "core/root.h"
#include "forensics/bundle_read.h"
#include "forensics/inventory.h"

#define SMALL_FILE_MAX (64u << 10)

enum { READ_BYTES = 1 << 16 };

static int begin(const struct verify_request *r, const struct buf *proof, struct item *out,
		 struct sl_error *err)
{
	CLEANUP(buf_clear) struct buf key = BUF_INIT(SMALL_FILE_MAX);
	CLEANUP(buf_clear) struct buf note = BUF_INIT(SMALL_FILE_MAX);
	struct sl_verify_options options = {.fingerprint = r->fingerprint};
	int rc = r->key_file == NULL ? 0 : root_read_named(r->key_file, &key, err);

	if (rc == 0 && r->note_file != NULL)
		rc = root_read_named(r->note_file, &note, err);
	if (rc < 0)
		return rc;
	options.key_pem = key.data;
	options.note = note.data;
	options.note_len = note.len;
	return item_begin(out, proof->data, proof->len, &options, err);
}

static int end(const struct verify_request *r, struct item *item, int *status, struct sl_error *err)
{
	bool is_anchored = item->anchored_fingerprint || item->anchored_key || item->anchored_note;
	int rc = item_end(item, err);

	*status = verify_status(r, item->verdict, is_anchored);
	return rc;
}

static int read_content(struct item *item, int fd, const char *name, struct sl_error *err)
{
	char bytes[READ_BYTES];
	ssize_t n;

	while ((n = read(fd, bytes, sizeof(bytes))) != 0) {
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return sl_fail(err, SL_EIO, errno, "read '%s'", name);
		item_data(item, bytes, (size_t)n);
	}
	return 0;
}

int job_verify_item(const struct verify_request *request, const char *file, const char *proof,
		    struct item *out, int *status, struct sl_error *err)
{
	CLEANUP(buf_clear) struct buf text = BUF_INIT(ITEMPROOF_MAX_BYTES);
	AUTO_CLOSE int fd = root_open_named(file, true, err);
	int rc = fd < 0 ? fd : root_read_named(proof, &text, err);

	*out = (struct item){0};
	if (rc == 0)
		rc = begin(request, &text, out, err);
	if (rc == 0)
		rc = read_content(out, fd, file, err);
	return rc < 0 ? rc : end(request, out, status, err);
}

static int take(void *payload, const uint8_t *bytes, size_t len, struct sl_error *err)
{
	(void)err;
	item_data(payload, bytes, len);
	return 0;
}

int job_verify_inside(const struct verify_request *request, const char *path, struct item *out,
		      int *status, struct sl_error *err)
{
	CLEANUP(rfile_closep) struct rfile *bundle = NULL;
	CLEANUP(buf_clear) struct buf text = BUF_INIT(ITEMPROOF_MAX_BYTES);
	uint64_t seq;
	int rc =
		bundle_file_open(&bundle, request->bundle, request->identities, request->stop, err);

	*out = (struct item){0};
	if (rc == 0)
		rc = rfile_needs_twice(bundle, err);
	if (rc < 0)
		return rc;
	rc = inventory_find(bundle, path, NULL, 0, &seq, err);
	if (rc == 0)
		rc = itemproof_write(bundle, seq, &text, err);
	if (rc < 0)
		return sl_wrap(err, rc, "'%s'", path);
	rc = begin(request, &text, out, err);
	if (rc == 0 && out->verdict != SL_VERDICT_BROKEN)
		rc = bundle_extract_each(bundle, seq, take, out, err);
	/* what does not match its record is a verdict here, and item_end() has it */
	if (rc == -SL_EUNTRUSTED) {
		sl_error_clear(err);
		rc = 0;
	}
	return rc < 0 ? rc : end(request, out, status, err);
}

void job_item_line(struct buf *out, const struct item *item)
{
	struct sl_bundle_record record = {.seq = item->seq,
					  .type = "file",
					  .line = item->line.data,
					  .len = item->line.len - 1,
					  .attested = true};

	(void)inventory_line(out, &record, NULL);
}
