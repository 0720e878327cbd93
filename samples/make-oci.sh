#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# make-oci.sh LAYOUT TAG DIR...: write an OCI image layout with one gzip layer per directory,
# bottom first. Needs tar, gzip, sha256sum, jq.
#
# The same directories give the same image, byte for byte: names are sorted, and times come from
# the files themselves.
set -eu
[ $# -ge 3 ] || { echo "usage: make-oci.sh LAYOUT TAG DIR..." >&2; exit 2; }
layout=$1 tag=$2
shift 2
blobs=$layout/blobs/sha256
mkdir -p "$blobs"

# store FILE: move it to where its digest says it belongs; prints the digest's hexadecimal part.
store() {
	local hex
	hex=$(sha256sum <"$1" | cut -d' ' -f1)
	mv "$1" "$blobs/$hex"
	echo "$hex"
}

# descriptor MEDIATYPE HEX: the JSON that points at a blob.
descriptor() {
	jq -nc --arg type "$1" --arg digest "sha256:$2" --argjson size "$(stat -c %s "$blobs/$2")" \
		'{mediaType: $type, digest: $digest, size: $size}'
}

diff_ids=() layers=()
for dir; do
	tar --sort=name --format=posix --pax-option=delete=atime,delete=ctime --numeric-owner \
		--xattrs --xattrs-include='*' -C "$dir" -cf "$layout/layer.tar" .
	diff_ids+=("sha256:$(sha256sum <"$layout/layer.tar" | cut -d' ' -f1)")
	gzip -n -f "$layout/layer.tar"
	layers+=("$(descriptor application/vnd.oci.image.layer.v1.tar+gzip \
		"$(store "$layout/layer.tar.gz")")")
done

case $(uname -m) in
x86_64) arch=amd64 ;;
aarch64) arch=arm64 ;;
*) arch=$(uname -m) ;;
esac
printf '%s\n' "${diff_ids[@]}" | jq -Rnc --arg arch "$arch" \
	'{architecture: $arch, os: "linux", config: {Cmd: ["/bin/sh"]},
	  rootfs: {type: "layers", diff_ids: [inputs]}, history: []}' >"$layout/config.json"
config=$(descriptor application/vnd.oci.image.config.v1+json "$(store "$layout/config.json")")
printf '%s\n' "${layers[@]}" | jq -nc --argjson config "$config" \
	'{schemaVersion: 2, mediaType: "application/vnd.oci.image.manifest.v1+json",
	  config: $config, layers: [inputs]}' >"$layout/manifest.json"
manifest=$(descriptor application/vnd.oci.image.manifest.v1+json \
	"$(store "$layout/manifest.json")")
jq -nc --argjson manifest "$manifest" --arg tag "$tag" \
	'{schemaVersion: 2, manifests: [$manifest +
	  {annotations: {"org.opencontainers.image.ref.name": $tag}}]}' >"$layout/index.json"
echo '{"imageLayoutVersion":"1.0.0"}' >"$layout/oci-layout"
