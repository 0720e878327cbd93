/* SPDX-License-Identifier: Apache-2.0 */
/* CRC-64/ISO as Go's hash/crc64 computes it: what tar-split keeps of each file. */
#ifndef CORE_CRC64_H
#define CORE_CRC64_H

#include <strandline/base.h>

struct crc64 {
	uint64_t table[8][256];
};

void crc64_init(struct crc64 *c);
/* Go on from @crc, which starts as 0. The fastest way there is. */
uint64_t crc64_update(const struct crc64 *c, uint64_t crc, const void *bytes, size_t len);
/* The same by table alone. */
uint64_t crc64_update_table(const struct crc64 *c, uint64_t crc, const void *bytes, size_t len);

#endif
