/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Names within a bundle: a line of the index, the name of a member, and the name that a path of
 * these bytes gets, which is always one that a member may have.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/cleanup.h"
#include "forensics/bundle_name.h"
#include "forensics/bundleindex.h"
#include "forensics/membername.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void must(bool good)
{
	if (!good)
		abort();
}

/* A line that is taken is the only way to write what it says. */
static void read_line(const char *line, size_t size)
{
	struct bundleplace p;
	char again[128];
	int n;

	if (bundleindex_line(&p, line, size) < 0)
		return;
	n = snprintf(again, sizeof(again), "%016llx %llu %llu %llu", (unsigned long long)p.hash,
		     (unsigned long long)p.seq, (unsigned long long)p.frame,
		     (unsigned long long)p.offset);
	must((size_t)n == size && memcmp(again, line, size) == 0);
}

/* Nothing that is taken leads out of where members are unpacked. */
static void read_name(const char *name, size_t size)
{
	struct membername m;

	if (membername_parse(&m, name, size) < 0)
		return;
	must(size > 0 && size <= MEMBERNAME_MAX && name[0] != '/');
	must(memchr(name, '\0', size) == NULL && memmem(name, size, "//", 2) == NULL);
	must(memmem(name, size, "/../", 4) == NULL && name[size - 1] != '/');
}

static void name_path(const char *bytes, size_t size)
{
	CLEANUP(buf_clear) struct buf path = BUF_INIT(size + 1), name = BUF_INIT(BUNDLE_NAME_MAX);
	CLEANUP(buf_clear) struct buf member = BUF_INIT(BUNDLE_MEMBER_MAX);
	uint64_t seq = size * UINT64_C(12345678901);
	struct membername m;

	must(buf_append_char(&path, '/') == 0 && buf_append(&path, bytes, size) == 0);
	must(bundle_name(&name, path.data, path.len, NULL) == 0);
	must(bundle_member(&member, seq, name.data, size % 2 == 0 ? -1 : (int64_t)size) == 0);
	must(membername_parse(&m, member.data, member.len) == 0);
	must(m.kind == MEMBER_PAYLOAD && m.number == seq);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const char *bytes = (const char *)data;

	if (size == 0)
		return 0;
	read_line(bytes, size);
	read_name(bytes, size);
	name_path(bytes, size);
	return 0;
}
