# shellcheck shell=bash
# SPDX-License-Identifier: Apache-2.0
# Trees that nobody should have made: recorded whole or refused, and nothing reaches a terminal raw.
need jq python3 tar
db=$PWD/db
sl() { timeout 120 "$STRANDLINE" --db "$db" "$@"; }
stored() { sl images --format json | jq '.images | length'; }
# refused TEXT REF: nothing is stored, and this is said.
refused() {
	exits 2 sl index "$2" 2>said || return
	contains said "$1" && same "$(stored)" 0
}
cat >make.py <<'END2'
import os, socket, stat
os.mkdir("t"); os.chdir("t")
os.mkfifo("fifo"); socket.socket(socket.AF_UNIX).bind("socket")
for kind, number in (("char", (1, 5)), ("block", (7, 0)), ("whiteout", (0, 0))):
    try: os.mknod(kind, 0o600 | (stat.S_IFBLK if kind == "block" else stat.S_IFCHR), os.makedev(*number))
    except PermissionError: pass
for target, name in ((b"b", b"a"), (b"a", b"b"), (b".", b"here"), (b"/etc/shadow", b"out"), (b"x" * 4000, b"long"),
                     (b"../../../../etc", b"up")):
    os.symlink(target, name)
for name in (b"\xff\xfe", b"\x1b]0;owned\x07", b"new\nline", b"n" * 255, b"\xff" * 255, b".wh.fake", b".wh..wh..opq",
             b"back\\slash", b"-rf", b" ", "\u202egpj.exe".encode()):
    open(name, "wb").write(name)
os.symlink(b"n" * 255, b"link\nto")
os.link(b"new\nline", b"hard")
try: os.setxattr(b"hard", "user.odd", b"\x00\n\xff")
except OSError: pass
open("past", "w").close(); os.utime("past", ns=(-1, -1500000000))
with open("hole", "wb") as f: f.truncate(1 << 26); f.seek(1 << 20); f.write(b"x")
deep = os.open(".", os.O_RDONLY)
for i in range(600):
    os.mkdir("d", dir_fd=deep)
    inner = os.open("d", os.O_RDONLY, dir_fd=deep); os.close(deep); deep = inner
os.close(os.open("bottom", os.O_CREAT | os.O_WRONLY, dir_fd=deep))
END2
python3 make.py || skip "this file system cannot hold the tree"

sl index --format json rootfs:t >index.json
it "every object is an entry" \
	same "$(jq '.images[0].entries' index.json)" "$(find t -printf x | wc -c)"
it "the same tree has the same id" \
	same "$(sl index --format json rootfs:t | jq -r '.images[0].id')" "$(jq -r '.images[0].id' index.json)"
it "nothing in it has drifted" exits 3 sl diff --format json -o d.json --rootfs t --image rootfs:t 2>said
it "not one finding" same "$(jq '.containers[0].findings | length' d.json)" 0
it "nor a gap" same "$(jq '.containers[0].gaps | length' d.json)" 0
tar --xattrs -cf t.tar -C t . 2>/dev/null
it "its tar shows the same, but for sockets, which no tar holds" \
	exits 1 sl diff --images --format json -o d.json rootfs-tar:t.tar rootfs:t 2>said
it "and nothing else" \
	same "$(jq -r '[.containers[0].findings[].path] | join(" ")' d.json)" /socket
it "it is no image in disguise" exits 2 sl index oci:t 2>said

# ---- what cannot be read ----

rm -f "$db"*
mkdir -p u/inside mounted/inside
odd=$(printf 'odd\n\033[31mname')
echo secret >"u/inside/$odd"
drop=()
[ "$(id -u)" -ne 0 ] || drop=(setpriv --reuid 65534 --regid 65534 --clear-groups)
chmod 755 . .. && chmod -R a+rX "$PWD"
# As somebody who may not read everything, with a database of their own.
as_nobody() { "${drop[@]}" timeout 120 "$STRANDLINE" --no-db "$@"; }
it "what everybody may read is recorded by anybody" as_nobody index -q rootfs:u
chmod 000 "u/inside/$odd"
it "a file without permission is refused" exits 2 as_nobody index rootfs:u 2>said
it "by its name, which is made harmless" contains said "'/inside/odd\\x0a\\x1b[31mname': "
it "on one line" same "$(wc -l <said)" 1
chmod 644 "u/inside/$odd" && chmod 000 u/inside
it "a directory without permission is refused" exits 2 as_nobody index rootfs:u 2>said
it "by its name" contains said "'/inside': directory cannot be opened: Permission denied"
chmod 755 u/inside

# ---- what does not hold still ----

head -c 30000000 /dev/zero >u/log
while :; do echo more >>u/log; done &
writer=$!
it "a file that grows while it is read is refused" refused "changed while it was read" rootfs:u
kill "$writer"
wait "$writer" 2>/dev/null || true
it "once it holds still it is recorded" sl index -q rootfs:u
rm -f "$db"*

# ---- mounts ----

if [ "$(id -u)" -eq 0 ] && unshare -m true 2>/dev/null; then
	export STRANDLINE db
	exits 2 timeout 120 unshare -m sh -c \
		'mount -t tmpfs none mounted/inside && "$STRANDLINE" --db "$db" index rootfs:mounted' 2>said
	it "a mount inside is refused, not left out" contains said "'/inside': another file system is mounted here"
	it "and nothing stored" same "$(stored)" 0
fi

# ---- tars ----

python3 - <<'END2'
import io, tarfile
def make(name, *entries):
    tar = tarfile.open(name, "w")
    for path, kind, link in entries:
        info = tarfile.TarInfo(path); info.type, info.linkname = kind, link
        tar.addfile(info)
    tar.close()
make("climb.tar", ("../../etc/cron.d/x", tarfile.REGTYPE, ""))
make("loop.tar", ("a", tarfile.SYMTYPE, "b"), ("b", tarfile.SYMTYPE, "a"), ("a/x", tarfile.REGTYPE, ""))
make("root.tar", (".", tarfile.SYMTYPE, "/etc"))
make("unknown.tar", ("x", b"Z", ""))
make("markers.tar", ("d", tarfile.DIRTYPE, ""), ("d/.wh.x", tarfile.REGTYPE, ""), ("d/.wh..wh..opq", tarfile.REGTYPE, ""),
     (".wh..wh.plnk", tarfile.DIRTYPE, ""), (".wh..wh.plnk/1.2", tarfile.REGTYPE, ""), (".wh.", tarfile.REGTYPE, ""),
     ("d/x", tarfile.LNKTYPE, ".wh..wh.plnk/1.2"))
END2
it "a tar that climbs out of its root is refused" refused ".." rootfs-tar:climb.tar
it "so is one whose links go in circles" refused "a/x" rootfs-tar:loop.tar
it "one whose root is a link" refused "root" rootfs-tar:root.tar
it "one with entries nobody knows" refused "type 0x5a" rootfs-tar:unknown.tar
it "names of markers are names" sl index -q rootfs-tar:markers.tar
mkdir plain && tar -C plain -xf markers.tar
it "all of them" exits 3 sl diff --format json -o d.json --rootfs plain --image rootfs-tar:markers.tar
it "as tar unpacks them" same "$(jq -r '[.containers[0].findings[].path] | join(" ")' d.json)" ""

# An image that claims a recorded tree as its layer must not get the tree's rows for it.
python3 - <<'END2'
import hashlib, json, os
tar = open("markers.tar", "rb").read()
os.makedirs("oci/blobs/sha256")
def blob(data):
    digest = hashlib.sha256(data).hexdigest()
    open("oci/blobs/sha256/" + digest, "wb").write(data)
    return {"digest": "sha256:" + digest, "size": len(data)}
layer = blob(b"no such tar"); real = "sha256:" + hashlib.sha256(tar).hexdigest()
kind = "application/vnd.oci.image."
config = blob(json.dumps({"architecture": "amd64", "os": "linux", "rootfs": {"type": "layers", "diff_ids": [real]}}).encode())
manifest = blob(json.dumps({"schemaVersion": 2, "config": dict(config, mediaType=kind + "config.v1+json"),
    "layers": [dict(layer, mediaType=kind + "layer.v1.tar")]}).encode())
json.dump({"schemaVersion": 2, "manifests": [dict(manifest, mediaType=kind + "manifest.v1+json")]}, open("oci/index.json", "w"))
open("oci/oci-layout", "w").write('{"imageLayoutVersion":"1.0.0"}')
END2
it "a recorded tree never stands for an image's layer" exits 1 sl index oci:oci 2>said
it "which is read and contradicts itself" contains said "its bytes have digest"
