# shellcheck shell=bash
# SPDX-License-Identifier: Apache-2.0
# What a comparison may cost: what a budget leaves out is a gap, and never clean.
need jq
sl() { timeout 60 "$STRANDLINE" --db "$PWD/db" "$@"; }

mkdir -p base upper/etc
head -c 100000 /dev/zero >base/same
echo 'one' >base/small
bash "$SOURCE_DIR/samples/make-oci.sh" oci 1 base >/dev/null
sl index -q oci:oci:1

# compare STATUS OPTION...
compare() {
	local status=$1
	shift
	exits "$status" sl diff -q --upper upper --image oci:oci:1 --format json -o found.json "$@"
}
gaps() { jq -r '[.containers[0].gaps[] | (.path // .what // "") + ": " + .why] | join(", ")' found.json; }

cp -p base/same base/small upper/
rmdir upper/etc
it "what equals the image is clean without a budget" compare 0
it "a file beyond the budget of bytes is not clean" compare 3 --max-bytes 50000
it "it is named with the reason" contains <(gaps) "the bytes for this container are used up"
it "a smaller file behind it is still compared" same "$(jq '.containers[0].gaps | length' found.json)" 1
it "a budget that suffices changes nothing" compare 0 --max-bytes 200000 --max-time 60

# a terabyte of nothing takes minutes to hash
rm upper/same
truncate -s 1T upper/same
it "a file that takes longer than the budget ends with it, not with the file" \
	compare 1 --max-time 1 --max-holes 2048G --no-processes
it "the result says that its time was over" contains <(gaps) "the time for this container is over"

it "budgets of two images are refused" exits 2 sl diff --images oci:oci:1 oci:oci:1 --max-time 1
it "an I/O priority without --all is refused" exits 2 sl diff --no-idle web
