/* SPDX-License-Identifier: Apache-2.0 */
#include "forensics/bundleindex.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "core/cleanup.h"
#include "core/digest.h"
#include "core/rview.h"
#include "forensics/members.h"
#include "forensics/record.h"
#include "forensics/segment.h"

static const char first_line[] = "strandline-index 1\n";

enum {
	HASH_DIGITS = 16,
	/* Frames of the tail that are looked at for the beginning of the index. */
	TAIL_FRAMES = BUNDLEINDEX_MAX_BYTES / (4u << 20) + 4,
};

static int open_at(struct members **out, struct rview *view, const struct bundleindex *ix,
		   uint64_t frame, uint64_t offset, struct sl_error *err)
{
	rview_init(view, ix->file, ix->seek.offsets[frame]);
	return members_open_at(out, &view->file, offset, 0, err);
}

/* Append the current member's content. 1 when it is longer than that, or cut. */
static int read_member(struct members *m, uint64_t size, struct buf *out, struct sl_error *err)
{
	const uint8_t *bytes;
	size_t len;
	int rc;

	if (size > out->max)
		return 1;
	while ((rc = members_data(m, &bytes, &len, err)) == 0)
		if (buf_append(out, bytes, len) == -SL_ENOMEM)
			return sl_fail(err, SL_ENOMEM, 0, "bundle");
	return rc < 0 ? rc : out->len == size ? 0 : 1;
}

/* Does the index begin with this frame? Then all of it. 1 when not. */
static int try_index(struct bundleindex *ix, uint64_t frame, struct sl_error *err)
{
	const struct member *m;
	struct members *members;
	struct rview view;
	int rc = open_at(&members, &view, ix, frame, 0, err);

	if (rc < 0)
		return rc;
	rc = members_next(members, &m, err);
	if (rc == 0)
		rc = m->name.kind == MEMBER_INDEX ? read_member(members, m->size, &ix->text, err)
						  : 1;
	members_close(members);
	return rc;
}

int bundleindex_read(struct bundleindex *ix, struct rfile *file, struct sl_error *err)
{
	size_t first = strlen(first_line);
	int rc;

	*ix = (struct bundleindex){.file = file, .text = BUF_INIT(BUNDLEINDEX_MAX_BYTES)};
	rc = zseek_read(&ix->seek, file, err);
	if (rc != 0)
		return rc;
	rc = 1;
	for (size_t i = 0; rc != 0 && i < TAIL_FRAMES && i < ix->seek.count; i++) {
		/* a frame of the middle is no member's beginning: that is no reason to fail */
		rc = try_index(ix, ix->seek.count - 1 - i, NULL);
		if (rc == -SL_ENOMEM)
			return sl_fail(err, SL_ENOMEM, 0, "index");
	}
	if (rc != 0 || ix->text.len < first || memcmp(ix->text.data, first_line, first) != 0)
		return 1;
	return 0;
}

void bundleindex_clear(struct bundleindex *ix)
{
	zseek_clear(&ix->seek);
	buf_clear(&ix->text);
}

static bool number(const char **p, const char *end, char behind, uint64_t *out)
{
	const char *start = *p;

	*out = 0;
	while (*p < end && **p >= '0' && **p <= '9' && *p - start < 19)
		*out = *out * 10 + (uint64_t)(*(*p)++ - '0');
	if (*p == start || (*p - start > 1 && *start == '0'))
		return false;
	if (behind == '\0')
		return *p == end;
	return *p < end && *(*p)++ == behind;
}

int bundleindex_line(struct bundleplace *out, const char *line, size_t len)
{
	const char *p = line, *end = line + len;

	out->hash = 0;
	if (len <= HASH_DIGITS || line[HASH_DIGITS] != ' ')
		return -SL_EFORMAT;
	for (; p < line + HASH_DIGITS; p++) {
		if ((*p < '0' || *p > '9') && (*p < 'a' || *p > 'f'))
			return -SL_EFORMAT;
		out->hash = out->hash << 4 | (uint64_t)(*p <= '9' ? *p - '0' : *p - 'a' + 10);
	}
	p++;
	return number(&p, end, ' ', &out->seq) && number(&p, end, ' ', &out->frame) &&
			       number(&p, end, '\0', &out->offset)
		       ? 0
		       : -SL_EFORMAT;
}

/* The next line that can be read, and leads to a frame that there is. 1 at the end. */
static int next_place(const struct bundleindex *ix, size_t *pos, struct bundleplace *out)
{
	while (*pos < ix->text.len) {
		const char *line = ix->text.data + *pos;
		const char *feed = memchr(line, '\n', ix->text.len - *pos);
		size_t len = feed == NULL ? ix->text.len - *pos : (size_t)(feed - line);

		*pos += len + 1;
		if (feed != NULL && bundleindex_line(out, line, len) == 0 &&
		    out->frame < ix->seek.count)
			return 0;
	}
	return 1;
}

int bundleindex_find_seq(const struct bundleindex *ix, uint64_t seq, struct bundleplace *out)
{
	size_t pos = strlen(first_line);

	while (next_place(ix, &pos, out) == 0)
		if (out->seq == seq)
			return 0;
	return 1;
}

static int place_hash(uint64_t *out, const char *role, unsigned int target, struct sl_bytes path,
		      struct sha256 *hash, struct sl_error *err)
{
	uint8_t digest[SL_SHA256_SIZE];
	char text[16];
	int n = snprintf(text, sizeof(text), "%u", target), rc;

	sha256_reset(hash);
	sha256_update(hash, role, strlen(role) + 1);
	sha256_update(hash, text, (size_t)n + 1);
	sha256_update(hash, path.data, path.len);
	rc = sha256_final(hash, digest, err);
	*out = 0;
	for (size_t i = 0; i < 8; i++)
		*out = *out << 8 | digest[i];
	return rc;
}

int bundleindex_find_path(const struct bundleindex *ix, const char *role, uint32_t target,
			  struct sl_bytes path, struct bundleplace *out, struct sl_error *err)
{
	size_t count = target != 0 ? 1 : BUNDLEINDEX_TARGETS, of = 0;
	uint64_t wanted[BUNDLEINDEX_TARGETS];
	size_t pos = strlen(first_line);
	struct sha256 *hash = NULL;
	struct bundleplace place;
	bool found = false;
	int rc = sha256_new(&hash, err);

	for (unsigned int i = 0; rc == 0 && i < count; i++)
		rc = place_hash(&wanted[i], role, target != 0 ? target : i, path, hash, err);
	sha256_free(hash);
	while (rc == 0 && next_place(ix, &pos, &place) == 0) {
		for (size_t i = 0; i < count; i++) {
			if (place.hash != wanted[i])
				continue;
			/* in several containers: the index does not say which is meant */
			if (found && i != of)
				return 1;
			if (found && place.seq < out->seq)
				continue;
			*out = place;
			found = true;
			of = i;
		}
	}
	return rc < 0 ? rc : !found;
}

/* The journal behind the place, as it stands; then the record's line. */
static int read_record(struct members *members, uint64_t seq, struct buf *line,
		       struct sl_error *err)
{
	CLEANUP(buf_clear) struct buf journal = BUF_INIT(SEGMENT_JOURNAL_MAX);
	const struct member *m;
	const char *text;
	size_t pos = 0, len;
	int rc;

	do
		rc = members_next(members, &m, err);
	while (rc == 0 && m->name.kind == MEMBER_PAYLOAD);
	if (rc == 0)
		rc = m->name.kind == MEMBER_JOURNAL ? read_member(members, m->size, &journal, err)
						    : 1;
	while (rc == 0 && (rc = journal_line(&journal, &pos, &text, &len, err)) == 0) {
		struct record head;

		rc = record_parse_head(&head, text, len, err);
		if (rc == 0 && head.seq == seq)
			return buf_append(line, text, len) < 0
				       ? sl_fail(err, -line->status, 0, "record")
				       : 0;
	}
	return rc == 1 ? sl_fail(err, SL_EUNTRUSTED, 0,
				 "no record of its segment names what stands there")
		       : rc;
}

int bundleindex_visit(const struct bundleindex *ix, const struct bundleplace *place,
		      bundle_data_fn take, void *payload, struct buf *line, struct sl_error *err)
{
	const struct member *m;
	struct members *members;
	const uint8_t *bytes;
	struct rview view;
	size_t len;
	int rc;

	if (place->frame >= ix->seek.count || place->offset >= ix->seek.plain[place->frame])
		return 1;
	rc = open_at(&members, &view, ix, place->frame, place->offset, err);
	if (rc < 0)
		return rc;
	if (members_next(members, &m, NULL) != 0 || m->name.kind != MEMBER_PAYLOAD ||
	    m->name.number != place->seq) {
		members_close(members);
		return 1;
	}
	while (rc == 0 && take != NULL && (rc = members_data(members, &bytes, &len, err)) == 0)
		rc = take(payload, bytes, len, err);
	if (rc >= 0)
		rc = read_record(members, place->seq, line, err);
	members_close(members);
	return rc;
}
