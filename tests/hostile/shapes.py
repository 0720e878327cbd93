# SPDX-License-Identifier: Apache-2.0
"""shapes.py BUNDLE DIR: the same records in other frames, under other tar headers: NAME.zst for each.

What tar programs read differently must be broken for every reader of docs/bundle-format.md, and the rest for none.
"""
import os
import struct
import subprocess
import sys

BUNDLE, DIR = sys.argv[1:]
TAR = subprocess.run(["zstd", "-dcq", BUNDLE], capture_output=True, check=True).stdout
END = bytes(1024)


def packed(data, *options):
    return subprocess.run(["zstd", "-cq", "--stream-size=%d" % len(data), *options], input=data, capture_output=True,
                          check=True).stdout


def skippable(data):
    return struct.pack("<II", 0x184D2A50, len(data)) + data, 0, bytes(4)


def write(name, frames, table=True):
    """A frame is plain bytes, or packed ones with their plain size and checksum."""
    out, entries = b"", b""
    for frame in frames:
        if isinstance(frame, bytes):
            frame = (packed(frame), len(frame), None)
        data, size, checksum = frame
        out += data
        entries += struct.pack("<II", len(data), size) + (checksum or data[-4:])
    if table:
        out += struct.pack("<II", 0x184D2A5E, len(entries) + 9) + entries + \
            struct.pack("<IBI", len(frames), 0x80, 0x8F92EAB1)
    with open(os.path.join(DIR, name + ".zst"), "wb") as f:
        f.write(out)


def members():
    """Name, header and blocks of content of each."""
    at = 0
    while TAR[at:at + 512] != bytes(512):
        size = int(TAR[at + 124:at + 136].strip(b" \0"), 8)
        end = at + 512 + (size + 511) // 512 * 512
        yield TAR[at:at + 100].rstrip(b"\0"), TAR[at:at + 512], TAR[at + 512:end], size
        at = end


def summed(header):
    header = header[:148] + b" " * 8 + header[156:]
    return header[:148] + b"%06o\0 " % sum(header) + header[156:]


def field(header, at, value):
    return summed(header[:at] + value + header[at + len(value):])


def record(key, value):
    size = len(key) + len(value) + 3
    while len(b"%d %s=%s\n" % (size, key, value)) != size:
        size += 1
    return b"%d %s=%s\n" % (size, key, value)


def pax(body, kind=b"x", at=100, value=b"0000644\0"):
    header = b"pax".ljust(100, b"\0") + b"0000644\0" + b"0000000\0" * 2 + b"%011o\0" % len(body) + b"00000000000\0" + \
        b" " * 8 + kind + bytes(100) + b"ustar\x0000"
    return field(summed(header.ljust(512, b"\0")), at, value) + body + bytes(-len(body) % 512)


NAME, HEADER, CONTENT, SIZE = next(m for m in members() if m[0].startswith(b"d/"))


def build(name, member=HEADER + CONTENT, end=END, frames=lambda data: [data], table=True):
    """All members, with `member` in the place of the first payload."""
    write(name, frames(b"".join(member if m[0] == NAME else m[1] + m[2] for m in members()) + end), table)


def header(name, at, value):
    build(name, field(HEADER, at, value) + CONTENT)


def extended(name, *records, **where):
    build(name, pax(b"".join(records), **where) + HEADER + CONTENT)


PATH, LENGTH = record(b"path", NAME), record(b"size", b"%d" % SIZE)
extended("good-pax-path", PATH)
extended("good-pax-path-and-size", PATH, LENGTH)
extended("good-pax-nothing")
extended("bad-pax-path-twice", PATH, PATH)
extended("bad-pax-other-path-first", record(b"path", b"d/00000009/x"), PATH)
extended("bad-pax-size-twice", LENGTH, LENGTH)
extended("bad-pax-size-less", record(b"size", b"%d" % (SIZE - 1)))
extended("bad-pax-path-of-nothing", record(b"path", b""))
extended("bad-pax-path-and-nul", record(b"path", NAME + b"\0x"))
extended("bad-pax-path-and-line", record(b"path", NAME + b"\nx"))
extended("good-pax-mtime", record(b"mtime", b"8589934591"))
extended("bad-pax-mtime-of-11-digits", record(b"mtime", b"10000000000"))
extended("bad-pax-size-of-16-digits", record(b"size", b"%016d" % SIZE))
extended("bad-pax-size-too-large", record(b"size", b"1099511627777"))
extended("bad-pax-mtime", record(b"mtime", b"1.5"))
extended("bad-pax-mtime-before-1970", record(b"mtime", b"-1"))
extended("bad-pax-linkpath", record(b"linkpath", b"/etc/passwd"))
extended("bad-pax-attribute", record(b"SCHILY.xattr.user.x", b"a"))
extended("bad-pax-hdrcharset", record(b"hdrcharset", b"BINARY"))
extended("bad-pax-of-9000", record(b"comment", b"x" * 9000))
extended("bad-pax-length", b"99 path=" + NAME + b"\n")
extended("bad-pax-no-line-feed", PATH[:-1] + b"x")
extended("bad-pax-owner", PATH, at=108, value=b"zz\0\0\0\0\0\0")
extended("bad-pax-kind", PATH, kind=b"X")
build("bad-pax-hidden", pax(PATH)[:-3] + b"xyz" + HEADER + CONTENT)
build("bad-pax-two", pax(PATH) + pax(PATH) + HEADER + CONTENT)
header("good-size-with-blanks", 124, b"%11o " % SIZE)
header("good-device", 329, b"zzzzzzzz")
header("good-behind-the-prefix", 500, b"hidden bytes")
header("bad-size-base-256", 124, b"\x80" + bytes(10) + b"%c" % SIZE)
header("bad-size-behind-nul", 124, b"\0%010o\0" % SIZE)
header("bad-owner", 108, b"xyzxyzxy")
header("bad-owner-of-blanks", 108, b" " * 8)
header("bad-time", 136, b"\xff" * 12)
header("bad-user-name", 265, b"\xe4bc\0")
header("bad-kind-nul", 156, b"\0")
header("bad-kind-7", 156, b"7")
header("bad-magic", 257, b"ustar  \0")
build("bad-hidden-content", HEADER + CONTENT[:-1] + b"x")
build("bad-end-third-block", end=bytes(1536))
build("bad-end-one-block", end=bytes(512))
build("bad-end-no-block", end=b"")
build("good-end-in-two-frames", frames=lambda d: [d[:-512], d[-512:]])
build("good-frames-of-700", frames=lambda d: [d[i:i + 700] for i in range(0, len(d), 700)])
build("good-frame-of-nothing", frames=lambda d: [d[:512], b"", d[512:]])
build("good-skippable", frames=lambda d: [d[:512], skippable(b"x"), d[512:]])
build("bad-skippable-first", frames=lambda d: [skippable(b"x"), d])
build("bad-skippable-last", frames=lambda d: [d, skippable(b"x")])
build("bad-no-checksum", frames=lambda d: [(packed(d, "--no-check"), len(d), bytes(4))])
build("bad-no-content-size", frames=lambda d: [(packed(d, "--no-content-size"), len(d), None)])
build("cut-no-table", table=False)
