/* SPDX-License-Identifier: Apache-2.0 */
#include "forensics/bundle_out.h"

#include "forensics/bundle_tar.h"

#define SKIPPABLE_MAGIC 0x184D2A5Eu
#define SEEKABLE_MAGIC 0x8F92EAB1u
#define SEEK_ENTRY_BYTES 12u
#define SEEK_FOOTER_BYTES 9u
#define SEEK_HAS_CHECKSUMS 0x80
/* What the seekable format allows. */
#define SEEK_MAX_FRAMES (1u << 27)
/* Of this segment, of the closing one, of the end of the tar; two to spare. */
#define SYNC_POINTS_AHEAD 5u

static const uint8_t zeros[64u << 10];

static void store_le32(uint8_t *p, uint32_t n)
{
	for (unsigned int i = 0; i < 4; i++)
		p[i] = (uint8_t)(n >> (8 * i));
}

static int on_frame(void *payload, const struct zframe *frame)
{
	struct bundle_out *o = payload;
	uint8_t entry[SEEK_ENTRY_BYTES];

	store_le32(entry, (uint32_t)frame->compressed);
	store_le32(entry + 4, (uint32_t)frame->plain);
	store_le32(entry + 8, frame->checksum);
	o->frame_count++;
	o->settled += frame->plain;
	return spool_append(&o->frames, entry, sizeof(entry), NULL);
}

/* Bytes of the file so far. */
static uint64_t written_bytes(const struct bundle_out *o)
{
	return o->age != NULL ? ostream_age_written(o->age) : ostream_zstd_offset(o->z);
}

/* What the tar writer makes. */
static int put(void *payload, const void *bytes, size_t len, struct sl_error *err)
{
	struct bundle_out *o = payload;

	o->plain += len;
	return ostream_write(o->z, bytes, len, err);
}

int out_open(struct bundle_out *o, struct ostream *inner, int fd, int level, unsigned int threads,
	     const struct age_recipients *recipients, struct sl_error *err)
{
	struct zstd_options options = {.level = level,
				       .frame_bytes = OUT_FRAME_BYTES,
				       .threads = threads,
				       .align = recipients != NULL ? AGE_CHUNK_BYTES : 0,
				       .on_frame = on_frame,
				       .payload = o};
	int rc = 0;

	*o = (struct bundle_out){0};
	space_init(&o->space, fd);
	spool_init(&o->frames);
	if (recipients != NULL)
		rc = ostream_age(&o->age, inner, recipients, err);
	if (o->age != NULL)
		inner = o->age;
	if (rc == 0)
		rc = ostream_zstd(&o->z, inner, &options, err);
	if (rc < 0)
		ostream_close(inner);
	else
		rc = bundle_tar_new(&o->tar, put, o, err);
	return rc;
}

void out_close(struct bundle_out *o)
{
	if (o->z != NULL)
		space_release(&o->space, written_bytes(o));
	bundle_tar_free(o->tar);
	o->tar = NULL;
	ostream_close(o->z);
	spool_clear(&o->frames);
	o->z = NULL;
}

/*
 * Compressed size of incompressible bytes in frames of ours, with some to spare: the 16 bytes a
 * chunk that encryption takes, too. It fills chunks up at each of the sync points that may follow,
 * and holds one chunk back.
 */
static uint64_t worst_case(const struct bundle_out *o, uint64_t plain)
{
	return plain + plain / 128 + 4096 +
	       (o->age != NULL ? (SYNC_POINTS_AHEAD + 1) * (uint64_t)AGE_CHUNK_BYTES : 0);
}

int out_reserve(struct bundle_out *o, uint64_t plain, uint64_t keep, struct sl_error *err)
{
	uint64_t written = written_bytes(o);

	return space_need(&o->space, written + worst_case(o, o->plain - o->settled + plain) + keep,
			  written, err);
}

int out_begin(struct bundle_out *o, const char *name, uint64_t size, int64_t mtime_sec,
	      struct out_position *at, struct sl_error *err)
{
	uint64_t plain = o->plain - o->sealed_plain;

	/* frames are cut at a fixed size from the last seal on */
	if (at != NULL)
		*at = (struct out_position){.frame = o->sealed_frames + plain / OUT_FRAME_BYTES,
					    .offset = plain % OUT_FRAME_BYTES};
	o->member_left = size;
	return bundle_tar_begin(o->tar, name, size, mtime_sec, err);
}

int out_data(struct bundle_out *o, const void *bytes, size_t len, struct sl_error *err)
{
	if (len > o->member_left)
		return sl_fail(err, SL_EINVAL, 0, "member longer than its header says");
	o->member_left -= len;
	return bundle_tar_data(o->tar, bytes, len, err);
}

int out_zeros(struct bundle_out *o, uint64_t count, struct sl_error *err)
{
	int rc = 0;

	while (count > 0 && rc == 0) {
		size_t n = count < sizeof(zeros) ? (size_t)count : sizeof(zeros);

		rc = out_data(o, zeros, n, err);
		count -= n;
	}
	return rc;
}

int out_end(struct bundle_out *o, struct sl_error *err)
{
	if (o->member_left != 0)
		return sl_fail(err, SL_EINVAL, 0, "member shorter than its header says");
	return bundle_tar_end(o->tar, err);
}

int out_member(struct bundle_out *o, const char *name, const void *bytes, size_t len,
	       int64_t mtime_sec, struct sl_error *err)
{
	int rc = out_begin(o, name, len, mtime_sec, NULL, err);

	if (rc == 0)
		rc = out_data(o, bytes, len, err);
	return rc == 0 ? out_end(o, err) : rc;
}

static void count_frames(struct bundle_out *o)
{
	uint64_t plain = o->plain - o->sealed_plain;

	o->sealed_frames += (plain + OUT_FRAME_BYTES - 1) / OUT_FRAME_BYTES;
	/* and the one that fills the last chunk up */
	o->sealed_frames += o->age != NULL && plain > 0;
	o->sealed_plain = o->plain;
}

int out_seal(struct bundle_out *o, struct sl_error *err)
{
	count_frames(o);
	return ostream_sync_begin(o->z, err);
}

int out_wait(struct bundle_out *o, struct sl_error *err)
{
	return ostream_sync_wait(o->z, err);
}

static int sync_all(struct bundle_out *o, struct sl_error *err)
{
	count_frames(o);
	return ostream_sync_point(o->z, err);
}

static int raw(void *payload, const void *bytes, size_t len, struct sl_error *err)
{
	return ostream_zstd_raw(payload, bytes, len, err);
}

uint64_t out_tail_bytes(const struct bundle_out *o)
{
	/* the frames still to come are few */
	return 2 * (uint64_t)TAR_BLOCK + o->frames.len + 256 * (uint64_t)SEEK_ENTRY_BYTES + 256;
}

static int write_seek_table(struct bundle_out *o, struct sl_error *err)
{
	uint8_t head[8], foot[SEEK_FOOTER_BYTES];
	/* the last frame has its entry only when it was written */
	int rc = raw(o->z, NULL, 0, err);

	if (rc < 0)
		return rc;
	if (o->frame_count > SEEK_MAX_FRAMES)
		return sl_fail(err, SL_ELIMIT, 0, "more than %u frames", SEEK_MAX_FRAMES);
	store_le32(head, SKIPPABLE_MAGIC);
	store_le32(head + 4, (uint32_t)(o->frames.len + SEEK_FOOTER_BYTES));
	store_le32(foot, (uint32_t)o->frame_count);
	foot[4] = SEEK_HAS_CHECKSUMS;
	store_le32(foot + 5, SEEKABLE_MAGIC);
	rc = raw(o->z, head, sizeof(head), err);
	if (rc == 0)
		rc = spool_read(&o->frames, raw, o->z, err);
	return rc == 0 ? raw(o->z, foot, sizeof(foot), err) : rc;
}

int out_finish(struct bundle_out *o, struct sl_error *err)
{
	int rc = sync_all(o, err);

	if (rc == 0)
		rc = bundle_tar_finish(o->tar, err);
	if (rc == 0)
		rc = write_seek_table(o, err);
	/* the last bytes of an encrypted file are known only now */
	if (rc == 0)
		rc = ostream_finish(o->z, err);
	return rc == 0 ? sync_all(o, err) : rc;
}
