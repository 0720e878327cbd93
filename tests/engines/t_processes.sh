# shellcheck shell=bash
# SPDX-License-Identifier: Apache-2.0
# What runs in containers of Docker and is not in their image, what is no finding, and how a capture
# keeps it.
need_root
need dockerd jq nsenter cc python3 zstd tar
# shellcheck source=tests/engines/lib-docker.sh
. "$TESTS_DIR/engines/lib-docker.sh"
cc -O1 -static -pthread -o actor "$SOURCE_DIR/tests/tools/actor.c" 2>cc.err || skip "needs a static libc"
docker_start "$PWD/d" # takes the trap
pids=()
cleanup() {
	for pid in "${pids[@]}"; do kill -9 "$pid" 2>/dev/null || true; done
	umount -l "$PWD/slow" 2>/dev/null || true
	umount -l "/proc/${covered:-none}" 2>/dev/null || true
	docker_stop
}
trap cleanup EXIT
docker_sample_image base
start() { docker_cli run -d --network none "$@" >/dev/null; }
in_web() { docker_cli exec -d "$@"; }

# look STATUS [OPTIONS] CONTAINER: compare it; the document is in look.json
look() {
	local status=$1
	shift
	exits "$status" "$STRANDLINE" diff --db db --store "docker=$(docker_data)" --format json \
		-o look.json "$@"
}
# found SUBJECT RULE: severity, signals and program of that process finding
found() {
	jq -r --arg subject "$1" --arg rule "$2" '.containers[0].findings[]
		| select(.kind == "process" and .subject == $subject and (.rules | index($rule)))
		| [.severity, (.signals | join(",")), .process.command // ""] | join(" ")' look.json
}
of_kind() { jq -r --arg kind "$1" '[.containers[0].findings[] | select(.kind == $kind)] | length' look.json; }

# ---- what is no finding
start --name web base /bin/sleep 1000
pid=$(docker_cli inspect -f '{{.State.Pid}}' web)
it "a container that runs its image has no finding" look 0 web
touch probing
probe() { while [ -e probing ]; do docker_cli exec web /bin/true || true; done; }
probe &
pids+=($!)
probe &
pids+=($!)
for _ in 1 2 3; do
	it "nor has one under exec probes, one after the other" look 0 web
done
it "nothing is listed at all" same "$(of_kind process)" 0
rm probing
wait "${pids[@]}"
pids=()

start --init --name init base /bin/sleep 1000
sleep 1.2 # what is younger may be gone at once
it "the engine's init is explained" look 0 init
it "by the very file on the machine" same \
	"$(jq -r '.containers[0].findings[] | select(.kind == "process") | [.subject, .explained_by.cause,
		.explained_by.name] | join(" ")' look.json)" "/sbin/docker-init engine engine-program"

docker_cli exec web /bin/chown 33:33 /usr/bin/busybox # the image's bytes, copied up
in_web web /usr/bin/busybox sleep 999
look 1 web
it "a program that was only given away is still the image's" same "$(of_kind process)" 0
it "but its finding says that it runs" same \
	"$(jq -c '.containers[0].findings[] | select(.path == "/usr/bin/busybox")
		| [.change, (.signals | index("running") != null)]' look.json)" '["metadata",true]'

# ---- what an intruder runs
start --name evil -v "$PWD/volume:/data" --tmpfs /scratch:exec base /bin/sleep 1000
evil=$(docker_cli inspect -f '{{.State.Pid}}' evil)
cp actor volume/
for name in dropped gone lib.so; do docker_cli cp actor "evil:/tmp/$name" >/dev/null; done
docker_cli exec evil /bin/sh -c 'echo "sleep 1000" >/tmp/x.sh; cat /tmp/x.sh >/tmp/y.sh
	echo "/bin/sleep 1000 </dev/null" >>/tmp/y.sh; cp /tmp/x.sh /tmp/z.sh; cat /tmp/dropped >/scratch/actor
	chmod 755 /scratch/actor; mkdir /tmp/jail; cp /tmp/dropped /tmp/jail/actor'
in_web evil /bin/sh -c '/tmp/dropped hold & /tmp/gone delete /tmp/gone & /tmp/dropped memfd &
	/tmp/dropped trace & /tmp/dropped map /tmp/lib.so & /data/actor hold & /scratch/actor hold &
	/usr/sbin/chroot /tmp/jail /actor hold & /bin/sh </tmp/z.sh & /bin/sh /tmp/x.sh & LD_PRELOAD=/tmp/lib.so /bin/sleep 998 & cd /tmp; /bin/sh ./y.sh'
sleep 0.5
in_web evil /tmp/dropped crowd of-sockets # stand before the connection in the kernel's list
in_web evil /usr/bin/busybox nc -lp 4444 -e /bin/sh
for _ in $(seq 20); do
	docker_cli exec -d evil /bin/sh -c 'sleep 1000 | /usr/bin/busybox nc 127.0.0.1 4444'
	sleep 0.1
	! docker_cli top evil -eo args | grep -q '^/bin/sh$' || break
done
docker_cli exec evil /bin/rm /tmp/y.sh
# from the machine, as an administrator or an escape in the other direction would
nsenter -t "$evil" -m /usr/bin/busybox mount --bind /home/ada /proc/1
nsenter -t "$evil" -m /usr/bin/busybox mount --bind /tmp/dropped /usr/bin/ping
nsenter -t "$evil" -m /usr/bin/busybox mount -t tmpfs none /var/spool
docker_cli exec evil /bin/sh -c 'mkdir /tmp/cell; cp /tmp/dropped /tmp/cell/actor'
nsenter -t "$evil" -m -p /usr/bin/busybox unshare -m /usr/bin/busybox chroot /tmp/cell /actor hold &
pids+=($!)
nsenter -t "$evil" -p /bin/sleep 997 &
pids+=($!)
group=/sys/fs/cgroup$(sed -n 's/^[0-9]*:name=systemd:/\/systemd/p; s/^0::\(.*docker.*\)/\1/p' "/proc/$evil/cgroup" | head -1)
bash -c 'echo $$ >"$1/cgroup.procs" && exec /bin/sleep 996' - "$group" &
pids+=($!)
sleep 0.3
it "an intruder's processes are found" look 1 evil
row() { it "$1" same "$(found "$2" "$3")" "$4"; }
row "a dropped program" /tmp/dropped running-not-in-image "critical running /tmp/dropped hold"
row "one that deleted itself" /tmp/gone running-deleted "critical running,unlinked /tmp/gone delete /tmp/gone"
row "one in memory, by the name of a thread of the kernel" memfd:quiet running-in-memory \
	"critical running,memfd [kworker/0:1] hold"
row "one in a volume" /data/actor running-from-volume "critical running,volume /data/actor hold"
row "one in a tmpfs" /scratch/actor running-from-tmpfs "critical running,volume /scratch/actor hold"
row "a script that an interpreter runs" /tmp/x.sh script-not-in-image "critical script,running /bin/sh /tmp/x.sh"
row "one that was deleted" /tmp/y.sh script-deleted "critical script,running,unlinked /bin/sh ./y.sh"
row "one from its standard input" /tmp/z.sh script-not-in-image "critical script,running /bin/sh"
it "a shell that obeys a connection" grep -qE '^critical running .*sh$' <(jq -r '.containers[0].findings[]
	| select(.rules | index("shell-on-network")) | [.severity, (.signals | join(",")), .process.command]
	| join(" ")' look.json)
row "a library in the environment" "/usr/bin/busybox (LD_PRELOAD=/tmp/lib.so)" preload \
	"high preload /bin/sleep 998"
row "who is traced from inside" "/tmp/dropped (traced)" traced "high traced /tmp/dropped trace"
row "who came from the machine" "/usr/bin/sleep (entered)" entered-from-outside "high running /bin/sleep 997"
row "who is in the group alone" "/usr/bin/sleep (other namespaces)" other-namespaces \
	"high running /bin/sleep 996"
row "a covered entry of /proc" /proc/1 proc-covered "critical  "
row "a program that another one is mounted over" /usr/bin/ping mounted-over-system "critical  "
row "a mount over something else" /var/spool mounted-inside "medium  "
it "and none that the container was given" same "$(jq -r '[.containers[0].findings[]
	| select(.rules | any(startswith("mounted-"))) | .subject] | sort | join(" ")' look.json)" "/usr/bin/ping /var/spool"
row "a program in another root directory" /tmp/jail/actor running-not-in-image "critical running /actor hold"
row "and in one that has mounts of its own as well" /tmp/cell/actor running-not-in-image "critical running /actor hold"
it "the file of the dropped program is marked" same \
	"$(jq -c '.containers[0].findings[] | select(.path == "/tmp/dropped")
		| [.severity, (.signals | index("running") != null), (.rules | index("running-not-in-image") != null),
			.process.command]' look.json)" '["critical",true,true,"/tmp/dropped hold"]'
it "and that of a mapped library" same \
	"$(jq -c '.containers[0].findings[] | select(.path == "/tmp/lib.so")
		| [(.signals | index("mapped") != null), (.rules | index("mapped-not-in-image") != null)]' look.json)" \
	'[true,true]'
jq -r '.containers[0].findings[] | select(.kind == "process") | .id' look.json | sort >first
look 1 evil
it "with the same ids in the next run" same \
	"$(jq -r '.containers[0].findings[] | select(.kind == "process") | .id' look.json | sort)" "$(cat first)"
look 1 --no-processes evil
it "and none of it where nobody asked" same "$(of_kind process)" 0

# ---- what it was given, mounted once more
start --name mighty --cap-add SYS_ADMIN -v "$PWD/volume:/srv/cron.d" base /bin/sleep 1000
mighty=$(docker_cli inspect -f '{{.State.Pid}}' mighty)
look 0 mighty
it "what is where it was given is none of its own" same "" "$(jq -r '.containers[0].findings[]
	| select(.rules | any(startswith("mounted-"))) | .subject' look.json)"
nsenter -t "$mighty" -m /usr/bin/busybox mount --bind /srv/cron.d /etc/cron.d
look 1 mighty
row "a given volume over a path with its last name is" /etc/cron.d mounted-over-system "critical  "
docker_cli rm -f mighty >/dev/null

# ---- what is mounted, and YARA rules
listed() { jq -r --arg path "$1" '.containers[0].findings[] | select(.path == $path and .baseline == "none")
	| [.change, (.signals | index("volume") != null), (.yara // [] | join(","))] | map(tostring) | join(" ")' look.json; }
look 1 --volumes evil
it "a program in a volume is listed" same "$(listed /data/actor)" "added true "
it "and one in a tmpfs, read through the container" same "$(listed /scratch/actor)" "added true "
it "all mounts were read" same "$(jq -c '[.containers[0].scanned[] | select(.complete | not)]' look.json)" "[]"
echo 'rule actor { strings: $a = "/proc/self/exe" condition: $a }' >actor.yar
if look 1 --volumes --yara actor.yar evil; then
	it "a YARA rule matches a program that is in memory alone" same "$(found memfd:quiet yara-match)" \
		"high running,yara [kworker/0:1] hold"
	it "one that deleted itself" same "$(found /tmp/gone yara-match)" \
		"high running,yara /tmp/gone delete /tmp/gone"
	it "and files in volumes and in memory" same "$(listed /data/actor) $(listed /scratch/actor)" \
		"added true actor added true actor"
fi

# ---- what leads programs of the image to code that is not, and who tells them what to do
interpreters=$PWD/interpreters
"$SOURCE_DIR/samples/make-image.sh" "$interpreters"
mkdir -p "$interpreters/app"
for name in node java python3 perl; do cp actor "$interpreters/usr/bin/$name"; done
echo tracing | tee "$interpreters/app/tracing.js" "$interpreters/app/server.py" >"$interpreters/app/agent.jar"
tar -C "$interpreters" --numeric-owner -c . | docker_cli import -c 'CMD ["/bin/sleep","1000000"]' \
	-c 'ENV NODE_PATH=/tmp/lib ENV=production' - interpreters >/dev/null
echo agent >volume/agent.jar
start --name calm -v "$PWD/volume:/data" -e JAVA_TOOL_OPTIONS=-javaagent:/data/agent.jar interpreters /bin/sh -c \
	'export NODE_OPTIONS="--require /app/tracing.js" PYTHONPATH=/app:/app/none PERL5LIB=/usr/lib; mkdir -p /tmp/lib
	(cd /app; exec /usr/bin/python3 -m server) & /usr/bin/java -javaagent:/app/agent.jar -cp /app/agent.jar:/app/* Main &
	while read -r x; do :; done & sleep 999 | cat & sleep 998 | while read -r x; do :; done &
	/usr/bin/perl -e "use Socket; connect" & /usr/bin/node & exec sleep 1000'
docker_cli exec -d calm /bin/sh -c 'until </dev/tcp/db/5432; do sleep 1000; done'
(sleep 30 | docker_cli exec -i calm /bin/sh) &
start --name tricks --security-opt no-new-privileges -v "$PWD/volume:/data" --tmpfs /scratch interpreters
docker_cli exec tricks /bin/sh -c 'mkdir /tmp/lib /tmp/mod; echo "sleep 994" >/scratch/s; echo x >/data/y.js
	for f in x.js rc agent.jar app.jar mod/job.py pager; do echo : >/tmp/$f; done'
in_web tricks /bin/sh -c 'NODE_OPTIONS="--max-old-space-size=9 --require=/tmp/x.js" /usr/bin/node &
	NODE_OPTIONS="-r /data/y" /usr/bin/node & BASH_ENV=/tmp/rc sleep 993 & BASH_ENV=/tmp/gone sleep 992 &
	LD_LIBRARY_PATH=/usr/lib:/tmp/lib sleep 991 & GCONV_PATH=/data sleep 990 &
	/usr/bin/java -javaagent:/tmp/agent.jar=port=1 -cp /app/agent.jar -jar /tmp/app.jar & wait'
in_web tricks /bin/sh -c 'cd /tmp/mod; /usr/bin/python3 -um job & /usr/bin/perl -e "use Socket; dup2(1, 0)" &
	(exec -a /usr/sbin/sshd /usr/bin/perl x) & sleep 988 | /bin/sh & /bin/sh -c ". /scratch/s; true" &
	/usr/bin/node packet & /usr/bin/node lost /tmp/away & (exec -a "nginx: worker process" /usr/bin/perl x) &
	/bin/sh -c "x=1; . /tmp/rc; sleep 986" & GIT_PAGER=/tmp/pager /bin/sleep 985 & wait'
in_web tricks /bin/sh -c 'echo c2xlZXAgOTg3 | base64 -d | sh; true'
tricks=$(docker_cli inspect -f '{{.State.Pid}}' tricks)
group=/sys/fs/cgroup$(sed -n 's/^[0-9]*:name=systemd:/\/systemd/p; s/^0::\(.*docker.*\)/\1/p' "/proc/$tricks/cgroup" | head -1)
# what "exec --privileged" makes, where the machine lets it
bash -c 'echo $$ >"$1/cgroup.procs" && exec nsenter -t "$2" -m -p /bin/sleep 989' - "$group" "$tricks" &
pids+=($!)
sleep 1.2
it "programs that the image or the operator leads somewhere are no finding" look 0 calm
it "nor is a shell at the end of the engine's own pipe" same \
	"$(jq -r '.containers[0].findings[] | select(.kind == "process" and .severity != "info") | .subject' look.json)" ""
it "what an intruder leads them to is found" look 1 tricks
row "code that a variable names" "/tmp/x.js (NODE_OPTIONS)" loads-not-in-image "high preload /usr/bin/node"
row "without its suffix, in a volume" "/data/y.js (NODE_OPTIONS)" loads-from-volume "medium volume,preload /usr/bin/node"
row "what shells run first" "/tmp/rc (BASH_ENV)" loads-not-in-image "high preload sleep 993"
row "and what is not there any more" "/tmp/gone (BASH_ENV)" loads-missing "low preload sleep 992"
row "a directory of libraries" "/tmp/lib (LD_LIBRARY_PATH)" searches-not-in-image "medium preload sleep 991"
row "one in a volume" "/data (GCONV_PATH)" searches-volume "low volume,preload sleep 990"
java="/usr/bin/java -javaagent:/tmp/agent.jar=port=1 -cp /app/agent.jar -jar /tmp/app.jar"
row "an agent" "/tmp/agent.jar (-javaagent:)" loads-not-in-image "high preload $java"
row "an archive" /tmp/app.jar script-not-in-image "critical script,running $java"
row "a module" /tmp/mod/job.py script-not-in-image "critical script,running /usr/bin/python3 -um job"
row "a script that is read by another one" /scratch/s script-from-tmpfs \
	"critical script,running,volume /bin/sh -c . /scratch/s; true"
row "a program in arguments" /usr/bin/perl code-of-remote-shell "high running /usr/bin/perl -e use Socket; dup2(1, 0)"
row "one that is decoded" /usr/bin/busybox runs-decoded-text \
	"high running /bin/sh -c echo c2xlZXAgOTg3 | base64 -d | sh; true"
row "a shell that a pipe feeds" "/usr/bin/busybox (sleep)" shell-fed-by-pipe "medium running /bin/sh"
row "another program's name" "/usr/bin/perl (/usr/sbin/sshd)" named-like-another "medium running /usr/sbin/sshd x"
row "or a server's title" "/usr/bin/perl (nginx)" named-like-another "medium running nginx: worker process x"
row "a program that a variable names" "/tmp/pager (GIT_PAGER)" loads-not-in-image "high preload /bin/sleep 985"
it "a file that code in arguments runs" grep -q '^medium script,running /bin/sh -c ' \
	<(found "/tmp/rc (code in its arguments)" code-loads-not-in-image)
row "who sees all packets" "/usr/bin/node (packet socket)" packet-socket "medium running /usr/bin/node packet"
row "who stands in a deleted directory" "/usr/bin/node (/tmp/away)" working-directory-deleted \
	"low running,unlinked /usr/bin/node lost /tmp/away"
row "who has no filter of system calls" "/usr/bin/busybox (no seccomp)" seccomp-missing "medium running /bin/sleep 989"
row "who may gain privileges" "/usr/bin/busybox (new privileges)" new-privileges-possible "medium running /bin/sleep 989"
it "who has more capabilities" grep -q '^high capabilities-beyond-container' <(jq -r '.containers[0].findings[]
	| select(.kind == "process") | "\(.severity) \(.rules[0])"' look.json)
it "the file of a lead says so, too" same "$(jq -c '.containers[0].findings[] | select(.path == "/tmp/x.js")
	| [.severity, (.rules | index("mapped-not-in-image") != null)]' look.json)" '["critical",true]'
it "no value of a variable is told" lacks look.json max-old-space
docker_cli rm -f calm tricks >/dev/null

# ---- captured
# keep NAME CONTAINER [OPTIONS]: capture it into NAME/, its records into NAME.jsonl
keep() {
	local name=$1
	shift
	rm -rf "$name" "$name.tar.zst"
	"$STRANDLINE" capture "$@" -q --store "docker=$(docker_data)" -o "$name.tar.zst" 2>"$name.err" || [ $? -eq 3 ]
	mkdir "$name"
	tar --zstd -xf "$name.tar.zst" -C "$name"
	cat "$name"/j/*.jsonl >"$name.jsonl"
}
# payload ROLE PATH: where the bytes of that file are
payload() {
	jq -r --arg role "$1" --arg path "$2" 'select(.type == "file" and .role == $role and .src.path == $path)
		| .stored.member' kept.jsonl | sed 's,^,kept/,' | head -n 1
}
# proc COMMAND FILTER: of the record of the process with that first argument
proc() { jq -r --arg arg "$1" "select(.type == \"proc\" and (.argv // [] | join(\" \")) == \$arg) | $2" kept.jsonl; }
in_web_env() { docker_cli exec -d -e SECRET=hunter2 evil "$@"; }
in_web_env /tmp/dropped listen 4711
in_web_env /tmp/dropped log /tmp/app.log
docker_cli exec evil /bin/sh -c 'mkdir /scratch/d; echo kept >/scratch/d/note'
sleep 0.3
it "a container with all that is captured" keep kept evil
it "and it verifies" exits 3 "$STRANDLINE" verify kept.tar.zst
gone=$(payload recovered /tmp/gone)
it "a program that deleted itself is recovered byte for byte" cmp "$gone" actor
it "and one that never was a file" cmp "$(payload recovered /memfd:quiet)" actor
it "and a deleted log that is open" same "$(cat "$(payload recovered /tmp/app.log)")" "what was done"
it "with who holds it" same "$(jq -c --argjson pid "$(proc "/tmp/dropped log /tmp/app.log" .pid)" \
	'select(.role == "recovered" and .src.path == "/tmp/app.log") | [.holders[] | select(.pid == $pid) | .as], .memory' \
	kept.jsonl | tr '\n' ' ')" '["fd"] false '
it "each once" same "$(jq -r 'select(.role == "recovered") | .src.dev + " " + .src.ino' kept.jsonl | sort | uniq -d)" ""
listener=$(proc "/tmp/dropped listen 4711" .pid)
it "a listening socket is told with the process that holds it" same \
	"$(jq -c --argjson pid "$listener" 'select(.type == "net") | .sockets[] | select(.local_port == 4711)
		| [.table, .local, .state, (.owners | map(.pid == $pid))]' kept.jsonl)" '["tcp","127.0.0.1","listen",[true]]'
netns=$(stat -Lc %i "/proc/$evil/ns/net")
it "the namespace's tables are there as the kernel wrote them" contains "$(payload network "/$netns/tcp")" "0100007F:1267"
it "once" same "$(jq -r --arg ns "$netns" 'select(.type == "net" and .netns == $ns) | .part' kept.jsonl)" 0
it "environments are there in clear" contains "$(payload process "/$listener/environ")" "SECRET=hunter2"
it "which their records say" same "$(jq -c --arg path "/$listener/environ" 'select(.type == "file" and .src.path == $path)
	| .secrets_in_clear' kept.jsonl)" true
it "and records of processes only name" same "$(proc "/tmp/dropped listen 4711" '.env | index("SECRET") != null')" true
it "no record has a value" lacks kept.jsonl hunter2
it "a process is told as it is" same \
	"$(proc "/tmp/dropped listen 4711" '[.comm, .exe.link, .exe_origin, .exe.deleted, .uid[0], .seccomp] | map(tostring) | join(" ")')" \
	"dropped /tmp/dropped upper false 0 2"
it "in its namespaces" same "$(proc "/tmp/dropped listen 4711" '.namespaces | [.net, .pid] | join(" ")')" \
	"$netns $(stat -Lc %i "/proc/$evil/ns/pid")"
it "who traces is named" same "$(jq -c 'select(.type == "proc" and .tracer > 0) | .tracer' kept.jsonl)" \
	"$(proc "/tmp/dropped trace" .pid | head -n 1)"
it "its files are the kernel's" contains "$(payload process "/$listener/maps")" /tmp/dropped
it "a tmpfs is kept" same "$(cat "$(payload tmpfs /scratch/d/note)")" kept
it "a finding refers to the process and to its program" same \
	"$(jq -s -c '(map({key: (.seq | tostring), value: .}) | from_entries) as $all | map(select(.type == "finding"
		and .subject == "/tmp/gone"))[0].evidence | map($all[tostring] | [.type, .role])' kept.jsonl)" \
	'[["proc",null],["file","recovered"]]'
it "processes are looked at through a procfs of our own" same \
	"$(jq -r 'select(.type == "action" and .what == "private procfs") | .result' kept.jsonl)" "opened, mounted nowhere"
# a process hidden on the machine by another one's entry
covered=$listener
mount --bind /proc/1 "/proc/$covered"
keep kept evil
umount "/proc/$covered"
it "what is mounted over a process's entry does not hide it" same \
	"$(proc "/tmp/dropped listen 4711" '[.pid == '"$covered"', .covered_by] | map(tostring) | join(" ")')" "true /1 of proc (proc)"
it "and is a finding" same "$(jq -r --arg s "/proc/$covered of the machine" 'select(.type == "finding" and .subject == $s)
	| [.severity, .rules[0]] | join(" ")' kept.jsonl)" "critical proc-covered"
covered=
if [ -e /dev/fuse ]; then
	mkdir slow
	python3 "$SOURCE_DIR/tests/tools/slowfs.py" slow ready &
	pids+=($!)
	for _ in $(seq 50); do [ -e ready ] && break; sleep 0.1; done
	nsenter -t "$evil" -p ./actor stuck slow/file &
	pids+=($!)
	sleep 0.6
	stuck=$(tr -d ' ' <"/proc/$!/task/$!/children")
	it "a process whose memory nobody can read costs a deadline" timeout -s KILL 60 bash -c 'rm -f hung.tar.zst
		"$STRANDLINE" capture evil -q --no-findings --store "docker=$1" -o hung.tar.zst 2>hung.err || [ $? -eq 3 ]' - \
		"$(docker_data)"
	"$STRANDLINE" show hung.tar.zst --format jsonl >hung.jsonl
	it "and is told as such" same "$(jq -c --argjson pid "$stuck" 'select(.type == "proc" and .pid == $pid)
		| [.hung, .comm, .state]' hung.jsonl)" '[true,"actor","D"]'
	it "it is a gap" contains hung.jsonl "\"what\":\"process $stuck\""
	it "the others are read behind it" same "$(jq -s --argjson pid "$stuck" 'map(select(.type == "proc" and .pid > $pid
		or (.type == "proc" and .pid < $pid and .argv == null and .state != "Z"))) | map(select(.hung)) | length' hung.jsonl)" 0
	it "nor does a comparison wait for it" exits 1 timeout -s KILL 30 "$STRANDLINE" diff --db db \
		--store "docker=$(docker_data)" --format json -o look.json evil
	it "and says what it did not see" same "$(jq -r --arg what "process $stuck" \
		'.containers[0].gaps[] | select(.what == $what) | .why' look.json)" \
		"its arguments, environment and mappings: it does not answer"
	# the first by number is named, and numbers begin anew now and then
	it "while it sees the others" grep -qE '^critical running /tmp/dropped (hold|listen|log|trace|crowd)' \
		<(found /tmp/dropped running-not-in-image)
	kill -9 "${pids[-2]}" "${pids[-1]}" "$stuck"
fi

# ---- frozen
docker_cli pause evil >/dev/null
look 1 evil
it "a paused container is looked at, too" same \
	"$(jq -r '.containers[0].findings[] | select(.kind == "process") | .id' look.json | sort)" "$(cat first)"
docker_cli unpause evil >/dev/null
