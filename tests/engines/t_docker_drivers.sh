# shellcheck shell=bash
# SPDX-License-Identifier: Apache-2.0
# Containers of several storage drivers side by side in one data root, as a daemon leaves them that
# was told another one, read as docker itself saw them.
# shellcheck source=tests/engines/lib-docker.sh
. "$TESTS_DIR/engines/lib-docker.sh"
need fuse-overlayfs
list=$BUILD_DIR/tests/tool_list_store

# The wanted driver is read by docker_restart.
# shellcheck disable=SC2034
DOCKER_DRIVER=overlay2
docker_start "$PWD/d"
store=$(docker_data)

# A small image: vfs copies all of it for each layer.
context=$DOCKER_DIR/context
mkdir -p "$context"/root/{bin,etc,opt,root/keep,srv} "$context/two/etc" "$context/two/srv"
cp /bin/busybox "$context/root/bin/busybox"
for tool in sh rm mkdir chmod sleep; do ln -s busybox "$context/root/bin/$tool"; done
for file in passwd shadow issue old; do echo "the image's" >"$context/root/etc/$file"; done
echo two >"$context/two/srv/two"
echo changed >"$context/two/etc/shadow"
cat >"$context/Dockerfile" <<-'EOF'
	FROM scratch
	COPY root/ /
	RUN ["/bin/rm", "/etc/old"]
	COPY two/ /
	CMD ["/bin/sleep", "1000000"]
EOF

# What a container of each driver does.
use_driver() {
	DOCKER_BUILDKIT=0 docker_cli build --network none -q -t multi "$context" >/dev/null
	docker_cli create --network none --name "c-$1" multi >/dev/null 2>&1
	docker_cli start "c-$1" >/dev/null
	docker_cli exec "c-$1" /bin/sh -c 'echo new >/opt/new; rm /etc/issue; rm -r /root; mkdir /root
		echo changed >/etc/passwd; chmod 700 /srv'
	docker_cli inspect "c-$1" >"$1.inspect"
	docker_cli image inspect multi >"$1.image"
	docker_cli kill "c-$1" >/dev/null
}
fact() { sed -n "s/^$2 //p" "facts.$1"; }
need jq
drivers="overlay2 overlay fuse-overlayfs vfs"
use_driver overlay2
for DOCKER_DRIVER in overlay fuse-overlayfs vfs; do
	docker_halt
	docker_restart
	use_driver $DOCKER_DRIVER
done
for driver in $drivers; do
	"$list" --store "$store" container "c-$driver" >"facts.$driver"
	it "a container of $driver is read with its stack" lacks "facts.$driver" unsupported
	it "with its driver" same "$(fact $driver driver)" $driver
	"$list" --store "$store" container-image "c-$driver" >"image.$driver"
	it "its image is the one it was made from" same "$(sed -n 's/^image-id //p' image.$driver)" \
		"$(jq -r '.[0].Image' $driver.inspect)"
	it "all of the image's layer directories are there" lacks "image.$driver" closed
	it "and each has its tar-split" same "$(grep -c ' tar-split ' image.$driver)" \
		"$(jq '.[0].RootFS.Layers | length' $driver.image)"
done

upper_of() { jq -r '.[0].GraphDriver.Data.UpperDir' "$1.inspect"; }
for driver in overlay2 overlay; do
	it "$driver: the upper directory is docker's" same "$(fact $driver upper)" "open $(upper_of $driver)"
done
it "overlay: one tree is below, besides what the engine made" same \
	"$(fact overlay lower | cut -d' ' -f1,2 | paste -sd,)" "init -,image 2"
it "overlay: and it is docker's" same "$(fact overlay lower | tail -n 1 | cut -d' ' -f4)" \
	"$(jq -r '.[0].GraphDriver.Data.LowerDir' overlay.inspect)"
it "vfs: every directory is whole" same "$(fact vfs marker)" "none whole"
it "vfs: the container's tree is there" test -e "$(fact vfs upper | cut -d' ' -f2)/bin/busybox"
it "fuse-overlayfs: the dialect is its own" same "$(fact fuse-overlayfs marker)" fuse-overlayfs

# ---- images: the same name means another image on each driver
it "a name that means several images is ambiguous" exits 8 "$list" --store "$store" image multi
for driver in $drivers; do
	id=$(jq -r '.[0].Id' $driver.image)
	it "$driver: its id finds the image" exits 0 "$list" --store "$store" image "$id"
	it "$driver: every layer's tar comes out of its directories" exits 0 \
		"$STRANDLINE" index "docker:$id" --db "db.$driver" --store "docker=$store"
done
layer=$(sed -n 's/^layer open tar-split //p' image.vfs | head -n 1)
cp -p "$layer/etc/shadow" shadow.good
echo tampered >>"$layer/etc/shadow"
it "vfs: a changed file in a layer is a contradiction, and named" bash -c \
	'! "$STRANDLINE" index "$1" --no-db --store "$2" 2>err && grep -q etc/shadow err' - \
	"docker:$(jq -r '.[0].Id' vfs.image)" "docker=$store"
cp -p shadow.good "$layer/etc/shadow"

# ---- what the changes look like through the drivers whose upper directory lists them
paths() {
	"$STRANDLINE" diff "c-$1" --no-db --store "docker=$store" --format json -o "drift.$1" 2>/dev/null || true
	jq -r '.containers[0].findings[] | select(.kind == "file" and .explained_by == null) | "\(.change) \(.path)"' "drift.$1" |
		sort
}
want='added /opt/new
deleted /etc/issue
metadata /srv
modified /etc/passwd'
for driver in overlay2 fuse-overlayfs overlay; do
	it "$driver: the changes of the container are found" same "$(paths $driver | grep -v ' /root')" "$want"
done
it "vfs: what differs in a whole tree is found" same "$(paths vfs | grep -v ' /root')" "$want"

# ---- layers, or trees that show those below as well
for driver in overlay2 fuse-overlayfs overlay vfs; do
	id=$(jq -r '.[0].Id' $driver.image)
	it "$driver: what lies below the container is intact" exits 0 \
		"$STRANDLINE" check "c-$driver" --no-db --store "docker=$store" -o /dev/null
	it "$driver: and every directory of the image" exits 0 \
		"$STRANDLINE" check --image "$id" --no-db --store "docker=$store" -o /dev/null
done
it "nothing is an orphan, and nothing went unread on the way" exits 0 \
	"$STRANDLINE" ps --orphans --store "docker=$store" -o orphans
it "but the containers" same "$(grep -c c- orphans)" 4
