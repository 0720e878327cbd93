# shellcheck shell=bash
# SPDX-License-Identifier: Apache-2.0
# The forms in which an image comes as an archive, made from an OCI layout with one tagged image, and
# a way to compare baselines.

# baseline REF...: index each into a database of its own and print what it is: ids, chain ids and all
# rows, but no times, names and manifest digests, which differ between forms of one image.
baseline() {
	rm -rf rows.db*
	"$STRANDLINE" index --db rows.db --quiet "$@" || return
	python3 - <<-'END'
		import sqlite3
		db = sqlite3.connect("rows.db")
		for row in db.execute("SELECT hex(config_digest), trust, platform, hex(config) FROM image"):
		    print(*row)
		for row in db.execute("SELECT position, hex(chain_id), hex(diff_id), entries, bytes"
		                      " FROM image_layer JOIN layer ON layer.id = layer"
		                      " ORDER BY position"):
		    print(*row)
		columns = [c[1] for c in db.execute("PRAGMA table_info(entry)") if c[1] != "layer"]
		order = "SELECT hex(chain_id), %s FROM entry JOIN layer ON layer.id = entry.layer" \
		        " ORDER BY chain_id, path" % ", ".join('quote(entry."%s")' % c for c in columns)
		for row in db.execute(order):
		    print(*row)
	END
}

# manifest_of LAYOUT, config_of LAYOUT: blob paths of the only image.
manifest_of() { jq -r '.manifests[0].digest | sub("sha256:"; "blobs/sha256/")' "$1/index.json"; }
config_of() {
	jq -r '.config.digest | sub("sha256:"; "blobs/sha256/")' "$1/$(manifest_of "$1")"
}
diff_ids_of() { jq -r '.rootfs.diff_ids[] | sub("sha256:"; "")' "$1/$(config_of "$1")"; }
layers_of() {
	jq -r '.layers[].digest | sub("sha256:"; "blobs/sha256/")' "$1/$(manifest_of "$1")"
}
pack() { tar --format=ustar --mtime=@0 --owner=0 --group=0 --numeric-owner -C "$1" -cf "$2" .; }

# save_legacy LAYOUT OUT TAG: what docker wrote before version 25. Repeated layers are links.
save_legacy() {
	local dir list=() i=0 id config hex
	local -A seen=()
	dir=$(mktemp -d "$PWD/save.XXXX")
	config=$(config_of "$1")
	cp "$1/$config" "$dir/${config##*/}.json"
	while read -r blob && read -r hex <&3; do
		i=$((i + 1))
		id=$(printf '%s %d' "$hex" $i | sha256sum | cut -d' ' -f1)
		mkdir "$dir/$id"
		echo 1.0 >"$dir/$id/VERSION"
		echo "{\"id\":\"$id\"}" >"$dir/$id/json"
		if [ -n "${seen[$hex]:-}" ]; then
			ln -s "../${seen[$hex]}/layer.tar" "$dir/$id/layer.tar"
		else
			gzip -dc <"$1/$blob" >"$dir/$id/layer.tar"
			seen[$hex]=$id
		fi
		list+=("$id/layer.tar")
	done < <(layers_of "$1") 3< <(diff_ids_of "$1")
	printf '%s\n' "${list[@]}" | jq -Rnc --arg config "${config##*/}.json" --arg tag "$3" \
		'[{Config: $config, RepoTags: [$tag], Layers: [inputs]}]' >"$dir/manifest.json"
	echo "{\"${3%:*}\":{\"${3##*:}\":\"$id\"}}" >"$dir/repositories"
	pack "$dir" "$2"
	rm -r "$dir"
}

# store DIR FILE: move the file to where its digest says; prints the digest's digits.
store() {
	local hex
	hex=$(sha256sum <"$2" | cut -d' ' -f1)
	mv "$2" "$1/blobs/sha256/$hex"
	echo "$hex"
}

# descriptor DIR MEDIATYPE HEX
descriptor() {
	jq -nc --arg type "$2" --arg digest "sha256:$3" --argjson size \
		"$(stat -c %s "$1/blobs/sha256/$3")" '{mediaType: $type, digest: $digest, size: $size}'
}

# save_25 LAYOUT OUT TAG: version 25 and later with a graph driver: a layout of uncompressed layers
# and the old manifest.json over the same files.
save_25() {
	local dir config hex manifest layers=()
	dir=$(mktemp -d "$PWD/save.XXXX")
	mkdir -p "$dir/blobs/sha256"
	config=$(config_of "$1")
	cp "$1/$config" "$dir/$config"
	while read -r blob && read -r hex <&3; do
		gzip -dc <"$1/$blob" >"$dir/blobs/sha256/$hex"
		layers+=("$(descriptor "$dir" application/vnd.oci.image.layer.v1.tar "$hex")")
	done < <(layers_of "$1") 3< <(diff_ids_of "$1")
	printf '%s\n' "${layers[@]}" | jq -nc --argjson config \
		"$(descriptor "$dir" application/vnd.oci.image.config.v1+json "${config##*/}")" \
		'{schemaVersion: 2, mediaType: "application/vnd.oci.image.manifest.v1+json",
		  config: $config, layers: [inputs]}' >"$dir/manifest.tmp"
	manifest=$(store "$dir" "$dir/manifest.tmp")
	jq -nc --arg tag "$3" --argjson manifest \
		"$(descriptor "$dir" application/vnd.oci.image.manifest.v1+json "$manifest")" \
		'{schemaVersion: 2, mediaType: "application/vnd.oci.image.index.v1+json",
		  manifests: [$manifest + {annotations: {
			"io.containerd.image.name": "docker.io/library/\($tag)",
			"org.opencontainers.image.ref.name": ($tag | sub(".*:"; ""))}}]}' \
		>"$dir/index.json"
	echo '{"imageLayoutVersion":"1.0.0"}' >"$dir/oci-layout"
	diff_ids_of "$1" | jq -Rnc --arg config "$config" --arg tag "$3" \
		'[{Config: $config, RepoTags: [$tag], Layers: [inputs | "blobs/sha256/" + .]}]' \
		>"$dir/manifest.json"
	echo "{\"${3%:*}\":{\"${3##*:}\":\"$(diff_ids_of "$1" | tail -n 1)\"}}" >"$dir/repositories"
	pack "$dir" "$2"
	rm -r "$dir"
}

# save_containerd LAYOUT OUT TAG: Docker on containerd's store: the layers as they were pulled, an
# index of all platforms, of which only this machine's is there, and its attestation.
save_containerd() {
	local dir manifest index other arch
	dir=$(mktemp -d "$PWD/save.XXXX")
	cp -r "$1/blobs" "$dir/blobs"
	manifest=$(manifest_of "$1")
	arch=$(jq -r .architecture "$1/$(config_of "$1")")
	other=$(printf other | sha256sum | cut -d' ' -f1)
	jq -nc --arg arch "$arch" --arg other "sha256:$other" --argjson manifest \
		"$(descriptor "$dir" application/vnd.oci.image.manifest.v1+json "${manifest##*/}")" \
		'{schemaVersion: 2, mediaType: "application/vnd.oci.image.index.v1+json", manifests: [
		  {mediaType: $manifest.mediaType, digest: $other, size: 5,
		   platform: {os: "linux", architecture: "sparc"}},
		  $manifest + {platform: {os: "linux", architecture: $arch}},
		  {mediaType: $manifest.mediaType, digest: $other, size: 5,
		   platform: {os: "unknown", architecture: "unknown"}, annotations: {
			"vnd.docker.reference.digest": $manifest.digest,
			"vnd.docker.reference.type": "attestation-manifest"}}]}' >"$dir/index.tmp"
	index=$(store "$dir" "$dir/index.tmp")
	jq -nc --arg tag "$3" --argjson index \
		"$(descriptor "$dir" application/vnd.oci.image.index.v1+json "$index")" \
		'{schemaVersion: 2, mediaType: "application/vnd.oci.image.index.v1+json",
		  manifests: [$index + {annotations: {
			"io.containerd.image.name": "docker.io/library/\($tag)",
			"org.opencontainers.image.ref.name": ($tag | sub(".*:"; ""))}}]}' \
		>"$dir/index.json"
	echo '{"imageLayoutVersion":"1.0.0"}' >"$dir/oci-layout"
	layers_of "$1" | jq -Rnc --arg config "$(config_of "$1")" --arg tag "$3" \
		'[{Config: $config, RepoTags: [$tag], Layers: [inputs]}]' >"$dir/manifest.json"
	pack "$dir" "$2"
	rm -r "$dir"
}

# layout_of_save ARCHIVE LAYOUT TAG: a layout of the image in an old archive of docker save, with the
# configuration as it is there. (skopeo would write another one: another image id.)
layout_of_save() {
	local dir config manifest layers=()
	dir=$(mktemp -d "$PWD/save.XXXX")
	tar -C "$dir" -xf "$1"
	mkdir -p "$2/blobs/sha256"
	config=$(store "$2" "$dir/$(jq -r '.[0].Config' "$dir/manifest.json")")
	while read -r layer; do
		gzip -nc1 <"$dir/$layer" >"$dir/layer.gz"
		layers+=("$(descriptor "$2" application/vnd.oci.image.layer.v1.tar+gzip \
			"$(store "$2" "$dir/layer.gz")")")
	done < <(jq -r '.[0].Layers[]' "$dir/manifest.json")
	printf '%s\n' "${layers[@]}" | jq -nc --argjson config \
		"$(descriptor "$2" application/vnd.oci.image.config.v1+json "$config")" \
		'{schemaVersion: 2, mediaType: "application/vnd.oci.image.manifest.v1+json",
		  config: $config, layers: [inputs]}' >"$dir/manifest.tmp"
	manifest=$(store "$2" "$dir/manifest.tmp")
	jq -nc --arg tag "$3" --argjson manifest \
		"$(descriptor "$2" application/vnd.oci.image.manifest.v1+json "$manifest")" \
		'{schemaVersion: 2, manifests: [$manifest +
		  {annotations: {"org.opencontainers.image.ref.name": $tag}}]}' >"$2/index.json"
	echo '{"imageLayoutVersion":"1.0.0"}' >"$2/oci-layout"
	rm -r "$dir"
}
