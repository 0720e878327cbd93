/* SPDX-License-Identifier: Apache-2.0 */
/* What became of the checks of layer directories, kept beside the baselines. */
#include <strandline/check.h>

#include <stdlib.h>
#include <string.h>

#include "core/cleanup.h"
#include "snapshot/store.h"

static const char *const methods[] = {
	[SL_CHECK_NONE] = "none",
	[SL_CHECK_TAR_SPLIT] = "tar-split",
	[SL_CHECK_BLOB] = "blob",
	[SL_CHECK_BASELINE] = "baseline",
};

static const char *const verdicts[] = {
	[SL_CHECK_INTACT] = "intact",
	[SL_CHECK_UNPROVEN] = "unproven",
	[SL_CHECK_UNREAD] = "unread",
	[SL_CHECK_TAMPERED] = "tampered",
};

static const char *const kinds[] = {
	[SL_DIFFERENCE_CHANGED] = "changed",
	[SL_DIFFERENCE_MISSING] = "missing",
	[SL_DIFFERENCE_EXTRA] = "extra",
	[SL_DIFFERENCE_METADATA] = "metadata",
};

const char *sl_check_method_name(enum sl_check_method method)
{
	return (size_t)method < ARRAY_SIZE(methods) ? methods[method] : "unknown";
}

const char *sl_check_verdict_name(enum sl_check_verdict verdict)
{
	return (size_t)verdict < ARRAY_SIZE(verdicts) ? verdicts[verdict] : "unknown";
}

const char *sl_difference_kind_name(enum sl_difference_kind kind)
{
	return (size_t)kind < ARRAY_SIZE(kinds) ? kinds[kind] : "unknown";
}

void sl_layer_check_clear(struct sl_layer_check *check)
{
	free(check->why);
	free(check->contradiction);
	*check = (struct sl_layer_check){0};
}

static int put(struct sl_baselines *b, const uint8_t chain_id[SL_SHA256_SIZE],
	       const char *directory, const struct sl_layer_check *c, struct sl_error *err)
{
	struct db_stmt *s AUTO_FINALIZE = NULL;
	int rc = db_prepare(&s, b->db,
			    "INSERT OR REPLACE INTO layer_check VALUES "
			    "(?1,?2,?3,?4,?5,?6,?7,?8,?9,?10,?11,?12,?13)",
			    err);

	if (rc < 0)
		return rc;
	db_bind_blob(s, 1, chain_id, SL_SHA256_SIZE);
	db_bind_text(s, 2, directory);
	db_bind_i64(s, 3, c->at.sec);
	db_bind_i64(s, 4, c->at.nsec);
	db_bind_i64(s, 5, c->method);
	db_bind_i64(s, 6, c->trust);
	db_bind_i64(s, 7, c->verdict);
	for (int i = 0; i < SL_DIFFERENCE_KINDS; i++)
		db_bind_i64(s, 8 + i, (int64_t)c->counts.by_kind[i]);
	db_bind_i64(s, 12, (int64_t)c->counts.doubtful);
	db_bind_i64(s, 13, (int64_t)c->counts.gaps);
	rc = db_step(s, err);
	return rc < 0 ? rc : 0;
}

int sl_baselines_keep_check(struct sl_baselines *b, const uint8_t chain_id[SL_SHA256_SIZE],
			    const char *directory, const struct sl_layer_check *check,
			    struct sl_error *err)
{
	int rc = db_writable(b->db, err);

	if (rc == 0)
		rc = put(b, chain_id, directory, check, err);
	if (rc == 0 && check->verdict == SL_CHECK_INTACT)
		rc = sl_baselines_checked(b, chain_id, check->at, err);
	return rc < 0 ? rc : 0;
}

static int damaged(struct sl_error *err)
{
	return sl_fail(err, SL_EFORMAT, 0, "baseline database: damaged row (layer check)");
}

static int get(struct db_stmt *s, struct sl_layer_check *out, struct sl_error *err)
{
	int64_t ns = db_column_i64(s, 1), method = db_column_i64(s, 2);
	int64_t trust = db_column_i64(s, 3), verdict = db_column_i64(s, 4);

	if (ns < 0 || ns > 999999999 || method < SL_CHECK_NONE || method > SL_CHECK_BASELINE ||
	    trust < SL_TRUST_PROVEN || trust > SL_TRUST_ON_DISK || verdict < SL_CHECK_INTACT ||
	    verdict > SL_CHECK_TAMPERED)
		return damaged(err);
	*out = (struct sl_layer_check){
		.at = {.sec = db_column_i64(s, 0), .nsec = (uint32_t)ns},
		.method = (enum sl_check_method)method,
		.trust = (enum sl_trust)trust,
		.verdict = (enum sl_check_verdict)verdict,
	};
	for (int i = 0; i < SL_DIFFERENCE_KINDS; i++)
		out->counts.by_kind[i] = (uint64_t)db_column_i64(s, 5 + i);
	out->counts.doubtful = (uint64_t)db_column_i64(s, 9);
	out->counts.gaps = (uint64_t)db_column_i64(s, 10);
	return 0;
}

int sl_baselines_last_check(struct sl_baselines *b, const uint8_t chain_id[SL_SHA256_SIZE],
			    const char *directory, struct sl_layer_check *out, struct sl_error *err)
{
	int rc = 0;

	/* asked for every layer of every container */
	if (b->last_check == NULL)
		rc = db_prepare(&b->last_check, b->db,
				"SELECT at, at_ns, method, trust, verdict, changed, missing, "
				"extra, metadata, doubtful, gaps FROM layer_check WHERE "
				"chain_id=?1 AND directory=?2",
				err);
	if (rc < 0)
		return rc;
	db_bind_blob(b->last_check, 1, chain_id, SL_SHA256_SIZE);
	db_bind_text(b->last_check, 2, directory);
	rc = db_step(b->last_check, err);
	if (rc == 0)
		rc = get(b->last_check, out, err);
	db_reset(b->last_check);
	return rc;
}
