# shellcheck shell=bash
# SPDX-License-Identifier: Apache-2.0
# What is left of a damaged bundle: found, told apart from what is attested, the original untouched.
. "$SOURCE_DIR/tests/bundle-lib.sh"
need python3
"$WRITER" small b.zst >log
size=$(stat -c %s b.zst)
recover() { "$STRANDLINE" recover "$@" 2>said; }
summary() { jq -c 'select(.record == "summary") | ['"$2"']' "$1"; }

it "of a whole bundle everything is attested" exits 0 recover b.zst -o whole.jsonl --extract whole
it "and nothing is missing" same "$(summary whole.jsonl '.attested == .members, .missing, .partial, .lost_bytes, .closed')" "[true,0,0,0,true]"
it "as many payloads as records name" same "$(jq -s '[.[] | select(.record == "member")] | length' whole.jsonl)" \
	"$(strandline() { "$STRANDLINE" "$@"; }; strandline show b.zst --format jsonl | jq -r '(.stored, .attributes) | select(.member?) | .member' | wc -l)"
sums() { jq -r 'select(.record == "member" and .attested) | .sha256' "$1" | sort; }
it "the files are what the report says" same "$(sha256sum whole/* | cut -d' ' -f1 | sort)" "$(sums whole.jsonl)"
it "the directory must be new" exits 2 recover b.zst -o again.jsonl --extract whole
it "a pipe will do" eval 'cat b.zst | recover - -o piped.jsonl && same "$(sums piped.jsonl)" "$(sums whole.jsonl)"'

# A frame of a payload: that payload is lost, all records are attested still.
cp b.zst hole.zst
cp b.zst before.zst
printf 'XXXX' | dd of=hole.zst bs=1 seek=$((size / 3)) conv=notrunc 2>dd.log
it "a damaged frame costs what is in it" exits 3 recover hole.zst -o hole.jsonl --extract hole
it "the records are attested nevertheless" same "$(summary hole.jsonl '.segments == .attested_segments, .attested == .members')" "[true,true]"
it "what is lost is named" same "$(jq -r 'select(.record == "missing") | .name | sub("^d/[0-9]+/"; "") | sub("[0-9]$"; "")' hole.jsonl)" large.part000
it "nothing of it is called whole" test -z "$(find hole -name '*part*' -size -8388608c ! -name '*.partial')"

# The beginning is gone: no chain, but whole payloads and links that hold.
tail -c +$((size / 4)) b.zst >tail.zst
it "without a beginning" exits 3 recover tail.zst -o tail.jsonl --extract tail
it "nothing is attested" same "$(summary tail.jsonl '.attested, .attested_records, .attested_segments')" "[0,0,0]"
it "payloads are found all the same" test "$(jq -s '[.[] | select(.record == "member" and .recorded)] | length' tail.jsonl)" -ge 3
it "every file says so" test -z "$(find tail -type f ! -name '*.unattested*')"
it "the segments hold together" same "$(jq -r 'select(.record == "segment") | .belief' tail.jsonl | sort -u)" consistent

head -c $((size / 2)) b.zst >cut.zst
it "a cut bundle keeps what was sealed" exits 3 recover cut.zst -o cut.jsonl
it "as attested" same "$(summary cut.jsonl '.segments == .attested_segments, .closed, .attested > 5')" "[true,false,true]"

# Pieces of another bundle between the segments.
"$WRITER" small other.zst >other.log
{ head -c 3000000 b.zst; cat other.zst; tail -c +3000001 b.zst; } >mixed.zst
it "another bundle in between" exits 3 recover mixed.zst -o mixed.jsonl
it "is not attested" same "$(jq -r 'select(.record == "summary") | .bundle_id' mixed.jsonl)" "$(jq -r 'select(.record == "summary") | .bundle_id' whole.jsonl)"
it "and costs the true one no record" same "$(summary mixed.jsonl .attested_segments)" "$(summary whole.jsonl .attested_segments)"

# Payloads put in front, under names of true ones: they must not come out under the records' authority.
forge() {
	mkdir -p "forged/$(dirname "$1")"
	echo forged >"forged/$1"
	tar -C forged --format=ustar --mode="${2:-0440}" -cf - "$1" | head -c 1024 | zstd -qc --stream-size=1024
}
first=$(jq -r 'select(.record == "member") | .name' whole.jsonl | head -1)
last=$(jq -r 'select(.record == "member") | .name' whole.jsonl | tail -1)
{ forge "$first"; forge "$last"; cat b.zst; } >forged.zst
it "forged members of true names are found" exits 3 recover forged.zst -o forged.jsonl --extract forged-out
it "none of them is attested" same "$(grep -rl '^forged' forged-out | sed 's/.*\.//' | sort -u)" unattested
it "and they cost no true one" same "$(find forged-out -type f ! -name '*.unattested*' -exec sha256sum {} + | cut -d' ' -f1 | sort)" "$(sums whole.jsonl)"
# No bundle has a member of that mode: a header like any other bytes that somebody put in.
{ forge "$first" 0644; cat b.zst; } >stray.zst
it "what belongs to no bundle is told" exits 3 recover stray.zst -o stray.jsonl
it "in bytes" same "$(summary stray.jsonl '.stray_bytes, .lost_bytes, .attested == .members')" "[1024,0,true]"

# Who recovers signs for the report.
"$STRANDLINE" keygen -o k 2>keygen.log >/dev/null
it "a key signs the report" recover b.zst -o signed.jsonl --key k
sed '/^$/,$d' signed.jsonl.note >text
grep '^— ' signed.jsonl.note | cut -d' ' -f3 | base64 -d | tail -c +5 >sig
it "as openssl says, too" openssl pkeyutl -verify -pubin -inkey k.pub -rawin -in text -sigfile sig
echo sesame >pass
"$STRANDLINE" keygen -o locked --passphrase-file pass >/dev/null 2>&1
it "an encrypted key signs, too" recover b.zst -o locked.jsonl --key locked --key-passphrase-file pass
it "and leaves a note" grep -q '^— strandline/recovered ' locked.jsonl.note
it "over its digest" same "$(sed -n 2p text)" "$(hash_hex <signed.jsonl)"
it "the report does not replace the bundle" exits 2 recover b.zst -o b.zst
ln b.zst linked.zst
it "by whatever name it goes" exits 2 recover ./b.zst -o linked.zst
for what in verify show timeline; do
	it "$what does not write over it, either" exits 2 "$STRANDLINE" $what b.zst -o ./linked.zst
done
it "which was never touched" cmp b.zst before.zst
it "no more is written than allowed" eval 'exits 3 recover b.zst -o few.jsonl --extract few --max-bytes 10000 && test "$(cat few/* | wc -c)" -le 10000'

# Hostile: nothing but beginnings of frames, then a bundle.
python3 - <<'EOF' >false.bin
import sys
sys.stdout.buffer.write((b"\x28\xb5\x2f\xfd\x24\xff\x00\x00\x00" * 200000))
EOF
cat false.bin b.zst >hostile.zst
it "false beginnings hide nothing" eval 'exits 3 recover hostile.zst -o hostile.jsonl && same "$(sums hostile.jsonl)" "$(sums whole.jsonl)"'
head -c 3000000 /dev/urandom >noise.bin
it "noise is no bundle, and no crash" exits 3 recover noise.bin -o noise.jsonl
