/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Findings with hostile names, lines, command lines and settings in them, told in every format. The
 * first byte says which, the second how; texts follow, parted by NULs. Documents parse, tables do
 * nothing to a terminal, and what a page shows of evidence is never its markup ("<zz" and '"zz' are
 * in no page by themselves).
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "core/cleanup.h"
#include "core/encode.h"
#include "core/json.h"
#include "diff/policy.h"
#include "fuzz/written.h"
#include "job/policylearn.h"
#include "report/report.h"

#define TEXTS 12

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* ---- what may come out ---- */

static void check_text(const struct buf *out)
{
	for (size_t i = 0; i < out->len; i++)
		must(out->data[i] == '\n' ||
		     ((unsigned char)out->data[i] >= ' ' && out->data[i] != 0x7f));
	must(out->len == 0 || utf8_valid(out->data, out->len));
}

static void check_page(const struct buf *out)
{
	check_text(out);
	must(memmem(out->data, out->len, "<zz", 3) == NULL);
	must(memmem(out->data, out->len, "\"zz", 3) == NULL);
}

/* What is learned of a change is a policy that can be read. */
static void check_policy(const struct buf *out)
{
	struct policy *p = NULL;
	struct ydoc *doc = NULL;

	must(policy_new(&p, NULL) == 0);
	must(ydoc_parse(&doc, "p", out->data, out->len, NULL) == 0);
	must(policy_add(p, doc, NULL) == 0);
	ydoc_free(doc);
	policy_free(p);
}

static int learn(struct sl_sink **out, struct ostream *to, const struct report_options *o,
		 struct sl_error *err)
{
	static const struct policylearn_options options = {.approved_by = "nobody",
							   .expires = {.sec = 1900000000}};

	(void)o;
	return policylearn_sink(out, to, &options, err);
}

static const struct {
	int (*make)(struct sl_sink **out, struct ostream *to, const struct report_options *o,
		    struct sl_error *err);
	void (*check)(const struct buf *out);
} formats[] = {
	{report_table, check_text},   {report_json, check_document}, {report_jsonl, check_lines},
	{report_summary, check_text}, {report_tree, check_text},     {report_sarif, check_document},
	{report_ocsf, check_lines},   {report_html, check_page},     {learn, check_policy},
};

/* ---- what goes in ---- */

struct input {
	char *texts[TEXTS]; /* owned by the first */
	size_t next;
};

static char *take(struct input *in)
{
	return in->texts[in->next++ % TEXTS];
}

static struct sl_bytes take_bytes(struct input *in)
{
	const char *text = take(in);

	return (struct sl_bytes){text, strlen(text)};
}

/* As a walk of directories yields it: nobody learns from another one. */
static bool is_canonical(const char *path)
{
	for (const char *at = path;; at++) {
		size_t len = strcspn(at, "/");

		if (len == 0 || (len == 1 && at[0] == '.') ||
		    (len == 2 && at[0] == '.' && at[1] == '.'))
			return false;
		at += len;
		if (*at == '\0')
			return true;
	}
}

static void fill_notes(struct sl_notes *n, struct input *in, struct sl_line *lines,
		       struct sl_package *package, const char **yara)
{
	lines[0] = (struct sl_line){'-', 1, take_bytes(in)};
	lines[1] = (struct sl_line){'+', 2, take_bytes(in)};
	*package = (struct sl_package){
		.manager = "dpkg", .name = take_bytes(in), .version = take_bytes(in)};
	yara[0] = take(in);
	*n = (struct sl_notes){.lines = lines,
			       .line_count = 2,
			       .lines_left_out = 1,
			       .package = package,
			       .pid = 7,
			       .process = take_bytes(in),
			       .setting = "privileged",
			       .expected = take(in),
			       .found = take(in),
			       .yara = yara,
			       .yara_count = 1,
			       .listed_as = take(in),
			       .ack_by = take(in),
			       .ack_reason = take(in)};
}

static int tell_file(struct sl_sink *sink, struct input *in, unsigned int how)
{
	const struct sl_entry before = {.mode = S_IFREG | 0644, .size = 9};
	const struct sl_entry after = {.mode = S_IFLNK | 0777, .target = take_bytes(in)};
	struct sl_change c = {.kind = (enum sl_change_kind)(how % SL_CHANGE_KINDS),
			      .fields = SL_FIELD_TYPE,
			      .signals = (how & 8) != 0 ? SL_SIGNAL_SETUID : 0,
			      .path = {in->texts[0], strlen(in->texts[0])},
			      .renamed_from = take_bytes(in)};
	struct sl_finding f = {.kind = SL_FINDING_FILE,
			       .severity = (how & 8) != 0 ? SL_SEVERITY_HIGH : SL_SEVERITY_LOW,
			       .change = &c,
			       .rules = {"a-rule"},
			       .reasons = {"it is a test"},
			       .rule_count = 1,
			       .attack = {"T1554"},
			       .attack_count = 1};
	struct sl_package package;
	struct sl_line lines[2];
	const char *yara[1];

	c.before = c.kind == SL_CHANGE_ADDED ? NULL : &before;
	c.after = c.kind == SL_CHANGE_DELETED ? NULL : &after;
	if ((how & 64) != 0) {
		f.cause = SL_CAUSE_POLICY;
		f.cause_name = take(in);
		f.cause_by = take(in);
		f.cause_reason = take(in);
	}
	fill_notes(&f.notes, in, lines, &package, yara);
	return sl_sink_finding(sink, &f, NULL);
}

static int tell_others(struct sl_sink *sink, struct input *in)
{
	struct sl_gap gap = {.what = take_bytes(in), .why = "cannot be read", .sys = 13};
	int rc = sl_sink_gap(sink, &gap, NULL);

	for (int kind = SL_FINDING_PROCESS; rc == 0 && kind <= SL_FINDING_ORPHAN; kind++) {
		struct sl_finding f = {.kind = (enum sl_finding_kind)kind,
				       .severity = SL_SEVERITY_MEDIUM,
				       .subject = take_bytes(in)};
		struct sl_package package;
		struct sl_line lines[2];
		const char *yara[1];

		fill_notes(&f.notes, in, lines, &package, yara);
		f.notes.package = NULL;
		f.notes.line_count = 0;
		rc = sl_sink_finding(sink, &f, NULL);
	}
	return rc;
}

static int tell_container(struct sl_sink *sink, struct input *in, unsigned int how)
{
	static const char *const compared[] = {"/"};
	char engine[] = "docker", type[] = "volume";
	struct sl_mount mounts[] = {{.path = take(in), .type = type, .rw = true}};
	struct sl_pod pod = {
		.ns = take(in), .name = take(in), .uid = take(in), .container = take(in)};
	struct sl_container c = {.engine = engine,
				 .id = take(in),
				 .name = take(in),
				 .note = take(in),
				 .pod = (how & 32) != 0 ? &pod : NULL,
				 .mounts = mounts,
				 .mount_count = 1};
	struct sl_subject subject = {
		.container = &c, .image.ref = take(in), .compared = compared, .compared_count = 1};
	struct sl_scanned scanned = {.path = take(in), .type = type, .entries = 3};
	struct sl_summary sum = {.subject = &subject, .scanned = &scanned, .scanned_count = 1};
	int rc = sl_sink_container(sink, &subject, NULL);

	sum.counts.by_kind[how % SL_CHANGE_KINDS] = 1;
	sum.counts.by_severity[SL_SEVERITY_HIGH] = 1;
	sum.counts.gaps = 1;
	if (rc == 0)
		rc = tell_file(sink, in, how);
	if (rc == 0)
		rc = tell_others(sink, in);
	return rc < 0 ? rc : sl_sink_container_end(sink, &sum, NULL);
}

static void tell(size_t format, struct input *in, unsigned int how)
{
	CLEANUP(buf_clear) struct buf out = BUF_INIT((size_t)16 << 20);
	const struct report_options options = {.width = (how & 128) != 0 ? 40 : 0,
					       .show_touched = true,
					       .show_posture = true,
					       .show_explained = true,
					       .show_ids = (how & 16) != 0};
	const struct sl_run run = {
		.command = "diff", .tool_version = "0", .host_name = take(in), .root = "/"};
	struct sl_sink *sink = NULL;
	struct ostream *to = NULL;

	must(ostream_to_buf(&to, &out, NULL) == 0);
	must(formats[format].make(&sink, to, &options, NULL) == 0);
	must(sl_sink_begin(sink, &run, NULL) == 0);
	must(tell_container(sink, in, how) == 0);
	must(sl_sink_end(sink, &run, NULL) == 0);
	formats[format].check(&out);
	sl_sink_close(sink);
	ostream_close(to);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	AUTO_FREE char *copy = NULL;
	size_t format = size > 0 ? data[0] % ARRAY_SIZE(formats) : 0;
	struct input in = {0};
	char *at, *end;

	if (size < 2 || size > 16384)
		return 0;
	copy = calloc(1, size);
	must(copy != NULL);
	memcpy(copy, data + 2, size - 2);
	end = copy + size - 1;
	at = copy;
	for (size_t i = 0; i < TEXTS; i++) {
		in.texts[i] = at;
		at += at < end ? strlen(at) + 1 : 0;
		at = at < end ? at : end;
	}
	/* nothing is learned of what has neither a path that a walk yields nor a name */
	if (formats[format].make != learn ||
	    (is_canonical(in.texts[0]) && (in.texts[6][0] != '\0' || in.texts[7][0] != '\0')))
		tell(format, &in, data[1]);
	return 0;
}
