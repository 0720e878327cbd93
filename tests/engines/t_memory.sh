# shellcheck shell=bash
# SPDX-License-Identifier: Apache-2.0
# Memory of a container's processes, and the standstill while it is read.
need_root
need podman jq gdb cc zstd
# shellcheck source=tests/engines/lib-podman.sh
. "$TESTS_DIR/engines/lib-podman.sh"
cc -g -O0 -static -pthread -o memory "$SOURCE_DIR/tests/tools/memory.c" 2>cc.err ||
	skip "needs a static libc"
podman_start "$PWD/p"
"$SOURCE_DIR/samples/make-image.sh" "$PODMAN_DIR/sample" >/dev/null 2>&1 || skip "needs busybox-static"
cp memory "$PODMAN_DIR/sample/bin/"
podman_sample_image base
start() {
	local name=$1
	shift
	podman_run -d --name "$name" --security-opt seccomp=unconfined --workdir /tmp base \
		/bin/memory "$@" >/dev/null
	for _ in $(seq 100); do [ -e "/proc/$(pid_of "$name")/root/tmp/ready" ] && break; sleep 0.1; done
}
pid_of() { podman_cli inspect -f '{{.State.Pid}}' "$1"; }
capture() { # capture STATUS BUNDLE OPTION...; records are then in BUNDLE.jsonl, members in BUNDLE.d
	local status=$1 bundle=$2
	shift 2
	exits "$status" "$STRANDLINE" capture --store "podman=$(podman_data)" -o "$bundle" "$@" 2>said || {
		cat said >&2
		return 1
	}
	mkdir -p "$bundle.d"
	tar --zstd -xf "$bundle" -C "$bundle.d"
	cat "$bundle.d"/j/*.jsonl >"$bundle.jsonl"
}
core_of() { # core_of BUNDLE PID: where its core lies
	jq -r --arg dir "$1.d" --arg path "/$2.core" \
		'select(.role == "memory" and .src.path == $path) | $dir + "/" + .stored.member' "$1.jsonl"
}
in_gdb() { # in_gdb CORE EXPRESSION...: what gdb prints of each
	local core=$1 words=()
	shift
	for word; do words+=(-ex "$word"); done
	gdb -nx -batch "${words[@]}" memory "$core" 2>gdb.err
}
frozen() { # of either freezer: does it hold this process?
	local v1 v2
	v1=$(sed -n 's/^[0-9]*:freezer://p' "/proc/$1/cgroup")
	v2=$(sed -n 's/^0:://p' "/proc/$1/cgroup")
	grep -qsx FROZEN "/sys/fs/cgroup/freezer$v1/freezer.state" ||
		grep -qsx 'frozen 1' /sys/fs/cgroup/{,unified}"$v2/cgroup.events" || return 1
}

start web children 49
pid=$(pid_of web)

# ---- standing still
it "a container stands still for what goes away first" capture 0 plain.zst web --freeze
it "and runs again" exits 1 frozen "$pid"
ns=$(jq -r 'select(.what == "thaw container") | .frozen.ns' plain.zst.jsonl)
echo "a standard capture of 50 processes: $((ns / 1000)) us of standstill"
it "for 200 ms at most (ten times that where others work)" test "$ns" -lt 2000000000
it "what was done to it is recorded, with its times" same "freeze container done false
thaw container done true" "$(jq -r 'select(.type == "action" and (.what | endswith(" container")))
	| "\(.what) \(.result) \(.frozen != null)"' plain.zst.jsonl)"
it "nothing is in force at the end" same "[]" "$(jq -c 'select(.type == "close") | .in_force' plain.zst.jsonl)"
it "without being asked it takes no memory" same "" "$(jq -r 'select(.role == "memory") | .src.path' plain.zst.jsonl)"

# ---- all of it
it "memory is taken of every process" capture 0 full.zst web --memory full --freeze
it "of 50 of them" same 50 "$(jq -c 'select(.role == "memory")' full.zst.jsonl | wc -l)"
it "before anything that lies on a disk" same memory "$(jq -r 'select(.type == "file") | .role' full.zst.jsonl |
	grep -vx -e network -e process | head -1)"
core=$(core_of full.zst "$pid")
in_gdb "$core" 'p answer' 'p in_data' 'p on_heap' 'x/s hidden' 'x/s sparse + (1ul << 35)' \
	'x/s sparse' 'x/s executable' >seen
it "gdb shows a variable" contains seen ' = 4711'
it "data" contains seen 'tide marks in data'
it "the heap" contains seen 'drift on the heap'
it "memory that was made unreadable" contains seen 'hidden while asleep'
it "an island in 64 GiB of nothing" contains seen 'an island'
it "and code that is no file's" contains seen 'code of nobody'
in_gdb "$core" 'info auxv' 'info proc mappings' 'info files' >seen
it "the auxiliary vector" contains seen AT_ENTRY
it "which files were mapped" contains seen /bin/memory
it "its threads" same 3 "$(in_gdb "$core" 'info threads' | grep -c '^[* ] [0-9]')"
in_gdb "$core" 'thread 1' >seen
it "and where a waiting thread stands" contains seen pause
it "readelf has nothing to say against it" same "" "$(readelf -a "$core" 2>&1 >/dev/null)"
it "its record says whose it is" same "$pid memory 3 full $(cut -d' ' -f22 "/proc/$pid/stat")" "$(jq -r --arg p "/$pid.core" \
	'select(.role == "memory" and .src.path == $p) | [.process.pid, .process.name, .process.threads,
		.memory.mode, .process.start] | join(" ")' full.zst.jsonl)"
it "the bundle verifies" exits 3 "$STRANDLINE" verify full.zst --quiet

it "all registers are there when they are asked for" capture 0 all.zst web --memory mini --registers
it "of each thread" same "3 0 0" "$(jq -r --arg p "/$pid.core" 'select(.src.path == $p) | .memory.registers
	| "\(.all) \(.call) \(.none)"' all.zst.jsonl)"
in_gdb "$(core_of all.zst "$pid")" 'bt' 'x/s executable' 'x/s sparse + (1ul << 35)' >seen
it "so that gdb goes back to main" contains seen 'in main ('
it "a small dump has code that is no file's" contains seen 'code of nobody'
it "but not what lies far behind" lacks seen 'an island'
it "it goes on after" exits 1 frozen "$pid"
it "with a limit, what is left out is a gap" capture 3 limit.zst web --memory full --memory-limit 64K
it "that says how much" contains limit.zst.jsonl "lie beyond the limit of --memory-limit"

# ---- whatever happens to the capturer
mkfifo out
read_until_frozen() {
	while ! frozen "$pid"; do head -c 4096 >/dev/null; done
	exec sleep 60
}
read_until_frozen <out &
reader=$!
"$STRANDLINE" capture --store "podman=$(podman_data)" -o - web --memory full --freeze --freeze-limit 60 \
	>out 2>/dev/null &
capturer=$!
for _ in $(seq 100); do frozen "$pid" && break; sleep 0.05; done
it "it stands still as long as nobody takes the bundle" frozen "$pid"
kill -9 "$capturer"
wait "$capturer" 2>/dev/null || true
for _ in $(seq 100); do frozen "$pid" || break; sleep 0.05; done
it "but not for longer than the capturer lives" exits 1 frozen "$pid"
mkdir small
mount -t tmpfs -o size=1600k tmpfs small
it "a full disk ends the capture" exits 3 "$STRANDLINE" capture --store "podman=$(podman_data)" \
	-o small/b.zst web --memory full --freeze 2>said
umount small
it "as such" contains said "closed as nospace"
it "and does not keep it" exits 1 frozen "$pid"
kill "$reader"

# ---- paused by somebody else
podman_cli pause web >/dev/null
it "one that is paused can be captured, too" capture 0 paused.zst web --memory mini --freeze
it "which is noted" contains paused.zst.jsonl "it is paused already, and stays so"
it "and stays so" frozen "$pid"
podman_cli unpause web >/dev/null

# ---- /dev/shm, which Podman mounts from its own store
podman_cli exec web /usr/bin/busybox sh -c 'echo here >/dev/shm/found'
shm_of() { jq -r 'select(.src.path == "/dev/shm/found") | .role' "$1.jsonl" | tr '\n' ' '; }
it "shared memory is no part of the store that nobody reads" capture 0 shm.zst web --volumes
it "and is taken once" same "$(shm_of shm.zst)" "tmpfs "
it "as a volume where tmpfs is not taken" capture 0 triage.zst web --volumes --profile triage
it "once, too" same "$(shm_of triage.zst)" "volume "
podman_run -d --name over base /bin/sleep 1000 >/dev/null
podman_cli stop -t 0 over >/dev/null
it "of a container that was stopped it is gone" capture 3 over.zst over --volumes --freeze
it "and nothing else is missing" same "/dev/shm is gone with the container's processes" \
	"$(jq -r 'select(.type == "gap") | "\(.what) \(.why)"' over.zst.jsonl)"

# ---- where no process can be started
few=/sys/fs/cgroup/pids/strandline-few.$$
if mkdir "$few" 2>/dev/null; then
	echo 4 >"$few/pids.max"
	it "what needs a process is a gap, and the rest is kept" exits 3 bash -c 'echo $$ >"$1/cgroup.procs" &&
		exec "$STRANDLINE" capture --store "podman=$2" -o few.zst web -q --jobs 1 --freeze --memory mini' \
		- "$few" "$(podman_data)"
	rmdir "$few"
	tar --zstd -xOf few.zst --wildcards 'j/*.jsonl' >few.jsonl
	it "and is closed as complete" same complete "$(jq -r 'select(.type == "close") | .status' few.jsonl)"
	it "with what lies on the disk" contains few.jsonl '"role":"upper"'
	it "and a reason" contains few.jsonl '"errno":11'
	it "and nobody left standing still" exits 1 frozen "$pid"
fi

# ---- a group of version 2, where version 1 knows no other than the root
unified=/sys/fs/cgroup/unified/strandline-v2.$$
to_unified() { # to_unified NAME: its processes, out of their freezer and into a group that has their id
	local v1 pid group
	group=$unified/$(podman_cli inspect -f '{{.Id}}' "$1")
	v1=/sys/fs/cgroup/freezer$(sed -n 's/^[0-9]*:freezer://p' "/proc/$(pid_of "$1")/cgroup")
	mkdir -p "$group"
	for pid in $(cat "$v1/cgroup.procs"); do
		echo "$pid" >/sys/fs/cgroup/freezer/cgroup.procs
		echo "$pid" >"$group/cgroup.procs"
	done
}
frozen2() { grep -qsx 'frozen 1' "$group/cgroup.events"; }
until_frozen() { for _ in $(seq 1000); do ! frozen2 || return 0; sleep 0.005; done; }
runs_again() { for _ in $(seq 300); do frozen2 || return 0; sleep 0.01; done; return 1; }
stopped_half_way() { # stopped_half_way COMMAND...: strandline ($half), and it stands there while it waits
	setsid "$@" >half.out 2>half.err &
	half=$!
	until_frozen
	kill -STOP "$half"
	frozen2
}
if [ -e /sys/fs/cgroup/unified/cgroup.procs ] && mkdir "$unified" 2>/dev/null; then
	start v2 children 3
	to_unified v2
	pid=$(pid_of v2)
	group=/sys/fs/cgroup/unified$(sed -n 's/^0:://p' "/proc/$pid/cgroup")
	it "it is in no freezer of version 1" grep -qx '[0-9]*:freezer:/' "/proc/$pid/cgroup"
	it "a capture stops it by version 2" capture 0 v2.zst v2 --freeze
	it "and says so" same "freeze container done null
thaw container done cgroup.freeze" "$(jq -r 'select(.type == "action" and (.what | endswith(" container")))
		| "\(.what) \(.result) \(.frozen.by)"' v2.zst.jsonl)"
	it "it runs again" runs_again
	sl_diff() { "$STRANDLINE" diff --store "podman=$(podman_data)" --no-db v2 --freeze --format json "$@"; }
	sl_diff -o v2.json || true
	it "so does diff" same "true true" "$(jq -r '.containers[0] | "\(.frozen.ns > 0) \(.complete)"' v2.json)"
	it "and after that, too, it runs again" runs_again

	# hashed for as long as this takes
	truncate -s 4G "/proc/$pid/root/tmp/large"
	it "while diff reads it stands still" stopped_half_way "$STRANDLINE" diff v2 --freeze --no-db \
		--store "podman=$(podman_data)" -o half.json
	kill -TERM "$half"
	kill -CONT "$half"
	wait "$half" || true
	it "not after SIGTERM" runs_again
	it "nor after SIGKILL" stopped_half_way "$STRANDLINE" diff v2 --freeze --no-db \
		--store "podman=$(podman_data)" -o half.json
	kill -KILL "$half"
	wait "$half" 2>/dev/null || true
	it "which the watchdog sees" runs_again
	it "nor when its time is over" stopped_half_way "$STRANDLINE" diff v2 --freeze --freeze-limit 1 --no-db \
		--store "podman=$(podman_data)" --format json -o half.json
	sleep 1
	it "although diff has not ended" runs_again
	rm "/proc/$pid/root/tmp/large"
	kill -CONT "$half"
	wait "$half" || true
	it "which is a gap" contains half.json "it did not stand still until all of it was read"

	# a capture, while nobody takes the bundle
	for signal in TERM KILL; do
		read_until_frozen <out &
		reader=$!
		"$STRANDLINE" capture --store "podman=$(podman_data)" -o - v2 --memory full --freeze \
			>out 2>/dev/null &
		capturer=$!
		until_frozen
		it "a capture stops it, and SIG$signal ends that" frozen2
		kill "$reader"
		kill -"$signal" "$capturer"
		wait "$capturer" 2>/dev/null || true
		it "it runs again" runs_again
	done

	# somebody ends the watchdog
	it "without its watchdog" stopped_half_way "$STRANDLINE" capture v2 --freeze --memory full \
		--store "podman=$(podman_data)" -o dog.zst
	kill -KILL "$(pgrep -P "$half" | head -1)"
	it "it stands still for longer" frozen2
	kill -CONT "$half"
	wait "$half" || true
	it "but goes on at the end" runs_again
	tar --zstd -xOf dog.zst --wildcards 'j/*.jsonl' >dog.jsonl
	it "that the watchdog was killed is recorded" same "done true" "$(jq -r 'select(.what == "thaw container") |
		"\(.result) \(.frozen.unwatched)"' dog.jsonl)"
	it "and said" contains half.err "was killed"
	podman_cli rm -f -t 0 v2 >/dev/null
	rmdir "$group" "$unified"
fi

# ---- pages that a process would have to supply
start faults fault
pid=$(pid_of faults)
it "pages that nobody supplied are not waited for" capture 3 faults.zst faults --memory full
it "and told" contains faults.zst.jsonl "61440 bytes would have to be supplied by a process (userfaultfd)"
in_gdb "$(core_of faults.zst "$pid")" 'x/s supplied + 4096' >seen
it "the one that was supplied is there" contains seen 'supplied by a process'
