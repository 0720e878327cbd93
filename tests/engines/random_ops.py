# SPDX-License-Identifier: Apache-2.0
"""Random operations on a mounted tree: what programs do to files, and what is done to hide it."""
import ctypes
import errno
import fcntl
import gc
import mmap
import os
import shutil
import signal
import socket
import stat
import struct
import subprocess

libc = ctypes.CDLL("libc.so.6", use_errno=True)
AT_FDCWD, AT_SYMLINK_FOLLOW = -100, 0x400
NOREPLACE, EXCHANGE, WHITEOUT = 1, 2, 4
FICLONE, GETFLAGS, SETFLAGS = 0x40049409, 0x80086601, 0x40086602

NAMES = [b"a", b"b", b"c", b"d", b"a-b", b"a.d", b"e", b"f", b"x", b"y", b"z", b"A"]
ODD = [b"new\nline", b"\x01", b"\x1b[2J", b"\xff\xfe", b"\xc3\x28", b"b b", b"...", b"..a",
       b"L" * 255, b".wh.x", b".wh.a", b".wh..wh..opq", b".wh..wh.plnk",
       b"trusted.overlay.opaque", b"#a", b"a\\b", b"'", b'"', b"caf\xc3\xa9",
       b"cafe\xcc\x81", b"-rf", b"%s%n", b"\x7f", b" ", b"a\x01", b"etc", b"tmp", b"hosts"]
TARGETS = [b"a", b"../b", b"/", b"/nowhere", b".", b"..", b"x" * 300, b"\xff\n", b"a/b/c",
           b"/etc/passwd", b"self\x01", b"y" * 4000]
MODES = [0o644, 0o755, 0o4755, 0o2755, 0o1777, 0, 0o600, 0o666, 0o7777]
IDS = [0, 1, 33, 1000, 65534, 100000, 4294967294, -1]
TIMES = [0, 1, -1, -10 ** 9, -5 * 10 ** 8, 10 ** 18, 2 ** 31 * 10 ** 9, 2 ** 33 * 10 ** 9,
         1709000000123456789, 1709000000 * 10 ** 9]


def checked(rc):
    if rc < 0:
        raise OSError(ctypes.get_errno(), os.strerror(ctypes.get_errno()))
    return rc


def rename(old, new, flags=0):
    checked(libc.renameat2(AT_FDCWD, old, AT_FDCWD, new, flags))


def too_long(*_):
    raise OSError(errno.EINTR, "a FIFO, most likely")


signal.signal(signal.SIGALRM, too_long)


def is_file(path):
    return os.path.isfile(path) and not os.path.islink(path)


def is_dir(path):
    return os.path.isdir(path) and not os.path.islink(path)


def keep_times(path, st):
    os.utime(path, ns=(st.st_atime_ns, st.st_mtime_ns), follow_symlinks=False)


class Player:
    """@plain: the directory is no overlay's. @lower: it becomes a tar."""

    def __init__(self, root, rng, lower=False, plain=False):
        self.root, self.rng, self.lower, self.plain = os.fsencode(root), rng, lower, plain
        self.paths, self.held = None, []

    # What to act on

    def name(self):
        name = self.rng.choice(NAMES if self.rng.random() < 0.75 else ODD)
        return b"w" + name if self.lower and name.startswith(b".wh.") else name

    def victim(self, fits=os.path.lexists):
        if self.paths is None or self.rng.random() < 0.2:
            self.paths = sorted(os.path.join(d, n) for d, dirs, files in os.walk(self.root)
                                for n in dirs + files)
        for _ in range(12):
            if self.paths:
                path = self.rng.choice(self.paths)
                if fits(path):
                    return path
        raise OSError(errno.ENOENT, "nothing fits")

    def file(self):
        return self.victim(is_file)

    def dir(self):
        return self.root if self.rng.random() < 0.3 else self.victim(is_dir)

    def fresh(self):
        return os.path.join(self.dir(), self.name())

    def bytes(self, size=None):
        if size is None:
            size = self.rng.choice([0, 1, 3, 10, 100, 4096, 5000, 9000, 70000])
        return self.rng.choice([bytes([self.rng.randrange(97, 123)]) * size,
                                self.rng.randbytes(size),
                                (b"line %d\n" % self.rng.randrange(50)) * (size // 8)])

    def open(self, path, flags=0, mode=0o644):
        return os.open(path, os.O_RDWR | os.O_NOFOLLOW | os.O_NONBLOCK | flags, mode)

    def make(self, path, content=None):
        fd = self.open(path, os.O_CREAT | os.O_EXCL)
        os.write(fd, self.bytes() if content is None else content)
        os.close(fd)

    # Contents

    def op_create(self):
        flags = self.rng.choice([os.O_TRUNC, os.O_EXCL, 0, os.O_APPEND])
        fd = self.open(self.fresh(), os.O_CREAT | flags, self.rng.choice(MODES))
        os.write(fd, self.bytes())

    def op_write(self):
        fd = self.open(self.file())
        os.pwrite(fd, self.bytes(), self.rng.randrange(os.fstat(fd).st_size + 1))

    def op_append(self):
        os.write(self.open(self.file(), os.O_APPEND), self.bytes(10))

    def op_truncate(self):
        path = self.file()
        size = os.lstat(path).st_size
        os.truncate(path, self.rng.choice([0, 1, 4096, size // 2, size, size + 5000, 300000]))

    def op_allocate(self):
        """Room, holes, zeros, and ranges that are taken out or put in."""
        mode = self.rng.choice([0, 1, 3, 0x10, 0x11, 0x08, 0x20, 0x40])
        checked(libc.fallocate(self.open(self.file()), mode,
                               ctypes.c_long(4096 * self.rng.randrange(3)),
                               ctypes.c_long(4096 * self.rng.randrange(1, 4))))

    def op_map(self, forge=False):
        path = self.file()
        st = os.lstat(path)
        with mmap.mmap(self.open(path), 0) as memory:
            at = self.rng.randrange(len(memory))
            memory[at] = (memory[at] + 1) % 256
            if forge:
                keep_times(path, st)

    def op_direct(self):
        with mmap.mmap(-1, 4096) as page:
            page.write(self.bytes(4096).ljust(4096, b"d"))
            os.writev(self.open(self.file(), os.O_DIRECT), [page])

    def op_unnamed(self):
        where = self.dir()
        fd = os.open(where, os.O_TMPFILE | os.O_RDWR, 0o640)
        os.write(fd, self.bytes())
        checked(libc.linkat(AT_FDCWD, b"/proc/self/fd/%d" % fd, AT_FDCWD,
                            os.path.join(where, self.name()), AT_SYMLINK_FOLLOW))

    def op_copy(self):
        old, new = self.file(), self.rng.choice([self.fresh, self.file])()
        source, to = os.open(old, os.O_RDONLY), self.open(new, os.O_CREAT)
        if self.rng.random() < 0.5:
            fcntl.ioctl(to, FICLONE, source)
        else:
            os.copy_file_range(source, to, os.fstat(source).st_size)
        if self.rng.random() < 0.4:
            shutil.copystat(old, new)

    # What looks as before

    def op_open_only(self):
        self.open(self.file())

    def op_forge(self):
        path = self.file()
        st = os.lstat(path)
        fd = self.open(path)
        at = self.rng.randrange(st.st_size)
        os.pwrite(fd, bytes([(os.pread(fd, 1, at)[0] + 1) % 256]), at)
        keep_times(path, st)

    def op_forge_mapped(self):
        self.op_map(forge=True)

    def op_write_back(self):
        path = self.file()
        st = os.lstat(path)
        fd = self.open(path)
        content = os.read(fd, 1 << 20)
        os.ftruncate(fd, 0)
        os.pwrite(fd, content, 0)
        if self.rng.random() < 0.6:
            keep_times(path, st)

    def op_replace_by_copy(self):
        path = self.file()
        st, copy = os.lstat(path), os.path.join(os.path.dirname(path), b".copy")
        shutil.copy2(path, copy)
        os.chown(copy, st.st_uid, st.st_gid)
        os.chmod(copy, stat.S_IMODE(st.st_mode))
        keep_times(copy, st)
        os.rename(copy, path)

    def op_make_again(self):
        """A new file, perhaps with the old number, by the old name, size and times."""
        path = self.file()
        st = os.lstat(path)
        with open(path, "rb") as f:
            content = f.read()
        os.unlink(path)
        other = self.rng.choice([content, content[::-1], self.rng.randbytes(len(content))])
        self.make(path, other)
        os.chmod(path, stat.S_IMODE(st.st_mode))
        if self.rng.random() < 0.7:
            keep_times(path, st)

    def op_swap_twins(self):
        one, other = self.file(), self.file()
        st = os.lstat(one)
        os.truncate(other, st.st_size)
        keep_times(other, st)
        rename(one, other, EXCHANGE)

    def op_to_and_fro(self):
        path, away = self.victim(), os.path.join(self.dir(), b"away")
        os.rename(path, away)
        if is_dir(away) and self.rng.random() < 0.5:
            self.make(os.path.join(away, self.name()))
        os.rename(away, path)

    # Metadata

    def op_mode(self):
        path = self.victim(lambda p: not os.path.islink(p))
        os.chmod(path, self.rng.choice(MODES + [stat.S_IMODE(os.lstat(path).st_mode)]))

    def op_owner(self):
        path, uid, gid = self.victim(), self.rng.choice(IDS), self.rng.choice(IDS)
        os.lchown(path, uid, gid)
        if is_dir(path) and self.rng.random() < 0.3:
            for where, dirs, files in os.walk(path):
                for name in dirs + files:
                    os.lchown(os.path.join(where, name), uid, gid)

    def op_times(self):
        path = self.victim()
        st, odd = os.lstat(path), self.rng.choice(TIMES)
        times = self.rng.choice([(odd, st.st_mtime_ns), (st.st_atime_ns, odd),
                                 (st.st_atime_ns, st.st_mtime_ns), None])
        os.utime(path, ns=times, follow_symlinks=False) if times else os.utime(path)

    def acl(self):
        who = self.rng.choice([1, 33, 1000])
        rows = [(1, 7, -1), (2, self.rng.randrange(8), who), (4, 5, -1), (16, 7, -1), (32, 5, -1)]
        return struct.pack("<I", 2) + b"".join(struct.pack("<HHi", *row) for row in rows)

    def op_attribute(self):
        path = self.victim()
        overlay = ["overlay.opaque", "overlay.redirect", "overlay.metacopy", "overlay.whiteout"]
        choices = [("user.x", self.rng.choice([b"", b"1", b"\0\xff", b"v" * 200])),
                   ("user.a b", b"y"), ("trusted.t", b"y"), ("security.foo", b"bar"),
                   ("security.capability", struct.pack("<5I", 0x02000001, 1 << 10, 0, 0, 0)),
                   ("system.posix_acl_access", self.acl()),
                   ("system.posix_acl_default", self.acl())]
        if not self.plain:
            choices += [("trusted." + self.rng.choice(overlay), b"y"),
                        ("user." + self.rng.choice(overlay), b"y")]
        os.setxattr(path, *self.rng.choice(choices), follow_symlinks=False)

    def op_remove_attribute(self):
        path = self.victim(lambda p: os.listxattr(p, follow_symlinks=False))
        names = sorted(os.listxattr(path, follow_symlinks=False))
        os.removexattr(path, self.rng.choice(names), follow_symlinks=False)

    def op_flags(self):
        """Append-only, immutable, no dump, no access times: some of them stop what comes later."""
        if not self.lower:
            fd, word = os.open(self.file(), os.O_RDONLY), bytearray(8)
            fcntl.ioctl(fd, GETFLAGS, word)
            flags = struct.unpack("<Q", word)[0] ^ self.rng.choice([0x10, 0x20, 0x40, 0x80])
            fcntl.ioctl(fd, SETFLAGS, struct.pack("<Q", flags))

    def op_later(self):
        """A descriptor that was taken some operations ago."""
        if len(self.held) < 4:
            self.held.append(self.open(self.file()))
            return
        fd = self.held.pop(0)
        self.rng.choice([lambda: os.write(fd, self.bytes(50)), lambda: os.fchmod(fd, 0o640),
                         lambda: os.utime(fd, ns=(1, 1709000000 * 10 ** 9)),
                         lambda: os.fchown(fd, 1, 1)])()

    # Names

    def op_link(self):
        path = self.victim()
        for _ in range(self.rng.choice([1, 1, 2, 5])):
            os.link(path, self.fresh(), follow_symlinks=False)

    def op_symlink(self):
        os.symlink(self.rng.choice(TARGETS), self.fresh())

    def op_symlink_again(self):
        path = self.victim(os.path.islink)
        st, target = os.lstat(path), os.readlink(path)
        os.unlink(path)
        os.symlink(self.rng.choice([target, self.rng.choice(TARGETS)]), path)
        if self.rng.random() < 0.5:
            keep_times(path, st)

    def op_node(self):
        path, kind = self.fresh(), self.rng.randrange(5)
        if kind == 0:
            os.mkfifo(path, 0o640)
        elif kind == 1 and not self.lower:
            with socket.socket(socket.AF_UNIX) as s:
                s.bind(b"/proc/self/fd/%d/%s" % (os.open(os.path.dirname(path), os.O_PATH),
                                                 os.path.basename(path)[:60]))
        elif kind == 2 and not self.plain:
            os.mknod(path, stat.S_IFCHR | 0o600, os.makedev(0, 0))
        elif kind == 3:
            os.mknod(path, stat.S_IFBLK | 0o660, os.makedev(8, self.rng.randrange(20)))
        else:
            os.mknod(path, stat.S_IFCHR | 0o666, os.makedev(self.rng.choice([1, 5, 300]), 3))

    def op_rename(self):
        old, new = self.victim(), self.rng.choice([self.fresh, self.victim])()
        whiteout = 0 if self.plain else WHITEOUT
        rename(old, new, self.rng.choice([0, 0, 0, NOREPLACE, EXCHANGE, whiteout]))

    def op_rename_directory(self):
        old, new = self.victim(is_dir), self.rng.choice([self.fresh, lambda: self.victim(is_dir)])()
        rename(old, new, self.rng.choice([0, 0, 0, EXCHANGE]))

    def op_into_renamed(self):
        old, new = self.victim(is_dir), self.fresh()
        os.rename(old, new)
        os.rename(self.victim(), os.path.join(new, self.name()))

    def op_mv(self):
        """As mv does, also where a directory cannot be renamed."""
        old, new = self.victim(), self.fresh()
        if not os.path.lexists(new) and not new.startswith(old):
            subprocess.run(["mv", "-T", "--", old, new], check=True, stderr=subprocess.DEVNULL)

    def op_mkdir(self):
        path = self.fresh()
        os.mkdir(path, self.rng.choice([0o755, 0o700, 0o1777, 0o2755]))
        if self.rng.random() < 0.6:
            self.make(os.path.join(path, self.name()))

    def op_deep(self):
        path = self.dir()
        for _ in range(self.rng.randrange(2, 12)):
            path = os.path.join(path, self.rng.choice(NAMES))
            os.makedirs(path, exist_ok=True)

    def op_remove(self):
        path = self.victim()
        if not is_dir(path):
            os.unlink(path)
        elif self.rng.random() < 0.3:
            shutil.rmtree(path)
        else:
            os.rmdir(path)

    def op_directory_again(self):
        path = self.victim(is_dir)
        shutil.rmtree(path)
        os.mkdir(path, self.rng.choice([0o755, 0o700]))
        for _ in range(self.rng.randrange(3)):
            self.make(os.path.join(path, self.name()))

    def op_other_type(self):
        path = self.victim()
        shutil.rmtree(path) if is_dir(path) else os.unlink(path)
        self.rng.choice([os.mkdir, os.mkfifo, self.make, lambda p: os.symlink(b"a", p)])(path)

    # Playing

    OFTEN = ["op_create", "op_mkdir", "op_rename", "op_rename_directory", "op_attribute",
             "op_remove"]
    SLY = ["op_forge", "op_forge_mapped", "op_make_again", "op_swap_twins", "op_replace_by_copy",
           "op_write_back", "op_link", "op_rename", "op_truncate", "op_allocate", "op_copy"]

    def play(self, count, sly=False):
        """@sly: only what a look at names, sizes and times does not find."""
        names = sorted(n for n in dir(self) if n.startswith("op_"))
        names = self.SLY if sly else names + self.OFTEN * 2
        if self.lower:
            names = names + ["op_create", "op_mkdir", "op_deep"] * 4
        first = os.dup(0)
        for _ in range(count):
            try:
                signal.setitimer(signal.ITIMER_REAL, 0.5)
                getattr(self, self.rng.choice(names))()
            except (OSError, ValueError, shutil.Error, subprocess.CalledProcessError):
                pass  # refused, or nothing there to do it to: part of the game
            finally:
                signal.setitimer(signal.ITIMER_REAL, 0)
            for fd in range(first, first + 64):
                if fd not in self.held:
                    try:
                        os.close(fd)
                    except OSError:
                        pass
        for fd in self.held:
            os.close(fd)
        gc.collect()
