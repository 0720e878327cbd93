/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The compressing half of zstream.h. Each frame is one job over its own buffers and compressed in
 * one call, so its bytes depend on its input and the level alone; the pool hands frames back in the
 * order in which they were submitted.
 */
#include <string.h>

#include <zstd.h>

#include "core/cleanup.h"
#include "core/pool.h"
#include "core/zstream.h"

/* What every decoder takes without being asked. A window is never larger than its frame. */
#define WINDOW_LOG_MAX 23
#define WINDOW_MAX ((size_t)1 << WINDOW_LOG_MAX)
#define SKIPPABLE_MAGIC 0x184D2A50u
#define SKIPPABLE_HEAD 8
/* Frames waiting beside those that are being compressed: one being filled, one being written. */
#define SPARE_FRAMES 2
/* Most memory for frames, plain and compressed: more threads than that has room for wait. */
#define FRAMES_MEMORY ((size_t)66 << 20)

struct frame {
	uint8_t *plain, *packed; /* allocated when first used */
	size_t plain_len, packed_len;
	size_t packed_cap;
	bool failed;
};

struct zstd_out {
	struct ostream base;
	struct ostream *inner; /* owned */
	struct zstd_options options;
	struct pool *pool;
	struct frame *frames; /* a ring: @oldest ... are in the pool, the next is being filled */
	size_t slots, oldest, in_flight;
	uint64_t offset;
	uint64_t submitted, written; /* frames so far */
	/* The sync point that was begun lies behind so many frames; it is passed on to the inner
	 * stream when they were written. */
	uint64_t sync_frames;
	uint64_t padded; /* frames written when the last padding was */
	bool is_syncing; /* begun here, not passed on yet */
	int status;      /* first failure, sticky */
};

static struct zstd_out *zstd_out(struct ostream *s)
{
	return container_of(s, struct zstd_out, base);
}

/*
 * What level 0 means: one table of 512 KiB, which stays in a processor's own cache, and matches of
 * five bytes or more from anywhere in a frame of 2 MiB. That costs what level 2 does and packs
 * ordinary trees within 2 % of what level 3 makes of a whole stream.
 */
static const struct {
	ZSTD_cParameter name;
	int value;
} tuned[] = {
	{ZSTD_c_strategy, ZSTD_fast}, {ZSTD_c_windowLog, 21},   {ZSTD_c_hashLog, 17},
	{ZSTD_c_minMatch, 5},         {ZSTD_c_targetLength, 0},
};

/* ---- on a worker ---- */

static bool tune(ZSTD_CCtx *ctx)
{
	for (size_t i = 0; i < ARRAY_SIZE(tuned); i++)
		if (ZSTD_isError(ZSTD_CCtx_setParameter(ctx, tuned[i].name, tuned[i].value)) != 0)
			return false;
	return true;
}

static int worker_init(void **worker, void *payload, struct sl_error *err)
{
	const struct zstd_options *options = payload;
	ZSTD_CCtx *ctx = ZSTD_createCCtx();

	if (ctx == NULL)
		return sl_fail(err, SL_ENOMEM, 0, "zstd context");
	if (ZSTD_isError(ZSTD_CCtx_setParameter(ctx, ZSTD_c_compressionLevel, options->level)) !=
		    0 ||
	    ZSTD_isError(ZSTD_CCtx_setParameter(ctx, ZSTD_c_checksumFlag, 1)) != 0 ||
	    ZSTD_isError(ZSTD_CCtx_setParameter(ctx, ZSTD_c_contentSizeFlag, 1)) != 0 ||
	    (options->level == 0 && !tune(ctx)) ||
	    (options->frame_bytes > WINDOW_MAX &&
	     ZSTD_isError(ZSTD_CCtx_setParameter(ctx, ZSTD_c_windowLog, WINDOW_LOG_MAX)) != 0)) {
		(void)ZSTD_freeCCtx(ctx);
		return sl_fail(err, SL_EINVAL, 0, "zstd level %d", options->level);
	}
	*worker = ctx;
	return 0;
}

static void worker_clear(void *worker)
{
	(void)ZSTD_freeCCtx(worker);
}

static void compress_frame(void *job, void *worker)
{
	struct frame *f = job;
	size_t n = ZSTD_compress2(worker, f->packed, f->packed_cap, f->plain, f->plain_len);

	f->failed = ZSTD_isError(n) != 0;
	f->packed_len = f->failed ? 0 : n;
}

/* ---- on the caller's thread ---- */

static uint32_t load_le32(const uint8_t *p)
{
	return (uint32_t)p[0] | (uint32_t)p[1] << 8 | (uint32_t)p[2] << 16 | (uint32_t)p[3] << 24;
}

static void store_le32(uint8_t *p, uint32_t n)
{
	for (unsigned int i = 0; i < 4; i++)
		p[i] = (uint8_t)(n >> (8 * i));
}

/* The content checksum that ends a frame is the number the seek table wants. */
static int report_frame(struct zstd_out *z, const struct frame *f, struct sl_error *err)
{
	struct zframe report = {.compressed = f->packed_len,
				.plain = f->plain_len,
				.checksum = load_le32(f->packed + f->packed_len - 4)};
	int rc;

	if (z->options.on_frame == NULL)
		return 0;
	rc = z->options.on_frame(z->options.payload, &report);
	return rc < 0 ? sl_fail(err, (enum sl_code) - rc, 0, "seek table") : 0;
}

/* Fill up to the alignment. Always a frame, so that whoever counts frames can count this one. */
static int pad(struct zstd_out *z, struct sl_error *err)
{
	static const uint8_t zeros[4096];
	struct zframe report = {0};
	uint8_t head[SKIPPABLE_HEAD];
	uint64_t left;
	int rc;

	if (z->options.align == 0 || z->padded == z->written)
		return 0;
	z->padded = z->written;
	left = z->options.align - z->offset % z->options.align;
	if (left < sizeof(head))
		left += z->options.align;
	report.compressed = left;
	left -= sizeof(head);
	store_le32(head, SKIPPABLE_MAGIC);
	store_le32(head + 4, (uint32_t)left);
	rc = ostream_write(z->inner, head, sizeof(head), err);
	for (; rc == 0 && left > 0; left -= left < sizeof(zeros) ? left : sizeof(zeros))
		rc = ostream_write(z->inner, zeros, left < sizeof(zeros) ? left : sizeof(zeros),
				   err);
	z->offset += report.compressed;
	if (rc == 0 && z->options.on_frame != NULL &&
	    (rc = z->options.on_frame(z->options.payload, &report)) < 0)
		return sl_fail(err, (enum sl_code) - rc, 0, "seek table");
	return rc;
}

/* The inner stream learns of a sync point as soon as it has all that lies before. */
static int pass_sync_on(struct zstd_out *z, struct sl_error *err)
{
	int rc;

	if (!z->is_syncing || z->written < z->sync_frames)
		return 0;
	z->is_syncing = false;
	rc = pad(z, err);
	return rc == 0 ? ostream_sync_begin(z->inner, err) : rc;
}

/* Wait for the oldest frame in the pool and pass it down. */
static int write_oldest(struct zstd_out *z, struct sl_error *err)
{
	struct frame *f;
	void *job = NULL;
	int rc;

	if (pool_take(z->pool, &job) != 0)
		return sl_fail(err, SL_EINVAL, 0, "zstd: no frame in flight");
	f = job;
	z->oldest = (z->oldest + 1) % z->slots;
	z->in_flight--;
	if (f->failed)
		rc = sl_fail(err, SL_ENOMEM, 0, "zstd could not compress");
	else
		rc = ostream_write(z->inner, f->packed, f->packed_len, err);
	if (rc == 0) {
		z->offset += f->packed_len;
		rc = report_frame(z, f, err);
	}
	f->plain_len = 0;
	z->written++;
	return rc == 0 ? pass_sync_on(z, err) : rc;
}

static struct frame *current(struct zstd_out *z)
{
	return &z->frames[(z->oldest + z->in_flight) % z->slots];
}

static int allocate(const struct zstd_out *z, struct frame *f, struct sl_error *err)
{
	if (f->plain != NULL)
		return 0;
	f->packed_cap = ZSTD_compressBound(z->options.frame_bytes);
	f->packed = malloc(f->packed_cap);
	f->plain = f->packed != NULL ? malloc(z->options.frame_bytes) : NULL;
	return f->plain != NULL ? 0 : sl_fail(err, SL_ENOMEM, 0, "zstd frame");
}

/* Send the frame being filled to the pool and make sure there is a free one after it. */
static int end_frame(struct zstd_out *z, struct sl_error *err)
{
	int rc;

	if (current(z)->plain_len == 0)
		return 0;
	rc = pool_submit(z->pool, current(z), err);
	if (rc < 0)
		return rc;
	z->in_flight++;
	z->submitted++;
	while (rc == 0 && (z->in_flight == z->slots || (z->in_flight > 0 && pool_ready(z->pool))))
		rc = write_oldest(z, err);
	return rc;
}

static int drain(struct zstd_out *z, struct sl_error *err)
{
	int rc = end_frame(z, err);

	while (rc == 0 && z->in_flight > 0)
		rc = write_oldest(z, err);
	return rc;
}

static int fill(struct zstd_out *z, const uint8_t *bytes, size_t len, struct sl_error *err)
{
	while (len > 0) {
		struct frame *f = current(z);
		size_t n;
		int rc = allocate(z, f, err);

		if (rc < 0)
			return rc;
		n = z->options.frame_bytes - f->plain_len;
		n = n < len ? n : len;
		memcpy(f->plain + f->plain_len, bytes, n);
		f->plain_len += n;
		bytes += n;
		len -= n;
		if (f->plain_len == z->options.frame_bytes && (rc = end_frame(z, err)) < 0)
			return rc;
	}
	return 0;
}

/* After a failure the frames may have a hole: nothing more goes out. */
static int failed_before(const struct zstd_out *z, struct sl_error *err)
{
	return sl_fail(err, (enum sl_code) - z->status, 0, "compressed output failed before");
}

static int zstd_write(struct ostream *s, const void *bytes, size_t len, struct sl_error *err)
{
	struct zstd_out *z = zstd_out(s);

	if (z->status != 0)
		return failed_before(z, err);
	return z->status = fill(z, bytes, len, err);
}

static int zstd_sync_point(struct ostream *s, struct sl_error *err)
{
	struct zstd_out *z = zstd_out(s);

	if (z->status != 0)
		return failed_before(z, err);
	z->status = drain(z, err);
	if (z->status == 0)
		z->status = pad(z, err);
	if (z->status == 0)
		z->status = ostream_sync_point(z->inner, err);
	return z->status;
}

static int begin_sync(struct zstd_out *z, struct sl_error *err)
{
	int rc = end_frame(z, err);

	if (rc < 0)
		return rc;
	z->is_syncing = true;
	z->sync_frames = z->submitted;
	return pass_sync_on(z, err);
}

static int zstd_sync_begin(struct ostream *s, struct sl_error *err)
{
	struct zstd_out *z = zstd_out(s);

	if (z->options.threads == 0)
		return zstd_sync_point(s, err);
	if (z->status != 0)
		return failed_before(z, err);
	return z->status = begin_sync(z, err);
}

static int zstd_sync_wait(struct ostream *s, struct sl_error *err)
{
	struct zstd_out *z = zstd_out(s);

	if (z->status != 0)
		return failed_before(z, err);
	while (z->status == 0 && z->is_syncing)
		z->status = write_oldest(z, err);
	if (z->status == 0)
		z->status = ostream_sync_wait(z->inner, err);
	return z->status;
}

static int zstd_finish(struct ostream *s, struct sl_error *err)
{
	struct zstd_out *z = zstd_out(s);

	if (z->status != 0)
		return failed_before(z, err);
	z->status = drain(z, err);
	if (z->status == 0)
		z->status = ostream_finish(z->inner, err);
	return z->status;
}

static void zstd_close(struct ostream *s)
{
	struct zstd_out *z = zstd_out(s);
	void *job;

	while (z->pool != NULL && pool_take(z->pool, &job) == 0)
		;
	pool_free(z->pool);
	for (size_t i = 0; z->frames != NULL && i < z->slots; i++) {
		free(z->frames[i].plain);
		free(z->frames[i].packed);
	}
	free(z->frames);
	ostream_close(z->inner);
	free(z);
}

static size_t slots_for(const struct zstd_options *options)
{
	size_t most = FRAMES_MEMORY / 2 / options->frame_bytes;
	size_t wanted = (size_t)options->threads + SPARE_FRAMES;

	if (options->threads == 0)
		return 1;
	if (most < 1 + SPARE_FRAMES)
		most = 1 + SPARE_FRAMES;
	return wanted < most ? wanted : most;
}

int ostream_zstd(struct ostream **out, struct ostream *inner, const struct zstd_options *options,
		 struct sl_error *err)
{
	static const struct ostream_ops ops = {.write = zstd_write,
					       .sync_point = zstd_sync_point,
					       .sync_begin = zstd_sync_begin,
					       .sync_wait = zstd_sync_wait,
					       .finish = zstd_finish,
					       .close = zstd_close};
	struct zstd_out *z;
	int rc;

	*out = NULL;
	if (options->frame_bytes == 0 || options->level < ZSTD_minCLevel() ||
	    options->level > ZSTD_maxCLevel())
		return sl_fail(err, SL_EINVAL, 0, "zstd level %d, frames of %zu bytes",
			       options->level, options->frame_bytes);
	z = calloc(1, sizeof(*z));
	if (z == NULL)
		return sl_fail(err, SL_ENOMEM, 0, "zstd stream");
	*z = (struct zstd_out){.base.ops = &ops, .options = *options};
	z->slots = slots_for(options);
	z->frames = calloc(z->slots, sizeof(*z->frames));
	rc = z->frames == NULL ? sl_fail(err, SL_ENOMEM, 0, "zstd stream")
			       : pool_new(&z->pool,
					  &(struct pool_options){.workers = options->threads,
								 .queue = z->slots,
								 .run = compress_frame,
								 .worker_init = worker_init,
								 .worker_clear = worker_clear,
								 .payload = &z->options},
					  err);
	if (rc < 0) {
		zstd_close(&z->base);
		return rc;
	}
	z->inner = inner;
	*out = &z->base;
	return 0;
}

uint64_t ostream_zstd_offset(const struct ostream *s)
{
	const char *base = (const char *)s - offsetof(struct zstd_out, base);

	return ((const struct zstd_out *)(const void *)base)->offset;
}

int ostream_zstd_raw(struct ostream *s, const void *bytes, size_t len, struct sl_error *err)
{
	struct zstd_out *z = zstd_out(s);

	if (z->status != 0)
		return failed_before(z, err);
	z->status = drain(z, err);
	if (z->status == 0)
		z->status = ostream_write(z->inner, bytes, len, err);
	if (z->status == 0)
		z->offset += len;
	z->padded = z->written; /* what stands behind bytes like these is the caller's business */
	return z->status;
}
