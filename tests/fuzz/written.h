/* SPDX-License-Identifier: Apache-2.0 */
/* What every document that is written has to be, whatever went into it. */
#ifndef TESTS_FUZZ_WRITTEN_H
#define TESTS_FUZZ_WRITTEN_H

#include <stdlib.h>
#include <string.h>

#include "core/cleanup.h"
#include "core/json.h"

static inline void must(bool good)
{
	if (!good)
		abort();
}

static inline void check_document(const struct buf *out)
{
	AUTO_JVAL struct jval *doc = NULL;

	must(jval_parse(&doc, out->data, out->len, NULL) == 0);
}

static inline void check_lines(const struct buf *out)
{
	for (size_t at = 0; at < out->len;) {
		const char *end = memchr(out->data + at, '\n', out->len - at);
		struct buf line = {.data = out->data + at};

		must(end != NULL);
		line.len = (size_t)(end - line.data);
		check_document(&line);
		at += line.len + 1;
	}
}

#endif
