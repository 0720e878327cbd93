# shellcheck shell=bash
# SPDX-License-Identifier: Apache-2.0
# A store that lies, or lost something: never clean, and never the end of the work.
# shellcheck source=tests/engines/lib-docker.sh
. "$TESTS_DIR/engines/lib-docker.sh"
need jq setfattr
docker_start "$PWD/d"
store=(--store "docker=$(docker_data)")
sl() { "$STRANDLINE" "$@" "${store[@]}"; }
drift() { jq -r ".containers[0] | $2" "$1"; }

docker_sample_image base
docker_build_buildkit built
docker_cli run -d --network none --name web base /bin/sleep 100000 >/dev/null
docker_cli run -d --network none --name made built >/dev/null
id=$(docker_cli inspect -f '{{.Id}}' web)
layer=$(docker_cli inspect -f '{{.GraphDriver.Data.LowerDir}}' web | tr ':' '\n' | tail -1)
lower=$(docker_cli inspect -f '{{.GraphDriver.Data.LowerDir}}' made | tr ':' '\n' | tail -1)
second=$(docker_cli inspect -f '{{.GraphDriver.Data.LowerDir}}' made | tr ':' '\n' | tail -2 | head -1)
image=$(docker_data)/image/overlay2
it "untouched layers are proven" exits 0 sl diff web made --no-db -o /dev/null

# ---- layer directories that differ from the layer while every content in them is right
# altered SENTENCE NAME CONTAINER: the sentence, with NAME in the message, twice
altered() {
	local what=$1 name=$2 container=$3
	it "$what is tampering" exits 1 sl diff "$container" --no-db --format json -o doc.json 2>err
	it "and named" grep -q -- "$name" err
	it "and nothing is called proven" same \
		"$(drift doc.json '"\(.layers.trust) \([.findings[] | select(.kind == "layer")] | length)"')" \
		"on-disk 1"
	it "and index stores nothing of it" exits 1 sl index "docker:$container-image" --no-db
}
docker_cli tag base web-image
docker_cli tag built made-image
echo extra >"$layer/etc/extra"
altered "a file that no layer has" etc/extra web
rm "$layer/etc/extra"
chmod 4755 "$layer/usr/bin/busybox"
altered "a mode that no layer has" usr/bin/busybox web
chmod 0755 "$layer/usr/bin/busybox"
chown 1000 "$layer/etc/shadow"
altered "an owner that no layer has" etc/shadow web
chown 0 "$layer/etc/shadow"
link=$(readlink "$layer/bin/ash")
ln -sfn /tmp/elsewhere "$layer/bin/ash"
altered "a link that leads elsewhere" bin/ash web
ln -sfn "$link" "$layer/bin/ash"
mknod "$lower/etc/passwd-" c 0 0
altered "a whiteout that no layer has" etc/passwd- made
rm "$lower/etc/passwd-"
setfattr -n trusted.overlay.opaque -v y "$second/etc"
altered "a directory made opaque, which hides what is below" "'etc'" made
setfattr -x trusted.overlay.opaque "$second/etc"
setfattr -n trusted.overlay.redirect -v /root "$lower/etc"
altered "a directory that leads elsewhere" "'etc'" made
setfattr -x trusted.overlay.redirect "$lower/etc"
setfattr -n trusted.overlay.metacopy "$layer/usr/bin/busybox"
altered "a file whose data is said to be elsewhere" usr/bin/busybox web
setfattr -x trusted.overlay.metacopy "$layer/usr/bin/busybox"
setfattr -n trusted.note -v evil "$layer/etc/shadow"
altered "an attribute that no layer has" "trusted.note" web
setfattr -x trusted.note "$layer/etc/shadow"
setfattr -n trusted.overlay.opaque -v y "$layer/etc"
it "an opaque directory with nothing below it hides nothing" exits 0 sl diff web --no-db -o /dev/null
setfattr -x trusted.overlay.opaque "$layer/etc"
setfattr -n trusted.overlay.origin -v x "$layer/etc/shadow"
setfattr -n trusted.overlay.impure -v y "$layer/etc"
setfattr -n security.selinux -v label "$layer/etc/shadow"
it "what overlays and labelling hosts leave by themselves is none either" \
	exits 0 sl diff web --no-db -o /dev/null
setfattr -x trusted.overlay.origin "$layer/etc/shadow"
setfattr -x trusted.overlay.impure "$layer/etc"
setfattr -x security.selinux "$layer/etc/shadow"
setfattr -n user.note -v x "$layer/etc/shadow"
it "an attribute that a build may have left proves nothing, either way" \
	exits 3 sl diff web --no-db --format json -o doc.json 2>err
it "and it is named" grep -q "user.note" err
it "and the layers are as found" same \
	"$(drift doc.json '"\(.layers.trust) \([.findings[] | select(.kind == "layer")] | length)"')" \
	"on-disk 0"
setfattr -x user.note "$layer/etc/shadow"
it "repaired, all is clean again" exits 0 sl diff web made --no-db -o /dev/null

# ---- the store's own files
docker_cli kill made >/dev/null
# damaged STATUS SENTENCE FILE COMMAND: run the command on the file, diff, put the file back
damaged() {
	local status=$1 sentence=$2 file=$3
	shift 3
	cp -a "$file" saved
	"$@"
	it "$sentence: diff exits $status" exits "$status" sl diff web --no-db --format json -o doc.json
	it "$sentence: it is in no way proven" same "$(drift doc.json .layers.trust)" on-disk
	rm -rf -- "$file"
	mv saved "$file"
}
write() { printf '%s' "$1" >"$2"; }
config=$(docker_data)/containers/$id/config.v2.json
layerdb=$image/layerdb/mounts/$id
dir=$(docker_data)/overlay2/$(cat "$layerdb/mount-id")
content=$image/imagedb/content/sha256/$(docker_cli inspect -f '{{.Image}}' web | cut -d: -f2)
entry=$image/layerdb/sha256/$(docker_cli inspect -f '{{index .RootFS.Layers 0}}' base | cut -d: -f2)
damaged 1 "an image whose configuration was edited" "$content" sed -i 's/linux/linuX/' "$content"
damaged 3 "an image whose configuration is gone" "$content" rm "$content"
damaged 3 "a layer that the layer database lost" "$entry" rm -r "$entry"
damaged 3 "a truncated tar-split" "$entry/tar-split.json.gz" truncate -s -10 "$entry/tar-split.json.gz"
damaged 3 "a lower file that points out of the store" "$dir/lower" \
	write l/../../../../../etc "$dir/lower"
damaged 3 "an empty lower file" "$dir/lower" write '' "$dir/lower"
damaged 3 "a mount id that is a path" "$layerdb/mount-id" write ../../../etc "$layerdb/mount-id"
damaged 3 "a container that the layer database lost" "$layerdb" rm -r "$layerdb"
for text in '{' '[1,2]' ''; do
	cp -a "$config" saved
	write "$text" "$config"
	it "a container with the configuration '$text' is a gap of diff --all" \
		exits 3 sl diff --all --no-db --format json -o doc.json
	it "that names it" bash -c 'jq -e --arg id "$1" \
		".containers[] | select(.name == \$id) | .gaps | length == 1" doc.json >/dev/null' - "$id"
	it "and ps says so, too" exits 3 sl ps -o /dev/null
	mv saved "$config"
done
mv "$config" saved
mkfifo "$config"
it "a FIFO in the place of a configuration blocks nothing" exits 3 \
	timeout 60 "$STRANDLINE" diff --all --no-db "${store[@]}" -o /dev/null
rm "$config"
mv saved "$config"

# ---- what was asked for and is not there
docker_cli exec web /bin/sh -c 'echo new >/opt-new'
it "drift is told although another name is unknown" exits 1 \
	sl diff web nobody --no-db --format json -o doc.json
it "and the unknown one is a gap" same \
	"$(jq -r '[.containers[] | "\(.name) \(.complete)"] | join(",")' doc.json)" "web true,nobody false"
it "only an unknown name is an error" exits 2 sl diff nobody --no-db
mkdir nothing
it "a root without any store is no clean bill" exits 2 "$STRANDLINE" diff --all --root nothing
