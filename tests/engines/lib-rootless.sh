# shellcheck shell=bash
# SPDX-License-Identifier: Apache-2.0
# A user "kim" who runs an engine without root; he exists in mount namespaces of a test alone:
#
#	. "$TESTS_DIR/engines/lib-rootless.sh"
#	rootless_start 54321            # his number; skips the test where it is taken
#	machine COMMAND...              # as root, on a machine that knows him
#	as_kim FILE WORD...             # runs $dir/FILE with bash; what is said goes to $dir/log
#
# His home is $dir/disk/home/kim, so that $dir/disk is a disk that has it, too; $dir/run is his
# XDG_RUNTIME_DIR. At exit his processes are killed, and all of it is gone.

rootless_start() {
	need_root
	need newuidmap unshare setpriv jq
	[ -e /etc/subuid ] && [ -e /etc/subgid ] || skip "needs /etc/subuid and /etc/subgid"
	uid=$1
	if getent passwd "$uid" >/dev/null || pgrep -u "$uid" >/dev/null; then skip "uid $uid is taken"; fi
	# where that user may go, unlike the test's own directory
	dir=$(mktemp -d "${TMPDIR:-/tmp}/strandline-rl.XXXXXX")
	chmod 755 "$dir"
	trap rootless_finish EXIT
	mkdir -p "$dir/etc" "$dir/run" "$dir/disk/etc" "$dir/disk/home/kim"
	{ cat /etc/passwd; echo "kim:x:$uid:$uid::$dir/disk/home/kim:/bin/sh"; } >"$dir/etc/passwd"
	{ cat /etc/group; echo "kim:x:$uid:"; } >"$dir/etc/group"
	# two ranges, the second one not behind the first
	printf 'kim:300000:1000\nkim:200000:65000\n' | tee "$dir/etc/subuid" >"$dir/etc/subgid"
	echo "kim:x:$uid:$uid::/home/kim:/bin/sh" >"$dir/disk/etc/passwd"
	cp "$dir/etc/subuid" "$dir/etc/subgid" "$dir/disk/etc/"
	chown "$uid:$uid" "$dir/run" "$dir/disk/home/kim"
	chmod 700 "$dir/run"
}

rootless_finish() {
	local pid
	for pid in $(pgrep -u "$uid"); do kill -9 "$pid" 2>/dev/null || true; done
	# what he mounted goes with the last of them
	for _ in $(seq 50); do pgrep -u "$uid" >/dev/null || break; sleep 0.1; done
	rm -rf --one-file-system -- "$dir"
}

machine() {
	# shellcheck disable=SC2016 # for the shell in there
	unshare -m --propagation private sh -eu -c '
		dir=$1
		shift
		for file in passwd group subuid subgid; do mount --bind "$dir/etc/$file" "/etc/$file"; done
		exec "$@"' - "$dir" "$@"
}

as_kim() {
	local file=$1
	shift
	machine setpriv --reuid "$uid" --regid "$uid" --clear-groups env -i \
		HOME="$dir/disk/home/kim" USER=kim PATH="$PATH:/usr/sbin:/sbin" XDG_RUNTIME_DIR="$dir/run" \
		bash "$dir/$file" "$@" >"$dir/log" 2>&1 </dev/null
}
