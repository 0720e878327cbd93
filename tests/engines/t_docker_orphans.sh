# shellcheck shell=bash
# SPDX-License-Identifier: Apache-2.0
# A daemon that remaps its root, what it builds with BuildKit, and what stays behind of containers
# that it lost or was removing.
# shellcheck source=tests/engines/lib-docker.sh
. "$TESTS_DIR/engines/lib-docker.sh"
need jq unshare
[ -e /etc/subuid ] && [ -e /etc/subgid ] || skip "needs etc/subuid and etc/subgid"
list=$BUILD_DIR/tests/tool_list_store

# The daemon sees ranges of its own; nothing of this machine is changed.
printf 'nobody:231072:65536\nnogroup:231072:65536\n' >subids
subids=$PWD/subids
dockerd() {
	# shellcheck disable=SC2016 # expanded by that shell
	exec unshare -m sh -c 'mount --bind "$0" /etc/subuid; mount --bind "$0" /etc/subgid
		exec dockerd "$@"' "$subids" "$@"
}
chmod go+x "$PWD" "$PWD/.." # users of a container go through to its files
docker_start "$PWD/d" --userns-remap=nobody:nogroup
data=$(docker_data)/231072.231072
context=$DOCKER_DIR/context
mkdir -p "$context/etc"
cp /bin/busybox "$context/sh"
echo "the image's" >"$context/etc/shadow"
cat >"$context/Dockerfile" <<-EOF
	FROM scratch
	COPY sh /bin/sh
	COPY --chown=5:6 etc/shadow /etc/shadow
	RUN ["/bin/sh", "-c", "echo built >/built"]
	CMD ["/bin/sh", "-c", "read x <>/dev/zero"]
EOF
build() { DOCKER_BUILDKIT=$1 docker_cli build --network none -q -t "$2" "$context" >/dev/null; }
build 0 classic
build 1 built
for name in web lost; do docker_cli create --network none --name $name classic >/dev/null 2>&1; done
docker_cli create --network none --name bk built >/dev/null 2>&1
docker_cli start web >/dev/null
docker_cli exec web /bin/sh -c 'echo new >/new'
docker_cli cp web:/new - >/dev/null
lost=$(docker_cli inspect -f '{{.Id}}' lost)
"$list" --store "$(docker_data)" container web >facts
it "the remapped root is found below the data root" contains facts "upper open $data/overlay2/"
it "with the shift of its ids" contains facts "uid-map 0 231072 65536"
"$STRANDLINE" diff web bk --no-db --store "docker=$(docker_data)" --format json -o drift.json 2>err || true
it "owners are compared as the container sees them" same \
	"$(jq -r '[.containers[] | "\(.name) \(.layers.trust) \([.findings[] | select(.kind == "file" and .explained_by == null) | .path] | join(" "))"] | join(",")' drift.json)" \
	"web proven /new,bk proven "
orphans() { "$list" --store "$(docker_data)" orphans >orphans; }
orphans
it "nothing is an orphan in a store that is in order" lacks orphans "kind orphan"
it "and what BuildKit keeps for itself is a build" contains orphans "kind build"
docker_cli kill web >/dev/null
docker_halt

mount_of() { cat "$data/image/overlay2/layerdb/mounts/$1/mount-id"; }
dir=$(mount_of "$lost")
echo evil >"$data/overlay2/$dir/diff/evil"
rm -r "$data/containers/$lost"
orphans
it "a container whose directory was removed is still read" same \
	"$(sed -n "/^id $lost/,/^uid-map/p" orphans | grep -cE '^(kind orphan|ref classic|upper open|lower (init|image) .* open)')" 7
rm -r "$data/image/overlay2/layerdb/mounts/$lost"
orphans
it "and when the layer database forgot it, too" same \
	"$(sed -n "/^id $dir/,/^uid-map/p" orphans | grep -cE '^(kind orphan|ref classic|upper open|lower (init|image) .* open)')" 7
it "it is dated by when its directory was made" grep -q "^created $(date -u +%Y)" orphans
mkdir -p "$data/overlay2/0123456789abcdefghijklmno/diff"
orphans
it "a directory that only looks like a build's is none" same \
	"$(sed -n '/^id 0123456789abcdefghijklmno/,/^upper/p' orphans | sed -n 's/^kind //p')" orphan
