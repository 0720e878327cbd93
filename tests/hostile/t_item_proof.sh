# shellcheck shell=bash
# SPDX-License-Identifier: Apache-2.0
# An item handed over alone: judged by the program, and by the recipe of docs/item-proof.md.
. "$SOURCE_DIR/tests/bundle-lib.sh"
sed -n '/^```bash$/,/^```$/p' "$SOURCE_DIR/docs/item-proof.md" | sed '1d;$d' >check-item.sh
it "the recipe is there" test -s check-item.sh
"$WRITER" small b.zst >log
fp=$(sed -n 's/^fingerprint //p' log)
"$STRANDLINE" extract b.zst large -o large --proof 2>/dev/null
"$STRANDLINE" extract b.zst escape -o none --proof 2>/dev/null || true
it "what is not found leaves nothing behind" test ! -e none -a ! -e none.tlog-proof
"$STRANDLINE" extract b.zst ../../escape -o small --proof 2>/dev/null
recipe() { bash check-item.sh "$1" "$2" "$fp" >said 2>&1; }
verdict() { "$STRANDLINE" verify-item "$@" --format json 2>/dev/null | jq -r .verdict; }

for name in small large; do
	it "$name: the program says anchored" exits 0 "$STRANDLINE" -q verify-item $name --fingerprint "$fp"
	it "$name: so does the recipe" recipe $name $name.tlog-proof
	it "$name: bound to nothing it is only self-consistent" same "$(verdict $name)" self-consistent
	it "$name: which is not enough" exits 3 "$STRANDLINE" -q verify-item $name
	{ cat $name; echo; } >changed
	it "$name: another content is broken" exits 1 "$STRANDLINE" -q verify-item changed --proof $name.tlog-proof
	it "$name: the recipe finds it too" exits 1 recipe changed $name.tlog-proof
done
it "an item out of the bundle is judged as one" exits 0 "$STRANDLINE" -q verify b.zst --item large --fingerprint "$fp"
it "the proof of another item is none" exits 1 "$STRANDLINE" -q verify-item small --proof large.tlog-proof
it "a proof is a sequence of the published format" \
	same "$(grep -c '^c2sp.org/tlog-proof@v1$' large.tlog-proof)" "$(grep -c '^extra ' large.tlog-proof)"

# Every link is needed, in its order.
csplit -sz -f part- large.tlog-proof '/^c2sp.org/' '{*}'
parts=(part-*)
agree() {
	local want=1
	cat "$@" >other.tlog-proof
	exits $want "$STRANDLINE" -q verify-item large --proof other.tlog-proof --fingerprint "$fp" &&
		exits 1 recipe large other.tlog-proof
}
for ((i = 0; i < ${#parts[@]} - 1; i++)); do
	it "without link $i the chain is broken" agree "${parts[@]:0:i}" "${parts[@]:i+1}"
done
it "links in another order are, too" agree "${parts[0]}" "${parts[2]}" "${parts[1]}" "${parts[@]:3}"
it "and so is a chain without an item" agree "${parts[@]:0:${#parts[@]}-1}"
# The last checkpoint is for comparison only: its key is unknown here.
csplit -sz -f small- small.tlog-proof '/^c2sp.org/' '{*}'
cat small-00 small-01 >other.tlog-proof
it "an item in the first segment takes two proofs" exits 0 "$STRANDLINE" -q verify-item small --proof other.tlog-proof --fingerprint "$fp"
cat small-00 small-02 >other.tlog-proof
it "under a checkpoint whose key nobody named it is broken" exits 1 "$STRANDLINE" -q verify-item small --proof other.tlog-proof --fingerprint "$fp"
it "for the recipe, too" exits 1 recipe small other.tlog-proof

unpack b.zst out
for note in out/j/*.note; do tail -n +1 "$note" >kept.note; done
it "the checkpoint that was kept binds" exits 0 "$STRANDLINE" -q verify-item small --note kept.note
it "also that of the first segment" exits 0 "$STRANDLINE" -q verify-item large --note out/j/000000.note
"$WRITER" small other.zst >/dev/null
unpack other.zst other
it "that of another bundle contradicts" exits 1 "$STRANDLINE" -q verify-item large --note other/j/000000.note
it "a proof from a pipe needs a name" exits 2 "$STRANDLINE" -q verify-item - <large
it "an item from a pipe is judged" exits 0 "$STRANDLINE" -q verify-item - --proof large.tlog-proof --fingerprint "$fp" <large
it "a proof does not go to a pipe" exits 2 "$STRANDLINE" -q extract b.zst large -o - --proof

# A bundle that was cut or damaged behind the item still proves it.
head -c $(($(stat -c %s b.zst) - 3000)) b.zst >cut.zst
it "what stands before a cut can be proved" exits 0 "$STRANDLINE" -q verify cut.zst --item ../../escape --fingerprint "$fp"

# The vectors that third parties have.
vectors=$SOURCE_DIR/docs/vectors
fp=$(cat "$vectors/tiny.fingerprint")
it "the vector bundle is anchored" exits 0 "$STRANDLINE" -q verify "$vectors/tiny.tar.zst" --fingerprint "$fp"
it "the script says so, too" exits 0 sh "$SOURCE_DIR/forensics/verify.sh" --fingerprint "$fp" "$vectors/tiny.tar.zst"
unpack "$vectors/tiny.tar.zst" tiny
it "its records are those of the list" same "$(cat tiny/j/*.jsonl)" "$(cat "$vectors/tiny.records.jsonl")"
it "its root is the noted one" same "$(sed -n 3p tiny/j/000001.note | base64 -d | xxd -p -c 64)" "$(cat "$vectors/tiny.root")"
it "its root follows from the records" root_matches tiny
it "its item is proved" exits 0 "$STRANDLINE" -q verify-item "$vectors/tiny.item" --fingerprint "$fp"
it "by the recipe, too" recipe "$vectors/tiny.item" "$vectors/tiny.item.tlog-proof"
