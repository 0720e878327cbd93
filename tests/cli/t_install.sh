# shellcheck shell=bash
# SPDX-License-Identifier: Apache-2.0
# What is installed is enough to run the program, read about it, and build against the library.
need cmake pkg-config cc
to() { local file=$1; shift; "$@" >"$file" 2>&1; }
DESTDIR=$PWD/stage cmake --install "$BUILD_DIR" --prefix /opt/strandline >install.log
root=$PWD/stage/opt/strandline
for file in bin/strandline share/man/man1/strandline.1 share/strandline/verify.sh \
	share/bash-completion/completions/strandline include/strandline/source.h; do
	it "$file is installed" test -s "$root/$file"
done
it "verify.sh can be run" test -x "$root/share/strandline/verify.sh"
it "the program runs from there" to version.txt "$root/bin/strandline" --version
libdir=$(dirname "$(find "$root" -name libstrandline.a)")
export PKG_CONFIG_PATH=$libdir/pkgconfig
it "pkg-config knows the version" \
	same "strandline $(pkg-config --modversion strandline)" "$(cat version.txt)"

cat >user.c <<'C'
#include <stdio.h>
#include <string.h>
#include <strandline/error.h>
#include <strandline/source.h>

int main(void)
{
	struct sl_error err = SL_ERROR_INIT;
	int rc = sl_fail(&err, SL_EFORMAT, 0, "line %d", 7);

	rc = sl_wrap(&err, rc, "user");
	puts(sl_error_text(&err));
	sl_error_clear(&err);
	return rc == -SL_EFORMAT ? 0 : 1;
}
C
mapfile -t sanitize < <(
	sed -n 's/^STRANDLINE_SANITIZE:STRING=\(.\+\)/-fsanitize=\1/p' "$BUILD_DIR/CMakeCache.txt")
compiler=$(sed -n 's/^CMAKE_C_COMPILER:[A-Z]*=//p' "$BUILD_DIR/CMakeCache.txt")
read -ra cflags <<<"$(pkg-config --cflags strandline)"
read -ra shared_libs <<<"$(pkg-config --libs strandline)"
read -ra archive_libs <<<"$(pkg-config --libs --static strandline | sed 's/-lstrandline / /')"
build() {
	local out=$1
	shift
	"$compiler" -std=c17 -Wall -Wextra -pedantic -Werror "${sanitize[@]}" user.c -o "$out" \
		"${cflags[@]}" "$@"
}
it "a program is built against the shared library" build shared "${shared_libs[@]}"
it "it runs with it" same "user: line 7" "$(LD_LIBRARY_PATH=$libdir ./shared)"
it "it needs the library" contains <(ldd ./shared) libstrandline.so
it "a program is built against the archive" \
	build archive "$libdir/libstrandline.a" "${archive_libs[@]}"
it "it runs alone" same "user: line 7" "$(./archive)"
it "it does not need the library" lacks <(ldd ./archive) libstrandline
