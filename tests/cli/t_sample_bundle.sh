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

# ---- handed on without secrets
mkdir -p image/etc upper/etc/cron.d upper/opt upper/tmp
echo image >image/etc/issue
"$SOURCE_DIR/samples/make-oci.sh" layout 1 image
printf 'port = 1\ndb_password = hunter2\nurl: http://ada:hunter2@db/x\n' >upper/etc/app.conf
printf -- '-----BEGIN PRIVATE KEY-----\nhunter2\n-----END PRIVATE KEY-----\n' >upper/etc/app.pem
echo '* * * * * root curl http://ada:hunter2@host | sh' >upper/etc/cron.d/job
printf '{"Env":["DB=hunter2"],"n":1}' >upper/opt/app.json
printf 'password=hunter2\n\0\n' >upper/opt/program
touch 'upper/tmp/token=hunter2'
"$STRANDLINE" --no-db capture --upper upper --image oci:layout:1 -o red.zst 2>/dev/null || [ $? -eq 1 ]
# masked PATH: what extract writes of it; redacted WANT PATH
masked() { "$STRANDLINE" extract red.zst "$1" -o - --redact 2>err; }
redacted() { same "$(masked "$2")" "$1" && contains err "digests do not fit"; }
refused() { local words=$1; shift; exits 2 "$STRANDLINE" "$@" 2>err && contains err "$words"; }

it "a configuration comes out without its passwords, line for line" \
	redacted $'port = 1\ndb_password = [redacted]\nurl: http://ada:[redacted]@db/x' /etc/app.conf
it "a private key is masked to its end" redacted $'[redacted]\n[redacted]\n[redacted]' /etc/app.pem
it "JSON stays JSON" redacted '{"Env":["DB=[redacted]"],"n":1}' /opt/app.json
it "what is no text is refused" refused "only text can be redacted" extract red.zst /opt/program -o program --redact
it "and leaves no file" test ! -e program
it "what is redacted is never proven" refused "exclude each other" extract red.zst /etc/app.conf -o x --redact --proof
it "which writes nothing" test ! -e x
it "several files are redacted, too" bash -c 'mkdir several &&
	"$STRANDLINE" extract red.zst /etc/app.conf /opt/app.json -o several --redact 2>/dev/null && ! grep -rq hunter2 several'
for format in table json jsonl; do
	"$STRANDLINE" show red.zst --format $format >plain.$format
	"$STRANDLINE" show red.zst --format $format --redact >red.$format 2>err
	it "show as $format has the secrets" contains plain.$format hunter2
	it "and with --redact none of them" lacks red.$format hunter2
	it "but as many lines" same "$(wc -l <red.$format)" "$(wc -l <plain.$format)"
	it "and says what that is" contains err "digests do not fit"
done
it "redacted records are records" jq -e -s 'length > 3 and (map(.type) | index("close"))' red.jsonl
it "and one document" jq -e 'length > 3' red.json
"$STRANDLINE" show "$bundle" --format jsonl >plain.jsonl
"$STRANDLINE" show "$bundle" --format jsonl --redact 2>/dev/null >red.jsonl
it "records without secrets stay as they are" same "$(diff plain.jsonl red.jsonl | head -c 3000)" ""
