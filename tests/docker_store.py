# SPDX-License-Identifier: Apache-2.0
"""docker_store.py LAYOUT STORE CONTAINERS DIR...: a Docker data root (overlay2) without a daemon.

The image of the OCI layout LAYOUT, whose layers were made of DIR..., bottom first, lies in it with
these directories as its layers; the containers app-0, app-1... on it have changed nothing yet.
"""
import hashlib
import json
import os
import shutil
import sys


def hexd(text):
    return hashlib.sha256(text.encode()).hexdigest()


def put(path, text):
    os.makedirs(os.path.dirname(path), exist_ok=True)
    with open(path, "w", encoding="utf-8") as f:
        f.write(text)


def blob(layout, digest):
    with open(os.path.join(layout, "blobs/sha256", digest[7:]), encoding="utf-8") as f:
        return f.read()


def image_config(layout):
    with open(os.path.join(layout, "index.json"), encoding="utf-8") as f:
        manifest = json.loads(blob(layout, json.load(f)["manifests"][0]["digest"]))
    digest = manifest["config"]["digest"]
    return digest, blob(layout, digest)


class Store:
    def __init__(self, root):
        self.root = root
        self.image_root = os.path.join(root, "image/overlay2")
        self.lowers = {}

    def directory(self, cache, below):
        short = hexd("link " + cache)[:26].upper()
        base = os.path.join(self.root, "overlay2", cache)
        os.makedirs(os.path.join(base, "diff"), exist_ok=True)
        os.makedirs(os.path.join(self.root, "overlay2/l"), exist_ok=True)
        os.symlink(f"../{cache}/diff", os.path.join(self.root, "overlay2/l", short))
        put(os.path.join(base, "link"), short)
        self.lowers[cache] = ["l/" + short]
        if below:
            put(os.path.join(base, "lower"), ":".join(self.lowers[below]))
            os.makedirs(os.path.join(base, "work"), exist_ok=True)
            self.lowers[cache] += self.lowers[below]
        return os.path.join(base, "diff")

    def image(self, digest, text, dirs):
        chain = below = ""
        for diff, source in zip(json.loads(text)["rootfs"]["diff_ids"], dirs):
            parent, chain = chain, diff if not chain else "sha256:" + hexd(chain + " " + diff)
            cache = hexd("cache " + chain)
            base = os.path.join(self.image_root, "layerdb/sha256", chain[7:])
            put(os.path.join(base, "cache-id"), cache)
            put(os.path.join(base, "diff"), diff)
            put(os.path.join(base, "size"), "1")
            if parent:
                put(os.path.join(base, "parent"), parent)
            shutil.copytree(source, self.directory(cache, below), symlinks=True, dirs_exist_ok=True)
            below = cache
        put(os.path.join(self.image_root, "imagedb/content/sha256", digest[7:]), text)
        put(os.path.join(self.image_root, "repositories.json"),
            json.dumps({"Repositories": {"base": {"base:1": digest}}}))
        return chain, below

    def container(self, number, digest, chain, below):
        cid, mount = hexd(f"container {number}"), hexd(f"mount {number}")
        self.directory(mount + "-init", below)
        self.directory(mount, mount + "-init")
        base = os.path.join(self.image_root, "layerdb/mounts", cid)
        put(os.path.join(base, "mount-id"), mount)
        put(os.path.join(base, "init-id"), mount + "-init")
        put(os.path.join(base, "parent"), chain)
        home = os.path.join(self.root, "containers", cid)
        put(os.path.join(home, "config.v2.json"), json.dumps({
            "ID": cid, "Name": f"/app-{number}", "Driver": "overlay2", "OS": "linux",
            "Created": "2024-03-02T08:00:00Z", "Path": "/srv/app", "Args": [], "Image": digest,
            "State": {"Running": False, "Pid": 0, "ExitCode": 0,
                      "StartedAt": "2024-03-02T08:00:01Z", "FinishedAt": "2024-03-03T09:00:00Z"},
            "Config": {"Hostname": cid[:12], "Image": "base:1", "Cmd": ["/srv/app"]},
            "MountPoints": {}}))
        put(os.path.join(home, "hostconfig.json"), json.dumps({"NetworkMode": "none"}))
        return os.path.join(self.root, "overlay2", mount, "diff")


def main(layout, root, containers, dirs):
    store = Store(root)
    digest, text = image_config(layout)
    chain, below = store.image(digest, text, dirs)
    for i in range(containers):
        print(store.container(i, digest, chain, below))


main(sys.argv[1], sys.argv[2], int(sys.argv[3]), sys.argv[4:])
