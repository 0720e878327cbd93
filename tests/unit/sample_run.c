/* SPDX-License-Identifier: Apache-2.0 */
#include "unit/sample_run.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include <cmocka.h>

#include "core/cleanup.h"
#include "unit/fake_source.h"
#include "unit/sample_notes.h"

/* 2026-11-22T15:00:14.000204773Z */
#define STARTED ((struct sl_time){1795359614, 204773})

static const struct sl_xattr capability[] = {{"security.capability", "\1\0\0\2", 4}};

static const struct sl_entry sh = {.mode = S_IFREG | 0755,
				   .size = 900,
				   .mtime = {1795359600, 0},
				   .fields = SL_ENTRY_MTIME | SL_ENTRY_SHA256 | SL_ENTRY_XATTRS,
				   .sha256 = {0xaa}};
static const struct sl_entry new_sh = {.mode = S_IFREG | 0755,
				       .size = 1228800,
				       .mtime = {1795359600, 0},
				       .fields = SL_ENTRY_MTIME | SL_ENTRY_SHA256 | SL_ENTRY_XATTRS,
				       .sha256 = {0xbb}};
static const struct sl_entry evil = {.mode = S_IFREG | 04755,
				     .size = 5,
				     .mtime = STARTED,
				     .ctime = STARTED,
				     .btime = STARTED,
				     .dev = 66306,
				     .ino = 18446744073709551615u,
				     .nlink = 1,
				     .fields = SL_ENTRY_MTIME | SL_ENTRY_CTIME | SL_ENTRY_BTIME |
					       SL_ENTRY_SHA256 | SL_ENTRY_XATTRS | SL_ENTRY_INODE,
				     .xattrs = capability,
				     .xattr_count = 1,
				     .sha256 = {0xcc}};
static const struct sl_entry dir = {
	.mode = S_IFDIR | 0755, .mtime = STARTED, .fields = SL_ENTRY_MTIME | SL_ENTRY_XATTRS};
static const struct sl_entry to_tmp = {.mode = S_IFLNK | 0777, .target = PATH("/tmp/\033[31mx")};
static const struct sl_entry owned = {
	.mode = S_IFREG | 0644, .size = 1024, .uid = 0, .fields = SL_ENTRY_XATTRS};
static const struct sl_entry disowned = {
	.mode = S_IFREG | 0644, .size = 1024, .uid = 1000, .gid = 1000, .fields = SL_ENTRY_XATTRS};

struct row {
	enum sl_change_kind kind;
	uint32_t fields;
	uint64_t signals;
	struct sl_bytes path;
	const struct sl_entry *before, *after;
	enum sl_severity severity;
	const char *rule, *reason, *attack;
	enum sl_cause cause;
};

/* In canonical order. */
static const struct row rows[] = {
	{SL_CHANGE_ADDED, 0, 0, PATH(".dockerenv"), NULL, &owned, SL_SEVERITY_LOW,
	 .cause = SL_CAUSE_ENGINE},
	{SL_CHANGE_MODIFIED, SL_FIELD_CONTENT | SL_FIELD_SIZE, SL_SIGNAL_FORGED_MTIME,
	 PATH("bin/sh"), &sh, &new_sh, SL_SEVERITY_HIGH, "exec.changed", "a program was changed",
	 "T1554"},
	{SL_CHANGE_DELETED, 0, 0, PATH("etc/motd"), &owned, NULL, SL_SEVERITY_LOW},
	{SL_CHANGE_TYPE, SL_FIELD_TYPE, 0, PATH("opt/app"), &dir, &to_tmp, SL_SEVERITY_MEDIUM},
	{SL_CHANGE_ADDED, 0, SL_SIGNAL_SETUID | SL_SIGNAL_ELF, PATH("usr/bin/evil\n\033]0;x\a"),
	 NULL, &evil, SL_SEVERITY_CRITICAL, "setuid.new", "new program that runs as its owner",
	 "T1548.001"},
	{SL_CHANGE_ADDED, 0, 0, PATH("usr/bin/\xff\xfe"), NULL, &owned, SL_SEVERITY_LOW},
	{SL_CHANGE_METADATA, SL_FIELD_MODE | SL_FIELD_XATTRS, 0, PATH("usr/bin/ls"), &sh, &evil,
	 SL_SEVERITY_MEDIUM, "setuid.new", "now runs as its owner", "T1548.001"},
	{SL_CHANGE_TOUCHED, 0, 0, PATH("var"), &dir, &dir, SL_SEVERITY_INFO},
};

static int feed_row(struct sl_sink *sink, const struct row *r, uint8_t id)
{
	struct sl_change c = {.kind = r->kind,
			      .fields = r->fields,
			      .signals = r->signals,
			      .path = r->path,
			      .before = r->before,
			      .after = r->after};
	struct sl_finding f = {.kind = SL_FINDING_FILE,
			       .id = {id},
			       .severity = r->severity,
			       .change = &c,
			       .rules = {r->rule},
			       .reasons = {r->reason},
			       .rule_count = r->rule != NULL,
			       .attack = {r->attack},
			       .attack_count = r->attack != NULL,
			       .cause = r->cause,
			       .cause_name = r->cause != SL_CAUSE_NONE ? "dockerenv" : NULL};

	return sl_sink_finding(sink, &f, NULL);
}

static int feed_alike(struct sl_sink *sink, unsigned int count)
{
	for (unsigned int i = 0; i < count; i++) {
		char path[32];
		int len = snprintf(path, sizeof(path), "srv/data/%06u", i);
		struct row r = {SL_CHANGE_METADATA, SL_FIELD_OWNER,  0, {path, (size_t)len}, &owned,
				&disowned,          SL_SEVERITY_INFO};
		int rc = feed_row(sink, &r, 99);

		if (rc < 0)
			return rc;
	}
	return 0;
}

static int feed_unlike(struct sl_sink *sink, unsigned int count)
{
	for (unsigned int i = 0; i < count; i++) {
		struct sl_entry after = disowned;
		char path[32];
		int len = snprintf(path, sizeof(path), "srv/unlike/%06u", i);
		struct row r = {SL_CHANGE_METADATA,  SL_FIELD_OWNER, 0,
				{path, (size_t)len}, &owned,         &after,
				SL_SEVERITY_INFO};
		int rc;

		after.uid = i + 1;
		rc = feed_row(sink, &r, 98);
		if (rc < 0)
			return rc;
	}
	return 0;
}

static int feed_gaps(struct sl_sink *sink, unsigned int count)
{
	struct sl_gap first = {PATH("etc/shadow"), "cannot be read", 13, true, true};

	if (sl_sink_gap(sink, &first, NULL) < 0)
		return -1;
	for (unsigned int i = 0; i < count; i++) {
		struct sl_gap gap = {PATH("metadata"), "is missing", 0, false, false};

		if (sl_sink_gap(sink, &gap, NULL) < 0)
			return -1;
	}
	return 0;
}

static void count(struct sl_counts *c, const struct sample *s)
{
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		c->explained += rows[i].cause != SL_CAUSE_NONE;
		if (rows[i].cause != SL_CAUSE_NONE)
			continue;
		c->by_kind[rows[i].kind]++;
		c->by_severity[rows[i].severity] += rows[i].kind != SL_CHANGE_TOUCHED;
	}
	c->by_kind[SL_CHANGE_METADATA] += s->alike;
	c->by_severity[SL_SEVERITY_INFO] += s->alike;
	c->gaps = 1 + s->gaps;
	c->raced = 2;
}

static int feed_container(struct sl_sink *sink, const struct sample *s)
{
	static const char *const compared[] = {"/"};
	char volume[] = "volume", data[] = "/data", tmpfs[] = "tmpfs", run[] = "/run";
	struct sl_mount mounts[] = {{data, volume, NULL, true}, {run, tmpfs, NULL, false}};
	char engine[] = "docker", id[] = "3f2a9b1c7d10aabbccdd", name[] = "web";
	struct sl_container c = {.engine = engine,
				 .id = id,
				 .name = name,
				 .state = SL_STATE_RUNNING,
				 .mounts = mounts,
				 .mount_count = ARRAY_SIZE(mounts)};
	struct sl_subject subject = {
		.container = &c,
		.image = {.ref = "nginx:1.25",
			  .has_id = true,
			  .has_digest = true,
			  .id = {1},
			  .digest = {2},
			  .digest_verified = true,
			  .trust = s->unproven ? SL_TRUST_ON_DISK : SL_TRUST_PROVEN,
			  .has_checked_at = !s->unproven,
			  .checked_at = STARTED},
		.quick = s->quick,
		.compared = compared,
		.compared_count = 1};
	struct sl_summary sum = {.subject = &subject, .complete = s->clean};
	int rc = sl_sink_container(sink, &subject, NULL);

	if (s->notes && rc == 0)
		rc = sample_feed_others(sink);
	for (size_t i = 0; !s->clean && rc == 0 && i < ARRAY_SIZE(rows); i++) {
		rc = feed_row(sink, &rows[i], (uint8_t)i);
		if (rc == 0 && i == 3)
			rc = feed_alike(sink, s->alike);
		if (rc == 0 && i == 3)
			rc = feed_unlike(sink, s->unlike);
		if (rc == 0 && i == 1)
			rc = feed_gaps(sink, s->gaps);
	}
	if (s->notes && rc == 0)
		rc = sample_feed_zoo(sink);
	if (!s->clean)
		count(&sum.counts, s);
	if (s->notes)
		sample_count_notes(&sum.counts);
	return rc < 0 ? rc : sl_sink_container_end(sink, &sum, NULL);
}

int sample_feed(struct sl_sink *sink, const struct sample *sample)
{
	static const char *const fallbacks[] = {"openat2"};
	struct sl_run run = {.command = "diff",
			     .fallbacks = fallbacks,
			     .fallback_count = 1,
			     .tool_version = "0.1.0",
			     .host_name = "examined",
			     .root = "/",
			     .started = STARTED,
			     .finished = {STARTED.sec + 1, 0}};
	int rc = sl_sink_begin(sink, &run, NULL);

	for (unsigned int i = 0; rc == 0 && (i == 0 || i < sample->containers); i++)
		rc = feed_container(sink, sample);
	return rc < 0 ? rc : sl_sink_end(sink, &run, NULL);
}

void sample_report(struct buf *out, sample_format format, const struct report_options *options,
		   const struct sample *sample)
{
	struct ostream *to = NULL;
	struct sl_sink *sink = NULL;

	assert_int_equal(ostream_to_buf(&to, out, NULL), 0);
	assert_int_equal(format(&sink, to, options, NULL), 0);
	assert_int_equal(sample_feed(sink, sample), 0);
	sl_sink_close(sink);
	ostream_close(to);
}
