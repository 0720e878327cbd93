/* SPDX-License-Identifier: Apache-2.0 */
#include "job/relay.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "core/buf.h"
#include "core/cleanup.h"
#include "diff/policy.h"
#include "job/relaycode.h"

struct relay {
	struct sl_sink sink;
	FILE *file;
	struct buf one; /* the record being written */
};

static struct relay *relay_of(struct sl_sink *s)
{
	return container_of(s, struct relay, sink);
}

/* ---- writing ---- */

static int put_record(struct relay *r, enum relay_type type, struct sl_error *err)
{
	struct relay_head head = {.len = r->one.len, .type = type};

	if (r->one.status < 0)
		return sl_fail(err, r->one.status == -SL_ELIMIT ? SL_ELIMIT : SL_ENOMEM, 0,
			       "a finding takes too much memory");
	if (fwrite(&head, sizeof(head), 1, r->file) != 1 ||
	    (r->one.len > 0 && fwrite(r->one.data, r->one.len, 1, r->file) != 1))
		return sl_fail(err, SL_EIO, errno, "temporary file ($TMPDIR)");
	return 0;
}

static int on_container(struct sl_sink *s, const struct sl_subject *subject, struct sl_error *err)
{
	struct relay *r = relay_of(s);

	buf_reset(&r->one);
	relaycode_put_subject(&r->one, subject);
	return put_record(r, RELAY_CONTAINER, err);
}

static int on_finding(struct sl_sink *s, const struct sl_finding *f, struct sl_error *err)
{
	struct relay *r = relay_of(s);

	buf_reset(&r->one);
	relaycode_put_finding(&r->one, f);
	return put_record(r, RELAY_FINDING, err);
}

static int on_gap(struct sl_sink *s, const struct sl_gap *gap, struct sl_error *err)
{
	struct relay *r = relay_of(s);

	buf_reset(&r->one);
	relaycode_put_gap(&r->one, gap);
	return put_record(r, RELAY_GAP, err);
}

static int on_container_end(struct sl_sink *s, const struct sl_summary *sum, struct sl_error *err)
{
	struct relay *r = relay_of(s);

	buf_reset(&r->one);
	relaycode_put_summary(&r->one, sum);
	return put_record(r, RELAY_CONTAINER_END, err);
}

void relay_say(struct relay *r, const char *line)
{
	buf_reset(&r->one);
	relaycode_put_text(&r->one, line);
	/* a file that cannot be written shows in relay_finish() */
	(void)put_record(r, RELAY_SAY, NULL);
}

int relay_new(struct relay **out, int fd, struct sl_error *err)
{
	/* the run begins and ends elsewhere */
	static const struct sl_sink_ops ops = {.container = on_container,
					       .finding = on_finding,
					       .gap = on_gap,
					       .container_end = on_container_end};
	struct relay *r = calloc(1, sizeof(*r));
	int own = dup(fd);

	if (r == NULL || own < 0 || (r->file = fdopen(own, "w")) == NULL) {
		if (own >= 0)
			close(own);
		free(r);
		return sl_fail(err, SL_ENOMEM, 0, "temporary file");
	}
	r->sink.ops = &ops;
	r->one = BUF_INIT(RELAY_RECORD);
	*out = r;
	return 0;
}

struct sl_sink *relay_sink(struct relay *r)
{
	return &r->sink;
}

int relay_finish(struct relay *r, int rc, const struct sl_error *why, const struct policy *policy,
		 struct sl_error *err)
{
	int failed;

	buf_reset(&r->one);
	relaycode_put(&r->one, &rc, sizeof(rc));
	relaycode_put(&r->one, &why->sys, sizeof(why->sys));
	relaycode_put_text(&r->one, rc < 0 ? sl_error_text(why) : NULL);
	if (policy != NULL)
		policy_tally(policy, &r->one);
	failed = put_record(r, RELAY_END, err);
	if (failed == 0 && (fflush(r->file) != 0 || ferror(r->file) != 0))
		failed = sl_fail(err, SL_EIO, errno, "temporary file ($TMPDIR)");
	return failed;
}

void relay_free(struct relay *r)
{
	if (r == NULL)
		return;
	(void)fclose(r->file);
	buf_clear(&r->one);
	free(r);
}

/* ---- telling again ---- */

struct player {
	const struct relay_listener *to;
	struct sl_subject subject; /* borrows from kept: the summary names it, too */
	struct buf kept;
};

static int play_end(const struct player *p, struct relay_reader *r, struct sl_error *err)
{
	int rc = 0, sys = 0;
	const char *text;

	relaycode_take(r, &rc, sizeof(rc));
	relaycode_take(r, &sys, sizeof(sys));
	text = relaycode_take_text(r);
	if (p->to->policy != NULL && !r->is_bad)
		policy_add_tally(p->to->policy, r->at, (size_t)(r->end - r->at));
	if (rc == 0)
		return 0;
	(void)sl_fail(err, (enum sl_code) - rc, 0, "%s", text != NULL ? text : "failed");
	if (err != NULL)
		err->sys = sys;
	return rc;
}

static int play_finding(const struct player *p, struct relay_reader *r, struct sl_error *err)
{
	struct relaycode_finding f;

	relaycode_take_finding(r, &f);
	return r->is_bad ? 0 : sl_sink_finding(p->to->sink, &f.finding, err);
}

static int play_summary(const struct player *p, struct relay_reader *r, struct sl_error *err)
{
	struct sl_summary sum;
	int rc;

	relaycode_take_summary(r, &sum);
	if (r->is_bad)
		return 0;
	sum.subject = &p->subject;
	rc = sl_sink_container_end(p->to->sink, &sum, err);
	if (rc == 0)
		p->to->ended(p->to->payload, &sum);
	return rc;
}

/* 1: it was the last one. */
static int play(struct player *p, enum relay_type type, struct buf *body, struct sl_error *err)
{
	struct relay_reader r = {.at = body->data, .end = body->data + body->len};
	const char *line;
	struct sl_gap gap;
	int rc = 0;

	switch (type) {
	case RELAY_CONTAINER:
		relaycode_take_subject(&r, &p->subject);
		p->subject.container = p->to->container;
		buf_clear(&p->kept);
		p->kept = *body;
		*body = BUF_INIT(RELAY_RECORD);
		if (!r.is_bad)
			rc = sl_sink_container(p->to->sink, &p->subject, err);
		break;
	case RELAY_FINDING:
		rc = play_finding(p, &r, err);
		break;
	case RELAY_GAP:
		relaycode_take_gap(&r, &gap);
		if (!r.is_bad)
			rc = sl_sink_gap(p->to->sink, &gap, err);
		break;
	case RELAY_CONTAINER_END:
		rc = play_summary(p, &r, err);
		break;
	case RELAY_SAY:
		line = relaycode_take_text(&r);
		if (line != NULL)
			p->to->say(p->to->payload, line);
		break;
	case RELAY_END:
		rc = play_end(p, &r, err);
		rc = rc == 0 ? 1 : rc;
		break;
	default:
		r.is_bad = true;
		break;
	}
	relaycode_clear(&r);
	return rc == 0 && r.is_bad ? sl_fail(err, SL_ENOMEM, 0, "findings of a container") : rc;
}

/* The next record. */
static int read_record(FILE *file, struct relay_head *head, struct buf *body, struct sl_error *err)
{
	buf_reset(body);
	if (fread(head, sizeof(*head), 1, file) != 1 || head->len > RELAY_RECORD)
		return sl_fail(err, SL_EIO, ferror(file) != 0 ? errno : 0,
			       "temporary file: cannot be read back");
	if (buf_reserve(body, (size_t)head->len + 1) < 0)
		return sl_fail(err, SL_ENOMEM, 0, "findings of a container");
	if (head->len > 0 && fread(body->data, (size_t)head->len, 1, file) != 1)
		return sl_fail(err, SL_EIO, ferror(file) != 0 ? errno : 0,
			       "temporary file: cannot be read back");
	body->len = (size_t)head->len;
	return 0;
}

static void closep(FILE **file)
{
	if (*file != NULL)
		(void)fclose(*file);
}

int relay_play(int fd, const struct relay_listener *to, struct sl_error *err)
{
	CLEANUP(closep) FILE *file = NULL;
	CLEANUP(buf_clear) struct buf body = BUF_INIT(RELAY_RECORD);
	struct player p = {.to = to, .kept = BUF_INIT(RELAY_RECORD)};
	struct relay_head head;
	int own = dup(fd);
	int rc = 0;

	file = own >= 0 && lseek(own, 0, SEEK_SET) == 0 ? fdopen(own, "r") : NULL;
	if (file == NULL) {
		if (own >= 0)
			close(own);
		return sl_fail(err, SL_EIO, errno, "temporary file");
	}
	while (rc == 0) {
		rc = read_record(file, &head, &body, err);
		if (rc == 0)
			rc = play(&p, head.type, &body, err);
	}
	buf_clear(&p.kept);
	return rc < 0 ? rc : 0;
}
