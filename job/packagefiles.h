/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The package databases of one side of a comparison. dpkg (also as images without a shell have it,
 * in status.d), apk, and rpm where it is SQLite; rpm's older forms are named and not read.
 */
#ifndef JOB_PACKAGEFILES_H
#define JOB_PACKAGEFILES_H

#include "diff/packagetable.h"
#include "job/contents.h"

/* Files that say which packages there are. */
enum package_file {
	PACKAGE_FILE_DPKG,
	PACKAGE_FILE_APK,
	PACKAGE_FILE_APK_USR,
	PACKAGE_FILE_RPM,
	PACKAGE_FILE_RPM_USR,
};
#define PACKAGE_FILES 5

struct packagefiles {
	struct packagetable *table;
	/* What the file held when it was read; where it was not, nothing can be said of it. */
	bool was_read[PACKAGE_FILES];
	uint8_t sha256[PACKAGE_FILES][SL_SHA256_SIZE];
	bool is_merged; /* what databases know in bin, sbin and lib* lies beneath usr */
};

/*
 * Read what there is. Of the after side, where both are there, only what its topmost layer holds:
 * the rest is the image's. What cannot be read is told to the person (@job), and is no error.
 */
int packagefiles_load(struct packagefiles *out, struct contents *c, enum contents_side side,
		      const struct job *job, struct sl_error *err);
void packagefiles_clear(struct packagefiles *p);

/* Who claims a path; NULL: nobody. */
const struct package_claim *packagefiles_find(const struct packagefiles *p, struct sl_bytes path);

/* 0 and which of the files it is, with its manager; 1: none. */
int packagefiles_which(struct sl_bytes path, enum package_file *out, const char **manager);

#endif
