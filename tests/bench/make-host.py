# SPDX-License-Identifier: Apache-2.0
"""make-host.py DIR CONTAINERS IMAGES: a Docker data root (overlay2) as a busy host has it.

Every image has five layers, three of them shared with its neighbours; every container has a
configuration of the size that real ones have. The files are those that are read for a listing:
layers hold nothing, and there is no tar-split.
"""
import hashlib
import json
import os
import sys


def hexd(text):
    return hashlib.sha256(text.encode()).hexdigest()


def put(path, text):
    os.makedirs(os.path.dirname(path), exist_ok=True)
    with open(path, "w", encoding="utf-8") as f:
        f.write(text)


def chains(diff_ids):
    out = []
    for diff in diff_ids:
        out.append(diff if not out else "sha256:" + hexd(out[-1] + " " + diff))
    return out


class Host:
    def __init__(self, root):
        self.root = root
        self.image_root = os.path.join(root, "image/overlay2")
        self.links = {}
        self.lowers = {}

    def directory(self, cache_id, below):
        """One directory of overlay2 on top of others; its own chain of short links."""
        if cache_id in self.links:
            return
        short = hexd("link " + cache_id)[:26].upper()
        base = os.path.join(self.root, "overlay2", cache_id)
        os.makedirs(os.path.join(base, "diff"), exist_ok=True)
        os.makedirs(os.path.join(self.root, "overlay2/l"), exist_ok=True)
        os.symlink(f"../{cache_id}/diff", os.path.join(self.root, "overlay2/l", short))
        put(os.path.join(base, "link"), short)
        self.links[cache_id] = short
        if below:
            chain = ["l/" + self.links[below]] + self.lowers[below]
            put(os.path.join(base, "lower"), ":".join(chain))
            os.makedirs(os.path.join(base, "work"), exist_ok=True)
            self.lowers[cache_id] = chain
        else:
            self.lowers[cache_id] = []

    def image(self, number):
        group = number // 10
        names = [f"base {group}", f"run {group}", f"lib {group}", f"app {number}", f"conf {number}"]
        diff_ids = ["sha256:" + hexd(n) for n in names]
        below = ""
        for chain, diff in zip(chains(diff_ids), diff_ids):
            cache = hexd("cache " + chain)
            base = os.path.join(self.image_root, "layerdb/sha256", chain[7:])
            if not os.path.isdir(base):
                put(os.path.join(base, "cache-id"), cache)
                put(os.path.join(base, "diff"), diff)
                put(os.path.join(base, "size"), "1048576")
                if below:
                    put(os.path.join(base, "parent"), below)
            self.directory(cache, hexd("cache " + below) if below else "")
            below = chain
        config = json.dumps({
            "architecture": "amd64", "os": "linux", "created": "2024-03-01T10:00:00Z",
            "config": {"Env": ["PATH=/usr/sbin:/usr/bin:/sbin:/bin"], "Cmd": ["/srv/app", str(number)]},
            "history": [{"created": "2024-03-01T10:00:00Z", "created_by": f"COPY {n} /"} for n in names],
            "rootfs": {"type": "layers", "diff_ids": diff_ids}})
        put(os.path.join(self.image_root, "imagedb/content/sha256", hexd(config)), config)
        return "sha256:" + hexd(config), below

    def container(self, number, image, chain):
        cid = hexd(f"container {number}")
        mount = hexd(f"mount {number}")
        self.directory(mount + "-init", hexd("cache " + chain))
        self.directory(mount, mount + "-init")
        base = os.path.join(self.image_root, "layerdb/mounts", cid)
        put(os.path.join(base, "mount-id"), mount)
        put(os.path.join(base, "init-id"), mount + "-init")
        put(os.path.join(base, "parent"), chain)
        home = os.path.join(self.root, "containers", cid)
        labels = {f"com.example.label.{i}": "value " * 4 for i in range(20)}
        put(os.path.join(home, "config.v2.json"), json.dumps({
            "StreamConfig": {}, "ID": cid, "Name": f"/app-{number}", "Driver": "overlay2", "OS": "linux",
            "Created": "2024-03-02T08:00:00.123456789Z", "Managed": False, "Path": "/srv/app",
            "Args": [str(number)], "Image": image,
            "State": {"Running": False, "Paused": False, "Restarting": False, "OOMKilled": False,
                      "Dead": False, "Pid": 0, "ExitCode": 137, "Error": "",
                      "StartedAt": "2024-03-02T08:00:01.5Z", "FinishedAt": "2024-03-03T09:00:00.25Z"},
            "Config": {"Hostname": cid[:12], "Image": f"registry.example/app{number % 200}:1",
                       "Env": [f"VARIABLE_{i}=some value of a usual length" for i in range(30)],
                       "Cmd": ["/srv/app"], "WorkingDir": "/srv", "Labels": labels},
            "NetworkSettings": {"Bridge": "", "Networks": {"bridge": {"Gateway": "172.17.0.1"}}},
            "LogPath": f"/var/lib/docker/containers/{cid}/{cid}-json.log",
            "MountPoints": {"/data": {"Source": f"/srv/data/{number}", "Destination": "/data", "RW": True,
                                      "Name": "", "Driver": "", "Type": "bind"}},
            "HostnamePath": f"/var/lib/docker/containers/{cid}/hostname",
            "HostsPath": f"/var/lib/docker/containers/{cid}/hosts"}))
        put(os.path.join(home, "hostconfig.json"), json.dumps({
            "Binds": [f"/srv/data/{number}:/data"], "NetworkMode": "default", "Privileged": False,
            "LogConfig": {"Type": "json-file", "Config": {}}}))
        for name in ("hostname", "hosts", "resolv.conf"):
            put(os.path.join(home, name), cid[:12] + "\n")


def main(root, containers, images):
    host = Host(root)
    made = [host.image(i) for i in range(images)]
    put(os.path.join(host.image_root, "repositories.json"), json.dumps({"Repositories": {
        f"registry.example/app{i}": {f"registry.example/app{i}:1": image}
        for i, (image, _) in enumerate(made)}}))
    for i in range(containers):
        host.container(i, *made[i % images])


main(sys.argv[1], int(sys.argv[2]), int(sys.argv[3]))
