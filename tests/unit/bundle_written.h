/* SPDX-License-Identifier: Apache-2.0 */
/* Bundles that the writer writes into memory, for tests: anything that fails ends the test. */
#ifndef UNIT_BUNDLE_WRITTEN_H
#define UNIT_BUNDLE_WRITTEN_H

#include <inttypes.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include <strandline/bundle.h>

#include "core/json.h"
#include "unit/fake_content.h"

#define MIB ((uint64_t)1 << 20)

static inline int memory_file(void)
{
	int fd = memfd_create("bundle", MFD_CLOEXEC);

	assert_true(fd >= 0);
	return fd;
}

/* The writer takes a descriptor over: the test looks through another. */
static inline struct sl_bundle_writer *create(int fd, const struct sl_bundle_options *options)
{
	struct sl_bundle_writer *w = NULL;
	struct sl_error err = SL_ERROR_INIT;

	if (sl_bundle_create(&w, dup(fd), options, &err) < 0)
		fail_msg("create: %s", sl_error_text(&err));
	return w;
}

static inline int rewound(int fd)
{
	int again = dup(fd);

	assert_true(again >= 0);
	assert_int_equal(lseek(again, 0, SEEK_SET), 0);
	return again;
}

static inline enum sl_verdict verdict(int fd, const struct sl_verify_options *options,
				      struct sl_verify_result *out)
{
	static const struct sl_verify_options none;
	struct sl_error err = SL_ERROR_INIT;

	if (sl_bundle_verify(rewound(fd), options != NULL ? options : &none, out, &err) < 0)
		fail_msg("verify: %s", sl_error_text(&err));
	if (out->verdict == SL_VERDICT_BROKEN)
		fail_msg("broken: %s (segment %" PRIu64 ", record %" PRIu64 ")", out->fault,
			 out->fault_segment, out->fault_record);
	return out->verdict;
}

/* The document of record @seq. */
static inline struct jval *record(int fd, uint64_t seq)
{
	const struct sl_bundle_record *r;
	struct sl_bundle_reader *reader = NULL;
	struct jval *doc = NULL;

	assert_int_equal(sl_bundle_open(&reader, rewound(fd), NULL), 0);
	while (doc == NULL) {
		assert_int_equal(sl_bundle_next(reader, &r, NULL), 0);
		if (r->seq == seq)
			assert_int_equal(jval_parse(&doc, r->line, r->len, NULL), 0);
	}
	sl_bundle_reader_free(reader);
	return doc;
}

static inline struct sl_entry regular(const char *path, uint64_t size)
{
	return (struct sl_entry){.path = {path, strlen(path)},
				 .mode = S_IFREG | 04755,
				 .uid = 7,
				 .gid = 8,
				 .size = size,
				 .mtime = {1700000000, 5},
				 .fields = SL_ENTRY_MTIME};
}

static inline struct sl_bundle_stored add(struct sl_bundle_writer *w, const struct sl_entry *e,
					  const struct fake_content *how)
{
	struct sl_bundle_stored stored;
	struct sl_bundle_file file = {
		.role = "upper", .entry = e, .content = how != NULL ? fake_content(how) : NULL};
	struct sl_error err = SL_ERROR_INIT;

	if (sl_bundle_add_file(w, &file, &stored, &err) < 0)
		fail_msg("add: %s", sl_error_text(&err));
	return stored;
}

static inline void close_and_free(struct sl_bundle_writer *w, enum sl_bundle_status status)
{
	struct sl_error err = SL_ERROR_INIT;

	if (sl_bundle_close(w, status, &err) < 0)
		fail_msg("close: %s", sl_error_text(&err));
	sl_bundle_writer_free(w);
}

#endif
