# shellcheck shell=bash
# SPDX-License-Identifier: Apache-2.0
# Encrypted bundles: what is written here opens with the age program, what age writes opens here,
# and what was cut, changed or meant for somebody else never passes.
need age age-keygen jq python3
sl() { timeout 120 "$STRANDLINE" --no-db "$@"; }
WRITER=$BUILD_DIR/tests/tool_bundle_write

# on_terminal ANSWER COMMAND...: with a terminal on which every question for a passphrase is answered.
on_terminal() {
	python3 - "$@" <<'END'
import os, pty, select, sys
answer = sys.argv[1].encode() + b"\n"
pid, tty = pty.fork()
if pid == 0:
    os.execvp(sys.argv[2], sys.argv[2:])
seen, asked = b"", 0
while True:
    if not select.select([tty], [], [], 60)[0]:
        sys.exit("no answer: " + repr(seen))
    try:
        more = os.read(tty, 4096)
    except OSError:
        break
    if not more:
        break
    seen += more
    if seen.count(b": ") > asked and b"assphrase" in seen:
        asked = seen.count(b": ")
        os.write(tty, answer)
open("terminal", "wb").write(seen)
sys.exit(os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]))
END
}

# ---- keys
recipient=$(sl keygen -q --age -o id)
other=$(age-keygen -o id2 2>/dev/null && age-keygen -y id2)
it "keygen makes an identity that age knows" same "$(age-keygen -y id)" "$recipient"
it "for its owner alone" same "$(stat -c %a id)" 600
it "and overwrites none" exits 2 sl keygen --age -o id

mkdir -p base/etc upper/etc
echo hello >base/etc/motd
bash "$SOURCE_DIR/samples/make-oci.sh" oci 1 base >/dev/null
echo changed >upper/etc/motd
head -c 300000 /dev/urandom >upper/random
take() { sl capture -q --upper upper --image oci:oci:1 -o "$@"; }
verdict() { sl verify --format json --allow-unanchored "$@" | jq -r '.verdict'; }
refused() { ! sl "${@:2}" >out 2>err && contains err "$1"; }

# ---- written here
printf '# the lab\r\n\r\n%s\r\n' "$other" >lab
it "a capture is encrypted to recipients of the command line and of a file" \
	take b.age --recipient "$recipient" --recipients-file lab
for who in id id2; do
	age -d -i $who -o $who.tar.zst b.age
	it "age opens it with $who" same self-consistent "$(verdict $who.tar.zst)"
done
it "to the same bytes" cmp id.tar.zst id2.tar.zst
it "which verify.sh judges alike" sh "$SOURCE_DIR/forensics/verify.sh" --allow-unanchored id.tar.zst
it "and tar opens" tar --zstd -xOf id.tar.zst --wildcards 'd/*/etc/motd' -O
it "verify opens it" same self-consistent "$(verdict --identity id b.age)"
it "from standard input" same self-consistent "$(verdict --identity id2 - <b.age)"
it "from a pipe, with the identities of all" same self-consistent \
	"$(cat b.age | verdict --identity id --identity id2 -)"
it "show opens it, and the record says to how many" same '{"format":"age-encryption.org/v1","recipients":2,"passphrase":false} false' \
	"$(sl show --identity id --format jsonl --type open b.age | jq -r '"\(.encryption) \(.secrets_in_clear)"')"
it "extract opens it" same changed "$(sl extract --identity id b.age -o - /etc/motd 2>/dev/null)"
sl timeline --identity id b.age -o told
it "timeline opens it" contains told /etc/motd
it "diff opens it" exits 3 sl diff --bundles --identity id b.age id.tar.zst -o /dev/null
it "an item is proven out of it" exits 0 sl verify --identity id --allow-unanchored --item /etc/motd b.age
it "the index points into what age gives" python3 - id.tar.zst <<'END'
import struct, subprocess, sys
data = open(sys.argv[1], "rb").read()
count = struct.unpack("<I", data[-9:-5])[0]
table = data[-9 - 12 * count:-9]
entries = [struct.unpack_from("<III", table, 12 * i) for i in range(count)]
starts = [sum(e[0] for e in entries[:i]) for i in range(count)]
lines = subprocess.run(["tar", "--zstd", "-xOf", sys.argv[1], "j/index"], capture_output=True, check=True).stdout
lines = lines.decode().splitlines()[1:]
assert lines and any(e[1] == 0 for e in entries)
for line in lines:
    _, seq, frame, offset = line.split()
    start, size = starts[int(frame)], entries[int(frame)][0]
    plain = subprocess.run(["zstd", "-dcq"], input=data[start:start + size], capture_output=True, check=True).stdout
    assert plain[int(offset):][:11] == b"d/%08d/" % int(seq), line
END

# ---- refusals
it "without an identity it says what is needed" refused "encrypted with age to 2 recipients" verify b.age
age-keygen -o id3 2>/dev/null
it "somebody else's identity opens nothing" refused "none of them one of the given identities" verify --identity id3 b.age
it "a mistyped recipient is refused" refused "mistyped" capture --upper upper --image oci:oci:1 -o n.age --recipient "${recipient%?}q"
it "an identity is no recipient" refused "which is secret" capture --upper upper --image oci:oci:1 -o n.age --recipient "$(grep AGE id)"
it "which it does not repeat" lacks err "$(grep AGE id)"
it "an ssh key is no recipient" refused "ssh key" capture --upper upper --image oci:oci:1 -o n.age --recipient "ssh-ed25519 AAAA"
it "a passphrase beside a recipient is refused" refused "not both" \
	capture --upper upper --image oci:oci:1 -o n.age --recipient "$recipient" --passphrase-file lab
it "and nothing was begun" test ! -e n.age
it "a recipient is no identity" refused "opens nothing" verify --identity <(echo "$recipient") b.age
it "verify.sh says how to decrypt it" contains <(sh "$SOURCE_DIR/forensics/verify.sh" b.age 2>&1) "age -d -i"

# ---- written by age
age -r "$other" -r "$recipient" -o by.age id.tar.zst
it "a file by age opens" same self-consistent "$(verdict --identity id by.age)"
age -a -r "$recipient" -o armored.age id.tar.zst
it "one in ASCII armor, too" same self-consistent "$(verdict --identity id armored.age)"
sed 's/$/\r/' armored.age >crlf.age
it "with line ends of another world" same self-consistent "$(cat crlf.age | verdict --identity id -)"
sed '200s/.$//' armored.age >broken.age
it "but not with a character missing" refused "line 200" verify --identity id broken.age
head -n 300 armored.age >broken.age
it "nor cut" exits 3 sl verify --identity id broken.age

# ---- passphrases
echo 'correct horse' >phrase
it "a capture is encrypted with a passphrase" take p.age --passphrase-file phrase
it "which is asked for, once, to open it" on_terminal 'correct horse' "$STRANDLINE" verify --passphrase --allow-unanchored p.age
it "a passphrase is asked for, twice, on a terminal" on_terminal 'battery' "$STRANDLINE" capture --no-db -q \
	--upper upper --image oci:oci:1 -o q.age --passphrase
it "and not shown" lacks terminal battery
it "age opens it" on_terminal 'battery' age -d -o q.tar.zst q.age
it "to a bundle" same self-consistent "$(verdict q.tar.zst)"
it "a file by age with a passphrase" on_terminal 'battery' age -p -o by.age id.tar.zst
echo battery >phrase2
it "opens here" same self-consistent "$(verdict --passphrase-file phrase2 by.age)"
it "an identity file gets a passphrase of its own" on_terminal 'battery' age -p -o locked id2
it "and opens with it" same self-consistent "$(verdict --identity locked --passphrase-file phrase2 b.age)"
sl keygen -q --age --passphrase-file phrase2 -o ours >whom
it "one that was made with it, too" on_terminal 'battery' age -d -i ours -o d.age <(age -r "$(cat whom)" b.age)
it "as age sees it" cmp d.age b.age
it "but not without" refused "locked" verify --identity locked b.age
it "the wrong passphrase opens nothing" refused "another passphrase" verify --passphrase-file phrase by.age
it "without one it is refused" refused "a passphrase, which was not given" verify --identity id by.age

# ---- cut and changed
size=$(stat -c %s b.age)
for at in 0 1 21 22 100 300 $((size / 3)) $((size / 2)) $((size - 65553)) $((size - 17)) $((size - 1)); do
	head -c "$at" b.age >short
	it "cut to $at bytes it does not pass" test "$(verdict --identity id short 2>/dev/null)" != self-consistent
done
python3 - "$size" <<'END' >places
import random, sys
random.seed(7)
size = int(sys.argv[1])
print(*[int(size * i / 9) for i in range(9)], size - 1, *[random.randrange(450) for _ in range(6)], sep="\n")
END
while read -r at; do
	python3 -c 'import sys; b = bytearray(open("b.age", "rb").read()); b[int(sys.argv[1])] ^= 4; open("flip", "wb").write(b)' "$at"
	got=$(verdict --identity id flip 2>/dev/null) || true
	it "with a bit changed at $at it does not pass" test "$got" != self-consistent
done <places
{ cat b.age; printf x; } >longer
it "with a byte more it does not pass" test "$(verdict --identity id longer 2>/dev/null)" != self-consistent

# ---- killed
: >k.out
RECIPIENTS=$recipient "$WRITER" endless k.age >>k.out &
pid=$!
while kill -0 $pid 2>/dev/null && [ "$(grep -c checkpoint k.out)" -lt 3 ]; do sleep 0.05; done
kill -9 $pid
wait $pid 2>/dev/null || true
known=$(sed -n 's/^checkpoint //p' k.out | tail -n 1)
it "a killed capture is incomplete" exits 3 sl verify --format json --identity id -o k.json k.age
it "and holds all up to its last checkpoint" test "$(jq .attested k.json)" -ge "$known"
age -d -i id -o k.tar.zst k.age 2>/dev/null || true
it "with age, too" test "$(sl verify --format json k.tar.zst | jq .attested)" -ge "$known"
it "and verify.sh agrees" exits 3 sh "$SOURCE_DIR/forensics/verify.sh" k.tar.zst
