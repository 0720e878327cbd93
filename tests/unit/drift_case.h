/* SPDX-License-Identifier: Apache-2.0 */
/* Runs a whole comparison over arrays of rows and hands back what a sink was told. */
#ifndef TESTS_DRIFT_CASE_H
#define TESTS_DRIFT_CASE_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "core/cleanup.h"
#include "core/digest.h"
#include "diff/drift.h"
#include "unit/fake_sink.h"
#include "unit/fake_source.h"

/* a row overrides what its macro sets: that is its point */
#ifdef __clang__
#	pragma GCC diagnostic ignored "-Winitializer-overrides"
#else
#	pragma GCC diagnostic ignored "-Woverride-init"
#endif

#define ROWS 12

#define DIRECTORY(p, ...)                                                                          \
	{                                                                                          \
		.entry = {.path = PATH(p), .mode = S_IFDIR | 0755, __VA_ARGS__ }                   \
	}
#define FILE_WITH(p, text, ...)                                                                    \
	{                                                                                          \
		.entry = {.path = PATH(p), .mode = S_IFREG | 0644, __VA_ARGS__}, .content = (text) \
	}
#define LINK(p, to)                                                                                \
	{                                                                                          \
		.entry = {.path = PATH(p), .mode = S_IFLNK | 0777, .target = PATH(to) }            \
	}
#define WHITEOUT(p)                                                                                \
	{                                                                                          \
		.entry = {.path = PATH(p), .flags = SL_ENTRY_WHITEOUT }                            \
	}
#define UNREAD(p, text)                                                                            \
	{                                                                                          \
		.entry = {.path = PATH(p)}, .gap = (text)                                          \
	}

struct drift_case {
	const char *sentence;
	bool sparse;
	struct fake_row before[ROWS], after[ROWS]; /* end with a row without a path */
	const char *want; /* what the sink is told between container and end */
};

/* What the rows leave out. @is_baseline: digests instead of content, as a proven image has it. */
static inline size_t drift_rows(struct fake_row *rows, bool is_baseline)
{
	size_t n = 0;

	for (; n < ROWS && rows[n].entry.path.data != NULL; n++) {
		struct sl_entry *e = &rows[n].entry;

		e->fields |= SL_ENTRY_MTIME | SL_ENTRY_XATTRS;
		if (!S_ISREG(e->mode) || rows[n].content == NULL)
			continue;
		if (e->size == 0)
			e->size = strlen(rows[n].content);
		if (!is_baseline)
			continue;
		assert_int_equal(
			sha256_once(rows[n].content, strlen(rows[n].content), e->sha256, NULL), 0);
		e->fields |= SL_ENTRY_SHA256;
		rows[n].content = NULL;
	}
	return n;
}

struct drift_setup {
	const struct sl_container *container; /* NULL: one named "web" without mounts */
	struct drift_options options;
	struct drift_disk disk;
	bool keep_content; /* the image's side gives bytes, not digests */
};

/* The whole log; free it. @summary may be NULL. */
static inline char *drift_log(const struct drift_case *c, const struct drift_setup *setup,
			      struct sl_summary *summary)
{
	static const struct sl_container web = {.name = (char *)(uintptr_t) "web"};
	static struct sl_subject subject; /* the summary points to it */
	struct drift_case copy = *c;
	size_t before_count = drift_rows(copy.before, !setup->keep_content);
	size_t after_count = drift_rows(copy.after, false);
	struct sl_source *before = fake_source(copy.before, before_count, false);
	struct sl_source *after = fake_source(copy.after, after_count, c->sparse);
	struct buf log = BUF_INIT(1 << 24);
	struct sl_sink *sink = fake_sink(&log);
	struct sl_error err = SL_ERROR_INIT;
	struct drift_input input = {
		.before = before, .after = after, .subject = &subject, .disk = setup->disk};
	struct sl_summary own;

	subject =
		(struct sl_subject){.container = setup->container != NULL ? setup->container : &web,
				    .image = {.trust = SL_TRUST_PROVEN, .has_id = true},
				    .quick = setup->options.quick};
	if (drift_run(&input, &setup->options, sink, summary != NULL ? summary : &own, &err) != 0)
		fail_msg("%s: %s", c->sentence, sl_error_text(&err));
	sl_source_close(before);
	sl_source_close(after);
	sl_sink_close(sink);
	return buf_take(&log);
}

/* Compare what was said between the container line and the end line. */
static inline void drift_expect(const struct drift_case *c, const struct drift_setup *setup)
{
	AUTO_FREE char *log = drift_log(c, setup, NULL);
	char *start = strchr(log, '\n') + 1;
	char *end = strstr(log, "end added=");

	assert_non_null(end);
	*end = '\0';
	if (strcmp(start, c->want) != 0)
		fail_msg("%s:\n--- got\n%s--- want\n%s", c->sentence, start, c->want);
}

#endif
