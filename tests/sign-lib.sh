# shellcheck shell=bash
# SPDX-License-Identifier: Apache-2.0
# Image layouts and signatures of them, made with openssl and jq the way cosign and notation do.

hex_of() { sha256sum <"$1" | cut -d' ' -f1; }

# make_image LAYOUT TEXT: a layout with one small image tagged 1; prints its manifest's digest. The
# same text gives the same image.
make_image() {
	if [ ! -e "made.$2" ]; then
		mkdir -p "made.$2" "made.$2.root/etc"
		echo "$2" >"made.$2.root/etc/motd"
		touch -d @1000000000 "made.$2.root/etc/motd" "made.$2.root/etc" "made.$2.root"
		"$SOURCE_DIR/samples/make-oci.sh" "made.$2" 1 "made.$2.root" >/dev/null
	fi
	rm -rf "$1" "$1.root"
	cp -a "made.$2" "$1"
	cp -a "made.$2.root" "$1.root"
	jq -r '.manifests[0].digest' "$1/index.json"
}

# config_of LAYOUT DIGEST: the image id that a manifest names.
config_of() { jq -r .config.digest "$1/blobs/sha256/${2#sha256:}"; }

# add_blob LAYOUT FILE MEDIATYPE: store a copy; prints its descriptor.
add_blob() {
	local hex
	hex=$(hex_of "$2")
	cp "$2" "$1/blobs/sha256/$hex"
	jq -nc --arg t "$3" --arg d "sha256:$hex" --argjson s "$(stat -c %s "$2")" \
		'{mediaType: $t, digest: $d, size: $s}'
}

# list_in LAYOUT DESCRIPTOR: add a descriptor to index.json.
list_in() {
	jq -c --argjson d "$2" '.manifests += [$d]' "$1/index.json" >index.new
	mv index.new "$1/index.json"
}

# make_index LAYOUT: put the image under a multi-platform index, tagged 1; prints its digest.
make_index() {
	local desc
	jq -c '{schemaVersion: 2, mediaType: "application/vnd.oci.image.index.v1+json",
		manifests: [.manifests[0] | del(.annotations) + {platform: {os: "linux",
		architecture: "'"$(uname -m | sed 's/x86_64/amd64/;s/aarch64/arm64/')"'"}}]}' \
		"$1/index.json" >multi.json
	desc=$(add_blob "$1" multi.json application/vnd.oci.image.index.v1+json)
	jq -nc --argjson d "$desc" '{schemaVersion: 2, manifests: [$d +
		{annotations: {"org.opencontainers.image.ref.name": "1"}}]}' >"$1/index.json"
	jq -r .digest <<<"$desc"
}

# simple_payload DIGEST [TYPE]: what cosign signs.
simple_payload() {
	jq -nc --arg d "$1" --arg t "${2:-cosign container image signature}" \
		'{critical: {identity: {"docker-reference": "shop"},
		  image: {"docker-manifest-digest": $d}, type: $t}, optional: null}'
}

# add_cosign LAYOUT DIGEST PAYLOAD SIGNATURE: the manifest and the tag that cosign pushes.
# DIGEST is the image's; SIGNATURE is base64 text.
add_cosign() {
	local layer config manifest
	layer=$(add_blob "$1" "$3" application/vnd.dev.cosign.simplesigning.v1+json |
		jq -c --arg s "$4" '. + {annotations: {"dev.cosignproject.cosign/signature": $s}}')
	echo '{"architecture":"","os":"","rootfs":{"type":"layers","diff_ids":[]}}' >config.sig
	config=$(add_blob "$1" config.sig application/vnd.oci.image.config.v1+json)
	jq -nc --argjson c "$config" --argjson l "$layer" '{schemaVersion: 2,
		mediaType: "application/vnd.oci.image.manifest.v1+json",
		config: $c, layers: [$l]}' >manifest.sig
	manifest=$(add_blob "$1" manifest.sig application/vnd.oci.image.manifest.v1+json)
	list_in "$1" "$(jq -c --arg n "sha256-${2#sha256:}.sig" \
		'. + {annotations: {"org.opencontainers.image.ref.name": $n}}' <<<"$manifest")"
}

# add_referrer LAYOUT DIGEST ARTIFACTTYPE FILE MEDIATYPE [untyped]: a manifest whose subject is the
# image, listed in index.json without a tag; prints its descriptor.
add_referrer() {
	local blob config manifest
	blob=$(add_blob "$1" "$4" "$5")
	echo -n '{}' >empty.json
	config=$(add_blob "$1" empty.json "$3")
	jq -nc --argjson c "$config" --argjson l "$blob" --arg d "$2" '{schemaVersion: 2,
		mediaType: "application/vnd.oci.image.manifest.v1+json", config: $c, layers: [$l],
		subject: {mediaType: "application/vnd.oci.image.manifest.v1+json", digest: $d,
		size: 1}}' >referrer.json
	manifest=$(add_blob "$1" referrer.json application/vnd.oci.image.manifest.v1+json)
	[ "${6:-}" = unlisted ] || list_in "$1" "$manifest"
	echo "$manifest"
}
