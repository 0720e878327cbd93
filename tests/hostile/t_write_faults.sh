# shellcheck shell=bash
# SPDX-License-Identifier: Apache-2.0
# Every single write, sync and reservation of a capture fails, in every way a disk or a pipe can:
# the exit status says so, and what is there is evidence. Then the power goes, or the process is
# killed, at random moments: all that had been attested by then still is.
need_root
need jq
faultio=$BUILD_DIR/tests/preload_faultio.so
powercut=$BUILD_DIR/tests/tool_powercut
export ASAN_OPTIONS=${ASAN_OPTIONS:+$ASAN_OPTIONS:}verify_asan_link_order=0
LD_PRELOAD=$faultio "$STRANDLINE" --version >loaded 2>&1 || skip "needs a program that preloads"
lacks loaded "cannot be preloaded" || skip "needs a program that preloads"

mkdir -p image/etc u/data side
echo hi >image/etc/motd
"$SOURCE_DIR/samples/make-oci.sh" layout 1 image
"$STRANDLINE" index oci:layout --db db >indexed
for i in 1 2 3; do head -c 700000 /dev/urandom >"u/data/$i"; done
for i in $(seq 40); do echo "$i" >"u/data/small-$i"; done

# faulty OUTPUT VARIABLE=VALUE...: one capture to OUTPUT.
faulty() {
	local to=$1
	shift
	env LD_PRELOAD="$faultio" "$@" "$STRANDLINE" capture --upper u --image oci:layout --db db \
		-o "$to" 2>err
}
# shellcheck disable=SC2120 # given through exits
to_file() { rm -f b.tar.zst && faulty b.tar.zst FAULTIO_FILE=b.tar.zst "$@"; }

it "a capture without faults is done" exits 0 to_file FAULTIO_COUNT=count
read -r _ writes _ syncs _ allocs <count
it "its writes, syncs and reservations are seen" test "$writes" -ge 6 -a "$syncs" -ge 4 -a "$allocs" -ge 1

# fails KIND TIMES STATUS ERRNO...: each call of a kind fails once, and from then on.
fails() {
	local kind=$1 times=$2 want=$3 n code how
	shift 3
	for code; do
		for how in "" :always; do
			for n in $(seq "$times"); do
				exits "$want" to_file FAULTIO_FAIL="$kind:$n:$code$how" || return 1
				readable || { echo "$kind $n fails with $code$how" >&2; return 1; }
			done
		done
	done
}
# Never broken, never called complete unless all of it is there, and every attested record is shown.
readable() {
	local got=0
	"$STRANDLINE" verify b.tar.zst --format json >verdict || got=$?
	[ $got -eq 3 ] && [ "$("$STRANDLINE" show b.tar.zst | grep -c .)" -ge "$(jq .attested verdict)" ]
}
EIO=5 ENOSPC=28 EDQUOT=122 EFBIG=27 EOPNOTSUPP=95
it "whichever write fails, it is an error, and the file is readable" \
	fails write "$writes" 2 $EIO $ENOSPC $EDQUOT $EFBIG
it "whichever sync fails, it is an error, and the file is readable" fails sync "$syncs" 2 $EIO $ENOSPC
it "a file system that cannot reserve room is no hindrance" fails alloc "$allocs" 0 $EOPNOTSUPP
it "one that has none for the closing records is refused before anything is read" \
	exits 2 to_file FAULTIO_FAIL=alloc:1:$ENOSPC:always

# ---- short writes
for most in 1 4095; do
	it "writes of $most bytes make the same bundle" exits 0 to_file FAULTIO_SHORT=$most
	it "writes of $most bytes: nothing is missing" exits 0 "$STRANDLINE" verify --allow-unanchored b.tar.zst
done

# ---- a pipe
to_pipe() { faulty - FAULTIO_FILE=pipe "$@" | cat >p.tar.zst; return "${PIPESTATUS[0]}"; }
it "a pipe takes a capture" exits 0 to_pipe FAULTIO_COUNT=count
read -r _ writes _ <count
pipe_fails() {
	local n
	for n in $(seq "$writes"); do
		exits 2 to_pipe FAULTIO_FAIL="write:$n:32:always" || return 1
		exits 3 "$STRANDLINE" verify p.tar.zst >verdict || return 1
	done
}
it "a reader that leaves at whichever write is an error, and what it got is evidence" pipe_fails

# ---- power cuts and kills
noted() {
	env LD_PRELOAD="$faultio" FAULTIO_FILE=l.tar.zst FAULTIO_LOG=log "$STRANDLINE" capture \
		--upper u --image oci:layout --db db -o l.tar.zst --sidecar side 2>err
}
it "a capture is written down event by event, with the checkpoints that somebody else gets" \
	exits 0 noted
seed=${STRANDLINE_SEED:-$RANDOM}
moments() { "$powercut" log "$seed" 200 "$1" >"moments.$1" || { cat "moments.$1" >&2; return 1; }; }
for how in killed cut; do
	it "$how at 200 random moments (seed $seed): whatever had been told is attested" \
		moments $how
	it "$how: most moments had a checkpoint told" test "$(sed -n 's/^told //p' moments.$how)" -ge 50
	it "$how: most left it incomplete" test "$(awk '/^(incomplete|broken)/ { n += $2 } END { print n }' moments.$how)" -ge 100
done
it "killed: nothing that was written is ever broken" grep -qx "broken 0" moments.killed

# ---- the clock is set while it captures
for step in 3600 -3600; do
	rm -f b.tar.zst
	it "the clock jumps by $step seconds: the capture is done" exits 0 env CLOCKSTEP=$step CLOCKSTEP_AFTER=40 \
		LD_PRELOAD="$BUILD_DIR/tests/preload_clockstep.so" "$STRANDLINE" capture --upper u --image oci:layout \
		--db db -o b.tar.zst
	"$STRANDLINE" show --type clock --format jsonl b.tar.zst >steps
	it "the clock jumps by $step seconds: one record says so" same "$(wc -l <steps)" 1
	it "the clock jumps by $step seconds: and by how much" same \
		"$(jq -r '(.step_ns | tonumber) / 1000000000 | round' steps)" $step
	it "the clock jumps by $step seconds: the bundle is whole" exits 0 "$STRANDLINE" verify --allow-unanchored b.tar.zst
done
it "without it a capture is done, too" exits 0 to_file FAULTIO_COUNT=count
it "a clock that nobody set has no such record" same "$("$STRANDLINE" show --type clock b.tar.zst)" ""
