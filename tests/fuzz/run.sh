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
passed=0 failed=0
for target in build/fuzz/tests/fuzz/fuzz_*; do
	if [ ! -f "$target" ] || [ ! -x "$target" ]; then continue; fi
	name=${target##*/fuzz_}
	mkdir -p "$work/$name"
	if "$target" -max_total_time="$seconds" -rss_limit_mb=1024 -timeout=20 -verbosity=0 \
		-print_final_stats=0 -artifact_prefix="$work/$name-" "$work/$name" \
		"tests/fuzz/corpus/$name" >"$work/$name.log" 2>&1; then
		passed=$((passed + 1))
	else
		failed=$((failed + 1))
		echo "fuzz/$name failed:"
		tail -40 "$work/$name.log"
		for found in "$work/$name-"*; do
			[ -f "$found" ] && { echo "input ${found##*/}:"; base64 "$found" | head -40; }
		done
	fi
done
echo "$passed passed, $failed failed"
[ "$failed" -eq 0 ]
