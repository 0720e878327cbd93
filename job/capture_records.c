/* SPDX-License-Identifier: Apache-2.0 */
#include "job/capture_records.h"

#include <stdio.h>
#include <string.h>
#include <sys/timex.h>
#include <sys/utsname.h>
#include <time.h>

#include "core/cleanup.h"
#include "core/clock.h"
#include "core/digest.h"
#include "core/json.h"
#include "core/kernel.h"
#include "core/root.h"
#include "job/capture_output.h"
#include "job/capture_run.h"
#include "report/container.h"

/* The members inside one object, without its braces. */
static int strip_braces(struct buf *out, struct buf *object, struct sl_error *err)
{
	int rc = object->status;

	if (rc == 0)
		rc = buf_append(out, object->data + 1, object->len - 2);
	buf_clear(object);
	if (rc < 0)
		return sl_fail(err, rc == -SL_ELIMIT ? SL_ELIMIT : SL_ENOMEM, 0, "record members");
	return 0;
}

static void fallbacks(struct jout *j)
{
	const char *names[KERNEL_FALLBACKS_MAX];
	size_t count = kernel_fallbacks(names);

	jout_key(j, "fallbacks");
	jout_array(j);
	for (size_t i = 0; i < count; i++)
		jout_str(j, names[i]);
	jout_array_end(j);
}

/* SHA-256 of the running program: which tool it was, whatever its file is called. */
static void tool(struct jout *j)
{
	AUTO_CLOSE int fd = kernel_open_program();
	struct sha256 *h = NULL;
	uint8_t digest[SL_SHA256_SIZE];
	char chunk[65536];
	ssize_t n = -1;

	jout_key(j, "tool");
	jout_object(j);
	jout_key_str(j, "name", "strandline");
	jout_key_str(j, "version", STRANDLINE_VERSION);
	if (fd >= 0 && sha256_new(&h, NULL) == 0) {
		while ((n = read(fd, chunk, sizeof(chunk))) > 0)
			sha256_update(h, chunk, (size_t)n);
		if (n == 0 && sha256_final(h, digest, NULL) == 0)
			jout_key_hex(j, "sha256", digest, sizeof(digest));
	}
	sha256_free(h);
	fallbacks(j);
	jout_object_end(j);
}

void capture_clock(struct jout *j)
{
	struct timex tx = {0};
	int state = adjtimex(&tx);
	struct timespec mono;

	(void)clock_gettime(CLOCK_MONOTONIC, &mono);
	jout_key(j, "clock");
	jout_object(j);
	jout_key_time(j, "realtime", clock_now());
	jout_key(j, "boottime_ns");
	jout_id(j, clock_boot_ns());
	jout_key(j, "monotonic_ns");
	jout_id(j, (uint64_t)mono.tv_sec * 1000000000u + (uint64_t)mono.tv_nsec);
	if (state >= 0) {
		jout_key_bool(j, "synchronised", state != TIME_ERROR && !(tx.status & STA_UNSYNC));
		jout_key(j, "max_error_us");
		jout_i64(j, tx.maxerror);
		jout_key(j, "tai_offset");
		jout_i64(j, tx.tai);
	}
	jout_object_end(j);
}

int capture_action_members(struct buf *out, const char *what, const char *why, const char *result,
			   struct sl_error *err)
{
	struct buf object = BUF_INIT(CAPTURE_MEMBERS_MAX);
	struct jout j;

	jout_begin(&j, &object);
	jout_object(&j);
	jout_key_str(&j, "what", what);
	jout_key_str(&j, "why", why);
	jout_key_str(&j, "result", result);
	capture_clock(&j);
	jout_object_end(&j);
	return strip_braces(out, &object, err);
}

static void host(struct jout *j, const struct job *job)
{
	struct job_run about;

	jout_key(j, "host");
	jout_object(j);
	if (job_run_init(job, &about, "capture", NULL) == 0) {
		jout_key_str(j, "name", about.run.host_name);
		jout_key_str(j, "kernel", about.run.kernel);
		jout_key_str(j, "boot_id", about.run.boot_id);
		jout_key_str(j, "root", about.run.root);
		jout_key_bool(j, "live", about.run.boot_id != NULL);
		job_run_clear(&about);
	}
	jout_object_end(j);
}

static void observed(struct jout *j)
{
	static const char *const names[] = {"SUDO_USER", "SUDO_UID", "SSH_CONNECTION", "LOGNAME"};
	struct buf text = BUF_INIT(64);

	jout_key(j, "operator");
	jout_object(j);
	jout_key_u64(j, "uid", getuid());
	jout_key_u64(j, "euid", geteuid());
	jout_key_u64(j, "pid", (uint64_t)getpid());
	if (root_read_named("/proc/self/loginuid", &text, NULL) == 0 && text.len > 0)
		jout_key_str(j, "loginuid", text.data);
	buf_clear(&text);
	for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
		const char *value = getenv(names[i]); /* NOLINT(concurrency-mt-unsafe) */

		if (value != NULL)
			jout_key_str(j, names[i], value);
	}
	jout_object_end(j);
}

static void declared(struct jout *j, const struct capture_request *r)
{
	jout_key(j, "declared");
	jout_object(j);
	jout_key_str(j, "case", r->case_name);
	jout_key_str(j, "exhibit", r->exhibit);
	jout_key_str(j, "operator", r->operator_name);
	jout_key_str(j, "authority", r->authority);
	jout_key_str(j, "reason", r->reason);
	if (r->asked)
		jout_key_bool(j, "asked", true);
	jout_object_end(j);
}

static void patterns(struct jout *j, const char *key, const char *const *list, size_t count)
{
	if (count == 0)
		return;
	jout_key(j, key);
	jout_array(j);
	for (size_t i = 0; i < count; i++)
		jout_str(j, list[i]);
	jout_array_end(j);
}

/* What was not to be taken: beside the plan, so that a gap can be told from an order. */
static void limits(struct jout *j, const struct capture_request *r)
{
	const struct capture_scope *s = &r->scope;

	jout_key(j, "limits");
	jout_object(j);
	jout_key_u64(j, "before_bytes", r->before_bytes);
	jout_key_u64(j, "before_total", r->before_total);
	if (s->max_file > 0)
		jout_key_u64(j, "max_file", s->max_file);
	if (s->max_bytes > 0)
		jout_key_u64(j, "max_bytes", s->max_bytes);
	if (r->deadline > 0)
		jout_key_u64(j, "deadline_seconds", r->deadline);
	patterns(j, "include", s->include, s->include_count);
	patterns(j, "exclude", s->exclude, s->exclude_count);
	jout_object_end(j);
}

static void output_members(struct jout *j, const struct capture_output *output)
{
	jout_key(j, "output");
	jout_object(j);
	jout_key_bool(j, "shares_disk", output->shares_disk);
	jout_object_end(j);
}

/* Acquisition is raw: whoever can read the bundle gets what is in it. */
static void encryption(struct jout *j, const struct encryption *e)
{
	jout_key_bool(j, "secrets_in_clear", e == NULL);
	jout_key(j, "encryption");
	if (e == NULL) {
		jout_null(j);
		return;
	}
	jout_object(j);
	jout_key_str(j, "format", "age-encryption.org/v1");
	jout_key_u64(j, "recipients", e->count);
	jout_key_bool(j, "passphrase", e->passphrase.text != NULL);
	jout_object_end(j);
}

static void plan(struct jout *j, const struct capture_request *r)
{
	size_t count;
	const struct capture_step *steps = capture_steps(&count);

	jout_key_str(j, "profile", capture_profile_name(r->profile));
	jout_key(j, "plan");
	jout_array(j);
	for (size_t i = 0; i < count; i++)
		if (capture_wants(r, &steps[i]))
			jout_str(j, steps[i].name);
	jout_array_end(j);
	limits(j, r);
	encryption(j, r->encryption);
}

int capture_open_members(struct buf *out, const struct job *job,
			 const struct capture_request *request, const struct capture_output *output,
			 struct sl_error *err)
{
	struct buf object = BUF_INIT(CAPTURE_MEMBERS_MAX);
	struct jout j;

	jout_begin(&j, &object);
	jout_object(&j);
	tool(&j);
	host(&j, job);
	capture_clock(&j);
	observed(&j);
	declared(&j, request);
	plan(&j, request);
	output_members(&j, output);
	jout_object_end(&j);
	return strip_braces(out, &object, err);
}

static void optional_time(struct jout *j, const char *key, bool has, struct sl_time t)
{
	if (has)
		jout_key_time(j, key, t);
}

static void image_members(struct jout *j, const struct sl_container *c,
			  const struct sl_image *image)
{
	jout_key(j, "image");
	jout_object(j);
	jout_key_str(j, "ref",
		     c->image_ref == NULL && image != NULL ? image->reference : c->image_ref);
	if (c->has_image_id || image != NULL) {
		jout_key(j, "id");
		jout_digest(j, c->has_image_id ? c->image_id : image->config_digest);
	}
	if (image != NULL && image->has_manifest_digest) {
		jout_key(j, "digest");
		jout_digest(j, image->manifest_digest);
	}
	jout_object_end(j);
	jout_key(j, "layers");
	jout_array(j);
	for (size_t i = 0; image != NULL && i < image->layer_count; i++) {
		jout_object(j);
		jout_key(j, "diff_id");
		jout_digest(j, image->layers[i].diff_id);
		jout_key(j, "chain_id");
		jout_digest(j, image->layers[i].chain_id);
		if (image->layers[i].dir_path != NULL)
			jout_key_str(j, "directory", image->layers[i].dir_path);
		jout_object_end(j);
	}
	jout_array_end(j);
}

int capture_target_members(struct buf *out, const struct sl_container *c,
			   const struct sl_image *image, struct sl_error *err)
{
	struct buf object = BUF_INIT(CAPTURE_MEMBERS_MAX);
	struct jout j;

	jout_begin(&j, &object);
	jout_object(&j);
	jout_key_str(&j, "engine", c->engine);
	jout_key_str(&j, "id", c->id);
	jout_key_str(&j, "name", c->name);
	container_json_place(&j, c);
	jout_key_str(&j, "state", sl_state_name(c->state));
	jout_key(&j, "pid");
	jout_i64(&j, c->pid);
	optional_time(&j, "created", c->has_created, c->created);
	optional_time(&j, "started", c->has_started, c->started);
	optional_time(&j, "finished", c->has_finished, c->finished);
	jout_key(&j, "exit_code");
	jout_i64(&j, c->exit_code);
	jout_key_str(&j, "driver", c->driver);
	jout_key_str(&j, "store", c->store);
	jout_key_str(&j, "upper", c->stack.upper_path);
	jout_key_bool(&j, "whole_tree", c->stack.is_whole);
	if (c->log_driver != NULL)
		jout_key_str(&j, "log_driver", c->log_driver);
	image_members(&j, c, image);
	container_json_mounts(&j, "mounts", c, true);
	jout_object_end(&j);
	return strip_braces(out, &object, err);
}
