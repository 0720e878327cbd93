# shellcheck shell=bash
# SPDX-License-Identifier: Apache-2.0
# Threads that read, hash and compress ahead change nothing: the same source gives the same payloads
# in the same order, with the same digests, however many there are and whatever slows them.
need_root
need jq zstd taskset

mkdir -p u/a u/b/empty u/c
# what is read ahead and what is not, in turns: sizes around each limit, links, holes, no files
for n in 0 1 16383 16384 16385 300000 1048575 1048576 1048577 9000000; do
	head -c $n /dev/urandom >"u/a/$n"
	echo "$n" >"u/b/$n"
	yes "$n" | head -c $n >"u/c/$n"
done
for i in $(seq 60); do head -c $((i * 1500)) /dev/urandom >"u/b/many-$i"; done
ln u/a/300000 u/c/link
ln -s nowhere u/a/2
mkfifo u/b/3
truncate -s 3000000 u/a/hole
echo end >>u/a/hole

# order OPTION...: what was stored, in its order, without numbers and times of records
order() {
	rm -f b.zst
	"$@" capture --rootfs u --no-findings --quiet -o b.zst "${options[@]}" >said 2>&1 || [ -s b.zst ] || return
	zstd -dcq b.zst | tar -xO -f - --wildcards 'j/*.jsonl' | jq -c 'select(.role == "upper" or .type == "gap") |
		[.type, .path, .src.path, .src.type, .stored.bytes, .stored.sha256, .stored.parts, .stored.size,
			.hash, .read, .map, .what, .why]'
}
options=(--jobs 1)
order "$STRANDLINE" >one
it "has every object" same "$(find u | wc -l)" "$(grep -c '^."file"' one)"
(cd u && find . -type f -size +0 -links 1 -print0 | xargs -0 sha256sum) | sed 's/ .*//' | sort >want
jq -r 'select(.[0] == "file" and .[8] != null) | .[8].sha256' one | sort -u >have
it "has every file as it is" same "" "$(comm -23 <(sort -u want) have)"
same_order() { order "$@" >again && cmp one again; }
for jobs in 2 3 8; do
	options=(--jobs "$jobs")
	it "$jobs threads give the same, in the same order" same_order "$STRANDLINE"
	it "on one processor, too" same_order taskset -c 0 "$STRANDLINE"
done
it "and that is whole" exits 0 "$STRANDLINE" verify --allow-unanchored --quiet b.zst

# ---- with a scope: what is left out is not read, what no room is left for is a gap
options=(--jobs 1 --exclude 'many-1*' --max-file 500000)
order "$STRANDLINE" >one
it "what a scope leaves out is a gap, in its place" contains one '"/b/many-10"'
options[1]=4
it "by any number of threads" same_order "$STRANDLINE"
options=(--jobs 1 --max-bytes 700000)
order "$STRANDLINE" >one
it "so is what no room is left for" contains one 'max-bytes is used up'
options[1]=4
it "again by any number" same_order "$STRANDLINE"
