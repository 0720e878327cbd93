/* SPDX-License-Identifier: Apache-2.0 */
/* apk's database of what is installed, in pieces. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "core/linetap.h"
#include "diff/apk.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static int take(void *payload, struct sl_bytes line, struct sl_error *err)
{
	return apk_installed_line(payload, line, err);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct packagetable *table = NULL;
	struct apk_installed a;
	struct linetap lines;
	int rc = 0;

	if (packagetable_new(&table, NULL) < 0)
		return 0;
	a = APK_INSTALLED_INIT(table);
	linetap_init(&lines, 4096, take, &a);
	for (size_t at = 0; rc == 0 && at < size; at += 13)
		rc = lines.tap.data(&lines.tap, data + at, size - at < 13 ? size - at : 13, NULL);
	if (rc == 0)
		rc = linetap_end(&lines, NULL);
	if (rc == 0)
		rc = apk_installed_end(&a, NULL);
	if (packagetable_settle(table, NULL) < 0)
		abort();
	for (size_t i = 0; i < packagetable_count(table); i++) {
		struct package_id id;

		packagetable_nth(table, i, &id);
		if (id.name.len == 0 || strlen(id.name.data) != id.name.len)
			abort();
	}
	linetap_clear(&lines);
	apk_installed_clear(&a);
	packagetable_free(table);
	return 0;
}
