#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# How `diff` of containers of a store scales: a warm digest cache, a million changed files, 200 containers,
# 120 layers.
#
#   tests/bench/drift.sh STRANDLINE [ROUNDS]
#
# The store is written by tests/docker_store.py, without a daemon. Commands take turns after one
# unmeasured round; medians of elapsed and of processor time (all processes together), and the ratio
# of these to the first of the group: processor time says more on a machine that others use, too.
set -eu
cd "$(dirname "$(realpath "$0")")/../.."
strandline=$(realpath "$1")
rounds=${2:-5}
# shellcheck source=tests/bench/lib.sh
. tests/bench/lib.sh
scratch
source=$PWD
cd "$work"

# image NAME LAYERS, store NAME CONTAINERS: with one file in each layer; uppers go to NAME.uppers.
image() {
	local i dirs=
	for ((i = 0; i < $2; i++)); do
		mkdir -p "$1.l/$i/etc" && echo "$i" >"$1.l/$i/etc/$i"
		dirs="$dirs $1.l/$i"
	done
	# shellcheck disable=SC2086 # a list
	bash "$source/samples/make-oci.sh" "$1.oci" base:1 $dirs
}
store() {
	# shellcheck disable=SC2046 # a list
	python3 "$source/tests/docker_store.py" "$1.oci" "$1.store" "$2" $(seq -f "$1.l/%.0f" 0 $(($(ls "$1.l" | wc -l) - 1))) >"$1.uppers"
	"$strandline" index --quiet --db "$1.db" "oci:$1.oci:base:1" >/dev/null
}
# fill DIR FILES BYTES: none is equal to another
fill() {
	python3 - "$@" <<-'END'
		import os, sys
		top, files, size = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])
		seed = os.urandom(size)
		for i in range(files):
		    if i % 100 == 0:
		        os.makedirs(f"{top}/srv/m/{i // 100}")
		    with open(f"{top}/srv/m/{i // 100}/{i % 100}", "wb") as f:
		        f.write(b"%d\n" % i + seed)
	END
}
echo "# $(uname -r), $(nproc) processors, $rounds rounds, warm page cache, load $(cut -d' ' -f1-3 /proc/loadavg)"

image many 3 && store many 1 && fill "$(cat many.uppers)" 50000 20000
sleep 61 # files that are younger are not remembered
xargs_openssl() { find many.store/overlay2 -type f -print0 | xargs -0 -P2 -n64 openssl dgst -sha256; }
read_all() { "$strandline" diff --db many.db --store docker=many.store app-0 --paranoid; }
warm_cache() { "$strandline" diff --db many.db --store docker=many.store app-0; }
cold_cache() { rm -f many.db.digests && "$strandline" diff --db many.db --store docker=many.store app-0; }
echo "diff of 50,000 changed files, 1 GB (target: <= 0.4 s with a warm cache):"
group xargs_openssl read_all cold_cache warm_cache
rm -rf many.store

image hundred 3 && store hundred 1 && fill "$(cat hundred.uppers)" 100000 10
image million 3 && store million 1 && fill "$(cat million.uppers)" 1000000 10
a_hundred_thousand() { "$strandline" diff --paranoid --db hundred.db --store docker=hundred.store app-0; }
a_million() { "$strandline" diff --paranoid --db million.db --store docker=million.store app-0; }
echo "diff of 100,000 and 1,000,000 new files (target: linear, <= 64 MiB):"
rounds=1 group a_hundred_thousand a_million
sleep 61
warm_million() { "$strandline" diff --db million.db --store docker=million.store app-0; }
rounds=1 group a_million warm_million
rm -rf hundred.store million.store

image hosts 3 && store hosts 200
while read -r upper; do fill "$upper" 5 100; done <hosts.uppers
one_at_a_time() { "$strandline" diff --db hosts.db --store docker=hosts.store --all --stopped; }
two_at_a_time() { "$strandline" diff --db hosts.db --store docker=hosts.store --all --stopped --parallel 2; }
echo "diff --all of 200 containers with five new files each (target: <= 2 s):"
group one_at_a_time two_at_a_time

for n in 3 120; do
	image layers$n $n && store layers$n 1 && fill "$(cat layers$n.uppers)" 20000 1000
done
on_3_layers() { "$strandline" diff --paranoid --db layers3.db --store docker=layers3.store app-0; }
on_120_layers() { "$strandline" diff --paranoid --db layers120.db --store docker=layers120.store app-0; }
echo "diff of 20,000 new files (target: 120 layers cost no more than 3):"
group on_3_layers on_120_layers
