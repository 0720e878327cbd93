#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# play.sh CONTAINER: play the intrusion of README.md in a running container of Docker, made from
# samples/make-image.sh. DOCKER says how to call the client; needs a C compiler and its static libc.
set -eu
[ $# -eq 1 ] || { echo "usage: play.sh CONTAINER" >&2; exit 2; }
docker=${DOCKER:-docker}
dir=$(dirname "$(realpath "$0")")
work=$(mktemp -d "${TMPDIR:-/tmp}/strandline-intrusion.XXXXXX")
trap 'rm -rf -- "$work"' EXIT

cc -O1 -static -o "$work/implant" "$dir/implant.c"
# $docker may be a command with options
$docker cp "$work/implant" "$1:/tmp/implant" >/dev/null
$docker exec -i "$1" /bin/sh -s <"$dir/inside.sh"
