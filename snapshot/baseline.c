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

void sl_baselines_stop(struct sl_baselines *b, const volatile int *stop)
{
	b->stop = stop;
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
	b->limits = SL_LIMITS_DEFAULT;
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
	db_finalize(b->first_rows);
	db_finalize(b->last_check);
	db_close(b->db);
	buf_clear(&b->name);
	buf_clear(&b->signer);
	free(b);
}

void sl_baselines_set_limits(struct sl_baselines *b, const struct sl_limits *limits)
{
	b->limits = *limits;
}

/* @second may be NULL. */
static int find_id(struct sl_baselines *b, const char *sql, const uint8_t digest[SL_SHA256_SIZE],
		   int64_t *out, int64_t *second, struct sl_error *err)
{
	struct db_stmt *s = NULL;
	int rc = db_prepare(&s, b->db, sql, err);

	if (rc == 0) {
		db_bind_blob(s, 1, digest, SL_SHA256_SIZE);
		rc = db_step(s, err);
	}
	if (rc == 0)
		*out = db_column_i64(s, 0);
	if (rc == 0 && second != NULL)
		*second = db_column_i64(s, 1);
	db_finalize(s);
	return rc;
}

int store_find_layer(struct sl_baselines *b, const uint8_t chain_id[SL_SHA256_SIZE], int64_t *out,
		     enum sl_trust *trust, struct sl_error *err)
{
	int64_t n = 0;
	int rc =
		find_id(b, "SELECT id, trust FROM layer WHERE chain_id=?1", chain_id, out, &n, err);

	if (rc == 0 && (n < SL_TRUST_PROVEN || n > SL_TRUST_ON_DISK))
		return sl_fail(err, SL_EFORMAT, 0, "baseline database: damaged row (layer)");
	if (rc == 0 && trust != NULL)
		*trust = (enum sl_trust)n;
	return rc;
}

int store_find_image(struct sl_baselines *b, const uint8_t config_digest[SL_SHA256_SIZE],
		     int64_t *out, struct sl_error *err)
{
	return find_id(b, "SELECT id FROM image WHERE config_digest=?1", config_digest, out, NULL,
		       err);
}

int store_read_digest(uint8_t out[SL_SHA256_SIZE], struct db_stmt *s, int column)
{
	size_t len;
	const void *bytes = db_column_blob(s, column, &len);

	if (len != SL_SHA256_SIZE)
		return -SL_EFORMAT;
	memcpy(out, bytes, len);
	return 0;
}
