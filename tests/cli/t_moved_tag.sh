# shellcheck shell=bash
# SPDX-License-Identifier: Apache-2.0
# A name that means another image than it did when it was indexed last.
need jq tar
db=$PWD/db
sl() { timeout 120 "$STRANDLINE" --db "$db" "$@"; }
index() { sl index --format json rootfs-tar:web.tar | jq -r '.images[0] | .id, .previous'; }
mkdir a b
echo 1 >a/f
echo 2 >b/f
tar -cf a.tar -C a .
tar -cf b.tar -C b .

cp a.tar web.tar
it "a name that is new has no previous image" same "$(index | tail -n 1)" null
a=$(index | head -n 1)
it "nor has one that means the same" same "$(index | tail -n 1)" null
cp b.tar web.tar
it "one that moved names what it was" same "$(index | tail -n 1)" "$a"
b=$(index | head -n 1)
it "once" same "$(index | tail -n 1)" null
it "both are listed under the name, with their ids" \
	same "$(sl images --format json | jq -r '.images[] | "\(.id) \(.moved)"' | sort)" \
	"$(printf '%s\n' "$a true" "$b false" | sort)"
sl images >list
it "the table marks the earlier one" contains list "web.tar (moved)  $(echo "$a" | cut -c8-19)"
it "the name is the later one" \
	same "$(sl diff --format json --rootfs b --image rootfs-tar:web.tar 2>/dev/null | jq -r '.containers[0].image.id')" "$b"
cp a.tar web.tar
sl index rootfs-tar:web.tar >said
it "people are told, too, also when it moves back" contains said "moved    was $b when it was indexed last"
it "then the other one is the earlier" same "$(sl images --format json | jq -r '.images[] | select(.moved).id')" "$b"

it "to forget a name that two images had takes an id" exits 2 sl images rm rootfs-tar:web.tar 2>said
it "the ids are offered" contains said "$a"
it "each" contains said "$b"
it "the id forgets one" sl images rm -q "$b"
it "then the name is enough" sl images rm -q rootfs-tar:web.tar
it "nothing is left" same "$(sl images --format json | jq '.images | length')" 0
it "what was forgotten is no previous image" same "$(cp b.tar web.tar; index | tail -n 1)" null
cp b.tar other.tar
sl index -q rootfs-tar:other.tar
it "an image has the name it was called last" \
	same "$(sl images --format json | jq -r '.images[].name')" "rootfs-tar:$PWD/other.tar"
it "and is found by the one before" sl images rm -q rootfs-tar:web.tar
it "with both names" same "$(cp a.tar other.tar; sl index --format json rootfs-tar:other.tar | jq -r '.images[0].previous')" null
