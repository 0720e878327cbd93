/* SPDX-License-Identifier: Apache-2.0 */
#include "job/diffcrew.h"

#include "core/digest.h"
#include "diff/policy.h"
#include "host/host.h"
#include "host/procscan.h"
#include "job/crew.h"
#include "job/digestcache.h"
#include "job/relay.h"

static void say_to_relay(void *payload, const char *line)
{
	relay_say(payload, line);
}

static void no_report(void *payload, uint64_t done, uint64_t total, const char *what)
{
	(void)payload;
	(void)done;
	(void)total;
	(void)what;
}

static unsigned int share(unsigned int threads, unsigned int processes)
{
	return threads <= processes ? (threads > 0 ? 1 : 0) : threads / processes;
}

/* In the container's own process: as the run would do it, with a relay as the sink. */
static int work(void *payload, struct sl_container *c, int fd)
{
	const struct diff_run *run = payload;
	struct sl_error why = SL_ERROR_INIT;
	struct job job = *run->job;
	struct diff_run own = *run;
	struct relay *relay;
	int rc = relay_new(&relay, fd, NULL);

	if (rc < 0)
		return rc;
	job.say = job.say != NULL ? say_to_relay : NULL;
	job.payload = relay;
	/* how far it is with an index is nobody's to see, but it still can be told to stop */
	job.progress.report = no_report;
	job.threads = share(job.threads, run->request->parallel);
	own.job = &job;
	own.sink = relay_sink(relay);
	own.crew = NULL;
	own.begun = true; /* elsewhere */
	own.err = &why;
	if (own.policy != NULL)
		policy_forget_tally(own.policy);
	rc = diffrun_container(&own, c);
	digestcache_free(own.digests);
	rc = relay_finish(relay, rc, &why, own.policy, NULL);
	relay_free(relay);
	sl_error_clear(&why);
	return rc;
}

static void say(void *payload, const char *line)
{
	job_say(((const struct diff_run *)payload)->job, "%s", line);
}

static void ended(void *payload, const struct sl_summary *summary)
{
	diffrun_take_status(payload, summary);
}

static int tell(void *payload, const struct sl_container *c, int fd, struct sl_error *err)
{
	struct diff_run *run = payload;
	struct relay_listener to = {.sink = run->sink,
				    .container = c,
				    .policy = run->policy,
				    .say = say,
				    .ended = ended,
				    .payload = run};
	int rc = diffrun_begin(run);

	return rc == 0 ? relay_play(fd, &to, err) : rc;
}

static int lost(void *payload, const struct sl_container *c, const char *why, int sys,
		struct sl_error *err)
{
	(void)err; /* the run's own */
	return diffrun_unread(payload, c, why, sys);
}

int diffcrew_open(struct diff_run *run)
{
	struct crew_work how = {
		.work = work, .tell = tell, .lost = lost, .stop = run->job->stop, .payload = run};
	uint8_t unused[SL_SHA256_SIZE];

	if (run->request->parallel < 2)
		return 0;
	/* OpenSSL's first digest is dear: here it is made once for the processes of all */
	if (sha256_once("", 0, unused, run->err) < 0)
		return -SL_ENOMEM;
	return crew_new(&run->crew, run->request->parallel, &how, run->err);
}

int diffcrew_container(struct diff_run *run, struct sl_container *c)
{
	/* it is in the document, too */
	int rc = host_container_settings(run->host, c, run->err);

	if (rc < 0) {
		sl_container_free(c);
		return rc;
	}
	if (!run->request->no_processes)
		host_processes_prepare(run->host, c);
	return crew_begin(run->crew, c, run->err);
}

int diffcrew_finish(struct diff_run *run)
{
	return run->crew != NULL ? crew_finish(run->crew, run->err) : 0;
}

void diffcrew_close(struct diff_run *run)
{
	crew_free(run->crew);
	run->crew = NULL;
}
