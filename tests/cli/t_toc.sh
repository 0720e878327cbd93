# shellcheck shell=bash
# SPDX-License-Identifier: Apache-2.0
# Layers with a table of contents: those that others make are accepted, and are the same baseline as
# without one; a table that says something else than the tar is a contradiction, and nothing is
# stored.
need python3 zstd skopeo
export PYTHONPATH=$TESTS_DIR PYTHONDONTWRITEBYTECODE=1
python3 - <<'PY'
import gzip, json, random
from oci import *

random.seed(7)
big = random.randbytes(300000)
files = [("dir", b"bin/", None), ("reg", b"bin/su", b"su"), ("reg", b"bin/big", big),
         ("reg", b"empty", b""), ("symlink", b"sh", None), ("hardlink", b"bin/su2", None),
         ("reg", b"\xff\xfe", b"no UTF-8")]
kinds = {"dir": b"5", "reg": b"0", "symlink": b"2", "hardlink": b"1"}
def tar_of():
    out = b""
    for kind, name, content in files:
        if name == b"bin/su":
            out += pax(SCHILY__xattr__user__x=b"v\0\n")
        link = {"symlink": b"bin/su", "hardlink": b"bin/su"}.get(kind, b"")
        out += entry(name, content or b"", kind=kinds[kind], link=link,
                     mode=0o4755 if name == b"bin/su" else 0o755)
    return out
tar = tar_of() + END
image("plain", (tar, gzip.compress(tar, mtime=0)))

# eStargz, by its specification
def estargz(name, edit=lambda entries: entries):
    entries = []
    for kind, path, content in files:
        e = {"type": kind, "name": path.decode(errors="replace"),
             "mode": 0o4755 if path == b"bin/su" else 0o755}
        if kind.endswith("link"):
            e["linkName"] = "bin/su"
        if path == b"bin/su":
            e["xattrs"] = {"user.x": "dgAK"}
        if content:
            e.update(size=len(content), digest=sha256(content), offset=1,
                     chunkDigest=sha256(content[:65536]))
        entries.append(e)
        if content and len(content) > 65536:
            e["chunkSize"] = 65536
            for at in range(65536, len(content), 65536):
                entries.append({"type": "chunk", "name": e["name"], "chunkOffset": at,
                                "chunkSize": min(65536, len(content) - at), "offset": at,
                                "chunkDigest": sha256(content[at:at + 65536])})
    table = json.dumps({"version": 1, "entries": edit(entries)}).encode()
    first, last = tar_of(), entry(b"stargz.index.json", table) + END
    packed = gzip.compress(first, mtime=0)
    footer = b"\x1f\x8b\x08\x04\0\0\0\0\0\xff\x1a\0SG\x16\0%016xSTARGZ" % len(packed)
    blob = packed + gzip.compress(last, mtime=0) + footer + b"\1\0\0\xff\xff" + bytes(8)
    image(name, (first + last, blob,
                 {"containerd.io/snapshot/stargz/toc.digest": sha256(table)}))
estargz("estargz")
def setuid(entries):
    entries[2]["mode"] = 0o4755
    return entries
def chunk(entries):
    entries[4]["chunkDigest"] = sha256(b"evil")
    return entries
estargz("setuid", setuid)
estargz("chunk", chunk)
estargz("extra", lambda entries: entries + [{"type": "reg", "name": "bin/evil", "mode": 0o755}])
estargz("order", lambda entries: entries[::-1])
PY
index() { "$STRANDLINE" --no-db index "oci:$1" >out 2>err; }
contradicts() {
	exits 1 "$STRANDLINE" --db store.db index "oci:$1" >out 2>err || return 1
	contains err "$2" || return 1
	"$STRANDLINE" --db store.db images >list
	lacks list "$1"
}
skopeo copy -q --dest-compress-format zstd:chunked oci:plain oci:chunked:latest
skopeo copy -q --dest-compress-format zstd oci:plain oci:zstd:latest
it "skopeo did write a table" grep -qa GnUlInUx -r chunked/blobs
for form in plain zstd chunked estargz; do
	it "$form is accepted" index "$form"
done
it "a mode that only the table has" contradicts setuid \
	"'bin/big': the layer's table of contents and its tar differ in: mode"
it "a chunk that is not the tar's" contradicts chunk \
	"'bin/big': the layer's table of contents and its tar differ in: chunks"
it "a file that only the table has" contradicts extra "'bin/evil'"
it "a table in another order" contradicts order "where the tar has 'bin'"

# What skopeo wrote, with one digit of a mode turned, its digests made right again.
python3 - <<'PY'
import glob, json, struct
from oci import *

blob = next(b for b in (open(f, "rb").read() for f in glob.glob("chunked/blobs/sha256/*"))
            if b.endswith(b"GnUlInUx"))
at, size = struct.unpack("<2Q", blob[-40:-24])
table = subprocess.run(["zstd", "-dcq"], input=blob[at:at + size], stdout=subprocess.PIPE).stdout
tar = subprocess.run(["zstd", "-dcq"], input=blob, stdout=subprocess.PIPE).stdout
def rebuild(name, table, notes):
    packed = zstd(table)
    footer = struct.pack("<4Q", at, len(packed), len(table), 1) + b"GnUlInUx"
    prefix = "io.github.containers.zstd-chunked.manifest-"
    where = "%d:%d:%d:1" % (at, len(packed), len(table))
    image(name, (tar, blob[:at - 8] + skippable(packed) + skippable(footer),
                 {prefix + "checksum": sha256(packed), prefix + "position": where} if notes else {}))
rebuild("rebuilt", table, True)
rebuild("turned", table.replace(b'"mode":2541', b'"mode":2557'), True)
rebuild("turned-footer", table.replace(b'"mode":2541', b'"mode":2557'), False)
PY
it "its table rebuilt is accepted" index rebuilt
it "its table with another mode, named by annotations" contradicts turned "differ in: mode"
it "its table with another mode, named by the footer" contradicts turned-footer "differ in: mode"
