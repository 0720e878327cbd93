# shellcheck shell=bash
# SPDX-License-Identifier: Apache-2.0
# Older kernels lack system calls (ENOSYS), container profiles forbid some (EPERM): what is found
# stays the same, and what was done another way is said.
need_root
need jq setfattr
deny=$BUILD_DIR/tests/tool_deny
[ -x "$deny" ] || skip "needs $deny"
"$deny" ENOSYS openat2 true || skip "needs seccomp filters"

# Linux 4.18 has statx and none of the others; a profile of 2019 forbids that too.
old=openat2,mount_setattr,open_tree,move_mount,fsopen,getxattrat,listxattrat,pidfd_open,close_range,faccessat2
older=$old,statx,memfd_create,copy_file_range,io_uring_setup

passes_denied() { "$deny" "$1" "$2" "$BUILD_DIR/tests/unit_test_$3" >out 2>&1 || { cat out; return 1; }; }
for test in root beneath walk; do
	it "unit/$test holds on an old kernel" passes_denied ENOSYS "$old" $test
done
for test in root layertree docker_store recording; do
	it "unit/$test holds where calls are forbidden" passes_denied EPERM "$old,statx" $test
done

mkdir -p image/etc image/bin/deep upper/etc
for name in passwd hosts group; do echo "$name" >"image/etc/$name"; done
echo tool >image/bin/deep/tool
setfattr -n user.note -v one image/bin/deep/tool
ln -s tool image/bin/deep/link
"$SOURCE_DIR/samples/make-oci.sh" layout 1 image
cp -a image rootfs
sed -i s/tool/evil/ rootfs/bin/deep/tool
setfattr -n user.note -v two rootfs/etc/hosts
echo changed >upper/etc/passwd
mknod upper/etc/group c 0 0
setfattr -n trusted.overlay.opaque -v y upper/etc
ln -s /etc/shadow upper/link
mkfifo upper/fifo

# what does not depend on when and how: reading a link moves its access time
findings() { jq -S '.containers[] | .findings[] | del(.after.btime, .before.btime, .after.atime)' "$1" >"$1.findings"; }
run_all() {
	local name=$1
	shift
	"$@" "$STRANDLINE" index oci:layout:1 --db "$name.db" >"$name.index" || return 1
	for what in upper rootfs; do
		exits 1 "$@" "$STRANDLINE" diff --$what $what --image oci:layout:1 --db "$name.db" \
			--format json >"$name.$what" || return 1
		findings "$name.$what"
	done
	exits 0 "$@" "$STRANDLINE" capture --upper upper --image oci:layout:1 -o "$name.bundle" \
		2>"$name.capture" || { cat "$name.capture"; return 1; }
	"$@" "$STRANDLINE" verify "$name.bundle" --allow-unanchored >"$name.verify"
}
it "the undisturbed run works" run_all free
it "and finds something" test -s free.upper.findings
it "and needs nothing else" same '[]' "$(jq -c .tool.fallbacks free.upper)"
fallbacks_in_bundle() {
	zstd -dcq "$1" 2>/dev/null | grep -aom1 '"fallbacks":\[[^]]*\]' || true
}
equal_to_free() {
	for what in upper rootfs; do
		cmp "free.$what.findings" "$1.$what.findings" || return 1
		same "$2" "$(jq -c .tool.fallbacks "$1.$what")" || return 1
		same true "$(jq .containers[0].complete "$1.$what")" || return 1
	done
	same "\"fallbacks\":$2" "$(fallbacks_in_bundle "$1.bundle")" &&
		same "$(grep -c . free.verify)" "$(grep -c . "$1.verify")"
}
for errno in ENOSYS EPERM; do
	it "$errno: everything works on an old kernel" run_all "$errno.old" "$deny" $errno "$old"
	it "$errno: with the same findings, and says how" equal_to_free "$errno.old" '["openat2"]'
	it "$errno: everything works without statx as well" \
		run_all "$errno.older" "$deny" $errno "$older"
	it "$errno: with the same findings but birth times, and says how" \
		equal_to_free "$errno.older" '["openat2","statx"]'
done
