/* SPDX-License-Identifier: Apache-2.0 */
#include "snapshot/store.h"

#include "core/cleanup.h"
#include "snapshot/treedigest.h"

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

/*
 * tree_digest says what the rows of a layer were when they were stored; trust (enum sl_trust) how
 * far that can be trusted. Until version 1 all layers were proven.
 */
static const char layer_digests[] =
	"ALTER TABLE layer ADD COLUMN tree_digest BLOB;"
	"ALTER TABLE layer ADD COLUMN trust INTEGER NOT NULL DEFAULT 0;";

/* Layers stored before there were digests: an edit from now on is found, an earlier one not. */
static int digest_layers(struct db *db, struct sl_error *err)
{
	struct db_stmt *list AUTO_FINALIZE = NULL, *set AUTO_FINALIZE = NULL;
	uint8_t digest[SL_SHA256_SIZE];
	int rc = db_prepare(&list, db, "SELECT id FROM layer ORDER BY id", err);

	if (rc == 0)
		rc = db_prepare(&set, db, "UPDATE layer SET tree_digest=?2 WHERE id=?1", err);
	while (rc == 0 && (rc = db_step(list, err)) == 0) {
		struct row_at at = {.layer = db_column_i64(list, 0)};

		rc = treedigest_rows(db, at, NULL, digest, NULL, err);
		if (rc < 0)
			break;
		db_bind_i64(set, 1, at.layer);
		db_bind_blob(set, 2, digest, sizeof(digest));
		rc = db_step(set, err);
		db_reset(set);
		if (rc == 1)
			rc = 0;
	}
	return rc < 0 ? rc : 0;
}

/*
 * What each name meant when it was indexed last. image.name is what an image was called last; of
 * several images that bear one name, this says which it is now.
 */
static const char name_table[] =
	"CREATE TABLE image_name (name TEXT PRIMARY KEY, config_digest BLOB NOT NULL) WITHOUT "
	"ROWID;"
	"INSERT OR REPLACE INTO image_name SELECT name, config_digest FROM image ORDER BY "
	"indexed_at, indexed_at_ns;";

/* What an image's digest is bound to (enum sl_anchor), by whose signature, and since when. */
static const char anchors[] = "ALTER TABLE image ADD COLUMN anchor INTEGER NOT NULL DEFAULT 0;"
			      "ALTER TABLE image ADD COLUMN signer TEXT;"
			      "ALTER TABLE image ADD COLUMN anchored_at INTEGER;"
			      "ALTER TABLE image ADD COLUMN anchored_at_ns INTEGER;";

/*
 * What became of each directory that was held against its layer, last. By chain ID, not by the row
 * of the layer: a directory can be checked of which nothing is stored.
 */
static const char layer_checks[] = "CREATE TABLE layer_check ("
				   " chain_id BLOB NOT NULL,"
				   " directory TEXT NOT NULL,"
				   " at INTEGER NOT NULL,"
				   " at_ns INTEGER NOT NULL,"
				   " method INTEGER NOT NULL,"
				   " trust INTEGER NOT NULL,"
				   " verdict INTEGER NOT NULL,"
				   " changed INTEGER NOT NULL,"
				   " missing INTEGER NOT NULL,"
				   " extra INTEGER NOT NULL,"
				   " metadata INTEGER NOT NULL,"
				   " doubtful INTEGER NOT NULL,"
				   " gaps INTEGER NOT NULL,"
				   " PRIMARY KEY (chain_id, directory)) WITHOUT ROWID;";

/* Who signed for the layers whose trust is SL_TRUST_SIGNED: SHA-256 of the key's DER form. */
static const char layer_signer[] = "CREATE TABLE layer_signer ("
				   " layer INTEGER PRIMARY KEY REFERENCES layer(id),"
				   " key BLOB NOT NULL,"
				   " imported_at INTEGER NOT NULL,"
				   " imported_at_ns INTEGER NOT NULL);";

const struct db_migration store_migrations[] = {
	{"baseline", 1, first_tables, NULL},     {"baseline", 2, layer_digests, digest_layers},
	{"image name", 1, name_table, NULL},     {"baseline", 3, anchors, NULL},
	{"layer signer", 1, layer_signer, NULL}, {"layer check", 1, layer_checks, NULL},
};
const size_t store_migration_count = ARRAY_SIZE(store_migrations);
