/* SPDX-License-Identifier: Apache-2.0 */
#include <strandline/baseline.h>

#include "snapshot/store.h"

static int size_of(struct sl_baselines *b, uint64_t *out, struct sl_error *err)
{
	struct db_stmt *s = NULL;
	int rc = db_prepare(&s, b->db,
			    "SELECT page_count * page_size FROM pragma_page_count, "
			    "pragma_page_size",
			    err);

	if (rc == 0)
		rc = db_step(s, err);
	if (rc == 0)
		*out = (uint64_t)db_column_i64(s, 0);
	db_finalize(s);
	return rc;
}

int sl_baselines_vacuum(struct sl_baselines *b, uint64_t *before, uint64_t *after,
			struct sl_error *err)
{
	int rc = db_writable(b->db, err);

	if (rc == 0)
		rc = size_of(b, before, err);
	if (rc == 0) {
		db_stop(b->db, b->stop);
		rc = db_exec(b->db, "VACUUM", err);
		db_stop(b->db, NULL);
	}
	if (rc == 0)
		rc = db_exec(b->db, "PRAGMA wal_checkpoint(TRUNCATE)", err);
	if (rc == 0)
		rc = size_of(b, after, err);
	return rc;
}
