# shellcheck shell=bash
# SPDX-License-Identifier: Apache-2.0
# What was indexed: listed, shown, checked, forgotten.
need sqlite3 jq
make_oci=$SOURCE_DIR/samples/make-oci.sh
sl() { "$STRANDLINE" --db store.db "$@"; }

mkdir -p base/usr/bin one/etc two/opt
echo ls >base/usr/bin/ls
ln -s ls base/usr/bin/dir
echo conf >one/etc/conf
echo data >two/opt/data
find base one two -exec touch -h -d '2024-01-02 03:04:05 UTC' {} +
mkdir a b
bash "$make_oci" a t base one
bash "$make_oci" b t base two
sl index -q oci:a oci:b

sl images >bare
sl images list >list
it "images is images list" cmp bare list
it "every image is listed" same "oci:a oci:b" "$(awk 'NR > 1 { print $1 }' list | paste -sd ' ')"
it "list has a form for programs" same '["oci:a",2,"proven"]' \
	"$(sl images list --format json | jq -c '.images[0] | [.name, .layers, .trust]')"

sl images show --format json oci:a >show
id=$(jq -r .id show)
it "show says which layers are shared" same "2 1" \
	"$(jq -r '[.layers[].images] | join(" ")' show)"
it "show takes the beginning of an id" same "$id" \
	"$(sl images show --format json "${id:7:9}" | jq -r .id)"
it "show counts the entries of each layer" same "5 3" \
	"$(jq -r '[.layers[].entries] | join(" ")' show)"
it "show for people names the tree digest" sh -c \
	'"$1" --db store.db images show oci:a | grep -q "^  tree     sha256:"' sh "$STRANDLINE"
it "an unknown image is an error" exits 2 sl images show nobody 2>err
it "which is said" contains err "no indexed image is called 'nobody'"

# Anyone can compute the tree digest of a dump.
sl images dump oci:a >dump
tree_of() { awk -v n="$2" '/^#layer/ { k++ } /^\./ && k == n' "$1" | sha256sum | cut -d' ' -f1; }
it "the lines of the first layer hash to its tree digest" \
	same "$(jq -r '.layers[0].tree_digest' show)" "sha256:$(tree_of dump 1)"
it "the lines of the second layer do, too" \
	same "$(jq -r '.layers[1].tree_digest' show)" "sha256:$(tree_of dump 2)"
it "a line says what there is in words of mtree" contains dump \
	"./usr/bin/dir type=link mode=0777 uid=$(id -u) gid=$(id -g) time=1704164645.000000000 link=ls"
it "the configuration is in the dump" same "$(cat a/blobs/sha256/"${id#sha256:}")" \
	"$(sed -n 's/^#config //p' dump | base64 -d)"
sl images dump --merged oci:a >view
it "a merged view has each path once" same ". ./etc ./etc/conf ./usr ./usr/bin ./usr/bin/dir \
./usr/bin/ls" "$(awk '/^\./ { print $1 }' view | paste -sd ' ')"

# Another form of the same image: layers as plain tars, another name, another time.
mkdir plain
cp -r a/. plain
for blob in plain/blobs/sha256/*; do
	gzip -t "$blob" 2>/dev/null || continue
	gzip -dc "$blob" >tar
	digest=$(sha256sum <tar | cut -d' ' -f1)
	mv tar "plain/blobs/sha256/$digest"
	old=$(basename "$blob") size=$(stat -c %s "plain/blobs/sha256/$digest")
	manifest=$(jq -r '.manifests[0].digest' plain/index.json)
	jq -c --arg old "sha256:$old" --arg new "sha256:$digest" --argjson size "$size" \
		'(.layers[] | select(.digest == $old)) |= {mediaType:
		"application/vnd.oci.image.layer.v1.tar", digest: $new, size: $size}' \
		"plain/blobs/sha256/${manifest#sha256:}" >manifest
	new=$(sha256sum <manifest | cut -d' ' -f1)
	jq -c --arg new "sha256:$new" --argjson size "$(stat -c %s manifest)" \
		'.manifests[0].digest = $new | .manifests[0].size = $size' plain/index.json >index
	mv manifest "plain/blobs/sha256/$new"
	mv index plain/index.json
done
"$STRANDLINE" --db plain.db index -q oci:plain
it "every form of an image has the same dump" same "" \
	"$("$STRANDLINE" --db plain.db images dump oci:plain | diff - dump)"

# ---- a dump comes back ----
load() { "$STRANDLINE" --db loaded.db images load "$@"; }
it "a dump is loaded" load -q dump
"$STRANDLINE" --db engine.db images load -q --name shop:1 dump
it "an image of an engine is found as index was told it" same "" \
	"$("$STRANDLINE" --db engine.db images dump docker:shop:1 2>&1 | diff - dump)"
it "and under its bare name" same "" \
	"$("$STRANDLINE" --db engine.db images dump shop:1 2>&1 | diff - dump)"
it "dump, load, dump is the same to the byte" same "" \
	"$("$STRANDLINE" --db loaded.db images dump "$id" | diff - dump)"
trust() { "$STRANDLINE" --db loaded.db images list --format json | jq -r '.images[] | .trust'; }
it "what was only told is recorded, not proven" same recorded "$(trust)"
it "it is checked like any other" exits 0 "$STRANDLINE" --db loaded.db images verify -q
mkdir tree
cp -a base/. one/. tree
drift() { "$STRANDLINE" --db loaded.db diff --rootfs tree --image oci:a "$@" >found 2>err; }
it "a tree that equals what was only told is not said to be clean" exits 3 drift --no-index
cp loaded.db told.db
it "unless the image can be read, which is done first" exits 0 drift
cp told.db loaded.db
it "a dump from a pipe is loaded again, and its layers are known" same "2" \
	"$(cat dump | load --name web - | sed -n 's/.*, \([0-9]*\) of them already known.*/\1/p')"
it "under the name that was given" same web \
	"$("$STRANDLINE" --db loaded.db images list --format json | jq -r '.images[] | .name')"
it "indexing the image proves what was told" "$STRANDLINE" --db loaded.db index -q oci:a
it "then it is proven" same proven "$(trust)"
it "and the same" same "" "$("$STRANDLINE" --db loaded.db images dump oci:a | diff - dump)"
it "a dump of proven layers does not lower their trust" load -q dump
it "they stay proven" same proven "$(trust)"
it "no dump can pass for another image's" exits 2 load view 2>err
it "a merged view is not loaded" contains err "only a dump without --merged can be loaded"

# A dump that lies about a layer that is known.
sed 's|^\./etc/conf type=file mode=0644|./etc/conf type=file mode=0755|' dump >lie
digest=$(awk '/^#layer/ { k++ } /^\./ && k == 2' lie | sha256sum | cut -d' ' -f1)
sed -i "s|$(jq -r '.layers[1].tree_digest' show)|sha256:$digest|" lie
it "a dump that contradicts a stored layer is refused" exits 1 load lie 2>err
it "and why" contains err "line 10: the dump contradicts what is stored of this layer"
it "elsewhere it is as good as any: recorded" \
	"$STRANDLINE" --db liar.db images load -q lie
it "until the image itself is there" "$STRANDLINE" --db liar.db index -q oci:a
it "which puts it right" same "" "$("$STRANDLINE" --db liar.db images dump oci:a | diff - dump)"

# ---- forget ----
cp store.db rm.db
sl_rm() { "$STRANDLINE" --db rm.db images rm "$@"; }
it "forgetting says what went and what others keep" \
	same "forgot $id: 1 layers freed, 1 kept for other images" "$(sl_rm oci:a)"
it "what others keep is still there" exits 0 "$STRANDLINE" --db rm.db images verify -q
it "forgetting the last frees everything" same "2 layers freed, 0 kept" \
	"$(sl_rm oci:b | sed 's/.*: \(.*\) for .*/\1/')"
it "no entry is left" same 0 "$(sqlite3 rm.db 'SELECT count(*) FROM entry')"
it "vacuum leaves a database that works" "$STRANDLINE" --db rm.db images vacuum -q
it "and is empty" same 0 "$("$STRANDLINE" --db rm.db images list --format json | jq '.images | length')"

# ---- verify ----
it "a store that nobody edited is as it was stored" exits 0 sl images verify >out
it "and says what was checked" contains out "2 images, 3 layers, 11 entries checked: 0 problems"
edited() { # edited SQL WANT...: after SQL in a copy, verify fails and says WANT
	local sql=$1
	shift
	cp store.db edited.db
	sqlite3 edited.db "$sql"
	exits 1 "$STRANDLINE" --db edited.db images verify >found || return 1
	for want; do contains found "$want" || return 1; done
}
rows="do not hash to the stored tree digest"
it "an edited digest of a file is found, with its image and layer" \
	edited "UPDATE entry SET digests=zeroblob(48) WHERE path=CAST('etc'||x'00'||'conf' AS BLOB)" \
	"image 'oci:a', layer 2: the rows $rows"
it "an edit of a shared layer concerns all its images" \
	edited "UPDATE entry SET uid=12345 WHERE path=CAST('usr' AS BLOB)" \
	"image 'oci:a', layer 1: the rows $rows" "image 'oci:b', layer 1: the rows $rows"
for column in mode=33261 uid=1 gid=1 size=6 mtime=1 mtime_ns=1 target="x'61'" rdev=1 state=1 \
	"digests=NULL" "xattrs=x'0161000162 00'" "path=x'7a'"; do
	it "an edit of ${column%%=*} is found" edited \
		"UPDATE entry SET ${column/ /} WHERE path=CAST('opt'||x'00'||'data' AS BLOB)" \
		"image 'oci:b', layer 2: "
done
it "a row that was taken away is found" edited \
	"DELETE FROM entry WHERE path=CAST('opt'||x'00'||'data' AS BLOB)" \
	"image 'oci:b', layer 2: 3 entries were stored, there are 2"
it "a row that was added is found" edited \
	"INSERT INTO entry SELECT layer, x'7a', mode, uid, gid, size, mtime, mtime_ns, target, rdev, \
	state, digests, xattrs FROM entry WHERE path=CAST('opt'||x'00'||'data' AS BLOB)" \
	"image 'oci:b', layer 2: 3 entries were stored, there are 4"
it "a path that is spelt with a slash is found" edited \
	"UPDATE entry SET path=CAST('opt/data' AS BLOB) WHERE path=CAST('opt'||x'00'||'data' AS BLOB)" \
	"image 'oci:b', layer 2: baseline database: damaged row (path)"
it "a configuration that was exchanged is found" edited \
	"UPDATE image SET config=CAST('{}' AS BLOB) WHERE name='oci:a'" \
	"image 'oci:a': the configuration should be $id but is"
it "a layer put into another place is found" edited \
	"UPDATE image_layer SET layer=(SELECT layer FROM image_layer WHERE image=2 AND position=1) \
	WHERE image=1 AND position=1" "image 'oci:a': layer 2: the diff_id of a layer should be"
it "a layer taken out of an image is found" edited \
	"DELETE FROM image_layer WHERE image=1 AND position=0" \
	"image 'oci:a': baseline database: layer 1 of the image is missing or damaged"
it "a layer that is gone is found" edited \
	"DELETE FROM layer WHERE id=(SELECT layer FROM image_layer WHERE image=1 AND position=1)" \
	"database: 3 entries that belong to no layer" \
	"database: 1 uses of a layer that name no image or no layer" \
	"image 'oci:a': baseline database: layer 2 of the image is missing or damaged"
it "an image that is gone leaves its layer behind, which is found" edited \
	"DELETE FROM image_layer WHERE image=1; DELETE FROM image WHERE id=1" \
	"database: 1 layers that belong to no image"
it "a manifest that was exchanged is found" edited \
	"UPDATE image SET manifest=CAST('{}' AS BLOB) WHERE id=1" "image 'oci:a': manifest: the manifest"
for column in trust=7 trust=x\'00\' anchor=-1 anchor=1 signer=\'me\' indexed_at=x\'00\' \
	indexed_at_ns=-1 "name=CAST(name AS BLOB)"; do
	it "an image's ${column%%=*} that no program writes is found (${column#*=})" edited \
		"UPDATE image SET $column WHERE id=1" "image 'oci:a': "
done
for column in trust=-1 trust=x\'00\' bytes=-1 proven_at=x\'00\' checked_at=1; do
	it "a layer's ${column%%=*} that no program writes is found (${column#*=})" edited \
		"UPDATE layer SET $column WHERE id=(SELECT layer FROM image_layer WHERE image=1 AND \
		position=1)" "image 'oci:a', layer 2: "
done
it "a manifest digest that nothing verifies any more is found" edited \
	"UPDATE image SET manifest=NULL, manifest_digest=zeroblob(32) WHERE id=1" \
	"image 'oci:a': its manifest digest is called verified, but no stored manifest has it"
it "one image can be checked by itself" exits 0 "$STRANDLINE" --db edited.db images verify -q oci:b
it "problems have a form for programs" same '["oci:a",null,true]' "$("$STRANDLINE" --db edited.db \
	images verify --format json | jq -c '.problems[0] | [.image, .layer, (.what | length > 9)]')"
it "an edited store is not dumped as if it were whole" edited \
	"UPDATE entry SET uid=12345 WHERE path=CAST('usr' AS BLOB)" "layer 1"
it "it ends without its last line" exits 1 "$STRANDLINE" --db edited.db images dump oci:a >part 2>err
it "and says why" contains err "see 'strandline images verify'"
it "so that nobody takes it for whole" lacks part "#end"

# A page overwritten in the middle.
cp store.db broken.db
printf 'XXXXXXXXXXXXXXXX' | dd of=broken.db bs=1 seek=$((4096 * 5 + 8)) conv=notrunc status=none
status=0
"$STRANDLINE" --db broken.db images verify >found 2>err || status=$?
it "a damaged file is never a clean one" test "$status" -ne 0
