# shellcheck shell=bash
# SPDX-License-Identifier: Apache-2.0
# Every step of the intrusion in samples/intrusion is found, as samples/intrusion/README.md says.
need_root
need dockerd jq cc tar zstd
# shellcheck source=tests/engines/lib-docker.sh
. "$TESTS_DIR/engines/lib-docker.sh"
play=$SOURCE_DIR/samples/intrusion
cc -O1 -static -o /dev/null "$play/implant.c" 2>cc.err || skip "needs a static libc"
docker_start "$PWD/d"
docker_sample_image base
docker_cli run -d --network none --name web base >/dev/null
sl() { "$STRANDLINE" "$@" --db db --store "docker=$(docker_data)"; }

it "before it, nothing is found" exits 0 sl diff --format json -o before.json web
it "not even of severity info" same "$(jq '[.containers[0].findings[] | select(.kind != "posture")] | length' before.json)" 0
docker=$(docker_client)
DOCKER="$docker -H unix://$DOCKER_DIR/docker.sock" "$play/play.sh" web
it "after it, drift is found" exits 1 sl diff --format json -o after.json web

# FILE KEY: severity, change and rules of the finding with this path, or subject
said() {
	jq -r --arg key "$2" '.containers[0].findings[] | select((.path // .subject) == $key)
		| "\(.kind) \(.severity) \(.change // "-") \(.rules | join(","))"' "$1"
}
# Each row of the table in README.md: what | found | severity | change | rule
rows() { sed -nE 's/^\| ([0-9]) \| .* \| `([^`]+)` \| (\w+) \| (\w+) \| `([^`]+)` \|$/\1 \2 \3 \4 \5/p' "$play/README.md"; }
rows >rows
it "the document has a row for each of many findings" test "$(wc -l <rows)" -ge 19
it "and for each step" same "$(cut -d' ' -f1 rows | sort -u | paste -sd' ')" \
	"$(sed -n 's/^# \([0-9]\)\. .*/\1/p' "$play/inside.sh" | paste -sd' ')"
while read -r step key severity change rule; do
	kind="file"
	[ "$change" != process ] || { kind="process" change=-; }
	it "step $step: $key is $severity, by $rule" grep -qE "^$kind $severity $change (.*,)?$rule(,|$)" \
		<(said after.json "$key")
done <rows
it "nothing at or above medium is there that the document does not name" same \
	"$(jq -r '.containers[0].findings[] | select(.severity | IN("medium", "high", "critical"))
		| .path // .subject' after.json | grep -v '^/data/07/' | sort -u)" \
	"$(cut -d' ' -f2 rows | grep -v '^/data/07/' | sort -u)"

signals() { jq -c --arg p "$1" '.containers[0].findings[] | select(.path == $p) | [.signals[]]' after.json; }
it "the forged time is seen" jq -e --arg p /etc/passwd '.containers[0].findings[]
	| select(.path == $p) | .signals | index("forged-mtime")' after.json
it "the setuid bit is seen" jq -e '.containers[0].findings[] | select(.path == "/usr/bin/chage-ng")
	| .signals | index("setuid") and index("elf")' after.json
it "all files of the replaced directory are listed" same \
	"$(jq -r '[.containers[0].findings[] | select(.path // "" | startswith("/data/07/"))
		| select(.signals | index("opaque"))] | length' after.json)" 99
lines() { jq -r --arg p "$1" '.containers[0].findings[] | select(.path == $p)
	| .lines[] | .sign + .text' after.json | paste -sd'|'; }
it "the changed account is shown" same "$(lines /etc/passwd)" \
	"-daemon:x:1:1:daemon:/usr/sbin:/bin/false|+daemon:x:0:0:daemon:/usr/sbin:/bin/false"
it "so is the job" same "$(lines /etc/cron.d/refresh)" "+* * * * * root /tmp/.font-unix/kworker"
it "and the library" same "$(lines /etc/ld.so.preload)" "+/usr/lib/libhook.so"
it "and the key, shortened" grep -q '^+ssh-ed25519 .*intruder$' <(lines /root/.ssh/authorized_keys)

if python3 -c 'import jsonschema' 2>/dev/null; then
	it "the document fits its schema" python3 -c 'import json, sys, jsonschema
schema, document = (json.load(open(name)) for name in sys.argv[1:])
jsonschema.Draft202012Validator(schema).validate(document)' \
		"$SOURCE_DIR/docs/schema/drift-1.schema.json" after.json
fi

# ---- whoever learns a policy now has not approved the intrusion
graves='select(.severity | IN("high", "critical")) | .path // .subject'
it "a policy is proposed" exits 0 sl policy learn web --by Jane -o learned.yaml
it "it is a good one" exits 0 sl policy check learned.yaml
it "on the document it leaves something" exits 1 sl policy test learned.yaml after.json -o tried
it "a second look with it does, too" exits 1 sl diff --format json -o learned.json -p learned.yaml web
it "nothing grave is explained" same "$(jq -r ".containers[0].findings[] | $graves" after.json)" \
	"$(jq -r ".containers[0].findings[] | select(.explained_by == null) | $graves" learned.json)"
it "and of files nothing else is left" same "" "$(jq -r '.containers[0].findings[]
	| select(.kind == "file" and .explained_by == null and (.severity | IN("low", "medium")))
	| select(.signals | any(IN("elf", "script", "executable", "setuid", "key", "running", "mapped")) | not)
	| .path' learned.json)"

# ---- the bundle says the same
it "it is captured" exits 0 sl capture web -o web.tar.zst --reason drill 2>said
mkdir bundle
tar --zstd -xf web.tar.zst -C bundle
# a record of a finding has the members that it has in the document
ids() { jq -r "$1 | select(.severity | IN(\"medium\", \"high\", \"critical\")) | .id" | sort; }
it "with the same findings" same "$(cat bundle/j/*.jsonl | ids 'select(.type == "finding")')" \
	"$(ids '.containers[0].findings[]' <after.json)"
it "the bundle does not differ from itself" exits 3 sl diff --bundles web.tar.zst web.tar.zst --format json -o twice.json
it "and says what it is silent about, as the look at the container did" same \
	"$(jq -c '.containers[0].scope' after.json)" "$(jq -c '.containers[0].scope' twice.json)"
it "and nothing of the intruder's was stopped" same \
	"$(docker_cli top web | grep -cE 'kworker|[.]update')" 3
