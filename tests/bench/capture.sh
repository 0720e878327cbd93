#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# What a capture takes beside its time (run.sh measures that): bytes, memory, and a standstill.
#
#   tests/bench/capture.sh STRANDLINE [ROUNDS [DOCKER-SOCKET STORE IMAGE]]
#
# Bundles are held against `tar | zstd -3` of the same tree. Memory is the peak of the process, for
# trees that are large in one way each; those without --no-findings are compared with an image, too.
# With a running engine, a container of 50 processes stands still while it is captured. Needs root,
# and 6 GB of disk.
set -eu
cd "$(dirname "$(realpath "$0")")/../.."
strandline=$(realpath "$1")
rounds=${2:-5}
# shellcheck source=tests/bench/lib.sh
. tests/bench/lib.sh
scratch
source=$PWD
cd "$work"

# fill DIR FILES BYTES random|text: a hundred directories of files that are all different
fill() {
	python3 - "$@" <<-'END'
		import os, random, sys
		top, files, size = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])
		random.seed(1)
		words = [b"%x" % random.getrandbits(24) for _ in range(5000)]
		for i in range(files):
		    where = f"{top}/{i * 100 // files:02d}"
		    if i == 0 or i * 100 // files != (i - 1) * 100 // files:
		        os.makedirs(where)
		    text = b" ".join(random.choices(words, k=size // 2))[:size]
		    with open(f"{where}/file-{i:06d}", "wb") as f:
		        f.write(os.urandom(size) if sys.argv[4] == "random" else text)
	END
}
# bytes NAME TREE TARGET
bytes() {
	local ours theirs
	rm -f b.zst
	"$strandline" capture --rootfs "$2" --no-findings --quiet -o b.zst >/dev/null 2>&1
	ours=$(stat -c %s b.zst)
	theirs=$(tar -C "$2" -c . | zstd -3 -q -c | wc -c)
	awk -v n="$1" -v a="$ours" -v b="$theirs" -v t="$3" 'BEGIN {
		printf "  %-44s %5.3f x  (target <= %s)  %.1f MB / %.1f MB\n", n, a / b, t, a / 1e6, b / 1e6 }'
}
# memory NAME OPTION...: one capture
memory() {
	local name=$1
	shift
	rm -f b.zst
	/usr/bin/time -f '%M %e %U %S' -o one "$strandline" capture --quiet -o b.zst "$@" >/dev/null 2>&1 || true
	tail -1 one | awk -v n="$name" '{
		printf "  %-44s %5.1f MiB  %7.1f s, %.1f s of processor time\n", n, $1 / 1024, $2, $3 + $4 }'
}
# sparse FILE BYTES PIECES: so many pieces of data, evenly
sparse() {
	python3 - "$@" <<-'END'
		import os, sys
		size, pieces = int(sys.argv[2]), int(sys.argv[3])
		os.makedirs(os.path.dirname(sys.argv[1]))
		with open(sys.argv[1], "wb") as f:
		    f.truncate(size)
		    for i in range(pieces):
		        f.seek(size // pieces * i)
		        f.write(b"piece %d" % i)
	END
}

echo "bytes of a bundle, against tar | zstd -3:"
mkdir libs docs
find /usr/lib -xdev -type f -size +64k -size -1000k | head -800 | tar -cf - -T - 2>/dev/null | tar -xf - -C libs
tar -cf - /usr/share/doc /usr/share/perl* 2>/dev/null | tar -xf - -C docs
bytes "800 libraries" libs 1.02
bytes "documentation and scripts, $(find docs -type f | wc -l) files" docs 1.02
fill random 50000 100 random
bytes "50,000 files of 100 random bytes" random 1.2
fill text 50000 100 text
bytes "50,000 files of 100 bytes of text" text 1.2
fill small 20000 4000 text
bytes "20,000 files of 4,000 bytes of text" small 1.2
rm -rf libs docs random small

echo "peak memory (target <= 128 MiB):"
sparse h1/f $((100 << 30)) 20
sparse h2/f $((1 << 40)) 20
sparse h3/f $((800 << 20)) 100000
mkdir base && echo base >base/f
bash "$source/samples/make-oci.sh" oci base:1 base
"$strandline" index --quiet --db db "oci:oci:base:1" >/dev/null
image=(--db db --image "oci:oci:base:1")
memory "a sparse file of 100 GB" --upper h1 "${image[@]}"
memory "a sparse file of 1 TB" --upper h2 "${image[@]}"
memory "a file of 100,000 holes" --upper h3 "${image[@]}"
memory "50,000 tiny files, findings and 8 threads" --upper text "${image[@]}" --jobs 8
mkdir big && head -c 5G /dev/urandom >big/f
memory "a file of 5 GB" --upper big "${image[@]}"
rm -rf big h1 h2 h3 text
python3 -c '
import os
os.mkdir("many")
for i in range(1000000):
    with open("many/%07d" % i, "w") as f:
        f.write("%d\n" % i)'
memory "a directory of 1,000,000 files" --upper many "${image[@]}"
memory "the same without findings" --rootfs many --no-findings
rm -rf many

[ $# -ge 5 ] || exit 0
engine="docker -H unix://$3"
$engine rm -f fifty >/dev/null 2>&1 || true
# shellcheck disable=SC2016 # the container's shell expands it
$engine run -d --name fifty --network none "$5" sh -c \
	'for i in $(seq 49); do sleep 1000 & done; wait' >/dev/null
for ((i = 0; i < rounds; i++)); do
	rm -f b.zst
	/usr/bin/time -f %M -o one "$strandline" capture --store "docker=$4" --no-findings --quiet --freeze \
		-o b.zst fifty >/dev/null 2>&1 || true
	zstd -dcq b.zst | tar -xO -f - --wildcards 'j/*.jsonl' |
		jq -r 'select(.what == "thaw container") | .frozen.ns' >>frozen
done
$engine rm -f fifty >/dev/null
sort -g frozen | awk -v kib="$(tail -1 one)" '{ a[NR] = $1 / 1e6 } END {
	printf "standstill of 50 processes, standard capture: %.2f ms (%.2f..%.2f, target <= 200), peak %.1f MiB\n",
		a[int((NR + 1) / 2)], a[1], a[NR], kib / 1024 }'
