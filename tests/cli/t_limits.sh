# shellcheck shell=bash
# SPDX-License-Identifier: Apache-2.0
# Every limit on a layer is hit by name, and can be raised.
need python3 zstd
export PYTHONPATH=$TESTS_DIR PYTHONDONTWRITEBYTECODE=1
python3 - <<'PY'
from oci import *

def layer(name, *entries, pack=lambda tar: tar):
    tar = b"".join(entries) + END
    image(name, (tar, pack(tar)))

layer("bytes", entry(b"f", bytes(5000)))
layer("entries", *(entry(b"%d" % i) for i in range(20)))
layer("path", entry(b"a/bc/def/ghi"))
layer("link", entry(b"l", kind=b"2", link=b"a/bc/def/ghi"))
layer("xattrs", pax(SCHILY__xattr__user__a=b"x" * 300), entry(b"f"))
# what zstd cannot know the size of gets a window of 2 MiB
layer("window", entry(b"f", bytes(68000)), pack=zstd)
# more than 1 GiB out of little: a sparse file counts like any other
layer("ratio", pax(GNU__sparse__map=b"0,0", GNU__sparse__size=b"%d" % ((1 << 30) + 1)),
      entry(b"f"))
PY
hit() {
	local image=$1 name=$2 low=$3 text=$4
	exits 2 "$STRANDLINE" --no-db index "oci:$image" --limit "$name=$low" >out 2>err || return 1
	contains err "more than $text: a limit, which --limit $name=N raises"
}
holds() { exits 0 "$STRANDLINE" --no-db index "oci:$1" --limit "$2=$3" >out; }
while read -r image name low high text; do
	it "$name: $low is not enough for $image" hit "$image" "$name" "$low" "$text"
	it "$name: $high is enough for $image" holds "$image" "$name" "$high"
done <<'ROWS'
bytes bytes 6655 6656 6655 bytes in a layer or archive
entries entries 19 20 19 entries in a layer
path path 11 12 11 bytes in a path or link target
link path 11 12 11 bytes in a path or link target
path depth 3 4 3 names in a path
path name 2 3 2 bytes in a name
xattrs pax 255 1K 255 bytes in an extended header
xattrs xattrs 300 1K 300 bytes in an entry's attributes
window window 1M 2M 1048576 bytes in a window or dictionary
ROWS
it "ratio: the default is not enough for a gigabyte of nothing" \
	hit ratio ratio 2000 "2000 bytes out of each byte stored"

refuses() {
	exits 2 "$STRANDLINE" --no-db index oci:entries --limit "$1" 2>err || return 1
	contains err "$2"
}
it "a limit that is none" refuses weight=3 "no limit is called 'weight'; there are: bytes, entries, ratio"
it "a limit without a value" refuses entries "give NAME=VALUE"
it "a limit of no number" refuses entries=many "give NAME=VALUE"
it "a limit of zero" refuses entries=0 "limit 'entries' must be from 1 to"
it "a limit larger than can be kept" refuses path=1G "limit 'path' must be from 1 to"
it "the last of two values counts" \
	exits 0 "$STRANDLINE" --no-db index oci:entries --limit entries=1 --limit entries=1M -q

mkdir tree
diff_obeys() {
	exits 2 "$STRANDLINE" --no-db diff --rootfs "$PWD/tree" --image oci:entries \
		--limit entries=2 >out 2>&1 || return 1
	contains out "more than 2 entries"
}
it "diff obeys the limits when it indexes by itself" diff_obeys

# Every name that the help gives is one, and there is no other.
names() {
	"$STRANDLINE" index --help | tr '\n' ' ' | tr -s ' ' |
		sed 's/.*one layer may cost: //; s/; VALUE.*//; s/, / /g; s/ or / /'
}
known() {
	for name in $(names); do
		holds path "$name" 4096 || return 1
	done
	same 9 "$(names | wc -w)"
}
it "the help names the limits" known
