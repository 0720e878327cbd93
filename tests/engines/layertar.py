# SPDX-License-Identifier: Apache-2.0
"""Layers byte by byte, and images of them: what well-behaved tar writers never write."""
import hashlib
import json
import os
import tarfile


def octal(value, width):
    return b"%0*o" % (width - 1, value) + b"\0"


def base256(value, width):
    return (value % (1 << (8 * width)) | 1 << (8 * width - 1)).to_bytes(width, "big")


def number(value, width):
    """Octal where it fits, else as GNU tar writes it."""
    if 0 <= value < 8 ** (width - 1):
        return octal(value, width)
    return base256(value, width)


def seal(block, signed=False):
    block = bytearray(block)
    block[148:156] = b" " * 8
    total = sum(b - 256 if signed and b > 127 else b for b in block)
    block[148:156] = b"%06o\0 " % total
    return bytes(block)


def pad(data):
    return data + b"\0" * (-len(data) % 512)


def header(name, kind, size=0, mode=0o644, uid=0, gid=0, mtime=0, link=b"", dev=(0, 0),
           magic=b"ustar\00000", over=None, signed=False):
    """One header block. over: {offset: bytes} put over the finished fields."""
    block = bytearray(512)
    block[0:100] = name[:100].ljust(100, b"\0")
    block[100:108] = number(mode, 8)
    block[108:116] = number(uid, 8)
    block[116:124] = number(gid, 8)
    block[124:136] = number(size, 12)
    block[136:148] = number(mtime, 12)
    block[156:157] = kind
    block[157:257] = link[:100].ljust(100, b"\0")
    block[257:265] = magic
    block[329:337] = number(dev[0], 8)
    block[337:345] = number(dev[1], 8)
    for at, value in (over or {}).items():
        block[at:at + len(value)] = value
    return seal(block, signed)


def record(key, value):
    """One PAX record, which counts its own length."""
    if isinstance(key, str):
        key = key.encode()
    if isinstance(value, str):
        value = value.encode()
    rest = len(key) + len(value) + 3
    total = rest + 1
    while total != rest + len(b"%d" % total):
        total += 1
    return b"%d %s=%s\n" % (total, key, value)


def special(kind, body):
    return header(b"special", kind, size=len(body)) + pad(body)


def pax(records, kind=b"x"):
    return special(kind, b"".join(record(k, v) for k, v in records))


def entry(name, kind=b"0", body=b"", records=None, **fields):
    """One entry with what describes it. records: PAX records as pairs."""
    if isinstance(name, str):
        name = name.encode()
    if isinstance(fields.get("link"), str):
        fields["link"] = fields["link"].encode()
    fields.setdefault("mode", 0o755 if kind == b"5" else 0o644)
    fields.setdefault("size", len(body))
    out = pax(records) if records else b""
    return out + header(name, kind, **fields) + pad(body)


def dir_(name, **fields):
    return entry(name, b"5", **fields)


def file_(name, body=b"", **fields):
    return entry(name, b"0", body.encode() if isinstance(body, str) else body, **fields)


def link(name, target, **fields):
    fields.setdefault("mode", 0o777)
    return entry(name, b"2", link=target, **fields)


def hard(name, target, **fields):
    return entry(name, b"1", link=target, **fields)


def end(*parts):
    return b"".join(parts) + b"\0" * 1024


# ---- images ----

def digest(data):
    return "sha256:" + hashlib.sha256(data).hexdigest()


def config(layers):
    return json.dumps({"architecture": "amd64", "os": "linux",
                       "config": {"Cmd": ["/bin/true"]},
                       "rootfs": {"type": "layers", "diff_ids": [digest(l) for l in layers]}}
                      ).encode()


def put_blob(layout, data):
    name = digest(data)
    path = os.path.join(layout, "blobs", "sha256", name[7:])
    with open(path, "wb") as f:
        f.write(data)
    return name


def write_layout(layout, layers, tag="1"):
    """An OCI image layout with one image of uncompressed layers, bottom first."""
    os.makedirs(os.path.join(layout, "blobs", "sha256"))
    with open(os.path.join(layout, "oci-layout"), "w") as f:
        f.write('{"imageLayoutVersion":"1.0.0"}')
    conf = config(layers)
    manifest = json.dumps({
        "schemaVersion": 2,
        "mediaType": "application/vnd.oci.image.manifest.v1+json",
        "config": {"mediaType": "application/vnd.oci.image.config.v1+json",
                   "digest": put_blob(layout, conf), "size": len(conf)},
        "layers": [{"mediaType": "application/vnd.oci.image.layer.v1.tar",
                    "digest": put_blob(layout, l), "size": len(l)} for l in layers]}).encode()
    with open(os.path.join(layout, "index.json"), "w") as f:
        json.dump({"schemaVersion": 2, "manifests": [{
            "mediaType": "application/vnd.oci.image.manifest.v1+json",
            "digest": put_blob(layout, manifest), "size": len(manifest),
            "annotations": {"org.opencontainers.image.ref.name": tag}}]}, f)


def write_docker_archive(path, layers, name):
    """The legacy form of docker save, as docker load takes it."""
    conf = config(layers)
    members = {digest(conf)[7:] + ".json": conf}
    names = []
    for i, data in enumerate(layers):
        names.append("%d/layer.tar" % i)
        members[names[-1]] = data
    members["manifest.json"] = json.dumps([{"Config": digest(conf)[7:] + ".json",
                                            "RepoTags": [name], "Layers": names}]).encode()
    with tarfile.open(path, "w", format=tarfile.USTAR_FORMAT) as tar:
        for member, data in members.items():
            info = tarfile.TarInfo(member)
            info.size = len(data)
            tar.addfile(info, __import__("io").BytesIO(data))
