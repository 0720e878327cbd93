/* SPDX-License-Identifier: Apache-2.0 */
/* A source over an array of entries, for tests. */
#ifndef TESTS_FAKE_SOURCE_H
#define TESTS_FAKE_SOURCE_H

#include <strandline/source.h>

#define PATH(text) ((struct sl_bytes){(text), sizeof(text) - 1})

/* One row; the content may be NULL (then open() returns 1). A gap row yields a gap, no entry. */
struct fake_row {
	struct sl_entry entry;
	const char *content;
	const char *gap;         /* why: reported before the next row */
	bool gap_is_narrow;      /* it is about the path alone, not about what is beneath */
	bool unreadable;         /* open() fails with EACCES */
	bool changes_while_read; /* every read says so */
	bool changes_once;       /* only the first read of a content says so */
	const char *id;          /* it is identified by; NULL: it is not */
	bool is_quiet;           /* nobody may write to it */
};

/* Rows must be in canonical order and outlive the source. */
struct sl_source *fake_source(const struct fake_row *rows, size_t count, bool sparse);

#endif
