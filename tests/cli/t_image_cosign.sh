# shellcheck shell=bash
# SPDX-License-Identifier: Apache-2.0
need jq openssl base64
. "$TESTS_DIR/sign-lib.sh"
db=$PWD/state/test.db
forget() { rm -rf state; }
index() { forget && "$STRANDLINE" --db "$db" index "$@" >out 2>err; }
stored() { "$STRANDLINE" --db "$db" images --format json | jq '.images | length'; }
# refused WHY ARGUMENTS...: exit status 1, the reason is named, nothing is stored.
refused() {
	local why=$1
	shift
	exits 1 index "$@" && contains err "$why" && same 0 "$(stored)"
}
sign() { openssl dgst -sha256 -sign "$1" "$2" | base64 -w0; }

openssl ecparam -genkey -name prime256v1 -noout -out key.pem
openssl pkey -in key.pem -pubout -out key.pub
openssl ecparam -genkey -name prime256v1 -noout -out other.pem
openssl pkey -in other.pem -pubout -out other.pub
id=$(openssl pkey -pubin -in key.pub -outform DER | sha256sum | cut -d' ' -f1)

manifest=$(make_image shop one)
it "an unsigned image is refused" refused "no signature of the image" --require-signature key.pub oci:shop
simple_payload "$manifest" >payload
add_cosign shop "$manifest" payload "$(sign key.pem payload)"
sign key.pem payload | base64 -d >payload.sig
it "openssl says the same of these bytes" \
	openssl dgst -sha256 -verify key.pub -signature payload.sig payload
it "a signed image is accepted" index --require-signature key.pub oci:shop
it "and says by whom" contains out "signer   key sha256:$id"
it "which is stored" same "signature key sha256:$id" "$("$STRANDLINE" --db "$db" images \
	--format json | jq -r '.images[0] | .anchor + " " + .signer')"
"$STRANDLINE" --db "$db" diff --rootfs shop.root --image oci:shop --format json >drift.json || true
it "and told by a later comparison" same "signature key sha256:$id" \
	"$(jq -r '.containers[0].image | .anchor + " " + .signer' drift.json)"
"$STRANDLINE" --db "$db" diff --rootfs shop.root --image oci:shop >table || true
it "also to people" contains table "signed by  key sha256:$id"
"$STRANDLINE" --db "$db" index --expect "$manifest" oci:shop >out
it "a digest that fits, too, is no step back" contains out "anchor   signature"
it "the signature does not stand in the way of picking the image" index oci:shop
it "nor does it when the image is picked by its tag" index oci:shop:1
it "another key is refused, and the signature is named" \
	refused "cosign signature sha256:$(hex_of payload | cut -c1-12): not made with the key" \
	--require-signature other.pub oci:shop
it "any of several keys will do" index --require-signature other.pub --require-signature key.pub oci:shop
it "a digest and a signature must both fit" \
	refused expected --require-signature key.pub --expect "sha256:$id" oci:shop
it "with both, the signature is the anchor" \
	index --require-signature key.pub --expect "$manifest" oci:shop
it "as is said" contains out "anchor   signature"
it "a private key is no public key" exits 2 index --require-signature key.pem oci:shop
it "a missing key is a mistake" exits 2 index --require-signature nokey oci:shop
it "an empty key is a mistake" exits 2 index --require-signature /dev/null oci:shop

# Crimes: each one is signed with the right key as far as it can be.
crime() { make_image bad one >/dev/null; add_cosign bad "$manifest" "$1" "$2"; }
bad() { refused "$1" --require-signature key.pub oci:bad; }
simple_payload "sha256:$id" >payload.other
crime payload.other "$(sign key.pem payload.other)"
it "a payload for another digest is refused" bad "signs another image: sha256:$id"
simple_payload "$(config_of shop "$manifest")" >payload.config
crime payload.config "$(sign key.pem payload.config)"
it "the image id is no manifest digest" bad "signs another image"
simple_payload "$manifest" "atomic container signature" >payload.type
crime payload.type "$(sign key.pem payload.type)"
it "a payload of another type is refused" bad "no image signature of cosign"
crime payload "$(sign key.pem payload.other)"
it "a swapped payload is refused" bad "not made with the key"
crime payload "$(sign key.pem payload | head -c 90)"
it "a truncated signature is refused" bad "not base64"
crime payload "$(sign key.pem payload | base64 -d | head -c 60 | base64 -w0)"
it "a signature cut in its bytes is refused" bad "not made with the key"
crime payload ""
it "an empty signature is refused" bad "not made with the key"
crime payload "!$(sign key.pem payload)"
it "base64 is read strictly" bad "not base64"
jq -c '.critical.image += {"docker-manifest-digest": 5}' payload >payload.number
crime payload.number "$(sign key.pem payload.number)"
it "a digest that is no text is refused" bad "names no manifest"
sed 's/"type"/"image":{"docker-manifest-digest":"'"$manifest"'"},"type"/' payload.other >payload.twice
crime payload.twice "$(sign key.pem payload.twice)"
it "a payload that says two things is refused" bad "duplicate key"
{ cat payload; cat payload; } >payload.two
crime payload.two "$(sign key.pem payload.two)"
it "bytes behind the payload are refused" bad "json"
head -c 300000 /dev/zero | tr '\0' ' ' >payload.huge
cat payload >>payload.huge
crime payload.huge "$(sign key.pem payload.huge)"
it "a payload too large is refused" bad "larger than"
crime payload "$(sign key.pem payload)"
sed 's/shop/shoP/' payload >"bad/blobs/sha256/$(hex_of payload)"
it "a payload that is not what its descriptor says is refused" bad "its bytes have digest"
crime payload "$(sign key.pem payload)"
rm "bad/blobs/sha256/$(hex_of payload)"
it "a payload that is missing is named" bad "cosign signature"

# One good signature among bad ones is enough; a bad one beside it takes nothing away.
crime payload "$(sign other.pem payload)"
add_cosign bad "$manifest" payload.type "$(sign key.pem payload.type)"
add_cosign bad "$manifest" payload "$(sign key.pem payload)"
it "one good signature among bad ones is enough" index --require-signature key.pub oci:bad
two=$(make_image two two)
add_cosign two "$two" payload "$(sign key.pem payload)"
it "the signature of another image is refused" \
	refused "signs another image: $manifest" --require-signature key.pub oci:two
make_image two two >/dev/null
add_cosign two "$manifest" payload "$(sign key.pem payload)"
it "a tag for another image is none of this one's" \
	refused "no signature of the image" --require-signature key.pub oci:two

# What `cosign save` writes: the signatures under the image's own name, with a kind.
make_image saved one >/dev/null
add_cosign saved "$manifest" payload "$(sign key.pem payload)"
jq -c '.manifests[0].annotations += {kind: "dev.cosignproject.cosign/image"} |
	.manifests[1].annotations = {kind: "dev.cosignproject.cosign/sigs",
	"org.opencontainers.image.ref.name": "1"}' saved/index.json >index.new
mv index.new saved/index.json
it "what cosign save writes is read" index --require-signature key.pub oci:saved:1

tar -C saved -cf saved.tar .
it "also from an archive of the layout" index --require-signature key.pub oci-archive:saved.tar:1
it "where another key is refused, too" refused "not made with" --require-signature other.pub oci-archive:saved.tar:1

# The index is signed, not the manifest of this machine's platform.
make_image multi one >/dev/null
digest=$(make_index multi)
simple_payload "$digest" >payload.index
add_cosign multi "$digest" payload.index "$(sign key.pem payload.index)"
it "the signature of a multi-platform index counts" index --require-signature key.pub oci:multi

# Other keys.
for kind in "rsa:2048 -algorithm RSA -pkeyopt rsa_keygen_bits:2048" \
	"p384 -algorithm EC -pkeyopt ec_paramgen_curve:P-384" \
	"ed25519 -algorithm ED25519"; do
	# shellcheck disable=SC2086
	set -- $kind
	name=$1
	shift
	openssl genpkey "$@" -out kind.pem 2>/dev/null
	openssl pkey -in kind.pem -pubout -out kind.pub
	make_image kind one >/dev/null
	if [ "$name" = ed25519 ]; then
		sig=$(openssl pkeyutl -sign -inkey kind.pem -rawin -in payload | base64 -w0)
	else
		sig=$(sign kind.pem payload)
	fi
	add_cosign kind "$manifest" payload "$sig"
	it "$name: its signature counts" index --require-signature kind.pub oci:kind
	it "$name: another key's does not" refused "not made with" --require-signature kind.pub oci:shop
done
openssl genpkey -algorithm RSA -pkeyopt rsa_keygen_bits:2048 -out rsa.pem 2>/dev/null
openssl pkey -in rsa.pem -pubout -out rsa.pub
make_image pss one >/dev/null
add_cosign pss "$manifest" payload "$(openssl dgst -sha256 -sigopt rsa_padding_mode:pss \
	-sigopt rsa_pss_saltlen:-1 -sign rsa.pem payload | base64 -w0)"
it "RSA-PSS: its signature counts" index --require-signature rsa.pub oci:pss
make_image sha1 one >/dev/null
add_cosign sha1 "$manifest" payload "$(openssl dgst -sha1 -sign key.pem payload | base64 -w0)"
it "SHA-1 does not count" refused "not made with" --require-signature key.pub oci:sha1
openssl genpkey -algorithm RSA -pkeyopt rsa_keygen_bits:1024 2>/dev/null |
	openssl pkey -pubout -out short.pub
it "a short key is refused" exits 2 index --require-signature short.pub oci:shop
it "by its length" contains err 1024
openssl ecparam -name prime256v1 -genkey -noout -param_enc explicit |
	openssl pkey -pubout -out explicit.pub
it "a curve without a name is refused" exits 2 index --require-signature explicit.pub oci:shop
it "with the reason" contains err "curve without a name"
openssl ecparam -name secp256k1 -genkey -noout | openssl pkey -pubout -out koblitz.pub
it "a curve that signs no images is refused" exits 2 index --require-signature koblitz.pub oci:shop

# From files: the image lies where no signatures are kept.
make_image bare one >/dev/null
sign key.pem payload >sig.b64
it "a signature from a file counts, with its payload" \
	index --require-signature key.pub --signature sig.b64 --payload payload oci:bare
it "without the payload it is a mistake" exits 2 index --require-signature key.pub --signature sig.b64 oci:bare
it "and what is missing is said" contains err --payload
it "another payload is refused" refused "not made with" \
	--require-signature key.pub --signature sig.b64 --payload payload.other oci:bare
base64 -d sig.b64 | openssl base64 >lines.b64
it "base64 in lines is read too" \
	index --require-signature key.pub --signature lines.b64 --payload payload oci:bare
for key in other key; do
	jq -nc --arg s "$(sign $key.pem payload)" --arg p "$(base64 -w0 payload)" \
		'{Base64Signature: $s, Payload: $p, Cert: null, Chain: null, Bundle: null}'
done >downloaded
it "what cosign download prints is read, every line of it" \
	index --require-signature key.pub --signature downloaded oci:bare
echo '{"a":1}' >other.json
it "other json is a mistake" exits 2 index --require-signature key.pub --signature other.json oci:bare
it "a payload alone is a mistake" exits 2 index --require-signature key.pub --payload payload oci:bare

# Bundles: DSSE around an in-toto statement, as a referrer.
statement() {
	jq -nc --arg d "${1#sha256:}" --arg p "${2:-https://sigstore.dev/cosign/sign/v1}" \
		'{_type: "https://in-toto.io/Statement/v1", subject: [{digest: {sha256: $d}}],
		  predicateType: $p, predicate: {}}'
}
# bundle KEY < statement
bundle() {
	local body type=application/vnd.in-toto+json
	body=$(cat)
	jq -nc --arg b "$(printf %s "$body" | base64 -w0)" --arg t "$type" --arg s "$(printf \
		'DSSEv1 %d %s %d %s' ${#type} $type ${#body} "$body" |
		openssl dgst -sha256 -sign "$1" | base64 -w0)" \
		'{mediaType: "application/vnd.dev.sigstore.bundle.v0.3+json",
		  verificationMaterial: {publicKey: {hint: "x"}},
		  dsseEnvelope: {payload: $b, payloadType: $t, signatures: [{sig: $s}]}}'
}
media=application/vnd.dev.sigstore.bundle.v0.3+json
with_bundle() { make_image bare one >/dev/null; bundle "$1" >b.json; add_referrer bare "$manifest" $media b.json $media >desc; }
statement "$manifest" | with_bundle key.pem
it "a bundle in a referrer counts" index --require-signature key.pub oci:bare
it "another key's does not" refused "sigstore bundle sha256:" --require-signature other.pub oci:bare
make_image bare one >/dev/null
it "a bundle in a file counts" index --require-signature key.pub --signature b.json oci:bare
statement "$manifest" https://cyclonedx.org/bom | with_bundle key.pem
it "a statement about something else is no signature" \
	refused "no image signature" --require-signature key.pub oci:bare
statement "sha256:$id" | with_bundle key.pem
it "a statement about another image is refused" \
	refused "signs another image" --require-signature key.pub oci:bare
statement "$manifest" | bundle key.pem | jq -c '.dsseEnvelope.payload = .dsseEnvelope.payload[:-4]' >cut.json
it "a cut payload is refused" refused "not made with" --require-signature key.pub --signature cut.json oci:bare
statement "$manifest" | bundle key.pem | jq -c '.verificationMaterial = {certificate: {}}' >keyless.json
it "a keyless one is named" refused keyless --require-signature key.pub --signature keyless.json oci:bare

# The list of referrers that a registry without them keeps under a tag.
make_image tagged one >/dev/null
statement "$manifest" | bundle key.pem >b.json
desc=$(add_referrer tagged "$manifest" $media b.json $media unlisted)
jq -nc --argjson d "$desc" '{schemaVersion: 2, manifests: [$d]}' >list.json
list_in tagged "$(add_blob tagged list.json application/vnd.oci.image.index.v1+json |
	jq -c --arg n "sha256-${manifest#sha256:}" \
	'. + {annotations: {"org.opencontainers.image.ref.name": $n}}')"
it "the fallback tag of referrers is followed" index --require-signature key.pub oci:tagged

# Floods.
make_image flood one >/dev/null
for i in $(seq 70); do
	jq -c ".optional = {n: $i}" payload >p.$i
done
layers=$(for i in $(seq 70); do
	add_blob flood p.$i application/vnd.dev.cosign.simplesigning.v1+json
done | jq -sc --arg s "$(sign other.pem payload)" \
	'map(. + {annotations: {"dev.cosignproject.cosign/signature": $s}})')
jq -c --argjson l "$layers" '.layers = $l' manifest.sig >flood.json
list_in flood "$(add_blob flood flood.json application/vnd.oci.image.manifest.v1+json |
	jq -c --arg n "sha256-${manifest#sha256:}.sig" \
	'. + {annotations: {"org.opencontainers.image.ref.name": $n}}')"
it "a flood of signatures is bounded" refused "6 beyond the limit of 64" \
	--require-signature key.pub oci:flood
