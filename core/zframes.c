/* SPDX-License-Identifier: Apache-2.0 */
#include "core/zframes.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include <zstd.h>

#include "core/cleanup.h"
#include "core/pool.h"

enum {
	INPUT_BYTES = 1 << 18,
	/* A piece at least this long is read to where it belongs, with the next header behind it.
	 */
	DIRECT_MIN = 1 << 14,
	DIRECT_AHEAD = 1 << 12,
	BLOCK_MAX = 128 << 10,
	/* A frame of incompressible blocks: 3 bytes a block, and a header. Twice that is room. */
	COMPRESSED_MAX = ZFRAMES_MAX_PLAIN + (ZFRAMES_MAX_PLAIN >> 7),
	/* Beside one for each worker: lent, waiting to be lent, and held. */
	SLOTS_SPARE = 4,
	WORKERS_MAX = 16,
	SLOTS_MAX = WORKERS_MAX + SLOTS_SPARE,
	FOOTER_BYTES = 9,
	SKIP_HEADER = 8,
};
#define MAGIC_DATA 0xFD2FB528u
#define MAGIC_SKIP_BASE 0x184D2A50u
#define MAGIC_FOOTER 0x8F92EAB1u

/* What a worker keeps from frame to frame. */
struct worker {
	ZSTD_DCtx *ctx;
	uint8_t *packed;
	size_t packed_cap;
};

/* One frame on its way: read and decompressed by a worker, lent to the caller. */
struct slot {
	struct zframes *z;
	uint64_t turn;
	bool is_past_end; /* there was no frame left for it */
	struct zframe_view view;
	/* The worker's while a frame is with it; what a skippable frame holds stays here. */
	uint8_t *packed;
	size_t packed_len, packed_cap;
	uint8_t *plain;
	size_t content;      /* size that the frame header promises */
	bool busy;           /* on its way, or lent */
	unsigned int holds;  /* guarded by the reader's lock */
	const char *failure; /* static text; NULL when good */
};

struct zframes {
	/* The file belongs to the worker whose turn it is: frames are read in order, one at a time.
	 */
	struct rfile *file;
	uint64_t read; /* bytes taken from the file so far */
	uint8_t *input;
	size_t input_pos, input_len;
	bool is_eof;
	uint64_t offset; /* bytes handed out of input so far */
	uint64_t index;
	/* How reading ended; for the caller once a slot past the end came back. */
	bool is_read;
	int end_rc;
	enum zframes_end end;
	struct sl_error end_error;
	pthread_mutex_t lock;
	pthread_cond_t turned, released;
	uint64_t turn; /* guarded by lock */
	/* The caller's. */
	struct pool *pool;
	struct slot slots[SLOTS_MAX];
	size_t slot_count;
	bool is_serial;
	struct slot *lent;
	size_t in_flight;
	uint64_t next_turn;
	bool is_done;
	uint64_t end_offset;
};

static uint32_t le32(const uint8_t *p)
{
	return (uint32_t)p[0] | (uint32_t)p[1] << 8 | (uint32_t)p[2] << 16 | (uint32_t)p[3] << 24;
}

static int input_fill(struct zframes *z, struct sl_error *err)
{
	int rc;

	if (z->is_eof)
		return 0;
	z->input_pos = z->input_len = 0;
	rc = rfile_read_at(z->file, z->read, z->input, INPUT_BYTES, &z->input_len, err);
	z->is_eof = rc == 1;
	z->read += z->input_len;
	return rc < 0 ? rc : 0;
}

static int slot_reserve(struct slot *s, size_t len, struct sl_error *err)
{
	size_t cap = s->packed_cap == 0 ? 1 << 16 : s->packed_cap;
	uint8_t *grown;

	if (len <= s->packed_cap)
		return 0;
	while (cap < len)
		cap *= 2;
	grown = realloc(s->packed, cap);
	if (grown == NULL)
		return sl_fail(err, SL_ENOMEM, 0, "compressed frame");
	s->packed = grown;
	s->packed_cap = cap;
	return 0;
}

/* Fill the slot's next @len bytes from the file, and the empty input with what lies behind. */
static int read_direct(struct zframes *z, struct slot *s, size_t len, struct sl_error *err)
{
	uint8_t *to = s->packed + s->packed_len;
	size_t n = 0, got;
	int rc = rfile_read_at(z->file, z->read, to, len + DIRECT_AHEAD, &n, err);

	z->is_eof = rc == 1;
	z->read += n;
	got = n < len ? n : len;
	s->packed_len += got;
	z->offset += got;
	z->input_pos = 0;
	z->input_len = n - got;
	memcpy(z->input, to + got, z->input_len);
	return rc < 0 ? rc : 0;
}

/* Append exactly len bytes of input to the slot, or drop them. 1 when the input ends before. */
static int take(struct zframes *z, struct slot *s, size_t len, bool keep, struct sl_error *err)
{
	int rc = keep ? slot_reserve(s, s->packed_len + len + DIRECT_AHEAD, err) : 0;

	while (rc == 0 && len > 0) {
		size_t have = z->input_len - z->input_pos;
		size_t n = have < len ? have : len;

		if (n == 0) {
			size_t before = s->packed_len;

			if (keep && len >= DIRECT_MIN && !z->is_eof)
				rc = read_direct(z, s, len, err);
			else
				rc = input_fill(z, err);
			if (rc == 0 && z->is_eof)
				return 1;
			len -= s->packed_len - before;
			continue;
		}
		if (keep) {
			memcpy(s->packed + s->packed_len, z->input + z->input_pos, n);
			s->packed_len += n;
		}
		z->input_pos += n;
		z->offset += n;
		len -= n;
	}
	return rc;
}

static int refuse(struct sl_error *err, const char *why)
{
	return sl_fail(err, SL_EFORMAT, 0, "%s", why);
}

/* Read the rest of a frame header behind magic number and descriptor, and judge it. */
static int read_header(struct zframes *z, struct slot *s, struct sl_error *err)
{
	static const uint8_t content_size[4] = {0, 2, 4, 8};
	uint8_t descriptor = s->packed[4];
	bool is_single = (descriptor & 0x20) != 0;
	size_t n = content_size[descriptor >> 6];
	uint64_t window = 0, content = 0;
	const uint8_t *p;
	int rc;

	if ((descriptor & 0x0B) != 0) /* reserved bit, dictionary id */
		return refuse(err, "frame header with a dictionary or a reserved bit");
	if ((descriptor & 0x04) == 0)
		return refuse(err, "frame without checksum");
	if (n == 0 && !is_single)
		return refuse(err, "frame without content size");
	n = n == 0 ? 1 : n;
	rc = take(z, s, n + (is_single ? 0 : 1), true, err);
	if (rc != 0)
		return rc;
	p = s->packed + 5;
	if (!is_single) {
		uint64_t base = UINT64_C(1) << (10 + (*p >> 3));

		window = base + base / 8 * (*p & 7);
		p++;
	}
	for (size_t i = 0; i < n; i++)
		content |= (uint64_t)p[i] << (8 * i);
	if (n == 2)
		content += 256;
	if (content > ZFRAMES_MAX_PLAIN)
		return refuse(err, "frame of more than 4 MiB");
	if (window > ZFRAMES_MAX_WINDOW)
		return refuse(err, "frame with a window above 8 MiB");
	s->content = (size_t)content;
	return 0;
}

/* Read all blocks and the checksum of a data frame. 1 when the input ends inside. */
static int read_data_frame(struct zframes *z, struct slot *s, struct sl_error *err)
{
	bool is_last = false;
	int rc = take(z, s, 1, true, err);

	if (rc == 0)
		rc = read_header(z, s, err);
	while (rc == 0 && !is_last) {
		const uint8_t *p;
		uint32_t header;

		rc = take(z, s, 3, true, err);
		if (rc != 0)
			break;
		p = s->packed + s->packed_len - 3;
		header = (uint32_t)p[0] | (uint32_t)p[1] << 8 | (uint32_t)p[2] << 16;
		is_last = (header & 1) != 0;
		if ((header >> 1 & 3) == 3)
			return refuse(err, "block of an unknown type");
		if ((header >> 3) > BLOCK_MAX && (header >> 1 & 3) != 1)
			return refuse(err, "block of more than 128 KiB");
		if (s->packed_len + (header >> 3) > COMPRESSED_MAX)
			return refuse(err, "compressed frame of more than 4 MiB");
		rc = take(z, s, (header >> 1 & 3) == 1 ? 1 : header >> 3, true, err);
	}
	if (rc == 0)
		rc = take(z, s, 4, true, err);
	if (rc == 0)
		s->view.checksum = le32(s->packed + s->packed_len - 4);
	return rc;
}

static int read_skippable_frame(struct zframes *z, struct slot *s, struct sl_error *err)
{
	int rc = take(z, s, 4, true, err);
	size_t len;

	if (rc != 0)
		return rc;
	len = le32(s->packed + 4);
	s->view.is_skippable = true;
	s->content = len;
	/* Keep the beginning of a larger one too: it may turn out to be the end of the file. */
	if (len > ZFRAMES_MAX_SKIPPABLE) {
		rc = take(z, s, ZFRAMES_MAX_SKIPPABLE, true, err);
		return rc != 0 ? rc : take(z, s, len - ZFRAMES_MAX_SKIPPABLE, false, err);
	}
	return take(z, s, len, true, err);
}

/* Could these bytes at the very end of a file be the beginning of a frame? */
static bool is_magic_prefix(const uint8_t *p, size_t len)
{
	static const uint8_t data[] = {0x28, 0xB5, 0x2F, 0xFD}, skip[] = {0x50, 0x2A, 0x4D, 0x18};

	return memcmp(p, data, len) == 0 || len == 0 ||
	       ((p[0] & 0xF0) == 0x50 && memcmp(p + 1, skip + 1, len - 1) == 0);
}

/* Do the last bytes of the file account for all of it as a seek table would? */
static bool ends_in_seek_table(const struct slot *s, uint64_t file_size)
{
	const uint8_t *end = s->packed + s->packed_len, *table;
	uint64_t sum = 0;
	size_t entry, len, count;

	if (s->packed_len < SKIP_HEADER + FOOTER_BYTES || le32(end - 4) != MAGIC_FOOTER)
		return false;
	count = le32(end - 9);
	entry = (end[-5] & 0x80) != 0 ? 12 : 8;
	if (count > (s->packed_len - SKIP_HEADER - FOOTER_BYTES) / entry)
		return false;
	len = SKIP_HEADER + count * entry + FOOTER_BYTES;
	table = end - len;
	for (size_t i = 0; i < count; i++)
		sum += le32(table + SKIP_HEADER + i * entry);
	return le32(table) == ZFRAMES_SEEK_TABLE && sum + len == file_size;
}

/* Fill a slot with the next frame. 1 at the end of the input, whole or cut. */
static int read_frame(struct zframes *z, struct slot *s, struct sl_error *err)
{
	int rc;

	memset(&s->view, 0, sizeof(s->view));
	s->packed_len = 0;
	s->failure = NULL;
	s->view.index = z->index;
	s->view.offset = z->offset;
	rc = take(z, s, 4, true, err);
	if (rc == 1 && s->packed_len == 0 && z->offset > 0) {
		z->end = z->file->is_cut ? ZFRAMES_END_CUT : ZFRAMES_END_BOUNDARY;
		return 1;
	}
	if (rc == 1 && !is_magic_prefix(s->packed, s->packed_len))
		return refuse(err, "bytes that begin no frame");
	if (rc == 0) {
		s->view.magic = le32(s->packed);
		if (s->view.magic == MAGIC_DATA)
			rc = read_data_frame(z, s, err);
		else if ((s->view.magic & ~0xFu) == MAGIC_SKIP_BASE)
			rc = read_skippable_frame(z, s, err);
		else
			rc = refuse(err, "bytes that begin no frame");
	}
	if (rc == 1)
		z->end = s->packed != NULL && ends_in_seek_table(s, z->offset)
				 ? ZFRAMES_END_CONTRADICTED
				 : ZFRAMES_END_CUT;
	if (rc != 0)
		return rc;
	s->view.size = z->offset - s->view.offset;
	z->index++;
	return 0;
}

static void worker_clear(void *worker)
{
	struct worker *w = worker;

	if (w == NULL)
		return;
	ZSTD_freeDCtx(w->ctx);
	free(w->packed);
	free(w);
}

static int worker_init(void **worker, void *payload, struct sl_error *err)
{
	struct worker *w = calloc(1, sizeof(*w));

	(void)payload;
	if (w != NULL)
		w->ctx = ZSTD_createDCtx();
	if (w == NULL || w->ctx == NULL) {
		worker_clear(w);
		return sl_fail(err, SL_ENOMEM, 0, "decompressor");
	}
	*worker = w;
	return 0;
}

static void swap_packed(struct slot *s, struct worker *w)
{
	struct worker had = *w;

	w->packed = s->packed;
	w->packed_cap = s->packed_cap;
	s->packed = had.packed;
	s->packed_cap = had.packed_cap;
}

/* Wait for the slot's turn at the file, read its frame, pass the turn on. */
static void read_in_turn(struct zframes *z, struct slot *s)
{
	pthread_mutex_lock(&z->lock);
	while (z->turn != s->turn)
		pthread_cond_wait(&z->turned, &z->lock);
	pthread_mutex_unlock(&z->lock);

	if (!z->is_read) {
		z->end_rc = read_frame(z, s, &z->end_error);
		z->is_read = z->end_rc != 0;
	}
	s->is_past_end = z->is_read;

	pthread_mutex_lock(&z->lock);
	z->turn++;
	pthread_cond_broadcast(&z->turned);
	pthread_mutex_unlock(&z->lock);
}

static void decompress(struct slot *s, ZSTD_DCtx *ctx)
{
	size_t n;

	if (s->view.is_skippable) {
		bool kept = s->packed_len == SKIP_HEADER + s->content;

		s->view.bytes = kept ? s->packed + SKIP_HEADER : NULL;
		s->view.len = kept ? s->content : 0;
		return;
	}
	if (s->plain == NULL)
		s->plain = malloc(ZFRAMES_MAX_PLAIN);
	if (s->plain == NULL) {
		s->failure = "";
		return;
	}
	n = ZSTD_decompressDCtx(ctx, s->plain, ZFRAMES_MAX_PLAIN, s->packed, s->packed_len);
	if (ZSTD_isError(n))
		s->failure = ZSTD_getErrorName(n);
	else if (n != s->content)
		s->failure = "another content size than promised";
	s->view.bytes = s->plain;
	s->view.len = n;
}

/* Runs on a worker; jobs begin in the order of their turns. */
static void read_and_decompress(void *job, void *worker)
{
	struct slot *s = job;
	struct worker *w = worker;

	swap_packed(s, w);
	read_in_turn(s->z, s);
	if (!s->is_past_end)
		decompress(s, w->ctx);
	if (!s->view.is_skippable)
		swap_packed(s, w);
}

int zframes_open(struct zframes **out, struct rfile *file, unsigned int threads,
		 struct sl_error *err)
{
	struct pool_options options = {
		.workers = threads > WORKERS_MAX ? WORKERS_MAX : threads,
		.run = read_and_decompress,
		.worker_init = worker_init,
		.worker_clear = worker_clear,
	};
	struct zframes *z = calloc(1, sizeof(*z));
	int rc = 0;

	if (z == NULL)
		return sl_fail(err, SL_ENOMEM, 0, "frame reader");
	z->file = file;
	pthread_mutex_init(&z->lock, NULL);
	pthread_cond_init(&z->turned, NULL);
	pthread_cond_init(&z->released, NULL);
	/* one at a time without threads: the other one is for whoever holds the last */
	z->is_serial = options.workers == 0;
	z->slot_count = z->is_serial ? 2 : options.workers + SLOTS_SPARE;
	options.queue = z->slot_count;
	z->input = malloc(INPUT_BYTES);
	if (z->input == NULL)
		rc = sl_fail(err, SL_ENOMEM, 0, "frame reader");
	if (rc == 0)
		rc = pool_new(&z->pool, &options, err);
	if (rc < 0) {
		zframes_close(z);
		return rc;
	}
	*out = z;
	return 0;
}

void zframes_close(struct zframes *z)
{
	void *job;

	if (z == NULL)
		return;
	while (z->in_flight > 0 && pool_take(z->pool, &job) == 0)
		z->in_flight--;
	if (z->pool != NULL)
		pool_free(z->pool);
	for (size_t i = 0; i < z->slot_count; i++) {
		free(z->slots[i].packed);
		free(z->slots[i].plain);
	}
	pthread_mutex_destroy(&z->lock);
	pthread_cond_destroy(&z->turned);
	pthread_cond_destroy(&z->released);
	sl_error_clear(&z->end_error);
	free(z->input);
	free(z);
}

/* Neither on its way nor lent nor held. */
static struct slot *find_free(struct zframes *z)
{
	for (size_t i = 0; i < z->slot_count; i++) {
		if (!z->slots[i].busy && z->slots[i].holds == 0)
			return &z->slots[i];
	}
	return NULL;
}

/* NULL when there is none and others are on their way; else one is waited for. */
static struct slot *free_slot(struct zframes *z)
{
	struct slot *s;

	pthread_mutex_lock(&z->lock);
	while ((s = find_free(z)) == NULL && z->in_flight == 0)
		pthread_cond_wait(&z->released, &z->lock);
	pthread_mutex_unlock(&z->lock);
	return s;
}

/* Keep free slots on their way while there are frames left; without threads, one. */
static int read_ahead(struct zframes *z, struct sl_error *err)
{
	size_t most = z->is_serial ? 1 : z->slot_count;
	struct slot *s;

	while (!z->is_done && z->in_flight < most && (s = free_slot(z)) != NULL) {
		int rc;

		s->z = z;
		s->turn = z->next_turn;
		rc = pool_submit(z->pool, s, err);
		if (rc < 0)
			return rc;
		z->next_turn++;
		s->busy = true;
		z->in_flight++;
	}
	return 0;
}

/* The oldest slot on its way, which is the caller's from now on. */
static int take_slot(struct zframes *z, struct slot **out, struct sl_error *err)
{
	void *job;

	if (pool_take(z->pool, &job) != 0)
		return sl_fail(err, SL_EINVAL, 0, "frame lost");
	z->in_flight--;
	*out = job;
	return 0;
}

static int fail_frame(const struct slot *s, struct sl_error *err)
{
	return s->failure[0] == '\0' ? sl_fail(err, SL_ENOMEM, 0, "frame")
				     : sl_fail(err, SL_EFORMAT, 0, "frame: %s", s->failure);
}

static int at_end(const struct zframes *z, struct sl_error *err)
{
	if (z->end_rc < 0)
		return sl_fail(err, z->end_error.code, 0, "%s", sl_error_text(&z->end_error));
	return 1;
}

int zframes_next(struct zframes *z, const struct zframe_view **out, struct sl_error *err)
{
	struct slot *s = NULL;
	int rc;

	if (z->lent != NULL)
		z->lent->busy = false;
	z->lent = NULL;
	if (z->is_done)
		return at_end(z, err);
	rc = read_ahead(z, err);
	if (rc == 0)
		rc = take_slot(z, &s, err);
	if (rc != 0)
		return rc;
	z->lent = s;
	z->is_done = s->is_past_end || s->failure != NULL;
	if (!z->is_done) {
		*out = &s->view;
		return 0;
	}
	z->end_offset = s->view.offset;
	/* the slots behind it hold nothing, or what nobody may see any more */
	while (z->in_flight > 0 && take_slot(z, &s, err) == 0)
		continue;
	if (!z->lent->is_past_end)
		z->end_rc = fail_frame(z->lent, &z->end_error);
	return at_end(z, err);
}

const struct zframe_view *zframes_hold(struct zframes *z)
{
	pthread_mutex_lock(&z->lock);
	z->lent->holds++;
	pthread_mutex_unlock(&z->lock);
	return &z->lent->view;
}

void zframes_release(struct zframes *z, const struct zframe_view *frame)
{
	struct slot *s;

	pthread_mutex_lock(&z->lock);
	for (s = z->slots; &s->view != frame;)
		s++;
	s->holds--;
	pthread_cond_signal(&z->released);
	pthread_mutex_unlock(&z->lock);
}

enum zframes_end zframes_end(const struct zframes *z)
{
	return z->end;
}

uint64_t zframes_offset(const struct zframes *z)
{
	return z->end_offset;
}
