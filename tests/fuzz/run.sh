#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# run.sh SECONDS: build every fuzz target with libFuzzer and run each that long on its corpus.
set -eu
seconds=$1
cd "$(dirname "$(realpath "$0")")/../.."
cmake --preset fuzz -G Ninja >/dev/null
cmake --build --preset fuzz --target fuzz_targets
work=$(mktemp -d "${TMPDIR:-/tmp}/strandline-fuzz.XXXXXX")
trap 'rm -rf -- "$work"' EXIT
# one NAME TARGET: run it, and leave NAME.passed or what it found
one() {
	mkdir -p "$work/$1"
	if "$2" -max_total_time="$seconds" -rss_limit_mb=1024 -timeout=20 -verbosity=0 \
		-print_final_stats=0 -artifact_prefix="$work/$1-" "$work/$1" \
		"tests/fuzz/corpus/$1" >"$work/$1.log" 2>&1; then
		touch "$work/$1.passed"
		return
	fi
	echo "fuzz/$1 failed:"
	tail -40 "$work/$1.log"
	for found in "$work/$1-"*; do
		[ -f "$found" ] && { echo "input ${found##*/}:"; base64 "$found" | head -40; }
	done
}
count=0
for target in build/fuzz/tests/fuzz/fuzz_*; do
	if [ ! -f "$target" ] || [ ! -x "$target" ]; then continue; fi
	count=$((count + 1))
	one "${target##*/fuzz_}" "$target" &
	while [ "$(jobs -rp | wc -l)" -ge "$(nproc)" ]; do wait -n || true; done
done
wait
passed=$(find "$work" -maxdepth 1 -name '*.passed' | wc -l)
echo "$passed passed, $((count - passed)) failed"
[ "$count" -gt 0 ] && [ "$passed" -eq "$count" ]
