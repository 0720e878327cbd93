/* SPDX-License-Identifier: Apache-2.0 */
/* Tars made byte by byte, for tests. */
#ifndef TESTS_TARMAKE_H
#define TESTS_TARMAKE_H

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/buf.h"

/* A header; what is left out is zero, the name and link as far as they fit. */
struct tar_row {
	const char *name;
	char type; /* '0' when left out */
	unsigned int mode;
	unsigned long uid, gid, size, mtime;
	const char *link;
	unsigned int major, minor;
	bool gnu;      /* GNU magic instead of ustar */
	char raw[512]; /* non-zero bytes are put over the finished header, before the checksum */
};

static inline void tar_seal(char block[512])
{
	unsigned int sum = 0;

	memset(block + 148, ' ', 8);
	for (int i = 0; i < 512; i++)
		sum += (unsigned char)block[i];
	(void)snprintf(block + 148, 8, "%06o", sum);
}

static inline void tar_must(int rc)
{
	if (rc < 0)
		abort();
}

static inline void tar_header(struct buf *out, const struct tar_row *r)
{
	char block[512] = {0};

	memcpy(block, r->name, strnlen(r->name, 100));
	(void)snprintf(block + 100, 8, "%07o", r->mode);
	(void)snprintf(block + 108, 8, "%07lo", r->uid);
	(void)snprintf(block + 116, 8, "%07lo", r->gid);
	(void)snprintf(block + 124, 12, "%011lo", r->size);
	(void)snprintf(block + 136, 12, "%011lo", r->mtime);
	block[156] = r->type != 0 ? r->type : '0';
	if (r->link != NULL)
		memcpy(block + 157, r->link, strnlen(r->link, 100));
	memcpy(block + 257, r->gnu ? "ustar  \0" : "ustar\00000", 8);
	(void)snprintf(block + 329, 8, "%07o", r->major);
	(void)snprintf(block + 337, 8, "%07o", r->minor);
	for (int i = 0; i < 512; i++)
		if (r->raw[i] != 0)
			block[i] = r->raw[i];
	tar_seal(block);
	tar_must(buf_append(out, block, 512));
}

static inline void tar_pad(struct buf *out)
{
	while (out->len % 512 != 0)
		tar_must(buf_append_char(out, '\0'));
}

static inline void tar_body(struct buf *out, const void *bytes, size_t len)
{
	tar_must(buf_append(out, bytes, len));
	tar_pad(out);
}

/* A file with this text. */
static inline void tar_file(struct buf *out, const char *name, const char *text)
{
	struct tar_row r = {.name = name, .mode = 0644, .size = strlen(text)};

	tar_header(out, &r);
	tar_body(out, text, strlen(text));
}

static inline void tar_plain(struct buf *out, const char *name, char type, const char *link)
{
	struct tar_row r = {.name = name, .type = type, .mode = 0755, .link = link};

	tar_header(out, &r);
}

/* Append "LEN KEY=VALUE\n". */
static inline void tar_record(struct buf *records, const char *key, const void *value, size_t len)
{
	size_t rest = strlen(key) + len + 3, total = rest + 1;
	char digits[24];

	while (total != rest + (size_t)snprintf(digits, sizeof(digits), "%zu", total))
		total++;
	tar_must(buf_printf(records, "%zu %s=", total, key));
	tar_must(buf_append(records, value, len));
	tar_must(buf_append_char(records, '\n'));
}

/* An 'x' (or 'g', 'L', 'K') header with this body. */
static inline void tar_special(struct buf *out, char type, const void *body, size_t len)
{
	struct tar_row r = {.name = "special", .type = type, .mode = 0644, .size = len};

	r.gnu = type == 'L' || type == 'K';
	tar_header(out, &r);
	tar_body(out, body, len);
}

/* An 'x' header with one record. */
static inline void tar_pax(struct buf *out, const char *key, const char *value)
{
	struct buf records = BUF_INIT(1 << 24);

	tar_record(&records, key, value, strlen(value));
	tar_special(out, 'x', records.data, records.len);
	buf_clear(&records);
}

static inline void tar_end(struct buf *out)
{
	static const char zeros[1024];

	tar_must(buf_append(out, zeros, sizeof(zeros)));
}

#endif
