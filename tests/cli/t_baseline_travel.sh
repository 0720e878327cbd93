# shellcheck shell=bash
# SPDX-License-Identifier: Apache-2.0
# Baselines that travel: proven here, signed, believed elsewhere; anything else is refused.
need sqlite3 jq openssl
make_oci=$SOURCE_DIR/samples/make-oci.sh
sl() { "$STRANDLINE" --db store.db "$@"; }
at() { # at DB COMMAND...: as on another machine
	local db=$1
	shift
	"$STRANDLINE" --db "$db" "$@"
}

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
"$STRANDLINE" keygen -q -o key
"$STRANDLINE" keygen -q -o other
a=$(sl images show --format json oci:a | jq -r .id)
b=$(sl images show --format json oci:b | jq -r .id)

# ---- export
it "proven baselines are exported" sl baseline export oci:a oci:b --key key -o both 2>err
it "and counted" contains err "exported 2 images, 3 layers, 11 entries"
sl baseline export oci:a oci:b --key key >again
it "twice is the same to the byte" cmp both again
sl baseline export -q oci:b "$a" oci:b --key key -o again
it "so is another order, another way to name an image, and one named twice" cmp both again
at second.db index -q oci:b oci:a
at second.db baseline export -q oci:a oci:b --key key -o again
it "so is another database" cmp both again
it "a shared layer is in it once" same 3 "$(grep -c '^#layer' both)"
it "no name is in it" lacks both "oci:"
sl baseline export -q oci:a --key other -o by-other
it "without a key, nobody signs" exits 2 sl baseline export oci:a
it "a public key does not sign" exits 2 sl baseline export oci:a --key key.pub
it "an unknown image is an error" exits 2 sl baseline export oci:a nobody --key key -o none 2>err
it "which is said" contains err "no indexed image is called 'nobody'"
it "and leaves no file" test ! -e none
sl images dump oci:a >dump
at told.db images load -q dump --name told
it "what was only told is not exported" exits 1 at told.db baseline export told --key key -o none 2>err
it "and is named" contains err "image 'told' ($a) is only recorded"
sl index -q rootfs:base
it "nor is a recorded tree" exits 1 sl baseline export oci:a "rootfs:$PWD/base" --key key -o none 2>err
it "which is named, too" contains err "is only recorded"
cp store.db edited.db
sqlite3 edited.db "UPDATE entry SET uid=7 WHERE path=CAST('usr' AS BLOB)"
it "an edited store is not exported" exits 1 at edited.db baseline export oci:a --key key -o none 2>err
it "and where to look is said" contains err "see 'strandline images verify'"

# ---- the commands of docs/signed-baselines.md
it "its digest is that of all but the last six lines" same "$(tail -n 3 both | sed -n 's/^sha256 //p')" \
	"$(head -n -6 both | sha256sum | cut -d' ' -f1)"
tail -n 6 both | head -n 4 >text
tail -n 1 both | sed 's/.* //' | base64 -d | tail -c 64 >signature
it "openssl verifies the signature" \
	openssl pkeyutl -verify -pubin -inkey key.pub -rawin -in text -sigfile signature
it "the key is told by its digest" same "key sha256:$(openssl pkey -pubin -in key.pub -outform DER |
	sha256sum | cut -d' ' -f1)" "$(sed -n 2p text)"
it "the size is told, too" same "size $(head -n -6 both | wc -c)" "$(sed -n 3p text)"
tree=$(awk '/^#layer/ { n++ } /^\./ && n == 1' both | sha256sum | cut -d' ' -f1)
it "a layer's lines hash to its tree digest" grep -q "^#layer .* tree=sha256:$tree " both

# ---- show
"$STRANDLINE" baseline show both >shown
it "show says whose key is claimed" contains shown "  claims     $(sed -n 2p text)"
it "and that nothing is verified" contains shown "not verified"
it "and what is in it" same "$a $b" "$(sed -n 's/^image //p' shown | sort | paste -sd' ' |
	sed "s/^\($b\) \($a\)$/\2 \1/")"
it "with a key it verifies" sh -c '"$1" baseline show both --key other.pub --key key.pub |
	grep -q "^  signature  verified$"' - "$STRANDLINE"
it "another key does not" exits 1 "$STRANDLINE" baseline show both --key other.pub

# ---- import, where no blob is
mv a gone.a
mv b gone.b
it "a signed file is imported" at node.db baseline import both --key key.pub >out
it "and counted" contains out "2 images, 3 layers, 0 of them already known, 11 entries, signed by $(sed -n 2p text)"
trust() { at "$1" images list --format json | jq -r '[.images[].trust] | unique | join(" ")'; }
it "its trust is signed" same signed "$(trust node.db)"
at node.db images show --format json "$a" >show
it "and by whom is kept" same "$(sed -n 's/^key //p' text)" \
	"$(jq -r '[.layers[].signer] | unique | join(" ")' show)"
it "and since when" jq -e '.layers | all(.signed_at != null)' show >/dev/null
it "the store is sound" exits 0 at node.db images verify -q
it "the rows came whole" same "$(cat dump)" "$(at node.db images dump "$a")"
mkdir tree
cp -a base/. one/. tree
drift() { at node.db diff --rootfs tree --image "$a" --format json -o doc.json; }
it "a tree that equals a signed baseline equals the image" exits 0 drift
it "and diff says on whose word" same "signed true 0" \
	"$(jq -r '.containers[0] | "\(.layers.trust) \(.complete) \(.findings | length)"' doc.json)"
echo evil >tree/usr/bin/evil
it "what drifted is found" exits 1 drift
it "and named" same /usr/bin/evil "$(jq -r '.containers[0].findings[] | select(.change == "added") | .path' doc.json)"
it "from a pipe the same is imported again" same "3 of them already known" \
	"$(cat both | at node.db baseline import - --key other.pub --key key.pub |
		grep -o '[0-9]* of them already known')"
it "one that needs a key is not imported without" exits 2 at node.db baseline import both
it "a private key is no key to trust" exits 2 at node.db baseline import both --key key 2>err
it "which is said" contains err "no public Ed25519 key"
it "what is signed by somebody else is not exported again" \
	exits 1 at node.db baseline export "$a" --key other -o none
it "with --no-db a file is only tried" "$STRANDLINE" --no-db baseline import -q both --key key.pub

# ---- trust grows, and only grows
at told.db baseline import -q both --key key.pub
it "what was recorded is signed now" same signed "$(trust told.db)"
it "an image keeps the name it has" at told.db images show -o /dev/null told
cp store.db proven.db
at proven.db baseline import both --key key.pub >out
it "what is proven is known" contains out "3 layers, 3 of them already known"
it "and stays proven" same proven "$(at proven.db images show --format json oci:a | jq -r .trust)"
it "and nobody signed for it" same 0 "$(sqlite3 proven.db 'SELECT count(*) FROM layer_signer')"
mv gone.a a
mv gone.b b
cp node.db later.db
at later.db index --format json oci:a >index
it "indexing proves what was signed" same '["proven",0,0]' \
	"$(jq -c '.images[0] | [.trust, .layers_known, .layers_contradicted]' index)"
it "of the layers that it read" same "proven proven" \
	"$(at later.db images show --format json "$a" | jq -r '[.layers[].trust] | join(" ")')"
it "and the store is sound" exits 0 at later.db images verify -q
at later.db images rm -q "$a" "$b"
it "a forgotten image leaves no signer" same 0 "$(sqlite3 later.db 'SELECT count(*) FROM layer_signer')"

# ---- refused: nothing of it is stored, and why is said
cp node.db before.db
dump_all() { for id in $(at "$1" images list --format json | jq -r '.images[].id'); do at "$1" images dump "$id"; done; }
refused() { # refused FILE WHY [DB]
	local db=${3:-fresh.db}
	rm -f fresh.db
	exits 1 at "$db" baseline import "$1" --key key.pub 2>err || return 1
	contains err "'$1': " && contains err "$2" || return 1
	[ "$db" != fresh.db ] || same 0 "$(sqlite3 fresh.db 'SELECT count(*) FROM image')"
}
it "another key" refused by-other "it is signed by key sha256:"
it "a dump, which nobody signed" refused dump "this is a dump, which nobody signed"
head -n -6 both >unsigned
it "a file without its signature" refused unsigned "it is cut off or nobody signed it"
head -c -1 both >short
it "a file without its last byte" refused short "signature at its end"
head -c 1000 both >short
it "a file cut in the middle" refused short "it is cut off or nobody signed it"
{ cat both; echo; } >longer
it "a file with a byte behind it" refused longer "signature at its end"
{ cat both; tail -n 1 both; } >longer
it "a second signature" refused longer "it has 2 signatures: one is allowed"
sed 's/mode=0755/mode=4755/' both >edited
it "an edited entry" refused edited "it was edited after it was signed: its text is"
sed '/usr.bin.ls/d' both >edited
it "an entry taken away" refused edited "it was edited after it was signed: "
{ head -n -6 both; tail -n 6 by-other; } >edited
it "the signature of another file" refused edited "it was edited after it was signed: "
sed 's/^size .*/size 1/' both >edited
it "an edited note" refused edited "it was edited after it was signed: "
it "no baselines at all" refused "$STRANDLINE" "this is no file of 'strandline baseline export'"

# signed HEAD: what somebody wrote, signed as export does
sign() {
	local size digest id
	size=$(wc -c <"$1")
	digest=$(sha256sum <"$1" | cut -d' ' -f1)
	printf 'strandline.baselines/1\n%s\nsize %s\nsha256 %s\n' "$(sed -n 2p text)" "$size" "$digest" >note
	openssl pkeyutl -sign -inkey key -rawin -in note -out raw
	id=$({ printf 'strandline.baselines/1\n\001'; openssl pkey -pubin -in key.pub -outform DER | tail -c 32; } |
		openssl dgst -sha256 -binary | head -c 4 | base64 | tr -d '\n=')
	{ cat "$1" note; printf '\n\xe2\x80\x94 strandline.baselines/1 '
		{ echo "$id==" | base64 -d; cat raw; } | base64 -w0; echo; } >"$2"
}
head -n -6 both >text-only
sign text-only again
it "openssl makes the same file" cmp both again
sed 's/mode=0755/mode=4755/' text-only >edited
sign edited lie
it "rows that do not hash to their tree digest, signed all the same" \
	refused lie "the lines of this layer do not hash to its tree digest"
sed '/^#layer/,/^#end/{/^#end/!d}' text-only >edited
sign edited lie
it "images without their layers, signed all the same" refused lie "line 6: a layer of its images is missing"

# A lie that is whole: its digests are right, and so is the signature. Only knowing better helps.
line=$(grep -n '^./etc/conf' text-only | cut -d: -f1)
layer=$(head -n "$line" text-only | grep -c '^#layer')
sed "$line s/mode=0644/mode=0755/" text-only >edited
old=$(awk -v k="$layer" '/^#layer/ { n++ } /^\./ && n == k' text-only | sha256sum | cut -d' ' -f1)
new=$(awk -v k="$layer" '/^#layer/ { n++ } /^\./ && n == k' edited | sha256sum | cut -d' ' -f1)
sed -i "s/tree=sha256:$old/tree=sha256:$new/" edited
sign edited lie
chain=$(sed -n 's/^#layer \([^ ]*\) .*/\1/p' edited | sed -n "${layer}p")
it "a file that contradicts a proven layer" refused lie \
	"layer $chain: its tree is sha256:$new in the file, but sha256:$old is proven here" proven.db
it "a file that contradicts a signed layer" refused lie "layer $chain" node.db
it "which stays as it was" same "$(dump_all before.db)" "$(dump_all node.db)"
at liar.db baseline import -q lie --key key.pub
it "where nobody knows better, the signer is believed" same signed "$(trust liar.db)"
at liar.db index --format json oci:a >index
it "until the image is there, which shows the lie" same '["proven",1]' \
	"$(jq -c '.images[0] | [.trust, .layers_contradicted]' index)"
it "and puts it right" same "$(cat dump)" "$(at liar.db images dump "$a")"

# Every byte is held against the signature: one flipped anywhere, and the whole is refused.
flips() {
	local size offset byte
	size=$(stat -c %s both)
	for offset in $(seq 0 97 "$size") $(seq $((size - 300)) 7 $((size - 1))); do
		cp both flipped
		byte=$(od -An -tu1 -j "$offset" -N1 both)
		# shellcheck disable=SC2059 # an octal escape
		printf "\\$(printf %o $((byte ^ 1)))" |
			dd of=flipped bs=1 seek="$offset" conv=notrunc status=none
		exits 1 at flip.db baseline import flipped --key key.pub 2>err || {
			echo "byte $offset" >&2
			return 1
		}
	done
	same 0 "$(sqlite3 flip.db 'SELECT count(*) FROM image')"
}
it "a flipped bit anywhere" flips

# ---- several files: each by itself
rm -f many.db
it "one bad file of three is told" exits 1 at many.db baseline import both lie by-other --key key.pub >out 2>err
it "the good ones are stored" same 1 "$(grep -c ^imported out)"
it "a file that is not there is an error" exits 2 at many.db baseline import nowhere --key key.pub

# ---- the database says who signed, and is held to it
edited() { # edited SQL WANT
	cp node.db edited.db
	sqlite3 edited.db "$1"
	exits 1 at edited.db images verify >found && contains found "$2"
}
it "a signed layer without a signer is found" edited "DELETE FROM layer_signer" "nobody is known who signed it"
it "so is a recorded one that was called signed" edited \
	"UPDATE layer SET trust=2; UPDATE layer SET trust=1 WHERE id=1; DELETE FROM layer_signer WHERE layer=1" \
	"nobody is known who signed it"
it "and a signer of nothing" edited "UPDATE layer SET trust=0 WHERE id=1" "1 signers of layers that are not signed"
