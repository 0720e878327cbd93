# shellcheck shell=bash
# SPDX-License-Identifier: Apache-2.0
need shellcheck
cd "$SOURCE_DIR" || exit 1
mapfile -t scripts < <(git ls-files '*.sh' 2>/dev/null || find . -name '*.sh')
# libraries of scripts are found at run time: variables come from there, and go there
it "shellcheck has nothing to say" shellcheck -S warning -e SC1091,SC2034,SC2154 "${scripts[@]}"
it "nor about the completion" sh -c '"$1" __completion bash | shellcheck -' sh "$STRANDLINE"
it "the check can fail" exits 1 sh -c 'printf "#!/bin/sh\nrm \$1\n" | shellcheck - >/dev/null'
