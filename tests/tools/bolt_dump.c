/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Print a bolt database as text: bolt_dump [-q|-x] FILE. A line is the bucket names and the key
 * joined by "/", then "=" and the value, quoted, or with -x in hexadecimal digits; a bucket alone
 * ends in
 * "/". -q prints the number of buckets, keys and bytes of values only.
 *
 * What could not be read goes to standard error. Exits with the negated code of the failure, 0 when
 * there was none.
 */
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "core/buf.h"
#include "core/cleanup.h"
#include "core/encode.h"
#include "core/quote.h"
#include "host/bolt.h"

#define OUT_MAX ((size_t)1 << 30)

struct dump {
	struct bolt *b;
	struct buf out; /* printed when the view is done: it may be called again */
	struct buf gaps;
	struct buf at; /* names of the buckets above, quoted */
	bool is_quiet, is_hex;
	uint64_t buckets, keys, bytes;
};

static int dump_bucket(struct dump *d, struct bolt_bucket in, struct sl_error *err);

static void put_bytes(const struct dump *d, struct buf *out, struct sl_bytes bytes)
{
	if (!d->is_hex) {
		(void)quote_bytes(out, bytes.data, bytes.len);
	} else if (buf_reserve(out, bytes.len * 2 + 1) == 0) {
		hex_encode(out->data + out->len, bytes.data, bytes.len);
		out->len += bytes.len * 2;
	}
}

static int dump_item(void *payload, const struct bolt_item *item, struct sl_error *err)
{
	struct dump *d = payload;
	size_t len = d->at.len;
	int rc;

	if (item->value.data != NULL) {
		d->keys++;
		d->bytes += item->value.len;
		if (d->is_quiet)
			return 0;
		(void)buf_append(&d->out, d->at.data, d->at.len);
		put_bytes(d, &d->out, item->key);
		(void)buf_append_char(&d->out, '=');
		put_bytes(d, &d->out, item->value);
		(void)buf_append_char(&d->out, '\n');
		return d->out.status < 0 ? sl_fail(err, SL_ELIMIT, 0, "too long") : 0;
	}
	d->buckets++;
	put_bytes(d, &d->at, item->key);
	(void)buf_append_char(&d->at, '/');
	if (!d->is_quiet) {
		(void)buf_append(&d->out, d->at.data, d->at.len);
		(void)buf_append_char(&d->out, '\n');
	}
	rc = dump_bucket(d, item->bucket, err);
	d->at.len = len;
	return rc;
}

/* Recursion ends at BOLT_DEPTH_MAX. */
static int dump_bucket(struct dump *d, struct bolt_bucket in, struct sl_error *err) /* NOLINT */
{
	CLEANUP(sl_error_clear) struct sl_error why = SL_ERROR_INIT;
	int rc = bolt_each(d->b, in, dump_item, d, &why);

	if (rc >= 0)
		return rc;
	if (!bolt_salvaging(d->b))
		return sl_fail(err, why.code, 0, "%s", sl_error_text(&why));
	(void)buf_append(&d->gaps, d->at.data, d->at.len);
	(void)buf_printf(&d->gaps, ": %s\n", sl_error_text(&why));
	return 0;
}

static int dump_root(struct bolt *b, struct bolt_bucket root, void *payload, struct sl_error *err)
{
	struct dump *d = payload;

	d->b = b;
	d->buckets = d->keys = d->bytes = 0;
	buf_reset(&d->out);
	buf_reset(&d->gaps);
	buf_reset(&d->at);
	(void)buf_append(&d->at, "", 0);
	return dump_bucket(d, root, err);
}

int main(int argc, char **argv)
{
	CLEANUP(sl_error_clear) struct sl_error err = SL_ERROR_INIT;
	struct dump d = {
		.out = BUF_INIT(OUT_MAX), .gaps = BUF_INIT(OUT_MAX), .at = BUF_INIT(OUT_MAX)};
	const char *file = argv[argc - 1];
	AUTO_CLOSE int fd = -1;
	struct bolt *b = NULL;
	bool stale = false;
	int rc;

	if (argc < 2 || argc > 3)
		return 64;
	d.is_quiet = argc == 3 && strcmp(argv[1], "-q") == 0;
	d.is_hex = argc == 3 && strcmp(argv[1], "-x") == 0;
	fd = open(file, O_PATH | O_CLOEXEC);
	rc = fd < 0 ? sl_fail(&err, SL_ENOTFOUND, 0, "no such file") : bolt_open(&b, fd, &err);
	if (rc == 0)
		rc = bolt_view(b, dump_root, &d, &stale, &err);
	if (rc < 0)
		(void)fprintf(stderr, "bolt_dump: %s\n", sl_error_text(&err));
	if (rc == 0 && bolt_damage(b) != NULL)
		(void)fprintf(stderr, "bolt_dump: %s: %s\n", stale ? "stale" : "damaged",
			      bolt_damage(b));
	if (rc == 0 && d.gaps.len > 0)
		(void)fprintf(stderr, "%s", d.gaps.data);
	if (rc == 0 && d.is_quiet)
		printf("%" PRIu64 " buckets, %" PRIu64 " keys, %" PRIu64 " bytes\n", d.buckets,
		       d.keys, d.bytes);
	else if (rc == 0 && d.out.len > 0)
		(void)fwrite(d.out.data, 1, d.out.len, stdout);
	bolt_close(b);
	buf_clear(&d.out);
	buf_clear(&d.gaps);
	buf_clear(&d.at);
	return -rc;
}
