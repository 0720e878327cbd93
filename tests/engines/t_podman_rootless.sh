# shellcheck shell=bash
# SPDX-License-Identifier: Apache-2.0
# The store of a user who runs Podman without root: his own, with his shift of ids. The user exists
# in a mount namespace of this test alone.
need_root
need podman conmon runc newuidmap unshare setpriv jq
[ -e /etc/subuid ] && [ -e /etc/subgid ] || skip "needs /etc/subuid and /etc/subgid"
uid=54321
if getent passwd $uid >/dev/null || pgrep -u $uid >/dev/null; then skip "uid $uid is taken"; fi

# where that user may go, unlike the test's own directory
dir=$(mktemp -d "${TMPDIR:-/tmp}/strandline-rl.XXXXXX")
chmod 755 "$dir"
finish() {
	local pid
	for pid in $(pgrep -u $uid); do kill -9 "$pid" 2>/dev/null || true; done
	rm -rf --one-file-system -- "$dir"
}
trap finish EXIT
mkdir -p "$dir/etc" "$dir/run" "$dir/disk/etc" "$dir/disk/home/kim"
{ cat /etc/passwd; echo "kim:x:$uid:$uid::$dir/disk/home/kim:/bin/sh"; } >"$dir/etc/passwd"
{ cat /etc/group; echo "kim:x:$uid:"; } >"$dir/etc/group"
# two ranges, the second one not behind the first
printf 'kim:300000:1000\nkim:200000:65000\n' | tee "$dir/etc/subuid" >"$dir/etc/subgid"
echo "kim:x:$uid:$uid::/home/kim:/bin/sh" >"$dir/disk/etc/passwd"
cp "$dir/etc/subuid" "$dir/etc/subgid" "$dir/disk/etc/"
chown $uid:$uid "$dir/run" "$dir/disk/home/kim"
chmod 700 "$dir/run"
"$SOURCE_DIR/samples/make-image.sh" "$PWD/tree"
mkdir "$PWD/tree/owned"
: >"$PWD/tree/owned/by-2000"
chown 2000:1500 "$PWD/tree/owned/by-2000"
tar -C "$PWD/tree" --numeric-owner -cf "$dir/tree.tar" .

cat >"$dir/as-kim.sh" <<'END'
set -e
cd "$HOME"
podman() {
	command podman --cgroup-manager=cgroupfs --runtime /usr/sbin/runc --events-backend=file \
		--storage-driver "$1" "${@:2}"
}
limits="--ulimit nofile=1024:1024 --ulimit nproc=1000:1000 --network none"
podman "$1" import -q "$2" base
podman "$1" run $limits --name still base /bin/true
podman "$1" run $limits --name moved base /bin/sh -c '
	echo evil >/etc/evil; chown 1200:7 /etc/evil; rm /etc/issue; rm -r /data/07; mkdir /data/07
	chown 2001 /owned/by-2000'
END
# as_kim DRIVER: what is said is kept, for a reason to skip.
as_kim() {
	# shellcheck disable=SC2016 # for the shell in there
	unshare -m --propagation private sh -eu -c '
		dir=$1 uid=$2
		shift 2
		for file in passwd group subuid subgid; do mount --bind "$dir/etc/$file" "/etc/$file"; done
		exec setpriv --reuid "$uid" --regid "$uid" --clear-groups env -i \
			HOME="$dir/disk/home/kim" USER=kim PATH="$PATH" XDG_RUNTIME_DIR="$dir/run" \
			bash "$dir/as-kim.sh" "$@"' - "$dir" "$uid" "$1" "$dir/tree.tar" >"$dir/log" 2>&1
}
as_kim overlay || { cat "$dir/log" >&2; skip "podman cannot run without root here"; }

look() { "$STRANDLINE" "$@" --root "$dir/disk" --no-db; }
findings() { jq -r '.containers[0].findings[] | select(.kind == "file" and .explained_by == null) | "\(.change) \(.path)"' "$1"; }
it "a user's containers are found in his home" same \
	"$(look ps --format json | jq -r '.containers[] | "\(.name) \(.stack.marker)"' | sort | tr '\n' ',')" \
	"moved overlay-user,still overlay-user,"
it "his image is proven" look index podman:base
it "nobody's file has another owner than the image gave it" exits 0 look diff still --format json -o still.json
it "and nothing has drifted" same "$(findings still.json)" ""
it "what was done in a container is found" exits 1 look diff moved --format json -o moved.json
it "also what was deleted, which the user's own attributes say" same \
	"$(findings moved.json | grep -cE '^deleted /(data/07/file-|etc/issue$)')" 101
it "owners are those inside the container" same \
	"$(jq -r '.containers[0].findings[] | select(.path == "/etc/evil" or .path == "/owned/by-2000") | "\(.path) \(.after.uid) \(.after.gid)"' moved.json | tr '\n' ',')" \
	"/etc/evil 1200 7,/owned/by-2000 2001 1500,"
rm "$dir/disk/etc/subuid" "$dir/disk/etc/subgid"
it "without his ranges owners are not guessed" exits 1 look diff still --format json -o lost.json --fail-on info
