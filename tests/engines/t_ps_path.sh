# shellcheck shell=bash
# SPDX-License-Identifier: Apache-2.0
# Whose a path of the host is, and where a path of a container comes from.
# shellcheck source=tests/engines/lib-docker.sh
. "$TESTS_DIR/engines/lib-docker.sh"
need jq
docker_start "$PWD/d"
store=$(docker_data)

docker_sample_image base
docker_cli create --name maker --network none base /bin/true >/dev/null
echo more >more.txt
docker_cli cp more.txt maker:/more
docker_cli commit maker multi >/dev/null
docker_cli rm maker >/dev/null
mkdir -p bound/deep
docker_cli run -d --name web --network none -v named:/vol -v "$PWD/bound:/bound:ro" multi \
	/bin/sleep 100000 >/dev/null
docker_cli create --name twin --network none multi >/dev/null 2>&1
docker_cli create --name base --network none base >/dev/null 2>&1
docker_cli exec web /bin/sh -c 'echo evil >/tmp/evil; rm -rf /etc/hostname; echo x >/vol/v'
docker_cli exec web /bin/sh -c 'ln -s /tmp /t; echo changed >>/bin/sh.txt'

ps() { "$STRANDLINE" ps --store "docker=$store" "$@"; }
where() { ps --format json --path "$1" >where.json; }
owners() { where "$1" && jq -r '.owners[] | [.what, .container.name // .image.ref, .path, .shown] | join(" ")' where.json | sort -u; }
of() { docker_cli inspect -f "{{.GraphDriver.Data.$2}}" "$1"; }
upper=$(of web UpperDir)
IFS=: read -r init top _ <<<"$(of web LowerDir)"
bottom=$(of web LowerDir | sed 's/.*://')

it "a file in the upper directory is its container's, and shown" \
	same "$(owners "$upper/tmp/evil")" "upper web /tmp/evil true"
it "a link to the store does not matter" ln -s "$store" alias
it "a path through it belongs to the same" \
	same "$(owners "$PWD/alias/${upper#"$store"/}/tmp/evil")" "upper web /tmp/evil true"
mkdir mnt
mount --bind "$(dirname "$upper")" mnt
it "another mount point does not matter" \
	same "$(owners "$PWD/mnt/diff/tmp/evil")" "upper web /tmp/evil true"
umount mnt
it "a file of a shared layer is every container's and the images', with its number" \
	same "$(owners "$bottom/bin/sleep" | sed 's/ $//')" "image base:latest /bin/sleep
image multi:latest /bin/sleep
layer base /bin/sleep true
layer twin /bin/sleep true
layer web /bin/sleep true"
it "layers are counted from the bottom and have a diff_id" \
	same "$(jq -r '[.owners[].layer | "\(.number) \(.diff_id[:7])"] | unique | join(",")' where.json)" "1 sha256:"
it "a layer that one image has is that image's alone" \
	same "$(owners "$top/more" | cut -d' ' -f1,2 | paste -sd,)" "image multi:latest,layer twin,layer web"
it "the engine's own layer is told apart" \
	same "$(owners "$init/etc/hosts" | cut -d' ' -f1-3)" "init web /etc/hosts"
it "a volume is a mount of the container" \
	same "$(owners "$(docker_cli volume inspect -f '{{.Mountpoint}}' named)/v")" "mount web /vol/v true"
it "a bind mount from anywhere, too" same "$(owners "$PWD/bound/deep")" "mount web /bound/deep true"
it "a log is the engine's file about the container" \
	same "$(owners "$(docker_cli inspect -f '{{.LogPath}}' web)" | cut -d' ' -f1,2)" "engine file"
it "what is gone is said to be gone, and still whose it was" \
	same "$(owners "$upper/tmp/gone") $(jq -c .exists where.json)" "upper web /tmp/gone false false"
it "the merged tree is known by its place" \
	same "$(owners "$(of web MergedDir)/tmp/evil" | cut -d' ' -f1-3)" "view web /tmp/evil"
it "a path of nobody has no owner" same "$(owners /usr/bin)" ""
it "the table says so as well" ps --path "$upper/tmp/evil" >table
it "with what, who and where" grep -qE '^upper +docker +[0-9a-f]{12} +web .* /tmp/evil +yes$' table
it "a relative path begins here" ps --path alias >/dev/null

# and back
inside() { ps --format json --path "$1" >inside.json; }
dirs() { inside "$1" && jq -r '.directories[] | [.what, .object, .path, .shown] | join(" ")' inside.json; }
it "a file of the upper directory" same "$(dirs web:/tmp/evil)" "upper found /tmp/evil true"
it "has its path on the host" same "$(jq -r '.directories[0].host_path' inside.json)" "$upper/tmp/evil"
it "links on the way are the container's" same "$(dirs web:/t/evil)" "upper found /tmp/evil true"
it "a file of the image is found in its layer" same "$(dirs docker:web:/bin/sleep)" "layer found /bin/sleep true"
docker_cli exec web /bin/sh -c 'rm -rf /bin/cat; rm -rf /usr; : >/usr'
it "a whiteout is said" same "$(dirs web:/bin/cat | head -n 1)" "upper deleted /bin/cat false"
it "what takes the place of a directory is said" \
	same "$(dirs web:/usr/x | head -n 1)" "upper replaced /usr false"
it "and the path does not exist" same "$(jq -c .exists inside.json)" false
inside web:/vol/v
it "what a mount covers names the mount" same "$(jq -r .mount.path inside.json)" /vol
it "no such container is trouble" exits 2 ps --path none:/x 2>/dev/null
it "a filter with --path is refused" exits 2 ps --path /x --running 2>/dev/null

# listings
it "the list says what each row is" \
	same "$(ps --format json | jq -rc '[.containers[].kind] | unique')" '["workload"]'
it "nothing is hidden" same "$(ps --format json | jq -c .hidden)" '{"sandboxes":0,"builds":0}'
it "a filter by image takes the beginning of the id" \
	same "$(ps --format json --image "$(docker_cli inspect -f '{{.Image}}' base)" | jq -r '.containers[].name')" base
it "an engine that is none is refused" exits 2 ps --engine dokcer 2>err
it "and those there are listed" contains err "known: docker, containerd, podman, cri-o, buildah, other"
it "tables without pods have no such column" exits 1 grep -q POD <(ps)
it "an upper directory is a word for its container" \
	"$STRANDLINE" --store "docker=$store" capture "$upper" -o b.tar.zst --no-findings 2>/dev/null
diff_says() { "$STRANDLINE" --store "docker=$store" --no-db diff "$@" >diff.out 2>diff.err || [ $? -lt 2 ]; }
it "for diff as well" diff_says "$upper"
it "which finds what is in it" contains diff.out /tmp/evil
it "diff --all names the stores that it read" diff_says --all
it "each of them" contains diff.err "store read: docker at $store"
