#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Make a notation envelope with openssl: notation.py KEY ALG CHAIN DIGEST SIZE [EDIT...]

KEY signs (PEM), CHAIN is a PEM file with the signer's certificate first. An EDIT is a line of
Python on these names before signing: p (protected headers), t (targetArtifact), payload (bytes or
None: made from t); lines that begin with "after:" run behind it, on env (the envelope).
"""
import base64, json, re, subprocess, sys

key, alg, chain, digest, size = sys.argv[1:6]
edits = sys.argv[6:]
NOTARY = "io.cncf.notary."
url = lambda b: base64.urlsafe_b64encode(b).rstrip(b"=").decode()
p = {
    "alg": alg, "cty": "application/vnd.cncf.notary.payload.v1+json",
    "crit": [NOTARY + "signingScheme"],
    NOTARY + "signingScheme": "notary.x509", NOTARY + "signingTime": "2025-01-01T00:00:00Z",
}
t = {"mediaType": "application/vnd.oci.image.manifest.v1+json", "digest": digest,
     "size": int(size)}
payload = None
names = globals()
for edit in edits:
    if not edit.startswith("after:"):
        exec(edit, names)
if payload is None:
    payload = json.dumps({"targetArtifact": t}).encode()
protected = url(json.dumps(p).encode() if isinstance(p, dict) else p)
signed = (protected + "." + url(payload)).encode()


def openssl(*args):
    return subprocess.run(["openssl", "dgst", *args, "-sign", key], input=signed,
                          capture_output=True, check=True).stdout


def raw(der, width):
    """SEQUENCE { INTEGER r, INTEGER s } to r and s side by side."""
    at = 3 if der[1] & 0x80 else 2
    out = b""
    for _ in range(2):
        n = der[at + 1]
        out += int.from_bytes(der[at + 2:at + 2 + n], "big").to_bytes(width, "big")
        at += 2 + n
    return out


bits = alg[2:] if alg[2:] in ("256", "384", "512") else "256"
if alg.startswith("PS"):
    signature = openssl("-sha" + bits, "-sigopt", "rsa_padding_mode:pss",
                        "-sigopt", "rsa_pss_saltlen:-1")
elif alg.startswith("ES"):
    signature = raw(openssl("-sha" + bits), {"256": 32, "384": 48, "512": 66}[bits])
elif alg == "none":
    signature = b""
else:
    signature = openssl("-sha" + bits)
pems = re.findall("-----BEGIN CERTIFICATE-----(.*?)-----END", open(chain).read(), re.S)
env = {
    "payload": url(payload), "protected": protected,
    "header": {"x5c": ["".join(c.split()) for c in pems], NOTARY + "signingAgent": "test/1"},
    "signature": url(signature),
}
for edit in edits:
    if edit.startswith("after:"):
        exec(edit[6:], names)
print(json.dumps(env))
