# shellcheck shell=bash
# SPDX-License-Identifier: Apache-2.0
# The static program in a root directory that holds nothing but it, an image and an output folder:
# no library, no /proc, no /dev, no locale, no configuration.
need_root
need jq readelf setfattr strace zstd
static=${STRANDLINE_STATIC:-$SOURCE_DIR/build/static/strandline}
[ -x "$static" ] || skip "needs $static (cmake --preset static && cmake --build --preset static)"
newer=$(cd "$SOURCE_DIR" && find core snapshot host diff forensics report job cli include \
	-name '*.[ch]' -newer "$static" -print -quit)
[ -z "$newer" ] || skip "$static is older than $newer"

dynamic_parts() { readelf -dW "$1" | grep -E 'NEEDED|TEXTREL'; readelf -lW "$1" | grep INTERP; }
it "it names no library and no loader" same "" "$(dynamic_parts "$static")"
is_pie() { readelf -hW "$static" | grep -q 'Type: *DYN'; }
it "it is position independent" is_pie
it "the dynamic program does name some" contains <(dynamic_parts "$STRANDLINE") NEEDED

mkdir -p empty/in empty/out image/etc image/bin
for name in passwd hosts group; do echo "$name" >"image/etc/$name"; done
dd if=/dev/zero of=image/bin/big bs=64k count=40 status=none
setfattr -n user.note -v one image/bin/big
"$SOURCE_DIR/samples/make-oci.sh" empty/in/layout 1 image
cp -a image empty/in/rootfs
echo evil >empty/in/rootfs/bin/evil
setfattr -n user.note -v two empty/in/rootfs/bin/big
mkdir -p empty/in/upper/etc
echo changed >empty/in/upper/etc/passwd
mknod empty/in/upper/etc/group c 0 0
setfattr -n trusted.overlay.opaque -v y empty/in/upper/etc
ln -s /etc/shadow empty/in/upper/link
cp "$static" empty/strandline
to() { local file=$1; shift; "$@" >"$file" 2>&1; }
inside() { chroot empty /strandline "$@"; }

# Linux 6.13 reads attributes without /proc: before it, that must be said, and with it all works.
probe() { inside diff --upper /in/upper --image oci:/in/layout:1 --no-db >/dev/null 2>probe.err; }
probe || [ $? -eq 1 ] || {
	it "without /proc an older kernel is told what is missing" contains probe.err /proc
	mkdir empty/proc
	mount -t proc -o ro,nosuid,nodev,noexec proc empty/proc
	trap 'umount empty/proc' EXIT
}

it "help is there" to /dev/null inside --help
it "index proves an image" to index.txt inside index oci:/in/layout:1 --db /out/db
it "images lists it" to images.txt inside images --db /out/db
it "with its name" contains images.txt oci:/in/layout:1
it "ps says that there is no engine" to ps.txt inside ps
findings() { jq -cS '.containers[] | .findings[] | del(.after.atime)' "$1"; }
for what in upper rootfs; do
	it "diff --$what finds drift" to $what.json exits 1 inside diff --$what /in/$what \
		--image oci:/in/layout:1 --db /out/db --format json
	exits 1 "$STRANDLINE" diff --$what empty/in/$what --image oci:empty/in/layout:1 --no-db \
		--format json >$what.dynamic 2>/dev/null
	findings $what.json >$what.a
	findings $what.dynamic >$what.b
	sed -i 's/"id":"[0-9a-f]*"//' $what.[ab] # made of the name, which is a path here
	it "and the same as the dynamic program does" cmp $what.a $what.b
	it "$what: there was something to find" test "$(wc -l <$what.a)" -ge 2
done

# What only looks like /proc is not believed.
if [ ! -d empty/proc ]; then
	mkdir -p empty/proc/self/fd
	for fd in $(seq 0 64); do ln -s /in/rootfs/bin/evil "empty/proc/self/fd/$fd"; done
	it "with a forged /proc diff finds drift" to forged.json exits 1 inside diff --rootfs \
		/in/rootfs --image oci:/in/layout:1 --db /out/db --format json
	it "the same, as if there were none" same "$(findings rootfs.json)" "$(findings forged.json)"
	rm -r empty/proc
fi
it "capture makes a bundle" to capture.txt inside capture --upper /in/upper --image oci:/in/layout:1 \
	-o /out/bundle
open_record() { zstd -dcq "$1" 2>/dev/null | grep -aom1 '"tool":{[^}]*}'; }
it "it names this very program" \
	contains <(open_record empty/out/bundle) "$(sha256sum <empty/strandline | cut -d' ' -f1)"
it "and says that there was no /proc" \
	contains <(open_record empty/out/bundle) "\"fallbacks\":$(jq -c .tool.fallbacks upper.json)"
it "verify finds it intact" to verify.txt inside verify /out/bundle --allow-unanchored
it "so does the dynamic program" to other.txt "$STRANDLINE" verify empty/out/bundle --allow-unanchored
it "in the same words" same "$(tail -n +2 verify.txt)" "$(tail -n +2 other.txt)"
it "show lists it" to show.txt inside show /out/bundle
it "as the dynamic program does" same "$(cat show.txt)" "$("$STRANDLINE" show empty/out/bundle)"
it "timeline orders it" to timeline.txt inside timeline /out/bundle
it "as the dynamic program does, too" \
	same "$(cat timeline.txt)" "$("$STRANDLINE" timeline empty/out/bundle)"
seq=$(awk '$2 == "file" && / \/etc\/passwd$/ { print $1; exit }' show.txt)
it "extract gets a file out" inside extract /out/bundle --seq "$seq" -o /out/passwd
it "the very one" cmp empty/out/passwd empty/in/upper/etc/passwd
it "keygen makes keys" inside keygen -o /out/key
it "both of them" test -s empty/out/key.pub

# Nothing that lies on the examined machine gets into the program.
opened() {
	strace -f -qq -e trace=open,openat,connect,socket -o trace "$static" "$@" >/dev/null 2>&1
	grep -oE 'open(at)?\([^"]*"/(etc|usr|lib|home|root|var)[^"]*"|(socket|connect)\(.*' trace || true
}
it "verify opens no configuration, locale or module" \
	same "" "$(opened verify empty/out/bundle --allow-unanchored)"
it "neither does diff" same "" "$(opened diff --rootfs empty/in/rootfs \
	--image oci:empty/in/layout:1 --no-db)"
it "nor capture" same "" "$(opened capture --upper empty/in/upper \
	--image oci:empty/in/layout:1 -o other.bundle)"
it "a file opened there would be seen" test -n "$(static=/bin/ls opened /)"
it "the dynamic program reads no configuration of OpenSSL" lacks <(
	static=$STRANDLINE opened verify empty/out/bundle --allow-unanchored) openssl
