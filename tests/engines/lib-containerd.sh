# shellcheck shell=bash
# SPDX-License-Identifier: Apache-2.0
# A real containerd in the scratch directory of a test, on a root directory of its own:
#
#	. "$TESTS_DIR/engines/lib-containerd.sh"
#	ctrd_start "$PWD/disk"        # skips the test where this cannot be; stopped at exit
#	ctrd_sample_images            # docker.io/library/shop:1 of three layers, localhost/pause:1
#	ctrd_import NAMESPACE shop    # one of them into a namespace
#	ctrd_run NAMESPACE docker.io/library/shop:1 NAME
#	ctrd_root                     # its root directory
#
# Its state and its sockets lie there, too, so that it meets no other containerd.

CTRD_DISK=
CTRD_PID=

ctrd_cli() { ctr -a "$CTRD_DIR/c.sock" "$@"; }
# ctrd_run NAMESPACE [OPTIONS] IMAGE NAME: in the background. runc keeps its state in /run and makes
# control groups, both by namespace and name alone: a namespace of the test's own keeps them apart.
ctrd_run() {
	local ns=$1
	shift
	ctrd_cli -n "$ns" run -d "$@"
}
ctrd_root() { echo "$CTRD_DISK/var/lib/containerd"; }
ctrd_cri() { /usr/bin/python3 "$TESTS_DIR/engines/cri.py" "$CTRD_DIR/c.sock" "$@"; }

# ctrd_start DISK: what is recorded as absolute paths of this machine is found inside of it, too.
ctrd_start() {
	need_root
	need containerd ctr runc python3
	CTRD_DISK=$1
	CTRD_DIR=$(dirname "$1")
	mkdir -p "$CTRD_DISK/etc/containerd" "$CTRD_DISK$CTRD_DIR"
	chmod go+x "$CTRD_DIR" "$CTRD_DIR/.." # users of a container go through to its files
	ln -s / "$CTRD_DISK$CTRD_DISK"
	cat >"$CTRD_DISK/etc/containerd/config.toml" <<-END
		version = 2
		root = "$CTRD_DISK/var/lib/containerd" # not the usual place
		state = "$CTRD_DISK/run/containerd"

		[grpc]
		  address = "$CTRD_DIR/c.sock"
		[ttrpc]
		  address = "$CTRD_DIR/t.sock"
		[plugins."io.containerd.grpc.v1.cri"]
		  sandbox_image = "localhost/pause:1"
		  disable_apparmor = true
		  restrict_oom_score_adj = true
	END
	trap ctrd_stop EXIT
	ctrd_restart
}

ctrd_restart() {
	containerd -c "$CTRD_DISK/etc/containerd/config.toml" >>"$CTRD_DIR/containerd.log" 2>&1 \
		</dev/null &
	CTRD_PID=$!
	for _ in $(seq 200); do
		if ctrd_cli version >/dev/null 2>&1; then return 0; fi
		kill -0 "$CTRD_PID" 2>/dev/null || break
		sleep 0.1
	done
	tail -n 30 "$CTRD_DIR/containerd.log" >&2
	skip "containerd cannot run here"
}

# Stop the daemon; containers go on running.
ctrd_halt() {
	[ -n "$CTRD_PID" ] || return 0
	kill "${1:--TERM}" "$CTRD_PID" 2>/dev/null || true
	wait "$CTRD_PID" 2>/dev/null || true
	CTRD_PID=
}

# Shims and containers outlive the daemon: end exactly those that name our folder.
ctrd_kill_rest() {
	local dir file pid pids=
	for file in "$CTRD_DISK"/run/containerd/io.containerd.runtime.v2.task/*/*/init.pid; do
		[ ! -e "$file" ] || pids="$pids $(cat "$file")"
	done
	for dir in /proc/[0-9]*; do
		pid=${dir#/proc/}
		[ "$pid" != $$ ] || continue
		if { tr '\0' '\n' <"$dir/cmdline"; } 2>/dev/null | grep -qxF -- "$CTRD_DIR/c.sock"
		then kill -9 "$pid" 2>/dev/null || true; fi
	done
	for pid in $pids; do
		# only what runs in a root file system of ours
		grep -qF " $CTRD_DISK/" "/proc/$pid/mountinfo" 2>/dev/null ||
			grep -qF "=$CTRD_DISK/" "/proc/$pid/mountinfo" 2>/dev/null || continue
		kill -9 "$pid" 2>/dev/null || true
		while kill -0 "$pid" 2>/dev/null; do sleep 0.02; done
	done
}

ctrd_unmount() {
	local mount
	awk -v dir="$CTRD_DIR/" 'index($5, dir) == 1 { print $5 }' /proc/self/mountinfo |
		sort -r | while read -r mount; do umount -l "$mount" 2>/dev/null || true; done
}

# As a power cut would: what was written last is what stays, and /run is gone.
ctrd_crash() {
	ctrd_halt -9
	ctrd_kill_rest
	ctrd_unmount
	rm -rf "$CTRD_DISK/run"
}

# runc's state and control groups outlive a crash.
ctrd_forget() {
	local dir group name
	for dir in /run/containerd/runc/*/*; do
		grep -qF "=$CTRD_DISK/" "$dir/state.json" 2>/dev/null || continue
		rm -r "$dir"
		name=${dir#/run/containerd/runc/}
		for group in "/sys/fs/cgroup/$name" /sys/fs/cgroup/*/"$name"; do
			rmdir "$group" 2>/dev/null || true
			rmdir "${group%/*}" 2>/dev/null || true
		done
		rmdir "${dir%/*}" 2>/dev/null || true
	done
}

ctrd_stop() {
	[ -n "$CTRD_DISK" ] || return 0
	ctrd_halt
	ctrd_kill_rest
	ctrd_unmount
	ctrd_forget
}

# shop.tar (three layers behind an index), pause.tar (a program that only waits).
ctrd_sample_images() {
	local dir=$CTRD_DIR/images
	mkdir -p "$dir/two/etc" "$dir/two/opt" "$dir/two/srv/app" "$dir/three/data" "$dir/pause"
	"$SOURCE_DIR/samples/make-image.sh" "$dir/one"
	# containerd syncs every file of every namespace: a few will do
	find "$dir/one/data" -mindepth 1 -maxdepth 1 ! -name '0[78]' -exec rm -r {} +
	echo changed >"$dir/two/etc/os-release"
	echo two >"$dir/two/opt/two"
	: >"$dir/three/data/.wh.07"
	cp "$dir/one/usr/bin/busybox" "$dir/pause/sleep"
	for layer in one two three pause; do
		tar -C "$dir/$layer" --xattrs --xattrs-include='security.*' --numeric-owner \
			-cf "$dir/$layer.tar" .
	done
	rm -r "$dir/one"
	python3 "$TESTS_DIR/engines/ctrd_image.py" "$dir/shop" docker.io/library/shop:1 index \
		labels='{"io.kubernetes.pod.name":"spoofed","io.cri-containerd.kind":"container"}' \
		"$dir/one.tar" "$dir/two.tar" "$dir/three.tar"
	python3 "$TESTS_DIR/engines/ctrd_image.py" "$dir/waiter" localhost/pause:1 \
		cmd='/sleep 1000000' "$dir/pause.tar"
	tar -C "$dir/shop" -cf "$dir/shop.tar" .
	tar -C "$dir/waiter" -cf "$dir/pause.tar.oci" .
	mv "$dir/pause.tar.oci" "$dir/pause.tar"
}

# ctrd_import NAMESPACE shop|pause [OPTIONS]
ctrd_import() {
	local ns=$1 image=$2
	shift 2
	ctrd_cli -n "$ns" images import "$@" "$CTRD_DIR/images/$image.tar" >/dev/null
}
