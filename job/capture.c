/* SPDX-License-Identifier: Apache-2.0 */
#include "job/capture.h"

#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "core/buf.h"
#include "core/cleanup.h"
#include "core/json.h"
#include "core/root.h"
#include "host/host.h"
#include "job/bundle_sink.h"
#include "job/capture_output.h"
#include "job/capture_records.h"
#include "job/comparison.h"
#include "job/directory.h"
#include "job/head_content.h"
#include "job/meaning.h"
#include "job/resolve.h"
#include "report/settings.h"
#include "snapshot/content.h"
#include "snapshot/layertree.h"
#include "snapshot/recording.h"

/* One capture from open to close. */
struct capture {
	const struct job *job;
	const struct capture_request *request;
	struct capture_outcome *out;
	struct host *host;
	struct sl_container *container;
	struct sl_image *image; /* NULL when the store has none that can be read */
	char *image_problem;    /* why not */
	struct sl_bundle_writer *writer;
	struct recording *recording;
	uint32_t target;
	bool no_space;
};

static void fill_entry(struct sl_entry *e, const char *path, const struct stat *st)
{
	*e = (struct sl_entry){.path = {path, strlen(path)},
			       .mode = st->st_mode,
			       .uid = st->st_uid,
			       .gid = st->st_gid,
			       .size = S_ISREG(st->st_mode) ? (uint64_t)st->st_size : 0,
			       .mtime = {st->st_mtim.tv_sec, (uint32_t)st->st_mtim.tv_nsec},
			       .ctime = {st->st_ctim.tv_sec, (uint32_t)st->st_ctim.tv_nsec},
			       .dev = st->st_dev,
			       .ino = st->st_ino,
			       .nlink = (uint32_t)st->st_nlink,
			       .fields = SL_ENTRY_MTIME | SL_ENTRY_CTIME | SL_ENTRY_INODE};
}

static int gap(struct capture *c, struct sl_bytes what, const char *why, int sys, bool is_path,
	       struct sl_error *err)
{
	struct sl_gap g = {.what = what, .why = why, .sys = sys, .is_path = is_path};

	c->out->gaps++;
	return sl_bundle_gap(c->writer, c->target, &g, err);
}

/* Store one object and keep account; a full disk ends the payloads, not the bundle. */
static int keep(struct capture *c, const struct sl_bundle_file *file,
		struct sl_bundle_stored *stored, struct sl_error *err)
{
	int rc = sl_bundle_add_file(c->writer, file, stored, err);

	if (rc < 0)
		return rc;
	c->out->records_files++;
	c->out->payload_bytes += stored->read.bytes;
	if (stored->read.sys != 0 || stored->read.is_short)
		return gap(c, file->entry->path, "could not be read to its end", stored->read.sys,
			   strcmp(file->role, "upper") == 0, err);
	return 0;
}

static int capture_artifact(struct capture *c, const struct sl_artifact *a, struct sl_error *err)
{
	struct sl_bundle_file file = {.target = c->target, .role = a->is_log ? "log" : "metadata"};
	AUTO_FREE char *members = NULL;
	struct sl_error why = SL_ERROR_INIT;
	struct sl_bundle_stored stored;
	struct sl_entry e;
	struct stat st;
	int rc;

	if (fstat(a->fd, &st) < 0 || content_open(&file.content, a->fd, &why) < 0) {
		rc = gap(c, (struct sl_bytes){a->name, strlen(a->name)},
			 "engine file cannot be opened", why.sys, false, err);
		sl_error_clear(&why);
		return rc;
	}
	if (a->log_format != NULL && asprintf(&members, "\"log_format\":\"%s\"", a->log_format) < 0)
		members = NULL;
	fill_entry(&e, a->name, &st);
	file.entry = &e;
	file.members = members;
	return keep(c, &file, &stored, err);
}

/* The image as its store describes it: exact bytes, so that the digests can be checked. */
static int capture_text(struct capture *c, const char *name, const char *text, size_t size,
			struct sl_error *err)
{
	struct sl_bundle_file file = {.target = c->target, .role = "metadata"};
	struct sl_bundle_stored stored;
	struct sl_entry e = {.path = {name, strlen(name)}, .mode = S_IFREG | 0444, .size = size};
	int rc;

	if (text == NULL)
		return 0;
	file.entry = &e;
	rc = content_from_memory(&file.content, text, size, err);
	return rc < 0 ? rc : keep(c, &file, &stored, err);
}

/* What the engine's files and the kernel say, in one form; names of the environment only. */
static int capture_settings(struct capture *c, struct sl_error *err)
{
	CLEANUP(buf_clear) struct buf text = BUF_INIT(8 * SL_SETTINGS_BYTES_MAX);
	struct jout j;

	if (c->container->settings == NULL)
		return 0;
	jout_begin(&j, &text);
	settings_json(&j, c->container->settings, false);
	if (jout_end(&j) < 0)
		return sl_fail(err, SL_ENOMEM, 0, "settings");
	return capture_text(c, "settings.json", text.data, text.len, err);
}

static int capture_metadata(struct capture *c, struct sl_error *err)
{
	int rc = 0;

	for (size_t i = 0; rc == 0 && i < c->container->artifact_count; i++)
		rc = capture_artifact(c, &c->container->artifacts[i], err);
	if (rc == 0 && c->image != NULL)
		rc = capture_text(c, "image/config.json", c->image->config, c->image->config_size,
				  err);
	if (rc == 0 && c->image != NULL)
		rc = capture_text(c, "image/manifest.json", c->image->manifest,
				  c->image->manifest_size, err);
	if (rc == 0)
		rc = capture_settings(c, err);
	if (rc == 0 && c->container->metadata_gap != NULL)
		rc = gap(c, (struct sl_bytes){"engine metadata", 15}, c->container->metadata_gap, 0,
			 false, err);
	if (rc == 0 && c->image_problem != NULL)
		rc = gap(c, (struct sl_bytes){"image", 5}, c->image_problem, 0, false, err);
	return rc < 0 ? rc : sl_bundle_sync(c->writer, err);
}

static int capture_entry(struct capture *c, struct sl_source *upper, const struct sl_entry *e,
			 struct sl_error *err)
{
	struct sl_bundle_file file = {.target = c->target, .role = "upper", .entry = e};
	struct sl_error why = SL_ERROR_INIT;
	struct sl_bundle_stored stored;
	struct sl_entry known = *e;
	struct head_content head;
	int rc;

	head_content_init(&head, c->job->stop);
	if (S_ISREG(e->mode) && (e->flags & (SL_ENTRY_WHITEOUT | SL_ENTRY_METACOPY)) == 0) {
		rc = sl_source_open(upper, &file.content, &why);
		if (rc < 0) {
			rc = gap(c, e->path, "file cannot be opened", why.sys, true, err);
			sl_error_clear(&why);
			if (rc < 0)
				return rc;
		} else {
			file.content = head_content_wrap(&head, file.content);
		}
	}
	rc = keep(c, &file, &stored, err);
	if (rc < 0)
		return rc;
	if (stored.has_sha256 && !stored.read.is_short && stored.read.sys == 0) {
		memcpy(known.sha256, stored.sha256, SL_SHA256_SIZE);
		memcpy(known.head, head.bytes, sizeof(known.head));
		known.head_len = head.len;
		known.fields |= SL_ENTRY_SHA256 | SL_ENTRY_HEAD;
		known.size = stored.read.bytes;
	}
	return recording_add(c->recording, &known, stored.seq, err);
}

static int capture_gaps(struct capture *c, struct sl_source *source, struct sl_error *err)
{
	const struct sl_gap *g;
	int rc = 0;

	while (rc == 0 && (g = sl_source_gap(source)) != NULL) {
		c->out->gaps++;
		rc = sl_bundle_gap(c->writer, c->target, g, err);
	}
	return rc;
}

/* Every object of the writable layer, read once: stored, hashed and written down for later. */
static int capture_upper(struct capture *c, struct sl_error *err)
{
	const struct sl_stack *stack = &c->container->stack;
	struct sl_source *upper = NULL;
	const struct sl_entry *e;
	int rc;

	if (stack->unsupported != NULL || stack->upper_fd < 0)
		return gap(c, (struct sl_bytes){"upper directory", 15},
			   stack->unsupported != NULL ? stack->unsupported : "there is none", 0,
			   false, err);
	rc = layertree_open(&upper, stack->upper_fd,
			    stack->is_whole ? SL_MARKER_NONE : stack->marker, &stack->idmap, err);
	if (rc < 0)
		return rc;
	while (rc == 0 && !job_stopped(c->job)) {
		rc = sl_source_next(upper, &e, err);
		if (rc == 0)
			rc = capture_entry(c, upper, e, err);
		if (rc >= 0) {
			int more = capture_gaps(c, upper, err);

			rc = more < 0 ? more : rc;
		}
	}
	sl_source_close(upper);
	return rc < 0 ? rc : sl_bundle_sync(c->writer, err);
}

static int compare_recorded(struct capture *c, struct comparison *comparison, struct sl_error *err)
{
	struct bundle_sink_options options = {.writer = c->writer,
					      .target = c->target,
					      .recording = c->recording,
					      .stack = &c->container->stack,
					      .before_bytes = c->request->before_bytes,
					      .before_total = c->request->before_total};
	struct drift_options how = {.jobs = c->job->threads, .stop = c->job->stop};
	struct meaning_request wanted = {.host = c->host};
	struct sl_source *upper = NULL, *after = NULL;
	struct sl_sink *sink = NULL;
	struct meaning meaning = {0};
	struct sl_summary summary;
	int rc = recording_open(&upper, c->recording, err);

	if (rc == 0)
		rc = comparison_after(comparison, upper, &after, err);
	if (rc == 0)
		rc = bundle_sink_new(&sink, &options, err);
	if (rc == 0)
		rc = meaning_open(&meaning, c->job, &wanted, comparison, err);
	if (rc == 0)
		rc = comparison_run(comparison, after, &meaning, &how, sink, &summary, err);
	if (rc == 0) {
		c->out->has_summary = true;
		c->out->counts = summary.counts;
		c->out->gaps += summary.counts.gaps;
		c->out->contradicted =
			comparison->contradiction != NULL || bundle_sink_contradictions(sink) > 0;
	}
	meaning_close(&meaning);
	sl_sink_close(sink);
	sl_source_close(after);
	return rc;
}

/* Collected first, understood later: what fails here is a gap, the evidence is already safe. */
static int capture_findings(struct capture *c, struct sl_error *err)
{
	struct comparison_options options = {.must_prove = c->container->stack.lower_count == 0};
	struct sl_error why = SL_ERROR_INIT;
	struct comparison comparison;
	int rc;

	if (c->request->no_findings || c->container->stack.unsupported != NULL ||
	    job_stopped(c->job))
		return 0;
	rc = comparison_open(&comparison, c->job, c->container, take_ptr(&c->image), &options,
			     &why);
	if (rc < 0) {
		rc = gap(c, (struct sl_bytes){"findings", 8}, sl_error_text(&why), why.sys, false,
			 err);
		sl_error_clear(&why);
		return rc;
	}
	rc = compare_recorded(c, &comparison, err);
	comparison_close(&comparison);
	return rc;
}

static int find_container(struct capture *c, struct sl_error *err)
{
	struct sl_error why = SL_ERROR_INIT;
	int rc;

	if (c->request->upper != NULL) {
		rc = directory_container(&c->container, c->request->upper, c->request->marker, err);
		if (rc == 0)
			directory_hint(c->container, c->job);
	} else {
		rc = resolve_host(c->job, &c->host, err);
		if (rc == 0)
			rc = host_find_container(c->host, c->request->container, &c->container,
						 err);
		if (rc == 0)
			rc = host_container_settings(c->host, c->container, err);
	}
	if (rc < 0)
		return rc;
	rc = c->request->upper != NULL
		     ? resolve_image(c->job, NULL, c->request->image, NULL, &c->image, &why)
		     : host_container_image(c->host, c->container, &c->image, &why);
	if (rc < 0) {
		c->image = NULL;
		c->image_problem = strdup(sl_error_text(&why));
		c->out->contradicted = why.code == SL_EUNTRUSTED;
		sl_error_clear(&why);
	}
	return 0;
}

static int start_bundle(struct capture *c, struct capture_output *output, struct sl_error *err)
{
	struct buf members = BUF_INIT(CAPTURE_MEMBERS_MAX), key = BUF_INIT(16384);
	struct sl_bundle_options options = {.threads = c->job->threads,
					    .checkpoint = capture_output_checkpoint,
					    .payload = output};
	int rc = capture_open_members(&members, c->job, c->request, err);

	if (rc == 0 && c->request->key_file != NULL)
		rc = root_read_named(c->request->key_file, &key, err);
	if (rc == 0) {
		options.open_members = members.data;
		options.key_pem = key.data;
		options.key_passphrase = c->request->passphrase;
		rc = sl_bundle_create(&c->writer, take_fd(&output->fd), &options, err);
	}
	buf_clear(&members);
	if (key.data != NULL)
		explicit_bzero(key.data, key.cap);
	buf_clear(&key);
	if (rc < 0)
		return rc;
	(void)snprintf(c->out->bundle_id, sizeof(c->out->bundle_id), "%s", sl_bundle_id(c->writer));
	(void)snprintf(c->out->fingerprint, sizeof(c->out->fingerprint), "%s",
		       sl_bundle_fingerprint(c->writer));
	job_say(c->job, "bundle %s, fingerprint %s (write it down)", c->out->bundle_id,
		c->out->fingerprint);
	return 0;
}

static int collect(struct capture *c, struct sl_error *err)
{
	struct buf members = BUF_INIT(CAPTURE_MEMBERS_MAX);
	int rc = capture_target_members(&members, c->container, c->image, err);

	if (rc == 0)
		rc = sl_bundle_target(c->writer, members.data, &c->target, err);
	buf_clear(&members);
	if (rc == 0)
		rc = recording_new(&c->recording, err);
	if (rc == 0)
		rc = capture_metadata(c, err);
	if (rc == 0)
		rc = capture_upper(c, err);
	if (rc == 0)
		rc = capture_findings(c, err);
	return rc;
}

/* Whatever happened, the bundle says how it ended. */
static int close_bundle(struct capture *c, int rc, struct sl_error *err)
{
	enum sl_bundle_status status = SL_BUNDLE_COMPLETE;
	struct sl_error last = SL_ERROR_INIT;

	if (rc < 0 && err->sys == ENOSPC)
		status = SL_BUNDLE_NOSPACE;
	else if (job_stopped(c->job) || rc == -SL_ECANCELLED)
		status = SL_BUNDLE_SIGNAL;
	else if (rc < 0)
		status = SL_BUNDLE_ABORTED;
	if (status != SL_BUNDLE_COMPLETE) {
		(void)gap(c, (struct sl_bytes){"capture", 7},
			  rc < 0 ? sl_error_text(err) : "stopped by a signal",
			  rc < 0 ? err->sys : 0, false, &last);
		sl_error_clear(&last);
	}
	c->out->closed_as = status;
	if (sl_bundle_close(c->writer, status, &last) < 0) {
		if (rc == 0)
			rc = sl_fail(err, last.code, 0, "close bundle: %s", sl_error_text(&last));
		sl_error_clear(&last);
		return rc < 0 ? rc : -SL_EIO;
	}
	/* a full disk or a signal is a result, and it is in the bundle */
	return status == SL_BUNDLE_ABORTED ? rc : 0;
}

static void clear(struct capture *c)
{
	sl_bundle_writer_free(c->writer);
	recording_free(c->recording);
	sl_image_free(c->image);
	sl_container_free(c->container);
	host_close(c->host);
	free(c->image_problem);
}

int job_capture(const struct job *job, const struct capture_request *request,
		struct capture_outcome *out, int *status, struct sl_error *err)
{
	struct capture c = {.job = job, .request = request, .out = out};
	struct capture_output output;
	int rc;

	*out = (struct capture_outcome){0};
	if (request->upper != NULL && request->image == NULL)
		return sl_fail(err, SL_EINVAL, 0, "--upper needs --image REF");
	rc = find_container(&c, err);
	if (rc == 0)
		rc = capture_output_open(&output, request, c.container, err);
	if (rc < 0) {
		clear(&c);
		return rc;
	}
	rc = start_bundle(&c, &output, err);
	if (rc == 0)
		rc = close_bundle(&c, collect(&c, err), err);
	capture_output_close(&output);
	clear(&c);
	if (rc < 0)
		return rc;
	*status = out->contradicted ? 1 : out->gaps > 0 ? 3 : 0;
	return 0;
}
