# shellcheck shell=bash
# SPDX-License-Identifier: Apache-2.0
# A program that includes only one of our public headers must compile, with a strict compiler.
compilers=0
for compiler in gcc clang; do
	command -v $compiler >/dev/null || continue
	compilers=$((compilers + 1))
	for header in "$SOURCE_DIR"/include/strandline/*.h; do
		name=strandline/$(basename "$header")
		printf '#include <%s>\n#include <%s>\nint main(void) { return 0; }\n' \
			"$name" "$name" >alone.c
		it "$name compiles alone with $compiler" $compiler -std=c11 -pedantic -Wall -Wextra \
			-Werror -fsyntax-only -I"$SOURCE_DIR/include" alone.c
	done
done
[ $compilers -gt 0 ] || skip "needs gcc or clang"

# Headers within the rooms too, in the dialect of the project.
for header in "$SOURCE_DIR"/{core,snapshot,host,diff,forensics,report,job,cli}/*.h; do
	[ -e "$header" ] || continue
	name=${header#"$SOURCE_DIR"/}
	printf '#include "%s"\nint main(void) { return 0; }\n' "$name" >alone.c
	it "$name compiles alone" cc -std=gnu17 -D_GNU_SOURCE -Wall -Wextra -Werror \
		-fsyntax-only -I"$SOURCE_DIR/include" -I"$SOURCE_DIR" alone.c
done
