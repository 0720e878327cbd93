/* SPDX-License-Identifier: Apache-2.0 */
#include "job/bundle_sink.h"

#include <fcntl.h>
#include <inttypes.h>
#include <string.h>
#include <sys/stat.h>

#include "core/buf.h"
#include "core/cleanup.h"
#include "core/json.h"
#include "core/root.h"
#include "job/capture_seen.h"
#include "report/report.h"
#include "snapshot/content.h"
#include "snapshot/recording.h"

#define BUNDLE_SINK_FLAGS (BUNDLE_SINK_LEFT_OUT | BUNDLE_SINK_HOLES)

struct bundle_sink {
	struct sl_sink sink;
	struct bundle_sink_options o;
	struct sl_source *entries; /* cursor over the recording, moving with the findings */
	uint64_t before_left;
	uint64_t contradictions, left_out;
	struct buf members;
};

/* Record numbers of what a finding speaks of. */
struct evidence {
	uint64_t seq[4];
	size_t count;
};

static struct bundle_sink *from(struct sl_sink *s)
{
	return container_of(s, struct bundle_sink, sink);
}

/* The record of the upper entry at this path; findings come in path order, like the recording. */
static int find_upper(struct bundle_sink *b, struct sl_bytes path, struct evidence *out,
		      struct sl_error *err)
{
	const struct sl_entry *e;
	int rc = sl_source_seek(b->entries, path, err);

	if (rc == 0)
		rc = sl_source_next(b->entries, &e, err);
	if (rc < 0)
		return rc;
	if (rc == 0 && sl_path_compare(e->path, path) == 0)
		out->seq[out->count++] = recording_number(b->entries);
	return 0;
}

/*
 * What equals the image is no finding. But of what was only copied as metadata, or moved away and
 * back, the upper directory does not say what it is without the image, which a bundle does not
 * have.
 */
static int is_worth_a_record(struct bundle_sink *b, const struct sl_finding *f,
			     struct sl_error *err)
{
	const struct sl_entry *e;
	int rc;

	if (f->change == NULL || f->change->kind != SL_CHANGE_TOUCHED)
		return 1;
	rc = sl_source_seek(b->entries, f->change->path, err);
	if (rc == 0)
		rc = sl_source_next(b->entries, &e, err);
	if (rc != 0)
		return rc < 0 ? rc : 0;
	return sl_path_compare(e->path, f->change->path) == 0 &&
	       ((e->flags & SL_ENTRY_METACOPY) != 0 || e->redirect.data != NULL);
}

/* What capture wrote down about the content at @path, beside the record's number. */
static int flags_of(struct bundle_sink *b, struct sl_bytes path, uint64_t *flags,
		    struct sl_error *err)
{
	struct evidence seen = {.count = 0};
	int rc = find_upper(b, path, &seen, err);

	*flags = rc == 0 && seen.count > 0 ? seen.seq[0] & BUNDLE_SINK_FLAGS : 0;
	return rc;
}

/* The lower directory that shows @before: a whole tree shows all that is below it, too. */
static size_t lower_of(const struct bundle_sink *b, const struct sl_entry *before)
{
	const struct sl_stack *stack = b->o.stack;

	if (stack->is_whole)
		return 0;
	for (size_t i = 0; i < before->layer && i < stack->lower_count; i++)
		if (stack->lowers[i].is_whole)
			return i;
	return before->layer;
}

/* Is there an image object whose bytes should travel with this finding? */
static const struct sl_entry *wanted_before(const struct bundle_sink *b, const struct sl_finding *f)
{
	const struct sl_change *c = f->change;

	if (c == NULL || c->before == NULL || !S_ISREG(c->before->mode) || b->o.stack == NULL ||
	    lower_of(b, c->before) >= b->o.stack->lower_count)
		return NULL;
	if (c->kind != SL_CHANGE_MODIFIED && c->kind != SL_CHANGE_TYPE &&
	    c->kind != SL_CHANGE_DELETED)
		return NULL;
	return c->before;
}

static int before_gap(struct bundle_sink *b, const struct sl_entry *before, const char *why,
		      int sys, struct sl_error *err)
{
	struct sl_gap gap = {.what = before->path, .why = why, .sys = sys, .is_path = true};

	return sl_bundle_gap(b->o.writer, b->o.target, &gap, err);
}

/* The entry as found on disk: what is stored is what was read, whatever the baseline says. */
static void fill_from_disk(struct sl_entry *e, const struct stat *st)
{
	e->size = (uint64_t)st->st_size;
	e->mode = st->st_mode;
	e->uid = st->st_uid;
	e->gid = st->st_gid;
	e->mtime = (struct sl_time){st->st_mtim.tv_sec, (uint32_t)st->st_mtim.tv_nsec};
	e->fields = (e->fields | SL_ENTRY_MTIME) & ~(uint32_t)(SL_ENTRY_SHA256 | SL_ENTRY_XXH3);
}

static int store_before(struct bundle_sink *b, const struct sl_entry *before, int fd,
			struct evidence *out, struct sl_error *err)
{
	struct sl_entry e = *before;
	struct sl_bundle_file file = {.target = b->o.target, .role = "before", .entry = &e};
	struct sl_bundle_stored stored;
	struct stat st;
	int rc;

	if (fstat(fd, &st) < 0 || !S_ISREG(st.st_mode))
		return before_gap(b, before, "image object is no regular file", 0, err);
	if ((uint64_t)st.st_size > b->o.before_bytes || (uint64_t)st.st_size > b->before_left)
		return before_gap(b, before, "image object is larger than the limit for kept bytes",
				  0, err);
	fill_from_disk(&e, &st);
	rc = content_open(&file.content, fd, err);
	if (rc < 0)
		return before_gap(b, before, "image object cannot be opened", errno, err);
	rc = sl_bundle_add_file(b->o.writer, &file, &stored, err);
	if (rc < 0)
		return rc;
	b->before_left -= (uint64_t)st.st_size;
	out->seq[out->count++] = stored.seq;
	if (stored.has_sha256 && (before->fields & SL_ENTRY_SHA256) != 0 &&
	    memcmp(stored.sha256, before->sha256, SL_SHA256_SIZE) != 0)
		b->contradictions++;
	return 0;
}

static int keep_before(struct bundle_sink *b, const struct sl_entry *before, struct evidence *out,
		       struct sl_error *err)
{
	struct sl_error why = SL_ERROR_INIT;
	AUTO_CLOSE int fd = root_open_path(b->o.stack->lowers[lower_of(b, before)].dir_fd,
					   before->path.data, ROOT_NO_LINKS, &why);
	int rc;

	if (fd < 0) {
		rc = before_gap(b, before, "image object cannot be opened", why.sys, err);
		sl_error_clear(&why);
		return rc;
	}
	return store_before(b, before, fd, out, err);
}

/* 0, or negative when a record has no room for it. */
static int say_finding(struct bundle_sink *b, const struct sl_finding *f,
		       const struct evidence *evidence)
{
	struct jout j;

	buf_reset(&b->members);
	jout_begin(&j, &b->members);
	jout_object(&j);
	report_finding_members(&j, f);
	jout_key(&j, "evidence");
	jout_array(&j);
	for (size_t i = 0; i < evidence->count; i++)
		jout_u64(&j, evidence->seq[i] & ~BUNDLE_SINK_FLAGS);
	jout_array_end(&j);
	jout_object_end(&j);
	return jout_end(&j);
}

static int write_finding(struct bundle_sink *b, const struct sl_finding *f,
			 const struct evidence *evidence, struct sl_error *err)
{
	struct sl_finding bare = *f;

	/* lines made of control characters grow sixfold as JSON: they are in the payload, too */
	bare.notes.lines_left_out += bare.notes.line_count;
	bare.notes.line_count = 0;
	if (say_finding(b, f, evidence) < 0 && say_finding(b, &bare, evidence) < 0)
		return sl_fail(err, SL_ELIMIT, 0, "finding is too large for a record");
	b->members.data[b->members.len - 1] = '\0'; /* the braces are the writer's */
	return sl_bundle_record(b->o.writer, "finding", b->o.target, b->members.data + 1, NULL,
				err);
}

/* The records of the process that it is about, and of its program where that was recovered. */
static void find_process(const struct bundle_sink *b, const struct sl_finding *f,
			 struct evidence *out)
{
	const struct capture_process *p =
		f->notes.pid != 0 ? capture_seen_by_pid(b->o.seen, f->notes.pid) : NULL;

	if (p != NULL && p->record != 0)
		out->seq[out->count++] = p->record;
	if (p != NULL && p->exe != 0)
		out->seq[out->count++] = p->exe;
}

static int on_finding(struct sl_sink *s, const struct sl_finding *f, struct sl_error *err)
{
	struct bundle_sink *b = from(s);
	const struct sl_entry *before = wanted_before(b, f);
	struct evidence evidence = {.count = 0};
	int rc = is_worth_a_record(b, f, err);

	if (rc <= 0)
		return rc;
	rc = 0;
	/* what is mounted there covers what the layer has at the same path */
	if (f->change != NULL && (f->change->signals & SL_SIGNAL_VOLUME) == 0)
		rc = find_upper(b, f->change->path, &evidence, err);
	if (rc == 0 && before != NULL)
		rc = keep_before(b, before, &evidence, err);
	find_process(b, f, &evidence);
	return rc < 0 ? rc : write_finding(b, f, &evidence, err);
}

static int on_gap(struct sl_sink *s, const struct sl_gap *gap, struct sl_error *err)
{
	struct bundle_sink *b = from(s);
	struct sl_gap told = *gap;
	uint64_t flags = 0;
	int rc = gap->is_path ? flags_of(b, gap->what, &flags, err) : 0;

	if (rc < 0)
		return rc;
	told.by_plan = (flags & BUNDLE_SINK_LEFT_OUT) != 0;
	b->left_out += told.by_plan;
	if ((flags & BUNDLE_SINK_HOLES) != 0)
		told.why = "stored, but too much of it is holes to be hashed and compared";
	return sl_bundle_gap(b->o.writer, b->o.target, &told, err);
}

static int on_container_end(struct sl_sink *s, const struct sl_summary *sum, struct sl_error *err)
{
	struct bundle_sink *b = from(s);
	struct jout j;

	buf_reset(&b->members);
	jout_begin(&j, &b->members);
	jout_object(&j);
	report_summary_members(&j, sum);
	jout_object_end(&j);
	if (jout_end(&j) < 0)
		return sl_fail(err, SL_ELIMIT, 0, "summary is too large for a record");
	b->members.data[b->members.len - 1] = '\0';
	return sl_bundle_record(b->o.writer, "summary", b->o.target, b->members.data + 1, NULL,
				err);
}

static void on_close(struct sl_sink *s)
{
	struct bundle_sink *b = from(s);

	sl_source_close(b->entries);
	buf_clear(&b->members);
	free(b);
}

int bundle_sink_new(struct sl_sink **out, const struct bundle_sink_options *options,
		    struct sl_error *err)
{
	static const struct sl_sink_ops ops = {.finding = on_finding,
					       .gap = on_gap,
					       .container_end = on_container_end,
					       .close = on_close};
	struct bundle_sink *b = calloc(1, sizeof(*b));
	int rc;

	if (b == NULL)
		return sl_fail(err, SL_ENOMEM, 0, "bundle sink");
	*b = (struct bundle_sink){.sink.ops = &ops,
				  .o = *options,
				  .before_left = options->before_total,
				  .members = BUF_INIT(SL_BUNDLE_LINE_BYTES)};
	rc = recording_open(&b->entries, options->recording, err);
	if (rc < 0) {
		free(b);
		return rc;
	}
	*out = &b->sink;
	return 0;
}

uint64_t bundle_sink_contradictions(const struct sl_sink *sink)
{
	return ((const struct bundle_sink *)(const void *)sink)->contradictions;
}

uint64_t bundle_sink_left_out(const struct sl_sink *sink)
{
	return ((const struct bundle_sink *)(const void *)sink)->left_out;
}
