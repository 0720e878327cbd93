/* SPDX-License-Identifier: Apache-2.0 */
#include "job/approval.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/cleanup.h"
#include "core/encode.h"
#include "job/called.h"

static const char *const kinds[APPROVAL_KINDS] = {
	[APPROVAL_NAME] = "name",
	[APPROVAL_POD] = "pod",
	[APPROVAL_IMAGE] = "image",
};

#define COLUMNS "kind, key, profile, approved_by, reason, at_s, at_ns"

void approval_clear(struct approval *a)
{
	free(a->key);
	free(a->profile);
	free(a->by);
	free(a->reason);
	*a = (struct approval){0};
}

const char *approval_kind_name(enum approval_kind kind)
{
	return (size_t)kind < APPROVAL_KINDS ? kinds[kind] : "unknown";
}

/* ---- keys ---- */

static int no_memory(struct sl_error *err)
{
	return sl_fail(err, SL_ENOMEM, 0, "approved profile");
}

/* Does the text end in "-" and @least to @most characters of Kubernetes' random words? */
static bool cut_word(const char *text, size_t *len, size_t least, size_t most)
{
	static const char letters[] = "bcdfghjklmnpqrstvwxz2456789";
	size_t n = 0;

	while (n < *len && strchr(letters, text[*len - 1 - n]) != NULL)
		n++;
	if (n < least || n > most || n + 1 >= *len || text[*len - 1 - n] != '-')
		return false;
	*len -= n + 1;
	return true;
}

static bool cut_ordinal(const char *text, size_t *len)
{
	size_t n = 0;

	while (n < *len && text[*len - 1 - n] >= '0' && text[*len - 1 - n] <= '9')
		n++;
	if (n == 0 || n + 1 >= *len || text[*len - 1 - n] != '-')
		return false;
	*len -= n + 1;
	return true;
}

/*
 * Names that controllers give: NAME-HASH-WORD (Deployment), NAME-WORD (DaemonSet, Job), NAME-N
 * (StatefulSet). Nothing on the machine says which it was; a pod that a person called so shares its
 * profile with its namesakes.
 */
static size_t owner_length(const char *pod)
{
	size_t len = strlen(pod);

	if (cut_word(pod, &len, 5, 5))
		(void)cut_word(pod, &len, 8, 10);
	else
		(void)cut_ordinal(pod, &len);
	return len;
}

static const char *text(const char *s)
{
	return s != NULL ? s : "";
}

static int name_key(char **out, const struct sl_container *c)
{
	const struct sl_pod *pod = c->pod;

	if (pod != NULL && pod->name != NULL)
		return asprintf(out, "%s:%s/%s/%s", text(c->engine), text(pod->ns), pod->name,
				pod->container != NULL ? pod->container : text(c->name));
	return asprintf(out, "%s:%s%s%s", text(c->engine), text(c->ns), c->ns != NULL ? "/" : "",
			sl_container_label(c));
}

static int pod_key(char **out, const struct sl_container *c)
{
	const struct sl_pod *pod = c->pod;

	return asprintf(out, "%s/%.*s/%s", text(pod->ns), (int)owner_length(pod->name), pod->name,
			pod->container != NULL ? pod->container : text(c->name));
}

static int image_key(char **out, const struct sl_container *c)
{
	char id[DIGEST_TEXT_SIZE];

	if (c->image_ref != NULL)
		return asprintf(out, "%s", c->image_ref);
	digest_format(id, c->image_id);
	return asprintf(out, "%s", id);
}

int approval_key(char **out, enum approval_kind kind, const struct sl_container *c,
		 struct sl_error *err)
{
	int n = -1;

	*out = NULL;
	switch (kind) {
	case APPROVAL_NAME:
		n = name_key(out, c);
		break;
	case APPROVAL_POD:
		if (c->pod == NULL || c->pod->name == NULL)
			return sl_fail(err, SL_ENOTFOUND, 0, "it is in no pod");
		n = pod_key(out, c);
		break;
	case APPROVAL_IMAGE:
		if (c->image_ref == NULL && !c->has_image_id)
			return sl_fail(err, SL_ENOTFOUND, 0, "its image is not known");
		n = image_key(out, c);
		break;
	case APPROVAL_KINDS:
		break;
	}
	if (n >= 0)
		return 0;
	*out = NULL;
	return no_memory(err);
}

/* ---- rows ---- */

int approval_put(struct db *db, const struct approval *a, struct sl_error *err)
{
	AUTO_FINALIZE struct db_stmt *s = NULL;
	int rc = db_prepare(&s, db,
			    "INSERT OR REPLACE INTO approval (" COLUMNS
			    ") VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)",
			    err);

	if (rc < 0)
		return rc;
	db_bind_text(s, 1, approval_kind_name(a->kind));
	db_bind_text(s, 2, a->key);
	db_bind_text(s, 3, a->profile);
	db_bind_text(s, 4, a->by);
	db_bind_text(s, 5, a->reason);
	db_bind_i64(s, 6, a->at.sec);
	db_bind_i64(s, 7, a->at.nsec);
	rc = db_step(s, err);
	return rc < 0 ? rc : 0;
}

static int kind_parse(const char *word, enum approval_kind *out)
{
	for (int i = 0; word != NULL && i < APPROVAL_KINDS; i++) {
		if (strcmp(kinds[i], word) == 0) {
			*out = (enum approval_kind)i;
			return 0;
		}
	}
	return -SL_EFORMAT;
}

static char *copy(const char *s)
{
	return s != NULL ? strdup(s) : NULL;
}

static int read_row(struct approval *out, struct db_stmt *s, struct sl_error *err)
{
	const char *reason = db_column_text(s, 4);

	*out = (struct approval){.key = copy(db_column_text(s, 1)),
				 .profile = copy(db_column_text(s, 2)),
				 .by = copy(db_column_text(s, 3)),
				 .reason = copy(reason),
				 .at = {db_column_i64(s, 5), (uint32_t)db_column_i64(s, 6)}};
	if (kind_parse(db_column_text(s, 0), &out->kind) < 0) {
		approval_clear(out);
		return sl_fail(err, SL_EFORMAT, 0, "database: damaged row (approval)");
	}
	if (out->key != NULL && out->profile != NULL && out->by != NULL &&
	    (out->reason != NULL || reason == NULL))
		return 0;
	approval_clear(out);
	return no_memory(err);
}

static int approval_get(struct db *db, enum approval_kind kind, const char *key,
			struct approval *out, struct sl_error *err)
{
	AUTO_FINALIZE struct db_stmt *s = NULL;
	int rc = db_prepare(&s, db, "SELECT " COLUMNS " FROM approval WHERE kind=?1 AND key=?2",
			    err);

	if (rc < 0)
		return rc;
	db_bind_text(s, 1, approval_kind_name(kind));
	db_bind_text(s, 2, key);
	rc = db_step(s, err);
	return rc != 0 ? rc : read_row(out, s, err);
}

/* Approved under another name: that was this very container. */
static int find_renamed(struct db *db, const struct sl_container *c, struct approval *out,
			struct sl_error *err)
{
	AUTO_FREE char *key = NULL;
	int rc = called_get(&key, db, CALLED_APPROVED, c, err);

	return rc == 0 ? approval_get(db, APPROVAL_NAME, key, out, err) : rc;
}

int approval_find(struct db *db, const struct sl_container *c, struct approval *out,
		  struct sl_error *err)
{
	int rc = 1;

	for (int kind = 0; rc == 1 && kind < APPROVAL_KINDS; kind++) {
		AUTO_FREE char *key = NULL;

		rc = approval_key(&key, (enum approval_kind)kind, c, NULL);
		if (rc == -SL_ENOTFOUND)
			rc = 1;
		else if (rc == 0)
			rc = approval_get(db, (enum approval_kind)kind, key, out, err);
		else
			return no_memory(err);
		if (rc == 1 && kind == APPROVAL_NAME)
			rc = find_renamed(db, c, out, err);
	}
	return rc;
}

int approval_each(struct db *db, int (*each)(void *payload, const struct approval *a),
		  void *payload, struct sl_error *err)
{
	AUTO_FINALIZE struct db_stmt *s = NULL;
	int rc = db_prepare(&s, db, "SELECT " COLUMNS " FROM approval ORDER BY kind, key", err);

	while (rc == 0 && (rc = db_step(s, err)) == 0) {
		struct approval a;

		rc = read_row(&a, s, err);
		if (rc < 0)
			return rc;
		rc = each(payload, &a);
		approval_clear(&a);
	}
	return rc == 1 ? 0 : rc;
}

int approval_remove(struct db *db, const struct approval *a, struct sl_error *err)
{
	AUTO_FINALIZE struct db_stmt *s = NULL;
	int rc = db_prepare(&s, db, "DELETE FROM approval WHERE kind=?1 AND key=?2", err);

	if (rc < 0)
		return rc;
	db_bind_text(s, 1, approval_kind_name(a->kind));
	db_bind_text(s, 2, a->key);
	rc = db_step(s, err);
	return rc < 0 ? rc : 0;
}
