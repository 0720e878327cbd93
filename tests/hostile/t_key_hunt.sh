# shellcheck shell=bash
# SPDX-License-Identifier: Apache-2.0
# Root stops a capture half way and searches its memory: the keys that sealed what is written are
# gone. (What the one that is left can do is in unit/attacker.)
need_root
need zstd tar
keyhunt=$BUILD_DIR/tests/tool_keyhunt
mkdir -p image/etc u
echo hi >image/etc/motd
"$SOURCE_DIR/samples/make-oci.sh" layout 1 image
# digits do not look like keys, and do not compress to nothing
for i in $(seq 4); do head -c 8000000 /dev/urandom | od -An -v -td2 | tr -d ' \n-' | head -c 9000000 >"u/$i"; done
mkfifo pipe go
# freed memory is searched too, but not all that a sanitizer holds back
export ASAN_OPTIONS=${ASAN_OPTIONS:+$ASAN_OPTIONS:}quarantine_size_mb=1
{ head -c 7000000 && read -r _ <go && cat; } <pipe >b.tar.zst &
reader=$!
trap 'kill "$reader" "$capture" 2>/dev/null || true' EXIT
"$STRANDLINE" capture --upper u --image oci:layout --no-db --jobs 1 -o - >pipe 2>notes &
capture=$!
# it stands still when nobody reads on
while before=$(cat "/proc/$capture/io") && sleep 1 && [ "$before" != "$(cat "/proc/$capture/io")" ]; do :; done
it "a capture that waits for its reader is found at work" kill -0 $capture
cp b.tar.zst cut.tar.zst
it "root reads its memory" "$keyhunt" dump $capture memory
echo >go
it "it goes on, and ends well" wait $capture
wait $reader
it "the bundle is whole" exits 0 "$STRANDLINE" verify --allow-unanchored b.tar.zst
it "every key is looked for" "$keyhunt" find memory b.tar.zst >keys
sealed=$(zstd -dcq <cut.tar.zst 2>cut.err | tar -t 2>tar.err | grep -c '\.note$' || true)
it "several segments were sealed by then, and more came later" \
	test "$sealed" -ge 2 -a "$(wc -l <keys)" -gt $((sealed + 1))
it "the search finds the key that was in use" grep -q found keys
it "the keys of the sealed segments are gone" same "$(head -n "$sealed" keys | grep -c gone)" "$sealed"
it "and no key was made before its time" test "$(grep -c found keys)" -le 2
