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
#include "snapshot/tarpax.h"

/* An extended header names an image's member: nothing else in it matters here. */
#define MAX_PAX (64u << 10)

struct scan {
	int fd;
	uint64_t at, end;
	/* what was read last: small members follow each other closely */
	uint8_t window[16u << 10];
	uint64_t window_at;
	size_t window_len;
	/* what special members said about the next one */
	struct buf pax_body, pax_pairs, long_name, long_link;
	struct tarpax pax;
	bool has_pax, has_long_name, has_long_link;
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

/* A GNU long name ends at its first NUL. */
static int read_long(struct scan *s, struct buf *out, bool *has, struct sl_error *err)
{
	int rc = read_special(s, out, err);

	if (rc < 0)
		return rc;
	*has = out->len > 0 && out->data[0] != '\0';
	if (*has)
		out->len = strlen(out->data);
	return 0;
}

/* Consume what describes the next member. 0 when it was that; 1 when it is a member. */
static int take_special(struct scan *s, struct sl_error *err)
{
	int rc;

	switch (s->head.type) {
	case 'x':
		rc = read_special(s, &s->pax_body, err);
		if (rc == 0)
			rc = tarpax_parse(&s->pax, &s->pax_body, &s->pax_pairs, MAX_PAX, err);
		s->has_pax = rc == 0;
		return rc;
	case 'g':
		return pass(s, s->head.size, err);
	case 'L':
		return read_long(s, &s->long_name, &s->has_long_name, err);
	case 'K':
		return read_long(s, &s->long_link, &s->has_long_link, err);
	default:
		return 1;
	}
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

	s->has_pax = s->has_long_name = s->has_long_link = false;
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
	       (s->has_pax && (s->pax.sparse_major != 0 || s->pax.sparse_map.data != NULL));
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

static struct sl_bytes raw_name(const struct scan *s)
{
	if (s->has_long_name)
		return (struct sl_bytes){s->long_name.data, s->long_name.len};
	if (s->has_pax && s->pax.path.len > 0)
		return s->pax.path;
	return (struct sl_bytes){s->head.name, strlen(s->head.name)};
}

static struct sl_bytes raw_link(const struct scan *s)
{
	if (s->has_long_link)
		return (struct sl_bytes){s->long_link.data, s->long_link.len};
	if (s->has_pax && s->pax.link.len > 0)
		return s->pax.link;
	return (struct sl_bytes){s->head.link, strlen(s->head.link)};
}

static int take_member(struct scan *s, tarscan_fn fn, void *payload, struct sl_error *err)
{
	struct tarscan_member m = {.name = raw_name(s), .link = raw_link(s), .offset = s->at};
	AUTO_FREE char *shown = NULL;
	bool has_body;
	int rc = 0;

	if (m.name.len > TARSCAN_MAX_NAME || m.link.len > TARSCAN_MAX_NAME)
		return sl_fail(err, SL_ELIMIT, 0, "name longer than %d bytes", TARSCAN_MAX_NAME);
	m.kind = kind_of(s, m.name);
	has_body = m.kind == TARSCAN_FILE || m.kind == TARSCAN_SPARSE;
	if (has_body) { /* others have none, whatever they say */
		m.size = s->has_pax && (s->pax.fields & TARPAX_SIZE) != 0 ? s->pax.size
									  : s->head.size;
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
	buf_clear(&s->pax_body);
	buf_clear(&s->pax_pairs);
	buf_clear(&s->long_name);
	buf_clear(&s->long_link);
	tarpax_clear(&s->pax);
}

int tarscan(int fd, tarscan_fn fn, void *payload, struct sl_error *err)
{
	struct scan s CLEANUP(scan_clear) = {.fd = fd,
					     .pax_body = BUF_INIT(MAX_PAX),
					     .pax_pairs = BUF_INIT(MAX_PAX),
					     .long_name = BUF_INIT(TARSCAN_MAX_NAME + 1),
					     .long_link = BUF_INIT(TARSCAN_MAX_NAME + 1)};
	struct stat st;
	int rc = 0;

	if (fstat(fd, &st) < 0)
		return sl_fail(err, SL_EIO, errno, "stat");
	if (!S_ISREG(st.st_mode))
		return sl_fail(err, SL_EINVAL, 0, "no regular file");
	s.end = (uint64_t)st.st_size;
	while (rc == 0 && (rc = next_head(&s, err)) == 0)
		rc = take_member(&s, fn, payload, err);
	return rc < 0 ? rc : 0;
}
