# SPDX-License-Identifier: Apache-2.0
"""random_drift.py SEED ROUNDS [WAY]...: random operations on a real overlay, judged by its mount.

An image of random layers, a Docker data root around it, a container that is really mounted: what
strandline says of the container is held against two listings of the mount. It knows nothing of
layers, whiteouts or redirects. $RUNDIR is where it plays, $STRANDLINE the program, $CLOCKSTEP the
preload that makes files look old enough to be remembered, or empty.
"""
import base64
import ctypes
import io
import json
import os
import random
import shutil
import stat
import subprocess
import sys
import tarfile
import time

from random_ops import Player, checked, libc
from random_tree import SECOND, difference, listing, same_second, same_time

TESTS = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
sys.path.insert(0, TESTS)
import oci  # noqa: E402  pylint: disable=wrong-import-position

LAYER = "redirect_dir=off,index=off,metacopy=off"
WAYS = {
    "plain": [LAYER, "redirect_dir=nofollow,index=off", "volatile,index=off"],
    "moved": ["redirect_dir=on,index=off,metacopy=off", "redirect_dir=on,xino=on,index=off"],
    "metacopy": ["redirect_dir=on,metacopy=on,index=off"],
    "index": ["redirect_dir=on,metacopy=on,index=on", "index=on,redirect_dir=off",
              "index=on,nfs_export=on,redirect_dir=on"],
    "user": ["userxattr"],
}


def mount(where, lowers, upper, work, options):
    data = "lowerdir=%s,upperdir=%s,workdir=%s,%s" % (":".join(lowers), upper, work, options)
    checked(libc.mount(b"overlay", where.encode(), b"overlay", ctypes.c_ulong(0), data.encode()))


def unmount(where):
    checked(libc.umount2(where.encode(), 0))


# The image


def member(path, name, private, exact):
    """One object of an upper directory as a member of a tar, and whether it is opaque."""
    st, m = os.lstat(path), tarfile.TarInfo(name)
    m.mode, m.uid, m.gid = stat.S_IMODE(st.st_mode), st.st_uid, st.st_gid
    seconds, rest = divmod(st.st_mtime_ns, SECOND)
    m.pax_headers = {"mtime": str(seconds), "uid": str(m.uid), "gid": str(m.gid)}
    if exact and rest and seconds >= 0:
        m.pax_headers["mtime"] += ".%09d" % rest
    elif exact and rest:
        m.pax_headers["mtime"] = "-%d.%09d" % (-seconds - 1, SECOND - rest)
    is_opaque = False
    for key in os.listxattr(path, follow_symlinks=False):
        value = os.getxattr(path, key, follow_symlinks=False)
        if key.startswith(private + "overlay."):
            key = private + key[len(private) + len("overlay."):]
        elif key.startswith(private):
            is_opaque = is_opaque or key == private + "opaque"
            continue
        m.pax_headers["SCHILY.xattr." + key] = os.fsdecode(value)
    m.devmajor, m.devminor = os.major(st.st_rdev), os.minor(st.st_rdev)
    m.type = {stat.S_IFREG: tarfile.REGTYPE, stat.S_IFDIR: tarfile.DIRTYPE,
              stat.S_IFLNK: tarfile.SYMTYPE, stat.S_IFIFO: tarfile.FIFOTYPE,
              stat.S_IFCHR: tarfile.CHRTYPE, stat.S_IFBLK: tarfile.BLKTYPE}[stat.S_IFMT(st.st_mode)]
    return m, st, is_opaque


def layer_tar(upper, private, exact, with_root):
    """An upper directory, in which nothing was moved, as an OCI layer."""
    out, upper, names, todo = io.BytesIO(), os.fsencode(upper), {}, [b""]
    with tarfile.open(fileobj=out, mode="w", format=tarfile.PAX_FORMAT, encoding="utf-8",
                      errors="surrogateescape") as tar:
        if with_root:
            tar.addfile(member(upper, ".", private, exact)[0])
        while todo:
            where = todo.pop()
            for name in sorted(os.listdir(os.path.join(upper, where))):
                path, inside = os.path.join(upper, where, name), os.path.join(where, name)
                m, st, is_opaque = member(path, os.fsdecode(inside), private, exact)
                if m.ischr() and st.st_rdev == 0:
                    tar.addfile(tarfile.TarInfo(os.fsdecode(os.path.join(where, b".wh." + name))))
                    continue
                if not m.isdir() and names.setdefault(st.st_ino, m.name) != m.name:
                    m.type, m.linkname = tarfile.LNKTYPE, names[st.st_ino]
                    tar.addfile(m)
                    continue
                if m.issym():
                    m.linkname = os.fsdecode(os.readlink(path))
                m.size = st.st_size if m.isreg() else 0
                with open(path if m.isreg() else os.devnull, "rb") as content:
                    tar.addfile(m, content)
                if is_opaque:
                    tar.addfile(tarfile.TarInfo(m.name + "/.wh..wh..opq"))
                if m.isdir():
                    todo.append(inside)
    return out.getvalue()


def each(root):
    for where, dirs, files in os.walk(os.fsencode(root), topdown=False):
        for name in dirs + files:
            yield os.path.join(where, name)


def grow_old(root, rng, whole_seconds):
    """An image is never as young as what is done to its container."""
    for path in each(root):
        st = os.lstat(path)
        mtime = st.st_mtime_ns
        if abs(time.time_ns() - mtime) < 1000 * SECOND:
            mtime = 1600000000 * SECOND + rng.randrange(10 ** 17)
        if whole_seconds:
            mtime = mtime // SECOND * SECOND
        os.utime(path, ns=(st.st_atime_ns, mtime), follow_symlinks=False)


class Container:
    def __init__(self, where, rng, options):
        self.where, self.rng, self.user = where, rng, options == "userxattr"
        self.exact, self.with_root = rng.random() < 0.5, rng.random() < 0.5
        self.whole = not self.exact and rng.random() < 0.5
        self.merged = where + "/merged"
        self.layout, self.store = where + "/layout", where + "/store"
        os.makedirs(self.merged)
        self.layers = [self.layer(i) for i in range(rng.randint(1, 7))]
        private = "user.overlay." if self.user else "trusted.overlay."
        tars = [layer_tar(d, private, self.exact, self.with_root) for d in self.layers]
        oci.image(self.layout, *((tar, tar) for tar in tars))
        self.upper = self.build()
        home = os.path.dirname(self.upper)
        with open(home + "/lower", encoding="ascii") as f:
            lowers = [os.path.realpath(self.store + "/overlay2/" + d) for d in f.read().split(":")]
        for made, place in zip(reversed(self.layers), lowers[1:]):
            os.rmdir(place)
            os.rename(made, place)
        mount(self.merged, lowers, self.upper, home + "/work", options)

    def layer(self, number):
        made, work = "%s/%d" % (self.where, number), "%s/work%d" % (self.where, number)
        os.mkdir(made)
        os.mkdir(work)
        if number == 0:
            Player(made, self.rng, lower=True, plain=True).play(self.rng.randint(30, 90))
        else:
            below = ["%s/%d" % (self.where, i) for i in reversed(range(number))]
            mount(self.merged, below, made, work, "userxattr" if self.user else LAYER)
            Player(self.merged, self.rng, lower=True, plain=self.user).play(self.rng.randint(5, 50))
            unmount(self.merged)
        grow_old(made, self.rng, self.whole)
        return made

    def build(self):
        empty = []
        for i in range(len(self.layers)):
            empty.append("%s/empty%d" % (self.where, i))
            os.mkdir(empty[-1])
        out = subprocess.run([sys.executable, TESTS + "/docker_store.py", self.layout, self.store,
                              "1"] + empty, stdout=subprocess.PIPE, check=True).stdout
        return out.decode().strip()

    def close(self):
        unmount(self.merged)
        subprocess.run(["chattr", "-R", "-f", "-ia", self.where], stderr=subprocess.DEVNULL,
                       check=False)
        shutil.rmtree(self.where)


# What is said


def run(*args, **environment):
    return subprocess.run([os.environ["STRANDLINE"], *args], stdout=subprocess.PIPE,
                          stderr=subprocess.PIPE, env=dict(os.environ, **environment), check=False)


def document(*args, **environment):
    done = run("diff", *args, "--show-touched", "--format", "json", **environment)
    if done.returncode not in (0, 1, 3):
        raise RuntimeError("%s: %d %s" % (args, done.returncode, done.stderr[-2000:]))
    return json.loads(done.stdout)["containers"][0]


def path_of(thing, key="path"):
    if key + "_b64" in thing:
        return base64.b64decode(thing[key + "_b64"])[1:]
    return os.fsencode(thing[key])[1:] if key in thing else None


class Judge:
    """@loose: what a comparison of this sort may leave out."""

    def __init__(self, said, before, after, is_same_time, **loose):
        self.before, self.after, self.same_time, self.loose = before, after, is_same_time, loose
        self.wrong, self.said = [], said
        self.found = {path_of(f): f for f in said["findings"] if f["kind"] == "file"}
        # with an index, names of a hard link show what no directory holds: said, not known
        self.index = any("index=on" in g["why"] for g in said["gaps"])
        for gap in said["gaps"]:
            if "index=on" not in gap["why"]:
                self.wrong.append("a gap: %r" % gap)
        for path in sorted(set(before) | set(after) | set(self.found)):
            if path != b"":
                self.path(path, self.found.get(path))
        self.renamings()
        self.counts()

    def fault(self, path, text, *more):
        self.wrong.append("%r: %s %r; before %r, after %r" % (
            path, text, more, self.before.get(path), self.after.get(path)))

    def expected(self, path):
        if path not in self.after:
            return ("deleted" if path in self.before else None), set()
        if path not in self.before:
            return "added", set()
        return difference(self.before[path], self.after[path], self.same_time)

    def path(self, path, finding):
        kind, fields = self.expected(path)
        if finding is None:
            if kind is not None and not self.index and not (
                    kind == "touched" and self.loose.get("touched")):
                self.fault(path, "missing", kind, fields)
            return
        if kind is None and finding["change"] == "touched" and path in self.after:
            return
        if finding["change"] != kind:
            self.fault(path, "is not", finding["change"], finding.get("changed"), kind, fields)
            return
        got = set(finding.get("changed", []))
        if kind in ("modified", "metadata", "touched") and got - {"size"} != fields - {"size"}:
            self.fault(path, "fields", got, fields)
        if kind != "deleted" and not self.index:
            self.side(path, finding["after"], self.after[path])
        if kind != "added":
            self.side(path, finding["before"], self.before[path])
        forged = kind == "modified" and "content" in fields and "mtime" not in fields
        if forged != ("forged-mtime" in finding["signals"]):
            self.fault(path, "forged-mtime", finding["signals"])

    def side(self, path, said, real):
        if said.get("implied"):
            return
        pairs = [("type", said["type"], real.type),
                 ("owner", (said["uid"], said["gid"]), real.owner)]
        if real.type != "symlink":
            pairs.append(("mode", int(said["mode"], 8), real.mode))
        else:
            pairs.append(("target", path_of({"t": "/" + said["target"]} if "target" in said else
                                            {"t_b64": base64.b64encode(b"/" + base64.b64decode(
                                                said["target_b64"]))}, "t"), real.target))
        if real.type == "file":
            pairs += [("size", said["size"], real.size), ("sha256", said["sha256"], real.sha256)]
        for what, got, want in pairs:
            if got != want:
                self.fault(path, what, got, want)

    def renamings(self):
        for path, finding in self.found.items():
            for key, back in (("renamed_to", "renamed_from"), ("renamed_from", "renamed_to")):
                other = path_of(finding, key)
                end = self.found.get(other)
                if other is None:
                    continue
                # what replaced a file in its place may be a copy of another: then it does not say
                is_rewritten = end is not None and end["change"] in ("modified", "metadata") and \
                    end["after"]["type"] == "file"
                if end is None or (path_of(end, back) != path and not is_rewritten):
                    self.fault(path, key, other)
            old = path_of(finding, "renamed_from")
            if old is None or old not in self.before:
                continue
            was, now = self.before[old], self.after[path]
            if was.type != now.type or was.sha256 != now.sha256 and was.ino != now.ino:
                self.fault(path, "is not what was at", old)

    def counts(self):
        for kind in ("added", "modified", "metadata", "deleted", "type"):
            listed = sum(1 for f in self.found.values()
                         if f["change"] == kind and not f["explained_by"])
            if self.said["counts"][kind] != listed:
                self.wrong.append("%s: %d, listed %d" % (kind, self.said["counts"][kind], listed))
        if self.said["complete"] == bool(self.said["gaps"]):
            self.wrong.append("complete and with gaps, or neither")


# One round


class Round:
    def __init__(self, seed, way, where):
        self.rng = rng = random.Random("%s %s" % (seed, way))
        self.wrong, self.cached = [], 0
        self.box = Container(where, rng, rng.choice(WAYS[way]))
        self.image = "oci:" + self.box.layout
        self.db = ("--db", where + "/db")
        try:
            self.play()
        finally:
            self.box.close()

    def play(self):
        box, before = self.box, listing(self.box.merged)
        run("index", *self.db, self.image)
        self.operate(self.rng.choice([5, 30, 100, 300]))
        now = same_time if box.exact else same_second
        self.judge("the whole tree", before, now, "--rootfs", box.merged, "--image", self.image)
        if box.user:
            self.judge("its upper directory", before, now, "--upper", box.upper, "--marker",
                       "overlay-user", "--image", self.image)
            return
        base = ("--store", "docker=" + box.store, "app-0", "--no-processes")
        said = self.judge("the container", before, now, *base)
        others = [document(*self.db, *base, "--jobs", n) for n in ("1", "5")]
        if any(plain(o) != plain(said) for o in others):
            self.wrong.append("another number of threads says something else")
        self.remember(before, now, base)
        self.bundles(base)

    def operate(self, count, sly=False):
        Player(self.box.merged, self.rng).play(count, sly)
        self.after = listing(self.box.merged)

    def judge(self, name, before, is_same_time, *args, **environment):
        said = document(*self.db, *args, **environment)
        judge = Judge(said, before, self.after, is_same_time)
        self.wrong += [name + ": " + w for w in judge.wrong]
        return said

    def remember(self, before, is_same_time, base):
        """Digests of earlier runs, and edits that keep names, sizes and times."""
        if not os.environ["CLOCKSTEP"]:
            return
        old = {"LD_PRELOAD": os.environ["CLOCKSTEP"], "CLOCKSTEP": "120", "CLOCKSTEP_AFTER": "0"}
        document(*self.db, *base, **old)
        for _ in range(3):
            said = self.judge("remembered", before, is_same_time, *base, **old)
            self.cached += said["counts"]["cached"]
            self.operate(self.rng.choice([2, 8, 25]), sly=True)

    def bundles(self, base):
        where = self.box.where
        capture = ("capture", *self.db, *base[:3], "-o")
        first = run(*capture, where + "/first")
        before = self.after
        self.operate(self.rng.choice([3, 20, 60]))
        second = run(*capture, where + "/second")
        if not {first.returncode, second.returncode} <= {0, 1, 3}:
            self.wrong.append("capture: %r %r" % (first.stderr, second.stderr))
            return
        said = document("--bundles", where + "/first", where + "/second")
        judge = Judge(said, before, self.after, same_time, touched=True)
        self.wrong += ["two captures: " + w for w in judge.wrong]


def plain(said):
    """Without what reading itself changes."""
    for finding in said["findings"]:
        for side in (finding.get("before"), finding.get("after")):
            if side is not None:
                side.pop("atime", None)
    return said["findings"], said["gaps"], said["counts"]


def main(seed, rounds, ways):
    checked(libc.unshare(0x00020000))
    checked(libc.mount(None, b"/", None, ctypes.c_ulong(0x4000 | 0x40000), None))
    cached = 0
    for number in range(seed, seed + rounds):
        for way in ways:
            done = Round(number, way, os.environ["RUNDIR"] + "/%d-%s" % (number, way))
            cached += done.cached
            if done.wrong:
                print("seed %d, %s:" % (number, way), *done.wrong[:10], sep="\n  ")
                return 1
    print("%d rounds of %s, %d digests remembered" % (rounds, " ".join(ways), cached))
    return 0


if __name__ == "__main__":
    sys.exit(main(int(sys.argv[1]), int(sys.argv[2]), sys.argv[3:] or list(WAYS)))
