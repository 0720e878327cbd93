/* SPDX-License-Identifier: Apache-2.0 */
#include "job/evidence.h"

#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "core/cleanup.h"
#include "core/ostream.h"
#include "forensics/bundle_read.h"
#include "forensics/inventory.h"
#include "forensics/itemproof.h"
#include "forensics/timeline.h"
#include "job/redact.h"
#include "job/verify.h"

#define LINE_MAX_BYTES ((size_t)1 << 20)
#define NAME_MAX_BYTES 200

static bool is_wanted(const char *type, const char *const *types, size_t count)
{
	for (size_t i = 0; i < count; i++)
		if (strcmp(type, types[i]) == 0)
			return true;
	return count == 0;
}

/* @masked: memory for a masked copy, or NULL to show the record as it is. */
static int show_record(const struct sl_bundle_record *record, struct buf *masked,
		       evidence_record_fn each, void *payload, struct sl_error *err)
{
	CLEANUP(buf_clear) struct buf line = BUF_INIT(LINE_MAX_BYTES);
	struct sl_bundle_record shown = *record;
	int rc = 0;

	if (masked != NULL) {
		buf_reset(masked);
		rc = redact_record(masked, record->line, record->len, err);
		shown.line = masked->data;
		shown.len = masked->len;
	}
	if (rc == 0)
		rc = inventory_line(&line, &shown, err);
	return rc < 0 ? rc : each(payload, &shown, line.data, err);
}

int job_show(const char *bundle, const struct age_identities *identities,
	     const volatile sig_atomic_t *stop, const char *const *types, size_t type_count,
	     bool redact, evidence_record_fn each, void *payload, uint64_t *unattested,
	     struct sl_error *err)
{
	CLEANUP(buf_clear) struct buf masked = BUF_INIT(REDACT_GROWTH_MAX);
	const struct sl_bundle_record *record;
	struct sl_bundle_reader *reader = NULL;
	CLEANUP(rfile_closep) struct rfile *file = NULL;
	int rc = bundle_file_open(&file, bundle, identities, stop, err);

	if (rc == 0)
		rc = bundle_reader_open(&reader, file, err);
	*unattested = 0;
	while (rc == 0) {
		rc = sl_bundle_next(reader, &record, err);
		if (rc != 0)
			break;
		*unattested += !record->attested;
		if (!is_wanted(record->type, types, type_count))
			continue;
		rc = show_record(record, redact ? &masked : NULL, each, payload, err);
	}
	sl_bundle_reader_free(reader);
	return rc < 0 ? rc : 0;
}

/* "00000017-usr_bin_evil": nothing of the evidence becomes a directory or a special name. */
static void item_name(char out[NAME_MAX_BYTES + 32], uint64_t seq, const char *path)
{
	size_t len = (size_t)snprintf(out, 32, "%08" PRIu64 "-", seq);

	for (; *path == '/'; path++)
		;
	for (; *path != '\0' && len < NAME_MAX_BYTES; path++) {
		bool plain = (*path >= 'a' && *path <= 'z') || (*path >= 'A' && *path <= 'Z') ||
			     (*path >= '0' && *path <= '9') || strchr("._-", *path) != NULL;

		if (plain)
			out[len++] = *path;
		else if (*path == '/')
			out[len++] = '_';
		else
			len += (size_t)snprintf(out + len, 4, "%%%02X",
						(unsigned int)(unsigned char)*path);
	}
	out[len] = '\0';
}

static int create(int dir_fd, const char *name, struct sl_error *err)
{
	int fd = openat(dir_fd, name, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600);

	return fd < 0 ? sl_fail(err, SL_EIO, errno, "create '%s'", name) : fd;
}

static int write_proof(struct rfile *bundle, uint64_t seq, int dir_fd, const char *path,
		       struct sl_error *err)
{
	CLEANUP(buf_clear) struct buf proof = BUF_INIT(ITEMPROOF_MAX_BYTES);
	struct ostream *to = NULL;
	int rc = itemproof_write(bundle, seq, &proof, err);

	if (rc == 0)
		rc = create(dir_fd, path, err);
	if (rc < 0)
		return rc;
	rc = ostream_to_fd(&to, rc, err);
	if (rc == 0)
		rc = ostream_write(to, proof.data, proof.len, err);
	if (rc == 0)
		rc = ostream_finish(to, err);
	ostream_close(to);
	if (rc < 0)
		(void)unlinkat(dir_fd, path, 0);
	return rc;
}

static int copy_item(const struct extract_request *r, struct rfile *bundle, uint64_t seq, int fd,
		     struct sl_error *err)
{
	return r->redact ? redact_item(bundle, seq, fd, err) : bundle_extract(bundle, seq, fd, err);
}

static int extract_to(const struct extract_request *r, struct rfile *bundle, uint64_t seq,
		      int dir_fd, const char *name, struct sl_error *err)
{
	AUTO_CLOSE int fd = create(dir_fd, name, err);
	int rc;

	if (fd < 0)
		return fd;
	rc = copy_item(r, bundle, seq, fd, err);
	if (rc < 0)
		(void)unlinkat(dir_fd, name, 0);
	return rc;
}

/* The proof comes first: an item that lies there without one would be taken for proven. */
static int extract_proven(const struct extract_request *r, struct rfile *bundle, uint64_t seq,
			  int dir_fd, const char *name, struct sl_error *err)
{
	AUTO_FREE char *path = NULL;
	int rc;

	if (!r->prove)
		return extract_to(r, bundle, seq, dir_fd, name, err);
	if (asprintf(&path, "%s" ITEMPROOF_SUFFIX, name) < 0) {
		path = NULL;
		return sl_fail(err, SL_ENOMEM, 0, "proof");
	}
	rc = write_proof(bundle, seq, dir_fd, path, err);
	if (rc < 0)
		return rc;
	rc = extract_to(r, bundle, seq, dir_fd, name, err);
	if (rc < 0)
		(void)unlinkat(dir_fd, path, 0);
	return rc;
}

static int extract_one(const struct extract_request *r, struct rfile *file, uint64_t seq,
		       struct sl_error *err)
{
	int rc = 0;

	if (strcmp(r->output, "-") == 0)
		rc = copy_item(r, file, seq, STDOUT_FILENO, err);
	else
		rc = extract_proven(r, file, seq, AT_FDCWD, r->output, err);
	if (rc == 0 && r->extracted != NULL)
		r->extracted(r->payload, seq, r->output);
	return rc;
}

static int extract_many(const struct extract_request *r, struct rfile *file, uint32_t target,
			struct sl_error *err)
{
	AUTO_CLOSE int dir = open(r->output, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	int rc = 0;

	if (dir < 0)
		return sl_fail(err, SL_EIO, errno, "open directory '%s'", r->output);
	for (size_t i = 0; rc == 0 && i < r->path_count; i++) {
		char name[NAME_MAX_BYTES + 32];
		uint64_t seq = 0;

		rc = inventory_find(file, r->paths[i], NULL, target, &seq, err);
		if (rc < 0)
			return sl_wrap(err, rc, "'%s'", r->paths[i]);
		item_name(name, seq, r->paths[i]);
		rc = extract_proven(r, file, seq, dir, name, err);
		if (rc == 0 && r->extracted != NULL)
			r->extracted(r->payload, seq, name);
	}
	return rc;
}

int job_extract(const struct extract_request *request, struct sl_error *err)
{
	CLEANUP(rfile_closep) struct rfile *file = NULL;
	uint64_t seq = request->seq;
	uint32_t target = 0;
	int rc = bundle_file_open(&file, request->bundle, request->identities, request->stop, err);

	if (rc == 0)
		rc = rfile_needs_twice(file, err);
	if (rc == 0 && request->target != NULL)
		rc = inventory_target(file, request->target, &target, err);
	if (rc < 0)
		return rc;
	if (request->by_seq)
		return extract_one(request, file, seq, err);
	if (request->path_count > 1)
		return extract_many(request, file, target, err);
	rc = inventory_find(file, request->paths[0], NULL, target, &seq, err);
	if (rc < 0)
		return sl_wrap(err, rc, "'%s'", request->paths[0]);
	return extract_one(request, file, seq, err);
}

int job_timeline(const char *const *bundles, size_t count, const struct age_identities *identities,
		 const volatile sig_atomic_t *stop, struct sl_event_sink *sink,
		 struct sl_error *err)
{
	AUTO_FREE struct rfile **files = calloc(count, sizeof(struct rfile *));
	size_t opened = 0;
	int rc = 0;

	if (files == NULL)
		return sl_fail(err, SL_ENOMEM, 0, "timeline");
	while (rc == 0 && opened < count) {
		rc = bundle_file_open(&files[opened], bundles[opened], identities, stop, err);
		if (rc == 0)
			opened++;
	}
	if (rc == 0)
		rc = timeline_run(files, count, sink, err);
	while (opened > 0)
		rfile_close(files[--opened]);
	return rc < 0 ? rc : 0;
}
