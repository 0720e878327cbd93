/* SPDX-License-Identifier: Apache-2.0 */
/*
 * apk's database of what is installed (lib/apk/db/installed), line by line: a letter, a colon and a
 * value, a paragraph a package. P and V name it, F is a directory, R a file in it and Z the digest
 * of that: "Q1" and the base64 of SHA-1, "Q2" and that of SHA-256, whole or its first 20 bytes.
 */
#ifndef DIFF_APK_H
#define DIFF_APK_H

#include "core/buf.h"
#include "diff/packagetable.h"

#define APK_LINE_MAX ((size_t)1 << 20)

struct apk_installed {
	struct packagetable *table;
	char name[PACKAGE_TEXT_MAX + 1], version[PACKAGE_TEXT_MAX + 1];
	bool is_added; /* the paragraph's package is in the table, as @package */
	uint32_t package;
	struct buf dir, path; /* of the file that was named last; path is empty when none was */
};

#define APK_INSTALLED_INIT(packages)                                                               \
	((struct apk_installed){.table = (packages),                                               \
				.dir = BUF_INIT(APK_LINE_MAX),                                     \
				.path = BUF_INIT(2 * APK_LINE_MAX)})

/* One line without its newline. What is no field is passed over. */
int apk_installed_line(struct apk_installed *a, struct sl_bytes line, struct sl_error *err);
/* The last paragraph has no line behind it. */
int apk_installed_end(struct apk_installed *a, struct sl_error *err);
void apk_installed_clear(struct apk_installed *a);

#endif
