# shellcheck shell=bash
# SPDX-License-Identifier: Apache-2.0
# What is said of files for the bytes that are in them.
need jq python3
drift() { timeout 120 "$STRANDLINE" diff --no-db --upper upper --image rootfs:image --format json -o doc.json 2>said || true; }
# rules PATH: severity, and the rules that say it
rules() { jq -r --arg path "$1" '.containers[0].findings[] | select(.path == $path) |
	"\(.severity) \(.rules | join(","))"' doc.json; }
has() { # has PATH RULE [SEVERITY]
	rules "$1" | grep -qE "^${3:-[a-z]+} (.*,)?$2(,|\$)" || { echo "$1: $(rules "$1")" >&2; return 1; }
}
mkdir -p image/var/log image/srv/docs upper/var/log upper/srv/docs

# ---- records of log-ins: 384 bytes each
python3 - <<'PY'
record = b"\7\0\0\0" + b"x" * 380
wiped = record * 3000 + bytes(384) + record * 3000
open("image/var/log/wtmp", "wb").write(record * 6001)
open("upper/var/log/wtmp", "wb").write(wiped)
open("image/var/log/btmp", "wb").write(record)
with open("upper/var/log/btmp", "wb") as f:
    f.write(wiped)
    f.truncate((256 << 20) + 384)
PY
drift
it "a wiped record is found among two million bytes" has /var/log/wtmp login-records-wiped high
it "a log of more than 256 MiB is not looked at" exits 1 has /var/log/btmp login-records-wiped 2>/dev/null
it "which is a gap" same "/var/log/btmp" "$(jq -r '.containers[0].gaps[] | select(.why | contains("log-ins")) | .what' doc.json)"
rm upper/var/log/btmp

# ---- credentials, where they are gathered: of keys that were made up here
mkdir -p upper/tmp upper/root upper/home/ada/.cache upper/srv/app
key=AKIA$(printf %s QX3Z7RTB W2YK5LMN)
printf 'aws_access_key_id = %s\n' "$key" | tee upper/tmp/notes upper/root/loot.txt upper/srv/app/settings \
	upper/home/ada/.cache/response upper/tmp/sess_8a7 >/dev/null
drift
it "an access key in a temporary directory is a finding" has /tmp/notes credential-staged medium
it "and openly in a home" has /root/loot.txt credential-staged medium
it "what it is is said" same "has an access key of AWS in it; file 41 B, mode 0644" \
	"$(jq -r '.containers[0].findings[] | select(.path == "/tmp/notes").message' doc.json)"
it "but not the key" lacks doc.json "$key"
for path in /srv/app/settings /home/ada/.cache/response /tmp/sess_8a7; do
	it "an application's own at $path is not" exits 1 has $path credential-staged 2>/dev/null
done
rm -r upper/tmp upper/root upper/home upper/srv/app

# ---- a line of a log exchanged, and one that only grew
printf 'one\nintruder\nthree\n' >image/var/log/app.log
printf 'one\nnothing!\nthree\nfour\n' >upper/var/log/app.log
printf 'one\n' >image/var/log/other.log
printf 'one\ntwo\n' >upper/var/log/other.log
drift
it "a log whose lines were changed is rewritten" has /var/log/app.log log-rewritten high
it "one that grew is not" exits 1 has /var/log/other.log log-rewritten 2>/dev/null
"$STRANDLINE" capture --no-db -q --upper upper --image rootfs:image -o b.tar.zst 2>said || true
tar --zstd -xOf b.tar.zst --wildcards 'j/*.jsonl' | jq -c 'select(.type == "finding")' >findings
it "a capture finds the same" same "/var/log/app.log high" \
	"$(jq -r 'select(.rules // [] | index("log-rewritten")) | "\(.path) \(.severity)"' findings | grep -v wtmp)"

# ---- documents of the image, overwritten with chance
python3 - <<'PY'
import random
chance = random.Random(4711).randbytes
text = b"The strandline is the line of debris that the last high tide leaves.\n" * 40
for name in ("report.txt", "table.csv", "page.html", "seed.bin"):
    open("image/srv/docs/" + name, "wb").write(text)
open("upper/srv/docs/report.txt", "wb").write(chance(9000))
open("upper/srv/docs/table.csv", "wb").write(text + b"one more\n")
open("upper/srv/docs/page.html", "wb").write(b"\x1f\x8b\x08" + chance(5000))
open("upper/srv/docs/seed.bin", "wb").write(chance(5000))
PY
drift
it "a document that is chance now is a finding" has /srv/docs/report.txt document-scrambled high
for name in table.csv page.html seed.bin; do
	it "not $name, which has a form or none to lose" exits 1 has /srv/docs/$name document-scrambled 2>/dev/null
done
