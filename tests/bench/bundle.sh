#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# One bundle of GIGABYTES of payload: verified as a whole, and one item taken out of it, beside zstd, openssl
# and tar.
#
#   tests/bench/bundle.sh STRANDLINE [ROUNDS [GIGABYTES]]      default 5 rounds, 1 GB
#
# The tree is made of pieces of the headers in /usr/include, mostly small files and a few of many parts; it
# needs its size on the disk of TMPDIR while it is captured, and a sixth of that afterwards. Commands take
# turns after one unmeasured round; medians of elapsed and of processor time (all processes together).
set -eu
cd "$(dirname "$(realpath "$0")")/../.."
strandline=$(realpath "$1")
rounds=${2:-5}
size=${3:-1}
# shellcheck source=tests/bench/lib.sh
. tests/bench/lib.sh
scratch
cd "$work"

python3 - tree "$size" <<'EOF'
import os, random, sys
out, left, i = sys.argv[1], int(float(sys.argv[2]) * 1e9), 0
chance, pool = random.Random(1), bytearray()
for folder, _, files in os.walk("/usr/include"):
    for name in files:
        with open(os.path.join(folder, name), "rb") as f:
            pool += f.read()
    if len(pool) > 64 << 20:
        break
while left > 0:
    size = chance.choice((300, 4096, 12000, 60000, 120000, 500000) if chance.random() < .99 else (9 << 20, 20 << 20))
    if i % 1000 == 0:
        os.makedirs(f"{out}/d{i // 1000}")
    with open(f"{out}/d{i // 1000}/f{i}", "wb") as f:
        for at in range(0, size, 65536):
            length = min(65536, size - at)
            begin = chance.randrange(len(pool) - length)
            f.write(pool[begin:begin + length])
    left, i = left - size, i + 1
EOF
small=$(find tree -size -9 -type f | sort | tail -1)
large=$(find tree -size +18M -type f | sort | tail -1)
"$strandline" capture --rootfs tree --no-findings --quiet -o b.tar.zst
echo "# bundle: $(find tree -type f | wc -l) files, $(du -sm --apparent-size tree | cut -f1) MB, stored in $(du -m b.tar.zst | cut -f1)"
small=${small#tree} large=${large#tree}
rm -rf tree
member=$(zstd -dc b.tar.zst | tar -t | grep -F "${small#/}" | head -1)

shared=(small large member)
zstd_openssl() { zstd -dc b.tar.zst | openssl dgst -sha256; }
verify() { "$strandline" verify --allow-unanchored b.tar.zst; }
verify_pipe() { "$strandline" verify --allow-unanchored - <b.tar.zst; }
echo "# all of it (goal: verify <= 0.6 x)"
group zstd_openssl verify verify_pipe

zstd_tar() { zstd -dc b.tar.zst | tar -xOf - "$member"; }
extract() { rm -f out && "$strandline" extract b.tar.zst "$small" -o out; }
extract_20_MiB() { rm -f out && "$strandline" extract b.tar.zst "$large" -o out; }
extract_proof() { rm -f out ./*.tlog-proof && "$strandline" extract b.tar.zst "$small" --proof -o out; }
verify_item() { "$strandline" verify --allow-unanchored --item "$small" b.tar.zst; }
echo "# one item of it (goal: extract <= 0.05 s of 10 GB; a proof takes all records)"
group zstd_tar extract extract_20_MiB extract_proof verify_item
