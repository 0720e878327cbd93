#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# make-bundle.sh STRANDLINE DIR: make the sample bundle again: DIR/web.tar.zst and DIR/web.fingerprint.
#
# A private Docker engine runs a container, samples/intrude.sh breaks into it, the engine is stopped,
# and the bundle is captured from the store as from a dead disk. Needs root. Everything happens in a mount
# namespace of its own, so that the store stands at its usual place and the host's does not show.
set -eu
if [ "${IN_NAMESPACE:-}" != yes ]; then
	IN_NAMESPACE=yes exec unshare -m --propagation private bash "$0" "$(realpath "$1")" "$(realpath "$2")"
fi
strandline=$1 dir=$2
samples=$(dirname "$(realpath "$0")")
work=$(mktemp -d "${TMPDIR:-/tmp}/strandline-sample.XXXXXX")
pid=
cleanup() {
	if [ -n "$pid" ]; then
		kill "$pid" 2>/dev/null || true
		wait "$pid" || true
	fi
	umount /var/lib/docker "$work/disk/var/lib/docker" 2>/dev/null || true
	rm -rf -- "$work"
}
trap cleanup EXIT

mkdir -p /var/lib/docker "$work/store" "$work/run" "$work/disk/var/lib/docker" "$work/disk/etc"
mount --bind "$work/store" /var/lib/docker
echo shop-host-1 >"$work/disk/etc/hostname"
dockerd --bridge=none --iptables=false --ip-forward=false --data-root /var/lib/docker \
	--exec-root "$work/run" --pidfile "$work/pid" -H "unix://$work/sock" >"$work/log" 2>&1 &
pid=$!
docker="docker -H unix://$work/sock"
for _ in $(seq 100); do $docker version >/dev/null 2>&1 && break; sleep 0.2; done
"$samples/make-image.sh" "$work/image" >/dev/null
tar -C "$work/image" -c . | $docker import - shop:1 >/dev/null
$docker run -d --network none --name web --hostname web -v /data shop:1 \
	/bin/sh -c 'echo shop is open; exec sleep 1000' >/dev/null
$docker exec -i web /bin/sh -s / <"$samples/intrude.sh"
$docker kill web >/dev/null
kill "$pid"
wait "$pid" || true
pid=

umount /var/lib/docker
mount --bind -o ro "$work/store" "$work/disk/var/lib/docker"
rm -f "$dir/web.tar.zst"
cd "$work"
"$strandline" capture --root disk web -o "$dir/web.tar.zst" --case 2026-17 --exhibit 3 \
	--operator "A. Eden" --authority "incident order 17" --reason "suspicious cron entry" 2>&1 |
	tee "$work/said" || true
grep -oE '([0-9a-f]{4}-){7}[0-9a-f]{4}' "$work/said" | head -1 >"$dir/web.fingerprint"
