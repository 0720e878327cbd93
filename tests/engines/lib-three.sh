# shellcheck shell=bash
# SPDX-License-Identifier: Apache-2.0
# Three real engines at once, with their stores where a disk has them:
#
#	. "$TESTS_DIR/engines/lib-three.sh"
#	three_start "$PWD/T"      # T is laid out like a root file system; all is stopped at exit
#	three_image base 1        # the same two-layer image, base:1, in all three
#	three_run web base:1      # a container of that name in each
#	three_exec docker web /bin/sh -c '...'
#	three_halt                # containers, then engines; the stores stay
#
# THREE_ENGINES in the environment takes some of them only, to look for a fault.

THREE=
THREE_ENGINES=${THREE_ENGINES:-docker containerd podman}

three_has() { case " $THREE_ENGINES " in *" $1 "*) ;; *) return 1 ;; esac; }

three_docker() { docker -H "unix://$THREE_RUN/docker.sock" "$@"; }
# runc knows containers by namespace and name alone: this one is the test's own.
three_ctr() { ctr -a "$THREE_RUN/containerd.sock" -n "three$$" "$@"; }
three_podman() {
	podman --root "$THREE/var/lib/containers/storage" --runroot "$THREE_RUN/podman" \
		--tmpdir "$THREE_RUN/libpod" --cgroup-manager=cgroupfs --events-backend=none \
		--runtime /usr/sbin/runc --storage-driver overlay "$@"
}

# three_start T: state and sockets stay outside of T, as on a disk whose /run was memory.
three_start() {
	need_root
	need dockerd docker containerd ctr containerd-shim-runc-v2 runc podman conmon skopeo jq
	THREE=$1
	THREE_RUN=$(mktemp -d /tmp/strandline-three.XXXXXX) # sockets have short paths
	mkdir -p "$THREE/var/lib" "$THREE/etc"
	trap three_stop EXIT
	three_resume
}

# Start the daemons on the stores that are there. (Podman has none.)
three_resume() {
	! three_has docker || three_resume_docker
	! three_has containerd || three_resume_containerd
}

three_resume_docker() {
	dockerd --bridge=none --iptables=false --ip-forward=false --storage-driver=overlay2 \
		--data-root "$THREE/var/lib/docker" --exec-root "$THREE_RUN/docker" \
		--pidfile "$THREE_RUN/docker.pid" -H "unix://$THREE_RUN/docker.sock" \
		>>"$THREE_RUN/docker.log" 2>&1 </dev/null &
	THREE_DOCKERD=$!
	three_wait "$THREE_DOCKERD" docker three_docker version
}

three_resume_containerd() {
	cat >"$THREE_RUN/containerd.toml" <<-END
		version = 2
		root = "$THREE/var/lib/containerd"
		state = "$THREE_RUN/containerd"
		disabled_plugins = ["io.containerd.grpc.v1.cri"]
		[grpc]
		address = "$THREE_RUN/containerd.sock"
		[plugins."io.containerd.internal.v1.opt"]
		path = "$THREE_RUN/opt"
	END
	containerd -c "$THREE_RUN/containerd.toml" >>"$THREE_RUN/containerd.log" 2>&1 </dev/null &
	THREE_CONTAINERD=$!
	three_wait "$THREE_CONTAINERD" containerd three_ctr version
}

# three_wait PID NAME COMMAND...: until the command works.
three_wait() {
	local pid=$1 name=$2
	shift 2
	for _ in $(seq 300); do
		if "$@" >/dev/null 2>&1; then return 0; fi
		kill -0 "$pid" 2>/dev/null || break
		sleep 0.1
	done
	tail -n 30 "$THREE_RUN/$name.log" >&2
	echo "$name did not start" >&2
	return 1
}

# three_image NAME TAG: built once, with one configuration, so that its id, THREE_IMAGE, is the same
# everywhere.
three_image() {
	local dir=$THREE_RUN/image
	mkdir -p "$dir/base/bin" "$dir/base/etc" "$dir/base/usr/bin" "$dir/base/proc" "$dir/base/sys" \
		"$dir/base/dev" "$dir/base/tmp" "$dir/base/root" "$dir/app/srv/app"
	cp /bin/busybox "$dir/base/bin/busybox"
	for tool in sh sleep cat echo rm chmod mkdir touch ln; do
		ln -sf busybox "$dir/base/bin/$tool"
	done
	echo 'root:x:0:0::/root:/bin/sh' >"$dir/base/etc/passwd"
	echo 'hello, world' >"$dir/base/etc/motd"
	echo 'old' >"$dir/base/etc/old"
	printf '#!/bin/sh\necho tool\n' >"$dir/base/usr/bin/tool"
	chmod 0755 "$dir/base/usr/bin/tool"
	echo 'serve' >"$dir/app/srv/app/serve"
	find "$dir/base" "$dir/app" -exec touch -h -d '2024-01-02 03:04:05 UTC' {} +
	bash "$SOURCE_DIR/samples/make-oci.sh" "$dir/oci" "$2" "$dir/base" "$dir/app" >/dev/null
	skopeo copy -q "oci:$dir/oci:$2" "docker-archive:$dir/docker.tar:$1:$2"
	skopeo copy -q "oci:$dir/oci:$2" "oci-archive:$dir/oci.tar:$2"
	! three_has docker || three_docker load -q -i "$dir/docker.tar" >/dev/null
	! three_has containerd ||
		three_ctr image import --base-name "docker.io/library/$1" "$dir/oci.tar" >/dev/null
	! three_has podman || skopeo copy -q "oci:$dir/oci:$2" \
		"containers-storage:[overlay@$THREE/var/lib/containers/storage+$THREE_RUN/podman]docker.io/library/$1:$2"
	THREE_IMAGE=$(skopeo inspect --raw "oci:$dir/oci:$2" | jq -r .config.digest)
	rm -r "$dir"
}

# three_run CONTAINER IMAGE
three_run() {
	! three_has docker ||
		three_docker run -d --network none --name "$1" "$2" /bin/sleep 100000 >/dev/null
	! three_has containerd || three_ctr run -d "docker.io/library/$2" "$1" /bin/sleep 100000
	! three_has podman || three_podman run -d -q --network none --ulimit nofile=1024:1024 --ulimit nproc=1000:1000 \
		--name "$1" "docker.io/library/$2" /bin/sleep 100000 >/dev/null
}

# three_exec ENGINE CONTAINER COMMAND...
three_exec() {
	local engine=$1 container=$2
	shift 2
	case $engine in
	docker) three_docker exec "$container" "$@" ;;
	containerd) three_ctr task exec --exec-id "x$RANDOM$RANDOM" "$container" "$@" ;;
	podman) three_podman exec "$container" "$@" ;;
	esac
}

# three_pid ENGINE CONTAINER: as the engine says.
three_pid() {
	case $1 in
	docker) three_docker inspect -f '{{.State.Pid}}' "$2" ;;
	containerd) three_ctr task ls | awk -v name="$2" '$1 == name { print $2 }' ;;
	podman) three_podman inspect -f '{{.State.Pid}}' "$2" ;;
	esac
}

# three_id ENGINE CONTAINER
three_id() {
	case $1 in
	docker) three_docker inspect -f '{{.Id}}' "$2" ;;
	containerd) echo "$2" ;;
	podman) three_podman inspect -f '{{.Id}}' "$2" ;;
	esac
}

# three_store ENGINE: its directory beneath T.
three_store() {
	case $1 in
	docker) echo "$THREE/var/lib/docker" ;;
	containerd) echo "$THREE/var/lib/containerd" ;;
	podman) echo "$THREE/var/lib/containers/storage" ;;
	esac
}

# Kill every container and end the daemons; what the stores hold stays.
three_halt() {
	local ids id
	if [ -n "${THREE_DOCKERD:-}" ]; then
		ids=$(three_docker ps -q 2>/dev/null) || ids=
		# shellcheck disable=SC2086 # a list of ids
		[ -z "$ids" ] || three_docker kill $ids >/dev/null 2>&1 || true
	fi
	if [ -n "${THREE_CONTAINERD:-}" ]; then
		for id in $(three_ctr task ls -q 2>/dev/null); do
			three_ctr task kill -s 9 "$id" >/dev/null 2>&1 || true
			for _ in $(seq 50); do
				three_ctr task rm "$id" >/dev/null 2>&1 && break
				sleep 0.1
			done
		done
	fi
	[ ! -d "$THREE/var/lib/containers" ] || three_podman stop -a -t 0 >/dev/null 2>&1 || true
	for id in "${THREE_DOCKERD:-}" "${THREE_CONTAINERD:-}"; do
		[ -z "$id" ] || kill "$id" 2>/dev/null || true
		[ -z "$id" ] || wait "$id" 2>/dev/null || true
	done
	THREE_DOCKERD='' THREE_CONTAINERD=''
	three_kill_rest
	three_unmount
	rm -rf "/run/containerd/runc/three$$"
	for id in /sys/fs/cgroup/{,*/}three$$; do
		[ ! -d "$id" ] || find "$id" -depth -type d -exec rmdir {} + 2>/dev/null || true
	done
}

# Shims, monitors and helpers that outlive their engine: exactly those that name our folders.
three_kill_rest() {
	local dir pid
	for dir in /proc/[0-9]*; do
		pid=${dir#/proc/}
		[ "$pid" != $$ ] || continue
		if { tr '\0' '\n' <"$dir/cmdline"; } 2>/dev/null | grep -qF -- "$THREE_RUN/"; then
			kill -9 "$pid" 2>/dev/null || true
		fi
	done
}

# Undo what they left mounted, innermost first.
three_unmount() {
	local mount
	awk -v a="$THREE/" -v b="$THREE_RUN/" 'index($5, a) == 1 || index($5, b) == 1 { print $5 }' \
		/proc/self/mountinfo | sort -r | while read -r mount; do
		umount -l "$mount" 2>/dev/null || true
	done
}

# Runs at exit.
three_stop() {
	[ -n "$THREE" ] || return 0
	three_halt
	rm -rf -- "$THREE" "$THREE_RUN"
}
