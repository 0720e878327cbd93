/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "core/cleanup.h"
#include "core/zstream.h"

static const struct {
	enum zkind kind;
	size_t len;
	char magic[7];
} magics[] = {
	{ZKIND_GZIP, 2, "\x1f\x8b"},
	{ZKIND_ZSTD, 4, "\x28\xb5\x2f\xfd"},
	{ZKIND_XZ, 6, "\xfd\x37\x7a\x58\x5a\x00"},
	{ZKIND_BZIP2, 3, "BZh"},
};

enum zkind zkind_sniff(const uint8_t *bytes, size_t len)
{
	for (size_t i = 0; i < ARRAY_SIZE(magics); i++)
		if (len >= magics[i].len && memcmp(bytes, magics[i].magic, magics[i].len) == 0)
			return magics[i].kind;
	/* a skippable frame: 0x184d2a50 to 0x184d2a5f, little-endian */
	if (len >= 4 && (bytes[0] & 0xf0) == 0x50 && memcmp(bytes + 1, "\x2a\x4d\x18", 3) == 0)
		return ZKIND_ZSTD;
	return ZKIND_NONE;
}

int istream_unpack(struct istream **in, enum zkind kind, uint64_t max_window, struct sl_error *err)
{
	switch (kind) {
	case ZKIND_NONE:
		return 0;
	case ZKIND_GZIP:
		return istream_gzip(in, *in, err);
	case ZKIND_ZSTD:
		return istream_zstd(in, *in, max_window, err);
	case ZKIND_XZ:
		return istream_xz(in, *in, max_window, err);
	case ZKIND_BZIP2:
		return istream_bzip2(in, *in, err);
	}
	return sl_fail(err, SL_EINVAL, 0, "unknown compression");
}
