#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""A second reader of Strandline bundles, written from the documents.

    python3 second_reader verify BUNDLE...  [--fingerprint TEXT] [--key PEM] [--note FILE] [--ca PEM]
                                            [--identity FILE] [--no-sidecars]
    python3 second_reader item FILE         [--proof FILE] [--fingerprint TEXT] [--key PEM] [--note FILE]
    python3 second_reader custody FILE      [--key PEM]... [--head SHA256]

It shares nothing with the program but docs/bundle-format.md, item-proof.md and custody.md, to which section numbers
refer. Beyond Python 3 and its `cryptography` it needs the programs zstd, for encrypted bundles age, for time stamps
openssl. One line of JSON for each file; the exit status is that of docs/bundle-format.md, section 8, of several files
the worst.
"""
import argparse
import json
import mmap
import os
import re
import subprocess
import sys
import tempfile

import beside
from bundle import Bundle
from container import Frames
from forms import Broken, Cut, Key, Note, Refused

STATUS = {"anchored": 0, "signed": 0, "broken": 1, "self-consistent": 3, "unsigned": 3, "incomplete": 3}


class Anchors:
    """What the user brings from outside."""

    def __init__(self, args):
        self.fingerprint = re.sub("[-: ]", "", args.fingerprint or "").lower()
        self.keys = [Key(beside.spki_of_pem(path)) for path in args.key]
        self.noted = Note(beside.read_file(args.note)) if args.note else None

    def bind(self, first_key, cert):
        """Which of fingerprint and key bind. Raises Broken where one contradicts."""
        bound = []
        if self.fingerprint:
            if self.fingerprint != first_key.fingerprint().replace("-", ""):
                raise Broken("another fingerprint than the noted one")
            bound.append("fingerprint")
        if self.keys and cert:
            if cert.spki != self.keys[0].spki:
                raise Broken("certified by another long-term key than the given one")
            bound.append("key")
        return bound


def verdict_of(signed, bound):
    """Of what is intact and complete (section 8)."""
    if not signed:
        return "unsigned"
    if set(bound) - {"key"}:
        return "anchored"
    return "signed" if bound else "self-consistent"


def judge(data, anchors, early):
    """Read plain bytes of a bundle; `early`: how they were cut from outside. The result, and the bundle."""
    bundle, fault = Bundle(Frames(data), anchors), None
    try:
        try:
            bundle.read()
            if early:
                bundle.closed = False
                raise early
        except Cut:
            fault = {"what": "the file ends before it was closed", "offset": bundle.frames.end_offset}
        bundle.check_noted_size()
        whole = bundle.closed and bundle.status == "complete"
        verdict = verdict_of(bundle.signed, bundle.bound) if whole else "incomplete"
        if bundle.closed and not whole:
            fault = {"what": "closed, but not as complete", "offset": bundle.offset}
    except Broken as e:
        verdict = "broken"
        fault = {"what": str(e), "offset": bundle.offset if e.offset is None else e.offset}
    if fault:
        fault.update(record=bundle.seq, segment=bundle.segments)
    return {
        "verdict": verdict, "bundle": bundle.id, "closed": bundle.status if bundle.closed else None,
        "fingerprint": bundle.first_key and bundle.first_key.fingerprint(), "anchors": bundle.bound,
        "records": bundle.seq, "attested": bundle.attested if bundle.signed else 0, "segments": bundle.segments,
        "payloads": bundle.payloads, "payload_bytes": bundle.payload_bytes, "gaps": bundle.gaps,
        "root": bundle.note and bundle.note.root.hex(), "fault": fault,
        "files_checked": bundle.contents.checked, "contents": bundle.contents.faults}, bundle


# ---- encryption (section 10): the age program opens it

def how_age_ended(path, plain_bytes):
    """Where age stopped inside of the file: whether that is a cut, or a chunk that does not authenticate."""
    data = beside.read_file(path)
    payload = data.index(b"\n", data.index(b"\n--- ") + 1) + 1 + 16
    rest = len(data) - payload - plain_bytes // 65536 * 65552
    return Cut() if rest < 65552 else Broken("chunk that does not authenticate")


def decrypted(path, identity):
    """The plain bytes of an age file in a temporary file, and how it ended early (None: it did not)."""
    if not identity:
        raise Refused("encrypted: it takes an identity")
    plain = tempfile.TemporaryFile()
    done = subprocess.run(["age", "-d", "-i", identity, path], stdout=plain, stderr=subprocess.PIPE, check=False)
    size = plain.seek(0, os.SEEK_END)
    if done.returncode == 0:
        return plain, None
    if not size:
        raise Refused("age: " + done.stderr.decode("utf-8", "replace").strip())
    return plain, how_age_ended(path, size)


def verify(path, anchors, identity):
    with open(path, "rb") as file:
        early = None
        if file.read(22) == b"age-encryption.org/v1\n":
            file, early = decrypted(path, identity)
        size = file.seek(0, os.SEEK_END)
        data = mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) if size else b""
        return judge(data, anchors, early)


def run(args, path):
    try:
        anchors = Anchors(args)
        if args.command == "item":
            result = beside.verify_item(path, args.proof or path + ".tlog-proof", anchors, verdict_of)
        elif args.command == "custody":
            result = beside.verify_custody(path, anchors.keys, args.head)
        else:
            result, bundle = verify(path, anchors, args.identity)
            if not args.no_sidecars:
                beside.look_beside(path, result, bundle, args.ca, verdict_of)
        status = 1 if result.get("contradicted") else STATUS[result["verdict"]]
        return dict(file=path, exit_status=status, **result)
    except (Refused, OSError) as e:
        return {"file": path, "exit_status": 2, "verdict": None, "fault": {"what": str(e)}}


def parse_arguments():
    parser = argparse.ArgumentParser(description="Read, verify and judge bundles without Strandline.")
    parser.set_defaults(fingerprint=None, note=None, ca=None, identity=None, proof=None, head=None)
    commands = parser.add_subparsers(dest="command", required=True)
    for name in ("verify", "item", "custody"):
        sub = commands.add_parser(name)
        sub.add_argument("files", nargs="+" if name == "verify" else 1)
        sub.add_argument("--key", action="append", default=[], help="public key, PEM")
        if name == "custody":
            sub.add_argument("--head", help="SHA-256 of a line, from your notes")
            continue
        sub.add_argument("--fingerprint", help="from your notes")
        sub.add_argument("--note", help="a checkpoint kept elsewhere")
        if name == "item":
            sub.add_argument("--proof", help="by default FILE.tlog-proof")
            continue
        sub.add_argument("--ca", help="certificates to which time stamps must lead, PEM")
        sub.add_argument("--identity", help="file of age identities")
        sub.add_argument("--no-sidecars", action="store_true")
    return parser.parse_args()


def main():
    args = parse_arguments()
    statuses = set()
    for path in args.files:
        result = run(args, path)
        statuses.add(result["exit_status"])
        print(json.dumps(result), flush=True)
    return next((s for s in (1, 2, 3) if s in statuses), 0)


if __name__ == "__main__":
    sys.exit(main())
