# shellcheck shell=bash
# SPDX-License-Identifier: Apache-2.0
# A FUSE server that never answers, in a volume and as one: nothing waits for it.
need_root
need jq python3 unshare mountpoint
[ -e /dev/fuse ] || skip "needs /dev/fuse"
unshare -m true 2>/dev/null || skip "needs mount namespaces"
python3 "$SOURCE_DIR/tests/bench/make-host.py" "$PWD/store" 1 1
config=$(echo store/containers/*/config.v2.json)
mkdir -p bind/inner bind/z whole/below
printf '#!/bin/sh\n' | tee bind/a.sh >bind/z/b.sh
jq --arg pwd "$PWD" '(.MountPoints) = ([["/b", "bind"], ["/w", "whole"], ["/deep", "whole/below"]] | map({(.[0]):
	{Destination: .[0], Type: "bind", Source: ($pwd + "/" + .[1]), RW: true}}) | add)' "$config" >new.json
cp new.json "$config"

cat >hang.py <<'P'
# hang.py DIR...: mount FUSE there, say so, and answer nothing.
import ctypes, os, sys, time
libc = ctypes.CDLL(None, use_errno=True)
for where in sys.argv[1:]:
    fd = os.open("/dev/fuse", os.O_RDWR)
    options = f"fd={fd},rootmode=40000,user_id=0,group_id=0"
    if libc.mount(b"hang", where.encode(), b"fuse", 0, options.encode()) < 0:
        sys.exit(77)
open("mounted", "w").close()
time.sleep(60)
P
cat >inside.sh <<'S'
mount --make-rprivate / || exit 77
python3 hang.py bind/inner whole &
server=$!
for _ in $(seq 100); do [ -e mounted ] && break; sleep 0.05; done
[ -e mounted ] || exit 77
name=$(jq -r '.Name | ltrimstr("/")' "$1")
status=0
timeout -s KILL 30 "$STRANDLINE" diff "$name" --volumes --no-db --store "docker=$PWD/store" \
	--accept-unproven --format json -o doc.json 2>said || status=$?
kill "$server"
exit "$status"
S
status=0
unshare -m bash inside.sh "$config" || status=$?
[ "$status" -ne 77 ] || skip "cannot mount FUSE here"
it "nothing waits for it" same "$status" 1
gap() { jq -r --arg path "$1" '.containers[0].gaps[] | select(.what == $path) | .why' doc.json; }
slow="lies on a file system that a daemon or server answers for (FUSE, NFS): not read"
it "mounted inside of a volume it is a gap" same "$(gap /b/inner)" "another file system is mounted here"
it "what lies around it is read" same \
	"$(jq -r '[.containers[0].findings[] | select(.baseline == "none") | .path] | join(" ")' doc.json)" \
	"/b/a.sh /b/z/b.sh"
it "as the volume it is a gap that names it" same "$(gap /w)" "$slow"
it "and so it is on the way to one" same "$(gap /deep)" "$slow"
