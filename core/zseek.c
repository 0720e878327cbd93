/* SPDX-License-Identifier: Apache-2.0 */
#include "core/zseek.h"

#include <stdlib.h>

#include "core/cleanup.h"
#include "core/zframes.h"

enum { HEADER = 8, FOOTER = 9 };
#define MAGIC_FOOTER 0x8F92EAB1u

static uint32_t le32(const uint8_t *p)
{
	return (uint32_t)p[0] | (uint32_t)p[1] << 8 | (uint32_t)p[2] << 16 | (uint32_t)p[3] << 24;
}

/* The whole skippable frame at the end of the file. 1 when there is none. */
static int read_table(uint8_t **out, size_t *len, size_t *entry, struct rfile *file,
		      struct sl_error *err)
{
	AUTO_FREE uint8_t *table = NULL;
	uint8_t footer[FOOTER];
	size_t n;
	int rc;

	if (file->is_forward || file->size == RFILE_SIZE_UNKNOWN || file->size < HEADER + FOOTER)
		return 1;
	rc = rfile_fill(file, file->size - FOOTER, footer, FOOTER, &n, err);
	if (rc != 0)
		return rc;
	if (n != FOOTER || le32(footer + 5) != MAGIC_FOOTER)
		return 1;
	*entry = (footer[4] & 0x80) != 0 ? 12 : 8;
	if (le32(footer) > ZFRAMES_MAX_SKIPPABLE / *entry)
		return 1;
	*len = HEADER + le32(footer) * *entry + FOOTER;
	if (*len > file->size)
		return 1;
	table = malloc(*len);
	if (table == NULL)
		return sl_fail(err, SL_ENOMEM, 0, "seek table");
	rc = rfile_fill(file, file->size - *len, table, *len, &n, err);
	if (rc != 0)
		return rc;
	if (n != *len || le32(table) != ZFRAMES_SEEK_TABLE || le32(table + 4) != *len - HEADER)
		return 1;
	*out = take_ptr(&table);
	return 0;
}

int zseek_read(struct zseek *z, struct rfile *file, struct sl_error *err)
{
	AUTO_FREE uint8_t *table = NULL;
	size_t len = 0, entry = 8;
	uint64_t at = 0;
	int rc;

	*z = (struct zseek){0};
	rc = read_table(&table, &len, &entry, file, err);
	if (rc != 0)
		return rc;
	z->count = (len - HEADER - FOOTER) / entry;
	z->offsets = calloc(z->count + 1, sizeof(*z->offsets));
	z->plain = calloc(z->count + 1, sizeof(*z->plain));
	if (z->offsets == NULL || z->plain == NULL)
		return sl_fail(err, SL_ENOMEM, 0, "seek table");
	for (size_t i = 0; i < z->count; i++) {
		z->offsets[i] = at;
		at += le32(table + HEADER + i * entry);
		z->plain[i] = le32(table + HEADER + i * entry + 4);
	}
	z->offsets[z->count] = at;
	return at + len == file->size ? 0 : 1;
}

void zseek_clear(struct zseek *z)
{
	free(z->offsets);
	free(z->plain);
	*z = (struct zseek){0};
}
