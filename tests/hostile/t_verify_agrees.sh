# shellcheck shell=bash
# SPDX-License-Identifier: Apache-2.0
# The stand-alone script and the library judge the same bundles alike, honest and otherwise.
need zstd jq openssl dash python3
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

# A second reader, written from docs/bundle-format.md: the same words, and the same first place that is wrong.
second() { python3 "$TESTS_DIR/tools/second_reader" "$@"; }
if python3 -c 'import cryptography' 2>/dev/null; then
	exits 1 second verify corpus/*.bundle >second.jsonl
	for bundle in corpus/*.bundle; do
		printf '%s|%s\n' "$bundle" "$(sed 3d "${bundle%.bundle}.verdict" | paste -sd '|')"
	done >library.said
	jq -r '[.file, .verdict, .fingerprint // "", if .fault then .fault | "\(.segment) \(.record) \(.offset)" else empty end] |
		join("|")' second.jsonl >second.said
	it "the second reader agrees about every one, and about the place" diff -u library.said second.said
	it "a map that overlaps is named, and is no verdict" same map-overlaps \
		"$(jq -r 'select(.verdict != "broken" and (.contents | tostring | test("map that overlaps"))) | .file' second.jsonl |
			xargs -r basename -s .bundle)"
fi

# The same records under other headers, in other frames: what tar programs read differently is broken for all.
mkdir shapes
python3 "$TESTS_DIR/hostile/shapes.py" corpus/honest.bundle shapes
it "there are such shapes" test "$(find shapes -type f | wc -l)" -gt 40
for shape in shapes/*.zst; do
	case $shape in
	*/bad-*) want=broken ;;
	*/good-*) want=self-consistent ;;
	*/cut-*) want=incomplete ;;
	esac
	printf '%s %s\n' "$shape" $want
done >shapes.want
while read -r shape want; do
	echo "$shape $("$BUILD_DIR/tests/bundle_corpus" --verify "$shape" | head -n 1)"
done <shapes.want >shapes.library
it "the library judges each by its headers and frames" diff -u shapes.want shapes.library
# it is slow: headers and the end, where it leans on tar
grep -E -e '-(pax|size|owner|time|user|end)' shapes.want >shapes.some
while read -r shape want; do
	echo "$shape $(dash "$VERIFY" "$shape" | head -n 1)"
done <shapes.some >shapes.script
it "the script does, too" diff -u shapes.some shapes.script
if python3 -c 'import cryptography' 2>/dev/null; then
	it "so does the second reader" diff -u shapes.want <(second verify shapes/*.zst | jq -r '"\(.file) \(.verdict)"')
fi

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
