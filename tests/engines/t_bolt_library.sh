# shellcheck shell=bash
# SPDX-License-Identifier: Apache-2.0
# Our reader of bolt databases against bbolt itself: the same content of random databases, and one
# state at a time of a database that is written without a pause.
need go
[ -d /usr/share/gocode/src/go.etcd.io/bbolt ] || skip "needs golang-github-coreos-bbolt-dev"
export GOCACHE=$PWD/gocache GOPATH=/usr/share/gocode GO111MODULE=off GOFLAGS=
go build -o boltwrite "$SOURCE_DIR/tests/engines/boltwrite.go"
dump=$BUILD_DIR/tests/tool_bolt_dump

reads_alike() {
	local seed
	for seed in $(seq "$2" "$3"); do
		rm -f r.db
		./boltwrite random "$seed" "$1" r.db >want
		"$dump" -x r.db >got 2>errors || return 1
		cmp want got || { echo "seed $seed, pages of $1" >&2; return 1; }
		[ ! -s errors ] || { cat errors; return 1; }
	done
}
it "random databases of small pages read as bbolt reads them" reads_alike 1024 1 4
it "random databases of common pages read as bbolt reads them" reads_alike 4096 5 8
it "random databases of 16 KiB pages read as bbolt reads them" reads_alike 16384 9 11
it "random databases of large pages read as bbolt reads them" reads_alike 65536 12 14

# A database that is written all the time: one generation, all of its keys, and never an older one
# than was seen before.
mkfifo hold
./boltwrite storm s.db <hold >commits &
storm=$!
exec 3>hold
until grep -q ready commits; do sleep 0.05; done
looks=0 seen=0 refused=0 newest=0
look() {
	local status=0
	"$dump" s.db >state 2>errors || status=$?
	looks=$((looks + 1))
	if [ "$status" -eq 2 ] && grep -q 'written to faster' errors; then
		refused=$((refused + 1))
		return 0
	fi
	if [ "$status" -ne 0 ] || [ -s errors ]; then
		cat errors >&2
		return 1
	fi
	grep -v '/$' state | sed 's/.*=//' | sort | uniq -c >generations
	read -r keys generation <generations
	if [ "$(wc -l <generations)" -ne 1 ] || [ "$keys" -ne 300 ]; then
		{ echo "torn:" && head -3 generations; } >&2
		return 1
	fi
	[ "$generation" -ge "$newest" ] || { echo "$generation after $newest" >&2; return 1; }
	[ "$generation" -eq "$newest" ] || seen=$((seen + 1))
	newest=$generation
}
watch() {
	local until=$((SECONDS + 4))
	while [ "$SECONDS" -lt "$until" ]; do look || return 1; done
}
it "what is read beside a writer is always one state" watch
exec 3>&-
wait "$storm"
echo "$(tail -n 1 commits) commits, $looks looks, $seen states, $refused times refused" >&2
it "the writer wrote meanwhile" test "$(tail -n 1 commits)" -gt 50
it "most looks showed a state" test $((refused * 2)) -lt "$looks"
look
it "the last state is the last commit" test "$((newest + 1))" -eq "$(tail -n 1 commits)"
