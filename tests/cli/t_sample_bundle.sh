# shellcheck shell=bash
# SPDX-License-Identifier: Apache-2.0
# The sample bundle is what a stranger gets first: both verifiers, stock tools, and every reader of ours.
need jq zstd openssl
bundle=$SOURCE_DIR/samples/bundle/web.tar.zst
fingerprint=$(cat "$SOURCE_DIR/samples/bundle/web.fingerprint")

"$STRANDLINE" verify "$bundle" --fingerprint "$fingerprint" --format json >verdict.json
it "the sample bundle is anchored by its noted fingerprint" same "$(jq -r .verdict verdict.json)" anchored
sh "$SOURCE_DIR/forensics/verify.sh" --fingerprint "$fingerprint" "$bundle" >sh.out
it "verify.sh says so too" same "$(head -1 sh.out)" anchored
mkdir unpacked
tar --zstd -C unpacked -xf "$bundle"
it "the verify.sh inside it does as well" bash -c \
	'(cd unpacked && sh verify.sh --allow-unanchored "$0") >/dev/null' "$bundle"
it "sha256sum agrees with every record" bash -c 'cd unpacked && cat j/*.jsonl |
	jq -r "select(.stored.member) | .stored.sha256 + \"  \" + .stored.member" | sha256sum --quiet -c'
it "its findings name the forged passwd" bash -c 'cat unpacked/j/*.jsonl |
	jq -e -s "map(select(.type == \"finding\" and .path == \"/etc/passwd\")) | .[0].signals | index(\"forged-mtime\")" >/dev/null'

"$STRANDLINE" show "$bundle" --type finding >show.out
it "show lists the findings" contains show.out /usr/bin/chage-ng
it "extract gets the dropped script out" bash -c \
	'"$STRANDLINE" extract "$0" /tmp/.font-unix/kworker -o - | grep -q mining' "$bundle"
it "an extracted file never replaces one" bash -c \
	'touch there; ! "$STRANDLINE" extract "$0" /etc/passwd -o there 2>/dev/null' "$bundle"
it "several paths go into a directory, under names of no path" bash -c '
	mkdir out && "$STRANDLINE" extract "$0" /etc/passwd /etc/cron.d/refresh -o out 2>/dev/null &&
	ls out | grep -q -- "-etc_cron.d_refresh$"' "$bundle"
"$STRANDLINE" timeline "$bundle" --format jsonl >timeline.jsonl
it "the timeline has the container's life and its log" bash -c '
	jq -r .source timeline.jsonl | sort -u | tr "\n" " " | grep -q "capture container file log"'
it "every event says message, datetime and timestamp_desc" \
	jq -e -s 'all(.message and .datetime and .timestamp_desc)' timeline.jsonl
