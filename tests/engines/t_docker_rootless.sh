# shellcheck shell=bash
# SPDX-License-Identifier: Apache-2.0
# A user's own Docker, run without root: found in his home by whoever administers the machine, with
# owners as they are inside, and with its runtime's state wherever he keeps it.
# shellcheck source=tests/engines/lib-rootless.sh
. "$TESTS_DIR/engines/lib-rootless.sh"
need dockerd docker containerd runc rootlesskit
rootless_start 54322
"$SOURCE_DIR/samples/make-image.sh" "$PWD/tree"
tar -C "$PWD/tree" --numeric-owner -cf "$dir/tree.tar" .

cat >"$dir/start.sh" <<'END'
cd "$HOME"
cat >inside.sh <<'IN'
rm -rf /run/docker /run/containerd
exec dockerd --rootless --bridge=none --iptables=false --ip-forward=false --storage-driver=overlay2 \
	-H "unix://$XDG_RUNTIME_DIR/docker.sock"
IN
rootlesskit --net=host --copy-up=/etc --copy-up=/run --state-dir="$XDG_RUNTIME_DIR/kit" sh inside.sh >dockerd.log 2>&1 &
d() { docker -H "unix://$XDG_RUNTIME_DIR/docker.sock" "$@"; }
for i in $(seq 150); do
	d version >/dev/null 2>&1 && break
	kill -0 $! || { tail -n 20 dockerd.log; exit 1; }
	sleep 0.1
done
set -e
d import "$1" base
d run -d --network none --name live -v vol:/vol base /bin/sh -c 'echo hello; exec 3>>/var/log/x
	cp /usr/bin/busybox /vol/tool; chown 5:6 /vol/tool; rm /etc/issue
	echo evil >/etc/evil; chown 1200:7 /etc/evil; exec sleep 100000'
END
as_kim start.sh "$dir/tree.tar" || { cat "$dir/log" >&2; skip "docker cannot run without root here"; }
for _ in $(seq 50); do pgrep -u $uid -x sleep >/dev/null && break; sleep 0.1; done # it has done its work

machine "$STRANDLINE" ps --no-db --format json >ps.json || true
it "a running container of a user's Docker is listed with its process" same \
	"$(jq -r '.containers[] | select(.name == "live") | "\(.engine) \(.state) \(.pid)"' ps.json)" \
	"docker running $(pgrep -u $uid -x sleep)"
it "what was done in it is found" exits 1 machine "$STRANDLINE" diff docker:live --no-db --volumes --format json -o live.json
it "against what its image is proven to be, and nothing is unread" same '[true,[],"proven"]' \
	"$(jq -c '.containers[0] | [.complete, .gaps, .layers.trust]' live.json)"
it "each change with its owner inside" same "$(jq -r '.containers[0].findings[] | select(.kind == "file" and
	.explained_by == null) | "\(.change) \(.path) \(.after.uid)"' live.json | sort | paste -sd,)" \
	"added /etc/evil 1200,added /vol/tool 5,deleted /etc/issue null"
it "its layers are the image's" exits 0 machine "$STRANDLINE" check docker:live --no-db -o /dev/null
it "it is captured" machine "$STRANDLINE" capture docker:live --no-db -q -o "$PWD/live.tar.zst"
"$STRANDLINE" show live.tar.zst --format jsonl >live.jsonl
it "with the state of its runtime, in his own run directory" contains \
	<(jq -r 'select(.role == "metadata" and .src.path == "/runc/state.json") | .found' live.jsonl) "$dir/run/docker/"
it "and what it has open for writing is marked" same /var/log/x "$(jq -r 'select(.open_for_writing != null) | .src.path' live.jsonl)"
it "and nothing is missing" same "$(jq -r 'select(.type == "gap") | .what' live.jsonl)" ""

mkdir dead
mount --bind "$dir/disk" dead
mount -o remount,bind,ro dead
trap 'umount "$PWD/dead"; rootless_finish' EXIT
it "on a disk the same is found, by the ranges of ids that it has" exits 1 \
	"$STRANDLINE" diff docker:live --root dead --no-db --format json -o dead.json
it "with the same owners" same 1200 "$(jq '.containers[0].findings[] | select(.path == "/etc/evil") | .after.uid' dead.json)"
