# SPDX-License-Identifier: Apache-2.0
"""What everything is made of: base64, strict JSON, keys, signed notes, DSSE envelopes, the Merkle tree."""
import base64
import hashlib
import json
import re

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

SPKI_HEAD = bytes.fromhex("302a300506032b6570032100")


class Broken(Exception):
    """The bytes contradict each other, or an anchor. `offset`: of the frame where it shows, when known."""

    def __init__(self, what, offset=None):
        super().__init__(what)
        self.offset = offset


class Cut(Exception):
    """The file ends before the bundle was closed."""


class Refused(Exception):
    """No statement can be made."""


def sha256(data):
    return hashlib.sha256(data).digest()


def unbase64(text):
    """Standard alphabet, with padding, unused bits zero: the one form of these bytes."""
    try:
        data = base64.b64decode(text.encode("ascii"), validate=True)
    except (ValueError, AttributeError):
        data = None
    if data is None or base64.b64encode(data).decode() != text:
        raise Broken("base64 that is none")
    return data


# ---- JSON as all readers read it (section 3)

def unique_names(items):
    if len(dict(items)) != len(items):
        raise ValueError("two members of one name")
    return dict(items)


def integer(digits):
    if not -(1 << 63) <= int(digits) < 1 << 63:
        raise ValueError("number of more than 64 bits")
    return int(digits)


def no_number(_):
    raise ValueError("number that is no integer")


def check_values(values, level=0):
    """Strings without NUL and halves of surrogate pairs, lists and objects in 64 levels at most."""
    while values:
        level += any(isinstance(v, (dict, list)) for v in values)
        if level > 64:
            raise ValueError("more than 64 levels")
        inner = []
        for value in values:
            if isinstance(value, str) and "\0" in value + value.encode().decode():
                raise ValueError("escaped NUL")
            if isinstance(value, dict):
                inner += list(value) + list(value.values())
            elif isinstance(value, list):
                inner += value
        values = inner


def strict_json(data):
    try:
        value = json.loads(data.decode("utf-8"), object_pairs_hook=unique_names, parse_int=integer,
                           parse_float=no_number, parse_constant=no_number)
        check_values([value])
        return value
    except (ValueError, RecursionError) as e:
        raise Broken("no JSON: %s" % e) from None


def one_form(value):
    return json.dumps(value, separators=(",", ":")).encode()


def count(value):
    """A number of bytes or records, which may stand as decimal digits in a string; None when it is neither."""
    if isinstance(value, str) and re.fullmatch("0|[1-9][0-9]{0,18}", value):
        return int(value)
    return value if isinstance(value, int) and not isinstance(value, bool) and value >= 0 else None


# ---- keys and signatures (section 5)

class Key:
    """An Ed25519 public key: 44 bytes of SubjectPublicKeyInfo, of which the last 32 are the key."""

    def __init__(self, spki):
        if len(spki) != 44 or not spki.startswith(SPKI_HEAD):
            raise Broken("key that cannot be read")
        self.spki, self.raw = spki, spki[12:]

    @classmethod
    def of_record(cls, key):
        if not isinstance(key, dict) or key.get("type") != 1:
            raise Broken("key of a type that is not 1")
        return cls(unbase64(key.get("spki")))

    def pem(self):
        return b"-----BEGIN PUBLIC KEY-----\n%s\n-----END PUBLIC KEY-----\n" % base64.b64encode(self.spki)

    def signed(self, signature, message):
        try:
            Ed25519PublicKey.from_public_bytes(self.raw).verify(signature, message)
            return True
        except (InvalidSignature, ValueError):
            return False

    def fingerprint(self):
        digits = sha256(self.spki)[:16].hex()
        return "-".join(digits[i:i + 4] for i in range(0, 32, 4))

    def certified(self, bundle, first, sig):
        """Whether this long-term key signed for key 0 of that bundle."""
        text = "strandline bundle epoch 0\n%s\n%s\n" % (bundle, base64.b64encode(first.spki).decode())
        return self.signed(unbase64(sig), text.encode())


class Note:
    """A checkpoint, a C2SP signed note: origin, size, root, and who signed. Without signatures it is three lines."""

    def __init__(self, data):
        lines = data.split(b"\n")
        if len(lines) < 4 or not re.fullmatch(rb"0|[1-9][0-9]{0,18}", lines[1]):
            raise Broken("checkpoint that is none")
        self.data, self.text = data, b"\n".join(lines[:3]) + b"\n"
        self.size, self.root = int(lines[1]), unbase64(lines[2].decode("ascii", "replace"))
        try:
            self.origin, tail = lines[0].decode(), data[len(self.text):].decode()
        except ValueError:
            raise Broken("checkpoint that is no text") from None
        self.signatures = [self.signature(line) for line in tail.split("\n")[1:-1]]
        if tail not in ("", "\n") and not re.fullmatch("\n(\u2014 .+\n)+", tail):
            raise Broken("checkpoint that is none")

    @staticmethod
    def signature(line):
        match = re.fullmatch("\u2014 ([^ +]+) ([A-Za-z0-9+/=]+)", line)
        if not match:
            raise Broken("checkpoint with a line that is no signature")
        return match[1], unbase64(match[2])

    def signed_by(self, name, key):
        """Whether this key signed under this name, and well wherever it says so."""
        keyid = sha256(name.encode() + b"\n\x01" + key.raw)[:4]
        own = [blob[4:] for who, blob in self.signatures if who == name and blob[:4] == keyid]
        return bool(own) and all(key.signed(signature, self.text) for signature in own)


class Envelope:
    """A DSSE envelope."""

    def __init__(self, data):
        document = strict_json(data)
        try:
            self.kind, self.payload = document["payloadType"], unbase64(document["payload"])
            self.signatures = [(s.get("keyid"), unbase64(s["sig"])) for s in document["signatures"]]
            self.pae = b"DSSEv1 %d %s %d " % (len(self.kind.encode()), self.kind.encode(), len(self.payload))
            form = one_form({"payloadType": self.kind, "payload": document["payload"], "signatures": [
                {"keyid": s.get("keyid"), "sig": s["sig"]} for s in document["signatures"]]})
        except (KeyError, TypeError, AttributeError):
            raise Broken("no DSSE envelope") from None
        if data not in (form, form + b"\n"):
            raise Broken("DSSE envelope in another form than its one")

    def signed_by(self, key):
        own = [sig for keyid, sig in self.signatures if keyid == sha256(key.spki).hex()]
        return bool(own) and all(key.signed(sig, self.pae + self.payload) for sig in own)


# ---- the tree of RFC 6962 (section 5)

class Tree:
    """Grows leaf by leaf; holds the roots of its full subtrees, largest first."""

    def __init__(self):
        self.size, self.roots = 0, []

    def add(self, line):
        node, n = sha256(b"\0" + line), self.size
        while n & 1:
            node = sha256(b"\1" + self.roots.pop() + node)
            n >>= 1
        self.roots.append(node)
        self.size += 1

    def root(self):
        if not self.roots:
            return sha256(b"")
        node = self.roots[-1]
        for left in reversed(self.roots[:-1]):
            node = sha256(b"\1" + left + node)
        return node


def root_by_proof(line, index, size, hashes):
    """The root to which an inclusion proof leads (RFC 6962, section 2.1.1); None where it does not fit."""
    node, at, last = sha256(b"\0" + line), index, size - 1
    for beside in hashes:
        if last == 0:
            return None
        if at & 1 or at == last:
            node = sha256(b"\1" + beside + node)
            while not at & 1 and at:
                at, last = at >> 1, last >> 1
        else:
            node = sha256(b"\1" + node + beside)
        at, last = at >> 1, last >> 1
    return node if last == 0 and index < size else None
