# shellcheck shell=bash
# SPDX-License-Identifier: Apache-2.0
need nm
library=$BUILD_DIR/libstrandline.so
[ -e "$library" ] || skip "needs $library"

# Exported names that are not ours to export; sanitizers and coverage add their own.
strays() {
	nm -D --defined-only "$1" | awk '{ print $NF }' | sed 's/@.*//' |
		grep -v -e '^sl_' -e '^__asan' -e '^__ubsan' -e '^__odr_asan' -e '^__gcov' \
			-e '^__tsan' -e '^_init$' -e '^_fini$' -e '^mangle_path$' || true
}
exports() { nm -D --defined-only "$1" | grep -c ' T sl_'; }
it "the library exports something" test "$(exports "$library")" -gt 10
it "every exported symbol starts with sl_" same "" "$(strays "$library")"

printf 'int sl_good(void);int sl_good(void){return 0;}int stray(void);int stray(void){return 0;}\n' >a.c
cc -shared -fPIC -o a.so a.c
it "a stray symbol is seen" same stray "$(strays a.so)"

declared_names() {
	cat "$SOURCE_DIR"/include/strandline/*.h |
		grep -oE 'SL_API[^;(]*\b(sl_[a-z0-9_]+)\(' | grep -oE 'sl_[a-z0-9_]+\($' |
		tr -d '(' | sort -u
}
exported_names() { nm -D --defined-only "$library" | awk '$2 == "T" { print $3 }' | sort -u; }
declared_names >declared
exported_names >exported
it "every exported function is declared in a public header" \
	same "" "$(comm -13 declared exported | grep '^sl_' || true)"
