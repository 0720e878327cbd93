# shellcheck shell=bash
# SPDX-License-Identifier: Apache-2.0
# What waits or takes long ends soon after a signal: exit status 2, no statement, nothing left behind.
need python3 jq
export PYTHONDONTWRITEBYTECODE=1
mkdir -p image/etc upper
echo hi >image/etc/motd
echo new >upper/new
"$SOURCE_DIR/samples/make-oci.sh" layout 1 image
"$STRANDLINE" index oci:layout --db db >indexed
"$STRANDLINE" capture --upper upper --image oci:layout --db db -o b.tar.zst 2>noted || [ $? -eq 3 ]
head -c 300 b.tar.zst >bundle.start
id=$("$STRANDLINE" images --db db --format json | jq -r '[.. | .id? // empty][0]')
"$STRANDLINE" images dump "$id" --db db >dump
head -n 3 dump >dump.start
tar -cf image.tar image
head -c 600 image.tar >tar.start

# A shell has what it runs in the background ignore SIGINT, which this undoes.
# stops SIGNAL KIND COMMAND...: standard input has the first bytes of one and then nothing for long.
stops() {
	local signal=$1 start=$2.start pid feeder status=0 at
	shift 2
	rm -f feed
	mkfifo feed
	{ cat "$start"; exec sleep 60; } >feed &
	feeder=$!
	env --default-signal=INT "$STRANDLINE" "$@" <feed >out 2>err &
	pid=$!
	# until it listens: SIGTERM is the fifteenth
	for _ in $(seq 100); do
		[ $((0x$(awk '/^SigCgt/ { print $2 }' "/proc/$pid/status" || echo 4000) & 1 << 14)) -ne 0 ] && break
		sleep 0.02
	done
	sleep 0.1
	at=$(date +%s%N)
	kill "-$signal" "$pid"
	wait "$pid" || status=$?
	kill "$feeder"
	wait "$feeder" 2>>feeder.err || true
	[ $(($(date +%s%N) - at)) -lt 3000000000 ] || { echo "it took too long" >&2; return 1; }
	same "$status" 2 && contains err "stopped by a signal"
}
for signal in INT TERM; do
	it "$signal: verify of a pipe" stops $signal bundle verify -
	it "$signal: show of a pipe" stops $signal bundle show -
	it "$signal: images load" stops $signal dump images load - --db db2
	it "$signal: index of a pipe" stops $signal tar index docker-archive:- --db db2
done
it "nothing was stored" same "$("$STRANDLINE" images --db db2 --format json | jq -c '[.[]?] | length')" \
	"$("$STRANDLINE" images --db db3 --format json | jq -c '[.[]?] | length')"

# ---- an authority that does not answer
cat >mute.py <<'P'
import socket, sys, time
server = socket.create_server(("127.0.0.1", 0))
open("port.new", "w").write(str(server.getsockname()[1]))
import os
os.rename("port.new", "port")
kept = []
while True:
    kept.append(server.accept())
P
python3 mute.py &
mute=$!
trap 'kill $mute' EXIT
for _ in $(seq 100); do [ -e port ] && break; sleep 0.05; done
asks() { stops INT bundle timestamp b.tar.zst --tsa "http://127.0.0.1:$(cat port)/" --timeout 30; }
"$STRANDLINE" timestamp b.tar.zst --tsa http://127.0.0.1:1/ 2>net || true
if ! grep -q "without a network\|cannot be loaded" net; then
	rm -f b.tar.zst.*
	it "timestamp while nobody answers" asks
	it "no answer is kept" test ! -e b.tar.zst.tsr
fi

# ---- what is written is whole or not there
it "an output is not left half" test -z "$(find . -name '.*.??????')"
