# shellcheck shell=bash
# SPDX-License-Identifier: Apache-2.0
# Layers that are small and cost much: each ends within seconds and in bounded memory, by a limit
# that is named or by being read to its end.
need python3 zstd xz bzip2 /usr/bin/time
export PYTHONPATH=$TESTS_DIR PYTHONDONTWRITEBYTECODE=1

# 256 MiB is enough for everything; a sanitizer needs memory of its own.
rss_max=262144
if grep -qa -e __asan_init -e __tsan_init "$STRANDLINE"; then rss_max=1048576; fi

# bounded STATUS TEXT IMAGE OPTION...: index ends like this, in time and memory.
bounded() {
	local want=$1 text=$2 image=$3
	shift 3
	exits "$want" timeout 120 /usr/bin/time -o usage -f '%M %e' "$STRANDLINE" --no-db index \
		"oci:$image" "$@" >out 2>err || { cat out err; return 1; }
	[ "$(wc -c <err)" -lt 4096 ] || { echo "an endless message" >&2; return 1; }
	[ -z "$text" ] || contains err "$text" || return 1
	read -r rss seconds < <(tail -1 usage)
	echo "      $image: $seconds s, $((rss / 1024)) MiB"
	[ "$rss" -le "$rss_max" ] || { echo "$rss KiB" >&2; return 1; }
}

python3 - <<'PY'
import bz2, gzip, lzma, subprocess
from oci import *

# 10 GB of zeros in one file: one piece of them, compressed once, again and again
piece = bytes(16 << 20)
total = 640 * len(piece)
head = header(b"zeros", total)
for name, pack in (("gzip", lambda b: gzip.compress(b, 6, mtime=0)), ("zstd", zstd),
                   ("xz", lambda b: lzma.compress(b, preset=0)),
                   ("bzip2", lambda b: bz2.compress(b, 1))):
    packed = pack(piece)
    image("zeros-" + name, ("sha256:" + "0" * 64, pack(head) + packed * 640 + pack(END)))

# streams that hold nothing
tar = entry(b"f", b"hello") + END
image("empty-gzip", (tar, gzip.compress(b"", mtime=0) * 1000000 + gzip.compress(tar, mtime=0)))
image("empty-zstd", (tar, zstd(b"") * 1000000 + skippable(b"") * 1000000 + zstd(tar)))
image("empty-xz", (tar, lzma.compress(b"", preset=0) * 200000 + lzma.compress(tar, preset=0)))
image("empty-bzip2", (tar, bz2.compress(b"") * 100000 + bz2.compress(tar)))

# a skippable frame as long as they get, of which nothing is there
image("skippable-4g", (tar, zstd(tar) + struct.pack("<II", 0x184D2A50, 0xFFFFFFFF)))

# an xz dictionary of 1.5 GiB, and enough to fill it
big = lzma.compress(piece, filters=[{"id": lzma.FILTER_LZMA2, "preset": 0, "dict_size": 3 << 29}])
image("dictionary", ("sha256:" + "0" * 64, big * 80))

# many entries; one header that claims all there is; names and headers without end
many = b"".join(header(b"d/%07d" % i) for i in range(30000)) + END
image("entries", (many, gzip.compress(many, 1, mtime=0)))
image("claim", (header(b"f", (1 << 63) - 1) + END,) * 2)
deep = pax(path=b"d/" * 65536 + b"f") + entry(b"f") + END
image("deep", (deep, deep))
parents = b"".join(pax(path=b"%d/" % i + b"d/" * 2000 + b"f") + entry(b"f") for i in range(20))
image("parents", (parents + END,) * 2)
wide = header(b"pax", 1 << 33, kind=b"x") + bytes(4096)
image("pax", (wide, wide))
values = pax(SCHILY__xattr__user__a=bytes(3 << 20)) + entry(b"f") + END
image("xattrs", (values, values))
name = pax(path=b"n" * 5000) + entry(b"f") + END
image("name", (name, name))
sparse = pax(GNU__sparse__map=b"0,0", GNU__sparse__size=b"8000000000000000000") + entry(b"f") + END
image("sparse", (sparse, sparse))

# tables of contents: an entry without end, and one of nothing but white space
def estargz(packed, size):
    first = gzip.compress(entry(b"f"), mtime=0)
    start = gzip.compress(header(b"stargz.index.json", size), mtime=0)
    footer = b"\x1f\x8b\x08\x04\0\0\0\0\0\xff\x1a\0SG\x16\0%016xSTARGZ" % len(first)
    return first + start + packed + footer + b"\1\0\0\xff\xff" + bytes(8)
spaces = gzip.compress(b" " * (16 << 20), mtime=0)
image("toc-spaces", ("sha256:" + "0" * 64, estargz(spaces, 1 << 24)))
image("toc-claim", ("sha256:" + "0" * 64, estargz(b"", 1 << 40)))
image("toc-entry", ("sha256:" + "0" * 64, estargz(
    gzip.compress(b'{"entries":[{"a":"', mtime=0) + spaces, 1 << 24)))
PY

it "zeros in gzip are stopped by the limit on bytes" \
	bounded 2 "--limit bytes=N raises" zeros-gzip --limit bytes=64M
it "zeros in bzip2 are stopped by the limit on bytes" \
	bounded 2 "--limit bytes=N raises" zeros-bzip2 --limit bytes=64M
it "zeros in zstd are stopped by their ratio" bounded 2 "--limit ratio=N raises" zeros-zstd
it "zeros in xz are stopped by the limit on bytes" \
	bounded 2 "--limit bytes=N raises" zeros-xz --limit bytes=64M
it "a million empty gzip members are read over" bounded 0 "" empty-gzip
it "two million empty zstd frames are read over" bounded 0 "" empty-zstd
it "empty xz streams are read over" bounded 0 "" empty-xz
it "empty bzip2 streams are read over" bounded 0 "" empty-bzip2
it "a skippable frame that is not there is waited for in no memory" \
	bounded 2 "cut off" skippable-4g
it "a dictionary of 1.5 GiB is not given" bounded 2 "--limit window=N raises" dictionary
it "30,000 tiny entries are indexed" bounded 0 "" entries
it "a header that claims 8 EiB is a cut tar" bounded 2 "cut off" claim
it "a path of 65,537 names is too deep" bounded 2 "--limit depth=N raises" deep
it "no limit can allow such a path" bounded 2 "from 1 to 4096" deep --limit depth=100000
it "parents that no entry names are bounded" bounded 2 "parents without entries" parents
it "an extended header of 8 GiB is not kept" bounded 2 "--limit pax=N raises" pax
it "attributes of 3 MiB are too many" bounded 2 "--limit xattrs=N raises" xattrs
it "a name of 5,000 bytes is too long" bounded 2 "--limit name=N raises" name
it "a sparse file of 8 EB is not hashed" bounded 2 "--limit bytes=N raises" sparse
it "a table of contents of white space ends" bounded 1 "diff_id" toc-spaces
it "a table of contents that claims a TiB is not read" bounded 2 "more than 1073741824" toc-claim
it "an entry of a table of contents without end is not kept" \
	bounded 2 "entry of more than" toc-entry
