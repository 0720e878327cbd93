/* SPDX-License-Identifier: Apache-2.0 */
#include "job/verify.h"

#include <fcntl.h>
#include <string.h>

#include "core/buf.h"
#include "core/cleanup.h"
#include "core/root.h"
#include "forensics/bundle_read.h"

#define SMALL_FILE_MAX (64u << 10)
#define CA_FILE_MAX (4u << 20)

int bundle_file_open(struct rfile **out, const char *path, const struct age_identities *identities,
		     const volatile sig_atomic_t *stop, struct sl_error *err)
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
		file->stop = stop;
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

static bool is_anchored(const struct sl_verify_result *r)
{
	return r->anchored_fingerprint || r->anchored_key || r->anchored_note || r->anchored_stamp;
}

/* The files that the user named, as texts. */
struct anchor_files {
	struct buf key, note, ca;
};

static int read_anchors(struct anchor_files *a, const struct verify_request *request,
			struct sl_verify_options *options, struct sl_error *err)
{
	int rc = read_small(request->key_file, &a->key, err);

	if (rc == 0)
		rc = read_small(request->note_file, &a->note, err);
	if (rc == 0)
		rc = read_small(request->ca_file, &a->ca, err);
	options->key_pem = a->key.data;
	options->note = a->note.data;
	options->note_len = a->note.len;
	options->ca_pem = a->ca.data;
	if (rc == 0 && request->ca_file != NULL && a->ca.len == 0)
		rc = sl_fail(err, SL_EINVAL, 0, "'%s' is empty", request->ca_file);
	return rc;
}

static void clear_anchors(struct anchor_files *a)
{
	buf_clear(&a->key);
	buf_clear(&a->note);
	buf_clear(&a->ca);
}

int job_verify(const struct verify_request *request, struct sl_verify_result *out,
	       struct beside *beside, int *status, struct sl_error *err)
{
	CLEANUP(clear_anchors)
	struct anchor_files files = {.key = BUF_INIT(SMALL_FILE_MAX),
				     .note = BUF_INIT(SMALL_FILE_MAX),
				     .ca = BUF_INIT(CA_FILE_MAX)};
	struct sl_verify_options options = {.fingerprint = request->fingerprint,
					    .threads = request->threads};
	int rc = read_anchors(&files, request, &options, err);

	if (beside != NULL)
		*beside = (struct beside){.at.dir_fd = -1};
	if (rc == 0 && beside != NULL)
		rc = beside_open(beside, request->bundle, request->sidecars, err);
	if (rc == 0) {
		CLEANUP(rfile_closep) struct rfile *file = NULL;

		if (beside != NULL) {
			options.tokens = beside->token_list;
			options.token_count = beside->token_count;
		}
		rc = bundle_file_open(&file, request->bundle, request->identities, request->stop,
				      err);
		if (rc == 0)
			rc = bundle_verify(file, &options, out, err);
	}
	if (rc == 0 && beside != NULL)
		rc = beside_judge(beside, request->bundle, out, request->stop, err);
	if (rc == 0)
		*status = beside != NULL && beside->contradicts
				  ? 1
				  : verify_status(request, out->verdict, is_anchored(out));
	return rc < 0 ? rc : 0;
}
