/* SPDX-License-Identifier: Apache-2.0 */
#include "snapshot/odd.h"

#include <string.h>
#include <sys/stat.h>

#include "core/cleanup.h"
#include "snapshot/store.h"

bool odd_is_marker(const struct sl_entry *e)
{
	if (S_ISCHR(e->mode) && e->rdev_major == 0 && e->rdev_minor == 0)
		return true;
	for (size_t i = 0; i < e->xattr_count; i++)
		if (strncmp(e->xattrs[i].name, "trusted.overlay.", 16) == 0 ||
		    strncmp(e->xattrs[i].name, "user.overlay.", 13) == 0)
			return true;
	return false;
}

static void count(struct sl_oddities *out, const struct sl_entry *e)
{
	if ((e->flags & SL_ENTRY_UNRESOLVED) != 0)
		out->unresolved++;
	if (odd_is_marker(e))
		out->markers++;
	else if ((e->flags & SL_ENTRY_AMBIGUOUS) != 0)
		out->ambiguous++;
}

int sl_baselines_oddities(struct sl_baselines *b, const uint8_t config_digest[SL_SHA256_SIZE],
			  struct sl_oddities *out, struct sl_error *err)
{
	struct row_reader reader CLEANUP(row_reader_clear) = ROW_READER_INIT;
	struct db_stmt *s AUTO_FINALIZE = NULL;
	int rc = db_prepare(&s, b->db,
			    "SELECT " ROW_COLUMNS " FROM entry WHERE layer IN (SELECT layer FROM "
			    "image_layer JOIN image ON image=id WHERE config_digest=?1) AND "
			    "state & ?2",
			    err);

	*out = (struct sl_oddities){0};
	if (rc < 0)
		return rc;
	db_bind_blob(s, 1, config_digest, SL_SHA256_SIZE);
	db_bind_i64(s, 2, (int64_t)((uint32_t)SL_ENTRY_UNRESOLVED | (uint32_t)SL_ENTRY_AMBIGUOUS));
	while ((rc = db_step(s, err)) == 0) {
		struct row row;

		rc = row_reader_read(&reader, s, &row, err);
		if (rc < 0)
			return rc;
		count(out, &row.entry);
	}
	return rc < 0 ? rc : 0;
}
