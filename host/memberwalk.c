/* SPDX-License-Identifier: Apache-2.0 */
#include "host/memberwalk.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "core/cleanup.h"
#include "host/worker.h"

/* The end of one member; other kinds are one higher than the caller's. */
#define KIND_DONE 0

struct memberwalk_out {
	struct worker_out *out;
	char *room; /* MEMBERWALK_SAY_MAX */
};

struct memberwalk {
	struct memberwalk_options o;
	struct worker *worker;
	size_t at;         /* the member whose turn it is */
	uint64_t waste_ms; /* waited in vain so far */
};

/* ---- in the worker ---- */

int memberwalk_say(struct memberwalk_out *out, uint32_t kind, const void *head, size_t head_len,
		   const void *bytes, size_t len)
{
	return memberwalk_say_fd(out, kind, head, head_len, bytes, len, -1);
}

int memberwalk_say_fd(struct memberwalk_out *out, uint32_t kind, const void *head, size_t head_len,
		      const void *bytes, size_t len, int fd)
{
	if (head_len > MEMBERWALK_SAY_MAX || len > MEMBERWALK_SAY_MAX - head_len)
		return -SL_ELIMIT;
	if (head_len > 0)
		memcpy(out->room, head, head_len);
	if (len > 0)
		memcpy(out->room + head_len, bytes, len);
	return worker_send_fd(out->out, kind + 1, out->room, head_len + len, fd);
}

static int work(struct worker_out *out, void *payload)
{
	const struct memberwalk *w = payload;
	AUTO_FREE char *room = malloc(MEMBERWALK_SAY_MAX);
	struct memberwalk_out say = {out, room};
	int rc = room != NULL ? 0 : -SL_ENOMEM;

	for (size_t i = w->at; rc == 0 && i < w->o.count; i++) {
		rc = w->o.each(&say, w->o.proc_fd, &w->o.members[i], w->o.payload);
		if (rc == 0)
			rc = worker_send(out, KIND_DONE, "", 0);
	}
	return rc;
}

/* ---- who listens ---- */

int memberwalk_new(struct memberwalk **out, const struct memberwalk_options *options,
		   struct sl_error *err)
{
	struct memberwalk *w = calloc(1, sizeof(*w));

	if (w == NULL)
		return sl_fail(err, SL_ENOMEM, 0, "processes");
	w->o = *options;
	*out = w;
	return 0;
}

static unsigned int wait_ms(const struct memberwalk *w)
{
	return w->waste_ms < MEMBERWALK_PATIENCE_MS ? MEMBERWALK_WAIT_MS : MEMBERWALK_HASTE_MS;
}

static int start(struct memberwalk *w, struct sl_error *err)
{
	struct worker_limits limits = {.silence_ms = wait_ms(w), .stop = w->o.stop};

	return worker_start(&w->worker, work, w, &w->o.proc_fd, 1, &limits, err);
}

/* The worker is lost, and with it what is left of the process that it was at. */
static void give_up(struct memberwalk *w, bool is_late, struct memberwalk_item *out)
{
	*out = (struct memberwalk_item){
		.event = MEMBERWALK_HUNG,
		.member = w->at++,
		.fd = -1,
		.why = is_late ? "does not answer: its memory cannot be read without waiting"
			       : "the worker that read it died",
		.sys = is_late ? ETIMEDOUT : EIO};
	w->waste_ms += wait_ms(w);
	out->is_abandoned = worker_end(take_ptr(&w->worker)) == WORKER_ABANDONED;
}

/* Where no process can be started (a limit of the group we run in) the rest is not lost for it. */
static int not_started(struct memberwalk *w, int rc, const struct sl_error *why,
		       struct memberwalk_item *out, struct sl_error *err)
{
	if (rc == -SL_ENOMEM)
		return sl_fail(err, SL_ENOMEM, 0, "processes");
	*out = (struct memberwalk_item){.event = MEMBERWALK_HUNG,
					.member = w->at++,
					.fd = -1,
					.why = "no process could be started to read it",
					.sys = why->sys};
	return 0;
}

int memberwalk_next(struct memberwalk *w, struct memberwalk_item *out, struct sl_error *err)
{
	CLEANUP(sl_error_clear) struct sl_error why = SL_ERROR_INIT;
	struct worker_message message;
	int rc;

	*out = (struct memberwalk_item){.fd = -1};
	if (w->at >= w->o.count)
		return 1;
	rc = w->worker == NULL ? start(w, &why) : 0;
	if (rc < 0)
		return not_started(w, rc, &why, out, err);
	rc = worker_next(w->worker, &message, &why);
	if (rc == -SL_ECANCELLED && why.sys != ETIMEDOUT)
		return sl_fail(err, SL_ECANCELLED, 0, "processes: %s", sl_error_text(&why));
	if (rc != 0) {
		give_up(w, rc == -SL_ECANCELLED, out);
		return 0;
	}
	*out = (struct memberwalk_item){.event = MEMBERWALK_SAID,
					.member = w->at,
					.kind = message.kind - 1,
					.bytes = message.bytes,
					.fd = message.fd,
					.fd_sys = message.fd_sys};
	if (message.kind == KIND_DONE) {
		out->event = MEMBERWALK_DONE;
		w->at++;
	}
	return 0;
}

void memberwalk_item_clear(struct memberwalk_item *item)
{
	cleanup_closep(&item->fd);
	item->fd = -1;
}

void memberwalk_free(struct memberwalk *w)
{
	if (w != NULL)
		(void)worker_end(w->worker);
	free(w);
}
