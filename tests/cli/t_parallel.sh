# shellcheck shell=bash
# SPDX-License-Identifier: Apache-2.0
# --parallel says what one container after the other says, byte for byte, and ends as one.
need jq python3
mkdir -p l1/etc l2/opt
echo one >l1/etc/one && echo two >l2/opt/two
bash "$SOURCE_DIR/samples/make-oci.sh" oci base:1 l1 l2
python3 "$SOURCE_DIR/tests/docker_store.py" oci store 7 l1 l2 >uppers
i=0
while read -r upper; do
	mkdir -p "$upper/srv" "$upper/etc" "$upper/tmp"
	for ((j = 0; j < i * 20; j++)); do echo "$i.$j" >"$upper/srv/$j"; done
	printf 'root:x:0:0::/:/bin/sh\neve%s:x:0:0::/:/bin/sh\n' $i >"$upper/etc/passwd"
	printf '#!/bin/sh\n' >"$upper/tmp/run" && chmod 4755 "$upper/tmp/run"
	head -c $((i * 3000)) /dev/urandom >"$upper/srv/data"
	i=$((i + 1))
done <uppers
# one that cannot be read, in the middle of the list
broken=$(grep -l '"/app-3"' store/containers/*/config.v2.json)
cp "$broken" whole.json && echo '{' >"$broken"
# a rule for one of them, and one for nobody
cat >p.yaml <<-'END'
	version: 1
	rules:
	  - name: data
	    approved_by: Jane Doe
	    reason: a test
	    containers: [app-5]
	    paths: ["/srv", "/srv/**"]
	    changes: [added]
	    expires: 2999-01-01
	  - name: nobody
	    approved_by: Jane Doe
	    reason: a test
	    containers: [somebody-else]
	    paths: ["/srv/**"]
	    expires: 2999-01-01
END
"$STRANDLINE" index --db "$PWD/db" --quiet oci:oci:base:1 >/dev/null
# look N FILE OPTIONS...: N at a time
look() {
	local n=$1 file=$2
	shift 2
	exits 1 timeout 200 "$STRANDLINE" diff --db "$PWD/db" --store "docker=$PWD/store" --all --stopped \
		--parallel "$n" --policy p.yaml -o "$file" "$@" 2>"$file.said" || { cat "$file.said"; return 1; }
	# when it was
	sed -i -E 's/"(started|finished)":"[^"]*"/"\1":0/g; s/^(started|finished) .*//' "$file"
}
# alike FORMAT N OPTIONS...
alike() {
	local format=$1 n=$2
	shift 2
	look 1 one --format "$format" "$@" && look "$n" many --format "$format" "$@" &&
		cmp one many && cmp one.said many.said
}
for n in 2 3 7 64; do it "as json, $n at a time" alike json "$n"; done
it "all are there in order, and what cannot be read with its gap" same \
	"$(jq -r '[.containers[] | if .complete then .name else "gap" end] | unique | join(" ")' many)" \
	"app-0 app-1 app-2 app-4 app-5 app-6 gap"
it "rules of a policy are counted across processes" contains many.said "rule 'nobody'"
it "those that were used, too" lacks many.said "rule 'data'"
it "as jsonl" alike jsonl 3
it "as a table" alike table 3
it "as a tree" alike table 3 --tree
it "in a line each" alike table 3 --summary
it "budgets are each container's own" alike json 3 --max-bytes 10000
it "and some are used up" same "$(jq -r '[.containers[] | select(any(.gaps[]; .why | test("used up"))) | .name] | join(" ")' many)" "app-4 app-5 app-6"
it "containers by name, in the order that was given" bash -c '"$0" diff --db "$PWD/db" --store "docker=$PWD/store" \
	app-6 app-0 nobody app-2 --parallel 3 --format json -o many 2>/dev/null; [ $? -eq 1 ] &&
	[ "$(jq -r "[.containers[].name] | join(\" \")" many)" = "app-6 app-0 nobody app-2" ]' "$STRANDLINE"
cp whole.json "$broken"
it "what is new is remembered for each" look 3 many --format json --fail-on-new
it "and is not new in the next run" exits 0 "$STRANDLINE" diff --db "$PWD/db" --store "docker=$PWD/store" --all \
	--stopped --parallel 3 --fail-on-new --policy p.yaml --format json -o many
it "directories are not several" exits 2 "$STRANDLINE" diff --no-db --upper l1 --image oci:oci:base:1 --parallel 2
it "nor is there no end" exits 2 "$STRANDLINE" diff --no-db --store "docker=$PWD/store" --all --parallel 65

# hashing this takes seconds: a terabyte of holes is not begun, four gigabytes are
while read -r upper; do truncate -s 4G "$upper/srv/sparse"; done <uppers
"$STRANDLINE" diff --db "$PWD/db" --store "docker=$PWD/store" --all --stopped --parallel 3 --format jsonl \
	>ended 2>said &
pid=$!
# the processes that it started
workers() { cat "/proc/$pid/task/$pid/children"; }
for _ in $(seq 1500); do [ "$(workers | wc -w)" -lt 3 ] || break; sleep 0.02; done
started=$(workers)
it "as many processes work as were asked for" same "$(wc -w <<<"$started")" 3
victim=$(cut -d' ' -f1 <<<"$started")
kill -9 "$victim"
for _ in $(seq 1500); do grep -q '"record":"container"' ended && break; sleep 0.02; done
kill "$pid"
status=0
wait "$pid" || status=$?
it "a signal ends the run" test "$status" -ge 1
gone() { for p in $started; do [ ! -e "/proc/$p" ] || return 1; done; }
it "and leaves no process behind" gone
it "a container whose process was killed is a gap" contains ended "ended by signal 9"
it "those that were cut short say so" contains ended '"why":"interrupted"'
