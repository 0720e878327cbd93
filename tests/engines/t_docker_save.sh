# shellcheck shell=bash
# SPDX-License-Identifier: Apache-2.0
# What docker and skopeo themselves write of an image is, in every form, the image of the store.
. "$TESTS_DIR/engines/lib-docker.sh"
# shellcheck source=tests/archive-lib.sh
. "$TESTS_DIR/archive-lib.sh"
need jq python3 skopeo
docker_start "$PWD/d"
store=(--store "docker=$(docker_data)")

docker_build_classic shop:1
# a layer twice: docker save links the second to the first
mkdir twice
echo once >twice/file
touch -d @1600000000 twice/file
printf 'FROM shop:1\nCOPY file /\nCOPY file /\n' >twice/Dockerfile
DOCKER_BUILDKIT=0 docker_cli build --network none -q -t shop:2 twice >/dev/null

copy() { skopeo copy -q --insecure-policy --src-daemon-host "unix://$DOCKER_DIR/docker.sock" "$@" >/dev/null; }
same_baseline() { baseline "$@" >got && cmp want got; }
# skopeo makes a configuration of its own where it changes the format: the layers stay
same_layers() { baseline "$@" >got && cmp <(tail -n +2 want) <(tail -n +2 got); }
forms() {
	local tag=$1
	docker_cli save -o saved$tag.tar shop:$tag
	layout_of_save saved$tag.tar layout$tag $tag
	save_25 layout$tag since25.tar shop:$tag
	save_containerd layout$tag containerd.tar shop:$tag
	baseline "${store[@]}" docker:shop:$tag >want
	for ref in saved$tag.tar oci:layout$tag docker-archive:since25.tar oci-archive:since25.tar \
		docker-archive:containerd.tar oci-archive:containerd.tar; do
		it "shop:$tag: $ref is the image of the store" same_baseline "$ref"
	done
}
forms 2
it "the archive of a layer that comes twice has a link in it" \
	bash -c 'tar -tvf saved2.tar | grep -q "^l.*layer.tar -> "'
forms 1
gzip -1k saved1.tar
copy docker-daemon:shop:1 docker-archive:copied.tar:shop:1
copy docker-daemon:shop:1 oci-archive:oci.tar:1
for ref in docker-archive:saved1.tar:shop:1 docker-archive:saved1.tar.gz \
	docker-archive:copied.tar:shop:1; do
	it "$ref is the image of the store" same_baseline "$ref"
done
it "what skopeo makes an OCI archive of has its layers" same_layers oci-archive:oci.tar:1
saved_pipe() { same_baseline docker-archive:- < <(docker_cli save shop:1); }
it "docker save may be read from a pipe" saved_pipe
docker_cli save -o both.tar shop:1 shop:2
it "one of several images is picked by name" same_baseline docker-archive:both.tar:shop:1
it "without a name they are listed" bash -c \
	'"$STRANDLINE" index --db db both.tar 2>err; [ $? -eq 2 ] && grep -q "name one of .*shop:1.*shop:2\|name one of .*shop:2.*shop:1" err'

docker_cli run -d --name web --network none shop:1 >/dev/null
docker_cli exec web /bin/sh -c 'echo evil >/usr/bin/evil'
upper=$(docker_cli inspect -f '{{.GraphDriver.Data.UpperDir}}' web)
it "a container is compared with an archive of its image" \
	exits 1 "$STRANDLINE" diff --no-db --upper "$upper" --image docker-archive:saved1.tar --format json -o drift.json
it "and what drifted is found" jq -e \
	'[.containers[0].findings[].path] | index("/usr/bin/evil") != null' drift.json
