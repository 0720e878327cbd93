/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The machine around the containers, once: its clock and kernel, who is logged in, which engines
 * run and with what configuration. Files as they are, and a summary of what they say in host.json.
 */
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysinfo.h>
#include <sys/utsname.h>
#include <unistd.h>

#include "core/buf.h"
#include "core/cleanup.h"
#include "core/digest.h"
#include "core/json.h"
#include "core/root.h"
#include "host/context.h"
#include "host/utmp.h"
#include "job/capture_records.h"
#include "job/capture_run.h"
#include "snapshot/content.h"

#define ROLE "host"
/* Largest file of the kernel that is taken. */
#define KERNEL_FILE_MAX ((size_t)16 << 20)
/* Of a file that only grows, this much of its end: whole records of either kind of wtmp. */
#define LEDGER_TAIL ((off_t)384 * 25 * 100)
#define SUMMARY_MAX ((size_t)4 << 20)
#define UTMP_MAX ((size_t)4 << 20)

struct host_step {
	struct capture *capture;
	struct buf logins; /* of run/utmp */
	struct sl_error *err;
};

/* ---- files ---- */

static int take_kernel_file(struct host_step *s, const struct host_context_file *file)
{
	CLEANUP(buf_clear) struct buf text = BUF_INIT(KERNEL_FILE_MAX);
	CLEANUP(sl_error_clear) struct sl_error why = SL_ERROR_INIT;
	int rc = root_read_fd(file->fd, &text, &why);

	if (rc == -SL_ELIMIT)
		return capture_gap_of(s->capture, NULL, file->path, "larger than 16 MiB", 0,
				      s->err);
	if (rc < 0)
		return capture_gap_of(s->capture, NULL, file->path, "cannot be read", why.sys,
				      s->err);
	return capture_bytes(s->capture, NULL, ROLE, file->path + 1,
			     text.data != NULL ? text.data : "", text.len, s->err);
}

/* The end of a ledger that is too long for all of it. */
static int take_tail(struct host_step *s, const struct host_context_file *file, off_t size)
{
	CLEANUP(buf_clear) struct buf name = BUF_INIT(4096);
	AUTO_CLOSE int fd = root_reopen(file->fd, NULL);
	AUTO_FREE char *bytes = malloc(LEDGER_TAIL);
	off_t at = size - LEDGER_TAIL;
	ssize_t n;
	int rc;

	if (bytes == NULL || buf_printf(&name, "%s.tail", file->path + 1) < 0)
		return sl_fail(s->err, SL_ENOMEM, 0, "host");
	/* records begin at multiples of their size; this is one of both sizes */
	at -= at % (384 * 25);
	n = fd < 0 ? -1 : pread(fd, bytes, LEDGER_TAIL, at);
	if (n < 0)
		return capture_gap_of(s->capture, NULL, file->path, "cannot be read", errno,
				      s->err);
	rc = capture_bytes(s->capture, NULL, ROLE, name.data, bytes, (size_t)n, s->err);
	return rc < 0 ? rc
		      : capture_gap_of(s->capture, NULL, file->path, "only its end was taken", 0,
				       s->err);
}

static int take_file(struct host_step *s, const struct host_context_file *file,
		     const struct stat *st)
{
	struct sl_bundle_file record = {.target = SL_BUNDLE_TARGET_HOST, .role = ROLE};
	CLEANUP(sl_error_clear) struct sl_error why = SL_ERROR_INIT;
	struct sl_bundle_stored stored;
	struct sl_entry e;

	capture_entry(&e, file->path + 1, st);
	record.entry = &e;
	if (content_open(&record.content, file->fd, &why) < 0)
		return capture_gap_of(s->capture, NULL, file->path, "cannot be opened", why.sys,
				      s->err);
	return capture_keep(s->capture, NULL, &record, &stored, s->err);
}

static int take_link(struct host_step *s, const struct host_context_file *file)
{
	struct sl_bundle_file record = {.target = SL_BUNDLE_TARGET_HOST, .role = ROLE};
	struct sl_entry e = {.path = {file->path + 1, strlen(file->path) - 1},
			     .mode = S_IFLNK | 0777,
			     .target = {file->link, strlen(file->link)}};
	struct sl_bundle_stored stored;

	record.entry = &e;
	return capture_keep(s->capture, NULL, &record, &stored, s->err);
}

static int on_file(void *payload, const struct host_context_file *file)
{
	struct host_step *s = payload;
	struct stat st;

	if (job_stopped(s->capture->job))
		return 1;
	if (file->link != NULL)
		return take_link(s, file);
	if (file->fd < 0 || fstat(file->fd, &st) < 0)
		return capture_gap_of(s->capture, NULL, file->path,
				      "cannot be opened, or is no regular file", file->sys, s->err);
	if (file->is_kernel)
		return take_kernel_file(s, file);
	if (strcmp(file->path, "/run/utmp") == 0)
		(void)root_read_fd(file->fd, &s->logins, NULL);
	if (file->is_ledger && st.st_size > LEDGER_TAIL)
		return take_tail(s, file, st.st_size);
	return take_file(s, file, &st);
}

/* ---- the summary ---- */

static int on_login(void *payload, const struct utmp_row *row)
{
	struct jout *j = payload;

	jout_object(j);
	jout_key_bytes(j, "user", row->user);
	jout_key_bytes(j, "line", row->line);
	jout_key_bytes(j, "from", row->from);
	jout_key(j, "pid");
	jout_i64(j, row->pid);
	jout_key_time(j, "since", row->time);
	jout_object_end(j);
	return 0;
}

static void say_logins(struct jout *j, const struct buf *utmp)
{
	if (utmp->data == NULL)
		return;
	jout_key(j, "logged_in");
	jout_array(j);
	(void)utmp_each(utmp->data, utmp->len, on_login, j);
	jout_array_end(j);
}

/* Of the machine that runs, which is the one under examination or has it as its root. */
static void say_kernel(struct jout *j)
{
	struct utsname u;
	struct sysinfo info;

	if (uname(&u) == 0) {
		jout_key(j, "kernel");
		jout_object(j);
		jout_key_str(j, "system", u.sysname);
		jout_key_str(j, "release", u.release);
		jout_key_str(j, "version", u.version);
		jout_key_str(j, "machine", u.machine);
		jout_key_str(j, "node", u.nodename);
		jout_object_end(j);
	}
	if (sysinfo(&info) == 0) {
		jout_key_u64(j, "uptime_seconds", (uint64_t)info.uptime);
		jout_key(j, "memory_bytes");
		jout_id(j, (uint64_t)info.totalram * info.mem_unit);
		jout_key(j, "memory_free_bytes");
		jout_id(j, (uint64_t)info.freeram * info.mem_unit);
		jout_key_u64(j, "processes", info.procs);
	}
	jout_key(j, "processors");
	jout_i64(j, sysconf(_SC_NPROCESSORS_ONLN));
}

/* etc/localtime is a link into the zones by name; "" and nothing where it is a copy of one. */
static void say_zone(struct jout *j, const struct host *h)
{
	CLEANUP(buf_clear) struct buf text = BUF_INIT(4096);
	static const char zones[] = "zoneinfo/";
	AUTO_CLOSE int etc = host_open_path(h, "/etc", NULL);
	const char *at;

	if (etc < 0 || root_read_link(etc, "localtime", &text, NULL) < 0 || text.data == NULL)
		return;
	at = strstr(text.data, zones);
	jout_key_bytes(j, "time_zone", at != NULL ? at + sizeof(zones) - 1 : text.data);
}

static void say_digest(struct jout *j, int fd)
{
	CLEANUP(sl_error_clear) struct sl_error why = SL_ERROR_INIT;
	struct sl_content *content = NULL;
	struct sha256 *hash = NULL;
	struct digest_tap tap;
	struct sl_tap *const taps[] = {&tap.tap};
	uint8_t digest[SL_SHA256_SIZE];
	struct sl_read read;

	if (sha256_new(&hash, &why) == 0 && content_open(&content, fd, &why) == 0) {
		digest_tap_init(&tap, hash, NULL);
		sha256_reset(hash);
		if (sl_content_read(content, taps, 1, &read, &why) == 0 && read.sys == 0 &&
		    sha256_final(hash, digest, &why) == 0)
			jout_key_hex(j, "sha256", digest, sizeof(digest));
	}
	sl_content_close(content);
	sha256_free(hash);
}

/* The file is the process's own, whatever its name leads to now. No daemon is asked for a version.
 */
static int on_daemon(void *payload, const struct host_daemon *d)
{
	struct jout *j = payload;

	jout_object(j);
	jout_key(j, "pid");
	jout_i64(j, d->pid);
	jout_key_bytes(j, "name", d->name);
	jout_key_bytes(j, "program", d->program);
	if (d->fd >= 0)
		say_digest(j, d->fd);
	jout_key(j, "start_ticks");
	jout_id(j, d->start);
	/* joined by NUL, as the process has them */
	if (d->arguments.len > 0)
		jout_bytes(j, "arguments", "", d->arguments);
	jout_object_end(j);
	return 0;
}

static int say_store(void *payload, const char *engine, const char *dir)
{
	struct jout *j = payload;

	jout_object(j);
	jout_key_str(j, "engine", engine);
	jout_key_bytes(j, "directory", dir);
	jout_object_end(j);
	return 0;
}

static int take_summary(struct host_step *s)
{
	CLEANUP(buf_clear) struct buf text = BUF_INIT(SUMMARY_MAX);
	const struct host *h = s->capture->host;
	struct jout j;
	int rc = 0;

	jout_begin(&j, &text);
	jout_object(&j);
	jout_key_str(&j, "schema", "strandline.host/1");
	jout_key_bool(&j, "live", host_is_live(h));
	if (host_is_live(h)) {
		capture_clock(&j);
		say_kernel(&j);
	}
	say_zone(&j, h);
	say_logins(&j, &s->logins);
	jout_key(&j, "stores");
	jout_array(&j);
	(void)host_stores(h, say_store, &j);
	jout_array_end(&j);
	jout_key(&j, "daemons");
	jout_array(&j);
	rc = host_daemons(h, on_daemon, &j, s->err);
	jout_array_end(&j);
	jout_object_end(&j);
	if (rc < 0)
		return rc;
	if (jout_end(&j) < 0)
		return capture_gap_of(s->capture, NULL, "host.json", "larger than 4 MiB", 0,
				      s->err);
	return capture_bytes(s->capture, NULL, ROLE, "host.json", text.data, text.len, s->err);
}

int capture_host(struct capture *c, struct sl_error *err)
{
	struct host_step s = {.capture = c, .logins = BUF_INIT(UTMP_MAX), .err = err};
	bool network = c->request->profile >= CAPTURE_FULL;
	int rc = 0;

	/* a directory was named: nothing says that it is of this machine */
	if (c->host == NULL)
		return 0;
	rc = host_context(c->host, network, on_file, &s, err);
	if (rc >= 0)
		rc = take_summary(&s);
	buf_clear(&s.logins);
	return rc;
}
