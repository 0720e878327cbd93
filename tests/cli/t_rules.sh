# shellcheck shell=bash
# SPDX-License-Identifier: Apache-2.0
# Rules as data: what is built in is what the files say, and what a user's file says wrong is named.
rules=$SOURCE_DIR/samples/rules
ids() { sed -n 's/^  - id: //p' "$rules"/*.yaml | sort; }
"$STRANDLINE" rules list >listed
it "the built-in rules are those of the files" same "$(ids)" "$(awk '{ print $2 }' listed | sort)"
it "the most severe come first" \
	same critical "$(awk 'NR == 1 { print $1 }' listed)"

mkdir site empty
cat >site/a.yaml <<'YAML'
attack_version: "18"
rules:
  - {id: site-rule, severity: low, reason: ours, changes: [any], paths: ["srv/**"]}
  - {id: miner, severity: low, reason: we mine, changes: [any], names: [xmrig]}
YAML
it "a directory of rules is checked" exits 0 "$STRANDLINE" rules check site
"$STRANDLINE" -v rules check site >out 2>said
it "--verbose says which are replaced" contains said 'site/a.yaml:4: replaces the rule "miner"'
it "one rule is new, one is replaced" \
	same "$(($(wc -l <listed) + 1)) rules, the built-in ones included" "$(cat out)"
"$STRANDLINE" rules list --rules site >with
it "the list shows what holds" grep -q '^low *miner .*site/a.yaml:4' with

wrong() { # TEXT WHY: a file with this rule is refused for this reason
	mkdir -p bad
	printf 'attack_version: "18"\nrules:\n  - %s\n' "$1" >bad/x.yaml
	exits 2 "$STRANDLINE" rules check bad 2>said && contains said "$2"
}
it "an unknown key is named with its place" wrong '{id: a, sevrity: low}' 'bad/x.yaml:3:13: unknown key'
it "a benign rule for programs is refused" \
	wrong '{id: a, benign: true, reason: r, changes: [any], paths: ["usr/bin/**"]}' 'x.yaml:3:5:'
it "diff reads the rules before anything else" \
	exits 2 "$STRANDLINE" --no-db diff --rules bad --upper . --image nothing
it "a directory without rules is refused" exits 2 "$STRANDLINE" rules check empty
it "one that is not there is refused" exits 2 "$STRANDLINE" rules check nowhere
