# shellcheck shell=bash
# SPDX-License-Identifier: Apache-2.0
# Layers of a real dockerd, untouched and tampered with in every way: each is found and named.
. "$TESTS_DIR/engines/lib-docker.sh"
need jq python3 attr
docker_start "$PWD/d"
store=(--store "docker=$(docker_data)")
check() { "$STRANDLINE" check --db "$PWD/db" "${store[@]}" --format json -o out.json "$@"; }
# fresh ...: the same with a database that knows nothing: the layer's own tar-split must do
fresh() { "$STRANDLINE" check --no-db "${store[@]}" --format json -o out.json "$@"; }
# found KIND PATH WHAT: the last check names exactly this
found() {
	jq -e --arg k "$1" --arg p "$2" --arg w "$3" '[.layers[].differences[] |
		select(.doubtful | not) | select(.kind == $k and .path == $p and .what == $w)] |
		length == 1' out.json >/dev/null || { jq -c '.layers[].differences' out.json >&2; false; }
}
alone() { same "$(jq '[.layers[].differences[]] | length' out.json)" 1; }

docker_build_classic shop:classic
docker_cli run -d --name web --network none shop:classic /bin/sleep 100000 >/dev/null
docker_cli create --name spare --network none shop:classic >/dev/null

it "an untouched image is intact" exits 0 check --image shop:classic
it "known by the tars that its directories make" \
	jq -e '[.layers[] | .method, .trust] | unique == ["proven", "tar-split"]' out.json
it "which stores no baseline: their files were not hashed one by one" \
	same "$("$STRANDLINE" images --db "$PWD/db" --format json | jq '.images | length')" 0
"$STRANDLINE" index --quiet --db "$PWD/db" "${store[@]}" docker:shop:classic >/dev/null
it "an untouched container is intact by its baseline" exits 0 check web
it "which was proven" jq -e '.verdict == "intact" and ([.layers[] | .method, .trust] |
	unique == ["baseline", "proven"])' out.json
it "and so is everything" exits 0 check --all
once() {
	"$STRANDLINE" diff --check --no-db "${store[@]}" web >table 2>err || [ $? -le 3 ] || return 1
	same 1 "$(grep -c 'indexing image' err)"
}
it "a comparison that checks first indexes once, without a database, too" once

# the bottom layer, which has most of the files
dir=$(jq -r '.layers[0].directory' out.json)
[ -d "$dir/etc" ]
file=$dir/etc/group
before=$(stat -c %y "$file")
cp -a "$file" saved
printf X | dd of="$file" bs=1 conv=notrunc status=none
touch -d "$before" "$file"
it "a byte that was changed in place, size and time put back, is found by the baseline" \
	exits 1 check web
it "and named" found changed /etc/group content
it "alone" alone
it "with the containers and images that share the layer" jq -e '.layers[] | select(.verdict == "tampered") |
	([.containers[].name] | sort == ["spare", "web"]) and ([.images[].name] | index("shop:classic"))' out.json
it "it is found without a baseline" exits 1 fresh web
it "and named" found changed /etc/group content
it "alone" alone
it "and for the image" exits 1 check --image shop:classic
it "and among everything" exits 1 check --all
"$STRANDLINE" check --db "$PWD/db" "${store[@]}" web >table || true
it "people read which file" contains table '/etc/group  content: sha256:'
it "and whose layer" contains table 'container  web (docker'
cp -a saved "$file"
it "what was put back is intact again" exits 0 check web

# Everything at once, each in a file of its own; `found` then tells them apart.
ls "$dir/data/00" >names
victim() { echo "$dir/data/00/$(sed -n "${1}p" names)"; }
inside() { echo "/data/00/$(sed -n "${1}p" names)"; }
layer=$(jq -r '.layers[1].directory' out.json)
hostile=$(printf 'bad\n\033[31m\377')
cp -a "$dir" "$PWD/dir.saved"; cp -a "$layer" "$PWD/layer.saved"
ln "$(victim 1)" "$dir/data/00.link"; docker_cli exec web true
cp /bin/true "$dir/usr/bin/evil"
chmod 4755 "$(victim 2)"
rm "$(victim 3)"
chown 33:33 "$(victim 4)"; chmod 0644 "$(victim 4)"
setfattr -n trusted.evil -v 1 "$(victim 5)"
python3 -c 'import os, sys
os.setxattr(sys.argv[1], "security.capability", bytes.fromhex("0100000200200000000000000000000000000000"))' "$(victim 6)"
touch -d 2001-02-03 "$(victim 7)"
mknod "$dir/etc/shadow-" c 0 0
mkfifo "$dir/etc/pipe"
mknod "$dir/etc/dev" c 1 5
rm "$(victim 8)"; ln -s passwd "$(victim 8)"
printf 'more\n' >>"$(victim 9)"
: >"$(victim 10)"
: >"$dir/etc/$hostile"
mkdir -p "$dir/opt/$(printf '%0200d' 0)"; : >"$dir/opt/$(printf '%0200d' 0)/$(printf '%0255d' 1)"
truncate -s 1T "$dir/opt/sparse"
setfattr -n trusted.overlay.opaque -v y "$layer/etc"
setfattr -n trusted.overlay.metacopy -v "" "$layer/etc/one.conf"
all_found() {
	it "$1: a hard link added" found extra /data/00.link file
	it "$1: a file added" found extra /usr/bin/evil file
	it "$1: its digest is told" jq -e --arg d "sha256:$(sha256sum <"$dir/usr/bin/evil" | cut -d' ' -f1)" \
		'.layers[].differences[] | select(.path == "/usr/bin/evil") | .after | contains($d)' out.json
	it "$1: a setuid bit" found metadata "$(inside 2)" mode
	it "$1: a file removed" found missing "$(inside 3)" file
	it "$1: one odd owner" found metadata "$(inside 4)" owner
	it "$1: an attribute" found metadata "$(inside 5)" xattr
	it "$1: a capability" found metadata "$(inside 6)" capability
	it "$1: a time that was set" found metadata "$(inside 7)" mtime
	it "$1: a whiteout added" found extra /etc/shadow- whiteout
	it "$1: a FIFO added" found extra /etc/pipe fifo
	it "$1: a device added" found extra /etc/dev char
	it "$1: a file that became a link" found changed "$(inside 8)" type
	it "$1: a file that grew" found changed "$(inside 9)" content
	it "$1: a file that was emptied" found changed "$(inside 10)" content
	it "$1: a sparse file of a terabyte, unread" found extra /opt/sparse file
	it "$1: a directory made opaque" found changed /etc marker
	it "$1: a file whose bytes are another's" found changed /etc/one.conf marker
	it "$1: the bytes of a hostile name" same "$(jq -r '[.layers[].differences[].path_b64 | values][0]' \
		out.json | base64 -d | tail -c 1 | od -An -tx1)" " ff"
	it "$1: and nothing else" same "$(jq '[.layers[].differences[] | select(.doubtful | not)] | length' out.json)" 21
	it "$1: in two layers" same "$(jq .layer_counts.tampered out.json)" 2
}
it "much at once is found by the baseline" exits 1 check web
all_found baseline
it "much at once is found by tar-split alone" exits 1 fresh web
all_found tar-split
"$STRANDLINE" check --db "$PWD/db" "${store[@]}" web >table || true
it "hostile names reach no terminal" contains table 'bad\x0a\x1b[31m\xff'
if python3 -c 'import jsonschema' 2>/dev/null; then
	"$STRANDLINE" check --db "$PWD/db" "${store[@]}" --format jsonl -o out.jsonl web || true
	cat >schema.py <<-'END'
		import json, sys, jsonschema
		schema = json.load(open(sys.argv[1]))
		v = jsonschema.Draft202012Validator
		v.check_schema(schema)
		v(schema).validate(json.load(open("out.json")))
		line = v({"$defs": schema["$defs"], "$ref": "#/$defs/record"})
		lines = [json.loads(text) for text in open("out.jsonl")]
		for one in lines:
		    line.validate(one)
		assert {one["record"] for one in lines} == {"run", "difference", "layer"}
		bad = json.load(open("out.json"))
		bad["layers"][0]["verdict"] = "fine"
		assert not v(schema).is_valid(bad)
	END
	it "documents and lines fit their schema" python3 schema.py "$SOURCE_DIR/docs/schema/check-1.schema.json"
fi
find "$dir" "$layer" -mindepth 1 -delete
cp -a dir.saved/. "$dir/"; cp -a layer.saved/. "$layer/"
rm -r dir.saved layer.saved
it "what was put back is intact" exits 0 check web

# owners that were all moved alike are told as one thing, and hide no odd one
# moved BY: the owners of all that is in the directory, rights and times as they were
moved() {
	python3 - "$1" "$dir" <<-'END'
		import os, stat, sys
		by, top = int(sys.argv[1]), sys.argv[2]
		done = set()
		for where, dirs, files in os.walk(top):
		    for name in dirs + files:
		        path = os.path.join(where, name)
		        s = os.lstat(path)
		        if (s.st_dev, s.st_ino) in done:
		            continue
		        done.add((s.st_dev, s.st_ino))
		        attrs = {a: os.getxattr(path, a, follow_symlinks=False)
		                 for a in os.listxattr(path, follow_symlinks=False)}
		        os.lchown(path, s.st_uid + by, s.st_gid + by)
		        if not stat.S_ISLNK(s.st_mode):
		            os.chmod(path, stat.S_IMODE(s.st_mode))
		        for a, value in attrs.items():
		            os.setxattr(path, a, value, follow_symlinks=False)
	END
}
moved 100000
it "owners that were all moved are not tampering, and not proven" exits 3 check web
it "told as one" jq -e '[.layers[].differences[] | select(.what == "owner")] | length == 1' out.json
it "a waiver is one option away" exits 0 check --accept-unproven web
chown 0:0 "$file"
it "one that does not fit is tampering" exits 1 check web
it "and named" found metadata /etc/group owner
chown 100000:100000 "$file"
moved -100000
it "with everything back it is intact" exits 0 check web

# a socket: no tar has one
python3 -c 'import socket, sys, os; os.chdir(sys.argv[1]); socket.socket(socket.AF_UNIX).bind("sock")' "$dir/etc"
it "a socket is no proof of tampering, and no proof of the opposite" exits 3 check web
rm "$dir/etc/sock"

mv "$dir" gone
it "a layer directory that is gone is unread" exits 3 check --image shop:classic
ln -s "$PWD/gone" "$dir"
it "and so is one that was replaced by a link" exits 3 check --image shop:classic
rm "$dir"; mv gone "$dir"

# tar-split itself altered: the tar does not come out, and that is said
id=$(docker_cli inspect -f '{{.Id}}' shop:classic)
split=$(grep -rl . "$(docker_data)"/image/overlay2/layerdb/sha256/*/tar-split.json.gz | head -1)
for split in "$(docker_data)"/image/overlay2/layerdb/sha256/*/tar-split.json.gz; do
	[ "$(cat "${split%/*}/cache-id")" = "$(basename "${dir%/diff}")" ] && break
done
cp -a "$split" split.saved
gzip -dc split.saved | sed '1s/"payload":"[A-Za-z0-9+/]\{8\}/"payload":"Li8uLi8u/' | gzip >"$split"
it "an altered tar-split is found" exits 1 fresh web
it "an altered tar-split does not matter to who has a baseline" exits 0 check web
cp -a split.saved "$split"

# where nothing is left of the tars, as on nodes that discard them: only a baseline says what is what
"$STRANDLINE" keygen -q -o key
"$STRANDLINE" baseline export -q --db db --key key -o signed shop:classic
"$STRANDLINE" baseline import -q --db signed.db --key key.pub signed
"$STRANDLINE" images dump --db db shop:classic >dump
"$STRANDLINE" images load -q --db recorded.db --name told dump
by() { "$STRANDLINE" check --db "$PWD/$1.db" "${store[@]}" --format json -o out.json "${@:2}" 2>err; }
known() { # METHOD TRUST VERDICT: every layer, and all of them together
	jq -e --arg m "$1" --arg t "$2" --arg v "$3" '.verdict == $v and ([.layers[] |
		.method, .trust, .verdict] | unique) == ([$m, $t, $v] | unique)' out.json
}
tar_splits() { find "$(docker_data)/image/overlay2/layerdb" -name "tar-split.json.gz$1"; }
tar_splits "" | while read -r one; do mv "$one" "$one.away"; done
it "without tar-split and baseline nothing is proven" exits 3 by none web
it "which is said" known none on-disk unproven
it "a signed baseline proves the layers" exits 0 by signed web
it "and by what they are known is said" known baseline signed intact
it "of an image as well" exits 0 by signed --image shop:classic
it "a recorded baseline proves nothing" exits 3 by recorded web
it "though the layers equal it" known baseline recorded unproven
it "which is told" jq -e '[.layers[].why] | unique == ["equal to a recording, which nothing proves"]' out.json
it "and may be accepted" exits 0 by recorded --accept-unproven web
printf X | dd of="$file" bs=1 conv=notrunc status=none
touch -d "$before" "$file"
: >"$dir/etc/added"
for baseline in signed recorded; do
	it "tampering is found by a $baseline baseline" exits 1 by "$baseline" web
	it "the file is named" found changed /etc/group content
	it "so is one that was added" found extra /etc/added file
	it "and nothing else" same 2 "$(jq '[.layers[].differences[]] | length' out.json)"
	it "in its layer alone" same "baseline $baseline" \
		"$(jq -r '.layers[] | select(.verdict == "tampered") | "\(.method) \(.trust)"' out.json)"
done
cp -a saved "$file"
rm "$dir/etc/added"
tar_splits .away | while read -r one; do mv "$one" "${one%.away}"; done
it "a recorded baseline gives way to the layers' own tars" exits 0 by recorded web
it "which prove them" known tar-split proven intact

# the result is kept, and diff reports it
printf X | dd of="$file" bs=1 conv=notrunc status=none
exits 1 check web
it "diff reports what the last check said" exits 1 \
	"$STRANDLINE" diff --db "$PWD/db" "${store[@]}" --format json -o diff.json web
it "in the layers" jq -e '.containers[0].layers.checked | .verdict == "tampered" and .method == "baseline"' diff.json
it "and as a finding" jq -e '[.containers[0].findings[] | select(.kind == "layer")] | length == 1' diff.json
it "diff --check names the files" exits 1 \
	"$STRANDLINE" diff --check --db "$PWD/db" "${store[@]}" --format json -o diff.json web
it "as critical findings of kind layer" jq -e '.containers[0].findings[] |
	select(.kind == "layer" and .subject == "/etc/group" and .severity == "critical") | .attack == ["T1525"]' diff.json
cp -a saved "$file"
it "after repair, diff --check is clean again" exits 0 \
	"$STRANDLINE" diff --check --db "$PWD/db" "${store[@]}" --format json -o diff.json web
it "which it says" jq -e '.containers[0].layers.checked.verdict == "intact"' diff.json

# tar-split notes one name of a file that has two
docker_cli kill web >/dev/null
cp -a "$dir/usr/bin/busybox" busybox.saved
printf X | dd of="$dir/usr/bin/busybox" bs=1 seek=100 conv=notrunc status=none
it "a file with two names is found without a baseline" exits 1 fresh --image shop:classic
it "by the one" found changed /usr/bin/busybox content
it "and by the other" found changed /usr/sbin/chroot content
dd if=busybox.saved of="$dir/usr/bin/busybox" conv=notrunc status=none
touch -r busybox.saved "$dir/usr/bin/busybox"

# a name that is no longer a link of the file that tar-split notes, other bytes in its place
cut_off() { # NAME: a file of its own with these bytes and this size, all else as it was
	cp -a "$dir/usr/bin/busybox" cut
	[ -z "${1-}" ] || printf X | dd of=cut bs=1 seek=100 conv=notrunc status=none
	touch -r busybox.saved cut
	rm "$dir/usr/sbin/chroot"; cp -a cut "$dir/usr/sbin/chroot"
}
cut_off
it "a hard link that was copied is the same file" exits 0 fresh --image shop:classic
cut_off other
it "one with other bytes is found without a baseline" exits 1 fresh --image shop:classic
it "and named" found changed /usr/sbin/chroot content
it "alone" alone
it "the layer itself is proven" jq -e '.layers[0] | .method == "tar-split" and .trust == "proven"' out.json
it "it is not indexed, either" exits 1 "$STRANDLINE" index --no-db "${store[@]}" docker:shop:classic
it "and found by a baseline" exits 1 check --image shop:classic
it "by its name" found changed /usr/sbin/chroot content
ln -f "$dir/usr/bin/busybox" "$dir/usr/sbin/chroot"
it "linked again, it is intact" exits 0 fresh --image shop:classic

docker_build_buildkit shop:buildkit
docker_cli run -d --name kit --network none shop:buildkit /bin/sleep 100000 >/dev/null
status=0; check kit || status=$?
it "an untouched image of BuildKit is not called tampered with" test "$status" -ne 1
it "and what is doubtful is said" jq -e '.verdict == "intact" or .verdict == "unproven"' out.json
