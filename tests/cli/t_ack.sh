# shellcheck shell=bash
# SPDX-License-Identifier: Apache-2.0
# Who answers for a finding: it stays, it is marked, and only what is new fails a run that asks.
need jq sqlite3
db=$PWD/db
sl() { timeout 120 "$STRANDLINE" --db "$db" "$@"; }
mkdir -p base/etc upper/etc upper/usr/bin
echo 'root:x:0:0::/:/bin/sh' >base/etc/passwd
bash "$SOURCE_DIR/samples/make-oci.sh" oci 1 base >/dev/null
echo one >upper/etc/one
printf '#!/bin/sh\n' >upper/usr/bin/tool
chmod 0755 upper/usr/bin/tool
# shellcheck disable=SC2120 # it is given options through exits
look() { sl diff --upper upper --image oci:oci:1 --accept-unproven --format json -o out.json "$@" 2>said; }
id_of() { jq -r --arg p "$1" '.containers[0].findings[] | select(.path == $p) | .id' out.json; }
about() { jq -c --arg p "$1" '.containers[0].findings[] | select(.path == $p) | [.acknowledged.by, .acknowledged.reason, .seen]' out.json; }

it "drift is found" exits 1 look
one=$(id_of /etc/one) tool=$(id_of /usr/bin/tool)
it "someone answers for it" exits 0 sl ack "$one" --by ada --reason 'ticket 4711' 2>said
it "it is marked, and found as ever" exits 1 look
it "with who answers, and why" same '["ada","ticket 4711",null]' "$(about /etc/one)"
it "the table says so, too" eval 'sl diff --upper upper --image oci:oci:1 >table 2>said || true; contains table "acknowledged by ada"'
it "what nobody answers for is not" same '[null,null,null]' "$(about /usr/bin/tool)"
if python3 -c 'import jsonschema' 2>/dev/null; then
	it "the document follows its schema" python3 -c 'import json, sys, jsonschema
jsonschema.validate(json.load(open("out.json")), json.load(open(sys.argv[1])))' \
		"$SOURCE_DIR/docs/schema/drift-1.schema.json"
fi

# ---- news
it "the first run that asks for news finds all of it new" exits 1 look --fail-on-new
it "the next finds nothing new" exits 0 look --fail-on-new
it "and lists what the last one found, too" same '["ada","ticket 4711",true] [null,null,true]' "$(about /etc/one) $(about /usr/bin/tool)"
it "a run that does not ask fails as ever" exits 1 look
echo two >upper/etc/one
it "a file that changes again is news, whoever answered for it before" exits 1 look --fail-on-new
it "and nobody answers for that" same '[null,null,null]' "$(about /etc/one)"
it "nor is it news twice" exits 0 look --fail-on-new
it "the beginning of an id that was seen will do" exits 0 sl ack "$(id_of /etc/one | cut -c1-12)" --by bob --reason ok 2>said
rm upper/etc/one
it "what goes away is no news" exits 0 look --fail-on-new
echo two >upper/etc/one
it "what comes back is, but for what somebody answered for" exits 0 look --fail-on-new
it "news need a database that lasts" exits 2 sl diff --no-db --upper upper --image oci:oci:1 --fail-on-new 2>said

# ---- until when, and back
it "a date that has passed is refused" exits 2 sl ack "$tool" --by ada --reason x --until 2020-01-01 2>said
it "no name, no answer" exits 2 sl ack "$tool" --reason x 2>said
it "what is no id is refused" exits 2 sl ack nonsense --by ada --reason x 2>said
it "so is what nobody has seen" exits 2 sl ack 00000000ffff --by ada --reason x 2>said
it "an answer may end" exits 0 sl ack "$tool" --by ada --reason x --until 2999-01-01 2>said
it "it is taken back" exits 0 sl ack rm "$tool" --by eve --reason 'not all right' 2>said
it "but only once" exits 2 sl ack rm "$tool" --by eve --reason again 2>said
look || true
it "and is not marked any more" same '[null,null,null]' "$(about /usr/bin/tool)"
it "the record has all of it" exits 0 sl ack list --format json -o acks.json
it "in order, with both" same "ada:false bob:false ada:false eve:true" \
	"$(jq -r '[.acks[] | "\(.by):\(.revoked)"] | join(" ")' acks.json)"
it "the list is for people, too" eval 'sl ack list >table && contains table "taken back"'

# ---- ids without jq
it "the table has the ids when asked" exits 1 sl diff --upper upper --image oci:oci:1 --show-ids -o table
it "of all findings" same "$(jq -r '.containers[0].findings[] | select(.explained_by == null) | .id' out.json | sort)" \
	"$(sed -n 's/^ *id //p' table | sort)"
it "documents have them anyway" exits 2 look --show-ids
sqlite3 db "INSERT INTO seen VALUES ('x', x'$(printf 'ab%.0s' {1..31})01'), ('x', x'$(printf 'ab%.0s' {1..31})02')"
it "a beginning of several is refused" exits 2 sl ack abababab --by ada --reason x 2>said
it "with what begins like it" contains said "several findings begin with 'abababab': $(printf 'ab%.0s' {1..12}), "

# ---- the end of the record
sl ack "$tool" --by ada --reason end 2>said
last=$(sed -n 's/.*row [0-9]* of the record, hash //p' said)
it "whoever answers is told the hash of the row" same 64 ${#last}
it "it is in the record" exits 0 sl ack list --anchor "$last" -o list
cp db good.db
sqlite3 db "DELETE FROM ack WHERE seq=(SELECT max(seq) FROM ack)"
it "a record whose end was cut off follows from itself" exits 0 sl ack list -o list
it "but has not the hash that was noted" eval 'exits 1 sl ack list --anchor "$last" 2>said; contains said "no row of the record has the hash $last"'
it "what is no hash is refused" exits 2 sl ack list --anchor 12 2>said
sqlite3 db "DROP TABLE ack"
it "a record that is gone altogether was there once" eval 'exits 1 sl ack list 2>said; contains said "is gone"'
it "the next look is not complete" eval 'exits 1 look; jq -e ".containers[0].complete | not" out.json >yes'
cp good.db db

# ---- an edited record
cp db good.db
sqlite3 db "UPDATE ack SET reason='fine' WHERE seq=1"
it "an edited row is found" exits 1 sl ack list 2>said
it "and named" contains said "at row 1"
it "then nothing is acknowledged, and the result is not complete" exits 1 look
it "which is said" same "the ledger of acknowledgements does not follow from itself at row 1: it was edited" \
	"$(jq -r '.containers[0].gaps[] | select(.what == "acknowledgements").why' out.json)"
it "nobody's answer counts" same '[null,null,null]' "$(about /etc/one)"
it "nothing is appended to it" exits 2 sl ack "$tool" --by ada --reason x 2>said
cp good.db db
sqlite3 db "DELETE FROM ack WHERE seq=2"
it "a row that was taken out is found" exits 1 sl ack list 2>said
