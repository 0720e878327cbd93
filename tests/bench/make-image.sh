#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# make-image.sh DIR: build the large real image that the bench measures with, once.
#
# Three layers, at least 1.5 GB and 50,000 files: a Debian base, then two rounds of packages, each
# committed by a private Docker engine. DIR gets docker/ (the engine's store, with a stopped
# container), oci/ (the same image as an OCI layout with gzip layers). Needs root, and the Debian mirror.
set -eu
dir=$(realpath -m "$1")
[ ! -e "$dir/done" ] || exit 0
mkdir -p "$dir"
engine="docker -H unix://$dir/docker.sock"

dockerd --bridge=none --iptables=false --ip-forward=false --data-root "$dir/docker" \
	--exec-root "$dir/run" --pidfile "$dir/docker.pid" -H "unix://$dir/docker.sock" \
	>"$dir/dockerd.log" 2>&1 &
pid=$!
trap 'kill $pid 2>/dev/null; wait $pid 2>/dev/null || true' EXIT
for _ in $(seq 100); do $engine version >/dev/null 2>&1 && break; sleep 0.2; done

# round FROM TO PACKAGE...: install packages in a container of FROM and commit it as TO.
round() {
	local from=$1 to=$2
	shift 2
	$engine rm -f build >/dev/null 2>&1 || true
	$engine run --name build --network host "$from" sh -c \
		"apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq \
		 --no-install-recommends $* >/dev/null && apt-get clean"
	$engine commit build "$to" >/dev/null
	$engine rm build >/dev/null
}

echo "bench image: base system" >&2
mmdebstrap --quiet --variant=minbase --include=ca-certificates bookworm "$dir/base.tar"
$engine import "$dir/base.tar" bench:base >/dev/null
echo "bench image: first round of packages" >&2
round bench:base bench:tools clang-14 golang-go linux-headers-amd64 python3 git
echo "bench image: second round of packages" >&2
round bench:tools bench:large default-jdk-headless libreoffice-core nodejs npm texlive-latex-base
$engine create --name web --network none bench:large /bin/true >/dev/null
rm "$dir/base.tar"
echo "bench image: OCI layout" >&2
DOCKER_HOST="unix://$dir/docker.sock" skopeo copy -q --insecure-policy \
	--src-daemon-host "unix://$dir/docker.sock" docker-daemon:bench:large "oci:$dir/oci:large"
du -sh "$dir/oci" >&2
touch "$dir/done"
