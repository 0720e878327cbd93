# shellcheck shell=bash
# SPDX-License-Identifier: Apache-2.0
# Docker with containerd's image store: no engine of this system writes it, so the daemon's files are
# made by hand, and a real containerd makes the images and snapshots that such a daemon asks it for.
need_root
need containerd ctr jq python3
list=$BUILD_DIR/tests/tool_list_store
data=$PWD/disk/var/lib/docker
mkdir -p run "$data"
cat >config.toml <<END
version = 2
root = "$data/containerd/daemon"
state = "$PWD/run/state"
disabled_plugins = ["io.containerd.grpc.v1.cri"]
[grpc]
  address = "$PWD/run/c.sock"
[ttrpc]
  address = "$PWD/run/t.sock"
END
ctrd_pid=
stop() {
	[ -z "$ctrd_pid" ] || kill "$ctrd_pid" 2>/dev/null || true
	[ -z "$ctrd_pid" ] || wait "$ctrd_pid" 2>/dev/null || true
	ctrd_pid=
}
trap stop EXIT
containerd -c config.toml >containerd.log 2>&1 </dev/null &
ctrd_pid=$!
moby() { ctr -a "$PWD/run/c.sock" -n moby "$@"; }
for _ in $(seq 200); do
	if moby version >/dev/null 2>&1; then break; fi
	kill -0 "$ctrd_pid" 2>/dev/null || skip "containerd cannot run here"
	sleep 0.1
done

# ---- an image of two layers behind an index, and containers as dockerd makes them of it
mkdir -p one/etc one/bin two/etc layout
cp /bin/busybox one/bin/busybox
echo "the image's" | tee one/etc/passwd one/etc/issue >/dev/null
echo two >two/etc/two
tar -C one --numeric-owner -cf one.tar .
tar -C two --numeric-owner -cf two.tar .
python3 "$TESTS_DIR/engines/ctrd_image.py" layout docker.io/library/shop:1 index one.tar two.tar
tar -C layout -cf shop.tar .
moby images import shop.tar >/dev/null
index=$(jq -r '.manifests[0].digest' layout/index.json)
manifest=$(jq -r '.manifests[1].digest' "layout/blobs/sha256/${index#sha256:}")
config=$(jq -r .config.digest "layout/blobs/sha256/${manifest#sha256:}")
top=$(moby snapshots ls | awk '$3 == "Committed" && $2 != "" { print $1 }')

# fs KEY: the directory of an active snapshot
fs() { moby snapshots mounts /mnt "$1" | grep -oE 'upperdir=[^ ,]*' | cut -d= -f2; }
id_of() { printf '%064d' 0 | tr 0 "$1"; }
# make NAME DIGIT [MORE]: a container with the id DIGIT x 64
make() {
	local id
	id=$(id_of "$2")
	moby snapshots prepare "$id-init-key" "$top" >/dev/null
	mkdir -p "$(fs "$id-init-key")/etc"
	touch "$(fs "$id-init-key")/.dockerenv" "$(fs "$id-init-key")/etc/hosts"
	moby snapshots commit "$id-init" "$id-init-key"
	moby snapshots prepare "$id" "$id-init" >/dev/null
	mkdir -p "$data/containers/$id"
	echo '{}' >"$data/containers/$id/hostconfig.json"
	jq -n --arg id "$id" --arg name "/$1" --arg image "$index" --argjson more "${3:-null}" \
		'{ID: $id, Name: $name, Driver: "overlayfs", Image: $image, Path: "/bin/sh",
		  Config: {Image: "shop:1"}, State: {Running: false, StartedAt: "2026-01-02T03:04:05Z"}} + $more' \
		>"$data/containers/$id/config.v2.json"
}
make plain a
make exact b "{\"ImageManifest\":{\"digest\":\"$manifest\"}}"
make gone c
facts() { "$list" --root disk container "$1" >"facts.$1"; }
fact() { sed -n "s/^$2 //p" "facts.$1"; }
for name in plain exact; do
	facts $name
	it "container '$name' has a stack" lacks "facts.$name" unsupported
	it "of the directory that containerd calls its own" same "$(fact $name upper)" \
		"open $(fs "$(fact $name id)" | sed "s|^$PWD/disk||")"
	it "on the init layer and the image's, top first" same \
		"$(fact $name lower | cut -d' ' -f1,2 | paste -sd,)" "init -,image 1,image 0"
	it "its image id is the configuration's" same "$(fact $name image-id)" "$config"
	it "and its digest the manifest's" same "$(fact $name image-digest)" "$manifest"
	"$list" --root disk container-image $name >image.$name
	it "the image is that" same "$(sed -n 's/^image-id //p' image.$name)" "$config"
	it "and its layers have their directories" lacks image.$name closed
done
it "docker's name for the image finds it" "$list" --root disk image docker:shop:1

upper=$(fs "$(id_of a)")
mkdir -p "$upper/etc"
echo evil >"$upper/etc/evil"
mknod "$upper/etc/issue" c 0 0
"$STRANDLINE" diff docker:plain --root disk --no-db --format json -o drift.json 2>err || true
it "its changes are found, on the proven image" same \
	"$(jq -r '.containers[0] | "\(.layers.trust) \([.findings[] | select(.kind == "file" and .explained_by == null) |
		"\(.change) \(.path)"] | sort | join(","))"' drift.json)" \
	"proven added /etc/evil,deleted /etc/issue"
it "the one beside it has none" exits 0 "$STRANDLINE" diff docker:exact --root disk --no-db -o /dev/null

# ---- what no container owns
rm -r "$data/containers/$(id_of c)"
moby snapshots prepare 0a1b2c3d4e5f6g7h8i9j0k1l2 "$top" >/dev/null
"$list" --root disk orphans >orphans
it "the snapshot of a removed container is an orphan" same \
	"$(grep -A5 "^id $(id_of c)" orphans | sed -n 's/^kind //p; s/^note //p' | paste -sd:)" \
	"orphan:of a container that was removed"
it "with its stack" same "$(sed -n "/^id $(id_of c)/,/^container/p" orphans | grep -c '^lower .* open')" 3
it "a step of a build is called one" contains orphans "kind build"
it "containers that are there are none" lacks orphans "$(id_of a)"

# ---- the same without the daemon, and without its half
stop
before=$(sed '/^pid/d' facts.plain)
facts plain
it "a dead disk says the same" same "$(sed '/^pid/d' facts.plain)" "$before"
mv "$data/containerd" away
facts plain
it "without containerd's root the container is listed, and says what is missing" contains facts.plain \
	"unsupported its files are snapshots of containerd ('overlayfs'), and no containerd root was found"
it "and it is a gap, not clean" exits 3 "$STRANDLINE" diff docker:plain --root disk --no-db -o /dev/null
mkdir -p disk/var/lib
mv away/daemon disk/var/lib/containerd
facts plain
it "the machine's own containerd may have it as well" lacks facts.plain unsupported
