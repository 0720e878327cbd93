# shellcheck shell=bash
# SPDX-License-Identifier: Apache-2.0
# What the command line refuses, and how it says so.
refuses() {
	local message=$1
	shift
	exits 2 "$STRANDLINE" "$@" >out 2>err || return 1
	[ ! -s out ] || { echo "something on standard output" >&2; return 1; }
	contains err "$message"
}
it "no command" refuses "strandline: which command?"
it "an unknown command, with the nearest one" \
	refuses "strandline: unknown command 'dif'; did you mean 'diff'?" dif web
it "an unknown command, far from all" refuses "strandline: unknown command 'frobnicate'" frobnicate
it "an unknown option, with the nearest one" \
	refuses "strandline: diff: unknown option '--fial-on'; did you mean '--fail-on'?" \
	diff --fial-on high web
it "an unknown letter" refuses "strandline: diff: unknown option '-Z'" diff -Z web
it "a terminal escape in a word is shown, not sent" \
	refuses "unknown command '\\x1b[31m'" "$(printf '\033[31m')"
it "an option without its value" refuses "option '--jobs' needs N" diff web --jobs
it "a flag with a value" refuses "option '--quick' takes no value" diff web --quick=yes
it "a word that is not one of the list" \
	refuses "--fail-on: 'severe' is not one of: info, low, medium, high, critical" \
	diff --fail-on severe web
it "a format that the command does not have" \
	refuses "strandline: verify: --format: 'jsonl' is not one of: table, json" \
	--format jsonl verify x
it "no format where there is none" refuses "unknown option '--format'" keygen --format json -o x
it "a number that is none" refuses "--jobs: '-1' is not a number" diff --jobs -1 web
it "a size that is too large" refuses "is not a size" capture --before 99999999999G -o x web
it "a missing operand" refuses "strandline: verify: missing operand: BUNDLE" verify
it "an operand too many" refuses "strandline: verify: unexpected operand 'b'" verify a b
it "diff of nothing" refuses "what shall be compared?" diff
it "diff of two kinds" refuses "give either containers or --all" diff --all web
it "an option says what it goes with" \
	refuses "--policy goes with containers, --all, --upper or --rootfs" diff --policy p --images a b
it "a directory without an image" refuses "need --image" diff --upper .
it "an image without a directory" refuses "give --upper DIR or --rootfs DIR" diff --image shop:1
it "a limit on what is not asked for" refuses "--freeze-limit goes with --freeze" diff --freeze-limit 5 web
it "a budget of nothing" refuses "must be more than 0" diff --max-bytes 0 web
it "a time of nothing" refuses "must be more than 0" diff --max-time 0 web
it "capture without a place" refuses "give -o FILE" capture web
it "extract of nothing" refuses "give either --seq N or paths" extract b
it "images with an unknown word" refuses "strandline: images: unknown word 'del'" images del x
it "the same, with the nearest one" \
	refuses "unknown word 'verfy'; did you mean 'images verify'?" images verfy
it "a nested command without its operand" \
	refuses "strandline: images rm: missing operand: REF|ID..." images rm
it "an option of one nested command is none of another" \
	refuses "strandline: images rm: unknown option '--merged'" images rm --merged x
it "--live without --root" refuses "--live needs --root" --live ps
it "two opinions about the database" refuses "exclude each other" --no-db --db x ps
it "errors end with where to look" refuses "try 'strandline diff --help'" diff --nonsense

it "global options stand before or after the command" \
	exits 0 "$STRANDLINE" --root / --format json ps --help -q
it "global options stand before, within or after a nested command" \
	exits 0 "$STRANDLINE" --root / images --format json list --help -q
it "options may follow operands" exits 0 "$STRANDLINE" verify bundle --require signed --help
it "the beginning of several names them" refuses \
	"option '--fail' may be any of '--fail-on', '--fail-on-new'" diff --fail low web
it "a unique beginning of an option is enough" exits 0 "$STRANDLINE" diff --accept web --help
