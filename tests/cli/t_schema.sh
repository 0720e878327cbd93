# shellcheck shell=bash
# SPDX-License-Identifier: Apache-2.0
need python3
python3 -c 'import jsonschema' 2>/dev/null || skip "needs python3-jsonschema"
sample=$BUILD_DIR/tests/unit_test_report_json
schema=$SOURCE_DIR/docs/schema/drift-1.schema.json
[ -x "$sample" ] || skip "needs $sample"

cat >check.py <<'PY'
import json, sys
import jsonschema
schema = json.load(open(sys.argv[1]))
jsonschema.Draft202012Validator.check_schema(schema)
record = {"$defs": schema["$defs"], "$ref": "#/$defs/record"}
whole = jsonschema.Draft202012Validator(schema)
line = jsonschema.Draft202012Validator(record)
text = open(sys.argv[3], encoding="utf-8").read()
if sys.argv[2] == "json":
    whole.validate(json.loads(text))
else:
    for one in text.splitlines():
        line.validate(json.loads(one))
PY
valid() { python3 check.py "$schema" "$1" "$2" 2>trace || { tail -20 trace >&2; return 1; }; }
"$sample" --print json >good.json
"$sample" --print jsonl >good.jsonl
it "a document fits the schema" valid json good.json
it "every line fits the schema" valid jsonl good.jsonl

# The schema must be able to refuse: each edit breaks one promise of the contract.
refused() {
	sed "$2" "good.$1" >bad
	! cmp -s "good.$1" bad || { echo "the edit changed nothing" >&2; return 1; }
	! python3 check.py "$schema" "$1" bad 2>/dev/null
}
it "an unknown change is refused" refused json 's/"change":"deleted"/"change":"gone"/'
it "an inode that is a number is refused" refused json 's/"ino":"18446744073709551615"/"ino":5/'
it "a relative path is refused" refused json 's|"path":"/etc/motd"|"path":"etc/motd"|'
it "a missing completeness is refused" refused json 's/,"complete":false//'
it "a time without nanoseconds is refused" refused json 's/\.000204773Z/Z/'
it "a line of an unknown record is refused" refused jsonl 's/"record":"gap"/"record":"hole"/'
