# shellcheck shell=bash
# SPDX-License-Identifier: Apache-2.0
need jq openssl python3
. "$TESTS_DIR/sign-lib.sh"
db=$PWD/state/test.db
forget() { rm -rf state; }
index() { forget && "$STRANDLINE" --db "$db" index "$@" >out 2>err; }
refused() {
	local why=$1
	shift
	exits 1 index "$@" && contains err "$why"
}

# ---- a certificate authority, and certificates with and without faults ----
cat >ca.conf <<'END'
[ca]
default_ca = own
[own]
database = ca.txt
new_certs_dir = .
rand_serial = yes
default_md = sha256
policy = any
[any]
commonName = supplied
organizationName = optional
[req]
distinguished_name = dn
[dn]
[root]
basicConstraints = critical,CA:TRUE
keyUsage = critical,keyCertSign,cRLSign
[weakroot]
basicConstraints = CA:TRUE
keyUsage = critical,keyCertSign
[short]
basicConstraints = critical,CA:TRUE,pathlen:0
keyUsage = critical,keyCertSign
[leaf]
keyUsage = critical,digitalSignature
extendedKeyUsage = codeSigning
[server]
keyUsage = critical,digitalSignature
extendedKeyUsage = codeSigning,serverAuth
[ocsp]
keyUsage = critical,digitalSignature
extendedKeyUsage = OCSPSigning
[nopurpose]
keyUsage = critical,digitalSignature
[nousage]
extendedKeyUsage = codeSigning
[softusage]
keyUsage = digitalSignature
[encipher]
keyUsage = critical,digitalSignature,keyEncipherment
[caleaf]
basicConstraints = critical,CA:TRUE
keyUsage = critical,digitalSignature
[odd]
keyUsage = critical,digitalSignature
1.2.3.4 = critical,ASN1:UTF8String:odd
END
key() { openssl genpkey -algorithm EC -pkeyopt "ec_paramgen_curve:${2:-P-256}" -out "$1.key"; }
# issue NAME ISSUER EXTENSIONS [OPTIONS...]: a certificate for NAME.key; its chain is NAME.chain.
issue() {
	local name=$1 issuer=$2 extensions=$3 self=()
	shift 3
	: >ca.txt
	echo 'unique_subject = no' >ca.txt.attr
	[ "$issuer" = "$name" ] && self=(-selfsign) || self=(-cert "$issuer.crt")
	openssl req -new -key "$name.key" -subj "/O=Shop/CN=$name" -config ca.conf -out r.csr
	openssl ca -batch -notext -config ca.conf "${self[@]}" -keyfile "$issuer.key" -in r.csr \
		-out "$name.crt" -extensions "$extensions" -days 3650 "$@" 2>ca.log ||
		{ cat ca.log >&2; return 1; }
	if [ "$issuer" = "$name" ]; then cp "$name.crt" "$name.chain"
	else cat "$name.crt" "$issuer.chain" >"$name.chain"; fi
}
past=(-startdate 20200101000000Z -enddate 20210101000000Z)
for name in root inner signer stranger; do key $name; done
issue root root root
issue inner root root
issue signer inner leaf
issue stranger stranger root
mkdir store strangers
cp root.crt store/root.pem
cp stranger.crt strangers/

manifest=$(make_image shop one)
size=$(stat -c %s "shop/blobs/sha256/${manifest#sha256:}")
envelope() { python3 "$TESTS_DIR/notation.py" "$@"; }
# signed NAME [EDIT...]: an envelope by NAME.key with NAME.chain.
signed() {
	local name=$1
	shift
	envelope "$name.key" "${alg:-ES256}" "$name.chain" "$manifest" "$size" "$@" >env.json
}
here() { index --trust-store "${store:-store}" --signature env.json oci:shop; }
bad() { refused "$1" --trust-store "${store:-store}" --signature env.json oci:shop; }

signed signer
it "an envelope under a trusted root counts" here
it "and says by whom" contains out "signer   O=Shop,CN=signer (certificate sha256:"
it "which is stored" same signature "$("$STRANDLINE" --db "$db" images --format json |
	jq -r '.images[0].anchor')"
openssl verify -CAfile root.crt -untrusted inner.crt signer.crt >verdict
it "openssl says the same of the chain" contains verdict "signer.crt: OK"
store=root.crt it "a file is a trust store, too" here
store=inner.crt it "an intermediate certificate can be what is trusted" here
store=signer.crt it "and so can the signer's own" here
store=strangers it "another root is refused" bad "no certificate of its chain is trusted"
it "and the envelope is named" contains err "file 'env.json'"
mkdir nothing && echo hello >nothing/README
it "a trust store with something else in it is a mistake" \
	exits 2 index --trust-store nothing --signature env.json oci:shop
it "so is one that is not there" exits 2 index --trust-store nowhere --signature env.json oci:shop
it "a public key says nothing of it" refused "no trust store was given" \
	--require-signature <(openssl pkey -in signer.key -pubout) --signature env.json oci:shop

# As it lies in a layout.
make_image there one >/dev/null
add_referrer there "$manifest" application/vnd.cncf.notary.signature env.json application/jose+json >/dev/null
it "it is found in the layout" index --trust-store store oci:there
it "and does not stand in the way" index oci:there:1
make_image there two >/dev/null
add_referrer there "$manifest" application/vnd.cncf.notary.signature env.json application/jose+json >/dev/null
it "that of another image is passed over" refused "no signature of the image" --trust-store store oci:there
two=$(jq -r '.manifests[0].digest' there/index.json)
add_referrer there "$two" application/vnd.cncf.notary.signature env.json application/jose+json >/dev/null
it "also when it is said to be of this one" refused "signs another image" --trust-store store oci:there
make_image there one >/dev/null
echo x >cose
add_referrer there "$manifest" application/vnd.cncf.notary.signature cose application/cose >/dev/null
it "COSE is named and refused" refused COSE --trust-store store oci:there

# Other keys.
for curve in 384 521; do
	key "p$curve" "P-$curve"
	issue "p$curve" root leaf
done
openssl genpkey -algorithm RSA -pkeyopt rsa_keygen_bits:2048 -out rsa.key 2>/dev/null
issue rsa root leaf
alg=ES384 signed p384
it "ES384 counts" here
alg=ES512 signed p521
it "ES512 counts" here
alg=PS256 signed rsa
it "PS256 counts" here
alg=PS384 signed rsa
it "a digest that is not the key's is refused" bad "is not PS256"
alg=RS256 signed rsa
it "PKCS #1 v1.5 is refused" bad "is not PS256"
alg=none signed signer
it "no algorithm is refused" bad "is not ES256"
alg=none signed signer 'after:env["signature"]=""'
it "also without a signature" bad "is not ES256"
alg=HS256 signed signer
it "an HMAC is refused" bad "is not ES256"
alg=ES384 signed signer
it "another curve's algorithm is refused" bad "is not ES256"
key ed && openssl genpkey -algorithm ED25519 -out ed.key && issue ed root leaf
alg=none signed ed
it "a key of a kind that notation forbids is refused" bad "kind that notation forbids"

# Headers.
crit='p["crit"].append("io.cncf.notary.'
signed signer 'p["crit"].append("com.shop.rule")' 'p["com.shop.rule"]="x"'
it "an unknown critical header is refused" bad "header 'com.shop.rule' is critical and not known"
signed signer "${crit}verificationPlugin\")" 'p["io.cncf.notary.verificationPlugin"]="x"'
it "so is a plugin" bad "is critical and not known"
signed signer 'p["crit"]=[]'
it "so is an empty list of them" bad "no list of critical headers"
signed signer 'del p["crit"]'
it "or none" bad "no list of critical headers"
signed signer "${crit}expiry\")"
it "a critical header that is not there is refused" bad "critical and not there"
signed signer 'p["io.cncf.notary.expiry"]="2100-01-01T00:00:00Z"'
it "an expiry that is not critical is refused" bad "not marked critical"
signed signer 'p["io.cncf.notary.expiry"]="2100-01-01T00:00:00Z"' "${crit}expiry\")"
it "an expiry that is far counts" here
signed signer 'p["io.cncf.notary.expiry"]="2021-01-01T00:00:00Z"' "${crit}expiry\")"
it "one that has passed does not" bad "the signature has expired"
signed signer 'p["io.cncf.notary.expiry"]="tomorrow"' "${crit}expiry\")"
it "nor does one that is no time" bad "is no time"
signed signer 'del p["io.cncf.notary.signingTime"]'
it "a missing signing time is refused" bad "signingTime' is no time"
signed signer 'p["io.cncf.notary.signingScheme"]="notary.x510"'
it "an unknown scheme is refused" bad "signingScheme' is missing or unknown"
signed signer 'p["cty"]="application/json"'
it "another content type is refused" bad "'cty'"
signed signer 'p=b"{\"alg\":\"ES256\",\"alg\":\"none\"}"'
it "headers that say two things are refused" bad "duplicate key"
signed signer 'p=b"[]"'
it "headers that are no object are refused" bad "no object"

# Payload and envelope.
signed signer 't["digest"]="sha256:"+"0"*64'
it "a payload for another digest is refused" bad "signs another image: sha256:000"
signed signer 't["size"]=1'
it "so is one for another size" bad "signs another image"
signed signer 't["digest"]="sha512:"+"0"*128'
it "a digest of another kind is refused" bad "is not sha256"
signed signer 'del t["mediaType"]'
it "a payload without a media type is refused" bad "without media type"
signed signer 'payload=b"hello"'
it "a payload that is no document is refused" bad "payload: json"
signed signer 'after:env["payload"]=url(payload.replace(b"sha256:", b"sha256:"[::-1]))'
it "a payload swapped after signing is refused" bad "signature does not match"
signed signer 'after:env["payload"]=env["payload"][:-1]+"!"'
it "a payload that is no base64url is refused" bad "payload is not base64url"
signed signer 'after:env["signature"]+="=="'
it "padding is refused" bad "signature is not base64url"
signed signer 'after:env["signature"]=url(signature[:40])'
it "a cut signature is refused" bad "signature does not match"
signed signer 'after:env["signature"]=url(bytes(64))'
it "a signature of zeros is refused" bad "signature does not match"
signed signer 'after:env["signatures"]=[]'
it "an envelope with other members is refused" bad "other members"
signed signer 'after:del env["header"]'
it "an envelope without certificates is refused" bad "no certificates"
signed signer 'after:env["header"]["x5c"]=[]'
it "also with an empty list" bad "no certificate"
signed signer 'after:env["header"]["x5c"][0]="AAAA"'
it "a broken certificate is refused" bad "broken certificate"
signed signer 'after:env["header"]["x5c"]*=4'
it "a chain too long is refused" bad "more than 10 certificates"

# Chains.
signed signer 'after:env["header"]["x5c"].pop()'
it "a chain without its root is refused" bad "the chain is not complete"
signed signer 'after:env["header"]["x5c"].pop(1)'
it "a chain with a hole is refused" bad "was not issued by the next one"
signed signer 'after:x=env["header"]["x5c"]; x[1],x[2]=x[2],x[1]'
it "a chain in another order is refused" bad "was not issued by the next one"
cat signer.chain root.crt >long.chain && cp signer.key long.key
signed long
it "a root that stands there twice is the root still" here
cat signer.chain stranger.crt >long.chain
signed long
it "one with a stranger behind it is refused" bad "was not issued by the next one"
signed stranger
it "another authority's own certificate signs nothing" bad "is a certificate authority"
envelope stranger.key ES256 signer.chain "$manifest" "$size" >env.json
it "somebody else's certificate is of no use" bad "signature does not match"
key fakeinner
: >ca.txt
openssl req -new -key fakeinner.key -subj "/O=Shop/CN=inner" -config ca.conf -out r.csr
openssl ca -batch -notext -config ca.conf -selfsign -keyfile fakeinner.key -in r.csr \
	-out fakeinner.crt -extensions root -days 100 2>/dev/null
cp fakeinner.crt fakeinner.chain
key evil && issue evil fakeinner leaf
signed evil
it "an authority of one's own is not trusted" bad "no certificate of its chain is trusted"
cat evil.crt inner.crt root.crt >evil.chain
signed evil
it "an authority of the same name is another one" bad "was not issued by the next one"
key weak && issue weak weak weakroot && key under && issue under weak leaf
signed under
store=weak.crt it "an authority that does not say so critically is none" bad "is no certificate authority"
key short && issue short root short && key mid && issue mid short root && key deep && issue deep mid leaf
signed deep
it "a path length is kept to" bad "allows fewer certificates below it"

# Leaves.
for fault in "server|extended key usage other than code signing" \
	"ocsp|extended key usage other than code signing" "nousage|no critical key usage" \
	"softusage|no critical key usage" "encipher|key usage other than digital signature" \
	"caleaf|is a certificate authority" "odd|unknown critical extensions"; do
	name=${fault%%|*}
	cp signer.key "$name.key"
	issue "$name" inner "$name"
	signed "$name"
	it "$name: refused" bad "${fault#*|}"
done
cp signer.key nopurpose.key && issue nopurpose inner nopurpose && signed nopurpose
it "no extended key usage is fine" here
cp signer.key old.key && issue old inner leaf "${past[@]}" && signed old
it "an expired certificate is refused" bad "certificate 1 of 3 has expired"
cp signer.key new.key && issue new inner leaf -startdate 20990101000000Z -enddate 21000101000000Z && signed new
it "one that is not valid yet is refused" bad "was not valid yet"
cp signer.key sha1.key && issue sha1 inner leaf -md sha1 && signed sha1
it "one that is signed with SHA-1 is refused" bad "does not count, such as SHA-1"
cp signer.key md5.key && issue md5 inner leaf -md md5 && signed md5
it "so is MD5" bad "does not count, such as SHA-1"
openssl genpkey -algorithm RSA -pkeyopt rsa_keygen_bits:1024 -out small.key 2>/dev/null
issue small inner leaf && alg=PS256 signed small
it "a short key is refused" bad 1024

# A certificate signed by itself, trusted by itself.
key lone && issue lone lone leaf && signed lone
store=lone.crt it "a lone certificate counts where it is trusted" here
it "and nowhere else" bad "no certificate of its chain is trusted"

# The scheme in which an authority vouches for the time.
authority=('p["io.cncf.notary.signingScheme"]="notary.x509.signingAuthority"'
	'del p["io.cncf.notary.signingTime"]' "${crit}authenticSigningTime\")")
cat inner.crt root.crt >inner.chain
issue old root leaf "${past[@]}"
signed old "${authority[@]}" 'p["io.cncf.notary.authenticSigningTime"]="2020-06-01T00:00:00Z"'
it "an authority needs its own store" bad "no signing authority was given"
vouched() { index --signing-authority store2 --signature env.json oci:shop; }
mkdir store2
key oldroot && issue oldroot oldroot root -startdate 20190101000000Z -enddate 20300101000000Z
cp oldroot.crt store2/ && issue old oldroot leaf "${past[@]}"
signed old "${authority[@]}" 'p["io.cncf.notary.authenticSigningTime"]="2020-06-01T00:00:00Z"'
it "then a certificate counts that was valid when it signed" vouched
signed old "${authority[@]}" 'p["io.cncf.notary.authenticSigningTime"]="2022-06-01T00:00:00Z"'
it "but not when it had expired already" \
	refused "has expired" --signing-authority store2 --signature env.json oci:shop
signed old "${authority[@]}" 'p["io.cncf.notary.authenticSigningTime"]="2099-06-01T00:00:00Z"'
it "and not in the future" refused "in the future" --signing-authority store2 --signature env.json oci:shop
signed old "${authority[@]}" 'p["io.cncf.notary.authenticSigningTime"]="2020-06-01T00:00:00Z"' \
	'p["io.cncf.notary.signingTime"]="2020-06-01T00:00:00Z"'
it "one time only" refused "belongs to another scheme" --signing-authority store2 --signature env.json oci:shop
