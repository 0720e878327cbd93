# shellcheck shell=bash
# SPDX-License-Identifier: Apache-2.0
# The test vectors beside the documents: three verifiers say of them what the table expects.
need zstd jq openssl age xxd python3
vectors=$SOURCE_DIR/docs/vectors
cp -r "$vectors" v
cd v || exit
it "the vectors are the published ones" sha256sum -c --quiet SHA256SUMS
it "and small" test "$(cat ./* | wc -c)" -le 300000
it "make.sh is there to make them again" test -e make.sh

ours() {
	case $1 in
	item) shift && "$STRANDLINE" --format json verify-item "$@" ;;
	custody) shift && "$STRANDLINE" --format json custody verify "$@" ;;
	*) "$STRANDLINE" --format json "$@" ;;
	esac
}
second() { python3 "$TESTS_DIR/tools/second_reader" "$@"; }
# said READER COMMAND FILE OPTIONS...: status, verdict, and of a bundle its attested records and root
said() {
	local status=0
	"$@" >out 2>err || status=$?
	jq -r --arg s "$status" '[$s, .verdict // "-", if .root and .verdict != "broken" then .records, .root else "-", "-" end] | @tsv' out |
		grep . || printf '%s\t-\t-\t-\n' "$status"
}
readers=ours
if python3 -c 'import cryptography' 2>/dev/null; then readers="ours second"; fi
while IFS=$'\t' read -r command file options status verdict records root; do
	[ "$options" != - ] || options=
	for reader in $readers; do
		# shellcheck disable=SC2086 # options are words
		it "$reader: $command $file $options: $verdict" same \
			"$(said $reader "$command" "$file" $options)" "$status	$verdict	$records	$root"
	done
	case "$command $options" in
	"verify " | "verify --fingerprint "*)
		# it is slow: once for each bundle, with and without a fingerprint for the smallest
		case $file$options$verdict in
		*- | [!t]*--fing*anchored) continue ;;
		esac
		# the script looks at nothing beside the bundle
		# shellcheck disable=SC2086 # options are words
		it "verify.sh: $file $options: $verdict" same \
			"$(sh "$SOURCE_DIR/forensics/verify.sh" $options "$file" | head -n 1)" "$verdict"
		;;
	esac
done <expected.tsv
it "age decrypts to what the script judges" bash -c \
	'age -d -i identity.txt encrypted.tar.zst >plain && sh "$0" --fingerprint "$(cat encrypted.fingerprint)" plain >/dev/null' \
	"$SOURCE_DIR/forensics/verify.sh"

# What the writer wrote is what the document says, in all that no verdict looks at: maps, names, index, counts.
if [ "$readers" != ours ]; then
	it "whole files, names, index and counts are as the document says" same \
		"$(second verify plain.tar.zst signed.tar.zst | jq -c .contents)" $'[]\n[]'
	"$STRANDLINE" -q extract plain.tar.zst /var/sparse -o sparse
	it "a file with holes is proved by its one record" bash -c \
		'python3 "$0" item sparse --fingerprint "$(cat plain.fingerprint)" | grep -q anchored' "$TESTS_DIR/tools/second_reader"
	it "and is not when it is another file" exits 1 second item sparse --proof item.tlog-proof
fi
it "the cut one is salvaged" exits 3 "$STRANDLINE" -q recover cut.tar.zst -o report
it "up to its last checkpoint" same \
	"$(jq -r 'select(.record == "summary") | "\(.attested_records) \(.closed)"' report)" \
	"$(grep -m 1 cut.tar.zst expected.tsv | cut -f 6) false"

# What the documents tell people to type, word by word.
fenced() { sed -n "/^## $2/,/^## /p" "$SOURCE_DIR/docs/$1" | awk '/^```sh/ { f = 1; next } /^```/ { f = 0 } f'; }
typed() ( # DOCUMENT SECTION BUNDLE: in a folder of its own
	mkdir "../$2.$3"
	cp signed.tar.zst* ca.pem "../$2.$3"
	cd "../$2.$3" || exit
	for file in signed.tar.zst.*; do cp "$file" "web.tar.zst.${file#signed.tar.zst.}"; done
	cp "../v/$3" web.tar.zst
	fenced "$1" "$2" >commands
	bash -eu -o pipefail commands
)
it "the commands of the format's last section run as they stand" typed bundle-format.md 13 signed.tar.zst >said
it "and show the fingerprint" contains said "$(cat signed.fingerprint)"
it "and files put together as their records say" same "$(grep -oE '^[0-9a-f]{64}' said | sort | uniq -c | grep -c ' 2 ')" 2
it "and the times of files before 1970" grep -q '|-1219942311|' ../13.signed.tar.zst/body
it "they stop at a payload that was changed" exits 1 typed bundle-format.md 13 broken.tar.zst
it "those for the files beside a bundle run, too" typed bundle-format.md 12 signed.tar.zst
it "and stop at another bundle" exits 1 typed bundle-format.md 12 plain.tar.zst
it "those for custody as well" typed custody.md 'Checking it without Strandline' signed.tar.zst
it "and stop at another bundle, too" exits 1 typed custody.md 'Checking it without Strandline' plain.tar.zst
