# shellcheck shell=bash
# SPDX-License-Identifier: Apache-2.0
# Plain trees as baselines: recorded whole or not at all, never called proven.
need jq gzip zstd tar
db=$PWD/db
sl() { timeout 120 "$STRANDLINE" --db "$db" "$@"; }
id_of() { sl index --format json "$1" | jq -r '.images[0].id'; }
stored() { sl images --format json | jq '.images | length'; }
# finds STATUS WANT [ARGUMENT...]: diff ends with this status and finds just these changes.
finds() {
	local status=$1 want=$2
	shift 2
	exits "$status" sl diff --format json -o found.json "$@" 2>said || return
	same "$(jq -r '[.containers[0].findings[] | .change + " " + .path] | join(", ")' found.json)" "$want"
}

mkdir -p t/etc/deep t/usr/bin
echo hi >t/etc/motd
ln t/etc/motd t/etc/motd.link
printf '#!/bin/sh\n' >t/usr/bin/tool
chmod 4755 t/usr/bin/tool
ln -s tool t/usr/bin/alias
ln -s loop t/loop
mkfifo t/fifo
echo data >t/etc/.wh.gone
: >t/etc/deep/.wh..wh..opq
touch -d '2020-02-02 02:02:02.123456789' t/etc/motd
python3 -c 'import os, sys
for name in (b"\xff\xfe", b"new\nline", b"n" * 255, b"\x1b[31m"): open(b"t/etc/" + name, "wb").write(name)'
tar -C t -cf t.tar .
gzip -k t.tar
zstd -qk t.tar

# ---- a tar ----

tar_id=$(id_of rootfs-tar:t.tar)
digest=sha256:$(sha256sum t.tar | cut -d' ' -f1)
it "a tar's tree digest is the SHA-256 of the tar" \
	same "$(sl index --format json rootfs-tar:t.tar | jq -r '.images[0] | .tree, .trust')" "$digest
recorded"
it "a compressed tar has the id of the plain one" same "$(id_of rootfs-tar:t.tar.gz)" "$tar_id"
it "so has one compressed with zstd" same "$(id_of rootfs-tar:t.tar.zst)" "$tar_id"
it "so has one from a pipe" same "$(gzip -c t.tar | id_of rootfs-tar:-)" "$tar_id"
it "so has a pipe that trickles" \
	same "$( (head -c 1 t.tar.gz; sleep 0.1; tail -c +2 t.tar.gz) | id_of rootfs-tar:-)" "$tar_id"
it "so has a redirected file" same "$(id_of rootfs-tar:- <t.tar)" "$tar_id"
it "so has a named pipe" same "$(mkfifo p; cat t.tar >p & id_of rootfs-tar:p)" "$tar_id"
it "all of them are one baseline" same "$(stored)" 1
it "its trust is recorded" same "$(sl images --format json | jq -r '.images[0].trust')" recorded

it "the same tree has no drift, which nothing proves" finds 3 "" --rootfs t --image rootfs-tar:t.tar
it "the document says that the layers are recorded" \
	same "$(jq -r '.containers[0].layers.trust' found.json)" recorded
it "whose word is enough for the operator is clean" \
	finds 0 "" --accept-unproven --rootfs t --image rootfs-tar:t.tar
it "a name like a whiteout is a file among others" \
	sl diff --format json -o found.json --accept-unproven --rootfs t --image "$tar_id"
it "an id stands for the baseline" same "$(jq -r '.containers[0].image.id' found.json)" "$tar_id"
it "so do its first digits" finds 3 "" --rootfs t --image "$(echo "$tar_id" | cut -c8-19)"
rm t.tar
it "and its name, when the tar is gone" finds 3 "" --rootfs t --image rootfs-tar:t.tar
it "the person is told from when it is" contains said "recorded earlier"
zstd -qd t.tar.zst

cp -a t changed
echo evil >changed/etc/evil
echo ho >changed/etc/motd
touch -d '2020-02-02 02:02:02.123456789' changed/etc/motd
rm changed/usr/bin/alias changed/etc/.wh.gone
it "a changed tree has just its changes" \
	finds 1 "deleted /etc/.wh.gone, added /etc/evil, modified /etc/motd, modified /etc/motd.link, deleted /usr/bin/alias" \
	--rootfs changed --image rootfs-tar:t.tar
it "a time that was put back is noticed" \
	same "$(jq -r '.containers[0].findings[] | select(.path == "/etc/motd").signals[]' found.json)" forged-mtime
sed -i 's/hi/HI/' t/etc/motd
touch -d '2020-02-02 02:02:02.9' t/etc/motd
it "a whole-second time is compared as such" \
	finds 1 "modified /etc/motd" --rootfs t --image rootfs-tar:t.tar
cp -p changed/etc/motd.link t/etc/motd.link; rm t/etc/motd; echo hi >t/etc/motd.link; ln t/etc/motd.link t/etc/motd
touch -d '2020-02-02 02:02:02.123456789' t/etc/motd

# ---- expectations ----

rm -f "$db"*
it "an expected digest of the tar is accepted" sl index -q --expect "$digest" rootfs-tar:t.tar.gz
it "so is that of the compressed file" \
	sl index -q --expect "sha256:$(sha256sum t.tar.gz | cut -d' ' -f1)" rootfs-tar:t.tar.gz
it "so is the id" sl index -q --expect "$tar_id" rootfs-tar:t.tar
rm -f "$db"*
it "any other is refused" exits 1 sl index --expect "sha256:$(printf '0%.0s' {1..64})" rootfs-tar:t.tar 2>said
it "with the digest that was found" contains said "the tree has digest $digest"
it "and nothing is stored" same "$(stored)" 0

# ---- what is not whole ----

for cut in 0 100 512 1000 1536 5000; do
	head -c "$cut" t.tar >cut.tar
	it "a tar cut off after $cut bytes is refused" exits 2 sl index rootfs-tar:cut.tar 2>said
done
# right behind the last entry, where only the closing blocks are missing
end=$(python3 -c 'import tarfile; t = tarfile.open("t.tar"); t.getmembers(); print(t.offset)')
head -c "$end" t.tar >cut.tar
it "a tar that lacks its closing blocks is refused" exits 2 sl index rootfs-tar:cut.tar 2>said
it "as cut off" contains said "tar is cut off"
head -c -9 t.tar.gz >cut.gz
it "a cut gzip file is refused" exits 2 sl index rootfs-tar:cut.gz 2>said
it "nothing of them is stored" same "$(stored)" 0
echo "no tar at all, whatever its name says" >no.tar
it "what is no tar is refused" exits 2 sl index rootfs-tar:no.tar 2>said
it "so is a pipe without end" exits 2 eval 'yes | timeout 30 "$STRANDLINE" --no-db index rootfs-tar:- 2>said'
it "so is one that inflates to no end" \
	exits 2 eval '(cat t.tar.gz; yes) | timeout 30 "$STRANDLINE" --no-db index rootfs-tar:- 2>said'
it "so is a device" exits 2 sl index rootfs-tar:/dev/zero 2>said
it "so is a directory" exits 2 sl index rootfs-tar:t 2>said
it "so is a tree that is not there" exits 2 sl index rootfs:nowhere 2>said
it "nothing of these either" same "$(stored)" 0

# ---- a directory ----

before=$(find t -type f -printf '%p %A@\n' | sort | sha256sum)
dir_id=$(id_of rootfs:t)
it "a directory keeps its id" same "$(id_of "rootfs:$PWD/t/")" "$dir_id"
it "no file's access time moves" same "$(find t -type f -printf '%p %A@\n' | sort | sha256sum)" "$before"
it "a directory without drift has none" finds 3 "" --rootfs t --image rootfs:t
echo more >>t/etc/deep/new
it "a file added since it was recorded is found" finds 1 "added /etc/deep/new" --rootfs t --image rootfs:t
it "the tar of it says the same of it" finds 1 "added /etc/deep/new" --rootfs t --image "$dir_id"
rm t/etc/deep/new
it "a recorded tree and its tar show the same" sl index -q rootfs-tar:t.tar
it "as images too" finds 3 "" --images rootfs:t rootfs-tar:t.tar
it "without a recording, --no-index says so" exits 2 sl diff --no-index --rootfs t --image rootfs:changed 2>said
it "by name" contains said "is not indexed"

# ---- the store knows them as it knows images ----

sl images dump rootfs:t >dump
it "a recorded tree is verified like an image" sl images verify >said
it "it is dumped, forgotten" sl images rm -q rootfs:t
it "and loaded" sl images load -q --name rootfs:"$PWD"/t dump
it "to the byte" same "$(sl images dump rootfs:t)" "$(cat dump)"
it "and compared with" finds 3 "" --rootfs t --image rootfs:t
it "a dump that says otherwise of a stored tree is refused" \
	exits 1 eval 'sed "s/mode=0755/mode=0777/" dump | sl images load - 2>said'
