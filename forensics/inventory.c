/* SPDX-License-Identifier: Apache-2.0 */
#include "forensics/inventory.h"

#include <stdio.h>
#include <string.h>

#include "core/cleanup.h"
#include "core/quote.h"
#include "core/rview.h"
#include "forensics/bundle_read.h"
#include "forensics/bundleindex.h"
#include "forensics/record.h"
#include "forensics/segment.h"
#include "forensics/targetword.h"

static void quote_text(struct buf *out, const char *text)
{
	(void)quote_bytes(out, text, strlen(text));
}

/* " KEY=VALUE" when the record has the member as text or a number. */
static void add_member(struct buf *out, const struct jval *doc, const char *key)
{
	const struct jval *v = jval_get(doc, key);
	int64_t n;

	if (jval_str(v) != NULL) {
		(void)buf_printf(out, " %s=", key);
		quote_text(out, jval_str(v));
	} else if (jval_i64(v, &n) == 0) {
		(void)buf_printf(out, " %s=%lld", key, (long long)n);
	}
}

static void add_path(struct buf *out, const struct jval *src)
{
	CLEANUP(buf_clear) struct buf path = BUF_INIT(SL_BUNDLE_LINE_BYTES);
	const char *digest = jval_str(jval_get(src, "path_sha256"));

	(void)buf_append_str(out, "  ");
	if (record_bytes(src, "path", &path) == 0 && path.data != NULL) {
		(void)quote_bytes(out, path.data, path.len);
	} else if (digest != NULL) {
		(void)buf_append_str(out, "path with sha256 ");
		quote_text(out, digest);
	}
	buf_reset(&path);
	if (record_bytes(src, "link", &path) == 0 && path.data != NULL) {
		(void)buf_append_str(out, " -> ");
		(void)quote_bytes(out, path.data, path.len);
	}
}

static void add_file(struct buf *out, const struct jval *doc)
{
	const struct jval *src = jval_get(doc, "src");
	const char *role = jval_str(jval_get(doc, "role")), *type = jval_str(jval_get(src, "type"));
	const char *digest = jval_str(jval_path(doc, "hash", "sha256", NULL));
	uint64_t size;

	(void)buf_append_char(out, ' ');
	quote_text(out, role == NULL ? "-" : role);
	(void)buf_append_char(out, ' ');
	quote_text(out, type == NULL ? "-" : type);
	if (record_u64(jval_get(src, "size"), &size) == 0)
		(void)buf_printf(out, " %llu", (unsigned long long)size);
	else
		(void)buf_append_str(out, " -");
	(void)buf_append_char(out, ' ');
	quote_text(out, digest == NULL ? "-" : digest);
	add_path(out, src);
}

static void add_words(struct buf *out, const struct record *r)
{
	static const char *const words[] = {"engine", "name",     "state",  "what",   "why",
					    "result", "root",     "access", "errno",  "kind",
					    "path",   "change",   "of",     "k",      "status",
					    "epoch",  "severity", "bundle", "records"};

	for (size_t i = 0; i < ARRAY_SIZE(words); i++)
		add_member(out, r->doc, words[i]);
}

int inventory_line(struct buf *out, const struct sl_bundle_record *record, struct sl_error *err)
{
	struct record r;
	int rc = record_parse(&r, record->line, record->len, NULL);

	(void)buf_printf(out, "%llu %s %u", (unsigned long long)record->seq, record->type,
			 record->target);
	if (rc < 0)
		(void)buf_append_str(out, " (cannot be read)");
	else if (strcmp(record->type, "file") == 0)
		add_file(out, r.doc);
	else
		add_words(out, &r);
	if (!record->attested)
		(void)buf_append_str(out, " (not attested)");
	record_clear(&r);
	return out->status < 0 ? sl_fail(err, (enum sl_code) - out->status, 0, "line") : 0;
}

struct wanted {
	const char *path, *role;
	size_t path_len;
	uint32_t target;
	bool found, is_upper;
	uint32_t found_in; /* target of what was found */
	bool is_ambiguous; /* another container has the path, too */
	uint64_t seq;
};

/* Does this file record fit, and better than what was found before? */
static void consider(struct wanted *w, const struct record *r)
{
	CLEANUP(buf_clear) struct buf path = BUF_INIT(SL_BUNDLE_LINE_BYTES);
	const char *role = jval_str(jval_get(r->doc, "role"));
	const struct jval *stored = jval_get(r->doc, "stored");
	const char *p;
	size_t len;
	uint64_t seq = r->seq;
	bool is_link = record_u64(jval_get(r->doc, "hardlink_of"), &seq) == 0;

	if (role == NULL || stored == NULL || (jval_type(stored) != JVAL_OBJECT && !is_link) ||
	    (w->target != 0 && r->target != w->target) ||
	    (w->role != NULL && strcmp(role, w->role) != 0) ||
	    record_bytes(jval_get(r->doc, "src"), "path", &path) != 0 || path.len == 0)
		return;
	p = path.data[0] == '/' ? path.data + 1 : path.data;
	len = path.len - (size_t)(p - path.data);
	if (len != w->path_len || memcmp(p, w->path, len) != 0)
		return;
	if (w->found && w->is_upper && strcmp(role, "upper") != 0)
		return;
	if (w->found && w->is_upper == (strcmp(role, "upper") == 0))
		w->is_ambiguous |= r->target != w->found_in;
	else
		w->is_ambiguous = false;
	w->found = true;
	w->found_in = r->target;
	w->is_upper = strcmp(role, "upper") == 0;
	w->seq = seq;
}

/* What stands before the first payload. */
struct beginning {
	struct segment_tap tap;
	uint64_t records;
	unsigned int targets;
};

/* Ends the reading where all records before that payload's own are known. */
static int meet_payload(struct segment_tap *tap, const struct member *m, struct sl_error *err)
{
	const struct beginning *b = container_of(tap, struct beginning, tap);

	return m->name.number == b->records ? sl_fail(err, SL_ECANCELLED, 0, "known") : 1;
}

/* 1 when a file record was met. */
static int count_targets(struct beginning *b, const struct buf *journal)
{
	const char *line;
	size_t pos = 0, len;

	while (journal_line(journal, &pos, &line, &len, NULL) == 0) {
		struct record head;

		if (record_parse_head(&head, line, len, NULL) < 0 || strcmp(head.type, "file") == 0)
			return 1;
		b->targets += strcmp(head.type, "target") == 0;
		b->records++;
	}
	return 0;
}

/* Several containers, as far as the records before the first file say: the index would pick one. */
static bool has_several(struct rfile *file)
{
	struct beginning b = {.tap.member = meet_payload};
	struct segments_options options = {.tap = &b.tap};
	struct segments *segments;
	struct segment *g;
	int rc = 0;

	if (segments_open(&segments, file, &options, NULL) < 0)
		return true;
	while (rc == 0 && (rc = segments_next(segments, &g, NULL)) == 0)
		rc = count_targets(&b, &g->journal);
	segments_close(segments);
	return b.targets > 1;
}

/* The record of a file in parts stands behind all of them. 1 when there is none. */
static int record_behind(const struct bundleindex *ix, const struct bundleplace *place,
			 struct buf *line)
{
	struct segments_options options = {.threads = BUNDLE_READ_THREADS};
	struct segments *segments;
	struct segment *g;
	struct rview view;
	int found = 0;

	rview_init(&view, ix->file, ix->seek.offsets[place->frame]);
	if (segments_open_at(&segments, &view.file, place->offset, &options, NULL) < 0)
		return 1;
	while (found == 0 && segments_next(segments, &g, NULL) == 0) {
		const char *text;
		size_t pos = 0, len;

		while (found == 0 && journal_line(&g->journal, &pos, &text, &len, NULL) == 0) {
			struct record head;

			if (record_parse_head(&head, text, len, NULL) < 0)
				found = -1;
			else if (head.seq == place->seq)
				found = buf_append(line, text, len) < 0 ? -1 : 1;
		}
	}
	segments_close(segments);
	return found != 1;
}

/* The record that the index means. 1 whatever is wrong there: then the records themselves decide.
 */
static int record_at(const struct bundleindex *ix, const struct bundleplace *place,
		     struct buf *line)
{
	if (bundleindex_visit(ix, place, NULL, NULL, line, NULL) == 0 && line->len > 0)
		return 0;
	buf_reset(line);
	return record_behind(ix, place, line);
}

/* By the index, where that leads to a record of this path. 1 when it does not. */
static int find_direct(struct wanted *w, struct rfile *file, struct sl_error *err)
{
	CLEANUP(bundleindex_clear) struct bundleindex ix = {0};
	CLEANUP(buf_clear) struct buf line = BUF_INIT(SL_BUNDLE_LINE_BYTES);
	CLEANUP(buf_clear) struct buf path = BUF_INIT(SIZE_MAX / 16);
	struct bundleplace place;
	struct record r = {0};
	int rc = bundleindex_read(&ix, file, err);

	(void)buf_append_char(&path, '/');
	if (buf_append(&path, w->path, w->path_len) < 0)
		return sl_fail(err, SL_ENOMEM, 0, "path");
	if (rc == 0)
		rc = bundleindex_find_path(&ix, w->role != NULL ? w->role : "upper", w->target,
					   (struct sl_bytes){path.data, path.len}, &place, err);
	if (rc != 0)
		return rc;
	if (record_at(&ix, &place, &line) == 0 && record_parse(&r, line.data, line.len, NULL) == 0)
		consider(w, &r);
	record_clear(&r);
	return w->found && (w->role != NULL || w->is_upper) ? 0 : 1;
}

int inventory_find(struct rfile *file, const char *path, const char *role, uint32_t target,
		   uint64_t *seq, struct sl_error *err)
{
	const struct sl_bundle_record *record;
	struct sl_bundle_reader *reader;
	struct wanted w = {
		.path = path[0] == '/' ? path + 1 : path, .role = role, .target = target};
	int rc;

	w.path_len = strlen(w.path);
	if (target != 0 || !has_several(file)) {
		rc = find_direct(&w, file, err);
		if (rc == 0)
			*seq = w.seq;
		if (rc <= 0)
			return rc;
		w.found = w.is_upper = false;
	}
	rc = bundle_reader_open(&reader, file, BUNDLE_READ_THREADS, err);
	if (rc < 0)
		return rc;
	while ((rc = sl_bundle_next(reader, &record, err)) == 0) {
		struct record r;

		if (strcmp(record->type, "file") != 0)
			continue;
		if (record_parse(&r, record->line, record->len, NULL) == 0)
			consider(&w, &r);
		record_clear(&r);
	}
	sl_bundle_reader_free(reader);
	if (rc < 0)
		return rc;
	if (!w.found)
		return sl_fail(err, SL_ENOTFOUND, 0, "no content of that path in the bundle");
	if (w.is_ambiguous)
		return sl_fail(err, SL_EAMBIGUOUS, 0,
			       "several containers of the bundle have that path: say which "
			       "(--target N, see 'strandline show --type target')");
	*seq = w.seq;
	return 0;
}

/* 1: the index does not lead to it. */
static int record_direct(struct rfile *file, uint64_t seq, struct buf *line, struct sl_error *err)
{
	CLEANUP(bundleindex_clear) struct bundleindex ix = {0};
	struct bundleplace place;
	int rc = bundleindex_read(&ix, file, err);

	if (rc == 0)
		rc = bundleindex_find_seq(&ix, seq, &place);
	if (rc != 0)
		return rc;
	rc = record_at(&ix, &place, line);
	if (rc != 0)
		buf_reset(line);
	return rc;
}

int inventory_record(struct rfile *file, uint64_t seq, struct buf *line, struct sl_error *err)
{
	const struct sl_bundle_record *record;
	struct sl_bundle_reader *reader;
	int rc = record_direct(file, seq, line, err);

	if (rc <= 0)
		return rc;
	rc = bundle_reader_open(&reader, file, BUNDLE_READ_THREADS, err);
	if (rc < 0)
		return rc;
	while ((rc = sl_bundle_next(reader, &record, err)) == 0 && record->seq != seq)
		;
	if (rc == 0 && buf_append(line, record->line, record->len) < 0)
		rc = sl_fail(err, SL_ENOMEM, 0, "record");
	sl_bundle_reader_free(reader);
	return rc <= 0 ? rc
		       : sl_fail(err, SL_ENOTFOUND, 0, "no record %llu in the bundle",
				 (unsigned long long)seq);
}

static bool is_number(const char *word, uint32_t target)
{
	char number[16];

	(void)snprintf(number, sizeof(number), "%u", target);
	return strcmp(number, word) == 0;
}

int inventory_target(struct rfile *file, const char *word, uint32_t *out, struct sl_error *err)
{
	const struct sl_bundle_record *record;
	struct sl_bundle_reader *reader;
	int rc = bundle_reader_open(&reader, file, BUNDLE_READ_THREADS, err);

	*out = 0;
	if (rc < 0)
		return rc;
	while ((rc = sl_bundle_next(reader, &record, err)) == 0) {
		struct record r;

		if (strcmp(record->type, "target") != 0)
			continue;
		/* no other container can have its number, whatever others are called */
		if (is_number(word, record->target)) {
			*out = record->target;
			break;
		}
		rc = record_parse(&r, record->line, record->len, NULL);
		if (rc == 0 && targetword_fits(&r, word) && *out != 0 && *out != r.target)
			rc = sl_fail(err, SL_EAMBIGUOUS, 0,
				     "several containers of the bundle are "
				     "meant by that: give the number");
		else if (rc == 0 && targetword_fits(&r, word))
			*out = r.target;
		record_clear(&r);
		if (rc == -SL_EAMBIGUOUS)
			break;
	}
	sl_bundle_reader_free(reader);
	if (rc < 0)
		return rc;
	return *out != 0 ? 0 : sl_fail(err, SL_ENOTFOUND, 0, "no such container in the bundle");
}
