# shellcheck shell=bash
# SPDX-License-Identifier: Apache-2.0
need jq python3
. "$TESTS_DIR/sign-lib.sh"
db=$PWD/state/test.db
manifest=$(make_image shop one)
config=$(config_of shop "$manifest")
index() { "$STRANDLINE" --db "$db" index "$@" >out 2>err; }
anchor_of() { "$STRANDLINE" --db "$db" images --format json | jq -r '.images[0].anchor'; }
forget() { rm -rf state; }

it "without a digest only the host vouches" index oci:shop
it "which is said" contains out "anchor   host"
it "and stored" same host "$(anchor_of)"
forget
it "a manifest's digest is accepted" index --expect "$manifest" oci:shop
it "and becomes the anchor" same operator "$(anchor_of)"
it "indexing again without it keeps the anchor" index oci:shop
it "as the list shows" same operator "$(anchor_of)"
it "as the output shows" contains out "anchor   operator"
forget
it "an image id is accepted" index --expect "$config" oci:shop
forget
other=sha256:$(printf '0%.0s' {1..64})
it "another digest is refused" exits 1 index --expect "$other" oci:shop
it "naming the one that is there" contains err "$manifest"
it "and nothing is stored" same 0 "$("$STRANDLINE" --db "$db" images --format json | jq '.images | length')"
it "a malformed digest is a mistake" exits 2 index --expect sha256:12 oci:shop
it "a file that is not there is a mistake" exits 2 index --expect nofile oci:shop

cat >known.txt <<END
# what the registry said
$other  old

${manifest#sha256:}  shop:1
END
it "a list of digests is accepted, as sha256sum writes it" index --expect known.txt oci:shop
forget
echo "$other" >known.txt
it "a list without the digest refuses" exits 1 index --expect known.txt oci:shop
printf '%s\nshop:1\n' "$manifest" >known.txt
it "a line that is no digest is a mistake, although another one fits" \
	exits 2 index --expect known.txt oci:shop
it "and is named" contains err "line 2"
: >known.txt
it "an empty list refuses" exits 1 index --expect known.txt oci:shop
printf '%s' "$manifest" >known.txt
it "the last line needs no end" index --expect known.txt oci:shop
forget

multi=$(make_index shop)
it "the digest of a multi-platform index is accepted" index --expect "$multi" oci:shop
it "and becomes the anchor" same operator "$(anchor_of)"
forget
it "the manifest's still is" index --expect "$manifest" oci:shop
forget
it "the digest of index.json itself is nobody's" \
	exits 1 index --expect "sha256:$(hex_of shop/index.json)" oci:shop

# A manifest from elsewhere leads from its digest to the image, or is refused.
make_image lone two >/dev/null
cp "shop/blobs/sha256/${manifest#sha256:}" other-manifest.json
it "a manifest of another image is refused" \
	exits 1 index --expect "$manifest" --manifest other-manifest.json oci:lone
it "and named" contains err other-manifest.json
it "a manifest needs something to be held against" exits 2 index --manifest multi.json oci:shop
it "so does a signature" exits 2 index --signature multi.json oci:shop

make_image again one >/dev/null
it "an index from elsewhere leads to the image" index --expect "$multi" --manifest multi.json oci:again
forget
it "without it, its digest says nothing" exits 1 index --expect "$multi" oci:again
if command -v skopeo >/dev/null; then
	skopeo --insecure-policy copy -q oci:again:1 docker-archive:plain.tar
	it "an index is not enough where the manifest is missing" \
		exits 1 index --expect "$multi" --manifest multi.json docker-archive:plain.tar
	it "an archive that keeps no manifest is not known by its digest" \
		exits 1 index --expect "$manifest" docker-archive:plain.tar
	cp "again/blobs/sha256/${manifest#sha256:}" kept.json
	it "until the manifest is given" \
		index --expect "$manifest" --manifest kept.json docker-archive:plain.tar
	it "which is then proven" same "$manifest" "$("$STRANDLINE" --db "$db" images --format json |
		jq -r '.images[0].digest')"
	forget
	it "and leads on to the index" index --expect "$multi" --manifest kept.json \
		--manifest multi.json docker-archive:plain.tar
	forget
	echo >>kept.json
	it "a manifest with a byte more is another one" \
		exits 1 index --expect "$manifest" --manifest kept.json docker-archive:plain.tar
fi

# What a later comparison says.
mkdir root
cp -a shop.root/. root/
it "the image is indexed" index --expect "$multi" oci:shop
"$STRANDLINE" --db "$db" diff --rootfs root --image oci:shop --format json >drift.json || true
it "a later comparison says who vouched" \
	same operator "$(jq -r '.containers[0].image.anchor' drift.json)"
it "for which digest" same "$manifest" "$(jq -r '.containers[0].image.digest' drift.json)"
it "and that nobody signed" same null "$(jq -r '.containers[0].image.signer' drift.json)"
it "without the baseline it says host" same host "$("$STRANDLINE" diff --no-db --rootfs root \
	--image oci:shop --format json | jq -r '.containers[0].image.anchor')"

# A store from before there were anchors.
cat >older.py <<'PY'
import sqlite3, sys
c = sqlite3.connect(sys.argv[1])
for column in "anchor", "signer", "anchored_at", "anchored_at_ns":
    c.execute("ALTER TABLE image DROP COLUMN " + column)
c.execute("DELETE FROM migration WHERE room='baseline' AND version=3")
c.commit()
PY
python3 older.py "$db"
it "an earlier store is brought up to date, and knows of no anchor" same host "$(anchor_of)"
it "until it is told one" "$STRANDLINE" --db "$db" index --quiet --expect "$manifest" oci:shop
it "that then stays" same operator "$(anchor_of)"
damage() { python3 -c 'import sqlite3,sys
c = sqlite3.connect(sys.argv[1])
c.execute("UPDATE image SET anchor=" + sys.argv[2])
c.commit()' "$db" "$1"; }
damage 2
it "a signature without a signer is a damaged row" exits 2 "$STRANDLINE" --db "$db" images
damage 7
it "so is an anchor that does not exist" exits 2 "$STRANDLINE" --db "$db" images
