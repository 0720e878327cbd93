#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""make-layer.py LAYOUT COUNT: an OCI image layout with one layer of COUNT entries.

Names, depths, sizes and kinds resemble a Debian root: 12 entries a directory, one symbolic link in
ten, one hard link in fifty, small files. The same arguments give the same bytes.
"""
import gzip
import hashlib
import json
import os
import sys

KINDS = {"file": b"0", "hardlink": b"1", "symlink": b"2", "dir": b"5"}
WORDS = ["share", "lib", "python3", "locale", "modules", "include", "doc", "linux", "x86_64-linux-gnu",
         "dist-packages", "kernel", "drivers", "net", "fonts", "zoneinfo", "perl", "icons"]


def header(name, kind, size=0, link=""):
    mode = {"dir": 0o755, "symlink": 0o777}.get(kind, 0o644)
    prefix = ""
    if len(name) > 100:
        cut = name.rindex("/", 0, 155)
        prefix, name = name[:cut], name[cut + 1:]
    block = bytearray(512)
    block[0:len(name)] = name.encode()
    block[100:108] = b"%07o\0" % mode
    block[108:124] = b"0000000\0" * 2
    block[124:136] = b"%011o\0" % size
    block[136:148] = b"%011o\0" % (1676222000 + size)
    block[148:156] = b" " * 8
    block[156:157] = KINDS[kind]
    block[157:157 + len(link)] = link.encode()
    block[257:265] = b"ustar\x0000"
    block[345:345 + len(prefix)] = prefix.encode()
    block[148:156] = b"%06o\0 " % sum(block)
    return bytes(block)


def entries(count):
    """(name, kind, content or link), parents first."""
    made, number, last = 1, 0, None
    yield "./", "dir", ""
    while made < count:
        number += 1
        path = "./usr/" + "/".join(f"{WORDS[(number // 7 ** k) % len(WORDS)]}-{number // 7 ** k}"
                                   for k in range(3, -1, -1) if number >= 7 ** k)
        yield path + "/", "dir", ""
        made += 1
        for i in range(min(11, count - made)):
            name = f"{path}/lib{WORDS[(number + i) % len(WORDS)]}-{i}.so.{number % 90}"
            if i == 10:
                yield name, "symlink", f"lib{i}.so"
            elif last and (number * 11 + i) % 50 == 0:
                yield name, "hardlink", last
            else:
                yield name, "file", f"{number} {i}\n"
                last = name
            made += 1


def store(blobs, data):
    digest = hashlib.sha256(data).hexdigest()
    with open(os.path.join(blobs, digest), "wb") as f:
        f.write(data)
    return {"digest": "sha256:" + digest, "size": len(data)}


def main():
    layout, count = sys.argv[1], int(sys.argv[2])
    blobs = os.path.join(layout, "blobs/sha256")
    os.makedirs(blobs)
    layer = os.path.join(layout, "layer")
    diff = hashlib.sha256()
    with open(layer, "wb") as raw, gzip.GzipFile("", "wb", 1, raw, 0) as out:
        def put(data):
            diff.update(data)
            out.write(data)
        for name, kind, what in entries(count):
            if kind == "file":
                data = what.encode()
                put(header(name, kind, len(data)) + data + bytes(-len(data) % 512))
            else:
                put(header(name, kind, 0, what))
        put(bytes(1024))
    digest = hashlib.sha256()
    with open(layer, "rb") as f:
        while piece := f.read(1 << 20):
            digest.update(piece)
    size = os.path.getsize(layer)
    os.rename(layer, os.path.join(blobs, digest.hexdigest()))
    config = store(blobs, json.dumps({
        "architecture": {"x86_64": "amd64", "aarch64": "arm64"}.get(os.uname().machine),
        "os": "linux", "config": {},
        "rootfs": {"type": "layers", "diff_ids": ["sha256:" + diff.hexdigest()]}}).encode())
    types = "application/vnd.oci.image."
    manifest = store(blobs, json.dumps({
        "schemaVersion": 2, "mediaType": types + "manifest.v1+json",
        "config": {"mediaType": types + "config.v1+json", **config},
        "layers": [{"mediaType": types + "layer.v1.tar+gzip", "size": size,
                    "digest": "sha256:" + digest.hexdigest()}]}).encode())
    with open(os.path.join(layout, "index.json"), "w") as f:
        json.dump({"schemaVersion": 2, "manifests": [
            {"mediaType": types + "manifest.v1+json", **manifest}]}, f)
    with open(os.path.join(layout, "oci-layout"), "w") as f:
        f.write('{"imageLayoutVersion":"1.0.0"}\n')


main()
