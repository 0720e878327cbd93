/* SPDX-License-Identifier: Apache-2.0 */
#include "job/verify.h"

#include <fcntl.h>
#include <string.h>

#include "core/buf.h"
#include "core/cleanup.h"
#include "core/root.h"
#include "forensics/bundle_read.h"

#define SMALL_FILE_MAX (64u << 10)

int bundle_file_open(struct rfile **out, const char *path, const struct age_identities *identities,
		     struct sl_error *err)
{
	CLEANUP(rfile_closep) struct rfile *file = NULL;
	int rc;

	int fd = strcmp(path, "-") == 0 ? fcntl(STDIN_FILENO, F_DUPFD_CLOEXEC, 3)
					: open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY);

	if (fd < 0)
		return sl_fail(err, errno == ENOENT ? SL_ENOTFOUND : SL_EIO, errno, "open '%s'",
			       path);
	rc = rfile_from_fd(&file, fd, err);
	if (rc == 0)
		rc = bundle_unlock(&file, identities, err);
	if (rc < 0)
		return sl_wrap(err, rc, "'%s'", path);
	*out = take_ptr(&file);
	return 0;
}

static int read_small(const char *path, struct buf *out, struct sl_error *err)
{
	return path == NULL ? 0 : root_read_named(path, out, err);
}

int verify_status(const struct verify_request *request, enum sl_verdict verdict, bool is_anchored)
{
	if (verdict == SL_VERDICT_BROKEN)
		return 1;
	if (request->require == REQUIRE_ANCHORED && verdict != SL_VERDICT_ANCHORED)
		return 1;
	if (request->require == REQUIRE_SIGNED && verdict != SL_VERDICT_ANCHORED &&
	    verdict != SL_VERDICT_SIGNED)
		return 1;
	if (verdict == SL_VERDICT_INCOMPLETE || verdict == SL_VERDICT_UNSIGNED)
		return 3;
	return is_anchored || request->allow_unanchored ? 0 : 3;
}

int job_verify(const struct verify_request *request, struct sl_verify_result *out, int *status,
	       struct sl_error *err)
{
	struct buf key = BUF_INIT(SMALL_FILE_MAX), note = BUF_INIT(SMALL_FILE_MAX);
	struct sl_verify_options options = {.fingerprint = request->fingerprint,
					    .threads = request->threads};
	int rc = read_small(request->key_file, &key, err);

	if (rc == 0)
		rc = read_small(request->note_file, &note, err);
	if (rc == 0) {
		CLEANUP(rfile_closep) struct rfile *file = NULL;

		options.key_pem = key.data;
		options.note = note.data;
		options.note_len = note.len;
		rc = bundle_file_open(&file, request->bundle, request->identities, err);
		if (rc == 0)
			rc = bundle_verify(file, &options, out, err);
	}
	if (rc == 0)
		*status = verify_status(request, out->verdict,
					out->anchored_fingerprint || out->anchored_key ||
						out->anchored_note);
	buf_clear(&key);
	buf_clear(&note);
	return rc < 0 ? rc : 0;
}
