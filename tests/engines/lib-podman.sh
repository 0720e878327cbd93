# shellcheck shell=bash
# SPDX-License-Identifier: Apache-2.0
# A real Podman (and Buildah) with a store of its own in the scratch directory of a test:
#
#	. "$TESTS_DIR/engines/lib-podman.sh"
#	podman_start "$PWD/p"                  # skips the test where this cannot be; ended at exit
#	podman_sample_image base               # a one-layer image from samples/make-image.sh
#	podman_run -d --name web base          # without a network, within this machine's limits
#	podman_data                            # the graph root
#
# PODMAN_DRIVER chooses the storage driver (overlay).

PODMAN_DIR=

podman_data() { echo "$PODMAN_DIR/pod"; }
podman_cli() {
	podman --root "$PODMAN_DIR/pod" --runroot "$PODMAN_DIR/run" --tmpdir "$PODMAN_DIR/tmp" \
		--storage-driver "${PODMAN_DRIVER:-overlay}" --cgroup-manager=cgroupfs \
		--runtime /usr/sbin/runc --events-backend=file "$@"
}
podman_limits=(--ulimit nofile=1024:1024 --ulimit nproc=1000:1000 --network none)
podman_run() { podman_cli run "${podman_limits[@]}" "$@"; }
buildah_cli() {
	buildah --root "$PODMAN_DIR/pod" --runroot "$PODMAN_DIR/run" \
		--storage-driver "${PODMAN_DRIVER:-overlay}" "$@"
}

# podman_start DIR: conmon's sockets have short paths, so DIR should have one, too.
podman_start() {
	need_root
	need podman conmon runc
	PODMAN_DIR=$1
	mkdir -p "$PODMAN_DIR"
	trap podman_stop EXIT
	podman_cli info >"$PODMAN_DIR/info" 2>"$PODMAN_DIR/err" || {
		cat "$PODMAN_DIR/err" >&2
		skip "podman cannot run here"
	}
}

# End what still runs, as a power cut would: what was written last is what stays.
podman_crash() {
	local file pid pids=
	for file in "$PODMAN_DIR"/run/*-containers/*/userdata/{conmon.pid,pidfile}; do
		[ -e "$file" ] && pids="$pids $(cat "$file")"
	done
	for pid in $pids; do
		grep -qF -- "$PODMAN_DIR" "/proc/$pid/mountinfo" 2>/dev/null ||
			{ tr '\0' ' ' <"/proc/$pid/cmdline" | grep -qF -- "$PODMAN_DIR"; } 2>/dev/null ||
			continue
		kill -9 "$pid" 2>/dev/null || continue
		while kill -0 "$pid" 2>/dev/null; do sleep 0.05; done
	done
	podman_unmount
}

# Undo what is left mounted, innermost first.
podman_unmount() {
	local mount
	awk -v dir="$PODMAN_DIR/" 'index($5, dir) == 1 { print $5 }' /proc/self/mountinfo |
		sort -r | while read -r mount; do umount -l "$mount" 2>/dev/null || true; done
}

# Runs at exit.
podman_stop() {
	[ -n "$PODMAN_DIR" ] || return 0
	podman_crash
	rm -rf --one-file-system -- "$PODMAN_DIR"
}

podman_sample_image() {
	local root=$PODMAN_DIR/sample
	[ -d "$root" ] || "$SOURCE_DIR/samples/make-image.sh" "$root"
	tar -C "$root" --xattrs --xattrs-include='security.*' --numeric-owner -c . |
		podman_cli import -q -c 'CMD ["/bin/sleep","1000000"]' - "$1" >/dev/null
}

# podman_build NAME: layers on the image "base" that add, change, replace and delete.
podman_build() {
	local dir=$PODMAN_DIR/context
	mkdir -p "$dir"
	cat >"$dir/Dockerfile" <<-'END'
		FROM localhost/base
		RUN echo one > /etc/one && rm /etc/issue && echo changed > /etc/os-release
		RUN mkdir -p /opt/two && echo two > /opt/two/b && rm -r /data/07
		COPY Dockerfile /srv/
		WORKDIR /srv/app
	END
	podman_cli build -q "${podman_limits[@]}" -t "$1" "$dir" >/dev/null
}
