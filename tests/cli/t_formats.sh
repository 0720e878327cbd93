# shellcheck shell=bash
# SPDX-License-Identifier: Apache-2.0
# What the formats of a run promise to other programs: the rules of SARIF and OCSF, transcribed in
# tests/schema, and to a real browser.
need python3 jq
python3 -c 'import jsonschema' 2>/dev/null || skip "needs python3-jsonschema"
sample=$BUILD_DIR/tests/unit_test_report_formats
[ -x "$sample" ] || skip "needs $sample"
for format in table json jsonl sarif ocsf html tree summary; do
	"$sample" --print $format >run.$format
done

cat >check.py <<'PY'
import json, sys
import jsonschema
what, schema, path = sys.argv[1:]
schema = json.load(open(schema))
jsonschema.Draft202012Validator.check_schema(schema)
one = jsonschema.Draft202012Validator(schema)
text = open(path, encoding="utf-8").read()
def no_twins(pairs):
    keys = [k for k, _ in pairs]
    assert len(keys) == len(set(keys)), "a member stands twice: " + str(keys)
    return dict(pairs)
docs = [json.loads(t, object_pairs_hook=no_twins) for t in ([text] if what == "sarif" else text.splitlines())]
for doc in docs:
    one.validate(doc)
if what == "sarif":
    run = docs[0]["runs"][0]
    rules = run["tool"]["driver"]["rules"]
    assert len({r["id"] for r in rules}) == len(rules)
    for r in run["results"]:
        # what services for source code ask of every result
        place = r["locations"][0]["physicalLocation"]
        assert place["artifactLocation"]["uri"] and place["region"]["startLine"] == 1
        assert rules[r["ruleIndex"]]["id"] == r["ruleId"], r["ruleId"]
    kinds = {n["id"] for n in run["tool"]["driver"]["notifications"]}
    for n in run["invocations"][0]["toolExecutionNotifications"]:
        assert n["descriptor"]["id"] in kinds
else:
    for e in docs:
        assert e["type_uid"] == e["class_uid"] * 100 + e["activity_id"]
        assert e["category_uid"] == e["class_uid"] // 1000
        assert e["type_name"] == e["class_name"] + ": " + e["activity_name"]
    assert (docs[0]["class_uid"], docs[0]["activity_id"]) == (6007, 1)
    assert (docs[-1]["class_uid"], docs[-1]["activity_id"]) == (6007, 2)
PY
cat >drift.py <<'PY'
import json, sys
import jsonschema
schema = json.load(open(sys.argv[1]))
jsonschema.Draft202012Validator(schema).validate(json.load(open("run.json")))
record = jsonschema.Draft202012Validator({"$defs": schema["$defs"], "$ref": "#/$defs/record"})
for line in open("run.jsonl", encoding="utf-8"):
    record.validate(json.loads(line))
PY
it "everything that can be known of a finding fits our own schema" \
	python3 drift.py "$SOURCE_DIR/docs/schema/drift-1.schema.json"
valid() { python3 check.py "$1" "$SOURCE_DIR/tests/schema/$1.json" "$2" 2>trace || { tail -20 trace >&2; return 1; }; }
it "a log follows the rules of SARIF 2.1.0" valid sarif run.sarif
it "every line follows the rules of OCSF 1.5.0" valid ocsf run.ocsf

refused() {
	sed "$2" "run.$1" >bad
	! cmp -s "run.$1" bad || { echo "the edit changed nothing" >&2; return 1; }
	! python3 check.py "$1" "$SOURCE_DIR/tests/schema/$1.json" bad 2>/dev/null
}
it "a log with an unknown level is refused" refused sarif 's/"level":"error"/"level":"fatal"/'
it "a result without a message is refused" refused sarif 's/"message":{"text":"added /"m":{"text":"added /'
it "a location with a scheme is refused" refused sarif 's/"uri":"bin/"uri":"x:bin/'
it "a message with a link is refused" refused sarif 's/x5bclick..x5d/[click]/'
it "a rule of another index is refused" refused sarif 's/"ruleIndex":2,/"ruleIndex":1,/'
it "suppressions in some results only are refused" refused sarif 's/"suppressions":\[\],//'
it "an event without its product is refused" refused ocsf 's/"product"/"produce"/'
it "a severity under another caption is refused" refused ocsf 's/"severity":"High"/"severity":"Low"/'
it "a file without a type is refused" refused ocsf 's/"type_id":1,"type":"Regular File"/"type":"Regular File"/'
it "an attribute that no class has is refused" refused ocsf 's/"scan":/"skan":1,"scan":/'
it "compliance without a standard is refused" refused ocsf 's/"standards":/"standart":/'

# The same findings in the same order, whatever the format.
cat >ids.py <<'PY'
import json, re, sys
kind, path = sys.argv[1:]
text = open(path, encoding="utf-8").read()
lines = lambda: [json.loads(l) for l in text.splitlines()]
ids = {
    "json": lambda: [f["id"] for c in json.loads(text)["containers"] for f in c["findings"]],
    "jsonl": lambda: [r["id"] for r in lines() if r["record"] == "finding"],
    "sarif": lambda: [r["partialFingerprints"]["strandlineFindingId/v1"]
                      for r in json.loads(text)["runs"][0]["results"]],
    "ocsf": lambda: [e["finding_info"]["uid"] for e in lines() if "finding_info" in e],
    "html": lambda: re.findall(r"<dd class=id>([0-9a-f]{64})</dl>", text),
}[kind]()
print("\n".join(ids))
PY
python3 ids.py json run.json >want
it "there are findings" test "$(wc -l <want)" -ge 60
for format in jsonl sarif ocsf html; do
	python3 ids.py $format run.$format >got
	it "$format has the findings of json in their order" cmp want got
done
cat >same.py <<'PY'
import json, sys
want = [f for c in json.load(open("run.json"))["containers"] for f in c["findings"]]
sarif = [r["properties"]["finding"] for r in json.load(open("run.sarif"))["runs"][0]["results"]]
ocsf = [e["unmapped"]["finding"] for e in map(json.loads, open("run.ocsf")) if "finding_info" in e]
sys.exit(want != sarif or want != ocsf)
PY
it "nothing of a finding is lost in sarif and ocsf" python3 same.py

# ---- the program ----

sl() { timeout 120 "$STRANDLINE" --db "$PWD/db" "$@"; }
mkdir -p t/etc t/bin
echo root:x:0:0 >t/etc/passwd
echo text >t/bin/tool
sl index --quiet rootfs:t >/dev/null
finds() { sl diff --quiet --rootfs t --image rootfs:t "$@"; }
for format in table json jsonl sarif ocsf html; do
	it "nothing found on a recording is 3 in $format" exits 3 finds --format $format -o none.$format
done
it "and a log that is no promise of equality says so" contains none.sarif '"id":"unproven-layers"},"level":"warning"'
it "so does an event" contains none.ocsf '"status_detail":"unproven"'
it "and the page" contains none.html '<p class="verdict unproven">'

python3 -c 'open(b"t/bin/\xff<script>\x1b[31m\n", "w")'
printf '#!/bin/sh\n' >t/bin/tool
onto_full_disk() { finds "$@" >/dev/full; }
for format in table json jsonl sarif ocsf html; do
	it "drift is 1 in $format" exits 1 finds --format $format -o some.$format
	it "and a full disk 2" exits 2 onto_full_disk --format $format
done
for format in jsonl sarif ocsf html; do
	python3 ids.py $format some.$format >got
	it "$format has the findings of json, found by the program" \
		same "$(python3 ids.py json some.json)" "$(cat got)"
done
it "a log of the program follows the rules" valid sarif some.sarif
it "so do events" valid ocsf some.ocsf
# Two readers that others wrote show what the document has.
wanted() {
	jq -r '.containers[].findings[] | ({critical: "error", high: "error", medium: "warning"}[.severity] // "note") as $level
		| (if .change == "touched" then "none" else $level end) + "|" + (.rules[0] // "drift/" + (.change // .kind))' "$1"
}
harmless() { ! LC_ALL=C grep -q '[[:cntrl:]]' "$1"; }
read_by() { # READER COMMAND...
	local reader=$1 log
	shift
	for log in run some; do
		"$@" $log.sarif >seen.$log || true
		it "$reader shows what was found: $log" \
			same "$(wanted $log.json)" "$(cut -d'|' -f1,2 seen.$log)"
		it "and nothing that acts on a terminal" harmless seen.$log
	done
}
if /usr/bin/python3 -c 'import sarif_om' 2>/dev/null; then
	read_by "Python's object model" /usr/bin/python3 "$TESTS_DIR/sarif_reader.py"
else
	echo "skipped: needs python3-sarif-python-om"
fi
if command -v go >/dev/null && [ -d /usr/share/gocode/src/github.com/haya14busa/go-sarif ]; then
	GOCACHE=$PWD/gocache GOPATH=/usr/share/gocode GO111MODULE=off GOFLAGS='' \
		go build -o sarif-reader "$TESTS_DIR/sarif_reader.go"
	read_by "Go's model" ./sarif-reader
else
	echo "skipped: needs golang-github-haya14busa-go-sarif-dev"
fi
for shape in --summary --tree; do
	it "$shape changes no exit status" exits 1 finds $shape -o some$shape
	it "nor does a full disk become less" exits 2 onto_full_disk $shape
done
it "a summary is one line a container" same "3 drift" \
	"$(wc -l <some--summary) $(awk 'NR == 2 { print $NF }' some--summary)"
it "a tree has marks" contains some--tree '~     tool'
it "a summary in lines is the container alone" exits 1 finds --summary --format jsonl -o one
it "which is one record" same container "$(jq -r .record one)"
it "a tree in json is no format" exits 2 finds --tree --format json
it "nor is a summary in sarif" exits 2 finds --summary --format sarif
it "nor both at once" exits 2 finds --summary --tree

# ---- a real browser ----

command -v chromium >/dev/null || skip "needs chromium for the rest"
browse() {
	timeout 120 chromium --headless --no-sandbox --disable-gpu --disable-dev-shm-usage \
		--disable-background-networking --no-first-run --user-data-dir="$PWD/profile" \
		--enable-logging=stderr --v=0 "$@" 2>log
}
browse --dump-dom "file://$PWD/run.html" >dom
it "a browser reads the page to its end" contains dom '<i id="end"'
it "its title is ours, not a name's" contains dom '<title>Container drift on examined, 2026-11-22'
it "every finding is there" same "$(wc -l <want)" "$(grep -c '<details class="f ' dom)"
it "no name became an element" lacks dom '<script'
it "nor an image" lacks dom '<img'
it "the style sheet is the one that the policy allows" lacks log 'Content Security Policy'

# How it looks: a page of ours around it measures it, as wide as a telephone and as a screen.
cat >measure.html <<'PAGE'
<!doctype html><title>waiting</title><iframe src=run.html height=3000></iframe><script>
onload = () => {
	const frame = document.querySelector("iframe"), page = () => frame.contentDocument;
	const rank = {critical: 0, high: 1, medium: 2, low: 3, info: 4};
	const top = e => e.getBoundingClientRect().top;
	const sorted = () => [...page().querySelectorAll(".fs")].every(list => {
		const seen = [...list.children].filter(e => e.matches(".f") && e.offsetHeight > 0)
			.sort((a, b) => top(a) - top(b)).map(e => rank[e.classList[1]]);
		return seen.length > 0 && seen.every((r, i) => i === 0 || seen[i - 1] <= r);
	});
	const roomy = share => [...page().querySelectorAll(".f[open] dd")].every(e =>
		e.offsetWidth > share * e.closest(".f").offsetWidth);
	const fits = () => page().documentElement.scrollWidth <= frame.clientWidth;
	const said = [380, 1280].map(width => {
		frame.width = width;
		return [width, sorted(), roomy(width < 500 ? 0.9 : 0.6), fits()].join(" ");
	});
	document.body.textContent = "measured: " + said.join("; ");
};
</script>
PAGE
browse --allow-file-access-from-files --disable-web-security --dump-dom "file://$PWD/measure.html" >dom
it "the worst is on top, and texts have room, on a telephone and on a screen" \
	contains dom 'measured: 380 true true true; 1280 true true true'

# The policy holds even where escaping would fail: let it fail on purpose.
sed 's|<h1>Container drift</h1>|&<script>document.title="pwned"</script><img src=x onerror="document.title=1">\
<p style="color:red"><iframe src="data:text/html,x"></iframe>|' run.html >broken.html
browse --dump-dom "file://$PWD/broken.html" >dom
it "a script that got into the page does not run" contains dom '<title>Container drift on examined'
it "because the policy says so" contains log 'Content Security Policy'

head -c 20000 run.html >cut.html
cat >visible.py <<'PY'
import re, sys
page = open(sys.argv[1], encoding="utf-8", errors="replace").read()
style = re.search(r"<style>(.*?)</style>", page, re.S).group(1)
assert "@supports selector(:has(a)){.cut{display:block}body:has(#end) .cut{display:none}" in style
sys.exit(("id=end" in page) == (sys.argv[2] == "cut"))
PY
it "a page that was cut has nothing that hides the warning" python3 visible.py cut.html cut
it "a whole one has" python3 visible.py run.html whole
