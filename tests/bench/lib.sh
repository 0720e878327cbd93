# shellcheck shell=bash
# SPDX-License-Identifier: Apache-2.0
# What the scripts that measure share.

# scratch: $work is a new directory, on a disk, that goes with the script.
scratch() {
	work=$(mktemp -d "${TMPDIR:-/var/tmp}/strandline-bench.XXXXXX")
	trap 'rm -rf -- "$work"' EXIT
}

median() { sort -g | awk '{a[NR] = $1} END {print (NR % 2) ? a[(NR + 1) / 2] : (a[NR / 2] + a[NR / 2 + 1]) / 2}'; }

# measured FUNCTION FILE VARIABLE...: appends its elapsed, user and system seconds and its peak in KiB
measured() {
	local name=$1 file=$2
	shift 2
	/usr/bin/time -f '%e %U %S %M' -o one bash -c "$(declare -f "$name"); $(declare -p strandline "$@"); $name" \
		>/dev/null 2>&1 || true
	tail -1 one >>"$file"
}

# group FUNCTION...: they take turns, $rounds times after one unmeasured round. A line each: medians of elapsed
# and of processor time (all processes together), each with its ratio to that of the first. $shared names
# variables that they need.
group() {
	local i name
	rm -f times.*
	for ((i = 0; i <= rounds; i++)); do
		for name; do
			[ "$i" -ne 1 ] || rm -f "times.$name"
			measured "$name" "times.$name" "${shared[@]}"
		done
	done
	for name; do
		awk '{print $1, $2 + $3, $4}' "times.$name" >t
		echo "$name $(cut -d' ' -f1 t | median) $(cut -d' ' -f2 t | median) $(cut -d' ' -f3 t | median)"
	done | awk 'NR == 1 { elapsed = $2; processor = $3 } { gsub("_", " ", $1)
		printf "  %-28s %7.2f s %5.2f x  processor %7.2f s %5.2f x  peak %5.1f MiB\n", $1,
			$2, (elapsed > 0 ? $2 / elapsed : 0), $3, (processor > 0 ? $3 / processor : 0), $4 / 1024 }'
}
shared=()
