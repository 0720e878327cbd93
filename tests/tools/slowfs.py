# SPDX-License-Identifier: Apache-2.0
# slowfs.py DIR READY: mount a FUSE file system at DIR with one file "file" of a page, touch READY,
# and answer everything but READ: whoever reads the file, or memory that maps it, waits.
import ctypes
import os
import struct
import sys

FORGET, LOOKUP, GETATTR, OPEN, READ, STATFS, RELEASE = 2, 1, 3, 14, 15, 17, 18
FLUSH, INIT, OPENDIR, READDIR, RELEASEDIR, BATCH_FORGET = 25, 26, 27, 28, 29, 42
ENOENT, ENOSYS = 2, 38
libc = ctypes.CDLL(None, use_errno=True)
fd = os.open("/dev/fuse", os.O_RDWR)
options = f"fd={fd},rootmode=40000,user_id=0,group_id=0,allow_other"
if libc.mount(b"slow", sys.argv[1].encode(), b"fuse", 0, options.encode()) < 0:
    sys.exit(77)
open(sys.argv[2], "w").close()


def attributes(node):
    mode, size = (0o040755, 0) if node == 1 else (0o100755, 4096)
    return struct.pack("<QQQQQQIIIIIIIIII", node, size, 8, 0, 0, 0, 0, 0, 0, mode, 1, 0, 0, 0, 4096, 0)


def answer(unique, error, body=b""):
    os.write(fd, struct.pack("<IiQ", 16 + len(body), -error, unique) + body)


while True:
    try:
        request = os.read(fd, 1 << 17)
    except OSError:
        break  # unmounted
    size, opcode, unique, node, *_ = struct.unpack_from("<IIQQIIIHH", request)
    if opcode == INIT:
        answer(unique, 0, struct.pack("<IIIIHHIIHH8I", 7, 31, 65536, 0, 8, 8, 4096, 1, 1, 0, *[0] * 8)[:64])
    elif opcode == LOOKUP and request[40:].rstrip(b"\0") == b"file":
        answer(unique, 0, struct.pack("<QQQQII", 2, 0, 3600, 3600, 0, 0) + attributes(2))
    elif opcode == LOOKUP:
        answer(unique, ENOENT)
    elif opcode == GETATTR:
        answer(unique, 0, struct.pack("<QII", 3600, 0, 0) + attributes(node))
    elif opcode in (OPEN, OPENDIR):
        answer(unique, 0, struct.pack("<QII", 1, 0, 0))
    elif opcode == READDIR:
        answer(unique, 0)
    elif opcode == STATFS:
        answer(unique, 0, b"\0" * 80)
    elif opcode in (RELEASE, RELEASEDIR, FLUSH):
        answer(unique, 0)
    elif opcode not in (READ, FORGET, BATCH_FORGET):
        answer(unique, ENOSYS)
