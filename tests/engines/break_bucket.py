# SPDX-License-Identifier: Apache-2.0
"""break_bucket.py FILE KEY: make every bucket of that name in a bolt database unreadable.

The page of a bucket's root is changed to one that the file does not have; a bucket that is stored
inline gets a page type that there is none of. Nothing else in the file changes.
"""
import os
import struct
import sys

PAGE_LEAF = 0x02
BUCKET_LEAF = 0x01


def main(path, key):
    size = os.path.getsize(path)
    with open(path, "r+b") as f:
        data = bytearray(f.read())
        page_size = struct.unpack_from("<I", data, 16 + 8)[0]
        broken = 0
        for start in range(0, size, page_size):
            flags, count = struct.unpack_from("<HH", data, start + 8)
            if flags != PAGE_LEAF or 16 + 16 * count > page_size:
                continue
            for i in range(count):
                at = start + 16 + 16 * i
                kind, pos, ksize, vsize = struct.unpack_from("<IIII", data, at)
                name = at + pos
                value = name + ksize
                if kind != BUCKET_LEAF or vsize < 16 or value + vsize > size:
                    continue
                if bytes(data[name:value]) != key:
                    continue
                if struct.unpack_from("<Q", data, value)[0] == 0:
                    struct.pack_into("<H", data, value + 16 + 8, 0x7777)
                else:
                    struct.pack_into("<Q", data, value, 1 << 40)
                broken += 1
        f.seek(0)
        f.write(data)
    return 0 if broken else 1


sys.exit(main(sys.argv[1], sys.argv[2].encode()))
