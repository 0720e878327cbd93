/* SPDX-License-Identifier: Apache-2.0 */
#include "snapshot/tarscan.h"

#include <errno.h>
#include <inttypes.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/buf.h"
#include "core/cleanup.h"
#include "core/quote.h"
#include "snapshot/tarhead.h"
#include "snapshot/tarspecial.h"

/* An extended header names an image's member: nothing else in it matters here. */
#define MAX_PAX (64u << 10)

struct scan {
	int fd;
	uint64_t at, end;
	/* what was read last: small members follow each other closely */
	uint8_t window[16u << 10];
	uint64_t window_at;
	size_t window_len;
	struct tarspecial special;
	struct tarhead head;
};

static int cut_off(struct sl_error *err)
{
	return sl_fail(err, SL_EFORMAT, 0, "archive is cut off");
}

static int fill_window(struct scan *s, struct sl_error *err)
{
	ssize_t n;

	do
		n = pread(s->fd, s->window, sizeof(s->window), (off_t)s->at);
	while (n < 0 && errno == EINTR);
	if (n < 0)
		return sl_fail(err, SL_EIO, errno, "read");
	s->window_at = s->at;
	s->window_len = (size_t)n;
	return n >= TAR_BLOCK ? 0 : cut_off(err);
}

/* The block at hand, and go past it. 0; 1 at the end of the file. */
static int next_block(struct scan *s, const uint8_t **out, struct sl_error *err)
{
	if (s->at == s->end)
		return 1;
	if (s->end - s->at < TAR_BLOCK)
		return cut_off(err);
	if (s->at < s->window_at || s->at - s->window_at + TAR_BLOCK > s->window_len) {
		int rc = fill_window(s, err);

		if (rc < 0)
			return rc;
	}
	*out = s->window + (s->at - s->window_at);
	s->at += TAR_BLOCK;
	return 0;
}

/* Go past a body and its padding, which may be missing at the end of the file. */
static int pass(struct scan *s, uint64_t size, struct sl_error *err)
{
	uint64_t padding = (TAR_BLOCK - size % TAR_BLOCK) % TAR_BLOCK;

	if (size > s->end - s->at)
		return cut_off(err);
	s->at += size;
	s->at += padding < s->end - s->at ? padding : s->end - s->at;
	return 0;
}

/* The body of a special member, as one piece. */
static int read_special(struct scan *s, struct buf *out, struct sl_error *err)
{
	uint64_t left = s->head.size, stop = s->at;
	int rc;

	buf_reset(out);
	if (left > out->max)
		return sl_fail(err, SL_ELIMIT, 0, "tar header larger than %zu bytes", out->max);
	while (left > 0) {
		const uint8_t *block;
		size_t n = left < TAR_BLOCK ? (size_t)left : TAR_BLOCK;

		rc = next_block(s, &block, err);
		if (rc != 0)
			return rc < 0 ? rc : cut_off(err);
		if (buf_append(out, block, n) < 0)
			return sl_fail(err, SL_ENOMEM, 0, "tar header");
		left -= n;
	}
	s->at = stop;
	return pass(s, s->head.size, err);
}

/* Consume what describes the next member. 0 when it was that; 1 when it is a member. */
static int take_special(struct scan *s, struct sl_error *err)
{
	const struct sl_limits limits = SL_LIMITS_DEFAULT;
	struct buf *body = tarspecial_body(&s->special, s->head.type);
	int rc;

	if (s->head.type == 'g') {
		/* as in layers: what stood before it is used up */
		tarspecial_reset(&s->special);
		return pass(s, s->head.size, err);
	}
	if (body == NULL)
		return 1;
	rc = read_special(s, body, err);
	return rc < 0 ? rc : tarspecial_take(&s->special, s->head.type, &limits, err);
}

/* Old sparse members have the rest of their map in blocks behind the header. */
static int pass_sparse_map(struct scan *s, const uint8_t *head, struct sl_error *err)
{
	bool more = s->head.type == 'S' && head[482] != 0;

	while (more) {
		const uint8_t *block;
		int rc = next_block(s, &block, err);

		if (rc != 0)
			return rc < 0 ? rc : cut_off(err);
		more = block[504] != 0;
	}
	return 0;
}

/* Two blocks of zeros end the archive. Engines disagree on what a lone one means. */
static int check_end(struct scan *s, struct sl_error *err)
{
	const uint8_t *block;
	int rc = next_block(s, &block, err);

	if (rc == 0 && tarhead_parse(&s->head, block, NULL) != 1)
		return sl_fail(err, SL_EFORMAT, 0, "tar: data behind a zero block");
	return rc < 0 ? rc : 1;
}

/* Up to the header of the next real member. 0; 1 at the end of the archive. */
static int next_head(struct scan *s, struct sl_error *err)
{
	const uint8_t *block;

	tarspecial_reset(&s->special);
	for (;;) {
		int rc = next_block(s, &block, err);

		if (rc != 0)
			return rc;
		rc = tarhead_parse(&s->head, block, err);
		if (rc != 0)
			return rc < 0 ? rc : check_end(s, err);
		rc = take_special(s, err);
		if (rc == 1)
			return pass_sparse_map(s, block, err);
		if (rc < 0)
			return rc;
	}
}

static bool is_sparse(const struct scan *s)
{
	return s->head.type == 'S' ||
	       (s->special.has_pax &&
		(s->special.pax.sparse_major != 0 || s->special.pax.sparse_map.data != NULL));
}

static enum tarscan_kind kind_of(const struct scan *s, struct sl_bytes name)
{
	/* the oldest tars marked directories by their name alone */
	if (s->head.type == '\0' && name.len > 0 && name.data[name.len - 1] == '/')
		return TARSCAN_DIRECTORY;
	switch (s->head.type) {
	case '\0':
	case '0':
	case '7':
	case 'S':
		return is_sparse(s) ? TARSCAN_SPARSE : TARSCAN_FILE;
	case '1':
		return TARSCAN_HARDLINK;
	case '2':
		return TARSCAN_SYMLINK;
	case '5':
		return TARSCAN_DIRECTORY;
	default:
		return TARSCAN_OTHER;
	}
}

static int take_member(struct scan *s, tarscan_fn fn, void *payload, struct sl_error *err)
{
	struct tarscan_member m = {.name = tarspecial_name(&s->special, &s->head),
				   .link = tarspecial_link(&s->special, &s->head),
				   .offset = s->at};
	AUTO_FREE char *shown = NULL;
	bool has_body;
	int rc = 0;

	if (m.name.len > TARSCAN_MAX_NAME || m.link.len > TARSCAN_MAX_NAME)
		return sl_fail(err, SL_ELIMIT, 0, "name longer than %d bytes", TARSCAN_MAX_NAME);
	m.kind = kind_of(s, m.name);
	has_body = m.kind == TARSCAN_FILE || m.kind == TARSCAN_SPARSE;
	if (has_body) { /* others have none, whatever they say */
		m.size = tarspecial_size(&s->special, &s->head);
		rc = pass(s, m.size, err);
	}
	if (rc == 0)
		rc = fn(payload, &m, err);
	if (rc >= 0)
		return rc;
	shown = quote_dup(m.name.data, m.name.len);
	return sl_wrap(err, rc, "'%s'", shown != NULL ? shown : "?");
}

static void scan_clear(struct scan *s)
{
	tarspecial_clear(&s->special);
}

int tarscan(int fd, tarscan_fn fn, void *payload, struct sl_error *err)
{
	struct scan s CLEANUP(scan_clear) = {.fd = fd};
	struct stat st;
	int rc = 0;

	tarspecial_init(&s.special, MAX_PAX, TARSCAN_MAX_NAME + 1);
	if (fstat(fd, &st) < 0)
		return sl_fail(err, SL_EIO, errno, "stat");
	if (!S_ISREG(st.st_mode))
		return sl_fail(err, SL_EINVAL, 0, "no regular file");
	s.end = (uint64_t)st.st_size;
	while (rc == 0 && (rc = next_head(&s, err)) == 0)
		rc = take_member(&s, fn, payload, err);
	return rc < 0 ? rc : 0;
}
