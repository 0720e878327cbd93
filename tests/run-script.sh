#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Run one scripted test in an empty scratch directory: run-script.sh [--update] t_NAME.sh
#
# Beside t_NAME.sh may lie expectations; where one is absent, that output is not compared:
#   t_NAME.out   standard output, exact
#   t_NAME.err   standard error, one glob a line
# The script itself must exit 0; 77 means "cannot run here" and is passed on as a skip, after a
# line that says why. $STRANDLINE is the program under test, $SOURCE_DIR the source tree; helper
# functions come from tests/lib.sh.
set -u
update=0
if [ "$1" = --update ]; then update=1; shift; fi
script=$(realpath "$1")
base=${script%.sh}
scratch=$(mktemp -d "${TMPDIR:-/tmp}/strandline-test.XXXXXX") || exit 99
trap 'rm -rf -- "$scratch"' EXIT
mkdir "$scratch/w"
export LC_ALL=C.UTF-8 TZ=UTC NO_COLOR=1 TESTS_DIR
TESTS_DIR=$(dirname "$(realpath "$0")")
export XDG_STATE_HOME=$scratch/state

(cd "$scratch/w" && exec bash -eu -c '. "$TESTS_DIR/lib.sh"; . "$0"' "$script" \
	>"$scratch/out" 2>"$scratch/err" </dev/null)
status=$?

if [ $update -eq 1 ] && [ $status -eq 0 ]; then
	[ -e "$base.out" ] && cp "$scratch/out" "$base.out"
	[ -e "$base.err" ] && cp "$scratch/err" "$base.err"
	exit 0
fi
fail=0
if [ -e "$base.out" ] && [ $status -ne 77 ]; then
	diff -u --label want --label got "$base.out" "$scratch/out" || fail=1
else
	cat "$scratch/out"
fi
if [ -e "$base.err" ] && [ $status -ne 77 ]; then
	n=0
	while IFS= read -r got || [ -n "$got" ]; do
		n=$((n + 1))
		want=$(sed -n "${n}p" "$base.err")
		# shellcheck disable=SC2053 # the right side is a pattern on purpose
		[[ $got == $want ]] || {
			printf 'stderr line %d: got  %s\n               want %s\n' $n "$got" "$want"
			fail=1
		}
	done <"$scratch/err"
	[ "$n" -eq "$(wc -l <"$base.err")" ] || { echo "stderr has $n lines"; fail=1; }
else
	cat "$scratch/err" >&2
fi
[ $status -eq 0 ] || exit $status
exit $fail
