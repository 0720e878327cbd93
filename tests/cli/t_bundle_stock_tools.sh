# shellcheck shell=bash
# SPDX-License-Identifier: Apache-2.0
# shellcheck source=tests/bundle-lib.sh
. "$TESTS_DIR/bundle-lib.sh"

"$WRITER" small plain.tar.zst >plain.out
unpack plain.tar.zst plain
it "tar lists regular read-only members with unique names" \
	only_regular_members_with_unique_names plain.tar.zst
it "no member name climbs or carries control bytes" \
	test -z "$(grep -E '(^|/)\.\.?(/|$)|[^A-Za-z0-9._/%~-]' names)"
it "sha256sum agrees with every stored digest" payloads_match plain
it "every payload is named by a record" every_member_is_named plain
it "the lines form a chain without a hole" chain_holds plain
it "openssl verifies every checkpoint under the key that was announced" notes_are_signed plain
it "the root of the last checkpoint is that of the lines" root_matches plain
it "openssl verifies the close statement, and it speaks of the last checkpoint" \
	close_statement_holds plain
print=$(head -1 plain/j/000000.jsonl | jq -r .key.spki | base64 -d | hash_hex | cut -c1-32 |
	sed 's/..../&-/g; s/-$//')
it "the fingerprint is that of key 0" contains plain.out "fingerprint $print"
it "README and verify.sh are those of the open record" same \
	"$(head -1 plain/j/000000.jsonl | jq -r '.readme_sha256 + " " + .verify_sha256')" \
	"$(hash_hex <plain/README.txt) $(hash_hex <plain/verify.sh)"
it "a large file is whole when its parts are joined" same \
	"$(cat plain/d/*/large.part* | hash_hex)" \
	"$(cat plain/j/*.jsonl | jq -r 'select(.src.path == "/large") | .hash.sha256')"
it "zstd itself sees whole frames with checksums" zstd -tq plain.tar.zst

it "verify.sh, the second verifier, calls it anchored" \
	sh "$SOURCE_DIR/forensics/verify.sh" --fingerprint "$print" plain.tar.zst

# every check above must be able to fail
cp -r plain crime && chmod -R u+w crime
printf x >>"crime/d/00000004/empty"
it "a changed payload is noticed" exits 1 payloads_match crime
rm -r crime && cp -r plain crime && chmod -R u+w crime
sed -i '2s/upper/uppes/' crime/j/000000.jsonl
it "a changed record breaks the chain" exits 1 chain_holds crime
it "a changed record changes the root" exits 1 root_matches crime
sed -i '2s/.*/9/' crime/j/000001.note
it "a changed checkpoint fails its signature" exits 1 notes_are_signed crime

openssl genpkey -algorithm ed25519 -out long.pem 2>/dev/null
openssl pkey -in long.pem -pubout -out long.pub.pem
"$WRITER" small signed.tar.zst long.pem >/dev/null
unpack signed.tar.zst signed
certificate_holds() {
	head -1 signed/j/000000.jsonl >open.json
	printf 'strandline bundle epoch 0\n%s\n%s\n' "$(jq -r .bundle open.json)" \
		"$(jq -r .key.spki open.json)" >cert.text
	jq -r .cert.sig open.json | base64 -d >cert.sig
	openssl pkeyutl -verify -pubin -inkey long.pub.pem -rawin -in cert.text -sigfile cert.sig
}
it "the long-term key certifies key 0" certificate_holds
second_signature_holds() {
	local note
	note=$(printf '%s\n' signed/j/*.note | tail -1)
	sed '/^$/,$d' "$note" >text
	grep '/key ' "$note" | cut -d' ' -f3 | base64 -d | tail -c +5 >sig
	openssl pkeyutl -verify -pubin -inkey long.pub.pem -rawin -in text -sigfile sig
}
it "and signs the last checkpoint" second_signature_holds

at_most_missing() { # FOLDER BYTES STORED
	local there
	there=$(cd "$1" && journals | xargs cat | jq -s 'map(.stored.bytes // 0) | add')
	[ "$there" -gt 0 ] && [ $(($3 - there)) -le "$2" ]
}

# a kill at any moment leaves what was checkpointed
for wait in 0.3 0.7 1.1; do # on a busy machine the last waits for a checkpoint, at most 30 s more
	rm -rf killed*
	"$WRITER" endless killed.tar.zst >killed.out &
	pid=$!
	sleep $wait
	for _ in $(seq 300); do
		if [ $wait != 1.1 ] || grep -q checkpoint killed.out; then break; fi
		sleep 0.1
	done
	kill -KILL $pid
	wait $pid 2>/dev/null || true
	unpack killed.tar.zst killed
	grep -q checkpoint killed.out || continue
	some=true
	last=$(grep checkpoint killed.out | tail -1 | cut -d' ' -f2)
	it "killed after $wait s: the last checkpoint told is there" test \
		"$(cd killed && sed -n 2p "$(journals | tail -1 | sed 's/jsonl$/note/')")" -ge "$last"
	it "killed after $wait s: its payloads are whole" payloads_match killed
	it "killed after $wait s: at most 16 MiB of payload are missing" \
		at_most_missing killed $((16 << 20)) "$(grep stored killed.out | tail -1 | cut -d' ' -f2)"
	it "killed after $wait s: checkpoints verify" notes_are_signed killed
	it "killed after $wait s: the verifier says incomplete" \
		grep -q '^incomplete open' <("$WRITER" verdict killed.tar.zst)
done
it "at least one kill came after a checkpoint" test -n "${some:-}"
