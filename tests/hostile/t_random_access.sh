# shellcheck shell=bash
# SPDX-License-Identifier: Apache-2.0
# One small item out of a large bundle, by an index that nobody vouches for.
. "$SOURCE_DIR/tests/bundle-lib.sh"
need strace python3
"$WRITER" many b.zst 80 >log
# Bytes that a command reads, all files together.
bytes_read() {
	strace -f -qq -e trace=read,pread64,readv,preadv,mmap -o trace "$@" 2>/dev/null
	awk '/pread64|readv|b.zst/ { s += $NF } END { print s + 0 }' trace
}
it "the item is got out" "$STRANDLINE" -q extract b.zst /the/item -o direct
total=$(zstd -dcq b.zst | wc -c)
read=$(bytes_read "$STRANDLINE" -q extract b.zst /the/item -o again)
packed=$(stat -c %s b.zst)
it "of $packed bytes few are read ($read)" test "$read" -lt $((packed / 4)) -a "$read" -gt 0
it "the bundle is much larger than what may be read" test "$total" -gt 100000000
it "both times the same" cmp direct again
it "and as the record says" same "$(hash_hex <direct)" \
	"$("$STRANDLINE" show b.zst --format jsonl | jq -r 'select(.src.path? == "/the/item") | .stored.sha256')"

# The tail is cut off: slower, but the same.
python3 - <<'EOF'
import os, struct
data = open("b.zst", "rb").read()
count = struct.unpack("<I", data[-9:-5])[0]
table = 8 + count * 12 + 9
open("no-table.zst", "wb").write(data[:-table])
sizes = [struct.unpack("<I", data[-table + 8 + i * 12:][:4])[0] for i in range(count)]
open("tail", "w").write("%d %d" % (sum(sizes[:-2]), table))
EOF
it "without a seek table all is read, and the item is the same" \
	eval '"$STRANDLINE" -q extract no-table.zst /the/item -o slow && cmp slow direct'

# Indexes that lie: another record, another place, nonsense. $1 is what happens to the line of the item.
forge() {
	python3 - "$1" <<'EOF'
import subprocess, struct, sys
data = open("b.zst", "rb").read()
count = struct.unpack("<I", data[-9:-5])[0]
table = 8 + count * 12 + 9
sizes = [list(struct.unpack("<III", data[-table + 8 + i * 12:][:12])) for i in range(count)]
starts, at = [], 0
for s in sizes:
    starts.append(at)
    at += s[0]
plain = subprocess.run(["zstd", "-dcq"], input=data[starts[-2]:starts[-1]], stdout=subprocess.PIPE).stdout
head, body = plain[:512], plain[512:]
size = int(head[124:135], 8)
lines = body[:size].decode().splitlines()
line = [i for i, l in enumerate(lines) if l.split()[1] == open("seq").read().strip()][0]
h, seq, frame, offset = lines[line].split()
other = lines[line + 5].split()
lines[line] = {
    "place": " ".join([h, seq, other[2], other[3]]),
    "record": " ".join([h] + other[1:]),
    "offset": " ".join([h, seq, frame, str(int(offset) + 512)]),
    "huge": " ".join([h, seq, "9999999999", offset]),
    "far": " ".join([h, seq, frame, "999999999"]),
    "noise": "\x01\x02",
    "gone": lines[line + 1],
}[sys.argv[1]]
text = ("\n".join(lines) + "\n").encode()
name = bytearray(head)
name[124:136] = b"%011o\0" % len(text)
name[148:156] = b" " * 8
name[148:156] = b"%06o\0 " % sum(name)
block = bytes(name) + text + b"\0" * (-len(text) % 512)
frame = subprocess.run(["zstd", "-cq", "--stream-size=%d" % len(block)], input=block, stdout=subprocess.PIPE).stdout
sizes[-2] = [len(frame), len(block), struct.unpack("<I", frame[-4:])[0]]
out = data[:starts[-2]] + frame + data[starts[-1]:starts[-1] + sizes[-1][0]]
entries = b"".join(struct.pack("<III", *s) for s in sizes)
out += struct.pack("<II", 0x184D2A5E, len(entries) + 9) + entries + data[-9:]
open("forged.zst", "wb").write(out)
EOF
}
"$STRANDLINE" show b.zst --format jsonl | jq 'select(.src.path? == "/the/item") | .seq' >seq
for lie in place record offset huge far noise gone; do
	forge $lie
	rm -f got
	it "an index that lies ($lie) still gives the item or nothing" \
		eval '{ "$STRANDLINE" -q extract forged.zst /the/item -o got 2>err && cmp got direct; } || { test ! -e got && test -s err; }'
	it "by its number, too ($lie)" \
		eval 'rm -f got; { "$STRANDLINE" -q extract forged.zst --seq "$(cat seq)" -o got 2>err && cmp got direct; } || { test ! -e got && test -s err; }'
done
it "the forged bundle verifies as before: the index carries no trust" same \
	"$("$STRANDLINE" verify forged.zst --format json | jq -r .verdict)" self-consistent
