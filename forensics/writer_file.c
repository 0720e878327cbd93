/* SPDX-License-Identifier: Apache-2.0 */
/* sl_bundle_add_file(): one object becomes a record, and perhaps members. */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "core/cleanup.h"
#include "core/digest.h"
#include "core/encode.h"

#include "forensics/bundle_name.h"
#include "forensics/bundle_writer.h"

/* What a `file` record needs beside `src` and the caller's members. */
#define RECORD_OVERHEAD_BYTES (4u << 10)
#define SRC_MAX_BYTES (4u << 20)
#define MEMBERS_MAX_BYTES (SL_BUNDLE_LINE_BYTES - RECORD_OVERHEAD_BYTES)

/* One file on its way into the bundle. */
struct adding {
	struct sl_bundle_writer *w;
	const struct sl_bundle_file *file;
	struct buf path, src;
	bool is_wide;     /* src is a member of its own */
	bool lost_xattrs; /* there were too many of them even for that */
	struct writer_stored src_stored;
	char src_member[64];
	struct payload_result payload;
};

static int prepare(struct adding *a, struct sl_error *err)
{
	const char *members = a->file->members;
	size_t members_len = members != NULL ? strlen(members) : 0;
	int rc;

	if (a->file->role == NULL || a->file->role[0] == '\0' || a->file->target > a->w->targets)
		return sl_fail(err, SL_EINVAL, 0, "file without a role or a target");
	if (members_len > MEMBERS_MAX_BYTES)
		return sl_fail(err, SL_ELIMIT, 0, "members of a file record: more than %u bytes",
			       MEMBERS_MAX_BYTES);
	if (file_path(&a->path, a->file->entry) < 0)
		return sl_fail(err, SL_ENOMEM, 0, "path");
	rc = file_src(&a->src, a->file->entry, true);
	if (rc == -SL_ELIMIT) {
		buf_reset(&a->src);
		a->lost_xattrs = true;
		rc = file_src(&a->src, a->file->entry, false);
	}
	if (rc < 0)
		return sl_fail(err, (enum sl_code) - rc, 0, "attributes of a file");
	a->is_wide = a->src.len + members_len + RECORD_OVERHEAD_BYTES > SL_BUNDLE_LINE_BYTES;
	return 0;
}

/* The `src` object as a member of the record that comes next. */
static int store_src(struct adding *a, struct sl_error *err)
{
	struct sl_bundle_writer *w = a->w;
	int rc;

	(void)snprintf(a->src_member, sizeof(a->src_member), "d/%08" PRIu64 "/%s",
		       w->journal.tree.size, BUNDLE_ATTRIBUTES);
	a->src_stored.member = a->src_member;
	a->src_stored.bytes = a->src.len;
	rc = sha256_once(a->src.data, a->src.len, a->src_stored.sha256, err);
	if (rc == 0)
		rc = out_member(&w->out, a->src_member, a->src.data, a->src.len,
				a->file->entry->mtime.sec, err);
	if (rc == 0) {
		w->payloads++;
		w->payload_bytes += a->src.len;
	}
	return writer_broken(w, rc);
}

static int src_members(struct adding *a, struct jout *j, struct sl_error *err)
{
	uint8_t digest[SL_SHA256_SIZE];
	int rc;

	jout_key(j, "src");
	if (!a->is_wide) {
		jout_raw(j, a->src.data, a->src.len);
		return 0;
	}
	rc = sha256_once(a->path.data, a->path.len, digest, err);
	jout_object(j);
	jout_key_hex(j, "path_sha256", digest, sizeof(digest));
	jout_object_end(j);
	file_stored(j, "attributes", &a->src_stored);
	return rc;
}

static void read_members(struct jout *j, const struct sl_read *read)
{
	jout_key(j, "read");
	jout_object(j);
	jout_key_u64(j, "bytes", read->bytes);
	jout_key_bool(j, "changed", read->changed);
	jout_key_bool(j, "short", read->is_short);
	if (read->sys != 0) {
		jout_key(j, "errno");
		jout_i64(j, read->sys);
	}
	jout_object_end(j);
}

static void stored_members(struct jout *j, const struct payload_result *p)
{
	if (p->parts > 0 || (p->is_sparse && p->read.bytes > 0)) {
		jout_key(j, "stored");
		jout_object(j);
		jout_key_u64(j, "parts", p->parts);
		if (p->parts > 0)
			jout_key_u64(j, "of", p->first_part);
		jout_key_u64(j, "bytes", p->stored.bytes);
		if (p->is_sparse)
			jout_key_u64(j, "size", p->read.bytes);
		jout_object_end(j);
	} else if (p->member.len > 0) {
		file_stored(j, "stored", &p->stored);
	} else {
		jout_key(j, "stored");
		jout_null(j);
	}
}

static void hash_member(struct jout *j, const uint8_t sha256[SL_SHA256_SIZE])
{
	jout_key(j, "hash");
	jout_object(j);
	jout_key_hex(j, "sha256", sha256, SL_SHA256_SIZE);
	jout_object_end(j);
}

static int append_record(struct adding *a, struct sl_error *err)
{
	struct buf text = BUF_INIT(SL_BUNDLE_LINE_BYTES);
	const struct sl_entry *e = a->file->entry;
	struct jout j;
	int rc;

	jout_begin(&j, &text);
	jout_object(&j);
	jout_key_str(&j, "role", a->file->role);
	rc = src_members(a, &j, err);
	if (a->file->content != NULL)
		read_members(&j, &a->payload.read);
	stored_members(&j, &a->payload);
	if (a->payload.has_sha256)
		hash_member(&j, a->payload.sha256);
	else if (a->file->content == NULL && (e->fields & SL_ENTRY_SHA256) != 0)
		hash_member(&j, e->sha256);
	if (a->file->members != NULL && a->file->members[0] != '\0') {
		(void)buf_append_char(&text, ',');
		(void)buf_append_str(&text, a->file->members);
	}
	if (rc == 0 && text.status < 0)
		rc = sl_fail(err, (enum sl_code) - text.status, 0, "file record");
	if (rc == 0)
		rc = segment_append(a->w, "file", a->file->target, text.data + 1, err);
	buf_clear(&text);
	/* members without their record would break the bundle */
	return a->payload.member.len > 0 || a->is_wide ? writer_broken(a->w, rc) : rc;
}

/* "HASH SEQ FRAME OFFSET". The index is a convenience: losing a line of it loses no evidence. */
static void index_line(struct adding *a, uint64_t seq)
{
	struct sl_bundle_writer *w = a->w;
	uint8_t digest[SL_SHA256_SIZE];
	char target[16], hash[17], line[128];
	int n = snprintf(target, sizeof(target), "%" PRIu32, a->file->target);

	sha256_reset(w->part_hash);
	sha256_update(w->part_hash, a->file->role, strlen(a->file->role) + 1);
	sha256_update(w->part_hash, target, (size_t)n + 1);
	sha256_update(w->part_hash, a->path.data, a->path.len);
	if (sha256_final(w->part_hash, digest, NULL) < 0)
		return;
	hex_encode(hash, digest, 8);
	n = snprintf(line, sizeof(line), "%s %" PRIu64 " %" PRIu64 " %" PRIu64 "\n", hash, seq,
		     a->payload.at.frame, a->payload.at.offset);
	(void)spool_append(&w->index, line, (size_t)n, NULL);
}

/* What the record alone does not say loudly enough. */
static int add_gaps(struct adding *a, struct sl_error *err)
{
	struct sl_gap gap = {.what = a->file->entry->path, .is_path = true};
	int rc = 0;

	if (a->payload.limited && a->payload.read.bytes == a->file->max_bytes) {
		gap.why = "larger than the limit: what lies behind it was not taken";
		rc = sl_bundle_gap(a->w, a->file->target, &gap, err);
	}
	if (rc == 0 && a->lost_xattrs) {
		gap.why = "extended attributes too large: not taken";
		rc = sl_bundle_gap(a->w, a->file->target, &gap, err);
	}
	return rc;
}

static int add(struct adding *a, struct sl_bundle_stored *out, struct sl_error *err)
{
	struct sl_bundle_writer *w = a->w;
	uint64_t beside = a->is_wide ? a->src.len : 0;
	uint64_t room = beside + OUT_MEMBER_OVERHEAD + 2 * (uint64_t)SL_BUNDLE_LINE_BYTES;
	int rc = 0;

	if (a->file->content != NULL)
		rc = payload_store(w, a->file, &a->path, beside, &a->payload, err);
	if (rc < 0)
		return rc;
	/* a single member stands in the segment of its record; so do the attributes */
	if (a->payload.parts > 0 || a->payload.member.len == 0)
		rc = segment_take(w, beside, err);
	if (rc == 0 && (a->payload.parts > 0 || a->payload.member.len == 0))
		rc = segment_reserve(w, room, a->payload.no_space != 0 ? TIER_GAP : TIER_RECORD,
				     err);
	if (rc == 0 && a->is_wide)
		rc = store_src(a, err);
	if (rc == 0)
		rc = append_record(a, err);
	if (rc < 0)
		return rc;
	out->seq = w->journal.tree.size - 1;
	if (a->payload.member.len > 0)
		index_line(a, out->seq);
	rc = add_gaps(a, err);
	if (rc == 0)
		rc = segment_tick(w, err);
	if (rc == 0 && a->payload.no_space != 0)
		rc = sl_fail(err, SL_EIO, ENOSPC, "the bundle cannot grow");
	return rc;
}

static void give_result(const struct adding *a, struct sl_bundle_stored *out)
{
	const struct sl_entry *e = a->file->entry;

	out->read = a->payload.read;
	out->payload_bytes = a->payload.stored.bytes;
	out->has_sha256 = a->payload.has_sha256;
	if (out->has_sha256) {
		memcpy(out->sha256, a->payload.sha256, sizeof(out->sha256));
	} else if (a->file->content == NULL && (e->fields & SL_ENTRY_SHA256) != 0) {
		memcpy(out->sha256, e->sha256, sizeof(out->sha256));
		out->has_sha256 = true;
	}
}

int sl_bundle_add_file(struct sl_bundle_writer *w, const struct sl_bundle_file *file,
		       struct sl_bundle_stored *out, struct sl_error *err)
{
	struct sl_bundle_stored local;
	struct adding a = {.w = w,
			   .file = file,
			   .path = BUF_INIT(SIZE_MAX / 16),
			   .src = BUF_INIT(SRC_MAX_BYTES)};
	int rc = writer_ready(w, err);

	out = out != NULL ? out : &local;
	*out = (struct sl_bundle_stored){0};
	if (rc == 0)
		rc = prepare(&a, err);
	if (rc == 0)
		rc = add(&a, out, err);
	give_result(&a, out);
	payload_clear(&a.payload);
	buf_clear(&a.path);
	buf_clear(&a.src);
	sl_content_close(file->content);
	return rc;
}
