# shellcheck shell=bash
# SPDX-License-Identifier: Apache-2.0
# shellcheck source=tests/bundle-lib.sh
. "$TESTS_DIR/bundle-lib.sh"
need_root
need mount mkfs.ext4

fill() { "$WRITER" fill "$@" >fill.out; }

mount_small() { # KIND
	mkdir -p disk
	case $1 in
	tmpfs) mount -t tmpfs -o size=24m none disk ;;
	ext4)
		truncate -s 32M image && mkfs.ext4 -q -F image && mount -o loop image disk
		;;
	esac
}
trap 'umount -l disk 2>/dev/null || true' EXIT

for kind in tmpfs ext4; do
	mount_small $kind 2>mount.err || { echo "skipped: $kind: $(head -1 mount.err)"; continue; }
	for bytes in 3000 700000 9000000 60000000; do
		it "$kind, files of $bytes bytes: a full disk is met and the bundle closed" \
			fill disk/full.tar.zst $bytes
		it "$kind, files of $bytes bytes: closed as nospace, and not broken" \
			grep -q '^incomplete nospace' <("$WRITER" verdict disk/full.tar.zst)
		rm -rf full && unpack disk/full.tar.zst full
		it "$kind, files of $bytes bytes: sha256sum agrees" payloads_match full
		it "$kind, files of $bytes bytes: each refusal is a gap" \
			same "$(cat full/j/*.jsonl | jq -r 'select(.type == "gap") | .errno' | sort -u)" 28
		it "$kind, files of $bytes bytes: the close statement holds" close_statement_holds full
		it "$kind, files of $bytes bytes: room that was not used was given back" test \
			"$(du -k --apparent-size disk/full.tar.zst | cut -f1)" -ge \
			"$(($(du -k disk/full.tar.zst | cut -f1) - 64))"
		rm disk/full.tar.zst
	done
	umount disk
done

# the reserve is ours: somebody else takes all the rest while the bundle is open
starve() {
	mkfifo go
	"$WRITER" starve disk/starved.tar.zst <go >starve.out &
	local pid=$!
	exec 3>go
	until grep -q ready starve.out; do
		kill -0 $pid || return 1
		sleep 0.1
	done
	cat /dev/zero >disk/other 2>/dev/null || true
	same "$(stat -f -c %a disk)" 0 || return 1
	echo >&3
	exec 3>&-
	wait $pid
}
mkdir -p disk && mount -t tmpfs -o size=6m none disk
it "a disk that others fill: the bundle can still say so and close" starve
it "a disk that others fill: closed as nospace, and not broken" \
	grep -q '^incomplete nospace' <("$WRITER" verdict disk/starved.tar.zst)
