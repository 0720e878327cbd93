/* SPDX-License-Identifier: Apache-2.0 */
#include "snapshot/store.h"

#include "core/cleanup.h"

/*
 * image_layer.position counts from the bottom. image.config is kept in exact bytes: it hashes to
 * config_digest, so anyone can check the list of diff_ids again.
 *
 * Ids are never used twice: a reader must not find another layer under the id it has just read.
 *
 * entry holds what snapshot/rows.h says, WITHOUT ROWID: the table is its own ordered index, and one
 * layer in canonical order is one scan.
 */
static const char first_tables[] = "CREATE TABLE layer ("
				   " id INTEGER PRIMARY KEY AUTOINCREMENT,"
				   " chain_id BLOB NOT NULL UNIQUE,"
				   " diff_id BLOB NOT NULL,"
				   " entries INTEGER NOT NULL,"
				   " bytes INTEGER NOT NULL,"
				   " proven_at INTEGER NOT NULL," /* seconds; also those below */
				   " checked_at INTEGER,"
				   " checked_at_ns INTEGER);"
				   "CREATE TABLE image ("
				   " id INTEGER PRIMARY KEY AUTOINCREMENT,"
				   " config_digest BLOB NOT NULL UNIQUE,"
				   " manifest_digest BLOB,"
				   " manifest_verified INTEGER NOT NULL,"
				   " trust INTEGER NOT NULL,"
				   " name TEXT NOT NULL,"
				   " platform TEXT,"
				   " config BLOB NOT NULL,"
				   " manifest BLOB,"
				   " indexed_at INTEGER NOT NULL,"
				   " indexed_at_ns INTEGER NOT NULL);"
				   "CREATE TABLE image_layer ("
				   " image INTEGER NOT NULL REFERENCES image(id),"
				   " position INTEGER NOT NULL,"
				   " layer INTEGER NOT NULL REFERENCES layer(id),"
				   " PRIMARY KEY (image, position)) WITHOUT ROWID;"
				   "CREATE INDEX image_layer_by_layer ON image_layer(layer);"
				   "CREATE TABLE entry " ROW_TABLE ";";

/* What an image's digest is bound to (enum sl_anchor), by whose signature, and since when. */
static const char anchors[] = "ALTER TABLE image ADD COLUMN anchor INTEGER NOT NULL DEFAULT 0;"
			      "ALTER TABLE image ADD COLUMN signer TEXT;"
			      "ALTER TABLE image ADD COLUMN anchored_at INTEGER;"
			      "ALTER TABLE image ADD COLUMN anchored_at_ns INTEGER;";

const struct db_migration store_migrations[] = {
	{"baseline", 1, first_tables},
	{"baseline", 3, anchors},
};
const size_t store_migration_count = ARRAY_SIZE(store_migrations);
