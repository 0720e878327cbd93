#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Measure the reader of bolt databases on one of 100 MiB that looks like containerd's, beside bbolt
# itself, which maps the file (and takes its lock). Warm cache.
#
#   tests/bench/bolt.sh [MIB]        default 100
#
# Nothing here is a test: figures vary with machines. What should hold: 100 MiB take 0.2 s at most,
# and peak memory stays below 16 MiB for any size.
set -eu
cd "$(dirname "$(realpath "$0")")/../.."
tests/install.sh build run test bench
mib=${1:-100}
cmake --preset release -G Ninja -DBUILD_TESTING=ON >/dev/null
cmake --build --preset release --target tool_bolt_dump >/dev/null
# shellcheck source=tests/bench/lib.sh
. tests/bench/lib.sh
scratch
GOCACHE=$work/cache GOPATH=/usr/share/gocode GO111MODULE=off \
	go build -o "$work/boltwrite" tests/engines/boltwrite.go
"$work/boltwrite" big "$mib" "$work/db"
echo "$(stat -c %s "$work/db") bytes: $("$work/boltwrite" count "$work/db")"

# measure NAME COMMAND...: the median of seven by elapsed time
measure() {
	local name=$1
	shift
	"$@" >"$work/out"
	for _ in 1 2 3 4 5 6 7; do
		/usr/bin/time -a -f '%e %U %S %M' -o "$work/times" "$@" >/dev/null
	done
	sort -g "$work/times" | sed -n 4p | awk -v name="$name" '{ printf \
		"  %-12s %6.2f s   user %5.2f s   system %5.2f s   peak %6.1f MiB\n",
		name, $1, $2, $3, $4 / 1024 }'
	rm "$work/times"
}
measure strandline build/release/tests/tool_bolt_dump -q "$work/db"
mv "$work/out" "$work/ours"
measure bbolt "$work/boltwrite" count "$work/db"
cmp "$work/ours" "$work/out"
measure cat cat "$work/db"
