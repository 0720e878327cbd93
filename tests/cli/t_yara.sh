# shellcheck shell=bash
# SPDX-License-Identifier: Apache-2.0
# YARA rules over what is not the image's: a match is a finding that nothing explains.
need jq python3
mkdir -p image/etc image/opt upper/etc upper/opt upper/var/log rules
echo old >image/etc/app.conf
echo same >image/opt/same && cp image/opt/same upper/opt/same && chmod 600 upper/opt/same
echo 'x EVIL-MARK x' >upper/opt/data
echo 'x EVIL-MARK x' >upper/etc/app.conf
echo 'old line
EVIL-MARK' >upper/var/log/app.log
echo 'QUIET-MARK' >upper/opt/quiet
echo nothing >upper/opt/other
cat >rules/a.yar <<'Y'
rule evil { strings: $a = "EVIL-MARK" condition: $a }
rule grave { meta: severity = "critical" strings: $a = "x EVIL-MARK" condition: $a and filesize < 100 }
Y
cat >rules/b.yara <<'Y'
rule evil { meta: severity = "info" strings: $a = "QUIET-MARK" condition: $a }
rule own { meta: severity = "dreadful" strings: $a = "same" condition: $a }
Y
echo 'not a rule' >rules/readme.txt
sl() { timeout 120 "$STRANDLINE" "$@"; }
drift() { sl diff --no-db --upper upper --image rootfs:image --format json -o doc.json "$@" 2>said; }
drift --yara rules/a.yar || { grep -q "without libyara\|cannot be loaded" said && skip "needs libyara"; }
# found PATH: severity, the signal, names of rules, whether the rule of ours named it
found() {
	jq -r --arg path "$1" '.containers[0].findings[] | select(.path == $path) | [.severity,
		([.signals[] | select(. == "yara")] | join("")), ((.yara // []) | join("+")),
		(.rules | index("yara-match") != null), .explained_by.cause] | map(tostring) | join("|")' doc.json
}
gaps() { jq -r '[.containers[0].gaps[] | .what + ": " + .why] | join(", ")' doc.json; }

it "rules are applied" exits 1 drift --yara rules/a.yar
it "a match without a severity is high" same "$(found /var/log/app.log)" "high|yara|evil|true|null"
it "what a rule says of its severity counts" same "$(found /opt/data)" "critical|yara|evil+grave|true|null"
it "a changed file is scanned" same "$(found /etc/app.conf)" "critical|yara|evil+grave|true|null"
it "what matches nothing is as before" same "$(found /opt/other)" "low|||false|null"
it "nothing went unread" same "$(gaps)" ""
it "a directory of rules" exits 1 drift --yara rules
it "has rules of one name in two files" same "$(found /opt/quiet)" "low|yara|evil|true|null"
it "bytes that are the image's are not scanned" same "$(found /opt/same | cut -d'|' -f2,3)" "|"

# A benign rule explains the log; a match takes that back. So does a policy.
drift || true
it "the log is ordinary" same "$(found /var/log/app.log | cut -d'|' -f5)" rule
cat >policy.yaml <<'Y'
version: 1
rules:
  - name: all-of-opt
    paths: ["/opt/**"]
    expires: 2099-01-01
    approved_by: tester
    reason: for the test
Y
it "a policy" exits 1 drift --yara rules/a.yar --policy policy.yaml
it "explains what matches nothing" same "$(found /opt/other | cut -d'|' -f5)" policy
it "and no match" same "$(found /opt/data | cut -d'|' -f1,5)" "critical|null"

# ---- what is wrong with rules is said with its place
refuses() { exits 2 drift --yara "$1"; }
printf 'rule a { condition: true }\nrule b { condition: nothing }\n' >bad.yar
it "a rule that is none is refused" refuses bad.yar
it "with file and line" contains said "bad.yar:2: undefined identifier"
: >empty.yar
it "an empty file" refuses empty.yar
it "rules that are not there" refuses gone
mkdir none
it "a directory without rules" refuses none
it "says what it looked for" contains said "no *.yar or *.yara in it"
mkfifo pipe.yar
it "a FIFO" refuses pipe.yar
it "images have no files that changed" exits 2 sl diff --no-db --images rootfs:image rootfs:upper --yara rules

# ---- bounds
truncate -s 33M upper/opt/large
it "a file past the bound" exits 1 drift --yara rules/a.yar
it "is a gap" same "$(gaps)" "/opt/large: larger than 32 MiB: no YARA rule was applied"
rm upper/opt/large

# ---- volumes
python3 "$SOURCE_DIR/tests/bench/make-host.py" "$PWD/store" 1 1
config=$(echo store/containers/*/config.v2.json)
mkdir vol
for i in 1 2 3; do echo "EVIL-MARK $i" >"vol/data$i"; done
echo fine >vol/data0
jq --arg pwd "$PWD" '.MountPoints = {"/vol": {Destination: "/vol", Type: "bind", Source: ($pwd + "/vol"), RW: true}}' \
	"$config" >new.json && cp new.json "$config"
name=$(jq -r '.Name | ltrimstr("/")' "$config")
it "data in a volume is scanned" exits 1 sl diff "$name" --volumes --yara rules --no-db --accept-unproven \
	--store "docker=$PWD/store" --format json -o doc.json
it "and every match is told" same "$(found /vol/data1) $(found /vol/data3)" \
	"high|yara|evil|true|null high|yara|evil|true|null"
it "and nothing else" same "$(jq -r '.containers[0].scanned[] | select(.path == "/vol") | .listed' doc.json)" 3
it "without --volumes they are not" exits 0 sl diff "$name" --yara rules --no-db --accept-unproven \
	--store "docker=$PWD/store" --format json -o doc.json
