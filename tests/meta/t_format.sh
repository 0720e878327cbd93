# shellcheck shell=bash
# SPDX-License-Identifier: Apache-2.0
need clang-format
cd "$SOURCE_DIR" || exit 1
mapfile -t files < <(git ls-files '*.c' '*.h' 2>/dev/null)
[ ${#files[@]} -gt 0 ] || mapfile -t files < <(find core include report cli tests -name '*.[ch]')
formatted() { clang-format --style=file --dry-run -Werror "$@"; }
it "every file is as clang-format leaves it" formatted "${files[@]}"
