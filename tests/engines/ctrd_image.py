#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""An image layout that `ctr images import` takes, from layer tars:

    ctrd_image.py DIR NAME [index] [labels=JSON] [notes=JSON] [cmd="PROGRAM ARGUMENT..."]
        LAYER.tar...

"index" puts a multi-platform index in front, whose other machine's manifest is not there and which
has an attestation beside the image, as registries serve them. "notes" are annotations of each layer.
"""
import gzip
import hashlib
import json
import os
import sys

OCI = "application/vnd.oci.image."


def main(directory, name, *rest):
    options = [r for r in rest if not r.endswith(".tar")]
    blobs = os.path.join(directory, "blobs", "sha256")
    os.makedirs(blobs, exist_ok=True)

    def put(content, kind, **more):
        digest = hashlib.sha256(content).hexdigest()
        with open(os.path.join(blobs, digest), "wb") as out:
            out.write(content)
        return {"mediaType": OCI + kind, "digest": "sha256:" + digest, "size": len(content),
                **more}

    def document(value, kind, **more):
        return put(json.dumps(value).encode(), kind, **more)

    notes = next(({"annotations": json.loads(o[6:])} for o in options if o.startswith("notes=")), {})
    diff_ids, layers = [], []
    for path in rest:
        if path in options:
            continue
        with open(path, "rb") as tar:
            content = tar.read()
        diff_ids.append("sha256:" + hashlib.sha256(content).hexdigest())
        layers.append(put(gzip.compress(content, 6, mtime=0), "layer.v1.tar+gzip", **notes))
    labels = next((json.loads(o[7:]) for o in options if o.startswith("labels=")), {})
    command = next((o[4:].split() for o in options if o.startswith("cmd=")),
                   ["/bin/sleep", "1000000"])
    config = document({"architecture": "amd64", "os": "linux",
                       "config": {"Cmd": command, "Labels": labels,
                                  "Env": ["PATH=/bin:/usr/bin"], "WorkingDir": "/srv/app"},
                       "rootfs": {"type": "layers", "diff_ids": diff_ids}}, "config.v1+json")
    top = document({"schemaVersion": 2, "mediaType": OCI + "manifest.v1+json",
                    "config": config, "layers": layers}, "manifest.v1+json",
                   platform={"os": "linux", "architecture": "amd64"})
    if "index" in options:
        other = dict(top, digest="sha256:" + "ab" * 32,
                     platform={"os": "linux", "architecture": "s390x"})
        attestation = document(
            {"schemaVersion": 2, "mediaType": OCI + "manifest.v1+json", "config": config,
             "layers": []}, "manifest.v1+json",
            platform={"os": "unknown", "architecture": "unknown"},
            annotations={"vnd.docker.reference.type": "attestation-manifest",
                         "vnd.docker.reference.digest": top["digest"]})
        top = document({"schemaVersion": 2, "mediaType": OCI + "index.v1+json",
                        "manifests": [other, top, attestation]}, "index.v1+json")
    top["annotations"] = {"io.containerd.image.name": name}
    with open(os.path.join(directory, "index.json"), "w") as out:
        json.dump({"schemaVersion": 2, "manifests": [top]}, out)
    with open(os.path.join(directory, "oci-layout"), "w") as out:
        out.write('{"imageLayoutVersion":"1.0.0"}')


main(*sys.argv[1:])
