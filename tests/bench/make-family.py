#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""make-family.py LAYOUT: 100 images of 20 layers, 18 of them in common, and one of 120 layers.

Tags are t0 to t99 and deep. Each layer has 500 small files.
"""
import gzip
import hashlib
import io
import json
import os
import sys
import tarfile

TYPES = "application/vnd.oci.image."


def store(layout, data):
    digest = hashlib.sha256(data).hexdigest()
    with open(f"{layout}/blobs/sha256/{digest}", "wb") as f:
        f.write(data)
    return {"digest": "sha256:" + digest, "size": len(data)}


def layer(layout, name, known={}):
    """The descriptor and diff_id of the layer of that name."""
    if name not in known:
        out = io.BytesIO()
        with tarfile.open(fileobj=out, mode="w", format=tarfile.USTAR_FORMAT) as tar:
            for i in range(500):
                entry = tarfile.TarInfo(f"usr/{name}/file-{i}")
                entry.size = 1000
                tar.addfile(entry, io.BytesIO(f"{name} {i} ".encode().ljust(1000, b"x")))
        data = out.getvalue()
        known[name] = ({"mediaType": TYPES + "layer.v1.tar+gzip", **store(layout, gzip.compress(data, 1, mtime=0))},
                       "sha256:" + hashlib.sha256(data).hexdigest())
    return known[name]


def image(layout, tag, names):
    layers = [layer(layout, name) for name in names]
    arch = {"x86_64": "amd64", "aarch64": "arm64"}.get(os.uname().machine)
    config = store(layout, json.dumps({"architecture": arch, "os": "linux", "config": {"Labels": {"tag": tag}},
        "rootfs": {"type": "layers", "diff_ids": [diff_id for _, diff_id in layers]}}).encode())
    manifest = store(layout, json.dumps({"schemaVersion": 2, "mediaType": TYPES + "manifest.v1+json",
        "config": {"mediaType": TYPES + "config.v1+json", **config},
        "layers": [descriptor for descriptor, _ in layers]}).encode())
    return {"mediaType": TYPES + "manifest.v1+json", **manifest,
            "annotations": {"org.opencontainers.image.ref.name": tag}}


def main():
    layout = sys.argv[1]
    os.makedirs(f"{layout}/blobs/sha256")
    manifests = [image(layout, f"t{n}", [f"common-{i}" for i in range(18)] + [f"{n}-a", f"{n}-b"]) for n in range(100)]
    manifests.append(image(layout, "deep", [f"deep-{i}" for i in range(120)]))
    with open(f"{layout}/index.json", "w") as f:
        json.dump({"schemaVersion": 2, "manifests": manifests}, f)
    with open(f"{layout}/oci-layout", "w") as f:
        f.write('{"imageLayoutVersion":"1.0.0"}\n')


main()
