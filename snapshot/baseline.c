/* SPDX-License-Identifier: Apache-2.0 */
#include <strandline/baseline.h>

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "core/cleanup.h"
#include "snapshot/store.h"

/* Make the directories above @path that are missing, for their owner only. */
static int make_parents(const char *path, struct sl_error *err)
{
	AUTO_FREE char *dir = strdup(path);

	if (dir == NULL)
		return sl_fail(err, SL_ENOMEM, 0, "baseline store");
	for (char *p = dir; (p = strchr(p + 1, '/')) != NULL;) {
		*p = '\0';
		if (mkdir(dir, 0700) < 0 && errno != EEXIST) {
			int sys = errno;
			struct stat st;

			/* a read-only file system says so even where the directory exists */
			if (stat(dir, &st) < 0)
				return sl_fail(err, SL_EIO, sys, "create directory '%s'", dir);
		}
		*p = '/';
	}
	return 0;
}

int sl_baselines_open(struct sl_baselines **out, const char *path, struct sl_error *err)
{
	struct sl_baselines *b;
	int rc = 0;

	if (path != NULL && path[0] == '\0')
		return sl_fail(err, SL_EINVAL, 0, "a database without a name");
	b = calloc(1, sizeof(*b));
	if (b == NULL)
		return sl_fail(err, SL_ENOMEM, 0, "baseline store");
	b->name = b->signer = BUF_INIT(1 << 20);
	if (path != NULL)
		rc = make_parents(path, err);
	if (rc == 0)
		rc = db_open(&b->db, path, store_migrations, store_migration_count, err);
	if (rc < 0) {
		sl_baselines_close(b);
		return sl_wrap(err, rc, "baseline store");
	}
	*out = b;
	return 0;
}

void sl_baselines_close(struct sl_baselines *b)
{
	if (b == NULL)
		return;
	db_close(b->db);
	buf_clear(&b->name);
	buf_clear(&b->signer);
	free(b);
}

static int find_id(struct sl_baselines *b, const char *sql, const uint8_t digest[SL_SHA256_SIZE],
		   int64_t *out, struct sl_error *err)
{
	struct db_stmt *s = NULL;
	int rc = db_prepare(&s, b->db, sql, err);

	if (rc == 0) {
		db_bind_blob(s, 1, digest, SL_SHA256_SIZE);
		rc = db_step(s, err);
	}
	if (rc == 0)
		*out = db_column_i64(s, 0);
	db_finalize(s);
	return rc;
}

int store_find_layer(struct sl_baselines *b, const uint8_t chain_id[SL_SHA256_SIZE], int64_t *out,
		     struct sl_error *err)
{
	return find_id(b, "SELECT id FROM layer WHERE chain_id=?1", chain_id, out, err);
}

int store_find_image(struct sl_baselines *b, const uint8_t config_digest[SL_SHA256_SIZE],
		     int64_t *out, struct sl_error *err)
{
	return find_id(b, "SELECT id FROM image WHERE config_digest=?1", config_digest, out, err);
}
