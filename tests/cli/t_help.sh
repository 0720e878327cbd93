# shellcheck shell=bash
# SPDX-License-Identifier: Apache-2.0
commands=$("$STRANDLINE" --help | sed -n '/^Commands:/,/^$/s/^  \([a-z]\+\) .*/\1/p')
[ -n "$commands" ]

"$STRANDLINE" --help >program
# A command may have commands of its own, which its help lists: "custody add".
all=()
for command in $commands; do
	all+=("$command")
	for word in $("$STRANDLINE" "$command" --help | sed -n '/^Commands:/,/^$/s/^  \([a-z]\+\) .*/\1/p'); do
		all+=("$command $word")
	done
done
it "there are commands of two words" test ${#all[@]} -gt "$(wc -w <<<"$commands")"
for command in "${all[@]}"; do
	read -ra words <<<"$command"
	"$STRANDLINE" "${words[@]}" --help >"$command.help"
	it "help of $command fits 80 columns" awk 'length > 80 { print; exit 1 }' "$command.help"
	it "help of $command says what each exit status means" \
		same 4 "$(sed -n '/^Exit status:/,/^$/p' "$command.help" | grep -c '^  [0-3]  ')"
	it "help of $command ends with two real examples" \
		same 2 "$(sed -n '/^Examples:/,$p' "$command.help" | grep -c '^      .*strandline ')"
	"$STRANDLINE" help "${words[@]}" >again
	it "help $command is the same text" cmp -s "$command.help" again
done
it "help of the program fits 80 columns" awk 'length > 80 { exit 1 }' program
it "--help goes to standard output and is a success" contains program "Usage: strandline"
it "--version names the version" \
	same "strandline $(sed -n 's/^project(strandline VERSION \([0-9.]*\).*/\1/p' \
		"$SOURCE_DIR/CMakeLists.txt")" "$("$STRANDLINE" --version)"
it "help of an unknown command is an error" exits 2 "$STRANDLINE" help nosuch

# The examples are real: their options parse.
parses() {
	local line=$1 status=0
	line=${line%% | *}
	(eval "\"$STRANDLINE\" ${line#strandline} --help") >/dev/null 2>err || status=$?
	[ $status -eq 0 ] || { echo "$line" >&2; cat err >&2; return 1; }
}
while IFS= read -r example; do
	it "example parses: $example" parses "$example"
done < <(cat ./*.help program | sed -n 's/^      \(strandline .*\)/\1/p' | sort -u)
