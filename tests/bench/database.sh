#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Measure the database: time, memory and size for layers of 60,000 and 1,000,000 entries, images that
# share most of their layers, and one of 120 layers.
#
# Nothing here is a test: figures vary with machines. What should hold: time and size grow with the
# number of entries, peak memory does not and stays below 64 MiB, 60,000 entries take 10 MB at most.
set -eu
cd "$(dirname "$(realpath "$0")")/../.."
tests/install.sh build run test bench
cmake --preset release -G Ninja -DBUILD_TESTING=OFF >/dev/null
cmake --build --preset release >/dev/null
strandline=$PWD/build/release/strandline
# shellcheck source=tests/bench/lib.sh
. tests/bench/lib.sh
scratch

# measure NAME COMMAND...
measure() {
	local name=$1
	shift
	/usr/bin/time -f '%e %U %S %M' -o "$work/time" "$@" >/dev/null
	awk -v name="$name" '{ printf "  %-16s %7.2f s   user %6.2f s   system %5.2f s   peak %5.1f MiB\n",
		name, $1, $2, $3, $4 / 1024 }' "$work/time"
}

for entries in 60000 1000000; do
	tests/bench/make-layer.py "$work/$entries" "$entries"
	db=$work/$entries.db
	echo "$entries entries in one layer:"
	measure index "$strandline" index --db "$db" "oci:$work/$entries"
	stat -c %s "$db" | awk -v n="$entries" \
		'{ printf "  %-16s %7.1f MB, %.0f bytes an entry\n", "database", $1 / 1e6, $1 / n }'
	measure "index again" "$strandline" index --db "$db" "oci:$work/$entries"
	measure verify "$strandline" images verify --db "$db"
	measure dump "$strandline" images dump --db "$db" "oci:$work/$entries" -o "$work/dump"
	measure load "$strandline" images load --db "$work/other.db" "$work/dump"
	measure rm "$strandline" images rm --db "$db" "oci:$work/$entries"
	rm -rf "${work:?}/$entries" "$work"/*.db* "$work/dump"
done

# 100 images of 20 layers, 18 of them in common: 218 layers are read, not 2,000
tests/bench/make-family.py "$work/family"
db=$work/family.db
refs=()
for n in $(seq 0 99); do refs+=("oci:$work/family:t$n"); done
echo "100 images that share 90 % of their layers, 500 entries a layer:"
measure "index one" "$strandline" index --db "$db" "${refs[0]}"
measure "index all" "$strandline" index --db "$db" --format json -o "$work/result" "${refs[@]}"
jq -r '[.images[] | .layers - .layers_known] | "  layers read       \(add) of \([20 * length] | add)"' "$work/result"
stat -c %s "$db" | awk '{ printf "  %-16s %7.1f MB\n", "database", $1 / 1e6 }'
measure "index all again" "$strandline" index --db "$db" "${refs[@]}"
echo "one image of 120 layers, 500 entries a layer:"
measure index "$strandline" index --db "$db" "oci:$work/family:deep"
measure "merged dump" "$strandline" images dump --merged --db "$db" "oci:$work/family:deep" -o "$work/dump"
