# shellcheck shell=bash
# SPDX-License-Identifier: Apache-2.0
# Containers that no store knows, read off the processes and mounts of this machine.
need_root
need runc jq unshare
root=$PWD/root
"$SOURCE_DIR/samples/make-image.sh" "$root" >/dev/null 2>&1 || skip "needs busybox-static"
mkdir -p try/l try/u try/w try/m
mount -t overlay overlay -o lowerdir=try/l,upperdir=try/u,workdir=try/w try/m 2>/dev/null ||
	skip "needs overlay mounts"
umount try/m

tag=live-$$
pids=()
cleanup() {
	for pid in "${pids[@]}"; do kill -9 "$pid" 2>/dev/null || true; done
	for id in "$tag-over" "$tag-plain"; do runc delete -f "$id" 2>/dev/null || true; done
	umount -l over/rootfs 2>/dev/null || true
	umount -R -l slave 2>/dev/null || true
	if [ -n "${DOCKER_DIR:-}" ]; then docker_stop; fi
}
trap cleanup EXIT

# ps_of ID-PREFIX [OPTIONS]: the container's JSON
ps_of() {
	local id=$1
	shift
	"$STRANDLINE" ps --no-db --format json "$@" 2>ps.err |
		jq -c --arg id "$id" '.containers[] | select(.id | startswith($id))'
}
state_of() { ps_of "$@" | jq -r .state; }
# by the upper directory, where the id is the mount's
ps_on() { "$STRANDLINE" ps --no-db --format json 2>ps.err |
	jq -c --arg upper "$1" '.containers[] | select(.stack.upper // "" | endswith($upper))'; }
gone() { [ -z "$(ps_of "$1")" ]; }

# bundle DIR: a bundle of runc whose container sleeps
bundle() {
	mkdir -p "$1/rootfs"
	(cd "$1" && runc spec && jq '.process.args = ["/bin/sleep", "1000"] | .process.terminal = false
		| .root.readonly = false' config.json >c && mv c config.json)
}

# ---- runc by hand, on an overlay that was mounted from relative paths
bundle over
mkdir over-u over-w
mount -t overlay overlay -o lowerdir=root,upperdir=over-u,workdir=over-w over/rootfs
(cd over && runc run -d "$tag-over" </dev/null >/dev/null 2>runc.err) ||
	skip "runc cannot run a container here: $(cat over/runc.err)"
pid=$(runc state "$tag-over" | jq .pid)
it "a container of runc on an overlay is listed" same \
	"$(ps_of "$tag-over" | jq -r '[.engine, .state, .driver, .pid, .stack.unsupported] | join(" ")')" \
	"other running overlay $pid "
it "with the directories it is made of" same \
	"$(ps_of "$tag-over" | jq -c '[.stack.upper, .stack.lowers]')" "[\"$PWD/over-u\",[\"$root\"]]"
it "with the start time, control group and namespaces of its process" same \
	"$(ps_of "$tag-over" | jq -r '.process | [.start, .cgroup, .namespaces.mnt, .namespaces.pid,
		.namespaces.net, .namespaces.user, .namespaces.ipc, .namespaces.uts] | join(" ")')" \
	"$(cut -d' ' -f22 "/proc/$pid/stat") /$tag-over $(for ns in mnt pid net user ipc uts; do
		readlink "/proc/$pid/ns/$ns" | tr -dc '0-9\n'
	done | paste -sd' ')"
echo drift >over/rootfs/etc/issue.new
it "and it can be compared by its name" exits 1 \
	"$STRANDLINE" diff "$tag-over" --no-db --format json -o over.json
it "with what was written in it" same \
	"$(jq -c '[.containers[0].findings[] | select(.kind == "file") | .path]' over.json)" '["/etc/issue.new"]'
it "or with its engine in front" exits 1 \
	"$STRANDLINE" diff "other:$tag-over" --no-db --format json -o over.json
"$STRANDLINE" diff "docker:$tag-over" --no-db >/dev/null 2>wrong.err || true
it "but not with another engine's" contains wrong.err "$tag-over"

# ---- frozen
if runc pause "$tag-over" 2>/dev/null; then
	it "a frozen control group is a paused container" same "$(state_of "$tag-over")" paused
	runc resume "$tag-over"
	it "and runs again when it is thawed" same "$(state_of "$tag-over")" running
fi

# ---- runc by hand, on a plain directory
bundle plain
cp -a root/. plain/rootfs/
(cd plain && runc run -d "$tag-plain" </dev/null >/dev/null 2>&1)
plain=$(runc state "$tag-plain" | jq .pid)
it "a container of runc on a plain directory is listed" same \
	"$(ps_of "$tag-plain" | jq -r '[.engine, .state, .driver, .pid, .stack.upper] | join(" ")')" \
	"other running directory $plain $PWD/plain/rootfs"
kill -9 "$plain"
for _ in $(seq 50); do [ -d "/proc/$plain/root/etc" ] || break; sleep 0.1; done
it "one that was killed and not deleted has exited" same "$(state_of "$tag-plain")" exited
runc delete -f "$tag-plain"
it "and is gone when runc forgets it" gone "$tag-plain"

# ---- a fake node-debug pod: the machine's root, and its /proc, somewhere else
mkdir slave
mount --rbind / slave
mount --make-rslave slave
it "it is found in the same way from a pod that has the machine at /host" same \
	"$(ps_of "$tag-over" --root slave --live | jq -r '[.state, .pid, .stack.upper] | join(" ")')" \
	"running $pid $PWD/over-u"
it "but not without --live: that is another machine's disk" same "$(ps_of "$tag-over" --root slave)" ""
umount -R -l slave

# ---- no runtime at all: a mount namespace, an overlay and a chroot
mkdir -p chroot/u chroot/w chroot/m
cat >chroot.sh <<-'END'
	mount -t overlay overlay -o "lowerdir=$1,upperdir=$2/u,workdir=$2/w" "$2/m"
	exec chroot "$2/m" /bin/sleep 1000
END
unshare -m --propagation private bash chroot.sh "$root" "$PWD/chroot" &
by_hand=$!
pids+=("$by_hand")
for _ in $(seq 50); do [ "$(readlink "/proc/$by_hand/exe")" = /usr/bin/busybox ] && break; sleep 0.1; done
it "an overlay in a mount namespace of its own is a container, too" same \
	"$(ps_on "$PWD/chroot/u" | jq -r '[.engine, .state, .pid] | join(" ")')" "other running $by_hand"
it "with an id that is its mount's" same \
	"$(ps_on "$PWD/chroot/u" | jq -r '.id | test("^mount-[0-9]+-[0-9]+$")')" true

kill -9 "$by_hand"
wait "$by_hand" 2>/dev/null || true
it "it is gone with its process" same "$(ps_on "$PWD/chroot/u")" ""

# ---- gone
runc delete -f "$tag-over"
umount over/rootfs
mkdir -p idle/u idle/w idle/m
cat >idle.sh <<-'END'
	mount -t overlay overlay -o "lowerdir=$1,upperdir=$PWD/idle/u,workdir=$PWD/idle/w" idle/m
	"$STRANDLINE" ps --no-db --format json >mounted.json 2>/dev/null
	umount idle/m
	"$STRANDLINE" ps --no-db --format json >unmounted.json 2>/dev/null
END
# in a mount namespace of which nobody else makes a copy meanwhile
unshare -m --propagation private bash idle.sh "$root"
idle() { jq -r --arg upper "$PWD/idle/u" '.containers[] | select(.stack.upper == $upper)
	| [.engine, .state, .pid] | join(" ")' "$1"; }
it "a mounted root in which nothing runs is said to be there" same "$(idle mounted.json)" "other exited 0"
it "and gone when it is unmounted" same "$(idle unmounted.json)" ""
it "as is what runc deleted" gone "$tag-over"

# ---- nested in a container of docker
if ! command -v dockerd >/dev/null; then exit 0; fi
# shellcheck source=tests/engines/lib-docker.sh
. "$TESTS_DIR/engines/lib-docker.sh"
docker_start "$PWD/d" # takes the trap
trap cleanup EXIT
docker_sample_image base >/dev/null
outer=$(docker_cli run -d --network none -v "$PWD/inner" base /bin/sleep 1000)
outer_pid=$(docker_cli inspect -f '{{.State.Pid}}' "$outer")
# the machine again, with this daemon's store where a daemon's is: who names a store gets that one only
mount --rbind / slave
mount --make-rslave slave
mount -t tmpfs none slave/var/lib
mkdir slave/var/lib/docker
mount --bind "$(docker_data)" slave/var/lib/docker
store=(--root slave --live)
it "a container of docker has its process in the listing" same \
	"$(ps_of "$outer" "${store[@]}" | jq -r '[.engine, .state, .pid, .process.start] | join(" ")')" \
	"docker running $outer_pid $(cut -d' ' -f22 "/proc/$outer_pid/stat")"
cat >nested.sh <<-'END'
	busybox=/usr/bin/busybox
	$busybox mkdir -p "$1/u" "$1/w" "$1/m" "$1/l/etc" "$1/l/bin"
	$busybox cp $busybox "$1/l/bin/busybox"
	$busybox mount -t overlay -o "lowerdir=$1/l,upperdir=$1/u,workdir=$1/w" overlay "$1/m"
	exec $busybox chroot "$1/m" /bin/busybox sleep 1000
END
mkdir -p inner/u inner/l # the same names on the machine: not the same directories
# as an engine in it would, given the rights
nsenter -t "$outer_pid" -m /usr/bin/busybox sh -s "$PWD/inner" <nested.sh &
nested=$!
pids+=("$nested")
for _ in $(seq 50); do
	[ "$(readlink "/proc/$nested/root" 2>/dev/null)" != / ] && [ "$(readlink "/proc/$nested/exe")" = /bin/busybox ] && break
	sleep 0.1
done
nested_row() { "$STRANDLINE" ps --no-db "${store[@]}" --format json |
	jq -c '.containers[] | select(.stack.upper // "" | endswith("/inner/u"))'; }
inside=/proc/PID/root$PWD/inner
it "an overlay nested in it is a container of its own" same \
	"$(nested_row | jq -r '[.engine, .state, .pid] | join(" ")')" "other running $nested"
it "whose directories are reached through a process that has them" same \
	"$(nested_row | jq -r '.stack | [(.upper, .lowers[0]) | sub("^/proc/[0-9]+/"; "/proc/PID/")] | join(" ")')" \
	"$inside/u $inside/l"
it "and the outer one is listed once" same \
	"$("$STRANDLINE" ps --no-db "${store[@]}" --format json |
		jq --arg id "$outer" '[.containers[] | select(.id == $id)] | length')" 1
it "who names a store sees what is in it, and no others" same \
	"$("$STRANDLINE" ps --no-db --store "docker=$(docker_data)" --format json | jq -c '[.containers[].id]')" \
	"[\"$outer\"]"
docker_cli pause "$outer" >/dev/null
it "docker's pause is seen in the kernel" same "$(state_of "$outer" "${store[@]}")" paused
docker_cli unpause "$outer" >/dev/null

# ---- a container that was taken out of its engine's records
sleeper=$(docker_cli run -d --network none base /bin/sleep 1000)
sleeper_pid=$(docker_cli inspect -f '{{.State.Pid}}' "$sleeper")
mv "$(docker_data)/containers/$sleeper" hidden
it "what was removed from the store but runs is in no store" same \
	"$(ps_of "$sleeper" "${store[@]}" | jq -r '[.engine, .state, .pid] | join(" ")')" \
	"other running $sleeper_pid"
mv hidden "$(docker_data)/containers/$sleeper"
config=$(docker_data)/containers/$sleeper/config.v2.json
cp -p "$config" config.good
jq -c '.State.Running = false | .State.Pid = 0' config.good >"$config"
it "what its store calls exited and runs all the same is running" same \
	"$(ps_of "$sleeper" "${store[@]}" | jq -r '[.engine, .state, .pid] | join(" ")')" \
	"docker running $sleeper_pid"
jq -c '.State.Pid = 1' config.good >"$config"
it "and so is what it gives a wrong process" same \
	"$(ps_of "$sleeper" "${store[@]}" | jq -r '[.state, .pid] | join(" ")')" "running $sleeper_pid"
cp -p config.good "$config"

# ---- a container whose record is damaged
entries() { # the document's entries that bear its id, and their gaps
	"$STRANDLINE" diff --all --no-db "${store[@]}" --format json 2>diff.err | jq -r --arg id "$sleeper" '[.containers[] |
		select(.id == $id or .name == $id) | "\(.engine) \(.state) \(.gaps | length)"] | join(", ")'
}
config=$(docker_data)/containers/$sleeper/config.v2.json
cp -p "$config" config.saved
echo '{' >"$config"
it "one whose record is damaged is in the document once, with its gap, while it runs" same \
	"$(entries)" "docker running 1"
kill -9 "$sleeper_pid"
docker_cli wait "$sleeper" >/dev/null # until when it writes its records
echo '{' >"$config"
it "and when it has ended" same "$(entries)" "docker exited 1"
mv config.saved "$config"
