/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Two threads, so that two cores are busy and neither thread waits for one: one reads, hashes the
 * blob and inflates into a ring of buffers; the caller's parses the tar and hashes files. The
 * stream's own hash, for its diff_id, is the work of whichever has time (ring.h).
 */
#include "snapshot/layerread.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <pthread.h>
#include <signal.h>
#include <string.h>
#include <sys/stat.h>

#include "core/cleanup.h"
#include "core/digest.h"
#include "core/encode.h"
#include "core/halt.h"
#include "core/quote.h"
#include "core/root.h"
#include "core/zstream.h"
#include "snapshot/limits.h"
#include "snapshot/linkproof.h"
#include "snapshot/ring.h"
#include "snapshot/tar.h"
#include "snapshot/tarsplit.h"
#include "snapshot/toc.h"

/* Few and small enough to stay in a shared cache, large enough that hand-overs do not show. */
#define RING_SLOTS 16
#define RING_SLOT_BYTES (512u << 10)
#define PROGRESS_STEP (4u << 20)
#define MAGIC_BYTES 8

/* The filling thread's. Others look at it only after joining. */
struct feed {
	struct istream *in;  /* the tar stream; owned */
	struct istream *raw; /* the blob beneath it, or NULL; borrowed from in */
	uint64_t raw_bytes;
	uint64_t tar_bytes;
	struct sha256 *blob_hash; /* NULL when the blob's digest is the stream's, or unclaimed */
	bool is_compressed;
	bool may_drain; /* a digest is claimed, which the rest of a damaged blob may contradict */
	const struct sl_limits *limits;
	const struct sl_progress *progress; /* says whether to stop; may be NULL */
	struct ring *ring;
	int rc;
	struct sl_error err;
};

struct pipeline {
	const struct sl_layer *layer;
	const struct sl_limits *limits;
	struct feed feed;
	struct ring *ring;
	struct istream *to_tar;
	struct toc *toc;         /* NULL when the blob has none */
	struct sha256 *tar_hash; /* the ring's until the feeder is joined */
	pthread_t feeder;
	bool has_feeder;
	/* the caller's */
	layer_item_fn fn;
	void *payload;
	bool fn_failed;
	bool from_directory;
	struct layer_rebuild how; /* its damage is the feeding thread's until that is joined */
	uint64_t total;           /* bytes of the blob, 0 when unknown */
};

/* ---- where the bytes come from ---- */

static int sniff(int fd, uint64_t offset, enum zkind *kind, struct sl_error *err)
{
	uint8_t magic[MAGIC_BYTES];
	ssize_t n;

	do
		n = pread(fd, magic, sizeof(magic), (off_t)offset);
	while (n < 0 && errno == EINTR);
	if (n < 0)
		return sl_fail(err, SL_EIO, errno, "read");
	*kind = zkind_sniff(magic, (size_t)n);
	return 0;
}

/* How long the blob is: a file of its own must be as long as claimed, an archive long enough. */
static int measure_blob(const struct sl_layer *layer, int fd, uint64_t *out, struct sl_error *err)
{
	struct stat st;

	if (fstat(fd, &st) < 0 || !S_ISREG(st.st_mode))
		return sl_fail(err, SL_EINVAL, 0, "blob is no regular file");
	*out = (uint64_t)st.st_size;
	if (layer->blob_in_archive) {
		if (layer->blob_offset > *out || layer->blob_size > *out - layer->blob_offset)
			return sl_fail(err, SL_EFORMAT, 0, "blob lies beyond its archive's end");
		*out = layer->blob_size;
	} else if (layer->blob_size != 0 && layer->blob_size != *out) {
		return sl_fail(err, SL_EUNTRUSTED, 0,
			       "blob has %" PRIu64 " bytes, its descriptor says %" PRIu64, *out,
			       layer->blob_size);
	}
	return 0;
}

/* Hash what is in f->in as it lies there, then inflate it. */
static int open_kind(struct pipeline *p, enum zkind kind, struct sl_error *err)
{
	const struct sl_layer *layer = p->layer;
	struct feed *f = &p->feed;
	int rc = 0;

	f->is_compressed = kind != ZKIND_NONE;
	if (f->is_compressed && (layer->has_blob_digest || !layer->has_diff_id))
		rc = sha256_new(&f->blob_hash, err);
	if (rc == 0)
		rc = istream_hash(&f->in, f->in, f->blob_hash, &f->raw_bytes, err);
	f->raw = f->in;
	return rc < 0 ? rc : istream_unpack(&f->in, kind, p->limits->window, err);
}

/* A pipe has no size, no second look and no other way to be opened. */
static bool is_pipe(int fd)
{
	struct stat st;

	return fstat(fd, &st) == 0 && (S_ISFIFO(st.st_mode) || S_ISSOCK(st.st_mode));
}

static int open_pipe(struct pipeline *p, struct sl_error *err)
{
	AUTO_CLOSE int fd = fcntl(p->layer->blob_fd, F_DUPFD_CLOEXEC, 0);
	struct istream *in = NULL;
	enum zkind kind = ZKIND_NONE;
	const uint8_t *magic;
	size_t len;
	int rc;

	if (fd < 0)
		return sl_fail(err, SL_EIO, errno, "blob");
	rc = istream_from_fd(&in, take_fd(&fd), err);
	p->feed.in = in;
	if (rc == 0 && p->feed.progress != NULL)
		istream_fd_stop(in, p->feed.progress->stop);
	if (rc == 0)
		rc = istream_fd_peek(in, MAGIC_BYTES, &magic, &len, err);
	if (rc == 0)
		kind = zkind_sniff(magic, len);
	return rc < 0 ? rc : open_kind(p, kind, err);
}

static int open_blob(struct pipeline *p, struct sl_error *err)
{
	const struct sl_layer *layer = p->layer;
	struct feed *f = &p->feed;
	AUTO_CLOSE int fd = root_reopen(layer->blob_fd, err);
	uint64_t offset = layer->blob_in_archive ? layer->blob_offset : 0;
	enum zkind kind = ZKIND_NONE;
	int rc;

	if (fd < 0)
		return sl_wrap(err, fd, "blob");
	rc = measure_blob(layer, fd, &p->total, err);
	if (rc == 0)
		rc = sniff(fd, offset, &kind, err);
	if (rc == 0)
		rc = toc_open(&p->toc, &(struct toc_blob){fd, offset, p->total}, &layer->toc,
			      p->limits, err);
	if (rc >= 0)
		rc = istream_from_range(&f->in, take_fd(&fd), offset, p->total, err);
	return rc < 0 ? rc : open_kind(p, kind, err);
}

static int open_directory(struct pipeline *p, struct sl_error *err)
{
	struct feed *f = &p->feed;
	AUTO_CLOSE int fd = root_reopen(p->layer->tar_split_fd, err);
	enum zkind kind = ZKIND_NONE;
	int rc;

	if (fd < 0)
		return sl_wrap(err, fd, "tar-split");
	p->from_directory = true;
	rc = sniff(fd, 0, &kind, err);
	if (rc == 0)
		rc = istream_from_fd(&f->in, take_fd(&fd), err);
	if (rc == 0)
		rc = istream_unpack(&f->in, kind, p->limits->window, err);
	if (rc == 0)
		rc = tarsplit_open(&f->in, f->in, p->layer->dir_fd, err);
	if (rc == 0 && p->how.damage != NULL)
		tarsplit_go_on(f->in, p->how.damage);
	return rc;
}

static int open_input(struct pipeline *p, struct sl_error *err)
{
	if (p->layer->blob_fd >= 0)
		return is_pipe(p->layer->blob_fd) ? open_pipe(p, err) : open_blob(p, err);
	if (p->layer->dir_fd >= 0 && p->layer->tar_split_fd >= 0)
		return open_directory(p, err);
	return sl_fail(err, SL_ENOTFOUND, 0, "neither a blob nor a directory with its tar-split");
}

/* ---- the feeding thread ---- */

static int feed_limits(const struct feed *f, struct sl_error *err)
{
	const struct sl_limits *l = f->limits;

	if (f->tar_bytes > l->bytes)
		return limit_hit(l, LIMIT_BYTES, err);
	if (f->is_compressed && f->tar_bytes > LIMIT_RATIO_FROM &&
	    f->tar_bytes / l->ratio > f->raw_bytes)
		return limit_hit(l, LIMIT_RATIO, err);
	return 0;
}

/* What unpacks knows one limit, and not how people call it. */
static int window_hit(struct feed *f)
{
	sl_error_clear(&f->err);
	return limit_hit(f->limits, LIMIT_WINDOW, &f->err);
}

/* One buffer. 1: that was all, or nobody wants more, who knows why. */
static int feed_one(struct feed *f)
{
	size_t cap, len = 0;
	uint8_t *buf;
	int rc;

	if (ring_begin(f->ring, &buf, &cap) != 0)
		return 1;
	rc = istream_read(f->in, buf, cap, &len, &f->err);
	if (rc == -SL_ELIMIT && f->is_compressed)
		return window_hit(f);
	if (rc != 0)
		return rc;
	f->tar_bytes += len;
	rc = feed_limits(f, &f->err);
	if (rc == 0)
		ring_commit(f->ring, len, f->raw != NULL ? f->raw_bytes : f->tar_bytes);
	return rc;
}

/* A damaged blob is read to its end nevertheless: that its digest differs says more. */
static void drain_blob(struct feed *f)
{
	const uint8_t *bytes;
	size_t len;

	if (f->blob_hash != NULL)
		while (!is_halted(stop_of(f->progress)) &&
		       istream_next(f->raw, &bytes, &len, NULL) == 0)
			continue;
}

static void feed_end(struct feed *f, int rc)
{
	f->rc = rc < 0 ? rc : 0;
	if (f->rc == -SL_EFORMAT && f->may_drain)
		drain_blob(f);
	ring_end(f->ring, f->rc);
}

static void *feed_thread(void *arg)
{
	int rc;

	while ((rc = feed_one(arg)) == 0)
		continue;
	feed_end(arg, rc);
	return NULL;
}

/* The same in the thread that reads, where no other one could be started. */
static void feed_here(void *arg)
{
	int rc = feed_one(arg);

	if (rc != 0)
		feed_end(arg, rc);
}

static void hash_stream(void *payload, const uint8_t *bytes, size_t len)
{
	sha256_update(payload, bytes, len);
}

/* Signals are for the caller's thread. Without a thread of its own it is fed by who reads it. */
static void start_feeding(struct pipeline *p)
{
	sigset_t all, before;

	(void)sigfillset(&all);
	(void)pthread_sigmask(SIG_SETMASK, &all, &before);
	p->has_feeder = pthread_create(&p->feeder, NULL, feed_thread, &p->feed) == 0;
	(void)pthread_sigmask(SIG_SETMASK, &before, NULL);
	if (!p->has_feeder)
		ring_fill_by(p->ring, feed_here, &p->feed);
}

/* ---- the caller's side ---- */

/* Reports progress while the tar passes, and ends it when nobody wants it any more. */
struct meter {
	struct istream stream;
	struct istream *inner; /* borrowed */
	const struct sl_progress *progress;
	uint64_t total, reported;
	const char *what;
};

static int meter_next(struct istream *s, const uint8_t **bytes, size_t *len, struct sl_error *err)
{
	struct meter *m = container_of(s, struct meter, stream);
	int rc = halted(stop_of(m->progress), err);
	uint64_t at;

	if (rc == 0)
		rc = istream_next(m->inner, bytes, len, err);
	at = ring_position(m->inner);

	if (rc == 0 && m->progress != NULL && at - m->reported >= PROGRESS_STEP) {
		m->reported = at;
		m->progress->report(m->progress->payload, at, m->total, m->what);
	}
	return rc;
}

static void meter_close(struct istream *s)
{
	(void)s; /* on the stack */
}

static const struct istream_ops meter_ops = {.next = meter_next, .close = meter_close};

/*
 * tar-split has nothing to compare an empty file with, so that one which is not empty on disk
 * would pass. Whiteouts are empty files in the tar and something else, or nothing, on disk.
 */
static int check_empty(const struct pipeline *p, const struct sl_entry *e, struct sl_error *err)
{
	const char *slash = strrchr(e->path.data, '/');
	const char *name = slash != NULL ? slash + 1 : e->path.data;
	AUTO_FREE char *shown = NULL;
	AUTO_CLOSE int fd = -1;
	struct stat st;

	if (!S_ISREG(e->mode) || e->size != 0 || strncmp(name, ".wh.", 4) == 0)
		return 0;
	fd = tarsplit_open_file(p->layer->dir_fd, e->path.data, err);
	if (fd >= 0 && fstat(fd, &st) == 0 && S_ISREG(st.st_mode) && st.st_size == 0)
		return 0;
	if (fd == -SL_EIO && err != NULL && err->sys != ELOOP && err->sys != EXDEV)
		return fd;
	shown = quote_dup(e->path.data, e->path.len);
	return sl_fail(err, SL_EUNTRUSTED, 0,
		       "'%s' is an empty file in the layer, but not in the layer directory",
		       shown != NULL ? shown : "?");
}

static int on_content(void *payload, const uint8_t *bytes, size_t len, struct sl_error *err)
{
	const struct pipeline *p = payload;

	return toc_content(p->toc, bytes, len, err);
}

static int on_item(void *payload, const struct layer_item *item, struct sl_error *err)
{
	struct pipeline *p = payload;
	int rc;

	if (p->from_directory && p->how.damage == NULL &&
	    (rc = check_empty(p, &item->entry, err)) < 0)
		return rc;
	if (p->how.severed != NULL &&
	    (rc = linkproof_item(p->how.severed, p->layer->dir_fd, item, err)) < 0)
		return rc;
	if (p->toc != NULL && (rc = toc_item(p->toc, item, err)) < 0)
		return rc;
	rc = p->fn(p->payload, item, err);
	p->fn_failed = rc < 0;
	return rc;
}

/* Without a digest there is nothing to compare with, and a pipe may have no end. */
static bool claims_digest(const struct sl_layer *layer)
{
	return layer->has_diff_id || layer->has_blob_digest;
}

/*
 * A malformed tar is read on to its end: that its digest differs says more. Any other failure stops
 * both threads; then it is true.
 */
static bool drain_or_cancel(struct pipeline *p, struct istream *tar, int rc)
{
	const uint8_t *bytes;
	size_t len;

	if (p->fn_failed || (rc < 0 && !claims_digest(p->layer)) ||
	    (rc < 0 && rc != -SL_EFORMAT && rc != -SL_EUNSUPPORTED)) {
		ring_cancel(p->ring);
		return true;
	}
	while (rc < 0 && istream_next(tar, &bytes, &len, NULL) == 0)
		continue;
	if (rc == 0 || !is_halted(stop_of(p->feed.progress)))
		return false;
	ring_cancel(p->ring);
	return true;
}

static void move_error(struct sl_error *to, struct sl_error *from)
{
	if (to != NULL) {
		sl_error_clear(to);
		*to = *from;
		*from = SL_ERROR_INIT;
	}
	sl_error_clear(from);
}

static int compare(const char *what, const uint8_t want[SL_SHA256_SIZE],
		   const uint8_t got[SL_SHA256_SIZE], struct sl_error *err)
{
	char want_text[DIGEST_TEXT_SIZE], got_text[DIGEST_TEXT_SIZE];

	if (memcmp(want, got, SL_SHA256_SIZE) == 0)
		return 0;
	digest_format(want_text, want);
	digest_format(got_text, got);
	return sl_fail(err, SL_EUNTRUSTED, 0, "%s %s: its bytes have digest %s", what, want_text,
		       got_text);
}

/* The feeding thread's failure, or the blob's digest when that explains it. */
static int settle_feed(struct pipeline *p, struct layer_result *out, struct sl_error *err)
{
	struct feed *f = &p->feed;
	int rc = 0;

	if (f->blob_hash != NULL && (f->rc == 0 || f->rc == -SL_EFORMAT)) {
		rc = sha256_final(f->blob_hash, out->blob_digest, err);
		out->has_blob_digest = rc == 0;
		if (rc == 0 && p->layer->has_blob_digest)
			rc = compare("blob", p->layer->blob_digest, out->blob_digest, err);
	}
	if (rc == 0 && f->rc < 0) {
		move_error(err, &f->err);
		rc = f->rc;
	}
	return rc;
}

/* Everything was read and the feeding thread has ended: is it what it claims to be? */
static int settle(struct pipeline *p, struct layer_result *out, struct sl_error *err)
{
	const struct sl_layer *layer = p->layer;
	int rc = settle_feed(p, out, err);

	if (rc == 0)
		rc = sha256_final(p->tar_hash, out->diff_id, err);
	if (rc == 0 && layer->has_blob_digest && layer->blob_fd >= 0 && !p->feed.is_compressed)
		rc = compare("blob", layer->blob_digest, out->diff_id, err);
	if (rc == 0 && layer->has_diff_id)
		rc = compare("diff_id", layer->diff_id, out->diff_id, err);
	out->tar_bytes = p->feed.tar_bytes;
	out->compressed_bytes = p->from_directory ? 0 : p->feed.raw_bytes;
	out->from_directory = p->from_directory;
	return rc;
}

static int run(struct pipeline *p, const struct sl_progress *progress, const char *what,
	       struct layer_result *out, struct sl_error *err)
{
	struct meter meter = {.stream.ops = &meter_ops,
			      .inner = p->to_tar,
			      .progress = progress,
			      .total = p->total,
			      .what = what};
	const struct tar_options options = {
		.limits = p->limits,
		.must_close = !p->layer->has_diff_id && !p->layer->has_blob_digest,
		.is_rebuilt = p->from_directory,
		.no_digests = p->how.no_digests,
		.item = on_item,
		.content = p->toc != NULL ? on_content : NULL,
		.payload = p,
	};
	struct sl_error proof_err = SL_ERROR_INIT;
	bool cancelled;
	int proof, rc;

	start_feeding(p);
	rc = tar_read(&meter.stream, &options, &out->entries, err);
	if (rc == 0 && p->toc != NULL)
		rc = toc_end(p->toc, err);
	out->is_parsed = rc == 0;
	cancelled = drain_or_cancel(p, &meter.stream, rc);
	if (p->has_feeder)
		(void)pthread_join(p->feeder, NULL);
	if (p->fn_failed || (cancelled && p->feed.rc == 0))
		return rc;
	/* without the tar, its digest says nothing */
	if (rc == -SL_EUNSUPPORTED && p->from_directory)
		return rc;
	/* a contradicted digest, or the other thread's failure, explains whatever the tar lacks */
	proof = settle(p, out, &proof_err);
	if (proof < 0) {
		move_error(err, &proof_err);
		return proof;
	}
	if (rc == 0 && progress != NULL) {
		uint64_t done = p->total != 0 ? p->total : out->tar_bytes;

		progress->report(progress->payload, done, done, what);
	}
	return rc;
}

static int prepare(struct pipeline *p, struct sl_error *err)
{
	int rc = open_input(p, err);

	if (rc == 0)
		rc = sha256_new(&p->tar_hash, err);
	if (rc == 0)
		rc = ring_new(&p->ring, RING_SLOTS, RING_SLOT_BYTES, hash_stream, p->tar_hash, err);
	if (rc == 0)
		rc = ring_reader(&p->to_tar, p->ring, err);
	p->feed.ring = p->ring;
	p->feed.limits = p->limits;
	p->feed.may_drain = claims_digest(p->layer);
	return rc;
}

static void pipeline_clear(struct pipeline *p)
{
	istream_close(p->to_tar);
	istream_close(p->feed.in);
	toc_close(p->toc);
	ring_free(p->ring);
	sha256_free(p->tar_hash);
	sha256_free(p->feed.blob_hash);
	sl_error_clear(&p->feed.err);
}

static int read_layer(struct pipeline *p, const struct sl_progress *progress,
		      struct layer_result *out, struct sl_error *err)
{
	const struct sl_limits defaults = SL_LIMITS_DEFAULT;
	char name[DIGEST_TEXT_SIZE] = "without diff_id";
	int rc;

	*out = (struct layer_result){0};
	if (p->limits == NULL)
		p->limits = &defaults;
	if (p->layer->has_diff_id)
		digest_format(name, p->layer->diff_id);
	p->feed.progress = progress;
	rc = prepare(p, err);
	if (rc == 0)
		rc = run(p, progress, name, out, err);
	pipeline_clear(p);
	return rc < 0 && !p->fn_failed && p->layer->has_diff_id ? sl_wrap(err, rc, "layer %s", name)
								: rc;
}

int layer_read(const struct sl_layer *layer, const struct sl_limits *limits, layer_item_fn fn,
	       void *payload, const struct sl_progress *progress, struct layer_result *out,
	       struct sl_error *err)
{
	struct pipeline p = {.layer = layer, .limits = limits, .fn = fn, .payload = payload};

	return read_layer(&p, progress, out, err);
}

int layer_rebuild(const struct sl_layer *layer, const struct sl_limits *limits,
		  const struct layer_rebuild *how, layer_item_fn fn, void *payload,
		  const struct sl_progress *progress, struct layer_result *out,
		  struct sl_error *err)
{
	struct sl_layer unpacked = *layer;
	struct pipeline p = {
		.layer = &unpacked, .limits = limits, .fn = fn, .payload = payload, .how = *how};

	unpacked.blob_fd = -1;
	return read_layer(&p, progress, out, err);
}
