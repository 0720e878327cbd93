/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A sound bundle whose records say whatever they like, for those who read records: which of them,
 * the first byte says (T, J: a timeline; R: records and tree; from a on: one item; else it is
 * compared with itself, in one of the formats). Records are parted by a byte 0xff, which JSON never
 * has; the first letter of one is its type: t target, f file, x finding, g gap, s summary, a
 * action; the rest are its members. With l (json-file), c (CRI) and b (local) the rest is a log,
 * with p a file, behind a line that says its path.
 */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "core/cleanup.h"
#include "core/encode.h"
#include "core/json.h"
#include "forensics/bundle_read.h"
#include "forensics/bundletree.h"
#include "forensics/inventory.h"
#include "forensics/itemproof.h"
#include "forensics/timeline.h"
#include "fuzz/written.h"
#include "job/diff_bundles.h"
#include "job/job.h"
#include "job/redact.h"
#include "report/report.h"
#include "unit/bundle_maker.h"

#define TEXT_MAX ((size_t)16 << 20)
#define RECORDS_MAX 64

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* ---- making it ---- */

static void add_log(struct maker *m, const char *format, const char *text, size_t len)
{
	char members[64];

	(void)snprintf(members, sizeof(members), "},\"log_format\":\"%s\",\"x\":{\"y\":1", format);
	(void)maker_file(m, 1, "log", "a.log", text, len, members);
}

static bool is_plain(const char *text, size_t len)
{
	for (size_t i = 0; i < len; i++)
		if (text[i] <= ' ' || text[i] > '~' || strchr("\"\\%", text[i]) != NULL)
			return false;
	return len > 0 && len < 60;
}

static void add_file(struct maker *m, const char *text, size_t len)
{
	const char *eol = memchr(text, '\n', len);
	char path[61] = "";
	size_t n = eol != NULL ? (size_t)(eol - text) : 0;

	if (!is_plain(text, n))
		return;
	memcpy(path, text, n);
	(void)maker_file(m, 1, "upper", path, eol + 1, len - n - 1, "");
}

/* Members that are none would end the reading of all that follows. */
static void add_record(struct maker *m, const char *type, const char *text, size_t len)
{
	CLEANUP(buf_clear) struct buf members = BUF_INIT(SL_BUNDLE_LINE_BYTES);
	CLEANUP(buf_clear) struct buf whole = BUF_INIT(SL_BUNDLE_LINE_BYTES);
	AUTO_JVAL struct jval *doc = NULL;

	if (memchr(text, '\n', len) != NULL || memchr(text, '\0', len) != NULL || len > 32768)
		return;
	(void)buf_append_char(&members, ',');
	(void)buf_append(&members, text, len);
	(void)buf_printf(&whole,
			 "{\"v\":1,\"seq\":0,\"prev\":\"\",\"t\":\"\",\"boot_ns\":\"\","
			 "\"type\":\"\",\"target\":0%s}",
			 members.data);
	if (jval_parse(&doc, whole.data, whole.len, NULL) == 0)
		(void)maker_record(m, type, 1, members.data);
}

static void add(struct maker *m, const char *text, size_t len)
{
	static const struct {
		char letter;
		const char *type;
	} types[] = {{'t', "target"}, {'f', "file"},    {'x', "finding"},
		     {'g', "gap"},    {'s', "summary"}, {'a', "action"}};
	char letter = text[0];

	text++;
	len--;
	for (size_t i = 0; i < ARRAY_SIZE(types); i++)
		if (types[i].letter == letter)
			add_record(m, types[i].type, text, len);
	if (letter == 'p')
		add_file(m, text, len);
	else if (letter == 'l' || letter == 'c' || letter == 'b')
		add_log(m,
			letter == 'l'   ? "json-file"
			: letter == 'c' ? "cri"
					: "local",
			text, len);
}

static void make(struct maker *m, const char *text, size_t size)
{
	maker_begin(m, false);
	for (int i = 0; i < RECORDS_MAX && size > 0; i++) {
		const char *end = memchr(text, 0xff, size);
		size_t len = end != NULL ? (size_t)(end - text) : size;

		if (len > 0)
			add(m, text, len);
		text += len + (end != NULL);
		size -= len + (end != NULL);
	}
	maker_close(m, "complete");
	maker_tail(m);
}

/* ---- what is said of it ---- */

/* Lines that a terminal shows and does nothing else with. */
static void check_text(const struct buf *out)
{
	for (size_t i = 0; i < out->len; i++)
		must(out->data[i] == '\n' || (unsigned char)out->data[i] >= ' ');
	must(out->len > 0 && utf8_valid(out->data, out->len));
}

/* ---- reading it ---- */

static void read_timeline(struct rfile *file, bool is_table)
{
	CLEANUP(buf_clear) struct buf out = BUF_INIT(TEXT_MAX);
	struct sl_event_sink *sink = NULL;
	struct ostream *to = NULL;

	must(ostream_to_buf(&to, &out, NULL) == 0);
	must((is_table ? report_events_table(&sink, to, NULL, NULL)
		       : report_events_jsonl(&sink, to, NULL)) == 0);
	if (timeline_run(&file, 1, sink, NULL) == 0) {
		check_text(&out);
		if (!is_table)
			check_lines(&out);
	}
	sink->ops->close(sink);
	ostream_close(to);
}

static int see_entry(void *payload, const struct sl_entry *e, struct sl_error *err)
{
	struct sl_entry *copy = NULL;

	(void)payload;
	(void)err;
	must(e->path.len == 0 || memchr(e->path.data, '\0', e->path.len) == NULL);
	must(sl_entry_copy(&copy, e) == 0);
	sl_entry_free(copy);
	return 0;
}

static int see_found(void *payload, struct sl_bytes path, const struct sl_entry *before,
		     struct sl_error *err)
{
	(void)path;
	return before != NULL ? see_entry(payload, before, err) : 0;
}

static int see_gap(void *payload, const struct sl_gap *gap, struct sl_error *err)
{
	(void)payload;
	(void)err;
	must(gap->why != NULL && gap->what.data != NULL);
	return 0;
}

static void read_tree(struct rfile *file)
{
	const struct bundletree_events events = {
		.captured = see_entry, .found = see_found, .gap = see_gap};
	struct bundletree_target target;

	(void)bundletree_read(file, &events, &target, NULL);
	bundletree_target_clear(&target);
}

static int ignore_bytes(void *payload, const uint8_t *bytes, size_t len, struct sl_error *err)
{
	(void)err;
	item_data(payload, bytes, len);
	return 0;
}

/* A proof that is written of a sound bundle holds, and so does the content. */
static void read_item(struct rfile *file, uint64_t seq, int null_fd)
{
	const struct sl_verify_options options = {0};
	CLEANUP(buf_clear) struct buf proof = BUF_INIT(TEXT_MAX);
	struct item item;

	(void)redact_item(file, seq, null_fd, NULL);
	if (itemproof_write(file, seq, &proof, NULL) < 0 ||
	    item_begin(&item, proof.data, proof.len, &options, NULL) < 0)
		return;
	must(item.verdict != SL_VERDICT_BROKEN && item.seq == seq);
	if (bundle_extract_each(file, seq, ignore_bytes, &item, NULL) == 0)
		must(item_end(&item, NULL) == 0 && item.verdict != SL_VERDICT_BROKEN);
	item_clear(&item);
}

/* Records may be handed on masked: each is still one line of JSON. */
static void read_records(struct rfile *file)
{
	const struct sl_bundle_record *record;
	struct sl_bundle_reader *reader = NULL;

	must(bundle_reader_open(&reader, file, 0, NULL) == 0);
	while (sl_bundle_next(reader, &record, NULL) == 0) {
		CLEANUP(buf_clear) struct buf line = BUF_INIT(TEXT_MAX);
		CLEANUP(buf_clear) struct buf masked = BUF_INIT(TEXT_MAX);

		must(inventory_line(&line, record, NULL) == 0);
		check_text(&line);
		must(redact_record(&masked, record->line, record->len, NULL) == 0);
		must(memchr(masked.data, '\n', masked.len) == NULL);
		check_document(&masked);
	}
	sl_bundle_reader_free(reader);
}

static const struct {
	int (*make)(struct sl_sink **out, struct ostream *to, const struct report_options *o,
		    struct sl_error *err);
	void (*check)(const struct buf *out);
} formats[] = {
	{report_table, check_text},   {report_json, check_document}, {report_jsonl, check_lines},
	{report_summary, check_text}, {report_tree, check_text},     {report_sarif, check_document},
	{report_ocsf, check_lines},   {report_html, check_text},
};

/* What is not known of an object may have changed; but there is no more and no less of them. */
static void check_same(const struct buf *out)
{
	static const char *const changes[] = {"added", "deleted", "type"};

	for (size_t i = 0; i < ARRAY_SIZE(changes); i++) {
		char text[40];
		int len = snprintf(text, sizeof(text), "\"change\":\"%s\"", changes[i]);

		must(memmem(out->data, out->len, text, (size_t)len) == NULL);
	}
}

/* With itself; and how that is said. */
static void compare(const struct buf *file, size_t format)
{
	CLEANUP(buf_clear) struct buf out = BUF_INIT(TEXT_MAX);
	AUTO_CLOSE int fd = maker_fd(file->data, file->len);
	const struct report_options options = {0};
	const struct job job = {.threads = 1};
	char path[40];
	struct diff_bundles_request request = {.before = path, .after = path};
	struct sl_sink *sink = NULL;
	struct ostream *to = NULL;
	int status, rc;

	(void)snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	must(ostream_to_buf(&to, &out, NULL) == 0);
	must(formats[format].make(&sink, to, &options, NULL) == 0);
	rc = job_diff_bundles(&job, &request, sink, &status, NULL);
	if (rc == 0) {
		formats[format].check(&out);
		check_same(&out);
	}
	sl_sink_close(sink);
	ostream_close(to);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	AUTO_CLOSE int null_fd = open("/dev/null", O_WRONLY | O_CLOEXEC);
	struct rfile *file;
	struct maker m;

	if (size < 1 || size > 65536)
		return 0;
	make(&m, (const char *)data + 1, size - 1);
	file = maker_rfile(m.file.data, m.file.len);
	if (data[0] == 'T' || data[0] == 'J') {
		read_timeline(file, data[0] == 'T');
	} else if (data[0] == 'R') {
		read_records(file);
		read_tree(file);
	} else if (data[0] >= 'a') {
		read_item(file, (uint64_t)data[0] - 'a', null_fd);
	} else {
		compare(&m.file, data[0] % ARRAY_SIZE(formats));
	}
	rfile_close(file);
	maker_clear(&m);
	return 0;
}
