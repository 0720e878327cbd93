/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The files of dpkg's database, line by line: `status` has a paragraph a package, `info/NAME.list`
 * the paths that a package claims, `info/NAME.md5sums` their MD5, and `Conffiles:` of its paragraph
 * those of its configuration files. (dpkg(1), deb-md5sums(5), deb-src-control(5))
 */
#ifndef DIFF_DPKG_H
#define DIFF_DPKG_H

#include "core/buf.h"
#include "diff/packagetable.h"

#define DPKG_LINE_MAX ((size_t)1 << 20)

/* One file of paragraphs. Starts as DPKG_STATUS_INIT. */
struct dpkg_status {
	struct packagetable *table;
	/* the paragraph so far */
	char name[PACKAGE_TEXT_MAX + 1], version[PACKAGE_TEXT_MAX + 1], arch[PACKAGE_TEXT_MAX + 1];
	bool is_installed; /* it has files; also where the paragraph does not say */
	bool is_same;      /* may be there for several architectures: its name says which */
	bool in_conffiles;
	struct buf conffiles; /* their lines */
};

#define DPKG_STATUS_INIT(packages)                                                                 \
	((struct dpkg_status){.table = (packages),                                                 \
			      .is_installed = true,                                                \
			      .conffiles = BUF_INIT((size_t)256 << 10)})

/* One line without its newline. What is no field is passed over. */
int dpkg_status_line(struct dpkg_status *s, struct sl_bytes line, struct sl_error *err);
/* The last paragraph has no line behind it. */
int dpkg_status_end(struct dpkg_status *s, struct sl_error *err);
void dpkg_status_clear(struct dpkg_status *s);

/* A line of a list; 0 also when it is no path. */
int dpkg_list_line(struct packagetable *t, uint32_t package, struct sl_bytes line,
		   struct sl_error *err);
/* "MD5  PATH"; 0 also when it is not that. */
int dpkg_md5sums_line(struct packagetable *t, uint32_t package, struct sl_bytes line,
		      struct sl_error *err);

enum dpkg_file { DPKG_OTHER, DPKG_LIST, DPKG_MD5SUMS };
/* What a name in the info directory is; *stem is the package in it, "libc6:amd64". */
enum dpkg_file dpkg_file_of(struct sl_bytes name, struct sl_bytes *stem);

#endif
