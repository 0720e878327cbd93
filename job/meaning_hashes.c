/* SPDX-License-Identifier: Apache-2.0 */
#include "job/meaning_hashes.h"

#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "core/cleanup.h"
#include "diff/facts.h"
#include "diff/glob.h"
#include "job/hashlists.h"

struct hashes {
	struct hashlists *lists; /* borrowed */
	struct hash_match match; /* of the finding that was marked last */
	char *message, *cause;   /* lent with it */
};

/* Nothing with one of these is explained by its bytes alone. */
#define SUSPICIOUS                                                                                 \
	(SL_SIGNAL_SETUID | SL_SIGNAL_SETGID | SL_SIGNAL_CAPS | SL_SIGNAL_HIDDEN_NAME |            \
	 SL_SIGNAL_RENAMED | SL_SIGNAL_UNSTABLE | SL_SIGNAL_WORLD_WRITABLE | SL_SIGNAL_DEVICE |    \
	 SL_SIGNAL_UNDER_MOUNT | SL_SIGNAL_KEY | SL_SIGNAL_KNOWN_BAD | SL_SIGNAL_YARA |            \
	 SL_SIGNAL_IN_TEMP | SL_SIGNAL_UNLINKED | SL_SIGNAL_MEMFD | SL_SIGNAL_PRELOAD |            \
	 SL_SIGNAL_TRACED)

static int mark(void *payload, struct sl_finding *f, struct sl_change *c, struct sl_error *err)
{
	struct hashes *h = payload;
	int rc;

	h->match = (struct hash_match){0};
	if (c->after == NULL || !S_ISREG(c->after->mode) ||
	    (c->after->fields & SL_ENTRY_SHA256) == 0)
		return 0;
	rc = hashlists_find(h->lists, c->after->sha256, &h->match, err);
	if (rc != 0)
		return rc < 0 ? rc : 0;
	c->signals |= h->match.is_bad ? SL_SIGNAL_KNOWN_BAD : SL_SIGNAL_KNOWN_GOOD;
	f->notes.listed_as = h->match.label;
	return 0;
}

/* Where not the bytes but their place is what they do. */
static bool is_place(struct sl_bytes path)
{
	static const char *const places[] = {"etc/**",  "home/**",    "root/**", "boot/**",
					     "tmp/**",  "var/tmp/**", "run/**",  "var/run/**",
					     "dev/**",  "proc/**",    "sys/**",  "var/spool/**",
					     "**/.*/**"};

	for (size_t i = 0; i < ARRAY_SIZE(places); i++)
		if (glob_match(places[i], strlen(places[i]), path.data, path.len))
			return true;
	return (facts_of_place(path, NULL) & FACT_ACCOUNT_FILE) != 0;
}

static bool explains(const struct sl_change *c)
{
	return (c->signals & SL_SIGNAL_KNOWN_GOOD) != 0 && (c->signals & SUSPICIOUS) == 0 &&
	       c->kind == SL_CHANGE_ADDED && (c->after->mode & (S_ISUID | S_ISGID)) == 0 &&
	       sl_entry_xattr(c->after, "security.capability") == NULL &&
	       c->renamed_from.data == NULL && !is_place(c->path);
}

static int convict(struct hashes *h, struct sl_finding *f, struct sl_error *err)
{
	f->severity = SL_SEVERITY_CRITICAL;
	f->cause = SL_CAUSE_NONE;
	f->cause_name = NULL;
	if (f->message != NULL)
		return 0;
	free(h->message);
	if (asprintf(&h->message, "known to be bad: %s", h->match.label) < 0) {
		h->message = NULL;
		return sl_fail(err, SL_ENOMEM, 0, "finding");
	}
	f->message = h->message;
	return 0;
}

static int judge(void *payload, struct sl_finding *f, struct sl_change *c, struct sl_error *err)
{
	struct hashes *h = payload;

	if (c == NULL || h->match.label == NULL)
		return 0;
	if (h->match.is_bad)
		return convict(h, f, err);
	if (f->cause != SL_CAUSE_NONE || !explains(c))
		return 0;
	free(h->cause);
	if (asprintf(&h->cause, "known-good: %s", h->match.list) < 0) {
		h->cause = NULL;
		return sl_fail(err, SL_ENOMEM, 0, "finding");
	}
	f->cause = SL_CAUSE_POLICY;
	f->cause_name = h->cause;
	return 0;
}

static void free_hashes(void *data)
{
	struct hashes *h = data;

	free(h->message);
	free(h->cause);
	free(h);
}

int meaning_hashes(struct meaning *m, struct sl_error *err)
{
	struct hashes *h;
	int rc;

	if (m->request->hashes == NULL)
		return 0;
	h = calloc(1, sizeof(*h));
	if (h == NULL)
		return sl_fail(err, SL_ENOMEM, 0, "lists of digests");
	h->lists = m->request->hashes;
	rc = meaning_keep(m, h, free_hashes, err);
	if (rc == 0)
		rc = meaning_mark(m, (struct drift_step){mark, h, .in_volumes = true}, err);
	if (rc == 0)
		rc = meaning_judge(m, (struct drift_step){judge, h}, err);
	return rc;
}
