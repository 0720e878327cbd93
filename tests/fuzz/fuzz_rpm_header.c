/* SPDX-License-Identifier: Apache-2.0 */
/* One package of rpm's database, and the sentence about it. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "diff/packagechange.h"
#include "diff/rpmheader.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct packagetable *table = NULL, *none = NULL;
	struct buf said = BUF_INIT((size_t)1 << 20);
	int rc;

	if (packagetable_new(&table, NULL) < 0 || packagetable_new(&none, NULL) < 0)
		abort();
	rc = rpmheader_add(table, data, size, NULL);
	if (packagetable_settle(table, NULL) < 0 || packagetable_settle(none, NULL) < 0)
		abort();
	if (packagetable_count(table) > 1 || rc > 0)
		abort();
	rc = packagechange_describe(&said, "rpm", none, table, NULL);
	if (rc < 0 || (rc == 0 && packagetable_count(table) != 1))
		abort();
	if (said.len > 0 && memchr(said.data, '\n', said.len) != NULL)
		abort();
	buf_clear(&said);
	packagetable_free(table);
	packagetable_free(none);
	return 0;
}
