# SPDX-License-Identifier: Apache-2.0
# shellcheck source=tests/bundle-lib.sh
. "$TESTS_DIR/bundle-lib.sh"
need_root
need mount mkfs.ext4

mount_small() { # KIND
	mkdir -p disk
	case $1 in
	tmpfs) mount -t tmpfs -o size=24m none disk ;;
	ext4)
		truncate -s 32M image && mkfs.ext4 -q -F image && mount -o loop image disk
		;;
	esac
}
trap 'umount disk 2>/dev/null || true' EXIT

for kind in tmpfs ext4; do
	mount_small $kind 2>mount.err || { echo "skipped: $kind: $(head -1 mount.err)"; continue; }
	for bytes in 3000 700000 9000000 60000000; do
		it "$kind, files of $bytes bytes: a full disk is met and the bundle closed" \
			"$WRITER" fill disk/full.tar.zst $bytes >fill.out
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
