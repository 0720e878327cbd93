# shellcheck shell=bash
# SPDX-License-Identifier: Apache-2.0
# Upper directories of every dialect, and markers that lie: each is read as its dialect reads it,
# what another would take for a marker is drift, and what leads nowhere is a gap.
need_root
need jq python3 setfattr
mkdir -p image/etc image/usr/bin image/old/deep image/full
echo hi >image/etc/motd
echo tool >image/usr/bin/tool
echo kept >image/old/deep/kept
touch image/full/one image/full/two
"$SOURCE_DIR/samples/make-oci.sh" oci t image >/dev/null
image=oci:$PWD/oci:t
# drift DIALECT DIR OPTIONS...: the document in doc.json; the exit status is the program's.
drift() {
	local marker=$1 dir=$2
	shift 2
	timeout 60 "$STRANDLINE" diff --upper "$dir" --image "$image" --marker "$marker" --no-db \
		--accept-unproven --format json -o doc.json "$@" 2>err
}
found() { jq -r '[.containers[0].findings[] | "\(.change) \(.path)"] | sort | join(", ")' doc.json; }
gaps() { jq -r '[.containers[0].gaps[].why] | sort | unique | join(", ")' doc.json; }

# ---- the same three changes, in the words of each dialect
words() {
	local dir=$1
	mkdir -p "$dir/full" "$dir/etc"
	echo new >"$dir/full/new"
}
all="added /full/new, deleted /etc/motd, deleted /full/one, deleted /full/two"
words trusted
mknod trusted/etc/motd c 0 0
setfattr -n trusted.overlay.opaque -v y trusted/full
words user
mknod user/etc/motd c 0 0
setfattr -n user.overlay.opaque -v y user/full
words fuse
touch fuse/etc/.wh.motd
setfattr -n user.fuseoverlayfs.opaque -v y fuse/full
words aufs
touch aufs/etc/.wh.motd aufs/full/.wh..wh..opq aufs/.wh..wh.aufs
mkdir aufs/.wh..wh.plnk aufs/.wh..wh.orph
words oci-upper
touch oci-upper/etc/.wh.motd oci-upper/full/.wh..wh..opq
for pair in overlay-trusted:trusted overlay-user:user fuse-overlayfs:fuse aufs:aufs oci:oci-upper; do
	it "${pair%%:*} says what was deleted" exits 1 drift "${pair%%:*}" "${pair#*:}"
	it "and nothing else" same "$(found)" "$all"
	it "and nothing went unread" same "$(gaps)" ""
done

# ---- the same by the kernel, for somebody without rights
mkdir -p ns/lower ns/up ns/work ns/m
cp -a image/. ns/lower
cat >ns.sh <<'END'
set -e
mount -t overlay -o userxattr,lowerdir=ns/lower,upperdir=ns/up,workdir=ns/work o ns/m
rm -r ns/m/etc/motd ns/m/full
mkdir ns/m/full
echo new >ns/m/full/new
! setfattr -n user.overlay.redirect -v /old ns/m/full || touch escaped
END
if unshare -Urm sh ns.sh 2>ns.err; then
	it "a mount in a user namespace is read as one with userxattr" exits 1 drift overlay-user ns/up
	it "and says the same, whatever a process set in it" same \
		"$(found | sed 's/, metadata .*//')" "$all"
	it "and nothing of that is taken for a redirect" same "$(gaps)" ""
else
	echo "skipped: no overlay in a user namespace: $(tail -1 ns.err)"
fi

# ---- what another dialect would obey is data that somebody put there
it "another namespace's marker hides nothing" exits 1 drift overlay-trusted user
it "and is drift" same "$(found)" "added /full/new, deleted /etc/motd, metadata /full"
it "names that delete elsewhere are files here" exits 1 drift overlay-trusted aufs
it "and are drift" grep -q '"/etc/.wh.motd"' doc.json
it "and delete nothing" bash -c '! jq -e ".containers[0].findings[] | select(.change == \"deleted\")" doc.json'
mkdir -p stat/usr/bin
install -m 4755 /dev/null stat/usr/bin/hidden
setfattr -n user.containers.override_stat -v 0:0:644 stat/usr/bin/hidden
it "an override that the layer's root does not announce hides no setuid bit" \
	exits 1 drift fuse-overlayfs stat
it "and the bit is told" same \
	"$(jq -r '.containers[0].findings[] | select(.path == "/usr/bin/hidden") | .after.mode' doc.json)" 04755
setfattr -n user.containers.override_stat -v 0:0:755 stat
setfattr -n user.containers.override_stat -v 0:0:6711:file stat/usr/bin/hidden
it "one that it announces is what the container sees" exits 1 drift fuse-overlayfs stat
it "and that is told" same \
	"$(jq -r '.containers[0].findings[] | select(.path == "/usr/bin/hidden") | .after.mode' doc.json)" 06711

# ---- markers that lead nowhere
mkdir -p lies/{loop,up,file,self,long,empty}
touch lies/{bare,header,climb}
setfattr -n trusted.overlay.redirect -v /loop lies/loop
setfattr -n trusted.overlay.redirect -v /../.. lies/up
setfattr -n trusted.overlay.redirect -v /etc/motd lies/file
setfattr -n trusted.overlay.redirect -v self lies/self
setfattr -n trusted.overlay.redirect -v "/$(printf 'x%.0s' {1..3000})" lies/long
setfattr -n trusted.overlay.redirect -v "" lies/empty
setfattr -n trusted.overlay.metacopy -v "" lies/bare
setfattr -n trusted.overlay.metacopy -v ab lies/header
setfattr -n trusted.overlay.metacopy -v "" lies/climb
setfattr -n trusted.overlay.redirect -v /../../etc/passwd lies/climb
it "redirects and metacopies that lead nowhere end" exits 1 drift overlay-trusted lies
it "each with its gap" same \
	"$(jq -r '[.containers[0].gaps[].what | sub("^/"; "")] | unique | join(" ")' doc.json)" \
	"bare climb empty file header long loop self up"
it "and no content of the host's is claimed" lacks doc.json \
	"$(sha256sum /etc/passwd | cut -d' ' -f1)"
mkdir -p moved/new
setfattr -n trusted.overlay.redirect -v /old moved/new
mknod moved/old c 0 0
it "a renamed directory brings its children" exits 1 drift overlay-trusted moved
it "under their new name" grep -q '"/new/deep/kept"' doc.json
it "where nothing is redirected, that is a gap" exits 1 drift overlay-user moved
mkdir -p payload
printf 'payload' >payload/.wh.name
mkdir -p payload/.wh..wh.stash
drift fuse-overlayfs payload || true
it "what hides behind deletion markers is never clean" same "$(gaps)" \
	"a deletion marker that is no empty file: not examined, a reserved name: not examined"

# ---- the command line
it "an unknown dialect is refused" exits 2 drift btrfs lies
it "and so is one without --upper" exits 2 "$STRANDLINE" diff --rootfs image --image "$image" \
	--marker aufs --no-db
setfattr -n user.overlay.impure -v y user
it "a directory that looks like another dialect's is pointed out" \
	exits 1 drift overlay-trusted user
it "by name" grep -q "looks like overlay-user" err
it "capture reads the same dialects" exits 0 timeout 60 "$STRANDLINE" capture --upper aufs \
	--image "$image" --marker aufs -o bundle.tar.zst --no-db
