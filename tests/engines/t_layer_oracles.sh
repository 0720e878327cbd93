# shellcheck shell=bash
# SPDX-License-Identifier: Apache-2.0
# What a layer's tar means, by those who unpack them: umoci, GNU tar and a real dockerd make trees of
# nasty layers, mtree judges one of them, and what we say the image holds must be what is there.
# Differences that belong to a reader stand with their case in nasty.py, one by one.
# shellcheck source=tests/engines/lib-docker.sh
. "$TESTS_DIR/engines/lib-docker.sh"
need_root
need jq python3 umoci mtree tar skopeo getfattr
nasty() { mkdir "$1" && python3 "$TESTS_DIR/engines/nasty.py" "$1" "$1"; }
dump() { "$BUILD_DIR/tests/tool_dump_baseline" "$@"; }
image_id() { # LAYOUT
	local manifest
	manifest=$(jq -r '.manifests[0].digest' "$1/index.json")
	jq -r .config.digest "$1/blobs/sha256/${manifest#sha256:}"
}

# finds_only TREE READER: the tree differs from the image in what belongs to its reader alone.
finds_only() {
	local status=0
	"$STRANDLINE" diff --rootfs "$1" --image "oci:$2/layout:1" --db "$PWD/db" --format json \
		-o found.json || status=$?
	jq -r '.containers[0].findings[] | .path + " " + .change' found.json | sort >found
	diff -u "$2/expected" found || return 1
	[ $status -eq "$(if [ -s found ]; then echo 1; else echo 0; fi)" ]
}

nasty umoci
umoci unpack --image umoci/layout:1 bundle >umoci.log 2>&1 || { cat umoci.log; exit 1; }
"$STRANDLINE" index --db "$PWD/db" oci:umoci/layout:1 >index.out
it "a tree of umoci's is what we say the image holds" finds_only bundle/rootfs umoci
it "many entries of it were compared" \
	jq -e '.containers[0].counts.entries > 150 and .containers[0].gaps == []' found.json
it "whoever indexes it is told what deserves a second look" \
	grep -qx '  flagged  3 entries carry overlay markers' index.out
dump "$PWD/db" "$(image_id umoci/layout)" >umoci.mtree
# mtree takes a name with "*" in it for a pattern, whatever stands for it: not asked about
sed -i '/^\.\/names_are_bytes\/\\052 /d' umoci.mtree
echo 'names_are_bytes/*' >expected.paths
sed 's/^\///;s/ .*//' umoci/expected >>expected.paths
# It reads no attributes; details are indented, names and what is missing or extra are not.
judge() {
	mtree -f umoci.mtree -p bundle/rootfs >judged || true
	grep -av '^	' judged | sed 's/^\(extra\|missing\): \(\.\/\)\?//;s/: *$//' | sort -u >judged.paths
	grep -Fxv -f expected.paths judged.paths >only.mtree || true
	[ ! -s only.mtree ] || { cat only.mtree; return 1; }
	grep -qx hard_links_with_their_own_metadata/a judged.paths
}
it "mtree finds no more in it than we do" judge
sed -i 's/^\(.*whiteouts\/k\/b .*\) sha256=..../\1 sha256=0000/' umoci.mtree
it "and would have seen another digest" exits 1 judge >/dev/null

nasty tar
mkdir tree
for layer in tar/layer*.tar; do
	tar -C tree --xattrs --xattrs-include='*' --numeric-owner -xpf "$layer" 2>tar.err
done
it "a tree of GNU tar's is what we say the image holds" finds_only tree tar

for form in gzip zstd; do
	skopeo copy -q --insecure-policy --dest-compress --dest-compress-format $form \
		oci:umoci/layout:1 "oci:$form:1"
	"$STRANDLINE" index --db "$PWD/db-$form" "oci:$form:1" >/dev/null
	it "layers compressed with $form are the same baseline" \
		cmp <(dump "$PWD/db" "$(image_id umoci/layout)" flags) \
		<(dump "$PWD/db-$form" "$(image_id $form)" flags)
done

mkdir refused
python3 "$TESTS_DIR/engines/nasty.py" refused refused
for layout in refused/*; do
	it "refused: $(basename "$layout" | tr _ ' ')" \
		exits 2 "$STRANDLINE" index --no-db "oci:$layout:1" 2>refused.err
done

nasty docker
docker_start "$PWD/d"
docker_cli load -q -i docker/archive.tar >/dev/null
id=$(docker_cli inspect -f '{{.Id}}' nasty:1)
layers=$(docker_cli inspect -f '{{.GraphDriver.Data.UpperDir}}:{{.GraphDriver.Data.LowerDir}}' nasty:1)
mkdir merged
mount -t overlay -o "ro,lowerdir=$layers" overlay merged
trap 'umount merged; docker_stop' EXIT
it "a tree of docker's is what we say the image holds" finds_only merged docker
"$STRANDLINE" index --db "$PWD/db-docker" --store "docker=$(docker_data)" docker:nasty:1 >/dev/null
it "docker's own store has the same baseline as the layout" \
	cmp <(dump "$PWD/db-docker" "$id" flags) <(dump "$PWD/db" "$id" flags)
it "and every directory in it was proven" jq -e '.images[0].checked_at != null' \
	<("$STRANDLINE" images --db "$PWD/db-docker" --format json)

# What docker unpacks in another place than we say is no tampering, and is not called checked.
nasty stray
docker_cli load -q -i stray/archive.tar >/dev/null
"$STRANDLINE" index --db "$PWD/db-stray" --store "docker=$(docker_data)" docker:nasty:1 >stray.out
it "what went through a link of a lower layer is flagged" \
	grep -q '  flagged  1 entry is unpacked differently' stray.out
it "and its directory is not called checked" jq -e '.images[0].checked_at == null' \
	<("$STRANDLINE" images --db "$PWD/db-stray" --format json)

nasty sparse
docker_cli load -q -i sparse/archive.tar >/dev/null
it "a sparse file, of which docker keeps too little, is no tampering either" \
	exits 2 "$STRANDLINE" index --no-db --store "docker=$(docker_data)" docker:nasty:1 2>sparse.err
it "and the reason is said" contains sparse.err "a sparse file: its layer cannot be rebuilt"
