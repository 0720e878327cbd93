# shellcheck shell=bash
# SPDX-License-Identifier: Apache-2.0
cd "$SOURCE_DIR" || exit 1
sources() {
	git ls-files '*.c' '*.h' '*.sh' '*.cmake' '*CMakeLists.txt' '*.bpf' 2>/dev/null ||
		find . -name '*.[ch]' -o -name '*.sh'
}
# without LINES PATTERN: the files that do not have it in so many of their first lines
without() {
	xargs awk -v most="$1" -v pattern="$2" 'FNR == 1 { files[FILENAME] }
		FNR > most { nextfile }
		$0 ~ pattern { delete files[FILENAME] }
		END { for (file in files) print file }'
}
licence='SPDX-License-Identifier: Apache-2[.]0'
it "every source file names its licence" same "" "$(sources | without 3 "$licence")"
it "C files name it in their first line" same "" "$(sources | grep '\.[ch]$' | without 1 "^/[*] $licence [*]/\$")"

# What does not belong into a program that reads hostile input.
product() { sources | grep '\.[ch]$' | grep -v '^\(\./\)\?tests/'; }
calls='(^|[^a-z_])(strcpy|strcat|sprintf|gets|system|popen|tmpnam|mktemp|alloca)[ ]?\('
found() { xargs grep -nE "$1" /dev/null || true; }
it "no call that cannot be made safely" same "" "$(product | found "$calls")"
it "no buffer of the size PATH_MAX" same "" "$(product | found '\[.*PATH_MAX')"
echo 'char a[PATH_MAX]; strcpy(a, b);' >"$OLDPWD/bad.c"
it "the checks can fail" test "$(echo "$OLDPWD/bad.c" | found "$calls" | wc -l)" -eq 1
it "a file without a licence is seen" same "$OLDPWD/bad.c" "$(echo "$OLDPWD/bad.c" | without 3 "$licence")"
