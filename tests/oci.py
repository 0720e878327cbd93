# SPDX-License-Identifier: Apache-2.0
"""Image layouts and tars made byte by byte, for scripted tests."""
import hashlib
import json
import os
import struct
import subprocess


def header(name, size=0, kind=b"0", mode=0o644, link=b""):
    """One tar header; a size that does not fit its digits is written in base 256."""
    block = bytearray(512)
    block[0:len(name)] = name
    block[100:108] = b"%07o\0" % mode
    block[108:124] = b"0000000\0" * 2
    big = size >= 8 ** 11
    block[124:136] = struct.pack(">IQ", 1 << 31, size) if big else b"%011o\0" % size
    block[136:148] = b"00000000000\0"
    block[148:156] = b" " * 8
    block[156:157] = kind
    block[157:157 + len(link)] = link
    block[257:265] = b"ustar\x0000"
    block[148:156] = b"%06o\0 " % sum(block)
    return bytes(block)


def body(content):
    return content + bytes(-len(content) % 512)


def entry(name, content=b"", **more):
    return header(name, len(content), **more) + body(content)


def pax(**records):
    """An extended header; '__' in a key stands for a dot."""
    text = b""
    for key, value in records.items():
        rest = b" " + key.replace("__", ".").encode() + b"=" + value + b"\n"
        size = len(rest) + len(str(len(rest)))
        size = len(rest) + len(str(size))
        text += str(size).encode() + rest
    return header(b"pax", len(text), kind=b"x") + body(text)


END = bytes(1024)


def zstd(content):
    return subprocess.run(["zstd", "-q", "-c"], input=content, stdout=subprocess.PIPE,
                          check=True).stdout


def skippable(content, magic=0x184D2A50):
    return struct.pack("<II", magic, len(content)) + content


def sha256(content):
    return "sha256:" + hashlib.sha256(content).hexdigest()


def image(directory, *layers):
    """An image layout. A layer is (diff_id or tar, blob) or (..., blob, annotations)."""
    blobs = os.path.join(directory, "blobs", "sha256")
    os.makedirs(blobs, exist_ok=True)

    def put(content, **more):
        digest = sha256(content)
        with open(os.path.join(blobs, digest[7:]), "wb") as out:
            out.write(content)
        return {"digest": digest, "size": len(content), **more}

    diff_ids, descriptors = [], []
    for tar, blob, *notes in layers:
        diff_ids.append(tar if isinstance(tar, str) else sha256(tar))
        descriptor = put(blob, mediaType="application/vnd.oci.image.layer.v1.tar+gzip")
        if notes:
            descriptor["annotations"] = notes[0]
        descriptors.append(descriptor)
    config = json.dumps({"architecture": "amd64", "os": "linux", "config": {},
                         "rootfs": {"type": "layers", "diff_ids": diff_ids}}).encode()
    manifest_type = "application/vnd.oci.image.manifest.v1+json"
    manifest = json.dumps({
        "schemaVersion": 2, "mediaType": manifest_type,
        "config": put(config, mediaType="application/vnd.oci.image.config.v1+json"),
        "layers": descriptors}).encode()
    index = {"schemaVersion": 2, "manifests": [put(manifest, mediaType=manifest_type)]}
    with open(os.path.join(directory, "index.json"), "w") as out:
        json.dump(index, out)
    with open(os.path.join(directory, "oci-layout"), "w") as out:
        out.write('{"imageLayoutVersion":"1.0.0"}')
