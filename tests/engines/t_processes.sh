# shellcheck shell=bash
# SPDX-License-Identifier: Apache-2.0
# What runs in containers of Docker and is not in their image, and what is no finding.
need_root
need dockerd jq nsenter cc
# shellcheck source=tests/engines/lib-docker.sh
. "$TESTS_DIR/engines/lib-docker.sh"
cc -O1 -static -o actor "$SOURCE_DIR/tests/tools/actor.c" 2>cc.err || skip "needs a static libc"
docker_start "$PWD/d" # takes the trap
pids=()
cleanup() {
	for pid in "${pids[@]}"; do kill -9 "$pid" 2>/dev/null || true; done
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
look 0 --fail-on high web
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
	echo "/bin/sleep 1000 </dev/null" >>/tmp/y.sh; cat /tmp/dropped >/scratch/actor
	chmod 755 /scratch/actor'
in_web evil /bin/sh -c '/tmp/dropped hold & /tmp/gone delete /tmp/gone & /tmp/dropped memfd &
	/tmp/dropped trace & /tmp/dropped map /tmp/lib.so & /data/actor hold & /scratch/actor hold &
	/bin/sh /tmp/x.sh & LD_PRELOAD=/tmp/lib.so /bin/sleep 998 & cd /tmp; /bin/sh ./y.sh'
sleep 0.5
docker_cli exec evil /bin/rm /tmp/y.sh
# from the machine, as an administrator or an escape in the other direction would
nsenter -t "$evil" -m /usr/bin/busybox mount --bind /home/ada /proc/1
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
row "a library in the environment" "/usr/bin/busybox (LD_PRELOAD=/tmp/lib.so)" preload \
	"high preload /bin/sleep 998"
row "who is traced from inside" "/tmp/dropped (traced)" traced "high traced /tmp/dropped trace"
row "who came from the machine" "/usr/bin/sleep (entered)" entered-from-outside "high running /bin/sleep 997"
row "who is in the group alone" "/usr/bin/sleep (other namespaces)" other-namespaces \
	"high running /bin/sleep 996"
row "a covered entry of /proc" /proc/1 proc-covered "critical  "
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

# ---- frozen
docker_cli pause evil >/dev/null
look 1 evil
it "a paused container is looked at, too" same \
	"$(jq -r '.containers[0].findings[] | select(.kind == "process") | .id' look.json | sort)" "$(cat first)"
docker_cli unpause evil >/dev/null
