# shellcheck shell=bash
# SPDX-License-Identifier: Apache-2.0
# What we read from a docker store equals what docker says about it, running, stopped and dead.
# shellcheck source=tests/engines/lib-docker.sh
. "$TESTS_DIR/engines/lib-docker.sh"
list=$BUILD_DIR/tests/tool_list_store
docker_start "$PWD/d"
store=$(docker_data)

docker_sample_image base
docker_build_classic multi
docker_build_buildkit bkit
docker_build_buildkit twin "$DOCKER_DIR/classic"
mkdir bound
web=$(docker_cli run -d --name web --network none -v named:/vol -v "$PWD/bound:/bound:ro" \
	--tmpfs /scratch:ro --mount type=tmpfs,target=/more multi \
	/bin/sh -c 'echo hello; sleep 1000000')
docker_cli run -d --name built --network none bkit >/dev/null
docker_cli create --name twice --network none twin >/dev/null 2>&1
docker_cli run -d --name held --network none base >/dev/null
docker_cli pause held >/dev/null
docker_cli create --name made --network none base >/dev/null 2>&1
docker_cli run --name over --network none base /bin/sh -c 'exit 7' || true

ask() { docker_cli inspect -f "$2" "$1"; }
facts() { "$list" --store "$store" container "$1" >"facts.$1"; }
fact() { sed -n "s/^$2 //p" "facts.$1"; }

same_as_docker() {
	local name=$1
	facts "$name"
	same "$(fact "$name" id)" "$(ask "$name" '{{.Id}}')"
	same "$(fact "$name" state)" "$(ask "$name" '{{.State.Status}}')"
	same "$(fact "$name" pid)" "$(ask "$name" '{{.State.Pid}}')"
	same "$(fact "$name" exit)" "$(ask "$name" '{{.State.ExitCode}}')"
	same "$(fact "$name" image-id)" "$(ask "$name" '{{.Image}}')"
	same "$(fact "$name" ref)" "$(ask "$name" '{{.Config.Image}}')"
	same "$(fact "$name" driver)" overlay2
	same "$(fact "$name" upper)" "open $(ask "$name" '{{.GraphDriver.Data.UpperDir}}')"
	same "$(fact "$name" lower | sed 's/.* //' | paste -sd:)" \
		"$(ask "$name" '{{.GraphDriver.Data.LowerDir}}')"
	lacks "facts.$name" closed
	lacks "facts.$name" unsupported
	lacks "facts.$name" metadata-gap
}
for name in web built held made over twice; do
	it "container '$name' is read as docker inspects it" same_as_docker $name
done

layers_in_order() {
	local name=$1 count
	count=$(ask "$(ask "$name" '{{.Image}}')" '{{len .RootFS.Layers}}')
	same "$(fact "$name" lower | cut -d' ' -f1,2 | paste -sd,)" \
		"init -,$(seq $((count - 1)) -1 0 | sed 's/^/image /' | paste -sd,)"
}
for name in web built over; do
	it "lower directories of '$name' are the init layer, then the image's from the top" \
		layers_in_order $name
done

# BuildKit made this layer a second time: the image's own directory is the classic builder's
it "a directory that the layer database does not name is not taken for the layer" \
	same "$(fact twice lower | tail -n 1 | cut -d' ' -f1,2)" "image -"

mounts_of_web() {
	same "$(fact web mount)" "/bound bind ro $PWD/bound
/dev/shm tmpfs rw -
/etc/hostname bind rw $store/containers/$web/hostname
/etc/hosts bind rw $store/containers/$web/hosts
/etc/resolv.conf bind rw $store/containers/$web/resolv.conf
/more tmpfs rw -
/scratch tmpfs ro -
/vol volume rw $store/volumes/named/_data"
}
it "volumes, binds, tmpfs and the engine's own files are the mounts" mounts_of_web
it "the working directory is known" same "$(fact web workdir)" /srv/app
it "the log is an artifact with its format" contains facts.web 'artifact json.log open json-file'
for file in config.v2.json hostconfig.json hostname hosts resolv.conf; do
	it "$file is an artifact" contains facts.web "artifact $file open -"
done

image_as_docker() {
	"$list" --store "$store" image "$1" >image.out
	same "$(sed -n 's/^image-id //p' image.out)" "$(ask "$1" '{{.Id}}')"
	same "$(sed -n 's/^image //p' image.out)" "$1:latest"
	same "$(sed -n 's/^diff-id //p' image.out)" \
		"$(ask "$1" '{{range .RootFS.Layers}}{{println .}}{{end}}' | sed '/^$/d')"
	same "$(sed -n 's/^platform //p' image.out)" "$(ask "$1" '{{.Os}}/{{.Architecture}}')"
	lacks image.out closed
	same "$(grep -c ' tar-split ' image.out)" "$(grep -c '^diff-id' image.out)"
}
for name in base multi bkit; do
	it "image '$name' is read as docker inspects it" image_as_docker $name
done
full=$(ask multi '{{.Id}}')
for word in multi:latest docker:multi library/multi docker.io/library/multi:latest "$full" \
	"${full#sha256:}" "${full:7:12}"; do
	"$list" --store "$store" image "$word" >by-word
	it "image '${word:0:30}' is the same image" contains by-word "image-id $full"
done
"$list" --store "$store" container-image "${web:0:10}" >by-container
it "a container leads to its image" contains by-container "image-id $full"

it "a part of an id finds a container" \
	same "$("$list" --store "$store" container "docker:${web:0:12}" | sed -n 2p)" "id $web"
it "an unknown container is not found" exits 7 "$list" --store "$store" container nobody
it "an unknown store is an error" exits 7 "$list" --store "$PWD/nowhere" containers
it "all containers are listed by name" same \
	"$("$list" --store "$store" containers | sed -n 's/^container //p' | paste -sd' ')" \
	"built held made over twice web"

docker_cli tag multi again:1
docker_cli rmi multi >/dev/null
"$list" --store "$store" container-image web >moved
it "a name that was taken away leaves the image" contains moved "image-id $full"

# a lost link is found again through the layer's own file
before=$(fact web lower)
cp -a "$store/overlay2/l" links.saved
rm "$store"/overlay2/l/*
facts web
it "lost links are rebuilt" same "$(fact web lower)" "$before"
rm -r "$store/overlay2/l"
mv links.saved "$store/overlay2/l"

docker_crash
facts web
it "a container that ran when the machine went down is not running now" \
	same "$(fact web state),$(fact web pid)" exited,0
mkdir -p disk/var/lib
docker_unmount
mv "$store" disk/var/lib/docker
"$list" --root disk container web >dead
it "on a disk it is listed as recorded, without a process" \
	same "$(sed -n 's/^state //p; s/^pid //p' dead | paste -sd,)" running,0
it "paths on a disk are those inside it" contains dead \
	"mount /vol volume rw /var/lib/docker/volumes/named/_data"
it "and so are the daemon's own files" contains dead \
	"mount /etc/hosts bind rw /var/lib/docker/containers/$web/hosts"
it "the log is found there" contains dead 'artifact json.log open json-file'
"$list" --root disk image again:1 >dead-image
it "its images are read from the disk" lacks dead-image closed
