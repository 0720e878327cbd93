# shellcheck shell=bash
# SPDX-License-Identifier: Apache-2.0
# The store of a user who runs Podman without root: his own, with his shift of ids; on a disk, and
# while it runs.
# shellcheck source=tests/engines/lib-rootless.sh
. "$TESTS_DIR/engines/lib-rootless.sh"
need podman conmon runc
rootless_start 54321
"$SOURCE_DIR/samples/make-image.sh" "$PWD/tree"
mkdir "$PWD/tree/owned"
: >"$PWD/tree/owned/by-2000"
chown 2000:1500 "$PWD/tree/owned/by-2000"
tar -C "$PWD/tree" --numeric-owner -cf "$dir/tree.tar" .

cat >"$dir/as-kim.sh" <<'END'
set -e
cd "$HOME"
podman() {
	command podman --cgroup-manager=cgroupfs --runtime /usr/sbin/runc --events-backend=file \
		--storage-driver "$1" "${@:2}"
}
limits="--ulimit nofile=1024:1024 --ulimit nproc=1000:1000 --network none"
podman "$1" import -q "$2" base
podman "$1" run $limits --name still base /bin/true
podman "$1" run $limits --name moved base /bin/sh -c '
	echo evil >/etc/evil; chown 1200:7 /etc/evil; rm /etc/issue; rm -r /data/07; mkdir /data/07
	chown 2001 /owned/by-2000'
END
cat >"$dir/live.sh" <<'END'
set -e
cd "$HOME"
command podman --cgroup-manager=cgroupfs --runtime /usr/sbin/runc --events-backend=file --storage-driver "$1" \
	run -d --ulimit nofile=1024:1024 --ulimit nproc=1000:1000 --network none --log-driver k8s-file \
	-v vol:/vol --tmpfs /scratch --name live base /bin/sh -c 'echo hello; exec 3>>/var/log/x
	echo shared >/dev/shm/s; cp /usr/bin/busybox /vol/tool; chown 5:6 /vol/tool
	echo evil >/etc/evil; chown 1200:7 /etc/evil; exec sleep 100000'
END
as_kim as-kim.sh overlay "$dir/tree.tar" || { cat "$dir/log" >&2; skip "podman cannot run without root here"; }

look() { "$STRANDLINE" "$@" --root "$dir/disk" --no-db; }
findings() { jq -r '.containers[0].findings[] | select(.kind == "file" and .explained_by == null) | "\(.change) \(.path)"' "$1"; }
it "a user's containers are found in his home" same \
	"$(look ps --format json | jq -r '.containers[] | "\(.name) \(.stack.marker)"' | sort | tr '\n' ',')" \
	"moved overlay-user,still overlay-user,"
it "his image is proven" look index podman:base
it "nobody's file has another owner than the image gave it" exits 0 look diff still --format json -o still.json
it "and nothing has drifted" same "$(findings still.json)" ""
it "what was done in a container is found" exits 1 look diff moved --format json -o moved.json
it "also what was deleted, which the user's own attributes say" same \
	"$(findings moved.json | grep -cE '^deleted /(data/07/file-|etc/issue$)')" 101
it "owners are those inside the container" same \
	"$(jq -r '.containers[0].findings[] | select(.path == "/etc/evil" or .path == "/owned/by-2000") | "\(.path) \(.after.uid) \(.after.gid)"' moved.json | tr '\n' ',')" \
	"/etc/evil 1200 7,/owned/by-2000 2001 1500,"

# ---- while it runs, found by whoever administers the machine without being told where
as_kim live.sh overlay || { cat "$dir/log" >&2; false; }
for _ in $(seq 50); do pgrep -u $uid -x sleep >/dev/null && break; sleep 0.1; done # it has done its work
machine "$STRANDLINE" ps --no-db --format json >ps.json || true
it "a running container of a user is listed with its process" same \
	"$(jq -r '.containers[] | select(.name == "live") | "\(.engine) \(.state) \(.pid)"' ps.json)" \
	"podman running $(pgrep -u $uid -x sleep)"
it "what it did is found, in volumes and memory, too" exits 1 \
	machine "$STRANDLINE" diff live --no-db --volumes --format json -o live.json
it "nothing of it is unread" same "$(jq -c '.containers[0] | [.complete, .gaps]' live.json)" '[true,[]]'
it "each file with its owner inside" same "$(jq -r '.containers[0].findings[] | select(.kind == "file" and
	.explained_by == null and .after.type == "file") | "\(.path) \(.after.uid):\(.after.gid)"' live.json | sort | paste -sd' ')" \
	"/etc/evil 1200:7 /vol/tool 5:6"
it "memory that only the user's processes see was looked through" same true \
	"$(jq '.containers[0].scanned[] | select(.path == "/dev/shm") | .complete and .entries > 0' live.json)"
it "it is captured in full" machine "$STRANDLINE" capture live --no-db -q --profile full -o "$PWD/live.tar.zst"
"$STRANDLINE" show live.tar.zst --format jsonl >live.jsonl
it "with its memory, log, volume and what lay in memory" same "$(jq -r 'select(.type == "file" and (.role == "memory" or
	.role == "log" and .log_format != null or .src.path == "/vol/tool" or .src.path == "/dev/shm/s")) |
	"\(.role) \(.src.uid)"' live.jsonl | sort -u | paste -sd,)" \
	"log $uid,memory 0,tmpfs 0,volume 5"
it "what it has open for writing is marked" same /var/log/x "$(jq -r 'select(.open_for_writing != null) | .src.path' live.jsonl)"
it "and nothing is missing" same "$(jq -r 'select(.type == "gap") | .what' live.jsonl)" ""

rm "$dir/disk/etc/subuid" "$dir/disk/etc/subgid"
it "without his ranges owners are not guessed" exits 1 look diff still --format json -o lost.json --fail-on info
