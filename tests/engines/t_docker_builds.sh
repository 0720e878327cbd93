# shellcheck shell=bash
# SPDX-License-Identifier: Apache-2.0
# Images as builders really make them: no drift in what is only opened, exact drift in what is changed.
. "$TESTS_DIR/engines/lib-docker.sh"
need jq skopeo
docker_start "$PWD/d"
store=(--store "docker=$(docker_data)")
finding() { jq -r --arg p "$2" ".containers[0].findings[] | select(.path == \$p) | $3" "$1"; }

docker_build_classic shop:classic
docker_build_buildkit shop:buildkit
docker_cli create --name grow shop:classic >/dev/null
docker_cli start grow >/dev/null
docker_cli exec grow /bin/sh -c 'echo grown >/etc/grown; rm /opt/two; mkdir /opt/new' >/dev/null
docker_cli commit grow shop:committed >/dev/null
docker_cli rm -f grow >/dev/null

for image in classic buildkit committed; do
	docker_cli run -d --network none --name $image shop:$image /bin/sleep 100000 >/dev/null
	# every file of these is copied up by the open, none is changed
	docker_cli exec $image /bin/sh -c \
		'for f in /etc/* /opt/* /data/00/*; do [ -f $f ] && : >>$f; done; true'
	it "$image: what was only opened for writing is no drift" \
		exits 0 "$STRANDLINE" diff $image --db "$PWD/db" "${store[@]}" --format json -o $image.json
	it "$image: and was copied up all the same" \
		jq -e '.containers[0].counts.touched > 100' $image.json
	it "$image: the layers are proven on disk" \
		jq -e '.containers[0].layers | .trust == "proven" and .checked_at != null' $image.json

	# the same image from a layout: its tars have whole seconds, the disk may have nanoseconds
	skopeo copy -q --insecure-policy --src-daemon-host "unix://$DOCKER_DIR/docker.sock" \
		"docker-daemon:shop:$image" "oci:$PWD/layout-$image:1" >/dev/null
	"$STRANDLINE" index --db "$PWD/db-$image" "oci:$PWD/layout-$image:1" >/dev/null
	it "$image: no drift either against the layers of its layout" exits 0 \
		"$STRANDLINE" diff $image --db "$PWD/db-$image" "${store[@]}" --format json -o layout.json
	it "$image: whose layers were proven, but not the directories on this disk" \
		jq -e '.containers[0].layers | .trust == "proven" and .checked_at == null' layout.json

	docker_cli exec $image /bin/sh -c '
		chmod 600 /etc/hostname /etc/os-release
		touch -d @1600000000 /etc/group
		chown 1000:1000 /data/01/*
		ln /etc/issue /etc/issue.link
		mv /data/02 /data/moved 2>/dev/null || { cp -a /data/02 /data/moved && rm -r /data/02; }
		sed -i s/changed/CHANGED/ /etc/os-release
		rm -r /data/03; mkdir /data/03; echo new >/data/03/new
		rm /usr/lib/dangling; ln -s elsewhere /usr/lib/dangling
		rm -r /home/ada; echo file >/home/ada'
	"$STRANDLINE" diff $image --db "$PWD/db" "${store[@]}" --format json -o changed.json || true
	it "$image: a chown is metadata, each file of it" same \
		"$(jq '[.containers[0].findings[] | select(.kind == "file" and .change == "metadata" and (.path | startswith("/data/01/")))] | length' changed.json)" 100
	it "$image: replaced by rename, changed in content" same \
		"$(finding changed.json /etc/os-release .change)" modified
	it "$image: a time put back is metadata" same "$(finding changed.json /etc/group .change)" metadata
	it "$image: a moved directory is deleted in one place, each file of it" same \
		"$(jq '[.containers[0].findings[] | select(.kind == "file" and .change == "deleted" and (.path | startswith("/data/02/")))] | length' changed.json)" 100
	it "$image: and added in the other" same \
		"$(jq '[.containers[0].findings[] | select(.kind == "file" and .change == "added" and (.path | startswith("/data/moved/")))] | length' changed.json)" 100
	it "$image: the children of an emptied directory are deleted" same \
		"$(jq '[.containers[0].findings[] | select(.kind == "file" and .change == "deleted" and (.path | startswith("/data/03/")))] | length' changed.json)" 100
	it "$image: a link to elsewhere is modified" same \
		"$(finding changed.json /usr/lib/dangling .change)" modified
	it "$image: a directory that became a file changed its type" same \
		"$(finding changed.json /home/ada .change)" type
	it "$image: and what was in it is deleted" same \
		"$(finding changed.json /home/ada/.ssh/authorized_keys .change)" deleted
done


it "the merged tree is what the findings make of the image" bash -c '
	id=$(docker -H "unix://$2/docker.sock" inspect -f "{{.GraphDriver.Data.MergedDir}}" buildkit)
	"$STRANDLINE" diff --rootfs "$id" --image docker:shop:buildkit --db db "$1" --format json -o rootfs.json
	cmp <(jq -r ".containers[0].findings[] | select(.kind == \"file\") | select(.path | test(\"^/(dev|proc|sys|etc/(hosts|hostname|resolv.conf|mtab))|^/.dockerenv\") | not) | .path + \" \" + .change" rootfs.json) \
	    <(jq -r ".containers[0].findings[] | select(.kind == \"file\") | select(.path | test(\"^/(dev|proc|sys|etc/(hosts|hostname|resolv.conf|mtab))|^/.dockerenv\") | not) | .path + \" \" + .change" <("$STRANDLINE" diff buildkit --db db "$1" --format json))' \
	- "--store=docker=$(docker_data)" "$DOCKER_DIR"
