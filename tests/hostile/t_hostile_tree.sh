# shellcheck shell=bash
# SPDX-License-Identifier: Apache-2.0
# An upper directory as an attacker would leave it: diff and capture end, say everything, and
# nothing of it reaches the terminal raw.
need_root
need jq python3
cat >make.py <<'END'
import os, socket, stat
os.mkdir("image"); os.mkdir("image/etc"); open("image/etc/motd", "w").write("hi\n")
os.makedirs("u/h"); os.chdir("u/h")
os.mkfifo("fifo"); socket.socket(socket.AF_UNIX).bind("sock")
os.mknod("char", 0o600 | stat.S_IFCHR, os.makedev(1, 5))
os.mknod("block", 0o600 | stat.S_IFBLK, os.makedev(7, 0))
os.mknod("whiteout", 0o600 | stat.S_IFCHR, os.makedev(0, 0))
for target, name in ((b"/nowhere", b"dangling"), (b"/etc/shadow", b"absolute"), (b"b", b"a"), (b"a", b"b"),
                     (b"../../../../../../etc/shadow", b"up"), (b"x" * 4000, b"long")):
    os.symlink(target, name)
names = [b"\xff\xfe", b"\x1b]0;owned\x07\x1b[31m", b"new\nline", b"cr\rtab\t", b" lead", b"-rf", b"...",
         "\u202egpj.exe".encode(), b"n" * 255, b"\xff" * 255, b".wh.fake", b".wh..wh..opq", b"back\\slash",
         b"quote'\"", b"%s%n", b"$(id)"]
for name in names:
    open(name, "wb").write(b"x")
open("times", "w").close(); os.utime("times", ns=(-1, -1))
for i in range(100):
    os.setxattr("times", "user.%03d" % i, b"\x1b" * 16)
for name, attr, value in (("meta", "metacopy", b""), ("moved", "redirect", b"/../../etc/motd")):
    open(name, "w").write("hidden?")
    os.setxattr(name, "trusted.overlay." + attr, value)
os.mkdir("turned"); os.setxattr("turned", "trusted.overlay.redirect", b"/../..")
open("turned/inside", "w").close()
deep = os.open(".", os.O_RDONLY)
for i in range(1500):
    os.mkdir("d", dir_fd=deep)
    inner = os.open("d", os.O_RDONLY, dir_fd=deep); os.close(deep); deep = inner
os.close(os.open("bottom", os.O_CREAT | os.O_WRONLY, dir_fd=deep))
END
cat >layout.py <<'END'
# An OCI layout of one directory as its only layer.
import hashlib, io, json, os, tarfile
def blob(data):
    digest = hashlib.sha256(data).hexdigest()
    open("oci/blobs/sha256/" + digest, "wb").write(data)
    return {"digest": "sha256:" + digest, "size": len(data)}
os.makedirs("oci/blobs/sha256")
out = io.BytesIO(); tar = tarfile.open(fileobj=out, mode="w"); tar.add("image", arcname="."); tar.close()
layer = blob(out.getvalue())
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
python3 make.py || skip "this file system cannot hold the tree"
python3 layout.py
sl() { timeout 120 "$STRANDLINE" "$@"; }
# of DOCUMENT FILTER: what the filter selects of the only container.
of() { jq -r ".containers[0] | $2" "$1"; }
count=$(python3 - <<'END'
import os
def walk(fd):
    n = 0
    todo = [fd]
    while todo:
        d = todo.pop()
        for name in os.listdir(d):
            n += 1
            try: todo.append(os.open(name, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW, dir_fd=d))
            except OSError: pass
        os.close(d)
    return n
print(walk(os.open("u", os.O_RDONLY)))
END
)
find u -xdev -maxdepth 2 -printf '%P %i %m %s %T@ %C@\n' | sort >before.list

it "a hostile upper directory is walked to its end" exits 1 \
	sl diff --upper u --image oci:oci --no-db --format json -o drift.json
it "every object in it is found, whatever its name and attributes" same \
	"$(of drift.json .counts.added)" "$((count - 1))" # a whiteout of nothing shows nothing
it "nothing is said to have vanished that did not" same "$(of drift.json .counts.raced)" 0
it "what is marked to have its data elsewhere is found, too" same \
	"$(of drift.json '[.findings[] | select(.path == "/h/meta") | .change] | join(",")')" added
it "and what a mark hides is a gap" same "$(of drift.json '"\(.complete) \(.gaps | length > 0)"')" \
	"false true"
it "devices are high, at least" same "$(of drift.json '[.findings[] | select(.path == "/h/char"
	or .path == "/h/block") | .severity | . == "high" or . == "critical"] | all')" true
sl diff --upper u --image oci:oci --no-db --color always >table || true
it "no name reaches the terminal raw" bash -c \
	'! sed "s/\x1b\[[0-9;]*m//g" table | LC_ALL=C grep -nP "[\x00-\x08\x0b-\x1f\x7f]"'
it "not even one that turns the writing round" lacks table "$(printf '\u202e')"

# ---- the same, captured
it "it is captured, with gaps" exits 3 sl capture --upper u --image oci:oci --no-db -o u.tar.zst
it "the bundle is good" exits 3 sl verify u.tar.zst
it "and stock tools say so" exits 3 sh "$SOURCE_DIR/forensics/verify.sh" u.tar.zst
tar --zstd -xOf u.tar.zst --wildcards 'j/*.jsonl' >records
it "nothing is missing in it" same "$(jq -r 'select(.type == "file" and .role == "upper") | .seq' records |
	wc -l)" "$((count + 1))"
sl show u.tar.zst >shown
sl timeline u.tar.zst >>shown
it "show and timeline print no control character, either" bash -c \
	'! LC_ALL=C grep -nP "[\x00-\x08\x0b-\x1f\x7f]" shown'
mkdir out
it "an odd name is extracted inside the directory given" sl extract -o out u.tar.zst /h/-rf '/h/$(id)'
it "and nowhere else" same "$(find out -type f | wc -l)" 2
find u -xdev -maxdepth 2 -printf '%P %i %m %s %T@ %C@\n' | sort >after.list
it "and nothing in it was changed by all this" cmp before.list after.list

# ---- files that move while they are read
mkdir -p v/m
for i in $(seq 200); do head -c 20000 /dev/urandom >"v/m/$i"; done
python3 - <<'END' &
import os, time
end = time.time() + 20
while time.time() < end and not os.path.exists("finished"):
    for i in range(1, 201, 7):
        p = "v/m/%d" % i
        try:
            os.rename(p, p + ".old"); os.symlink("/etc/shadow", p); os.unlink(p); os.mkfifo(p)
            os.unlink(p); os.rename(p + ".old", p)
            with open(p, "ab") as f: f.write(b"more")
            os.truncate(p, 20000)
        except OSError: pass
END
mover=$!
status=0
for _ in 1 2; do
	sl diff --upper v --image oci:oci --no-db --format json -o moving.json || status=$?
	[ "$status" -eq 1 ] || break
	rm -f v.tar.zst
	captured=0
	sl capture --upper v --image oci:oci --no-db -o v.tar.zst || captured=$?
done
touch finished
wait "$mover" || true
it "diff ends while files are exchanged under it" same "$status" 1
it "so does capture" test "$captured" -eq 0 -o "$captured" -eq 3
it "and its bundle is good" exits 3 sl verify v.tar.zst
it "with no content from outside the tree" bash -c \
	'! tar --zstd -xOf v.tar.zst 2>/dev/null | grep -aqF "$(head -1 /etc/shadow)"'

# ---- directories and names that are exchanged, deleted and blown up under the walk
mkdir -p w/d
for i in $(seq 60); do mkdir "w/d/$i" && head -c 9000 /dev/urandom >"w/d/$i/f"; done
echo secret-of-the-host >outside
python3 - <<'END' &
import os, shutil, time
end = time.time() + 20
while time.time() < end and not os.path.exists("calm"):
    for i in range(1, 61, 5):
        p = "w/d/%d" % i
        try:
            os.rename(p, p + ".away"); os.symlink(os.path.abspath("."), p); os.unlink(p)
            os.rename(p + ".away", p); shutil.rmtree(p); os.mkdir(p)
            with open(p + "/outside", "wb") as f: f.write(b"n" * 9000)
            os.link(p + "/outside", p + "/f")
            os.truncate(p + "/f", 1 << 40); os.truncate(p + "/f", 9000)
        except OSError: pass
END
mover=$!
status=0
for _ in 1 2 3; do
	sl diff --upper w --image oci:oci --no-db --format json -o exchanged.json || status=$?
	[ "$status" -eq 1 ] || break
done
touch calm
wait "$mover" || true
it "diff ends while directories are deleted and exchanged under it" same "$status" 1
it "what nobody touched is found" same \
	"$(of exchanged.json '[.findings[].path | select(test("^/d/(2|3|4|57|58|59)/f$"))] | length')" 6
it "nothing outside of the tree was read" bash -c \
	'! grep -qF "$(sha256sum <outside | cut -d" " -f1)" exchanged.json'
it "and the table of it is sound" exits 1 sl diff --upper w --image oci:oci --no-db -o table

# A file that never holds still is said to be so, after a second try.
mkdir x
# long enough to read for the writer to have its turn on a busy machine
head -c 80000000 /dev/zero >x/log
while :; do echo more >>x/log; done &
writer=$!
status=0
sl diff --upper x --image oci:oci --no-db --format json -o growing.json || status=$?
kill "$writer"
wait "$writer" 2>/dev/null || true
it "a file that is written to all the time is compared" same "$status" 1
it "and called unstable" same \
	"$(of growing.json '.findings[] | select(.path == "/log").signals | index("unstable") != null')" true

# A terabyte of nothing would be hashed for minutes.
mkdir huge
truncate -s 1T huge/sparse
it "a terabyte of holes is not hashed" exits 1 timeout 20 "$STRANDLINE" diff --upper huge --image oci:oci --no-db \
	--format json -o huge.json
it "which is said" same "$(of huge.json '"\(.complete) \(.gaps[].what) \(.findings[0].after.sha256)"')" "false /sparse null"
# whoever wants it hashed may still stop it, and learns what is missing
# stopped COMMAND...: its exit status after SIGTERM while it reads the file; 137 when it did not end.
stopped() {
	local pid status=0
	"$STRANDLINE" "$@" >/dev/null 2>stopped.err &
	pid=$!
	for _ in $(seq 600); do
		if find "/proc/$pid/fd" -lname "*/huge/sparse" 2>/dev/null | grep -q .; then break; fi
		sleep 0.1
	done
	sleep 1
	kill -TERM "$pid"
	for _ in $(seq 600); do
		kill -0 "$pid" 2>/dev/null || break
		sleep 0.1
	done
	kill -KILL "$pid" 2>/dev/null || true
	wait "$pid" || status=$?
	echo $status
}
it "diff of a huge sparse file ends when it is told to" \
	same "$(stopped diff --max-holes 2048G --upper huge --image oci:oci --no-db --format json -o huge.json)" 1
it "and the file that was being read is a gap" \
	same "$(jq -r '.containers[0].gaps[] | select(.what == "/sparse").why' huge.json)" interrupted
it "and the document is not complete" same "$(jq .containers[0].complete huge.json)" false
it "capture of a huge sparse file ends when it is told to" \
	same "$(stopped capture --max-holes 2048G --upper huge --image oci:oci --no-db -o huge.tar.zst)" 3
it "and the bundle is closed as stopped by a signal" contains stopped.err "closed as signal"
