/* SPDX-License-Identifier: Apache-2.0 */
#include "snapshot/limits.h"

#include <inttypes.h>
#include <stddef.h>
#include <string.h>

#include "core/buf.h"
#include "core/cleanup.h"
#include "core/quote.h"

#define AT(member) offsetof(struct sl_limits, member)

/* What is larger than @most would not fit the store's keys, or the decoder. */
static const struct {
	const char *name;
	size_t offset;
	uint64_t most;
	const char *what; /* "more than N ..." */
} limits_table[] = {
	[LIMIT_BYTES] = {"bytes", AT(bytes), UINT64_MAX, "bytes in a layer or archive"},
	[LIMIT_ENTRIES] = {"entries", AT(entries), UINT64_MAX, "entries in a layer"},
	[LIMIT_RATIO] = {"ratio", AT(ratio), UINT64_MAX, "bytes out of each byte stored"},
	[LIMIT_PATH] = {"path", AT(path), 1u << 23, "bytes in a path or link target"},
	[LIMIT_DEPTH] = {"depth", AT(depth), 4096, "names in a path"},
	[LIMIT_NAME] = {"name", AT(name), 1u << 23, "bytes in a name"},
	[LIMIT_PAX] = {"pax", AT(pax), 1u << 30, "bytes in an extended header"},
	[LIMIT_XATTRS] = {"xattrs", AT(xattrs), 1u << 23, "bytes in an entry's attributes"},
	[LIMIT_WINDOW] = {"window", AT(window), 1ull << 31, "bytes in a window or dictionary"},
};

static uint64_t *value_at(struct sl_limits *limits, size_t i)
{
	return (uint64_t *)(void *)((char *)limits + limits_table[i].offset);
}

int limit_hit(const struct sl_limits *limits, enum limit which, struct sl_error *err)
{
	struct sl_limits copy = *limits;
	const char *name = limits_table[which].name;

	return sl_fail(err, SL_ELIMIT, 0,
		       "more than %" PRIu64 " %s: a limit, which --limit %s=N raises",
		       *value_at(&copy, which), limits_table[which].what, name);
}

static int refuse_name(const char *name, struct sl_error *err)
{
	CLEANUP(buf_clear) struct buf known = BUF_INIT(1024);
	AUTO_FREE char *shown = quote_dup(name, strlen(name));

	for (size_t i = 0; i < ARRAY_SIZE(limits_table); i++)
		(void)buf_printf(&known, "%s%s", i > 0 ? ", " : "", limits_table[i].name);
	return sl_fail(err, SL_EINVAL, 0, "no limit is called '%s'; there are: %s",
		       shown != NULL ? shown : "?", known.data != NULL ? known.data : "");
}

int sl_limits_set(struct sl_limits *limits, const char *name, uint64_t value, struct sl_error *err)
{
	for (size_t i = 0; i < ARRAY_SIZE(limits_table); i++) {
		if (strcmp(limits_table[i].name, name) != 0)
			continue;
		if (value == 0 || value > limits_table[i].most)
			return sl_fail(err, SL_EINVAL, 0, "limit '%s' must be from 1 to %" PRIu64,
				       name, limits_table[i].most);
		*value_at(limits, i) = value;
		return 0;
	}
	return refuse_name(name, err);
}
