# shellcheck shell=bash
# SPDX-License-Identifier: Apache-2.0
# Time stamps by a real responder on loopback, kept beside a bundle, and what else may lie there.
need jq openssl sha256sum
. "$TESTS_DIR/tsa-lib.sh"
sl() { "$STRANDLINE" "$@"; }
mkdir corpus
"$BUILD_DIR/tests/bundle_corpus" corpus
make_authority
serve_authority
export no_proxy=127.0.0.1

# fresh: a bundle with nothing beside it
fresh() { rm -rf at && mkdir at && cp corpus/honest.bundle at/b.zst; }
verify_json() { "$STRANDLINE" verify --format json "$@" || true; }
field() { jq -r "$1" verdict; }

# ---- a stamp, and what verify makes of it
fresh
before=$(sha256sum at/b.zst)
it "a bundle is stamped" sl timestamp at/b.zst --tsa "$TSA/tsa" --ca tsa/ca.pem 2>err
it "who says so is told" contains err "by CN=tsa,O=Test"
it "the bundle is not changed" same "$before" "$(sha256sum at/b.zst)"
it "the checkpoint lies beside it, as it is in the bundle" \
	sh -c 'zstd -dcq at/b.zst 2>/dev/null | tar -xOf - --wildcards "j/*.note" | tail -n 5 | cmp - at/b.zst.note'
it "openssl believes the token" \
	openssl ts -verify -data at/b.zst.note -in at/b.zst.tsr -CAfile tsa/ca.pem
verify_json at/b.zst --ca tsa/ca.pem >verdict
it "verify is anchored by it" same "anchored timestamp 0" \
	"$(field '"\(.verdict) \(.anchors[0]) \(.exit_status)"')"
it "and tells the time" test "$(date -d "$(field '.timestamps[0].time')" +%s)" -gt "$(($(date +%s) - 60))"
it "and whose" same "true CN=tsa,O=Test null" \
	"$(field '.timestamps[0] | "\(.verified) \(.tsa) \(.problem)"')"
it "it counts as an anchor" exits 0 sl verify -q --require anchored at/b.zst --ca tsa/ca.pem
it "without an authority nothing is anchored" exits 3 sl verify -q at/b.zst
verify_json at/b.zst >verdict
it "but it is told" same "self-consistent false not verified: no certificate authority was given" \
	"$(field '"\(.verdict) \(.timestamps[0].verified) \(.timestamps[0].problem)"')"
it "another authority does not believe it" exits 3 sl verify at/b.zst --ca tsa/stranger.pem >out
it "and says why" contains out "unable to get local issuer certificate"
it "a folder of sidecars may be named" exits 3 sl verify -q --sidecars tsa at/b.zst --ca tsa/ca.pem
it "or none at all" exits 3 sl verify -q --no-sidecars at/b.zst --ca tsa/ca.pem
it "but not both" exits 2 sl verify --no-sidecars --sidecars tsa at/b.zst
it "standard input has nothing beside it" exits 3 sl verify -q - --ca tsa/ca.pem <at/b.zst
it "a second stamp gets a name of its own" sl timestamp -q at/b.zst --tsa "$TSA/other"
it "which is the next number" openssl ts -verify -data at/b.zst.note -in at/b.zst.2.tsr -CAfile tsa/ca.pem
verify_json at/b.zst --ca tsa/other.pem >verdict
it "the authority's own certificate will do, and one stamp of two" same "anchored false true" \
	"$(field '"\(.verdict) \(.timestamps[0].verified) \(.timestamps[1].verified)"')"

# ---- what must not be taken for an answer
answer_is() { # STATUS PATH TEXT...
	local status=$1 path=$2
	fresh
	exits "$status" "$STRANDLINE" timestamp at/b.zst --timeout 2 --ca tsa/ca.pem --tsa "$TSA/$path" 2>err &&
		contains err "$3" && [ ! -e at/b.zst.tsr ]
}
it "another nonce is refused" answer_is 1 nonce "its nonce is another"
it "another digest is refused" answer_is 1 imprint "over something else"
it "a refusal is told" answer_is 1 refused "the time stamp authority refused"
it "a certificate that had expired is refused" answer_is 1 expired "certificate has expired"
it "one that is not made for stamps is refused" answer_is 1 unfit "does not hold: unsuitable certificate purpose"
it "so is one over SHA-1" answer_is 1 sha1 "not one signature over SHA-256 or better"
it "a short key is refused" answer_is 1 weak "key too weak"
it "a damaged answer is refused" answer_is 1 damaged "does not hold"
it "so is one with something behind it" answer_is 2 trailing "not a time stamp response"
fresh
it "a stamp of a time when its certificate was valid is taken" sl timestamp -q at/b.zst --tsa "$TSA/past" --ca tsa/ca.pem
verify_json at/b.zst --ca tsa/ca.pem >verdict
it "and still anchors, now that it is not" same "anchored 2020" "$(field '"\(.verdict) \(.timestamps[0].time[0:4])"')"
it "garbage is no answer" answer_is 2 garbage "not a time stamp response"
it "a huge answer is cut off" answer_is 2 huge "the answer has more than"
it "a slow one is not waited for" answer_is 2 slow "timed out"
it "redirections do not go on for ever" answer_is 2 loop "redirects"
it "nor elsewhere" answer_is 2 away "Protocol"
it "an error of the server is one" answer_is 2 error "500"
it "a server whose certificate nobody signed is not believed" exits 2 sl timestamp at/b.zst --tsa "$TSA_TLS/tsa" 2>err
it "which is said" contains err "SSL certificate problem"
it "other protocols are not asked" exits 2 sl timestamp at/b.zst --tsa file:///etc/passwd
fresh
it "one redirection is followed" sl timestamp -q at/b.zst --tsa "$TSA/hop" --ca tsa/ca.pem
kill "$tsa_pid"
it "nobody there is an error" exits 2 sl timestamp at/b.zst --tsa "$TSA/tsa" 2>err
it "which says so" contains err "127.0.0.1"

# ---- without a network
fresh
sl keygen -q --age -o id >recipient
mkdir upper && echo x >upper/x
sl capture -q --no-db --upper upper --image oci:none --recipient "$(cat recipient)" -o at/e.age 2>err || test $? -eq 3
it "an encrypted bundle takes an identity" exits 2 sl timestamp -q at/e.age --offline
it "and is stamped with one" sl timestamp -q at/e.age --offline --identity id
openssl ts -reply -config tsa/tsa.cnf -section tsa -queryfile at/e.age.tsq -out at/e.age.tsr 2>/dev/null
it "by which it is anchored" exits 0 sl verify -q at/e.age --identity id --ca tsa/ca.pem
sl keygen -q -o custodian
it "it can have custody, too" sl custody add -q at/e.age --identity id --key custodian --by x --action acquired
it "with its verdict" same self-consistent "$(head -n 1 at/e.age.custody.jsonl | jq -r .payload | base64 -d | jq -r .bundle.verdict)"
it "which verify holds against the file as it lies there" exits 0 sl verify -q at/e.age --identity id --ca tsa/ca.pem
fresh
it "a question is written" sl timestamp -q at/b.zst --offline
it "which asks for the certificates" sh -c 'openssl ts -query -in at/b.zst.tsq -text | grep -q "Certificate required: yes"'
it "a second one waits for the first" exits 2 sl timestamp at/b.zst --offline 2>err
it "which is said" contains err "waits for its answer"
openssl ts -reply -config tsa/tsa.cnf -section tsa -queryfile at/b.zst.tsq -out later 2>/dev/null
openssl ts -query -data at/b.zst.note -sha256 -cert -out own.tsq 2>/dev/null
openssl ts -reply -config tsa/tsa.cnf -section tsa -queryfile own.tsq -out foreign 2>/dev/null
it "the answer to another question is refused" exits 1 sl timestamp at/b.zst --response foreign
it "its answer is taken" sl timestamp -q at/b.zst --response later --ca tsa/ca.pem
it "and anchors" exits 0 sl verify -q at/b.zst --ca tsa/ca.pem
it "a stamp that somebody made himself is taken, too" sl timestamp -q at/b.zst --response foreign
openssl ts -reply -config tsa/tsa.cnf -section tsa -queryfile own.tsq -token_out -out at/b.zst.3.tsr 2>/dev/null
verify_json at/b.zst --ca tsa/ca.pem >verdict
it "so is a bare token" same "true true true" "$(field '[.timestamps[].verified | tostring] | join(" ")')"
it "one way at a time" exits 2 sl timestamp at/b.zst --offline --response later
it "and one at least" exits 2 sl timestamp at/b.zst

# ---- what somebody put beside it
# A good bundle stays what it is; but it is told, and the exit status is 1.
planted() { # TEXT VERDICT ARGS...
	local text=$1 verdict=$2
	shift 2
	exits 1 "$STRANDLINE" verify --format json at/b.zst "$@" >verdict &&
		same "$verdict" "$(field .verdict)" && contains verdict "$text" &&
		same true "$(field '[.sidecars[].contradicts] | any')"
}
echo other >other
openssl ts -query -data other -sha256 -cert -out other.tsq 2>/dev/null
openssl ts -reply -config tsa/tsa.cnf -section tsa -queryfile other.tsq -out other.tsr 2>/dev/null
fp=$(sed -n 2p corpus/honest.verdict)
fresh && cp other.tsr at/b.zst.tsr
it "a token over something else is told" planted "over something else" self-consistent --ca tsa/ca.pem
it "and does not make a good bundle a bad one" planted "over something else" anchored --fingerprint "$fp"
it "left out, the bundle is judged alone" exits 0 sl verify -q --no-sidecars --fingerprint "$fp" at/b.zst
it "such a bundle is not stamped" exits 1 sl timestamp -q at/b.zst --offline
fresh && head -c 100 /dev/urandom >at/b.zst.tsr
it "garbage is told" planted "not a time stamp" anchored --fingerprint "$fp"
fresh && : >at/b.zst.tsr
it "so is an empty file" planted "not a time stamp" anchored --fingerprint "$fp"
fresh && ln -s "$PWD/other.tsr" at/b.zst.tsr
it "a link is not followed" planted "not a time stamp" anchored --fingerprint "$fp"
fresh && mkfifo at/b.zst.tsr at/b.zst.note
it "a pipe is not waited for" planted "not a time stamp" anchored --fingerprint "$fp"
fresh && zstd -dcq corpus/many-segments.bundle | tar -xOf - j/000000.note >at/b.zst.note
it "another checkpoint is told" planted "not the bundle's last checkpoint" anchored --fingerprint "$fp"
fresh && (cd at && sha256sum b.zst >b.zst.sha256)
it "a digest that agrees is fine" exits 0 sl verify -q --fingerprint "$fp" at/b.zst
sha256sum other >at/b.zst.sha256
it "one that does not is told" planted "the file has another SHA-256" anchored --fingerprint "$fp"
fresh && cp corpus/cut-20.bundle at/b.zst
sl timestamp -q at/b.zst --offline
openssl ts -reply -config tsa/tsa.cnf -section tsa -queryfile at/b.zst.tsq -out at/b.zst.tsr 2>/dev/null
verify_json at/b.zst --ca tsa/ca.pem >verdict
it "what is there of a cut bundle can be stamped, and stays incomplete" same "incomplete true 3" \
	"$(field '"\(.verdict) \(.timestamps[0].verified) \(.exit_status)"')"
cp corpus/cut-10.bundle at/b.zst 2>/dev/null || head -c 2000 corpus/honest.bundle >at/b.zst
it "cut further, the stamp says so" exits 1 sl verify -q at/b.zst --ca tsa/ca.pem
cp corpus/honest.bundle at/b.zst
size=$(stat -c %s at/b.zst)
printf X | dd of=at/b.zst bs=1 seek=$((size / 2)) conv=notrunc status=none
verify_json at/b.zst --ca tsa/ca.pem >verdict
it "of a broken bundle no stamp is compared" same "broken 1 not compared: the bundle is broken" \
	"$(field '"\(.verdict) \(.exit_status) \(.timestamps[0].problem)"')"
rm at/b.zst.*
it "and none is made" exits 1 sl timestamp -q at/b.zst --offline
