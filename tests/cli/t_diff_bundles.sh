# shellcheck shell=bash
# SPDX-License-Identifier: Apache-2.0
# Capture against capture: what happened to a container in between, by the two bundles alone. The
# container is a real overlay mount; what is expected is what its tree shows, now and then.
need_root
need jq unshare
sl() { timeout 120 "$STRANDLINE" --db "$PWD/db" "$@"; }

mkdir -p base/etc base/app/logs base/srv lower
echo 'root:x:0:0::/:/bin/sh' >base/etc/passwd
echo 'hello' >base/etc/motd
echo 'one' >base/app/logs/one
echo 'two' >base/app/logs/two
echo 'data' >base/srv/data
printf '#!/bin/sh\n' >base/app/run
chmod 0755 base/app/run
find base -exec touch -h -d '2024-01-02 03:04:05 UTC' {} +
bash "$SOURCE_DIR/samples/make-oci.sh" oci 1 base >/dev/null
cp -a base/. lower/
mkdir upper work merged

# in_mount COMMAND...: with the overlay mounted at merged, in a mount namespace of its own.
in_mount() {
	# shellcheck disable=SC2016 # the inner shell expands it
	unshare -m sh -c 'mount -t overlay overlay -olowerdir=lower,upperdir=upper,workdir=work merged &&
		cd merged && eval "$1"' sh "$1"
}
in_mount true || skip "overlayfs cannot be mounted here"
# take FILE: a capture of it as it is now
take() { sl capture -q --upper upper --image oci:oci:1 -o "$1"; }
found() { jq -r '[.containers[0].findings[] | .change + " " + .path] | join(", ")' found.json; }
# between STATUS WANT A B: diff --bundles ends with this status and finds just these changes.
between() {
	local status=$1 want=$2
	shift 2
	exits "$status" sl diff --bundles --format json -o found.json "$@" 2>said || { cat said >&2; return 1; }
	same "$(found)" "$want"
}

in_mount 'echo early >etc/early; rm srv/data; echo "eve:x:0:0::/:/bin/sh" >>etc/passwd; chmod 0644 app/run'
it "a capture of what drifted first" take 1.tar.zst
it "and once more, with nothing done in between" take same.tar.zst
in_mount 'rm etc/early; echo late >etc/late; echo back >srv/data; echo "mallory:x:0:0::/:/bin/sh" >>etc/passwd
	rm -r app/logs; echo new >etc/motd'
it "a capture of what drifted since" take 2.tar.zst

it "two captures of one moment do not differ" between 3 "" 1.tar.zst same.tar.zst
it "which is recorded, not proven" same recorded "$(jq -r '.containers[0].layers.trust' found.json)"
it "and is enough where that is accepted" exits 0 sl diff --bundles --accept-unproven 1.tar.zst same.tar.zst -o /dev/null
it "what happened in between is found, and nothing from before" between 1 \
	"deleted /app/logs, deleted /app/logs/one, deleted /app/logs/two, deleted /etc/early, added /etc/late, modified /etc/motd, modified /etc/passwd, added /srv/data" \
	1.tar.zst 2.tar.zst
it "of an image's file, the image's digest is what it was before" same \
	"$(sha256sum <base/etc/motd | cut -d' ' -f1) $(sha256sum <upper/etc/motd | cut -d' ' -f1)" \
	"$(jq -r '.containers[0].findings[] | select(.path == "/etc/motd") | "\(.before.sha256) \(.after.sha256)"' found.json)"
it "the other way round, it is undone" between 1 \
	"added /app/logs, added /app/logs/one, added /app/logs/two, added /etc/early, deleted /etc/late, modified /etc/motd, modified /etc/passwd, deleted /srv/data" \
	2.tar.zst 1.tar.zst

# a container that was made anew: nothing is left in its writable layer
rm -r upper work && mkdir upper work
it "a capture of it made anew" take anew.tar.zst
it "what the image has is back" between 1 \
	"metadata /app/run, deleted /etc/early, modified /etc/passwd, added /srv/data" 1.tar.zst anew.tar.zst

# ---- what may not be believed
size=$(stat -c %s 2.tar.zst)
head -c $((size / 2)) 2.tar.zst >cut.tar.zst
it "a bundle that was cut before its findings is refused" exits 2 sl diff --bundles 1.tar.zst cut.tar.zst -o /dev/null 2>said
cp 2.tar.zst bad.tar.zst
printf 'XXXX' | dd of=bad.tar.zst bs=1 seek=$((size / 3)) conv=notrunc status=none
it "one that contradicts itself is tampering, and not compared" exits 1 sl diff --bundles 1.tar.zst bad.tar.zst -o /dev/null 2>said
it "and the reason is told" contains said "broken"
sl capture -q --no-findings --upper upper --image oci:oci:1 -o none.tar.zst
it "a bundle captured without findings is refused" exits 2 sl diff --bundles 1.tar.zst none.tar.zst -o /dev/null 2>said
it "for what the image had is not known" contains said "holds no findings"
it "lists of known digests are not passed over in silence" \
	exits 2 sl diff --bundles --hashes found.json 1.tar.zst 2.tar.zst -o /dev/null 2>said
it "no words but two bundles" exits 2 sl diff --bundles 1.tar.zst -o /dev/null 2>said
