/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Tar headers, read as Go's archive/tar reads them, because that is what unpacked the image on
 * every engine. (libarchive normalises names to NFC in a UTF-8 locale, drops link targets that it
 * cannot convert in any other, and gives some hard links a body: no baseline for exact bytes.)
 */
#ifndef SNAPSHOT_TARHEAD_H
#define SNAPSHOT_TARHEAD_H

#include <strandline/error.h>

#define TAR_BLOCK 512

enum tar_format { TAR_V7, TAR_USTAR, TAR_STAR, TAR_GNU };

/* One 512-byte header, decoded. */
struct tarhead {
	enum tar_format format;
	char type;        /* typeflag as it stands there */
	char name[257];   /* prefix joined */
	char link[101];   /* */
	uint64_t size;    /* bytes in the archive */
	uint32_t mode;    /* bits under 07777 */
	int64_t uid, gid; /* not yet checked */
	int64_t mtime;    /* whole seconds, may be negative */
	int64_t major, minor;
};

/* 0; 1 for a block of zeros; -SL_EFORMAT: checksum or a number is wrong. */
int tarhead_parse(struct tarhead *out, const uint8_t block[TAR_BLOCK], struct sl_error *err);

/* A number field: octal, or base 256 where the first bit is set. Returns 0 or -SL_EFORMAT. */
int tarhead_number(int64_t *out, const uint8_t *field, size_t len);

#endif
