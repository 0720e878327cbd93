# shellcheck shell=bash
# SPDX-License-Identifier: Apache-2.0
# The stand-alone script and the library judge the same bundles alike, honest and otherwise.
need zstd jq openssl dash
VERIFY=$SOURCE_DIR/forensics/verify.sh
mkdir corpus
it "a corpus of bundles is written" "$BUILD_DIR/tests/bundle_corpus" corpus

status_of() {
	case $1 in
	broken) echo 1 ;;
	*) echo 3 ;;
	esac
}
agree() {
	local name=${1%.bundle} want got status=0
	want=$(head -n 1 "$name.verdict")
	got=$(dash "$VERIFY" "$1" 2>err) || status=$?
	if [ "$(head -n 1 <<<"$got")" != "$want" ] || [ "$status" -ne "$(status_of "$want")" ] || [ -s err ]; then
		printf 'script (%d): %s\n%s\nlibrary: %s\n' "$status" "$got" "$(cat err)" "$(cat "$name.verdict")" >&2
		return 1
	fi
}
for bundle in corpus/*.bundle; do
	it "both judge $(basename "$bundle" .bundle) alike" agree "$bundle"
done

fp=$(sed -n 2p corpus/honest.verdict)
it "the noted fingerprint anchors" exits 0 dash "$VERIFY" --fingerprint "$fp" corpus/honest.bundle
it "and may be written otherwise" exits 0 dash "$VERIFY" --fingerprint "$(tr -d - <<<"${fp^^}")" corpus/honest.bundle
it "a forged bundle fails it" exits 1 dash "$VERIFY" --fingerprint "$fp" corpus/many-segments.bundle
it "an anchor may be waived" exits 0 dash "$VERIFY" --allow-unanchored corpus/honest.bundle
it "but not a signature" exits 3 dash "$VERIFY" --allow-unanchored corpus/unsigned.bundle
it "nor the end" exits 3 dash "$VERIFY" --allow-unanchored corpus/cut-20.bundle
it "no fingerprint is a usage error" exits 2 dash "$VERIFY" --fingerprint xyz corpus/honest.bundle
it "no bundle is a usage error" exits 2 dash "$VERIFY"
it "a missing file is no verdict" exits 2 dash "$VERIFY" corpus/absent.bundle
cp corpus/honest.bundle -- '-o $(touch owned) "x.bundle'
it "a hostile file name is only a name" exits 3 dash "$VERIFY" -- '-o $(touch owned) "x.bundle'
it "and nothing of it ran" test ! -e owned
mkdir tmp
it "it leaves nothing behind" exits 3 env TMPDIR="$PWD/tmp" dash "$VERIFY" corpus/honest.bundle
it "in its temporary folder" test -z "$(ls -A tmp)"

# What else reads them is not held up, either: 4 TB of nothing, as a log.
it "a log that is one hole is not read through" exits 0 timeout -s KILL 20 "$STRANDLINE" timeline corpus/log-of-a-hole.bundle -o timeline
it "and the timeline says so" grep -q 'more than 1 GiB of holes' timeline
