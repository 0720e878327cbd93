# shellcheck shell=bash
# SPDX-License-Identifier: Apache-2.0
# What every scripted test may use. A test is a list of `it "sentence" command...` lines.

skip() { echo "skipped: $*"; exit 77; }
need_root() { [ "$(id -u)" -eq 0 ] || skip "needs root"; }
need() { for tool; do command -v "$tool" >/dev/null || skip "needs $tool"; done; }

# it SENTENCE COMMAND...: the command must succeed; the sentence is printed either way.
it() {
	local sentence=$1
	shift
	if "$@"; then
		echo "ok    $sentence"
	else
		echo "FAIL  $sentence  (status $?: $*)"
		exit 1
	fi
}

# exits STATUS COMMAND...: true when the command ends with exactly this status.
exits() {
	local want=$1 got=0
	shift
	"$@" || got=$?
	[ "$got" -eq "$want" ] || { echo "exit status $got, want $want: $*" >&2; return 1; }
}

# same A B: two strings are equal, shown when they are not.
same() { [ "$1" = "$2" ] || { printf 'got  %s\nwant %s\n' "$1" "$2" >&2; return 1; }; }

# contains FILE TEXT: the file has a line with this fixed text.
contains() { grep -qF -- "$2" "$1" || { echo "no '$2' in $1:" >&2; head -50 "$1" >&2; return 1; }; }
lacks() { ! grep -qF -- "$2" "$1" || { echo "'$2' is in $1:" >&2; head -50 "$1" >&2; return 1; }; }
