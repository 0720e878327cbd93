# SPDX-License-Identifier: Apache-2.0
"""The file as zstd frames, the frames as tar members (docs/bundle-format.md, sections 1, 2, 7 and 8)."""
import re
import struct
import subprocess

from forms import Broken, Cut, Refused

MIB = 1 << 20


# ---- frames (section 1; RFC 8878, section 3)

class Frame:
    def __init__(self, number, offset, length, skippable, content):
        self.number, self.offset, self.length = number, offset, length
        self.skippable, self.content = skippable, content


def take(data, begin, n):
    if begin + n > len(data):
        raise Cut()
    return data[begin:begin + n]


def begins_frame(magic):
    """Whether these bytes, fewer than four at the end of a file, begin a frame: a data frame or a skippable one."""
    return b"\x28\xb5\x2f\xfd".startswith(magic) or \
        magic[0] & 0xF0 == 0x50 and b"\x2a\x4d\x18".startswith(magic[1:])


def frame_at(data, at, number):
    """The frame that begins there. Raises Cut where the file ends inside of it."""
    if not begins_frame(data[at:at + 4]):
        raise Broken("bytes that begin no frame")
    if take(data, at, 4)[0] != 0x28:
        length = 8 + struct.unpack("<I", take(data, at + 4, 4))[0]
        take(data, at, length)
        return Frame(number, at, length, True, 0)
    cursor, content = frame_header(data, at + 4)
    last = False
    while not last:
        block = int.from_bytes(take(data, cursor, 3), "little")
        last, kind, size = block & 1, block >> 1 & 3, block >> 3
        if kind == 3 or kind != 1 and size > 128 << 10:
            raise Broken("frame with a block that none may have")
        cursor += 3 + (1 if kind == 1 else size)
    take(data, cursor, 4)
    return Frame(number, at, cursor + 4 - at, False, content)


def frame_header(data, at):
    """Where the first block begins, and the content size, of a frame that section 1 allows."""
    descriptor = take(data, at, 1)[0]
    single, checksum = descriptor >> 5 & 1, descriptor >> 2 & 1
    if descriptor & 0x0B:
        raise Broken("frame header with a dictionary or a reserved bit")
    size_bytes = (single, 2, 4, 8)[descriptor >> 6]
    if not size_bytes or not checksum:
        raise Broken("frame without content size or checksum")
    window = 0 if single else take(data, at + 1, 1)[0]
    at += 1 if single else 2
    content = int.from_bytes(take(data, at, size_bytes), "little") + (256 if size_bytes == 2 else 0)
    if content > 4 * MIB or (1 << (10 + (window >> 3))) // 8 * (8 + (window & 7)) > 1 << 23:
        raise Broken("frame of more than 4 MiB, or with a window of more than 8 MiB")
    return at + size_bytes, content


def unzstd(packed):
    done = subprocess.run(["zstd", "-dcq"], input=packed, capture_output=True, check=False)
    return done.stdout if done.returncode == 0 else None


class Frames:
    """All whole frames of a file, and how it ends."""

    BATCH = 32 * MIB

    def __init__(self, data):
        self.data, self.list, self.end = data, [], None
        at = 0
        while at < len(data) and not self.end:
            try:
                frame = frame_at(data, at, len(self.list))
                self.list.append(frame)
                at += frame.length
            except Broken as e:
                self.end = Broken(str(e), at)
            except Cut:
                self.end = Cut()
        if not isinstance(self.end, Broken) and seek_table_accounts_for(data):
            self.end = Broken("seek table of all frames, but a length or the end of the archive was changed", at)
        self.end, self.end_offset = self.end or Cut(), at
        if self.list and self.list[0].skippable:
            self.list, self.end = [], Broken("file that begins with a skippable frame", 0)
        self.unpacked = {}

    def packed(self, frame):
        return self.data[frame.offset:frame.offset + frame.length]

    def content(self, frame):
        """The bytes of a frame. Many are unpacked by one zstd; only where that fails, each by its own."""
        if frame.number not in self.unpacked:
            self.unpacked = {}
            batch, total = [], 0
            for f in self.list[frame.number:]:
                if f.skippable or total + f.content > self.BATCH and batch:
                    break
                batch.append(f)
                total += f.content
            whole = unzstd(b"".join(self.packed(f) for f in batch))
            if whole is None or len(whole) != total:
                batch, whole = [frame], unzstd(self.packed(frame))
            at = 0
            for f in batch:
                self.unpacked[f.number] = whole and whole[at:at + f.content]
                at += f.content
        content = self.unpacked[frame.number]
        if content is None or len(content) != frame.content:
            raise Broken("frame that does not unpack to what its header and checksum say", frame.offset)
        return content


def seek_table_accounts_for(data):
    """Whether the last bytes are a seek table whose frames fill the file before it exactly."""
    if len(data) < 17 or data[-4:] != b"\xb1\xea\x92\x8f":
        return False
    count = struct.unpack("<I", data[-9:-5])[0]
    size = 8 + 12 * count + 9
    if data[-5] != 0x80 or size > len(data):
        return False
    begin = len(data) - size
    if data[begin:begin + 8] != struct.pack("<II", 0x184D2A5E, size - 8):
        return False
    sizes = struct.iter_unpack("<III", data[begin + 8:begin + 8 + 12 * count])
    return sum(entry[0] for entry in sizes) == begin


def check_seek_table(frames, table):
    """Section 7: an entry for each frame before it. Zstd's own checksum is XXH64, too."""
    want = b""
    for f in frames.list[:table.number]:
        want += struct.pack("<III", f.length, f.content, 0 if f.skippable else
                            int.from_bytes(frames.packed(f)[-4:], "little"))
    want = struct.pack("<II", 0x184D2A5E, len(want) + 9) + want + struct.pack("<IBI", table.number, 0x80, 0x8F92EAB1)
    if frames.packed(table) != want:
        raise Broken("seek table that contradicts the frames")


# ---- members (sections 1, 2 and 8)

class Member:
    """`frame` and `at`: where its first header begins, as in j/index. `offset`: that frame's place in the file."""

    def __init__(self, name, content, frame, at):
        self.name, self.content, self.frame, self.at = name, content, frame.number, at
        self.offset = frame.offset


class Members:
    """The tar members, in order, and then the end of the file: Cut, or Broken with the frame it shows in."""

    LARGEST = 64 * MIB

    def __init__(self, frames):
        self.frames, self.number = frames, 0
        self.frame, self.buffer, self.used = None, b"", 0
        self.failure = None

    def offset(self):
        return self.frame.offset if self.frame else 0

    def next(self):
        """The next member, or None at the end of the archive."""
        if self.failure:
            raise self.failure
        try:
            return self.next_member()
        except (Broken, Cut) as e:
            if isinstance(e, Broken) and e.offset is None:
                e.offset = self.offset()
            self.failure = e
            raise

    def next_member(self):
        header, where = self.read(512)
        if header == bytes(512):
            if self.read(512)[0] != bytes(512) or self.used != len(self.buffer):
                raise Broken("bytes behind the end of the archive")
            return None
        name, size, kind = tar_header(header)
        if kind == b"x":
            if size > 8192:
                raise Broken("pax header of more than 8 KiB")
            pax = pax_keys(self.padded(size))
            name, size, kind = tar_header(self.read(512)[0])
            name, size = pax.get(b"path", name), int(pax.get(b"size", size))
        if kind != b"0":
            raise Broken("member that is no regular file")
        return Member(member_name(name), self.padded(size), *where)

    def padded(self, size):
        if size > self.LARGEST:
            raise Refused("a member of more than 64 MiB")
        content = self.read(size)[0] if size else b""
        if size % 512 and self.read(512 - size % 512)[0].strip(b"\0"):
            raise Broken("member whose last block is not filled with zeros")
        return content

    def read(self, n):
        """The next n bytes, and where the first of them stands."""
        parts, where = [], None
        while n:
            if self.used == len(self.buffer):
                self.next_frame()
                continue
            where = where or (self.frame, self.used)
            parts.append(self.buffer[self.used:self.used + n])
            self.used += len(parts[-1])
            n -= len(parts[-1])
        return b"".join(parts), where

    def next_frame(self):
        """Go on to the next frame with tar bytes. Skippable ones are passed over."""
        while self.number < len(self.frames.list):
            frame = self.frames.list[self.number]
            self.number += 1
            if not frame.skippable:
                self.frame = frame
                self.buffer, self.used = self.frames.content(frame), 0
                return
        raise self.frames.end


def tar_header(block):
    """Name, size and type. Mode, owners and time must be octal, too, and all of it ASCII: tar programs differ."""
    if max(block) > 127:
        raise Broken("tar header that is no ASCII")
    mode = tar_number(block[100:108])
    for at, length in ((108, 8), (116, 8), (136, 12)):
        tar_number(block[at:at + length])
    if block[156:157] == b"0" and mode != 0o440:
        raise Broken("member with another mode than 0440")
    if tar_number(block[148:156]) != sum(block[:148]) + 8 * 32 + sum(block[156:]):
        raise Broken("tar header with a wrong checksum")
    if block[257:265] != b"ustar\x0000":
        raise Broken("tar header of another dialect than pax")
    name, prefix = block[:100].partition(b"\0")[0], block[345:500].partition(b"\0")[0]
    return (prefix + b"/" + name if prefix else name), tar_number(block[124:136]), block[156:157]


def tar_number(field):
    match = re.fullmatch(b" *([0-7]+)[ \0]*", field)
    if not match:
        raise Broken("tar header with a number that is none")
    return int(match[1], 8)


def pax_keys(data):
    """`path`, `size` and `mtime`, once each, and nothing else."""
    keys = {}
    while data:
        length, _, _ = data.partition(b" ")
        if not length.isdigit() or not len(length) + 4 <= int(length) <= len(data) or data[int(length) - 1:][:1] != b"\n":
            raise Broken("pax header that is none")
        key, equals, value = data[len(length) + 1:int(length) - 1].partition(b"=")
        if not equals or not value or key in keys or key not in (b"path", b"size", b"mtime") or \
                key == b"mtime" and not re.fullmatch(b"[0-9]{1,10}", value) or \
                key == b"size" and (not re.fullmatch(b"[0-9]{1,15}", value) or int(value) > 1 << 40):
            raise Broken("pax header with a key that no member has, or a wrong value")
        keys[key] = value
        data = data[int(length):]
    return keys


def member_name(name):
    text = name.decode("ascii", "replace")
    component = "/([A-Za-z0-9._~-]|%[0-9A-F]{2})+"
    if text in ("README.txt", "verify.sh", "j/close.intoto.json", "j/index") or \
            re.fullmatch(r"j/([0-9]{6}|[1-9][0-9]{6,17})\.(jsonl|note|pub\.pem)", text) or \
            re.fullmatch("d/([0-9]{8}|[1-9][0-9]{8,17})(%s)+" % component, text) and \
            len(text) <= 256 and not {".", ".."} & set(text.split("/")):
        return text
    raise Broken("member with a name that no member may have")
