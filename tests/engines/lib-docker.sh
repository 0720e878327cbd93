# shellcheck shell=bash
# SPDX-License-Identifier: Apache-2.0
# A real dockerd in the scratch directory of a test:
#
#	. "$TESTS_DIR/engines/lib-docker.sh"
#	docker_start "$PWD/d"                 # skips the test where this cannot be; stopped at exit
#	docker_sample_image base              # a one-layer image from samples/make-image.sh
#	id=$(docker_cli run -d --network none base /bin/sleep 1000)
#	docker_data                           # the data root

DOCKER_DIR=

# Debian's own client knows BuildKit without a plugin; another one in PATH may not.
docker_client() {
	if [ -x /usr/bin/docker ]; then echo /usr/bin/docker; else command -v docker; fi
}

docker_cli() { "$(docker_client)" -H "unix://$DOCKER_DIR/docker.sock" "$@"; }
docker_data() { echo "$DOCKER_DIR/docker"; }

# docker_start DIR [DOCKERD OPTIONS]: sockets have short paths, so DIR should have one, too.
docker_start() {
	need_root
	need dockerd containerd runc
	[ -n "$(docker_client)" ] || skip "needs docker"
	DOCKER_DIR=$1
	shift
	mkdir -p "$DOCKER_DIR"
	trap docker_stop EXIT
	docker_restart "$@"
}

# Start the daemon again on the data root it had.
docker_restart() {
	dockerd --bridge=none --iptables=false --ip-forward=false \
		--storage-driver="${DOCKER_DRIVER:-overlay2}" \
		--data-root "$DOCKER_DIR/docker" --exec-root "$DOCKER_DIR/run" \
		--pidfile "$DOCKER_DIR/docker.pid" -H "unix://$DOCKER_DIR/docker.sock" "$@" \
		>>"$DOCKER_DIR/dockerd.log" 2>&1 </dev/null &
	DOCKER_PID=$!
	for _ in $(seq 300); do
		if docker_cli version >/dev/null 2>&1; then return 0; fi
		kill -0 "$DOCKER_PID" 2>/dev/null || break
		sleep 0.1
	done
	tail -n 30 "$DOCKER_DIR/dockerd.log" >&2
	if grep -qE 'driver not supported|not supported.*overlay|failed to mount|operation not permitted' \
		"$DOCKER_DIR/dockerd.log"; then
		skip "dockerd cannot run here"
	fi
	echo "dockerd did not start" >&2
	return 1
}

# Stop the daemon and wait until it is gone; containers stay as they are in the store.
docker_halt() {
	[ -n "${DOCKER_PID:-}" ] || return 0
	kill "$DOCKER_PID" 2>/dev/null || true
	wait "$DOCKER_PID" 2>/dev/null || true
	DOCKER_PID=
}

# Kill the daemon and all containers as a power cut would: what was written last is what stays.
# (Frozen processes cannot be killed, so nothing stays paused.)
docker_crash() {
	local ids pid pids=
	ids=$(docker_cli ps -q --filter status=paused)
	# shellcheck disable=SC2086 # a list of ids
	[ -z "$ids" ] || docker_cli unpause $ids >/dev/null
	ids=$(docker_cli ps -q)
	# shellcheck disable=SC2086
	[ -z "$ids" ] || pids=$(docker_cli inspect -f '{{.State.Pid}}' $ids)
	kill -9 "$DOCKER_PID" 2>/dev/null || true
	wait "$DOCKER_PID" 2>/dev/null || true
	DOCKER_PID=
	docker_kill_rest
	# shellcheck disable=SC2086 # a list of process ids
	[ -z "$pids" ] || kill -9 $pids 2>/dev/null || true
	for pid in $pids; do
		while kill -0 "$pid" 2>/dev/null; do sleep 0.05; done
	done
}

# The daemon's own containerd and its shims outlive a crash: end exactly those that name our folder.
docker_kill_rest() {
	local dir pid
	for dir in /proc/[0-9]*; do
		pid=${dir#/proc/}
		[ "$pid" != $$ ] || continue
		if { tr '\0' '\n' <"$dir/cmdline"; } 2>/dev/null |
			grep -qF -- "$DOCKER_DIR/run/"; then
			kill -9 "$pid" 2>/dev/null || true
		fi
	done
}

# Undo what a crashed daemon left mounted, innermost first.
docker_unmount() {
	local mount
	awk -v dir="$DOCKER_DIR/" 'index($5, dir) == 1 { print $5 }' /proc/self/mountinfo |
		sort -r | while read -r mount; do umount -l "$mount" 2>/dev/null || true; done
}

# Runs at exit: containers, daemon, helpers and mounts of this test, in this order.
docker_stop() {
	local ids
	[ -n "$DOCKER_DIR" ] || return 0
	if [ -n "${DOCKER_PID:-}" ]; then
		ids=$(docker_cli ps -q 2>/dev/null) || ids=
		# shellcheck disable=SC2086 # a list of ids
		[ -z "$ids" ] || docker_cli unpause $ids >/dev/null 2>&1 || true
		# shellcheck disable=SC2086
		[ -z "$ids" ] || docker_cli kill $ids >/dev/null 2>&1 || true
	fi
	docker_halt
	docker_kill_rest
	docker_unmount
	rm -rf -- "$DOCKER_DIR"
}

# docker_sample_image NAME: one layer, imported.
docker_sample_image() {
	local root=$DOCKER_DIR/sample
	[ -d "$root" ] || "$SOURCE_DIR/samples/make-image.sh" "$root"
	tar -C "$root" --xattrs --xattrs-include='security.*' --numeric-owner -c . |
		docker_cli import -c 'CMD ["/bin/sleep","1000000"]' - "$1" >/dev/null
}

# A build context whose layers add, change, replace and delete. Files carry nanoseconds in their
# times: what a builder keeps of them is what differs between builders.
docker_context() {
	local dir=$1
	[ -d "$dir" ] && return 0
	mkdir -p "$dir/one/etc" "$dir/two/opt"
	"$SOURCE_DIR/samples/make-image.sh" "$dir/root"
	echo "$dir" >"$dir/root/etc/context" # no layer is shared with another context's
	tar -C "$dir/root" --numeric-owner -cf "$dir/root.tar" .
	rm -r "$dir/root"
	echo one >"$dir/one/etc/one.conf"
	echo changed >"$dir/one/etc/os-release"
	echo two >"$dir/two/opt/two"
	touch -d '2023-05-06 07:08:09.123456789Z' "$dir/one/etc/one.conf" "$dir/two/opt/two"
	cat >"$dir/Dockerfile" <<-'END'
		FROM scratch
		ADD root.tar /
		COPY one/ /
		RUN ["/bin/rm", "-r", "/data/07"]
		COPY two/ /
		WORKDIR /srv/app
		CMD ["/bin/sleep", "1000000"]
	END
}

# docker_build_classic NAME [CONTEXT]: several layers by the classic builder.
docker_build_classic() {
	local context=${2:-$DOCKER_DIR/classic}
	docker_context "$context"
	DOCKER_BUILDKIT=0 docker_cli build --network none -q -t "$1" "$context" >/dev/null
}

# docker_build_buildkit NAME [CONTEXT]: the same by the BuildKit inside dockerd. Its layers have nanoseconds
# in their times on disk and whole seconds in their tars.
docker_build_buildkit() {
	local context=${2:-$DOCKER_DIR/buildkit}
	docker_context "$context"
	DOCKER_BUILDKIT=1 docker_cli build --network none -q -t "$1" "$context" >/dev/null
}
