/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The two meta pages of a bbolt file. Commits write them in turn, so that one is always whole;
 * which one counts is decided by checksum and transaction number.
 */
#ifndef HOST_BOLTMETA_H
#define HOST_BOLTMETA_H

#include <strandline/error.h>

struct boltmeta {
	uint64_t page_size;  /* a power of two, 1 KiB to 16 MiB */
	uint64_t root;       /* page of the root bucket */
	uint64_t high_water; /* no page of this state has this number or a higher one */
	uint64_t txid;
};

struct boltmeta_pair {
	struct boltmeta newest, before;
	bool has_before; /* the other meta page is whole, too */
};

/*
 * Read both from @fd. -SL_EFORMAT: this is no such file, or both are bad. -SL_EUNSUPPORTED: another
 * byte order or version.
 */
int boltmeta_read(struct boltmeta_pair *out, int fd, struct sl_error *err);

bool boltmeta_equal(const struct boltmeta *a, const struct boltmeta *b);

/* Up to @len bytes at @at. Returns how many there were, negative when they cannot be read. */
int64_t boltmeta_pread(int fd, void *dst, size_t len, uint64_t at, struct sl_error *err);

#endif
