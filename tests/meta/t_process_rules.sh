# shellcheck shell=bash
# SPDX-License-Identifier: Apache-2.0
# Every rule of processes is on its page, with its severity.
tr '\n\t' '  ' <"$SOURCE_DIR/job/procrules.c" |
	grep -oE '\[PROCRULE_[A-Z_]+\] = *\{ *"[a-z-]+", *SL_SEVERITY_[A-Z]+' |
	sed -E 's/.*\{ *"([a-z-]+)", *SL_SEVERITY_([A-Z]+)/\1 \L\2/' >rules
it "there are rules to look at" test "$(wc -l <rules)" -gt 50
it "as many as have a number" same "$(wc -l <rules)" "$(grep -cE '^	PROCRULE_[A-Z_]+,$' "$SOURCE_DIR/job/procrules.h")"
while read -r id severity; do
	it "$id is on the page" grep -qF "| \`$id\` | $severity |" "$SOURCE_DIR/docs/processes.md"
done <rules
