# shellcheck shell=bash
# SPDX-License-Identifier: Apache-2.0
# Capture is killed, or its disk fills: what is left is evidence up to its last checkpoint, says
# that it is incomplete, and both verifiers agree.
need_root
need jq python3 mount
trap 'umount -l "$PWD/disk" 2>/dev/null || true' EXIT
mkdir -p image/etc oci/blobs/sha256 u/data
echo hi >image/etc/motd
python3 - <<'END'
import hashlib, json, tarfile
def blob(data):
    digest = hashlib.sha256(data).hexdigest()
    open("oci/blobs/sha256/" + digest, "wb").write(data)
    return {"digest": "sha256:" + digest, "size": len(data)}
with tarfile.open("layer.tar", "w") as tar:
    tar.add("image", arcname=".")
layer = blob(open("layer.tar", "rb").read())
kind = "application/vnd.oci.image."
config = blob(json.dumps({"architecture": "amd64", "os": "linux",
    "rootfs": {"type": "layers", "diff_ids": [layer["digest"]]}}).encode())
manifest = blob(json.dumps({"schemaVersion": 2, "mediaType": kind + "manifest.v1+json",
    "config": dict(config, mediaType=kind + "config.v1+json"),
    "layers": [dict(layer, mediaType=kind + "layer.v1.tar")]}).encode())
json.dump({"schemaVersion": 2, "manifests": [dict(manifest, mediaType=kind + "manifest.v1+json")]},
          open("oci/index.json", "w"))
open("oci/oci-layout", "w").write('{"imageLayoutVersion":"1.0.0"}')
END
for i in $(seq 12); do head -c 12000000 /dev/urandom >"u/data/$i"; done
capture=("$STRANDLINE" capture --upper u --image oci:oci --no-db)

# both FILE STATUS: both verifiers end with it, and attest the same number of records and payloads.
both() {
	exits "$2" "$STRANDLINE" verify "$1" >ours
	exits "$2" sh "$SOURCE_DIR/forensics/verify.sh" "$1" >theirs
	contains theirs "$(awk '$1 == "records" { r = $3 } $1 == "payloads" { p = $2 }
		END { sub(",", "", p); print r " records, " p " payloads" }' ours)"
}

# ---- killed
left=0
for size in 1 20000000 60000000; do
	rm -f k.tar.zst
	"${capture[@]}" -o k.tar.zst 2>/dev/null &
	pid=$!
	while kill -0 $pid 2>/dev/null && [ "$(stat -c %s k.tar.zst 2>/dev/null || echo 0)" -lt $size ]; do
		sleep 0.01
	done
	kill -9 $pid 2>/dev/null || true
	wait $pid 2>/dev/null || true
	[ -s k.tar.zst ] || continue
	left=$((left + 1))
	it "killed after $size bytes: both verifiers attest the same of it" both k.tar.zst 3
	it "killed after $size bytes: it says that it is incomplete" contains ours incomplete
	it "killed after $size bytes: what is there is shown" "$STRANDLINE" show k.tar.zst -o shown
	it "killed after $size bytes: and told in time" "$STRANDLINE" timeline k.tar.zst -o told
done
it "the kill met a capture under way" test $left -ge 2
name=$(sed -n 's/.* \(\/data\/[0-9]*\)$/\1/p' shown | head -n 1)
it "a file from before the kill is taken out" "$STRANDLINE" extract -o saved k.tar.zst "$name"
it "whole" cmp saved "u$name"

# ---- told to stop
"${capture[@]}" -o s.tar.zst 2>/dev/null &
pid=$!
while kill -0 $pid 2>/dev/null && [ "$(stat -c %s s.tar.zst 2>/dev/null || echo 0)" -lt 20000000 ]; do
	sleep 0.01
done
kill -TERM $pid 2>/dev/null || true
status=0
wait $pid || status=$?
it "a stopped capture is done with gaps" same $status 3
it "closed as such, and both verifiers agree" both s.tar.zst 3
it "and it is not called complete" contains ours incomplete

# ---- no space
mkdir disk
for room in 20 60; do
	mount -t tmpfs -o "size=${room}m" none disk 2>/dev/null || skip "cannot mount a tmpfs"
	it "on a disk of $room MiB capture is done with gaps" exits 3 "${capture[@]}" -o disk/f.tar.zst
	it "on a disk of $room MiB: closed as nospace, both verifiers agree" both disk/f.tar.zst 3
	it "on a disk of $room MiB: it says so" contains ours nospace
	umount disk
done
to_full() { "${capture[@]}" -o - >/dev/full; }
it "a device that is full is an error" exits 2 to_full
