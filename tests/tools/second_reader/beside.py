# SPDX-License-Identifier: Apache-2.0
"""What lies beside a bundle (docs/bundle-format.md, section 12), items (docs/item-proof.md), custody (docs/custody.md)."""
import calendar
import hashlib
import os
import re
import stat
import subprocess
import tempfile
import time

from forms import Broken, Envelope, Key, Note, Refused, count, root_by_proof, sha256, strict_json, unbase64

SIDECAR_LIMIT = 256 * 1024


def read_file(path):
    with open(path, "rb") as f:
        return f.read()


def spki_of_pem(path):
    """The DER of a public key file: what stands between its two lines."""
    text = read_file(path).decode("ascii", "replace")
    return unbase64("".join(re.sub("-----[^-]+-----", "", text).split()))


def read_regular(path, limit):
    """The bytes of a regular file; None when nothing has this name."""
    try:
        info = os.lstat(path)
    except FileNotFoundError:
        return None
    if not stat.S_ISREG(info.st_mode) or info.st_size > limit:
        raise Broken("no regular file, or too large")
    return read_file(path)


def digest_of_file(path):
    whole = hashlib.sha256()
    with open(path, "rb") as f:
        for block in iter(lambda: f.read(1 << 20), b""):
            whole.update(block)
    return whole.hexdigest()


class Beside:
    """What was found beside a bundle: `said` of each file, and what contradicts."""

    def __init__(self, path):
        self.path, self.said, self.contradicted = path, {}, []

    def look(self, suffix, check, limit=SIDECAR_LIMIT):
        """Check the file of this name; False when there is none."""
        try:
            content = read_regular(self.path + suffix, limit)
            if content is None:
                return False
            self.said[suffix] = check(content)
        except Broken as e:
            self.contradicted.append("%s: %s" % (suffix, e))
        return True


def look_beside(path, result, bundle, ca, verdict_of):
    """Hold everything beside the bundle against it; a verified stamp binds."""
    found, note = Beside(path), bundle.note.data if bundle.note and result["verdict"] != "broken" else None
    found.look(".sha256", lambda content: check_digest(path, content))
    if note:
        found.look(".note", lambda content: check_same_note(content, note))
        for number in range(1, 65):
            if not found.look(".%d.tsr" % number if number > 1 else ".tsr", lambda tsr: check_stamp(tsr, note, ca)):
                break
    found.look(".custody.jsonl", lambda content: custody_beside(path), 32 << 20)
    result.update(beside=found.said, contradicted=found.contradicted)
    if any(said.startswith("verified") for said in found.said.values()):
        result["anchors"].append("timestamp")
        if result["verdict"] in ("signed", "self-consistent"):
            result["verdict"] = verdict_of(bundle.signed, result["anchors"])


def check_digest(path, content):
    if content.split(b" ")[0].lstrip(b"\\").lower() != digest_of_file(path).encode():
        raise Broken("another SHA-256")
    return "same"


def check_same_note(content, note):
    if content != note:
        raise Broken("another checkpoint")
    return "same"


# ---- time stamps (RFC 3161), by the openssl program

def openssl(*args):
    return subprocess.run(("openssl",) + args, capture_output=True, check=False)


def check_stamp(stamp, note, ca):
    """`verified TIME` by a certificate of `ca`, or what else can be said."""
    with tempfile.TemporaryDirectory() as folder:
        names = {"tsr": stamp, "note": note}
        for name, content in names.items():
            with open(os.path.join(folder, name), "wb") as f:
                f.write(content)
        tsr, data = os.path.join(folder, "tsr"), os.path.join(folder, "note")
        kind = [] if openssl("ts", "-reply", "-in", tsr, "-text").returncode == 0 else ["-token_in"]
        text = openssl("ts", "-reply", "-in", tsr, "-text", *kind).stdout.decode("utf-8", "replace")
        when = re.search(r"Time stamp: (\w+ +\d+ [\d:]+)(?:\.\d+)? (\d+) GMT", text)
        if not when or imprint_in(text) != sha256(note):
            raise Broken("no time stamp over this checkpoint")
        at = calendar.timegm(time.strptime(when[1] + " " + when[2], "%b %d %H:%M:%S %Y"))
        if not ca:
            return "not verified: no authority was given"
        done = openssl("ts", "-verify", "-data", data, "-in", tsr, *kind, "-CAfile", ca, "-partial_chain",
                       "-attime", str(at), "-auth_level", "2")
        return "verified %d" % at if done.returncode == 0 else "not verified"


def imprint_in(text):
    """The hashed message of a token, from what openssl prints of it."""
    lines = text.partition("Message data:\n")[2].splitlines()
    digits = ""
    for line in lines:
        match = re.match(r" +[0-9a-f]{4} - ((?:[0-9a-f]{2}[ -])+)", line)
        if not match:
            break
        digits += match[1]
    return bytes.fromhex(re.sub("[ -]", "", digits))


# ---- single items (docs/item-proof.md)

PROOF = b"c2sp.org/tlog-proof@v1\n"


class Proof:
    """One proof: a record, its place, and the checkpoint to whose root it leads."""

    def __init__(self, text):
        head, blank, note = text.partition(b"\n\n")
        lines = head.decode("ascii", "replace").split("\n")
        if not blank or len(lines) < 2 or not lines[0].startswith("extra ") or \
                not re.fullmatch("index (0|[1-9][0-9]{0,18})", lines[1]):
            raise Broken("no proof")
        self.line, self.index = unbase64(lines[0][6:]), int(lines[1][6:])
        self.note, self.record = Note(note), strict_json(self.line)
        if self.record.get("seq") != self.index:
            raise Broken("record at another place than its number says")
        if root_by_proof(self.line, self.index, self.note.size, [unbase64(h) for h in lines[2:]]) != self.note.root:
            raise Broken("record %d is not included" % self.index)


def split_proofs(data):
    if len(data) > 64 << 20 or not data.startswith(PROOF):
        raise Broken("no proof")
    return [Proof(p) for p in data.split(PROOF)[1:]]


class Item:
    """Walks the proofs: each checkpoint is signed by the key that the one before it leads to."""

    def __init__(self, proofs):
        self.open = proofs[0].record
        if self.open.get("type") != "open" or proofs[0].index:
            raise Broken("no open record")
        self.origin = "strandline/bundle/%s" % self.open.get("bundle")
        self.first_key = self.key = Key.of_record(self.open.get("key"))
        self.signed, self.notes, self.before = bool(proofs[0].note.signatures), [], 0
        self.record = None
        for number, proof in enumerate(proofs):
            if not self.notes or proof.note.data != self.notes[-1].data:
                self.take_note(proof.note)
            if self.take_record(proof):
                self.take_last(proofs[number + 1:])
                return
        raise Broken("no item")

    def take_note(self, note):
        self.before = self.notes[-1].size if self.notes else 0
        if note.origin != self.origin or self.key is None or note.size <= self.before:
            raise Broken("checkpoint of another bundle, or without a key")
        name = "%s/epoch/%d" % (self.origin, len(self.notes))
        if self.signed != bool(note.signatures) or self.signed and not note.signed_by(name, self.key):
            raise Broken("checkpoint that is not signed by its key")
        self.notes.append(note)
        self.key = None

    def take_record(self, proof):
        """True when this is the item."""
        if proof.record["type"] == "epoch" and proof.index + 1 == proof.note.size:
            if count(proof.record.get("epoch")) != len(self.notes):
                raise Broken("epoch record of another epoch")
            self.key = Key.of_record(proof.record.get("key"))
        elif proof.index:
            if proof.record["type"] not in ("file", "part"):
                raise Broken("record that holds no content")
            if proof.index < self.before:
                raise Broken("record under the key of a later segment")
            self.record, self.line = proof.record, proof.line
        return self.record is not None

    def take_last(self, rest):
        """The same record under the last checkpoint, whose key is unknown here."""
        if len(rest) > 1 or rest and (rest[0].line != self.line or rest[0].note.origin != self.origin or
                                      rest[0].note.size <= self.notes[-1].size):
            raise Broken("something else behind the item's proof")
        self.notes += [proof.note for proof in rest]

    def cert(self):
        cert = self.open.get("cert")
        if cert is None:
            return None
        key = Key.of_record(cert.get("key"))
        if not key.certified(self.open.get("bundle"), self.first_key, cert.get("sig")):
            raise Broken("certificate that does not hold")
        return key

    def meets(self, noted):
        """Whether a checkpoint kept elsewhere is one of those here."""
        if noted.origin != self.origin:
            raise Broken("noted checkpoint of another bundle")
        roots = [note.root for note in self.notes if note.size == noted.size]
        if any(root != noted.root for root in roots):
            raise Broken("noted checkpoint with another root")
        return bool(roots)


def check_content(content, record):
    """The item itself: by the digest of its one member, or by that of the whole file in parts."""
    stored, read = record.get("stored") or {}, record.get("read") or {}
    if "member" in stored:
        size, digest = count(stored.get("bytes")), stored.get("sha256")
    else:
        size, digest = count(stored.get("size", stored.get("bytes"))), (record.get("hash") or {}).get("sha256")
    if digest is None:
        raise Refused("no digest covers the whole of it")
    is_short = "parts" in stored and "size" not in stored and read.get("short")
    covered = count(read.get("bytes", 0)) if is_short else size
    if len(content) != size or sha256(content[:covered]).hex() != digest or content[covered:].strip(b"\0"):
        raise Broken("content that is not that of the record")


def verify_item(path, proof, anchors, verdict_of):
    content, text = read_file(path), read_file(proof)
    try:
        item = Item(split_proofs(text))
        check_content(content, item.record)
        bound = anchors.bind(item.first_key, item.cert())
        if anchors.noted and item.meets(anchors.noted):
            bound.append("note")
        return {"verdict": verdict_of(item.signed, bound), "anchors": bound, "record": item.record["seq"], "fault": None}
    except Broken as e:
        return {"verdict": "broken", "fault": {"what": str(e)}}
    except (AttributeError, KeyError, TypeError):
        return {"verdict": "broken", "fault": {"what": "a record that says no such thing"}}


# ---- custody (docs/custody.md)

MEANWHILE = ("accessed", "verified", "held", "released", "extended", "received")


def same_file(one, other):
    return (one["sha256"], count(one["bytes"])) == (other["sha256"], count(other["bytes"]))


class Custody:
    """The rules, line by line."""

    def __init__(self):
        self.prev, self.seq, self.file = "0" * 64, 0, None
        self.holder = self.open = self.retain = None
        self.holds, self.disposed, self.keys, self.lines = set(), False, [], []

    def line(self, line):
        if len(line) > 65536:
            raise Broken("line that is too long")
        envelope = Envelope(line)
        event = strict_json(envelope.payload)
        try:
            key = Key.of_record(event["key"])
            if envelope.kind != "application/vnd.strandline.custody+json" or len(envelope.signatures) != 1 or \
                    not envelope.signed_by(key):
                raise Broken("not signed by the key it names, and by it alone")
            if (event["v"], event["seq"], event["prev"]) != (1, self.seq, self.prev):
                raise Broken("line that does not follow")
            self.judge(event, sha256(key.spki).hex())
        except (KeyError, TypeError, AttributeError):
            raise Broken("line that is no custody event") from None
        self.prev = sha256(line).hex()
        self.lines.append(self.prev)
        self.keys.append(key.spki)
        self.seq += 1

    def judge(self, event, who):
        action, file = event["action"], event["file"]
        if self.disposed:
            raise Broken("something after it was disposed of")
        if not self.seq:
            if action not in ("acquired", "received"):
                raise Broken("first line that is neither acquired nor received")
            self.file, self.holder = file, who
        elif action == "acquired":
            raise Broken("acquired twice")
        if not same_file(file, self.file) or event["matches"] is not True or not event["by"]:
            raise Broken("line about another file, or by nobody")
        if self.open and action not in MEANWHILE:
            raise Broken("%s while a transfer is open" % action)
        if action in ("transferred", "disposed") and who != self.holder:
            raise Broken("%s by somebody who does not hold it" % action)
        handler = getattr(self, "after_" + action, None)
        if handler:
            handler(event, who)
        self.move_retention(event)

    def after_transferred(self, event, who):
        self.open = (None, event["to_key"], who)

    def after_received(self, event, who):
        if self.seq:
            if not self.open or event["answers"] != self.open[0] or who not in self.open[1:]:
                raise Broken("received what was not transferred to this key")
            self.open, self.holder = None, who
        elif "answers" in event:
            raise Broken("first line that answers a transfer")

    def after_copied(self, event, _):
        if not same_file(event["made"], self.file):
            raise Broken("copy that is none")

    def after_redacted(self, event, _):
        if same_file(event["made"], self.file):
            raise Broken("redacted file that is the same")

    def after_held(self, event, _):
        if event.get("matter") in self.holds:
            raise Broken("hold that is there already")
        self.holds.add(event.get("matter"))

    def after_released(self, event, _):
        if event.get("matter") not in self.holds:
            raise Broken("release of a hold that is not")
        self.holds.remove(event.get("matter"))

    def after_extended(self, event, _):
        if event.get("retain_until") is None:
            raise Broken("extended until nobody knows when")

    def after_disposed(self, event, _):
        if self.holds or self.retain and event["t"] < self.retain:
            raise Broken("disposed of under a hold or too early")
        self.disposed = True

    def move_retention(self, event):
        until = event.get("retain_until")
        if until is not None:
            if self.retain and until < self.retain:
                raise Broken("retention that moves nearer")
            self.retain = until

    def finish_line(self):
        if self.open and self.open[0] is None:
            self.open = (self.prev,) + self.open[1:]


def read_custody(path):
    """All lines judged; whether a last one has no end."""
    with open(path + ".custody.jsonl", "rb") as f:
        lines = f.read().split(b"\n")
    custody = Custody()
    for line in lines[:-1]:
        custody.line(line + b"\n")
        custody.finish_line()
    return custody, lines[-1] != b""


def verify_custody(path, keys, head):
    try:
        custody, torn = read_custody(path)
        there = os.path.exists(path)
        if there and custody.file and digest_of_file(path) != custody.file["sha256"]:
            raise Broken("the file is not that of the first line")
        if head and head not in custody.lines:
            raise Broken("the noted line is not there")
    except Broken as e:
        return {"verdict": "broken", "fault": {"what": str(e)}}
    known = {key.spki for key in keys}
    after = custody.keys[custody.lines.index(head) + 1:] if head else custody.keys
    if torn or custody.open or not custody.seq or not there and not custody.disposed:
        verdict = "incomplete"
    elif not known.issuperset(after):
        verdict = "self-consistent"
    else:
        verdict = "anchored" if head else "signed"
    return {"verdict": verdict, "lines": custody.seq, "head": custody.prev, "fault": None}


def custody_beside(path):
    result = verify_custody(path, [], None)
    if result["verdict"] == "broken":
        raise Broken("custody record: " + result["fault"]["what"])
    return result["verdict"]
