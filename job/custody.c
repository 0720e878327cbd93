/* SPDX-License-Identifier: Apache-2.0 */
#include "job/custody.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/types.h>
#include <unistd.h>

#include "core/cleanup.h"
#include "core/clock.h"
#include "core/digest.h"
#include "core/halt.h"
#include "job/custodylog.h"
#include "job/filedigest.h"
#include "job/verify.h"

#define HOST_MAX 256

struct adding {
	const struct custody_request *request;
	struct custody_added *out;
	struct sign_key *key;
	struct sidecars at;
	struct custodylog log;
	struct custody_chain chain;
	struct sl_verify_result own; /* of a verification made here */
	struct custody_event event;
	char *by; /* as the key's holder called himself last; owned */
	char host[HOST_MAX];
};

static void adding_clear(struct adding *a)
{
	sign_key_free(a->key);
	custodylog_close(&a->log);
	sidecars_clear(&a->at);
	custody_chain_clear(&a->chain);
	sl_verify_result_clear(&a->own);
	free(a->by);
}

static const char *base_name(const char *path)
{
	const char *slash = strrchr(path, '/');

	return slash != NULL ? slash + 1 : path;
}

static bool can_begin(enum custody_action action)
{
	return action == CUSTODY_ACQUIRED || action == CUSTODY_RECEIVED;
}

/* ---- the evidence, before anything is locked ---- */

static int hash_file(struct custody_file *out, const char *path, const volatile sig_atomic_t *stop,
		     struct sl_error *err)
{
	struct filedigest now;
	int rc = filedigest_read(&now, path, stop, err);

	if (rc < 0)
		return rc;
	out->name = base_name(path);
	out->bytes = now.bytes;
	memcpy(out->sha256, now.sha256, sizeof(out->sha256));
	return 0;
}

static void take_verdict(struct custody_event *e, const struct sl_verify_result *r)
{
	e->verdict = sl_verdict_name(r->verdict);
	e->bundle_id = r->bundle_id;
	e->records = r->records;
	memcpy(e->root, r->root, sizeof(e->root));
}

/* Evidence that is no bundle, or cannot be read as one, has a custody record all the same. */
static int verify_bundle(struct adding *a, struct sl_error *err)
{
	const struct custody_request *q = a->request;
	struct verify_request request = {.bundle = q->file,
					 .allow_unanchored = true,
					 .identities = q->identities,
					 .stop = q->stop,
					 .threads = q->threads};
	int rc, status;

	if (q->verified != NULL) {
		take_verdict(&a->event, q->verified);
		return 0;
	}
	if (!can_begin(q->action) && q->action != CUSTODY_VERIFIED)
		return 0;
	rc = job_verify(&request, &a->own, NULL, &status, NULL);
	if (is_halted(q->stop))
		return halted(q->stop, err);
	if (rc < 0)
		return q->action == CUSTODY_VERIFIED ? sl_fail(err, SL_EUNSUPPORTED, 0,
							       "it cannot be verified as a bundle")
						     : 0;
	take_verdict(&a->event, &a->own);
	if (a->own.verdict == SL_VERDICT_BROKEN && a->own.records > 0 && !q->despite)
		return sl_fail(err, SL_EUNTRUSTED, 0,
			       "the bundle is broken (--despite records it): %s",
			       a->own.fault != NULL ? a->own.fault : "see verify");
	/* what does not even begin as a bundle is some other file */
	if (a->own.records == 0)
		a->event.verdict = NULL;
	return 0;
}

/* ---- what is declared ---- */

static int read_until(struct custody_event *e, const char *text, struct sl_error *err)
{
	AUTO_FREE char *whole = NULL;

	if (text == NULL)
		return 0;
	/* a date is its first moment */
	if (asprintf(&whole, "%s%s", text, strlen(text) == 10 ? "T00:00:00Z" : "") < 0) {
		whole = NULL;
		return sl_fail(err, SL_ENOMEM, 0, "date");
	}
	if (clock_parse(&e->until, whole, strlen(whole)) < 0)
		return sl_fail(err, SL_EINVAL, 0,
			       "'%s' is no date: 2027-01-31, or 2027-01-31T12:00:00Z", text);
	e->has_until = true;
	return 0;
}

static int read_to_key(struct custody_event *e, const char *path, struct sl_error *err)
{
	uint8_t key[SIGN_PUBLIC_SIZE], spki[SIGN_SPKI_SIZE];
	int rc;

	if (path == NULL)
		return 0;
	rc = signkey_read_public(key, path, err);
	if (rc < 0)
		return rc;
	sign_spki(key, spki);
	e->has_to_key = true;
	return sha256_once(spki, sizeof(spki), e->to_key, err);
}

static int declare(struct adding *a, struct sl_error *err)
{
	const struct custody_request *q = a->request;
	struct custody_event *e = &a->event;
	int rc;

	*e = (struct custody_event){.action = q->action,
				    .by = q->by,
				    .from = q->from,
				    .to = q->to,
				    .purpose = q->purpose,
				    .place = q->place,
				    .seal = q->seal,
				    .matter = q->matter,
				    .has_made = q->made != NULL,
				    .host = a->host,
				    .uid = (uint64_t)geteuid()};
	if (gethostname(a->host, sizeof(a->host) - 1) < 0)
		a->host[0] = '\0';
	sign_key_public(a->key, e->key);
	rc = read_until(e, q->until, err);
	if (rc == 0)
		rc = read_to_key(e, q->to_key, err);
	if (rc == 0)
		rc = hash_file(&e->file, q->file, q->stop, err);
	if (rc == 0 && e->has_made)
		rc = hash_file(&e->made, q->made, q->stop, err);
	return rc;
}

/* ---- the record ---- */

static int on_line(void *payload, uint64_t seq, const char *line, size_t len, struct sl_error *err)
{
	CLEANUP(custody_line_clear) struct custody_line l = {.event.seq = seq};
	struct adding *a = payload;
	int rc = custody_read(&l, line, len, err);

	if (rc == 0)
		rc = custody_chain_add(&a->chain, &l, err);
	if (rc < 0 || memcmp(l.event.key, a->event.key, SIGN_PUBLIC_SIZE) != 0)
		return rc;
	free(a->by);
	a->by = strdup(l.event.by);
	return a->by != NULL ? 0 : sl_fail(err, SL_ENOMEM, 0, "custody record");
}

static int open_record(struct adding *a, struct sl_error *err)
{
	int rc = custodylog_edit(&a->log, &a->at, can_begin(a->request->action), err);

	if (rc == 1)
		return sl_fail(err, SL_ENOTFOUND, 0,
			       "there is no custody record: begin one with 'custody add --action "
			       "acquired'");
	if (rc < 0)
		return rc;
	rc = custodylog_each(&a->log, on_line, a, err);
	if (rc < 0)
		(void)sl_wrap(err, rc, "the custody record is broken");
	/* whether it contradicts itself or its format is one to whoever trusts it */
	return rc == -SL_EFORMAT ? -SL_EUNTRUSTED : rc;
}

/* A line without an end is no line; but it was there, and somebody may miss it. */
static int consider_torn(struct adding *a, struct sl_error *err)
{
	size_t torn = custodylog_torn(&a->log);

	if (torn == 0)
		return 0;
	if (!a->request->drop_torn)
		return sl_fail(err, SL_EUNTRUSTED, 0,
			       "the last line of the custody record was cut off after %zu bytes: "
			       "--drop-torn takes it away and records its digest",
			       torn);
	a->event.torn_bytes = torn;
	return sha256_once(a->log.text.data + a->log.whole, torn, a->event.torn_sha256, err);
}

static int consider_file(struct adding *a, struct sl_error *err)
{
	struct custody_event *e = &a->event;
	const struct custody_file *first = &a->chain.file;

	e->matches = a->chain.count == 0 ||
		     (first->bytes == e->file.bytes &&
		      memcmp(first->sha256, e->file.sha256, sizeof(first->sha256)) == 0);
	a->out->contradicts = !e->matches;
	if (e->matches || a->request->despite)
		return 0;
	return sl_fail(err, SL_EUNTRUSTED, 0,
		       "the file is not what the first line of its custody record says "
		       "(--despite records that)");
}

/* What follows from the record as it is now. */
static int complete(struct adding *a, struct sl_error *err)
{
	struct custody_event *e = &a->event;
	int rc;

	e->seq = a->chain.count;
	memcpy(e->prev, a->chain.last, sizeof(e->prev));
	e->t = clock_now();
	e->by = e->by != NULL ? e->by : a->by;
	if (e->by == NULL)
		return sl_fail(err, SL_EINVAL, 0, "who acts? give --by WHO");
	if (e->action == CUSTODY_RECEIVED && a->chain.is_open) {
		e->has_answers = true;
		memcpy(e->answers, a->chain.open_line, sizeof(e->answers));
	}
	rc = consider_torn(a, err);
	if (rc == 0)
		rc = consider_file(a, err);
	return rc == 0 ? custody_chain_allows(&a->chain, e, err) : rc;
}

static int append(struct adding *a, struct sl_error *err)
{
	CLEANUP(buf_clear) struct buf line = BUF_INIT(2 * CUSTODY_LINE_BYTES);
	CLEANUP(custody_line_clear) struct custody_line check = {.event.seq = 0};
	int rc = custody_write(&line, &a->event, a->key, err);

	/* what could not be read again must not be written */
	if (rc == 0)
		rc = custody_read(&check, line.data, line.len, err);
	if (rc == 0)
		rc = custodylog_append(&a->log, &line, err);
	if (rc < 0)
		return rc;
	a->out->seq = a->event.seq;
	memcpy(a->out->hash, check.hash, sizeof(a->out->hash));
	return 0;
}

int job_custody_add(const struct custody_request *request, struct custody_added *out,
		    struct sl_error *err)
{
	CLEANUP(adding_clear)
	struct adding a = {.request = request, .out = out, .at.dir_fd = -1, .log.fd = -1};
	int rc;

	*out = (struct custody_added){.seq = 0};
	rc = signkey_read(&a.key, &request->key, err);
	if (rc == 0)
		rc = sidecars_open(&a.at, request->file, request->sidecars, err);
	if (rc == 0)
		rc = declare(&a, err);
	if (rc == 0)
		rc = verify_bundle(&a, err);
	if (rc == 0)
		rc = open_record(&a, err);
	if (rc == 0)
		rc = complete(&a, err);
	return rc == 0 ? append(&a, err) : rc;
}
