# shellcheck shell=bash
# SPDX-License-Identifier: Apache-2.0
# A signal ends index soon: nothing is stored, and it says why.
need jq python3
make_oci=$SOURCE_DIR/samples/make-oci.sh
sl() { "$STRANDLINE" --db store.db "$@"; }

# stop.py NUMBER SECONDS COMMAND...: send a signal while it runs, end as it does; 98: too late. FEED
# is what it gets through a pipe that is left open and says nothing more.
cat >stop.py <<'END'
import os, subprocess, sys, time
number, wait, command = int(sys.argv[1]), float(sys.argv[2]), sys.argv[3:]
feed = os.environ.get("FEED")
p = subprocess.Popen(command, stdin=subprocess.PIPE if feed else None)
if feed:
    p.stdin.write(open(feed, "rb").read()); p.stdin.flush()
time.sleep(wait)
began = time.monotonic()
p.send_signal(number)
try:
    status = p.wait(20)
except subprocess.TimeoutExpired:
    p.kill(); p.wait(); sys.exit(99)
took = time.monotonic() - began
sys.exit(98 if took > 5 else status & 255)
END
stop() { # stop SIGNAL ARGUMENT...: index, which is sent SIGNAL after half a second
	local number
	number=$(kill -l "$1")
	shift
	python3 stop.py "$number" 0.5 "$STRANDLINE" --db store.db index "$@" >out 2>err
}

mkdir -p small/etc huge
echo small >small/etc/motd
truncate -s 60G huge/file
mkdir layout
"$make_oci" layout t small
sl index -q oci:layout
before=$(sl images dump oci:layout)

it "a directory under way ends with 2 on SIGINT" exits 2 stop INT "rootfs:$PWD/huge"
it "and says why" contains err "stopped by a signal"
python3 - <<'END'
import tarfile
with open("long.tar", "wb") as f:
    t = tarfile.TarInfo("file"); t.size = 30 << 30
    f.write(t.tobuf(tarfile.GNU_FORMAT)); f.truncate(512 + t.size + 1024)
END
it "a tar file ends with 2 on SIGTERM" exits 2 stop TERM rootfs-tar:long.tar
it "and says why, too" contains err "stopped by a signal"
head -c 1000000 long.tar >part.tar
it "a pipe that says nothing more ends with 2" \
	eval 'FEED=part.tar exits 2 stop TERM rootfs-tar:-'
it "and says why as well" contains err "stopped by a signal"

# A layer of an image, larger than can be hashed in the time that it is given.
python3 - layout <<'END'
import hashlib, json, os, sys
root = sys.argv[1] + "/blobs/sha256/"
def put(data):
    name = hashlib.sha256(data).hexdigest()
    open(root + name, "wb").write(data)
    return "sha256:" + name, len(data)
index = json.load(open(sys.argv[1] + "/index.json"))
manifest = json.load(open(root + index["manifests"][0]["digest"][7:]))
config = json.load(open(root + manifest["config"]["digest"][7:]))
digest = "sha256:" + "ab" * 32
os.rename("long.tar", root + "ab" * 32)
config["rootfs"]["diff_ids"] = [digest]
d, n = put(json.dumps(config).encode())
manifest["config"].update(digest=d, size=n)
manifest["layers"] = [{"mediaType": "application/vnd.oci.image.layer.v1.tar", "digest": digest,
                       "size": os.path.getsize(root + "ab" * 32)}]
d, n = put(json.dumps(manifest).encode())
index["manifests"][0].update(digest=d, size=n)
json.dump(index, open(sys.argv[1] + "/index.json", "w"))
END
it "a layer under way ends with 2" exits 2 stop INT oci:layout
it "it is the signal that is named, no digest" contains err "stopped by a signal"
it "nothing of all that was stored" same 1 "$(sl images list --format json | jq '.images | length')"
it "what was there is as it was" same "$before" "$(sl images dump oci:layout)"
it "and the store is whole" exits 0 sl images verify -q
