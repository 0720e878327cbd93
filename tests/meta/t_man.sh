# shellcheck shell=bash
# SPDX-License-Identifier: Apache-2.0
need mandoc
"$STRANDLINE" __man >strandline.1
it "the man page is without warnings" mandoc -Tlint -W warning strandline.1
mandoc -Tascii strandline.1 | col -b >text
for section in NAME SYNOPSIS DESCRIPTION OPTIONS COMMANDS "EXIT STATUS" ENVIRONMENT FILES EXAMPLES; do
	it "it has the section $section" grep -qx "$section" text
done
it "it names the version" contains text "strandline $("$STRANDLINE" --version | cut -d' ' -f2)"
"$STRANDLINE" __man >again
it "it is the same every time" cmp strandline.1 again
sed -i 's/^\.SH NAME/.SH NAME\n.XX/' strandline.1
it "the check can fail" exits 3 mandoc -Tlint -W warning strandline.1
