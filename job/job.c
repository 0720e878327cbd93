/* SPDX-License-Identifier: Apache-2.0 */
#include "job/job.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/utsname.h>

#include "core/buf.h"
#include "core/cleanup.h"
#include "core/clock.h"
#include "core/halt.h"
#include "core/root.h"

#define SMALL_FILE_MAX 4096

bool job_is_late(const struct job *job)
{
	return !is_halted(job->stop) && job->deadline_ns != 0 &&
	       clock_boot_ns() >= job->deadline_ns;
}

bool job_stopped(const struct job *job)
{
	return is_halted(job->stop) || job_is_late(job);
}

unsigned int job_seconds_left(const struct job *job)
{
	uint64_t now = clock_boot_ns();

	if (job->deadline_ns == 0)
		return 0;
	return now >= job->deadline_ns ? 1
				       : (unsigned int)((job->deadline_ns - now) / 1000000000u) + 1;
}

void job_say(const struct job *job, const char *fmt, ...)
{
	AUTO_FREE char *line = NULL;
	va_list ap;

	if (job->say == NULL)
		return;
	va_start(ap, fmt);
	if (vasprintf(&line, fmt, ap) < 0)
		line = NULL;
	va_end(ap);
	if (line != NULL)
		job->say(job->payload, line);
}

/* A foreign root is one that is not the machine we run on. */
static bool is_foreign(const struct job *job)
{
	return job->root != NULL && strcmp(job->root, "/") != 0 && !job->live;
}

/* First line of a small file beneath the root, or NULL. */
static char *read_line(int root_fd, const char *path)
{
	struct buf text = BUF_INIT(SMALL_FILE_MAX);
	char *end;

	if (root_read_file(root_fd, path, ROOT_FOLLOW_INSIDE, &text, NULL) < 0 || text.len == 0) {
		buf_clear(&text);
		return NULL;
	}
	end = memchr(text.data, '\n', text.len);
	if (end != NULL)
		*end = '\0';
	return buf_take(&text);
}

int job_run_init(const struct job *job, struct job_run *out, const char *command,
		 struct sl_error *err)
{
	const char *root = job->root != NULL ? job->root : "/";
	AUTO_CLOSE int root_fd = root_open_dir(root, err);
	struct utsname uts;

	*out = (struct job_run){0};
	if (root_fd < 0)
		return root_fd;
	out->host_name = read_line(root_fd, "etc/hostname");
	if (!is_foreign(job)) {
		if (uname(&uts) == 0) {
			free(out->host_name);
			out->host_name = strdup(uts.nodename);
			out->kernel = strdup(uts.release);
		}
		out->boot_id = read_line(root_fd, "proc/sys/kernel/random/boot_id");
	}
	out->run = (struct sl_run){.command = command,
				   .tool_version = STRANDLINE_VERSION,
				   .host_name = out->host_name,
				   .boot_id = out->boot_id,
				   .kernel = out->kernel,
				   .root = root,
				   .fallbacks = out->fallbacks,
				   .fallback_count = kernel_fallbacks(out->fallbacks),
				   .started = clock_now()};
	return 0;
}

void job_run_clear(struct job_run *r)
{
	free(r->host_name);
	free(r->boot_id);
	free(r->kernel);
	*r = (struct job_run){0};
}
