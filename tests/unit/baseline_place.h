/* SPDX-License-Identifier: Apache-2.0 */
/* A place for a store of baselines, and what tests ask of it. */
#ifndef UNIT_BASELINE_PLACE_H
#define UNIT_BASELINE_PLACE_H

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/cleanup.h"
#include "core/db.h"
#include "unit/baseline_kit.h"
#include "unit/cmocka_all.h"

#define LAYERS(...)                                                                                \
	(const char *const[]){__VA_ARGS__},                                                        \
		sizeof((const char *const[]){__VA_ARGS__}) / sizeof(char *)

struct place {
	char dir[64];
	char file[128];
};

static inline int make_place(void **state)
{
	struct place *p = calloc(1, sizeof(*p));

	assert_non_null(p);
	(void)snprintf(p->dir, sizeof(p->dir), "/tmp/strandline-baseline-XXXXXX");
	assert_non_null(mkdtemp(p->dir));
	(void)snprintf(p->file, sizeof(p->file), "%s/state/deep/store.db", p->dir);
	*state = p;
	return 0;
}

static inline int remove_place(void **state)
{
	struct place *p = *state;
	char command[160];

	(void)snprintf(command, sizeof(command), "rm -rf '%s'", p->dir);
	(void)!system(command);
	free(p);
	return 0;
}

static inline struct sl_baselines *open_store(const char *path)
{
	struct sl_baselines *b = NULL;
	struct sl_error err = SL_ERROR_INIT;
	int rc = sl_baselines_open(&b, path, &err);

	if (rc != 0)
		print_error("%s\n", sl_error_text(&err));
	assert_int_equal(rc, 0);
	return b;
}

static inline int put(struct sl_baselines *b, const char *name, const char *const layers[],
		      size_t count)
{
	size_t applied = 0;

	assert_int_equal(kit_store(b, name, layers, count, &applied, NULL), 0);
	return (int)applied;
}

static inline int find(struct sl_baselines *b, const char *name, struct sl_baseline_info *info)
{
	uint8_t config[SL_SHA256_SIZE];

	kit_config(config, name);
	return sl_baselines_find(b, config, info, NULL);
}

static inline void assert_layer(struct sl_baselines *b, const char *const layers[], size_t count,
				const char *expected)
{
	struct buf out CLEANUP(buf_clear) = BUF_INIT(1 << 20);
	struct sl_source *src = NULL;
	uint8_t chain[SL_SHA256_SIZE];

	kit_chain(chain, layers, count);
	assert_int_equal(sl_baselines_layer(b, chain, &src, NULL), 0);
	kit_dump(&out, src);
	sl_source_close(src);
	assert_string_equal(out.data, expected);
}

static inline bool has_layer(struct sl_baselines *b, const char *const layers[], size_t count)
{
	struct sl_source *src = NULL;
	uint8_t chain[SL_SHA256_SIZE];
	int rc;

	kit_chain(chain, layers, count);
	rc = sl_baselines_layer(b, chain, &src, NULL);
	sl_source_close(src);
	assert_true(rc == 0 || rc == -SL_ENOTFOUND);
	return rc == 0;
}

static inline int64_t number(const char *file, const char *sql)
{
	struct db *db = NULL;
	struct db_stmt *s = NULL;
	int64_t n;

	assert_int_equal(db_open(&db, file, NULL, 0, NULL), 0);
	assert_int_equal(db_prepare(&s, db, sql, NULL), 0);
	assert_int_equal(db_step(s, NULL), 0);
	n = db_column_i64(s, 0);
	db_finalize(s);
	db_close(db);
	return n;
}

#define IN_PLACE(f) cmocka_unit_test_setup_teardown(f, make_place, remove_place)

#endif
