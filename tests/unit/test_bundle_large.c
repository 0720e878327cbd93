/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Payloads of many frames: any number of threads says the same of them, and one is taken out
 * without reading the others.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "core/cleanup.h"
#include "forensics/bundle_read.h"
#include "forensics/inventory.h"
#include "unit/bundle_maker.h"

/* Within a frame, over frames, over segments; more of them behind. */
static const size_t sizes[] = {0, 1,    700, 5 << 20, 3000,    17 << 20,
			       0, 4096, 100, 2 << 20, 8 << 20, 8 << 20};
enum { MANY = 5, SMALL = 7 };

/* Compresses to a half, and is different at every place. */
static uint8_t byte_at(size_t file, size_t at)
{
	uint64_t n = (at + (file << 32)) * UINT64_C(0x9E3779B97F4A7C15);

	return (uint8_t)((at & 1) != 0 ? file : (n ^ n >> 31) >> 24);
}

struct filled {
	struct sl_content content;
	size_t file;
};

static int filled_read(struct sl_content *c, struct sl_tap *const taps[], size_t count,
		       struct sl_read *out, struct sl_error *err)
{
	const struct filled *f = container_of(c, struct filled, content);
	uint8_t chunk[1 << 12];
	int rc = 0;

	while (rc == 0 && out->bytes < sizes[f->file]) {
		size_t left = sizes[f->file] - (size_t)out->bytes;
		size_t n = left < sizeof(chunk) ? left : sizeof(chunk);

		for (size_t i = 0; i < n; i++)
			chunk[i] = byte_at(f->file, (size_t)out->bytes + i);
		for (size_t i = 0; rc == 0 && i < count; i++)
			rc = taps[i]->data(taps[i], chunk, n, err);
		out->bytes += n;
	}
	return rc;
}

static void filled_close(struct sl_content *c)
{
	(void)c;
}

static uint64_t seqs[ARRAY_SIZE(sizes)];
static struct buf bundle = BUF_INIT(64 << 20);

static int make_bundle(void **state)
{
	static const struct sl_content_ops ops = {.read = filled_read, .close = filled_close};
	struct sl_bundle_options options = {.threads = 2};
	struct sl_bundle_writer *w = NULL;
	int fd = memfd_create("bundle", MFD_CLOEXEC);
	char chunk[1 << 16];
	uint32_t target;
	ssize_t n;

	(void)state;
	assert_int_equal(sl_bundle_create(&w, dup(fd), &options, NULL), 0);
	assert_int_equal(sl_bundle_target(w, "\"name\":\"web\"", &target, NULL), 0);
	for (size_t i = 0; i < ARRAY_SIZE(sizes); i++) {
		char path[16];
		struct filled f = {{&ops}, i};
		int len = snprintf(path, sizeof(path), "f%zu", i);
		struct sl_entry e = {
			.path = {path, (size_t)len}, .mode = S_IFREG | 0644, .size = sizes[i]};
		struct sl_bundle_file file = {.target = target,
					      .role = i == SMALL ? "log" : "upper",
					      .entry = &e,
					      .content = &f.content};
		struct sl_bundle_stored stored;

		assert_int_equal(sl_bundle_add_file(w, &file, &stored, NULL), 0);
		seqs[i] = stored.seq;
	}
	assert_int_equal(sl_bundle_close(w, SL_BUNDLE_COMPLETE, NULL), 0);
	sl_bundle_writer_free(w);
	assert_int_equal(lseek(fd, 0, SEEK_SET), 0);
	while ((n = read(fd, chunk, sizeof(chunk))) > 0)
		assert_int_equal(buf_append(&bundle, chunk, (size_t)n), 0);
	close(fd);
	return 0;
}

static int drop_bundle(void **state)
{
	(void)state;
	buf_clear(&bundle);
	return 0;
}

static void judge(const struct buf *bytes, size_t len, unsigned int threads,
		  struct sl_verify_result *out)
{
	struct sl_verify_options options = {.threads = threads};
	int fd = maker_fd(bytes->data, len);

	assert_int_equal(sl_bundle_verify(fd, &options, out, NULL), 0);
	close(fd);
}

/* With any number of threads as without. */
static void assert_same(const struct buf *bytes, size_t len, enum sl_verdict verdict)
{
	struct sl_verify_result alone, r;

	judge(bytes, len, 0, &alone);
	if (alone.verdict != verdict)
		fail_msg("%s: %s", sl_verdict_name(alone.verdict), alone.fault);
	for (unsigned int threads = 1; threads <= 5; threads += 2) {
		judge(bytes, len, threads, &r);
		assert_int_equal(r.verdict, alone.verdict);
		assert_int_equal(r.payloads, alone.payloads);
		assert_int_equal(r.payload_bytes, alone.payload_bytes);
		assert_int_equal(r.fault_offset, alone.fault_offset);
		assert_int_equal(r.fault_record, alone.fault_record);
		assert_int_equal(r.has_fault, alone.has_fault);
		if (r.has_fault)
			assert_string_equal(r.fault, alone.fault);
		sl_verify_result_clear(&r);
	}
	sl_verify_result_clear(&alone);
}

static void threads_change_no_verdict(void **state)
{
	struct buf bad = BUF_INIT(64 << 20);

	(void)state;
	assert_same(&bundle, bundle.len, SL_VERDICT_SELF_CONSISTENT);
	for (size_t part = 1; part < 4; part++)
		assert_same(&bundle, bundle.len / 4 * part, SL_VERDICT_INCOMPLETE);
	assert_int_equal(buf_append(&bad, bundle.data, bundle.len), 0);
	bad.data[bad.len / 2] ^= 1;
	assert_same(&bad, bad.len, SL_VERDICT_BROKEN);
	buf_clear(&bad);
}

static void wrong_digests_are_found_by_threads(void **state)
{
	enum { COUNT = 40 };

	(void)state;
	for (int bad = 0; bad < COUNT; bad += 13) {
		struct maker m;

		maker_begin(&m, false);
		for (int i = 0; i < COUNT; i++) {
			char path[16];

			(void)snprintf(path, sizeof(path), "f%d", i);
			m.wrong_digest = i == bad;
			(void)maker_file(&m, 1, "upper", path, "content", 7, "");
			if (i % 3 == 0)
				maker_frame(&m);
		}
		maker_close(&m, "complete");
		maker_tail(&m);
		assert_same(&m.file, m.file.len, SL_VERDICT_BROKEN);
		maker_clear(&m);
	}
}

/* Counts what is read of the bundle. */
struct counting {
	struct rfile base;
	struct rfile *inner;
	uint64_t bytes;
};

static int counting_read(struct rfile *f, uint64_t offset, void *dst, size_t cap, size_t *len,
			 struct sl_error *err)
{
	struct counting *c = container_of(f, struct counting, base);
	int rc = rfile_read_at(c->inner, offset, dst, cap, len, err);

	__atomic_fetch_add(&c->bytes, rc == 0 ? *len : 0, __ATOMIC_RELAXED);
	return rc;
}

static const struct rfile_ops counting_ops = {.read_at = counting_read};

struct compared {
	size_t file, at;
};

static int compare(void *payload, const uint8_t *bytes, size_t len, struct sl_error *err)
{
	struct compared *c = payload;

	(void)err;
	for (size_t i = 0; i < len; i++)
		if (bytes[i] != byte_at(c->file, c->at + i))
			fail_msg("byte %zu of file %zu is wrong", c->at + i, c->file);
	c->at += len;
	return 0;
}

static void items_come_out_by_the_index(void **state)
{
	struct counting c = {.inner = maker_rfile(bundle.data, bundle.len)};

	(void)state;
	c.base = (struct rfile){.ops = &counting_ops, .size = c.inner->size};
	for (size_t i = 0; i < ARRAY_SIZE(sizes); i++) {
		struct compared to = {.file = i};

		assert_int_equal(bundle_extract_each(&c.base, seqs[i], compare, &to, NULL), 0);
		assert_int_equal(to.at, sizes[i]);
	}
	rfile_close(c.inner);
}

/* The last megabytes of the bundle hold other files: what is read ahead reaches some of them. */
static void what_lies_elsewhere_is_not_read(void **state)
{
	struct counting c = {.inner = maker_rfile(bundle.data, bundle.len)};
	struct compared to = {.file = MANY};
	uint64_t seq = 0, all;

	(void)state;
	c.base = (struct rfile){.ops = &counting_ops, .size = c.inner->size};
	/* the first look-up reads all records: there is no writable layer's file of that path */
	assert_int_equal(inventory_find(&c.base, "f7", NULL, 0, &seq, NULL), 0);
	assert_int_equal(seq, seqs[SMALL]);
	all = c.bytes;
	assert_true(all >= bundle.len);
	c.bytes = 0;
	assert_int_equal(inventory_find(&c.base, "f7", "log", 1, &seq, NULL), 0);
	assert_int_equal(seq, seqs[SMALL]);
	assert_true(c.bytes < bundle.len / 2);
	assert_int_equal(inventory_find(&c.base, "f7", "before", 1, &seq, NULL), -SL_ENOTFOUND);
	c.bytes = 0;
	assert_int_equal(inventory_find(&c.base, "f0", "upper", 1, &seq, NULL), 0);
	assert_int_equal(seq, seqs[0]);
	assert_true(c.bytes < bundle.len / 2);
	/* in parts, of which the record stands behind the last */
	assert_int_equal(inventory_find(&c.base, "f5", "upper", 1, &seq, NULL), 0);
	assert_int_equal(seq, seqs[MANY]);
	assert_int_equal(bundle_extract_each(&c.base, seq, compare, &to, NULL), 0);
	assert_int_equal(to.at, sizes[MANY]);
	rfile_close(c.inner);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(threads_change_no_verdict),
		cmocka_unit_test(wrong_digests_are_found_by_threads),
		cmocka_unit_test(items_come_out_by_the_index),
		cmocka_unit_test(what_lies_elsewhere_is_not_read),
	};

	return cmocka_run_group_tests(tests, make_bundle, drop_bundle);
}
