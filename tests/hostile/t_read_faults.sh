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

# Each call once; ESTALE is what a file server says of what may still be there.
never_lies() {
	local dir=$1
	shift
	python3 "$TESTS_DIR/readfaults.py" "$faultread" "$dir" 1 "$@"
}
compare=("$STRANDLINE" diff --image oci:layout:1 --db db --format json -j 2)
ERRNOS="EIO ESTALE" it "an upper directory: no failed call hides what is there" \
	never_lies upper "${compare[@]}" --upper upper
ERRNOS=EMFILE it "a whole tree: no failed call hides what is there" \
	never_lies rootfs "${compare[@]}" --rootfs rootfs
ERRNOS=EIO KINDS="open stat read" it "an image: no failed call makes it another" never_lies layout \
	"$STRANDLINE" diff --image oci:layout:1 --no-db --format json --upper upper
NOFILE="64 20 16 15 14 13 12 10 8 6 4" it "few descriptors hide nothing" \
	never_lies upper "${compare[@]}" --upper upper
# the sanitizers take terabytes of addresses, to begin with
if (ulimit -v 4000000 && "$STRANDLINE" --version) >/dev/null 2>&1; then
	AS="150 100 80 60 50 40 30 20" it "little memory hides nothing" \
		never_lies upper "${compare[@]}" --upper upper
fi

# ---- threads and processes
"${compare[@]}" --upper upper >whole.json || [ $? -eq 1 ]
without() { FAULTREAD_FAIL=$1 LD_PRELOAD=$faultread "${@:2}"; }
as_ever() {
	without "$1" "${compare[@]}" --upper upper >got.json || [ $? -eq 1 ] || return 1
	same "$(jq -S '.containers[0] | .findings, .gaps' got.json)" "$(jq -S '.containers[0] | .findings, .gaps' whole.json)"
}
EAGAIN=11
for fault in thread:1:$EAGAIN:always thread:2:$EAGAIN fork:1:$EAGAIN:always; do
	it "$fault: diff finds the same" as_ever $fault
	it "$fault: capture is complete" exits 0 without $fault "$STRANDLINE" capture --upper upper \
		--image oci:layout:1 --db db -o "$fault.tar.zst" -q
	it "$fault: and verified" exits 0 without $fault "$STRANDLINE" verify "$fault.tar.zst" --allow-unanchored -o said
	it "$fault: an image is indexed" exits 0 without $fault "$STRANDLINE" index oci:layout:1 --db "$fault.db" -q
done
few() { (ulimit -n "$1" && shift && "$@"); }
it "32 descriptors: capture does not take its output for the captured" exits 0 few 32 "$STRANDLINE" capture \
	--upper upper --image oci:layout:1 --db db -o few.tar.zst -q
few_are_told() {
	exits 2 few 7 "$STRANDLINE" capture --upper upper --image oci:layout:1 --db db -o none.tar.zst -q 2>err || return 1
	contains err "Too many open files" && lacks err "lies inside"
}
it "and too few are told as such" few_are_told
