# shellcheck shell=bash
# SPDX-License-Identifier: Apache-2.0
# Every row of every option table is in the help, in the man page and in the completion.
"$STRANDLINE" __man >man.raw
sed 's/\\-/-/g; s/\\f[BIR]//g' man.raw >page
"$STRANDLINE" __completion bash >completion

# The rows as the source has them: FILE COMMAND NAME LETTER.
rows() {
	for file in "$SOURCE_DIR"/cli/cmd_*.c "$SOURCE_DIR"/cli/globals.c; do
		tr '\n' ' ' <"$file" | grep -oE '\{"[a-z-]+",[[:space:]]*(0|'"'.'"'),[[:space:]]*OPT_' |
			sed -E 's/\{"([a-z-]+)",[[:space:]]*(0|'"'(.)'"'),.*/\1 \3/' |
			sed "s|^|$(basename "$file" .c) |"
	done
}
rows >rows
it "there are option tables to look at" test "$(wc -l <rows)" -gt 30

# shellcheck disable=SC2086 # "images rm" is two words
in_help() { "$STRANDLINE" $1 --help | grep -qE -- "^ .*--$2( |\$)"; }
in_man() { awk -v c="$1" '$0 == ".SS " c { on = 1; next } /^\.S[SH]/ { on = 0 } on' page |
	grep -qE -- "--$2( |\$)"; }
in_completion() { grep -qE -- "^	'$1'\) words=\".* --${2}[ \"]" completion; }
letter_in() { grep -qE -- "-$2, --$3( |\$)" "$1"; }

while read -r file name letter; do
	command=${file#cmd_}
	command=${command//_/ }
	[ "$command" != "verify item" ] || command=verify-item # one word
	if [ "$command" = globals ]; then
		it "--$name is in the help of the program" \
			sh -c '"$1" --help | grep -qE -- "^ .*--$2( |\$)"' sh "$STRANDLINE" "$name"
		it "--$name is in the man page" grep -qE -- "--$name( |\$)" page
		it "--$name is in the completion" \
			grep -qE -- "^	'') words=\".* --${name}[ \"]" completion
	else
		it "$command --$name is in its help" in_help "$command" "$name"
		it "$command --$name is in the man page" in_man "$command" "$name"
		it "$command --$name is in the completion" in_completion "$command" "$name"
	fi
	[ -z "$letter" ] || it "-$letter of --$name is in the man page" letter_in page "$letter" "$name"
done <rows

# Bash itself takes the completion, and it offers what it should.
complete_words() {
	# shellcheck disable=SC2016 # the inner shell expands
	bash -c '. ./completion; COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1)); _strandline
		printf "%s\n" "${COMPREPLY[@]}"' bash "$@"
}
it "commands are completed" same "diff" "$(complete_words strandline di)"
it "options of a command are completed" same "--accept-unproven" "$(complete_words strandline diff --acc)"
it "words of an option are completed" same "high" "$(complete_words strandline diff --fail-on hi)"
it "formats are those of the command" same "table
json" "$(complete_words strandline verify --format '')"
it "the check can fail" exits 1 in_completion diff no-such-option
