# shellcheck shell=bash
# SPDX-License-Identifier: Apache-2.0
# Private keys: with a passphrase from a file or the terminal, and never in a core file.
need openssl python3 jq
sl() { "$STRANDLINE" "$@"; }
mkdir corpus
"$BUILD_DIR/tests/bundle_corpus" corpus
cp corpus/honest.bundle b.zst
echo 'correct horse' >pass
echo 'battery staple' >other

# ---- making and using one
it "a key is encrypted" sl keygen -q -o key --passphrase-file pass
it "as others do it" grep -q 'BEGIN ENCRYPTED PRIVATE KEY' key
it "openssl reads it" openssl pkey -in key -passin file:pass -noout
it "under scrypt" sh -c 'openssl asn1parse -in key | grep -q :scrypt'
it "its public half is that of the file beside it" same "$(openssl pkey -in key -passin file:pass -pubout)" "$(cat key.pub)"
it "nobody else may read it" same 600 "$(stat -c %a key)"
it "it signs" sl custody add -q b.zst --action acquired --by x --key key --key-passphrase-file pass
it "not under another passphrase" exits 2 sl custody add -q b.zst --action accessed --key key --key-passphrase-file other
it "nor without one" exits 2 setsid -w "$STRANDLINE" custody add b.zst --action accessed --key key 2>err
it "where there is no terminal to ask on" contains err "no terminal to ask on"
it "an empty passphrase is refused" exits 2 sl keygen -o empty --passphrase-file /dev/null
it "so is one of many bytes" sh -c 'head -c 2000 /dev/zero | tr "\0" x >long; ! "$1" keygen -o long.key --passphrase-file long' sh "$STRANDLINE"
it "and no key is left" test ! -e empty -a ! -e long.key
openssl genpkey -algorithm ed25519 -aes256 -pass file:pass -out foreign 2>/dev/null
it "a key that openssl encrypted will do" sl custody add -q b.zst --action accessed --by y --key foreign --key-passphrase-file pass
it "a passphrase for no key is refused" exits 2 sl capture --upper . --image oci:x -o y --key-passphrase-file pass

# ---- the terminal: asked without echo, twice for a new key
cat >ask.py <<'PY'
import os, pty, sys, time
answers = sys.argv[1].split(",")
pid, fd = pty.fork()
if pid == 0:
    os.execvp(sys.argv[2], sys.argv[2:])
seen = b""
for answer in answers:
    while not seen.rstrip().endswith(b":"):
        seen += os.read(fd, 4096)
    shown = seen
    seen = b""
    os.write(fd, answer.encode() + b"\n")
    sys.stdout.write(shown.decode())
try:
    while True:
        more = os.read(fd, 4096)
        if not more:
            break
        seen += more
except OSError:
    pass
sys.stdout.write(seen.decode())
sys.exit(os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]))
PY
ask() { timeout 20 python3 ask.py "$@" >told; }
it "a new passphrase is asked for twice" ask 'open sesame,open sesame' "$STRANDLINE" keygen -o asked --passphrase
it "and not shown" lacks told sesame
echo 'open sesame' >sesame
it "it is the one that was typed" openssl pkey -in asked -passin file:sesame -noout
it "two that differ are none" exits 2 ask 'open sesame,open simsim' "$STRANDLINE" keygen -o unlike --passphrase
it "and make no key" test ! -e unlike
it "an encrypted key asks for its own" ask 'open sesame' "$STRANDLINE" custody add b.zst --action accessed --by z --key asked
it "by name" contains told "Passphrase of 'asked':"

# ---- what a crash leaves
# A capture that nobody reads: it has its epoch key, the long-term key, and stands still.
mkdir upper w
head -c 4000000 /dev/urandom >upper/blob
bash "$SOURCE_DIR/samples/make-oci.sh" image t upper >/dev/null 2>&1 || true
mkfifo out
(
	cd w || exit
	ulimit -c unlimited 2>/dev/null || true
	exec "$STRANDLINE" capture --upper ../upper --image oci:../image:t --key ../key --key-passphrase-file ../pass \
		-o - >../out 2>../err
) &
capture=$!
exec 7<out
for _ in $(seq 100); do
	grep -q fingerprint err 2>/dev/null && break
	sleep 0.1
done
it "a capture stands still with its keys" grep -q fingerprint err
it "its core limit is zero" grep -qE '^Max core file size +0 +0 ' "/proc/$capture/limits"
it "no passphrase is in its arguments" sh -c "! tr '\0' '\n' <'/proc/$capture/cmdline' | grep -q horse"
kill -ABRT "$capture"
wait "$capture" || true
exec 7<&-
it "aborted, it leaves no core file" test -z "$(find w -type f)"
dumpable() { # what is not dumpable belongs to root in /proc
	local dir
	dir=$(mktemp -d) && cp "$STRANDLINE" "$dir/sl" && chmod 755 "$dir" && mkfifo -m 644 "$dir/pass"
	setpriv --reuid 65534 --clear-groups "$dir/sl" "$@" -o "$dir/x" --passphrase-file "$dir/pass" &
	for _ in $(seq 50); do
		[ "$(cat "/proc/$!/comm")" = sl ] && break
		sleep 0.1
	done
	sleep 0.3
	stat -c %U "/proc/$!/environ"
	kill "$!"
	rm -r "$dir"
}
if [ "$(id -u)" -eq 0 ]; then
	it "the same user cannot attach to who holds a key" same root "$(dumpable keygen 2>/dev/null)"
fi
