# shellcheck shell=bash
# SPDX-License-Identifier: Apache-2.0
cd "$SOURCE_DIR" || exit 1
sources() {
	git ls-files '*.c' '*.h' '*.sh' '*.cmake' '*CMakeLists.txt' '*.bpf' 2>/dev/null ||
		find . -name '*.[ch]' -o -name '*.sh'
}
without() {
	sources | while IFS= read -r file; do
		head -3 "$file" | grep -q 'SPDX-License-Identifier: Apache-2\.0' || echo "$file"
	done
}
it "every source file names its licence" same "" "$(without)"
it "C files name it in their first line" same "" "$(sources | grep '\.[ch]$' |
	while IFS= read -r file; do
		head -1 "$file" | grep -qxF '/* SPDX-License-Identifier: Apache-2.0 */' || echo "$file"
	done)"

# What does not belong into a program that reads hostile input.
product() { sources | grep '\.[ch]$' | grep -v '^\(\./\)\?tests/'; }
calls='(^|[^a-z_])(strcpy|strcat|sprintf|gets|system|popen|tmpnam|mktemp|alloca)[ ]?\('
found() { xargs grep -nE "$1" /dev/null || true; }
it "no call that cannot be made safely" same "" "$(product | found "$calls")"
it "no buffer of the size PATH_MAX" same "" "$(product | found '\[.*PATH_MAX')"
echo 'char a[PATH_MAX]; strcpy(a, b);' >"$OLDPWD/bad.c"
it "the checks can fail" test "$(echo "$OLDPWD/bad.c" | found "$calls" | wc -l)" -eq 1
