# shellcheck shell=bash
# SPDX-License-Identifier: Apache-2.0
# Image against image: what an upgrade changes, by what both show together.
need jq python3
db=$PWD/db
sl() { timeout 120 "$STRANDLINE" --db "$db" "$@"; }
found() { jq -r '[.containers[0].findings[] | .change + " " + .path] | join(", ")' found.json; }
# finds STATUS WANT ARGUMENT...: diff --images ends with this status and finds just these changes.
finds() {
	local status=$1 want=$2
	shift 2
	exits "$status" sl diff --images --format json -o found.json "$@" 2>said || return
	same "$(found)" "$want"
}
cat >layout.py <<'END2'
# layout.py DIR TAG LAYER...: an OCI layout. A layer is words "PATH=TEXT", "PATH/" or "PATH@TARGET".
import hashlib, io, json, os, sys, tarfile
root, tag = sys.argv[1:3]
def blob(data):
    digest = hashlib.sha256(data).hexdigest()
    os.makedirs(root + "/blobs/sha256", exist_ok=True)
    open(root + "/blobs/sha256/" + digest, "wb").write(data)
    return {"digest": "sha256:" + digest, "size": len(data)}
layers = []
for line in sys.argv[3:]:
    out = io.BytesIO(); tar = tarfile.open(fileobj=out, mode="w")
    for word in line.split():
        info = tarfile.TarInfo(); info.mtime = 1600000000
        name, text = (word.split("=") + [""])[:2]
        if word.endswith("/"): info.type, info.mode, name = tarfile.DIRTYPE, 0o755, word[:-1]
        elif "@" in word: name, info.linkname = word.split("@"); info.type = tarfile.SYMTYPE
        elif name.endswith("!"): name, info.mode = name[:-1], 0o4755
        info.name, info.size = name, len(text)
        tar.addfile(info, io.BytesIO(text.encode()))
    tar.close(); layers.append(blob(out.getvalue()))
    open("last.tar", "wb").write(out.getvalue())
kind = "application/vnd.oci.image."
config = blob(json.dumps({"architecture": "amd64", "os": "linux", "rootfs": {"type": "layers",
    "diff_ids": [l["digest"] for l in layers]}}).encode())
manifest = blob(json.dumps({"schemaVersion": 2, "mediaType": kind + "manifest.v1+json",
    "config": dict(config, mediaType=kind + "config.v1+json"),
    "layers": [dict(l, mediaType=kind + "layer.v1.tar") for l in layers]}).encode())
try: index = json.load(open(root + "/index.json"))
except OSError: index = {"schemaVersion": 2, "manifests": []}
index["manifests"] = [m for m in index["manifests"]
                      if m["annotations"]["org.opencontainers.image.ref.name"] != tag]
index["manifests"].append(dict(manifest, mediaType=kind + "manifest.v1+json",
    annotations={"org.opencontainers.image.ref.name": tag}))
json.dump(index, open(root + "/index.json", "w"))
open(root + "/oci-layout", "w").write('{"imageLayoutVersion":"1.0.0"}')
END2
base='etc/ etc/motd=hello etc/passwd=root app/ app/old=1 app/kept=k usr/ usr/tool=x bin@usr'
python3 layout.py oci 1 "$base"
python3 layout.py oci 2 "$base" \
	'etc/motd=changed etc/new=n app/.wh..wh..opq= app/kept=k usr/tool!=x' 'etc/.wh.passwd= bin@app'
python3 layout.py oci squashed \
	'etc/ etc/motd=changed etc/new=n app/ app/kept=k usr/ usr/tool!=x bin@app'

it "--no-index refuses an image that is not stored" exits 2 sl diff --no-index --images oci:oci:1 oci:oci:2 2>said
it "and names it" contains said "is not indexed"
it "an image equals itself" finds 0 "" oci:oci:1 oci:oci:1
upgrade="deleted /app/old, modified /bin, modified /etc/motd, added /etc/new, deleted /etc/passwd, metadata /usr/tool"
it "whiteouts and opaque directories of any layer count" finds 1 "$upgrade" oci:oci:1 oci:oci:2
id() { sl images --format json | jq -r --arg n "$1" '.images[] | select(.name | endswith(":" + $n)).id'; }
one=$(id 1) two=$(id 2)
it "the document names the image before" \
	same "$(jq -r '.containers[0] | .image.id, .layers.trust' found.json)" "$one
proven"
it "and the one after" \
	same "$(jq -r '.containers[0].after_image | .ref, .id, .digest_verified, .layers.trust' found.json)" \
	"oci:oci:2
$two
true
proven"
it "which is the container of engine image" \
	same "$(jq -r '.containers[0] | .engine, .id, .name, .state' found.json)" "image
$two
oci:oci:2
unknown"
it "the other way round is the mirror image" \
	finds 1 "added /app/old, modified /bin, modified /etc/motd, deleted /etc/new, added /etc/passwd, metadata /usr/tool" \
	oci:oci:2 oci:oci:1
it "the same tree in other layers is no difference" finds 0 "" oci:oci:2 oci:oci:squashed
it "ids stand for what is stored" finds 1 "$upgrade" "$one" "$(echo "$two" | cut -c8-19)"
it "rules judge what an upgrade brings" \
	jq -e '.containers[0].findings[] | select(.path == "/usr/tool") | .signals | index("setuid")' found.json >/dev/null
it "an empty mount point is no engine's in an image" python3 layout.py oci stub "$base proc/"
it "but a difference" finds 1 "added /proc" oci:oci:1 oci:oci:stub
sl diff --images --format jsonl oci:oci:1 oci:oci:2 >lines || true
it "jsonl ends with both images" \
	same "$(jq -r 'select(.record == "container") | .image.id, .after_image.id' lines)" "$one
$two"
sl diff --images oci:oci:1 oci:oci:2 >table || true
it "the table names both" contains table "before     oci:oci:1"
it "and both" contains table "after      oci:oci:2"
it "and speaks of differences" contains table "differences found"
it "a container's document has no image after" \
	same "$(mkdir e; sl diff --format json --rootfs e --image oci:oci:1 | jq '.containers[0] | has("after_image")')" false
python3 layout.py oci squashed 'etc/ etc/motd=changed etc/new=n app/ app/kept=k usr/ usr/tool!=x bin@app'
it "a recorded side after makes no difference unproven" finds 3 "" oci:oci:squashed rootfs-tar:last.tar
it "so does one before" finds 3 "" rootfs-tar:last.tar oci:oci:squashed
it "which the operator may accept" finds 0 "" --accept-unproven rootfs-tar:last.tar oci:oci:squashed
sl diff --images oci:oci:squashed rootfs-tar:last.tar >table || true
it "and the table says why" contains table "a recording that no image proves"
it "one image is not two" exits 2 sl diff --images oci:oci:1 2>said
it "nor is --image" exits 2 sl diff --images --image x oci:oci:1 oci:oci:2 2>said
if python3 -c 'import jsonschema' 2>/dev/null; then
	it "the document follows its schema" python3 -c 'import json, sys, jsonschema
jsonschema.validate(json.load(open("found.json")), json.load(open(sys.argv[1])))' \
		"$SOURCE_DIR/docs/schema/drift-1.schema.json"
fi
rm -r oci
it "what is stored is enough when the image is gone" finds 1 "$upgrade" oci:oci:1 oci:oci:2
