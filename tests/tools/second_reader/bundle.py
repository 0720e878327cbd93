# SPDX-License-Identifier: Apache-2.0
"""The bundle: segments, records, checkpoints, the end (docs/bundle-format.md, sections 2 to 8)."""
import re

from container import Members, check_seek_table
from contents import Contents, path_of
from forms import Broken, Cut, Envelope, Key, Note, Refused, Tree, count, one_form, sha256, strict_json

STATUSES = ("complete", "aborted", "nospace", "signal", "deadline")
NUMBER = b"(?:0|[1-9][0-9]{0,18})"
TIME = b"[0-9]{4}-(0[1-9]|1[0-2])-(0[1-9]|[12][0-9]|3[01])T([01][0-9]|2[0-3]):[0-5][0-9]:([0-5][0-9]|60)\\.[0-9]{9}Z"
HEAD = re.compile(b'\\{"v":1,"seq":%s,"prev":"[0-9a-f]{64}",'
                  b'"t":"%s","boot_ns":"%s","type":"[a-z0-9._-]{1,32}","target":%s[,}]' % (NUMBER, TIME, NUMBER, NUMBER))


class Segment:
    """The members of one segment, read but not judged. Where one is missing, the file was cut."""

    def __init__(self, number):
        self.number, self.payloads = number, {}
        self.journal = self.note = self.key = self.close = None


class Bundle:
    """Reads a bundle to its end or to the first thing that is wrong."""

    def __init__(self, frames, anchors):
        self.members, self.frames, self.anchors = Members(frames), frames, anchors
        self.ahead, self.late = None, None
        self.tree, self.prev, self.seq = Tree(), "0" * 64, 0
        self.contents, self.places, self.files = Contents(), {}, []
        self.id = self.key = self.first_key = self.cert = self.note = self.status = self.signed = None
        self.segments = self.attested = self.payloads = self.payload_bytes = self.gaps = 0
        self.closed, self.bound, self.offset = False, [], 0

    # members, in the order that section 2 demands

    def peek(self):
        """The next member; None at the end of the archive. What is wrong with it is told when it is its turn."""
        if self.ahead is None:
            self.ahead = [self.members.next()]
        return self.ahead[0]

    def take(self, name, limit=64 << 20):
        member = self.peek()
        if not member or member.name != name:
            raise Broken("%s stands where %r should" % (member and repr(member.name) or "the end", name),
                         self.members.offset())
        if len(member.content) > limit:
            raise Broken("member %r that is far too large" % name, member.offset)
        self.ahead = None
        return member

    def read(self):
        head = self.take("README.txt").content, self.take("verify.sh").content
        while True:
            segment = self.read_segment()
            self.judge_segment(segment, head)
            if segment.close:
                self.offset = segment.close.offset
                self.check_close(segment.close.content)
                return self.read_tail()
            if self.status and self.peek():
                raise Broken("something else than a close statement behind the close record", self.members.offset())

    def read_segment(self):
        segment = Segment(self.segments)
        name = "j/%06d." % segment.number
        while self.peek() and self.peek().name.startswith("d/"):
            member, self.ahead = self.peek(), None
            if member.name in segment.payloads:
                raise Broken("member %r is there twice" % member.name, member.offset)
            if len(segment.payloads) == 524288:
                raise Refused("a segment of more than 524288 payloads")
            segment.payloads[member.name] = member
        segment.journal = self.take(name + "jsonl")
        segment.note = self.take(name + "note", 64 << 10)
        segment.key = self.take(name + "pub.pem", 4 << 10)
        try:
            if self.peek() and self.peek().name == "j/close.intoto.json":
                segment.close = self.take("j/close.intoto.json", 1 << 20)
        except (Cut, Broken):
            pass  # of the next segment: it is met again there, after this one was judged
        return segment

    # a segment

    def judge_segment(self, segment, head):
        self.offset = segment.journal.offset
        key = self.key
        last = self.read_journal(segment)
        self.offset = segment.note.offset
        if not segment.number:
            key = self.first_key
        if segment.key.content != key.pem():
            raise Broken("key file that is not the key that was announced")
        self.check_note(Note(segment.note.content), segment.number, key)
        self.closing_key = key
        self.payloads += len(segment.payloads)
        self.payload_bytes += sum(len(p.content) for p in segment.payloads.values())
        self.segments, self.attested = self.segments + 1, self.seq
        if not segment.number:
            self.offset = 0
            self.check_head(*head)
        self.last = last

    def read_journal(self, segment):
        journal, unnamed, last = segment.journal.content, dict(segment.payloads), None
        if not journal:
            raise Broken("segment without records")
        lines = journal.split(b"\n")
        for number, line in enumerate(lines[:-1]):
            self.offset = segment.journal.offset
            last = self.read_record(line + b"\n")
            self.take_payloads(last, segment.payloads, unnamed)
            self.offset = segment.journal.offset
            self.take_record(last, segment.number, number == len(lines) - 2 and not lines[-1])
            self.prev = sha256(line + b"\n").hex()
            self.tree.add(line + b"\n")
            self.seq += 1
            self.meet_noted_checkpoint()
        if lines[-1]:
            raise Broken("line without an end")
        for name, member in unnamed.items():
            raise Broken("no record names member %r" % name, member.offset)
        return last

    # records (section 3)

    def read_record(self, line):
        if len(line) > 65536 or not HEAD.match(line) or any(byte < 32 for byte in line[:-1]):
            raise Broken("record that is too long, does not begin as all do, or has a control character")
        record = strict_json(line)
        if record["seq"] != self.seq:
            raise Broken("record %r stands where %d should" % (record["seq"], self.seq))
        if record["prev"] != self.prev or record["target"] >= 1 << 32:
            raise Broken("record that does not continue the chain")
        return record

    def take_record(self, record, segment, is_last):
        kind = record["type"]
        if (kind == "open") != (record["seq"] == 0):
            raise Broken("open record out of place, or none")
        if (kind in ("epoch", "close")) != is_last:
            raise Broken("segment that does not end in its one epoch or close record")
        if kind == "open":
            self.take_open(record)
        elif kind == "epoch":
            if count(record.get("epoch")) != segment + 1:
                raise Broken("epoch record of another epoch")
            self.key = Key.of_record(record.get("key"))
        elif kind == "close":
            if record.get("status") not in STATUSES:
                raise Broken("close record with an unknown status")
            self.status = record["status"]
        self.gaps += kind == "gap"

    def take_open(self, record):
        self.id = record.get("bundle")
        if not re.fullmatch("[0-9a-f]{32}", str(self.id)):
            raise Broken("open record without the bundle's number")
        self.check_noted_bundle()
        self.first_key = self.key = Key.of_record(record.get("key"))
        if record.get("fingerprint") != self.first_key.fingerprint():
            raise Broken("fingerprint that is not that of key 0")
        self.head = record.get("readme_sha256"), record.get("verify_sha256")
        if record.get("cert") is not None:
            if not isinstance(record["cert"], dict):
                raise Broken("certificate that is none")
            self.cert = Key.of_record(record["cert"].get("key"))
            if not self.cert.certified(self.id, self.first_key, record["cert"].get("sig")):
                raise Broken("certificate that does not hold")

    # payloads (section 4)

    def take_payloads(self, record, payloads, unnamed):
        found = [self.payload(record, record.get(key), payloads, unnamed) for key in ("stored", "attributes")]
        self.contents.take(record, *found)
        if found[0] and record["type"] in ("file", "part"):
            self.places[record["seq"]] = found[0].frame, found[0].at
        if record["type"] == "file":
            self.files.append((record, found[1]))

    def payload(self, record, what, payloads, unnamed):
        """The member that `stored` or `attributes` names, held against it; None where it names none."""
        if not isinstance(what, dict) or not isinstance(what.get("member"), str):
            return None
        name, size, digest = what["member"], count(what.get("bytes")), what.get("sha256")
        if size is None or not re.fullmatch("[0-9a-f]{64}", str(digest)):
            raise Broken("record without size or digest of its member")
        if not name.startswith("d/%08d/" % record["seq"]) or name not in payloads:
            raise Broken("record that names a member that is not there, or is not its own")
        member = payloads[name]
        self.offset = member.offset
        if not unnamed.pop(name, None):
            raise Broken("two records name the same member")
        if len(member.content) != size or sha256(member.content).hex() != digest:
            raise Broken("payload %r is not what its record says" % name)
        return member

    # checkpoints (section 5)

    def check_note(self, note, number, key):
        if note.origin != "strandline/bundle/" + self.id:
            raise Broken("checkpoint of another bundle")
        if note.size != self.seq or note.root != self.tree.root():
            raise Broken("checkpoint with another size or root than the records have")
        self.signed = bool(note.signatures) if self.signed is None else self.signed
        if self.signed != bool(note.signatures) or \
                self.signed and not note.signed_by("%s/epoch/%d" % (note.origin, number), key):
            raise Broken("checkpoint that is not signed by the key of its segment")
        if self.signed and self.status and self.cert and not note.signed_by(note.origin + "/key", self.cert):
            raise Broken("last checkpoint that the long-term key did not sign")
        if len(note.signatures) > 1 + bool(self.status and self.cert):
            raise Broken("checkpoint with signatures that are nobody's business")
        self.note = note

    def check_head(self, readme, script):
        """What the user brought, against the open record; then the head of the file against it."""
        self.bound = self.anchors.bind(self.first_key, self.cert)
        if self.head != (sha256(readme).hex(), sha256(script).hex()):
            raise Broken("README.txt or verify.sh that is not that of the open record")

    def check_noted_bundle(self):
        noted = self.anchors.noted
        if noted and noted.origin != "strandline/bundle/" + self.id:
            raise Broken("noted checkpoint of another bundle")

    def meet_noted_checkpoint(self):
        noted = self.anchors.noted
        if noted and noted.size == self.seq and noted.root != self.tree.root():
            raise Broken("records that are not those of the noted checkpoint")

    def check_noted_size(self):
        noted = self.anchors.noted
        if noted and noted.size > self.attested:
            raise Broken("noted checkpoint of %d records, %d are there" % (noted.size, self.attested))
        if noted:
            self.bound.append("note")

    # the end (sections 6 and 7)

    def check_close(self, content):
        if not self.status:
            raise Broken("close statement without a close record")
        envelope = Envelope(content)
        if envelope.kind != "application/vnd.in-toto+json" or not self.signed and envelope.signatures:
            raise Broken("close statement of another type, or signed though no checkpoint is")
        if self.signed and len(envelope.signatures) != 1 + bool(self.cert):
            raise Broken("close statement with more or fewer signatures than keys")
        for key in [self.closing_key] + [self.cert] * bool(self.cert):
            if self.signed and not envelope.signed_by(key):
                raise Broken("close statement that is not signed by the last key and the long-term key")
        try:
            self.check_statement(strict_json(envelope.payload), envelope.payload)
        except (KeyError, TypeError, IndexError):
            raise Broken("close statement that is none") from None
        self.check_counts()

    def check_statement(self, statement, text):
        subject, said = statement["subject"], statement["predicate"]
        if statement["_type"] != "https://in-toto.io/Statement/v1" or \
                statement["predicateType"] != "strandline/bundle-close/v1" or len(subject) != 1 or \
                (subject[0]["name"], subject[0]["digest"]["sha256"]) != (self.note.origin, self.note.root.hex()) or \
                (said["bundle"], said["status"], count(said["records"]), said["note_sha256"]) != (
                    self.id, self.status, self.seq, sha256(self.note.data).hex()):
            raise Broken("close statement that speaks of something else")
        form = {"_type": statement["_type"], "subject": [{"name": self.note.origin, "digest": {"sha256": self.note.root.hex()}}],
                "predicateType": statement["predicateType"], "predicate": {
                    "bundle": self.id, "status": self.status, "records": self.seq,
                    "note_sha256": sha256(self.note.data).hex(), "finished": said["finished"]}}
        if text != one_form(form) or not re.fullmatch(TIME.decode(), said["finished"]):
            raise Broken("close statement in another form than its one")

    def check_counts(self):
        """What the close record counted is the writer's word: no part of the verdict."""
        for key, found in (("records", self.seq), ("payloads", self.payloads),
                           ("payload_bytes", self.payload_bytes), ("gaps", self.gaps)):
            if count(self.last.get(key)) != found:
                self.contents.fault(self.last, "%s: there are %d" % (key, found))

    def read_tail(self):
        index = self.take("j/index")
        if self.peek():
            raise Broken("member behind the index", self.members.offset())
        rest = self.frames.list[self.members.frame.number + 1:]
        if not rest:
            raise self.frames.end
        self.offset = rest[0].offset
        if not self.frames.packed(rest[0]).startswith(b"\x5e\x2a\x4d\x18"):
            raise Broken("bytes behind the end of the archive")
        check_seek_table(self.frames, rest[0])
        if rest[0].offset + rest[0].length != len(self.frames.data):
            raise Broken("bytes behind the seek table")
        self.closed = True
        self.check_index(index.content)

    def check_index(self, index):
        """The index carries no trust: what is wrong with it is named, and is no contradiction."""
        want = {b"strandline-index 1", b""}
        for record, attributes in self.files:
            stored = record.get("stored")
            first = count(stored.get("of", record["seq"])) if isinstance(stored, dict) else None
            path = path_of(record, attributes)
            if first in self.places and path:
                name = b"%s\0%d\0%s" % (str(record.get("role")).encode(), record["target"], path)
                want.add(b"%s %d %d %d" % ((sha256(name).hex()[:16].encode(), record["seq"]) + self.places[first]))
        wrong = want.symmetric_difference(index.split(b"\n"))
        if wrong:
            self.contents.faults.append("index: %r stands in it alone, or is missing" % sorted(wrong)[0])
