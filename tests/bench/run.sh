#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Measure the program against named tools on one large real image. Needs root.
#
#   tests/bench/run.sh [ROUNDS]      default 5
#
# Every row alternates our command with the other tool's, after one unmeasured turn of each (warm
# caches, said openly), and prints the median of the ratios of the pairs, the spread of those
# ratios, the median times, and our peak memory. Nothing here is a test: figures vary with machines.
set -eu
cd "$(dirname "$(realpath "$0")")/../.."
# shellcheck source=tests/bench/lib.sh
. tests/bench/lib.sh
tests/install.sh build run test bench
rounds=${1:-5}
work=$PWD/tests/bench/work
image=${STRANDLINE_BENCH_IMAGE:-$work/image}
mkdir -p "$work"
cmake --preset release -G Ninja -DBUILD_TESTING=OFF >/dev/null
cmake --build --preset release >/dev/null
strandline=$PWD/build/release/strandline
tests/bench/make-image.sh "$image"

now() { date +%s%N; }
# timed COMMAND...: nanoseconds it takes; its output is thrown away, any exit status is fine.
timed() {
	local began
	began=$(now)
	"$@" >/dev/null 2>&1 || true
	echo $(($(now) - began))
}

# row NAME TARGET OURS THEIRS: two functions, side by side.
row() {
	local name=$1 target=$2 ours=$3 theirs=$4 a b i
	rm -f "$work/ratios" "$work/a" "$work/b"
	timed "$ours" >/dev/null
	timed "$theirs" >/dev/null
	for ((i = 0; i < rounds; i++)); do
		a=$(timed "$ours")
		b=$(timed "$theirs")
		echo "$a" >>"$work/a"
		echo "$b" >>"$work/b"
		awk -v a="$a" -v b="$b" 'BEGIN {print a / b}' >>"$work/ratios"
	done
	printf '%-44s %6.2f x  (%.2f..%.2f, target %s)  %7.0f ms / %7.0f ms  %s\n' "$name" \
		"$(median <"$work/ratios")" "$(sort -g "$work/ratios" | head -1)" \
		"$(sort -g "$work/ratios" | tail -1)" "$target" \
		"$(median <"$work/a" | awk '{print $1 / 1e6}')" \
		"$(median <"$work/b" | awk '{print $1 / 1e6}')" "$(peak "$ours")"
}
peak() {
	/usr/bin/time -f '%M' -o "$work/rss" bash -c "$(declare -f "$1"); $(declare -p strandline work \
		image upper bundle layer_dirs); $1" >/dev/null 2>&1 || true
	awk 'END {printf "%.0f MiB", $1 / 1024}' "$work/rss"
}

layers() {
	jq -r '.layers[].digest | sub("sha256:"; "blobs/sha256/")' \
		"$image/oci/blobs/sha256/$(jq -r '.manifests[0].digest | sub("sha256:"; "")' \
			"$image/oci/index.json")" | sed "s|^|$image/oci/|"
}
layer_dirs=none upper=none bundle=$work/bench.tar.zst

echo "# $(uname -r), $(nproc) processors, $rounds rounds, warm caches; ours / theirs"
echo "# image: $(layers | wc -l) layers, $(du -sh "$image/oci" | cut -f1) compressed"

# ---- index
layers >"$work/layers"
index_ours() { "$strandline" index --no-db --quiet "oci:$image/oci:large"; }
index_igzip() { while read -r l; do igzip -dc "$l"; done <"$work/layers" >/dev/null; }
index_openssl() { while read -r l; do gzip -dc "$l" | openssl dgst -sha256; done <"$work/layers"; }
row "index, against igzip -dc to nowhere" "<= 1.35" index_ours index_igzip
row "index, against gzip -dc | openssl sha256" "<= 0.33" index_ours index_openssl

# ---- diff: the engine's own container, changed through its mounted root
engine="docker -H unix://$work/docker.sock"
dockerd --bridge=none --iptables=false --ip-forward=false --data-root "$image/docker" \
	--exec-root "$work/run" --pidfile "$work/docker.pid" -H "unix://$work/docker.sock" \
	>"$work/dockerd.log" 2>&1 &
pid=$!
trap 'kill $pid 2>/dev/null; wait $pid 2>/dev/null || true' EXIT
for _ in $(seq 100); do $engine version >/dev/null 2>&1 && break; sleep 0.2; done
$engine rm -f drift many >/dev/null 2>&1 || true
db=$work/bench.db
rm -f "$db"
"$strandline" index --db "$db" --quiet --store "docker=$image/docker" docker:bench:large >/dev/null

upper_of() {
	local id
	id=$($engine inspect -f '{{.Id}}' "$1")
	echo "$image/docker/overlay2/$(cat "$image/docker/image/overlay2/layerdb/mounts/$id/mount-id")/diff"
}
# 5,800 changes, some 530 MB: a chmod of real libraries and new files of many sizes
# shellcheck disable=SC2016 # the container's shell expands it
$engine run --name drift --network none bench:large sh -c '
	find /usr/lib -type f -size +64k -size -1000k | head -800 | xargs chmod u+x
	mkdir /srv/new; i=0
	while [ $i -lt 5000 ]; do head -c $((i * 26)) /dev/urandom >/srv/new/$i; i=$((i + 1)); done' \
	>/dev/null
upper=$(upper_of drift)
echo "# drift: $(find "$upper" | wc -l) objects, $(du -sm --apparent-size "$upper" | cut -f1) MB"
diff_ours() { "$strandline" diff --paranoid --db "$work/bench.db" --store "docker=$image/docker" drift; }
diff_docker() { docker -H "unix://$work/docker.sock" diff drift; }
diff_openssl() { find "$upper" -type f -print0 | xargs -0 -P2 -n64 openssl dgst -sha256; }
row "diff, against docker diff" "<= 0.15" diff_ours diff_docker
row "diff, against xargs -P2 openssl sha256" "<= 1.3" diff_ours diff_openssl

# ---- diff: 50,000 files, 1 GB
# shellcheck disable=SC2016
$engine run --name many --network none bench:large sh -c '
	head -c 20000 /dev/urandom >/tmp/seed; i=0
	while [ $i -lt 500 ]; do mkdir -p /srv/m/$i; j=0
		while [ $j -lt 100 ]; do { echo $i.$j; cat /tmp/seed; } >/srv/m/$i/$j; j=$((j + 1)); done
		i=$((i + 1)); done' >/dev/null
upper=$(upper_of many)
echo "# many: $(find "$upper" | wc -l) objects, $(du -sm --apparent-size "$upper" | cut -f1) MB"
many_ours() { "$strandline" diff --paranoid --db "$work/bench.db" --store "docker=$image/docker" many; }
many_sha256sum() { find "$upper" -type f -print0 | xargs -0 sha256sum; }
row "diff of 50,000 files, against xargs openssl" "<= 0.9" many_ours diff_openssl
row "diff of 50,000 files, against sha256sum" "<= 0.25" many_ours many_sha256sum
# what others keep of a tree to compare it later: the database is made beforehand, as ours is
if command -v mtree >/dev/null; then
	mtree -c -k type,mode,uid,gid,size,sha256 -p "$upper" >"$work/mtree.spec"
	many_mtree() { mtree -f "$work/mtree.spec" -p "$upper"; }
	row "diff of 50,000 files, against mtree" "<= 0.25" many_ours many_mtree
fi
if command -v aide >/dev/null; then
	printf 'database_in=file:%s\ndatabase_out=file:%s\n%s p+i+n+u+g+s+m+c+sha256\n' "$work/aide.in" \
		"$work/aide.out" "$upper" >"$work/aide.conf"
	aide --config "$work/aide.conf" --init >/dev/null && mv "$work/aide.out" "$work/aide.in"
	many_aide() { aide --config "$work/aide.conf" --check; }
	row "diff of 50,000 files, against AIDE" "<= 0.25" many_ours many_aide
fi

# ---- check: the image's layer directories, by a baseline that is there and by one that is made
layer_dirs=$(for id in "$image"/docker/image/overlay2/layerdb/sha256/*/cache-id; do
	echo "$image/docker/overlay2/$(cat "$id")/diff"
done)
check_ours() { "$strandline" check --db "$work/bench.db" --store "docker=$image/docker" --image bench:large; }
check_first() { "$strandline" check --no-db --store "docker=$image/docker" --image bench:large; }
check_tar() { for d in $layer_dirs; do tar -C "$d" -cf - . | openssl dgst -sha256; done; }
row "check, against tar | openssl sha256" "<= 1.0" check_ours check_tar
row "check of an unknown image, against the same" "<= 1.0" check_first check_tar

# ---- capture and verify
upper=$(upper_of drift)
capture_ours() {
	rm -f "$bundle"
	"$strandline" capture --store "docker=$image/docker" --no-findings --quiet drift -o "$bundle"
}
capture_tar() { tar -C "$upper" -c . | zstd -3 -T2 -q -c >"$work/tar.zst"; }
row "capture, against tar | zstd -3 -T2" "<= 0.8" capture_ours capture_tar
verify_ours() { "$strandline" verify --allow-unanchored "$bundle"; }
verify_openssl() { zstd -dc "$bundle" | openssl dgst -sha256; }
row "verify, against zstd -dc | openssl sha256" "<= 0.7" verify_ours verify_openssl

# ---- one item of a large bundle; the goal is for one of 10 GB: tests/bench/bundle.sh STRANDLINE 5 10
tests/bench/bundle.sh "$strandline" "$rounds" "${STRANDLINE_BENCH_GIGABYTES:-1}"
tests/bench/capture.sh "$strandline" "$rounds" "$work/docker.sock" "$image/docker" bench:large

# ---- start-up: a container that changed nothing
empty_ours() { "$strandline" diff --db "$work/bench.db" --store "docker=$image/docker" web; }
empty_true() { /bin/true; }
row "empty diff as a process, against /bin/true" "12 ms" empty_ours empty_true
$engine rm -f drift many >/dev/null

# ---- what grows: files, containers, layers; and a warm cache
tests/bench/drift.sh "$strandline" "$rounds"

# ---- a listing of a busy host
tests/bench/ps.sh "$strandline" "$rounds"
