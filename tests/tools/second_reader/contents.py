# SPDX-License-Identifier: Apache-2.0
"""Whole files out of parts, maps and further names (docs/bundle-format.md, section 4): no part of the verdict."""
import hashlib

from container import MIB
from forms import Broken, count, sha256, strict_json, unbase64

ZEROS = bytes(MIB)
PLAIN = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789._-"


class Parts:
    """The parts of one file so far: hashed up to the last one, of which a tail may be zeros that were filled up."""

    HOLES = 16 << 30

    def __init__(self):
        self.count = self.bytes = self.end = 0
        self.hash, self.hashed, self.holes, self.last = hashlib.sha256(), 0, 0, []

    def add(self, runs, content):
        """Put a part in its places; what is wrong with its map."""
        self.feed(self.last, None)
        self.last, used = [], 0
        for at, length in [(self.end, len(content))] if runs is None else runs:
            if at < self.end or length <= 0 and runs is not None:
                return "map that overlaps, goes back or is empty"
            self.last.append((at, content[used:used + length]))
            self.end, used = at + length, used + length
        self.count += 1
        self.bytes += len(content)
        return None if used == len(content) else "map that does not add up"

    def feed(self, pieces, end):
        """Hash pieces and the zeros before them, up to the offset `end`."""
        for at, piece in pieces + ([(end, b"")] if end is not None else []):
            self.holes += max(0, at - self.hashed)
            while self.hashed < at and self.holes <= self.HOLES:
                zeros = ZEROS[:at - self.hashed]
                self.hash.update(zeros)
                self.hashed += len(zeros)
            piece = piece if end is None else piece[:max(0, end - at)]
            self.hash.update(piece)
            self.hashed += len(piece)

    def digest(self, end):
        """SHA-256 of the first `end` bytes; None where it would take too many zeros."""
        self.feed(self.last, end)
        return self.hash.hexdigest() if self.holes <= self.HOLES else None


def path_of(record, attributes):
    """The bytes of a record's path; None where it has none, or what should say it cannot be read."""
    try:
        src = strict_json(attributes.content) if attributes else record.get("src", record)
    except Broken:
        return None
    if not isinstance(src, dict) or "path" not in src and "path_b64" not in src:
        return None
    return src["path"].encode() if "path" in src else unbase64(src["path_b64"])


def name_of(path):
    """What stands behind d/SSSSSSSS/ for this path (section 2)."""
    parts = [p for p in path.split(b"/") if p]
    text = "/".join({b".": "%2E", b"..": "%2E%2E"}.get(p) or
                    "".join(chr(c) if chr(c) in PLAIN else "%%%02X" % c for c in p) for p in parts)
    if len(text) > 180 or text.split("/")[0] in ("", "attributes.json"):
        return "~" + sha256(path).hex()
    return text


class Contents:
    """Puts files together, and says what does not fit."""

    def __init__(self):
        self.faults, self.open, self.files, self.checked = [], {}, {}, 0

    def take(self, record, member, attributes):
        try:
            self.names(record, member, attributes)
            if record["type"] == "part":
                self.part(record, member.content if member else b"")
            elif record["type"] == "file":
                self.file(record, member and member.content)
        except (AttributeError, TypeError, ValueError):
            self.fault(record, "what it says of its content cannot be read")

    def names(self, record, member, attributes):
        path = path_of(record, attributes)
        suffix = ".part%04d" % record["k"] if record["type"] == "part" else ""
        if path and member and member.name[2:].partition("/")[2] != name_of(path) + suffix:
            self.fault(record, "member of another name")
        if attributes and (attributes.name[2:].partition("/")[2] != "attributes.json" or
                           sha256(path).hex() != record["src"].get("path_sha256")):
            self.fault(record, "attributes of another path")

    def part(self, record, content):
        parts = self.open.setdefault(record.get("of", record["seq"]), Parts())
        if record.get("k") != parts.count:
            self.fault(record, "part out of order")
        runs = record.get("map")
        wrong = parts.add(runs if runs is None else [(count(at), count(length)) for at, length in runs], content)
        if wrong:
            self.fault(record, wrong)

    def file(self, record, content):
        stored, read = record.get("stored"), record.get("read") or {}
        digest = (record.get("hash") or {}).get("sha256")
        self.files[record["seq"]] = (record.get("role"), record["target"], digest)
        if "hardlink_of" in record:
            first = self.files.get(record["hardlink_of"])
            if record["hardlink_of"] >= record["seq"] or first != self.files[record["seq"]] or stored is not None:
                self.fault(record, "further name of what is no such file")
        if isinstance(stored, dict) and "parts" in stored:
            self.parts_of(record, stored, read, digest)
        elif content is not None and digest is not None:
            covered = content[:count(read.get("bytes", 0))] if read.get("short") else content
            if sha256(covered).hex() != digest or content[len(covered):].strip(b"\0"):
                self.fault(record, "hash that is not that of the content")
            self.checked += 1

    def parts_of(self, record, stored, read, digest):
        parts = self.open.pop(stored.get("of"), None) or Parts()
        size = count(stored.get("size", stored.get("bytes")))
        if (parts.count, parts.bytes) != (stored.get("parts"), count(stored.get("bytes"))) or parts.end > size:
            self.fault(record, "parts that are not what the file's record says")
        elif digest is not None:
            is_short = read.get("short") and "size" not in stored
            found = parts.digest(count(read.get("bytes", 0)) if is_short else size)
            if found not in (None, digest):
                self.fault(record, "hash that is not that of the parts")
            self.checked += found is not None

    def fault(self, record, what):
        self.faults.append("record %d: %s" % (record["seq"], what))
