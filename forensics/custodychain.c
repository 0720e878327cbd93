/* SPDX-License-Identifier: Apache-2.0 */
#include "forensics/custodychain.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "core/cleanup.h"
#include "core/clock.h"
#include "core/digest.h"
#include "core/quote.h"

#define NO_MATTER ""

static int forbid(struct sl_error *err, const char *why)
{
	return sl_fail(err, SL_EUNTRUSTED, 0, "%s", why);
}

static bool is_holder(const struct custody_chain *c, const struct custody_event *e)
{
	return memcmp(c->holder, e->key, SIGN_PUBLIC_SIZE) == 0;
}

static bool is_same_file(const struct custody_file *a, const struct custody_file *b)
{
	return a->bytes == b->bytes && memcmp(a->sha256, b->sha256, SL_SHA256_SIZE) == 0;
}

static const char *matter_of(const struct custody_event *e)
{
	return e->matter != NULL ? e->matter : NO_MATTER;
}

/* The number of the hold, or hold_count. */
static size_t find_hold(const struct custody_chain *c, const char *matter)
{
	size_t i = 0;

	while (i < c->hold_count && strcmp(c->holds[i], matter) != 0)
		i++;
	return i;
}

/* ---- what may follow ---- */

static int allows_first(const struct custody_event *e, struct sl_error *err)
{
	if (e->action != CUSTODY_ACQUIRED && e->action != CUSTODY_RECEIVED)
		return forbid(err, "a custody record begins with acquired, or with received when "
				   "the giver kept none");
	return e->has_answers ? forbid(err, "there is no transfer to answer") : 0;
}

/* Whoever was named, or the giver, who takes it back. */
static int allows_received(const struct custody_chain *c, const struct custody_event *e,
			   struct sl_error *err)
{
	uint8_t spki[SIGN_SPKI_SIZE], id[SL_SHA256_SIZE];
	int rc;

	if (!c->is_open)
		return forbid(err, "no transfer waits to be received");
	if (!e->has_answers || memcmp(e->answers, c->open_line, SL_SHA256_SIZE) != 0)
		return forbid(err, "it does not answer the transfer that waits");
	sign_spki(e->key, spki);
	rc = sha256_once(spki, sizeof(spki), id, err);
	if (rc < 0)
		return rc;
	return is_holder(c, e) || memcmp(id, c->open_to, sizeof(id)) == 0
		       ? 0
		       : forbid(err, "the transfer was to somebody else's key");
}

static int allows_made(const struct custody_event *e, struct sl_error *err)
{
	bool is_same = is_same_file(&e->made, &e->file);

	if (!e->has_made)
		return forbid(err, "which file was made is not said");
	if (e->action == CUSTODY_COPIED && !is_same)
		return forbid(err, "the copy is no copy: its SHA-256 is another");
	if (e->action == CUSTODY_REDACTED && is_same)
		return forbid(err, "nothing was redacted: the SHA-256 is the same");
	return 0;
}

static int allows_hold(const struct custody_chain *c, const struct custody_event *e,
		       struct sl_error *err)
{
	bool is_held = find_hold(c, matter_of(e)) < c->hold_count;

	if (e->action == CUSTODY_RELEASED)
		return is_held ? 0 : forbid(err, "there is no such hold to release");
	if (is_held)
		return forbid(err, "there is such a hold already: name another matter");
	return c->hold_count < CUSTODY_HOLDS_MAX
		       ? 0
		       : sl_fail(err, SL_ELIMIT, 0, "more than %zu holds", CUSTODY_HOLDS_MAX);
}

static int allows_disposed(const struct custody_chain *c, const struct custody_event *e,
			   struct sl_error *err)
{
	char until[CLOCK_TEXT_SIZE];

	if (!is_holder(c, e))
		return forbid(err, "only who holds it may dispose of it");
	if (c->hold_count > 0) {
		AUTO_FREE char *shown = quote_short(c->holds[0], strlen(c->holds[0]));

		return sl_fail(err, SL_EUNTRUSTED, 0, "it is under a legal hold%s%s%s",
			       *c->holds[0] != '\0' ? " ('" : "",
			       *c->holds[0] != '\0' && shown != NULL ? shown : "",
			       *c->holds[0] != '\0' ? "')" : "");
	}
	if (!c->has_until || clock_compare(e->t, c->until) >= 0)
		return 0;
	clock_format_short(until, c->until);
	return sl_fail(err, SL_EUNTRUSTED, 0, "it has to be kept until %s UTC", until);
}

static int allows_action(const struct custody_chain *c, const struct custody_event *e,
			 struct sl_error *err)
{
	switch (e->action) {
	case CUSTODY_ACQUIRED:
		return forbid(err, "it was acquired already");
	case CUSTODY_RECEIVED:
		return allows_received(c, e, err);
	case CUSTODY_TRANSFERRED:
		if (!is_holder(c, e))
			return forbid(err, "only who holds it may hand it over");
		return e->has_to_key ? 0 : forbid(err, "to whose key is not said");
	case CUSTODY_COPIED:
	case CUSTODY_REDACTED:
		return allows_made(e, err);
	case CUSTODY_HELD:
	case CUSTODY_RELEASED:
		return allows_hold(c, e, err);
	case CUSTODY_EXTENDED:
		return e->has_until ? 0 : forbid(err, "until when is not said");
	case CUSTODY_DISPOSED:
		return allows_disposed(c, e, err);
	case CUSTODY_ACCESSED:
	case CUSTODY_VERIFIED:
		break;
	}
	return 0;
}

/* While it is on its way, nobody can speak for it but about holds, and who looks at it. */
static bool may_happen_on_the_way(enum custody_action action)
{
	return action == CUSTODY_RECEIVED || action == CUSTODY_HELD || action == CUSTODY_RELEASED ||
	       action == CUSTODY_EXTENDED || action == CUSTODY_ACCESSED ||
	       action == CUSTODY_VERIFIED;
}

int custody_chain_allows(const struct custody_chain *c, const struct custody_event *e,
			 struct sl_error *err)
{
	if (e->by == NULL || *e->by == '\0')
		return forbid(err, "who acts is not said");
	if (c->count == 0)
		return allows_first(e, err);
	if (c->is_disposed)
		return forbid(err, "it was disposed of: nothing comes after that");
	if (c->is_open && !may_happen_on_the_way(e->action))
		return forbid(err, "it is handed over, and waits to be received");
	if (e->has_until && c->has_until && clock_compare(e->until, c->until) < 0)
		return forbid(err, "what has to be kept may be kept longer, not shorter");
	return allows_action(c, e, err);
}

/* ---- what follows ---- */

static int take_holder(struct custody_chain *c, const struct custody_event *e)
{
	memcpy(c->holder, e->key, SIGN_PUBLIC_SIZE);
	free(c->holder_name);
	c->holder_name = strdup(e->by);
	c->is_open = false;
	return c->holder_name != NULL ? 0 : -SL_ENOMEM;
}

static int take_hold(struct custody_chain *c, const struct custody_event *e)
{
	c->holds[c->hold_count] = strdup(matter_of(e));
	if (c->holds[c->hold_count] == NULL)
		return -SL_ENOMEM;
	c->hold_count++;
	return 0;
}

static void drop_hold(struct custody_chain *c, const struct custody_event *e)
{
	size_t i = find_hold(c, matter_of(e));

	free(c->holds[i]);
	c->holds[i] = c->holds[--c->hold_count];
}

static int take_action(struct custody_chain *c, const struct custody_line *l)
{
	const struct custody_event *e = &l->event;

	if (c->count == 0 || e->action == CUSTODY_RECEIVED)
		return take_holder(c, e);
	if (e->action == CUSTODY_HELD)
		return take_hold(c, e);
	if (e->action == CUSTODY_RELEASED)
		drop_hold(c, e);
	c->is_disposed = e->action == CUSTODY_DISPOSED;
	if (e->action == CUSTODY_TRANSFERRED) {
		c->is_open = true;
		c->open_seq = e->seq;
		memcpy(c->open_line, l->hash, SL_SHA256_SIZE);
		memcpy(c->open_to, e->to_key, SL_SHA256_SIZE);
	}
	return 0;
}

/* Whoever adds a line about another file has to say so in it. */
static int take_file(struct custody_chain *c, const struct custody_event *e, struct sl_error *err)
{
	if (c->count == 0) {
		c->file = e->file;
		c->file.name = NULL;
		return e->matches ? 0 : forbid(err, "the first line contradicts itself");
	}
	if (e->matches != is_same_file(&e->file, &c->file))
		return forbid(err, e->matches ? "the file it speaks of is not the first line's"
					      : "the file is the first line's, and is denied");
	if (!e->matches && !c->contradicted) {
		c->contradicted = true;
		c->contradicted_seq = e->seq;
	}
	return 0;
}

int custody_chain_add(struct custody_chain *c, const struct custody_line *l, struct sl_error *err)
{
	const struct custody_event *e = &l->event;
	int rc;

	if (e->seq != c->count || memcmp(e->prev, c->last, SL_SHA256_SIZE) != 0)
		return forbid(err, "it does not follow from the line before it");
	rc = custody_chain_allows(c, e, err);
	if (rc == 0)
		rc = take_file(c, e, err);
	if (rc < 0)
		return rc;
	if (take_action(c, l) < 0)
		return sl_fail(err, SL_ENOMEM, 0, "custody record");
	if (e->has_until) {
		c->has_until = true;
		c->until = e->until;
	}
	c->backwards += c->count > 0 && clock_compare(e->t, c->last_time) < 0;
	c->last_time = e->t;
	memcpy(c->last, l->hash, SL_SHA256_SIZE);
	c->count++;
	return 0;
}

void custody_chain_clear(struct custody_chain *c)
{
	free(c->holder_name);
	for (size_t i = 0; i < c->hold_count; i++)
		free(c->holds[i]);
	*c = (struct custody_chain){.count = 0};
}
