# shellcheck shell=bash
# SPDX-License-Identifier: Apache-2.0
# The databases of a live containerd, read beside it while it works: no lock, no wait, one state at
# a time, and the same as containerd's own client says when all is quiet.
need_root
need containerd ctr jq tar
dump=$BUILD_DIR/tests/tool_bolt_dump
dir=$(mktemp -d "${TMPDIR:-/tmp}/strandline-bolt.XXXXXX") # sockets have short paths
export CONTAINERD_ADDRESS=$dir/s
meta=$dir/root/io.containerd.metadata.v1.bolt/meta.db
snapshots=$dir/root/io.containerd.snapshotter.v1.native/metadata.db
daemon=
finish() {
	[ -z "$daemon" ] || { kill "$daemon" && wait "$daemon"; } || true
	rm -rf -- "$dir"
}
trap finish EXIT

cat >"$dir/config.toml" <<-END
	version = 2
	root = "$dir/root"
	state = "$dir/run"
	disabled_plugins = ["io.containerd.grpc.v1.cri"]
	[grpc]
	  address = "$dir/s"
END
containerd -c "$dir/config.toml" >daemon.log 2>&1 </dev/null &
daemon=$!
for _ in $(seq 100); do
	if ctr version >/dev/null 2>&1; then break; fi
	kill -0 "$daemon" 2>/dev/null || { tail daemon.log; skip "containerd cannot run here"; }
	sleep 0.1
done

mkdir -p layer/etc
echo sample >layer/etc/hostname
"$SOURCE_DIR/samples/make-oci.sh" oci v1 layer
tar -C oci -cf oci.tar .
ctr images import --base-name sample --snapshotter native oci.tar >/dev/null
container() { ctr -n "$1" containers create --snapshotter native --label "$3" sample:v1 "$2" /bin/true; }
ctr -n other images import --base-name sample --snapshotter native oci.tar >/dev/null
for i in $(seq 12); do container default "c$i" "role=first $i"; done
container other odd a.b/c=d

# all keys of a bucket, each once: what a line has behind the prefix up to the next slash
below() { grep -oP "^$1\K[^/=]+" "$2" | sort -u; }
"$dump" "$meta" >quiet
it "a live daemon's containers are those its client lists" \
	same "$(ctr containers ls -q | sort)" "$(below v1/default/containers/ quiet)"
it "another namespace's, too" same odd "$(below v1/other/containers/ quiet)"
it "namespaces are those its client lists" \
	same "$(ctr namespaces ls -q | sort)" "$(below v1/ quiet | grep -vx version)"
it "images are those its client lists" same "$(ctr images ls -q)" "$(below v1/default/images/ quiet)"
it "content is what its client lists" same "$(ctr content ls -q | sort)" \
	"$(below v1/default/content/blob/ quiet)"
labels() { grep -oP '^v1/default/containers/c7/labels/\K.*' quiet | sort; }
it "labels are what its client says" same \
	"$(ctr containers info c7 | jq -r '.Labels | to_entries[] | .key + "=" + .value' | sort)" \
	"$(labels)"
"$dump" "$snapshots" >quiet-snapshots
it "the snapshotter's keys are those of the namespaces" same \
	"$(grep -oP '^v1/[^/]+/snapshots/native/[^/]+/name=\K.*' quiet | sort)" \
	"$(grep -oP '^v1/snapshots/\K.*(?=/kind=)' quiet-snapshots | sort)"

# Work without a pause: containers come and go, all of them with the same label and snapshot key.
work() {
	local i
	for i in $(seq 25); do
		container default "w$i" "worker=$i"
		ctr containers label "w$i" "worker=$i" "again=$i" >/dev/null
		ctr containers rm "w$((i - 5))" 2>/dev/null || true
	done
	touch worked
}
# A whole container has all of its keys; half of one would be a torn state.
whole() {
	local keys=$1
	below v1/default/containers/ busy >names
	[ "$(grep -cP '^v1/default/containers/[^/]+/spec=' busy)" -eq "$(wc -l <names)" ] &&
		[ "$(grep -cP '^v1/default/containers/[^/]+/updatedat=' busy)" -eq "$(wc -l <names)" ] &&
		[ "$(grep -cP '^v1/default/containers/c\d+/labels/role=first' busy)" -eq "$keys" ]
}
looks=0
look_all_the_time() {
	local before=
	while [ ! -e worked ]; do
		"$dump" "$meta" >busy 2>errors || { cat errors >&2; return 1; }
		[ ! -s errors ] || { cat errors >&2; return 1; }
		whole 12 || { cat names >&2; return 1; }
		cmp -s busy "$before" || looks=$((looks + 1))
		cp busy before
		before=before
		"$dump" "$snapshots" >busy-snapshots 2>errors || { cat errors >&2; return 1; }
		[ ! -s errors ] || { cat errors >&2; return 1; }
	done
}
work &
worker=$!
it "every look at a busy daemon shows whole containers" look_all_the_time
it "the worker did its work" wait "$worker"
it "many states were seen" test "$looks" -ge 12
"$dump" "$meta" >quiet
it "what is left are the containers its client lists" \
	same "$(ctr containers ls -q | sort)" "$(below v1/default/containers/ quiet)"

# Dead: the same bytes without the daemon, from a folder nobody may write to.
kill "$daemon"
wait "$daemon" || true
daemon=
sum() { sha256sum "$meta" "$snapshots"; stat -c '%n %X %Y %Z' "$meta" "$snapshots"; }
sum >before-sums
"$dump" "$meta" >dead
it "the dead daemon's database says the same" \
	same "$(below v1/default/containers/ quiet)" "$(below v1/default/containers/ dead)"
"$dump" "$snapshots" >/dev/null
it "neither file was touched, access times included" same "$(cat before-sums)" "$(sum)"
