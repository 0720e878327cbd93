# shellcheck shell=bash
# SPDX-License-Identifier: Apache-2.0
# Whatever is asked of the evidence fails once, in every way a kernel can fail: what was there is
# found, or a gap covers it, or no statement is made. Threads, processes and descriptors run out:
# the same holds.
need_root
need jq python3 setfattr
faultread=$BUILD_DIR/tests/preload_faultread.so
export ASAN_OPTIONS=${ASAN_OPTIONS:+$ASAN_OPTIONS:}verify_asan_link_order=0
LD_PRELOAD=$faultread "$STRANDLINE" --version >loaded 2>&1 || skip "needs a program that preloads"
lacks loaded "cannot be preloaded" || skip "needs a program that preloads"

mkdir -p image/etc image/bin/deep image/lib upper/etc upper/bin upper/lib/a/b upper/opaque
for name in passwd hosts group; do echo "$name" >"image/etc/$name"; done
echo tool >image/bin/deep/tool
setfattr -n user.note -v one image/bin/deep/tool
ln -s tool image/bin/deep/link
"$SOURCE_DIR/samples/make-oci.sh" layout 1 image
"$STRANDLINE" index oci:layout:1 --db db >indexed
cp -a image rootfs
echo changed >upper/etc/passwd
mknod upper/etc/group c 0 0
cp -a image/etc/hosts upper/etc/hosts
setfattr -n user.note -v two upper/etc/hosts
cp /bin/true upper/bin/evil
chmod 4755 upper/bin/evil
echo '#!/bin/sh' >upper/lib/a/b/s.sh
chmod +x upper/lib/a/b/s.sh
ln upper/lib/a/b/s.sh upper/lib/a/other
ln -s /etc/shadow upper/link
mkfifo upper/fifo
setfattr -n trusted.overlay.opaque -v y upper/lib/a
rm rootfs/etc/group
echo evil >rootfs/bin/deep/tool
cp upper/bin/evil rootfs/bin/evil

# Each call once; the second errno is one that a file server has, and the third is ours alone.
never_lies() {
	local dir=$1
	shift
	ERRNOS=${ERRNOS:-EIO ESTALE EMFILE} python3 "$TESTS_DIR/readfaults.py" "$faultread" "$dir" 1 "$@"
}
compare=("$STRANDLINE" diff --image oci:layout:1 --db db --format json)
it "an upper directory: no failed call hides what is there" never_lies upper "${compare[@]}" --upper upper -j 1
ERRNOS=EIO it "a whole tree: no failed call hides what is there" \
	never_lies rootfs "${compare[@]}" --rootfs rootfs -j 1
ERRNOS=EIO it "an image: no failed call makes it another" never_lies layout "$STRANDLINE" diff \
	--image oci:layout:1 --no-db --format json --upper upper
