/* SPDX-License-Identifier: Apache-2.0 */
/* Any bytes as the line of a record: parsed, shown, never a control byte on a terminal. */
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "forensics/inventory.h"
#include "forensics/record.h"
#include "forensics/recordentry.h"
#include "forensics/recordscan.h"
#include "forensics/sparsefile.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void must(bool good)
{
	if (!good)
		abort();
}

/* What is lent must be there: under a sanitizer, reading it is the test. */
static void read_entry(const struct jval *object)
{
	struct recordentry e;
	struct sl_entry *copy = NULL;

	recordentry_init(&e);
	if (recordentry_read(&e, object, (struct sl_bytes){"p", 1}, NULL) == 0) {
		for (size_t i = 1; i < e.entry.xattr_count; i++)
			must(strcmp(e.entry.xattrs[i - 1].name, e.entry.xattrs[i].name) <= 0);
		must(sl_entry_copy(&copy, &e.entry) == 0);
	}
	sl_entry_free(copy);
	recordentry_clear(&e);
}

/* Runs that are accepted ascend within the file, and are as many bytes as the part holds. */
static void read_map(const struct jval *doc, const struct stored *stored)
{
	struct sparsefile s = {.size = UINT64_C(1) << 40};
	uint64_t end = 0, bytes = 0;

	(void)record_u64(jval_get(doc, "size"), &s.size);
	if (sparsefile_map(&s, jval_get(doc, "map"), stored->bytes, NULL) == 0) {
		for (size_t i = 0; i < s.count; i++) {
			must(s.runs[i].len > 0 && s.runs[i].at >= end);
			end = s.runs[i].at + s.runs[i].len;
			must(end > s.runs[i].at && end <= s.size);
			bytes += s.runs[i].len;
		}
		must(bytes == stored->bytes);
	}
	sparsefile_clear(&s);
}

/* What is scanned without a parser is what the parser says. */
static void scan_agrees(const uint8_t *data, size_t size, const struct record *r, bool is_record)
{
	struct recordscan scan;

	if (recordscan(&scan, (const char *)data, size) != 0)
		return;
	must(is_record && scan.head.seq == r->seq && scan.head.target == r->target);
	for (int i = 0; i < RECORDSCAN_MEMBERS; i++) {
		const char *key = recordscan_key((enum recordscan_member)i);
		struct stored s;
		int rc = record_stored(jval_get(r->doc, key), &s, NULL);

		must(rc == (scan.has[i] ? 0 : 1));
		must(rc != 0 ||
		     (s.bytes == scan.said[i].bytes && s.member_len == scan.said[i].member_len &&
		      memcmp(s.member, scan.said[i].member, s.member_len) == 0 &&
		      memcmp(s.sha256, scan.said[i].sha256, SL_SHA256_SIZE) == 0));
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	bool is_record;
	struct buf line = BUF_INIT(1 << 20);
	struct stored stored;
	struct record r;

	is_record = record_parse(&r, (const char *)data, size, NULL) == 0;
	scan_agrees(data, size, &r, is_record);
	if (is_record) {
		struct sl_bundle_record record = {
			.seq = r.seq,
			.type = r.type,
			.target = r.target,
			.line = (const char *)data,
			.len = size,
		};

		read_entry(jval_get(r.doc, "src"));
		read_entry(jval_get(r.doc, "before"));
		if (record_stored(jval_get(r.doc, "stored"), &stored, NULL) == 0)
			read_map(r.doc, &stored);
		if (inventory_line(&line, &record, NULL) == 0)
			for (size_t i = 0; i < line.len; i++)
				must((unsigned char)line.data[i] >= ' ');
	}
	record_clear(&r);
	buf_clear(&line);
	return 0;
}
