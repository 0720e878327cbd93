/* SPDX-License-Identifier: Apache-2.0 */
/* dpkg's files: the first byte says which, the rest is one, in pieces. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "core/cleanup.h"
#include "core/linetap.h"
#include "diff/dpkg.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

struct input {
	struct packagetable *table;
	struct dpkg_status status;
	char kind;
};

static int take(void *payload, struct sl_bytes line, struct sl_error *err)
{
	struct input *in = payload;
	struct sl_bytes stem;

	if (in->kind == 's')
		return dpkg_status_line(&in->status, line, err);
	if (in->kind == 'n')
		return dpkg_file_of(line, &stem) != DPKG_OTHER && stem.len >= line.len ? -1 : 0;
	return in->kind == 'm' ? dpkg_md5sums_line(in->table, 0, line, err)
			       : dpkg_list_line(in->table, 0, line, err);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct input in = {.kind = size > 0 ? (char)data[0] : 's'};
	struct linetap lines;
	uint32_t package;
	int rc = 0;

	if (size == 0 || packagetable_new(&in.table, NULL) < 0)
		return 0;
	in.status = DPKG_STATUS_INIT(in.table);
	if (packagetable_add(in.table, "dpkg", (struct sl_bytes){"p", 1}, (struct sl_bytes){"", 0},
			     &package, NULL) < 0)
		abort();
	linetap_init(&lines, 4096, take, &in);
	for (size_t at = 1; rc == 0 && at < size; at += 13)
		rc = lines.tap.data(&lines.tap, data + at, size - at < 13 ? size - at : 13, NULL);
	if (rc == 0)
		rc = linetap_end(&lines, NULL);
	if (rc == 0)
		rc = dpkg_status_end(&in.status, NULL);
	if (rc == -1)
		abort();
	if (packagetable_settle(in.table, NULL) < 0)
		abort();
	for (size_t i = 0; i < packagetable_count(in.table); i++) {
		struct package_id id;

		packagetable_nth(in.table, i, &id);
		if (id.name.len == 0 || strlen(id.name.data) != id.name.len ||
		    strlen(id.version.data) != id.version.len ||
		    packagetable_named(in.table, id.name, &package) != 0)
			abort();
	}
	linetap_clear(&lines);
	dpkg_status_clear(&in.status);
	packagetable_free(in.table);
	return 0;
}
