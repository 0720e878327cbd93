#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Install what the tests need, build with sanitizers and once statically, run every test.
#
#   tests/run.sh            everything, under the address and undefined behaviour sanitizers
#   tests/run.sh -R diff    only tests whose name matches (passed on to ctest)
#
# STRANDLINE_FUZZ_SECONDS bounds each fuzz target (default 4, 0 leaves fuzzing out).
set -eu
cd "$(dirname "$(realpath "$0")")/.."
tests/install.sh build run test

cmake --preset asan -G Ninja >/dev/null
cmake --build --preset asan
# what cli/static tests; seconds, and nothing when it is there already
cmake --preset static -G Ninja >/dev/null
cmake --build --preset static
# two at a time, but one engine
ctest --preset asan --output-on-failure "$@"

if [ $# -eq 0 ] && [ "${STRANDLINE_FUZZ_SECONDS:-4}" -gt 0 ]; then
	tests/fuzz/run.sh "${STRANDLINE_FUZZ_SECONDS:-4}"
fi
