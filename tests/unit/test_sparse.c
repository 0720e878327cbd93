/* SPDX-License-Identifier: Apache-2.0 */
/* Files with holes: stored as what lies between, taken out as they were, and never more than that.
 */
#include <errno.h>
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

#include <strandline/bundle.h>

#include "core/cleanup.h"
#include "forensics/sparsefile.h"
#include "unit/bundle_maker.h"

#define HOLE UINT64_C(200000)

/* Stretches, by turns data and hole; ends with 0, 0. */
struct stretch {
	uint64_t data, hole;
};

struct fake {
	struct sl_content content;
	const struct stretch *stretches;
	uint64_t claimed;  /* bytes of holes that it says it has, when not 0 */
	uint64_t fails_at; /* data bytes after which reading breaks off, when sys is not 0 */
	int sys;
};

static uint8_t byte_at(uint64_t at)
{
	return (uint8_t)(at * 31 + at / 251 + 1);
}

static int feed(struct fake *f, struct sl_sparse_tap *tap, uint64_t len, struct sl_read *out,
		struct sl_error *err)
{
	uint8_t chunk[5000];

	while (len > 0) {
		size_t n = len < sizeof(chunk) ? (size_t)len : sizeof(chunk);
		int rc;

		if (f->sys != 0 && out->bytes >= f->fails_at) {
			out->sys = f->sys;
			return 1;
		}
		for (size_t i = 0; i < n; i++)
			chunk[i] = byte_at(out->bytes + i);
		rc = tap->data(tap, chunk, n, err);
		if (rc < 0)
			return rc;
		out->bytes += n;
		len -= n;
	}
	return 0;
}

static int fake_read(struct sl_content *c, struct sl_sparse_tap *tap, struct sl_read *out,
		     struct sl_error *err)
{
	struct fake *f = container_of(c, struct fake, content);

	for (const struct stretch *s = f->stretches; s->data + s->hole > 0; s++) {
		int rc = feed(f, tap, s->data, out, err);

		if (rc == 0 && s->hole > 0)
			rc = tap->hole(tap, s->hole, err);
		if (rc != 0)
			return rc < 0 ? rc : 0;
		out->bytes += s->hole;
	}
	return 0;
}

static uint64_t fake_holes(struct sl_content *c)
{
	const struct fake *f = container_of(c, struct fake, content);
	uint64_t holes = 0;

	for (const struct stretch *s = f->stretches; s->data + s->hole > 0; s++)
		holes += s->hole;
	return f->claimed != 0 ? f->claimed : holes;
}

static void fake_close(struct sl_content *c)
{
	(void)c;
}

static const struct sl_content_ops ops = {
	.read_sparse = fake_read, .holes = fake_holes, .close = fake_close};

static uint64_t length(const struct stretch *s)
{
	uint64_t n = 0;

	for (; s->data + s->hole > 0; s++)
		n += s->data + s->hole;
	return n;
}

/* A bundle with this one file, promised to be @size long. */
static int store(struct fake *f, uint64_t size, uint64_t max_holes, struct sl_bundle_stored *stored)
{
	struct sl_bundle_options options = {.max_holes = max_holes};
	struct sl_entry e = {.path = {"holes", 5}, .mode = S_IFREG | 0644, .size = size};
	struct sl_bundle_file file = {.role = "upper", .entry = &e, .content = &f->content};
	struct sl_bundle_writer *w = NULL;
	int fd = memfd_create("bundle", MFD_CLOEXEC);

	f->content.ops = &ops;
	assert_int_equal(sl_bundle_create(&w, dup(fd), &options, NULL), 0);
	assert_int_equal(sl_bundle_add_file(w, &file, stored, NULL), 0);
	assert_int_equal(sl_bundle_close(w, SL_BUNDLE_COMPLETE, NULL), 0);
	sl_bundle_writer_free(w);
	return fd;
}

static void verifies(int fd)
{
	struct sl_verify_options options = {.threads = 1};
	struct sl_verify_result r;

	assert_int_equal(lseek(fd, 0, SEEK_SET), 0);
	assert_int_equal(sl_bundle_verify(fd, &options, &r, NULL), 0);
	assert_int_equal(r.verdict, SL_VERDICT_SELF_CONSISTENT);
	sl_verify_result_clear(&r);
}

/* What comes out is the stretches, as far as @size. */
static void comes_back(int fd, uint64_t seq, const struct stretch *s, uint64_t size)
{
	int out = memfd_create("out", MFD_CLOEXEC);
	const uint8_t *bytes;
	uint64_t at = 0;
	struct stat st;

	assert_int_equal(sl_bundle_extract(fd, seq, out, NULL), 0);
	assert_int_equal(fstat(out, &st), 0);
	assert_int_equal(st.st_size, size);
	bytes = mmap(NULL, size, PROT_READ, MAP_SHARED, out, 0);
	assert_ptr_not_equal(bytes, MAP_FAILED);
	for (; s->data + s->hole > 0; s++) {
		for (uint64_t i = 0; i < s->data && at < size; i++, at++)
			if (bytes[at] != byte_at(at))
				fail_msg("byte %llu is wrong", (unsigned long long)at);
		for (uint64_t i = 0; i < s->hole && at < size; i++, at++)
			if (bytes[at] != 0)
				fail_msg("byte %llu is no hole", (unsigned long long)at);
	}
	assert_int_equal(munmap((void *)(uintptr_t)bytes, size), 0);
	close(out);
}

static void round_trip(const struct stretch *s)
{
	struct sl_bundle_stored stored;
	struct fake f = {.stretches = s};
	uint64_t size = length(s);
	int fd = store(&f, size, 0, &stored);

	assert_int_equal(stored.read.bytes, size);
	assert_int_equal(stored.payload_bytes, size - fake_holes(&f.content));
	assert_false(stored.read.is_short || stored.read.changed);
	assert_true(stored.has_sha256);
	verifies(fd);
	comes_back(fd, stored.seq, s, size);
	close(fd);
}

static void holes_come_back_wherever_they_are(void **state)
{
	(void)state;
	round_trip((const struct stretch[]){{10, HOLE}, {1, 0}, {0, 0}});
	round_trip((const struct stretch[]){{0, HOLE}, {7, 0}, {0, 0}});
	round_trip((const struct stretch[]){{5000, HOLE}, {0, 0}});
	round_trip((const struct stretch[]){{0, HOLE}, {0, 0}});
	round_trip((const struct stretch[]){{4096, 4096}, {4096, HOLE}, {1, 1}, {1, 1}, {0, 0}});
}

/* More runs than a record has room for are more parts. */
static void a_file_full_of_holes_is_many_parts(void **state)
{
	struct stretch s[2001] = {{0, 0}};
	struct sl_bundle_stored stored;
	struct fake f = {.stretches = s};
	int fd;

	(void)state;
	for (size_t i = 0; i < 2000; i++)
		s[i] = (struct stretch){3, 4093};
	round_trip(s);
	fd = store(&f, length(s), 0, &stored);
	assert_int_equal(stored.seq, 1 + 4); /* open, and four parts of 512 runs at most */
	close(fd);
}

static void more_than_a_part_is_several(void **state)
{
	(void)state;
	round_trip((const struct stretch[]){{9000000, HOLE}, {100000, 0}, {0, 0}});
}

static void too_many_holes_are_not_hashed(void **state)
{
	const struct stretch s[] = {{4096, UINT64_C(1) << 50}, {4096, 0}, {0, 0}};
	struct sl_bundle_stored stored;
	struct fake f = {.stretches = s};
	int fd = store(&f, length(s), 0, &stored);

	(void)state;
	assert_false(stored.has_sha256);
	assert_int_equal(stored.payload_bytes, 8192);
	verifies(fd);
	close(fd);
}

/* It is opened as one thing and read as another: the bound is on what is met. */
static void holes_that_are_made_while_it_is_read_are_not_hashed(void **state)
{
	const struct stretch s[] = {{4096, UINT64_C(1) << 50}, {4096, 0}, {0, 0}};
	struct sl_bundle_stored stored;
	struct fake f = {.stretches = s, .claimed = HOLE};
	int fd = store(&f, length(s), 0, &stored);

	(void)state;
	assert_false(stored.has_sha256);
	verifies(fd);
	close(fd);
}

static void a_file_that_shrank_ends_where_it_ended(void **state)
{
	const struct stretch s[] = {{10000, HOLE}, {10, 0}, {0, 0}};
	struct sl_bundle_stored stored;
	struct fake f = {.stretches = s};
	int fd = store(&f, length(s) + 500, 0, &stored);

	(void)state;
	assert_true(stored.read.is_short);
	assert_int_equal(stored.read.bytes, length(s));
	verifies(fd);
	comes_back(fd, stored.seq, s, length(s));
	close(fd);
}

/* Beyond what was promised nothing is taken, be it bytes or a hole. */
static void a_file_that_grew_is_cut_and_changed(void **state)
{
	const struct stretch s[] = {{10000, HOLE}, {10, 0}, {0, 0}};
	const uint64_t promised[] = {9000, 10000, 10000 + HOLE / 2, length(s) - 1};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(promised); i++) {
		struct sl_bundle_stored stored;
		struct fake f = {.stretches = s};
		int fd = store(&f, promised[i], 0, &stored);

		assert_true(stored.read.changed);
		assert_int_equal(stored.read.bytes, promised[i]);
		verifies(fd);
		comes_back(fd, stored.seq, s, promised[i]);
		close(fd);
	}
}

static void what_came_before_an_error_is_kept(void **state)
{
	const struct stretch s[] = {{20000, HOLE}, {50000, 0}, {0, 0}};
	struct sl_bundle_stored stored;
	struct fake f = {.stretches = s, .fails_at = 20000 + HOLE + 10000, .sys = EIO};
	int fd = store(&f, length(s), 0, &stored);

	(void)state;
	assert_int_equal(stored.read.sys, EIO);
	assert_int_equal(stored.read.bytes, f.fails_at);
	assert_true(stored.read.is_short);
	verifies(fd);
	comes_back(fd, stored.seq, s, f.fails_at);
	close(fd);
}

/* ---- maps that lie ---- */

static int map(const char *text, uint64_t bytes, uint64_t size)
{
	struct sparsefile s = {.size = size};
	struct jval *doc = NULL;
	int rc;

	assert_int_equal(jval_parse(&doc, text, strlen(text), NULL), 0);
	rc = sparsefile_map(&s, doc, bytes, NULL);
	jval_free(doc);
	sparsefile_clear(&s);
	return rc;
}

static void a_map_that_does_not_describe_its_bytes_is_refused(void **state)
{
	static const struct {
		const char *map;
		uint64_t bytes;
	} lies[] = {
		{"[[0,10]]", 11},                      /* fewer bytes than the part has */
		{"[[0,10]]", 9},                       /* more */
		{"[[0,10],[5,10]]", 20},               /* overlapping */
		{"[[50,10],[0,10]]", 20},              /* going back */
		{"[[95,10]]", 10},                     /* behind the end */
		{"[[101,0]]", 0},                      /* empty */
		{"[[\"9999999999999999999\",2]]", 2},  /* around the corner */
		{"[[2,\"9999999999999999999\"]]", 10}, /* and its length */
		{"[[0,10,3]]", 10},                    /* not a pair */
		{"[[0]]", 0},
		{"[0,10]", 10},
		{"[[\"x\",10]]", 10},
		{"[[-1,11]]", 11},
		{"{}", 10},
		{"null", 10},
	};

	(void)state;
	assert_int_equal(map("[[0,10],[10,1],[\"99\",1]]", 12, 100), 0);
	for (size_t i = 0; i < ARRAY_SIZE(lies); i++)
		assert_int_equal(map(lies[i].map, lies[i].bytes, 100), -SL_EFORMAT);
}

static int extract_made(const char *stored)
{
	int in, out = memfd_create("out", MFD_CLOEXEC), rc;
	struct maker m;
	uint64_t seq;

	maker_begin(&m, false);
	seq = maker_record(&m, "file", 0, stored);
	maker_close(&m, "complete");
	maker_tail(&m);
	in = maker_fd(m.file.data, m.file.len);
	rc = sl_bundle_extract(in, seq, out, NULL);
	close(in);
	close(out);
	maker_clear(&m);
	return rc;
}

static void a_hole_may_be_as_large_as_it_claims_at_no_cost(void **state)
{
	(void)state;
	/* a digest over so much of nothing is not checked, or every examiner would wait */
	assert_int_equal(
		extract_made(",\"role\":\"upper\",\"src\":{\"path\":\"/h\"},\"stored\":"
			     "{\"parts\":0,\"bytes\":0,\"size\":1099511627776},"
			     "\"hash\":{\"sha256\":\"00000000000000000000000000000000000000000"
			     "00000000000000000000000\"}"),
		0);
	assert_int_equal(extract_made(",\"role\":\"upper\",\"src\":{\"path\":\"/h\"},\"stored\":"
				      "{\"parts\":0,\"bytes\":0}"),
			 -SL_ENOTFOUND);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(holes_come_back_wherever_they_are),
		cmocka_unit_test(a_file_full_of_holes_is_many_parts),
		cmocka_unit_test(more_than_a_part_is_several),
		cmocka_unit_test(too_many_holes_are_not_hashed),
		cmocka_unit_test(holes_that_are_made_while_it_is_read_are_not_hashed),
		cmocka_unit_test(a_file_that_shrank_ends_where_it_ended),
		cmocka_unit_test(a_file_that_grew_is_cut_and_changed),
		cmocka_unit_test(what_came_before_an_error_is_kept),
		cmocka_unit_test(a_map_that_does_not_describe_its_bytes_is_refused),
		cmocka_unit_test(a_hole_may_be_as_large_as_it_claims_at_no_cost),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
