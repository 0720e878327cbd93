# shellcheck shell=bash
# SPDX-License-Identifier: Apache-2.0
# Podman's driver vfs keeps every layer as a whole tree, where what is deleted leaves no trace.
. "$TESTS_DIR/engines/lib-podman.sh"
need jq
PODMAN_DRIVER=vfs
podman_start "$PWD/p"
podman_sample_image base
podman_run --name still base /bin/true
podman_run --name moved base /bin/sh -c 'rm /etc/issue; rm -r /data/07; echo evil >/etc/evil'
sl() { "$STRANDLINE" "$@" --store "podman=$(podman_data)" --db "$PWD/db"; }
findings() { jq -r '.containers[0].findings[] | select(.kind == "file" and .explained_by == null) | "\(.change) \(.path)"' "$1"; }

it "an image is proven from whole trees" sl index podman:base
it "a container without changes has none" exits 0 sl diff still --format json -o still.json
it "but for the mode that the store gives /" same "$(findings still.json | grep -v '^metadata /$')" ""
it "what was done is found" exits 1 sl diff moved --format json -o moved.json
it "also what is not there any more" same "$(findings moved.json | grep -c '^deleted /')" 102
it "and what is new" contains <(findings moved.json) "added /etc/evil"
