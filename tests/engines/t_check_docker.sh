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
	jq -e '[.layers[].method] | unique == ["tar-split"]' out.json
it "an untouched container is intact by its baseline" exits 0 check web
it "which was proven" jq -e '.verdict == "intact" and ([.layers[] | .method, .trust] |
	unique == ["baseline", "proven"])' out.json
it "and so is everything" exits 0 check --all

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

# tampered SENTENCE KIND PATH WHAT: after `do`, found both ways; `undo` puts it back
tampered() {
	local sentence=$1 kind=$2 path=$3 what=$4
	it "$sentence: found by the baseline" exits 1 check web
	it "$sentence: named" found "$kind" "$path" "$what"
	it "$sentence: found by tar-split alone" exits 1 fresh web
	it "$sentence: named" found "$kind" "$path" "$what"
}
now() { touch -d "$before" "$file"; }
cp /bin/true "$dir/usr/bin/evil"; tampered "a file added" extra /usr/bin/evil file
it "its digest is told" jq -e --arg d "sha256:$(sha256sum <"$dir/usr/bin/evil" | cut -d' ' -f1)" \
	'.layers[].differences[] | select(.path == "/usr/bin/evil") | .after | contains($d)' out.json
rm "$dir/usr/bin/evil"
chmod 4755 "$file"; tampered "a setuid bit" metadata /etc/group mode; chmod 644 "$file"
mv "$file" moved; tampered "a file removed" missing /etc/group file; mv moved "$file"
chown 33:33 "$file"; tampered "one odd owner" metadata /etc/group owner; chown 0:0 "$file"
setfattr -n trusted.evil -v 1 "$file"; tampered "an attribute" metadata /etc/group xattr
setfattr -x trusted.evil "$file"
python3 -c 'import os, sys
os.setxattr(sys.argv[1], "security.capability", bytes.fromhex("0100000200200000000000000000000000000000"))' "$file"
tampered "a capability" metadata /etc/group capability
setfattr -x security.capability "$file"
touch -d 2001-02-03 "$file"; tampered "a time that was set" metadata /etc/group mtime; now
mknod "$dir/etc/shadow-" c 0 0; tampered "a whiteout added" extra /etc/shadow- whiteout; rm "$dir/etc/shadow-"
mkfifo "$dir/etc/pipe"; tampered "a FIFO added" extra /etc/pipe fifo; rm "$dir/etc/pipe"
mv "$file" moved; ln -s passwd "$file"; tampered "a file that became a link" changed /etc/group type
rm "$file"; mv moved "$file"
printf 'more\n' >>"$file"; tampered "a file that grew" changed /etc/group content; cp -a saved "$file"
: >"$file"; tampered "a file emptied" changed /etc/group content; cp -a saved "$file"
name=$(printf 'bad\n\033[31m\377'); : >"$dir/etc/$name"
it "a hostile name is found" exits 1 check web
it "and its bytes are kept" same "$(jq -r '[.layers[].differences[].path_b64][0]' out.json | base64 -d | tail -c 1 | od -An -tx1)" " ff"
"$STRANDLINE" check --db "$PWD/db" "${store[@]}" web >table || true
it "but reach no terminal" contains table 'bad\x0a\x1b[31m\xff'
rm "$dir/etc/$name"

# markers of a lower layer
layer=$(jq -r '.layers[1].directory' out.json)
setfattr -n trusted.overlay.opaque -v y "$layer/etc"
tampered "a directory made opaque" changed /etc marker
setfattr -x trusted.overlay.opaque "$layer/etc"
setfattr -n trusted.overlay.redirect -v /root "$layer/etc"
tampered "a directory redirected" changed /etc marker
setfattr -x trusted.overlay.redirect "$layer/etc"
setfattr -n trusted.overlay.metacopy -v "" "$layer/etc/one.conf"
tampered "a file whose bytes are another's" changed /etc/one.conf marker
setfattr -x trusted.overlay.metacopy "$layer/etc/one.conf"

# two at once, one of them a hard link's
ln "$file" "$dir/etc/group.link"; printf Y | dd of="$file" bs=1 conv=notrunc status=none
it "two differences at once are both found" exits 1 fresh web
it "one" found changed /etc/group content
it "and the other" found extra /etc/group.link file
rm "$dir/etc/group.link"; cp -a saved "$file"

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

docker_build_buildkit shop:buildkit
docker_cli run -d --name kit --network none shop:buildkit /bin/sleep 100000 >/dev/null
status=0; check kit || status=$?
it "an untouched image of BuildKit is not called tampered with" test "$status" -ne 1
it "and what is doubtful is said" jq -e '.verdict == "intact" or .verdict == "unproven"' out.json
