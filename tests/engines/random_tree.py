# SPDX-License-Identifier: Apache-2.0
"""A mounted tree as the system calls show it, and what differs between two of them."""
import hashlib
import os
import stat

TYPES = {stat.S_IFREG: "file", stat.S_IFDIR: "directory", stat.S_IFLNK: "symlink",
         stat.S_IFIFO: "fifo", stat.S_IFSOCK: "socket", stat.S_IFCHR: "char",
         stat.S_IFBLK: "block"}
SECOND = 10 ** 9


class Object:
    """One name, everything about it that a container can see."""

    def __init__(self, path):
        st = os.lstat(path)
        self.type = TYPES[stat.S_IFMT(st.st_mode)]
        self.mode = stat.S_IMODE(st.st_mode)
        self.owner = (st.st_uid, st.st_gid)
        self.size, self.mtime, self.ino = st.st_size, st.st_mtime_ns, st.st_ino
        device = (os.major(st.st_rdev), os.minor(st.st_rdev))
        self.rdev = device if self.type in ("char", "block") else None
        self.target = os.readlink(path) if self.type == "symlink" else None
        self.xattrs = {n: os.getxattr(path, n, follow_symlinks=False)
                       for n in os.listxattr(path, follow_symlinks=False)}
        self.sha256 = None
        if self.type == "file":
            with open(path, "rb") as f:
                self.sha256 = hashlib.sha256(f.read()).hexdigest()

    def __repr__(self):
        return "<%s %o %s size=%d mtime=%d rdev=%s target=%r xattrs=%r sha256=%.12s>" % (
            self.type, self.mode, self.owner, self.size, self.mtime, self.rdev, self.target,
            self.xattrs, self.sha256)


def listing(root):
    """Path beneath the root, without a leading slash, to its object."""
    root, out, todo = os.fsencode(root), {}, [b""]
    out[b""] = Object(root)
    while todo:
        directory = todo.pop()
        for name in os.listdir(os.path.join(root, directory)):
            path = os.path.join(directory, name)
            out[path] = Object(os.path.join(root, path))
            if out[path].type == "directory":
                todo.append(path)
    return out


def same_time(before, after):
    """At the coarser precision; engines unpack what is before 1970 as 1970."""
    if min(before, after) < 0 and max(before, after) == 0:
        return True
    if before % SECOND == 0 or after % SECOND == 0:
        return before // SECOND == after // SECOND
    return before == after


def same_second(before, after):
    """As a tar with whole seconds knows it."""
    return same_time(before // SECOND * SECOND, after)


def nested(xattrs, other):
    """An image's attributes of an overlay in a container count where the container has them."""
    return {k: v for k, v in xattrs.items()
            if not k.startswith("trusted.overlay.") or k in other}


def difference(before, after, is_same_time):
    """The kind of the change, or None, and the fields that differ."""
    fields = set()
    if before.type != after.type:
        return "type", {"type"}
    if before.sha256 != after.sha256:
        fields |= {"content"} | ({"size"} if before.size != after.size else set())
    if before.target != after.target:
        fields.add("target")
    if before.rdev != after.rdev:
        fields.add("rdev")
    if before.mode != after.mode and after.type != "symlink":
        fields.add("mode")
    if before.owner != after.owner:
        fields.add("owner")
    if nested(before.xattrs, after.xattrs) != after.xattrs:
        fields.add("xattrs")
    if not is_same_time(before.mtime, after.mtime):
        fields.add("mtime")
    if fields & {"content", "target", "rdev"}:
        return "modified", fields
    if fields - {"mtime"} or (fields and after.type != "directory"):
        return "metadata", fields
    return "touched" if fields else None, fields
