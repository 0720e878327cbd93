# shellcheck shell=bash
# SPDX-License-Identifier: Apache-2.0
# Volumes and bind mounts have no baseline: what --volumes lists of them, and what it says it read.
need jq python3 sha256sum
python3 -c "import jsonschema" 2>/dev/null || skip "needs python3-jsonschema"
python3 "$SOURCE_DIR/tests/bench/make-host.py" "$PWD/store" 1 1
config=$(echo store/containers/*/config.v2.json)
name=$(jq -r '.Name | ltrimstr("/")' "$config")
volume=store/volumes/data/_data
mkdir -p "$volume/sub" "bind/.cache" store/volumes/empty/_data
# mounts JSON: of the container
mounts() { jq --argjson m "$1" '.MountPoints = $m' "$config" >new.json && cp new.json "$config"; }
point() {
	jq -nc --arg at "$1" --arg type "$2" --arg source "$3" --arg name "${4-}" '{($at): {Destination: $at,
		Type: $type, Source: $source, Name: $name, Driver: "local", RW: true}}'
}
data=$(point /data volume "$PWD/$volume" data)
mounts "$data"
sl() { timeout 120 "$STRANDLINE" "$@" --no-db --store "docker=$PWD/store"; }
# look STATUS OPTIONS...: the document is in doc.json; the layers of this store are not proven
look() {
	local status=$1
	shift
	exits "$status" sl diff "$name" --accept-unproven --format json -o doc.json "$@" 2>said ||
		{ cat said; return 1; }
}
finding() { jq -c --arg path "$1" '.containers[0].findings[] | select(.path == $path)' doc.json; }
severity() { finding "$1" | jq -r '"\(.severity) \(.change) \(.before) \(.baseline)"'; }
paths() { jq -r '[.containers[0].findings[] | select(.baseline == "none") | .path] | join(" ")' doc.json; }
scanned() { jq -c --arg path "$1" '.containers[0].scanned[] | select(.path == $path)' doc.json; }
gap() { jq -r --arg path "$1" '.containers[0].gaps[] | select(.what == $path) | .why' doc.json; }

echo hello >"$volume/readme"
cp "$STRANDLINE" "$volume/sub/tool" 2>/dev/null || true
printf '\177ELF\2\1\1' >"$volume/sub/tool" && chmod 644 "$volume/sub/tool"
printf '#!/bin/sh\n' >"$volume/run.sh" && chmod 755 "$volume/run.sh"
echo x >"$volume/setuid" && chmod 4644 "$volume/setuid"
printf -- '-----BEGIN RSA PRIVATE KEY-----\nabc\n' >"$volume/key"
mkfifo "$volume/fifo"
ln -s /etc/shadow "$volume/link"

it "without --volumes nothing of them is found" look 0
it "and they are named as not compared" same \
	"$(jq -c '.containers[0].scope.not_compared[] | select(.path == "/data")' doc.json)" \
	'{"path":"/data","type":"volume","rw":true}'
it "nothing is said to be scanned" same "$(jq -r '.containers[0].scanned' doc.json)" null

it "with --volumes a program in one is a finding" look 1 --volumes
it "programs, setuid files and keys are listed, in order; data is not" same "$(paths)" \
	"/data/key /data/run.sh /data/setuid /data/sub/tool"
it "as added, and without a baseline" same "$(severity /data/sub/tool)" "medium added null none"
it "with the signal" same "$(finding /data/sub/tool | jq -c '.signals')" '["elf","volume"]'
it "and its digest" same "$(finding /data/run.sh | jq -r .after.sha256)" \
	"$(sha256sum <"$volume/run.sh" | cut -d' ' -f1)"
it "in words, too" bash -c 'jq -e ".containers[0].findings[] | select(.path == \"/data/key\") | .message |
	startswith(\"in a mount, which has no baseline\")" doc.json >/dev/null'
it "it is not said to lie hidden beneath the mount" same \
	"$(finding /data/sub/tool | jq -r '[.rules[] | select(. == "under-mount")] | length')" 0
it "the document says how much was looked at" same "$(scanned /data | jq -c '[.type,.entries,.listed,.complete]')" \
	'["volume",9,4,true]'
started=$(jq -r '.State.StartedAt // "none"' "$config")
it "and how much changed since the container started ($started)" same "$(scanned /data | jq -c .recent)" 7
it "they stay not compared" same \
	"$(jq -r '[.containers[0].scope.not_compared[] | select(.path == "/data")] | length' doc.json)" 1
it "a link in one is not followed" same "$(finding /data/link)" ""
mkdir "store/overlay2/$(cat store/image/overlay2/layerdb/mounts/*/mount-id)/diff/data"
it "with the mount point that the engine made" look 1 --volumes
it "that is still the engine's, whatever is mounted on it" same \
	"$(finding /data | jq -r '[.severity, .explained_by.cause] | join(" ")')" "info engine"
it "the document follows its schema" python3 -c 'import json, jsonschema, sys
jsonschema.validate(*(json.load(open(path)) for path in sys.argv[1:]))' \
	doc.json "$SOURCE_DIR/docs/schema/drift-1.schema.json"

# ---- bind mounts: directories, single files, engine stores, what is gone
printf '#!/bin/sh\n' >bind/.cache/x
it_all=$(jq -nc --argjson a "$data" --argjson b "$(point /b bind "$PWD/bind")" \
	--argjson c "$(point /etc/run.sh bind "$PWD/$volume/run.sh")" \
	--argjson d "$(point /engine bind "$PWD/store")" \
	--argjson e "$(point /gone bind "$PWD/gone")" \
	--argjson f "$(point /host bind "$PWD")" \
	--argjson g "$(point /remote volume nfs-share other)" '$a + $b + $c + $d + $e + $f + $g')
mounts "$it_all"
it "all kinds of sources" look 1 --volumes
it "a bind mount is read at its source" same "$(severity /b/.cache/x | cut -d' ' -f2-)" "added null none"
it "a single file, too" same "$(severity /etc/run.sh | cut -d' ' -f2-)" "added null none"
it "an engine's store is not" same "$(gap /engine)" "lies in an engine's store: not read"
it "nor one inside of what is mounted" same "$(gap /host/store)" \
	"an engine's store: its containers are examined by themselves"
it "and nothing of it is listed" same "$(jq -r '[.containers[0].findings[].path // "" |
	select(startswith("/host/store/"))] | length' doc.json)" 0
it "what lies beside it is" same "$(severity /host/bind/.cache/x | cut -d' ' -f2-)" "added null none"
it "a source that is gone is a gap" same "$(gap /gone)" "its source cannot be opened"
it "and is said to be incomplete" same "$(scanned /gone | jq -r .complete)" false
jq '.MountPoints["/remote"].Driver = "nfs"' "$config" >new.json && cp new.json "$config"
it "a source that is no path, too" look 1 --volumes
it "is said to be that" same "$(gap /remote)" "the store does not say where on the host it lies"

# ---- a link on the way is resolved inside the root; a loop ends
ln -s bind l1 && ln -s l3 l2 && ln -s l2 l3
mounts "$(jq -nc --argjson a "$(point /l1 bind "$PWD/x/../l1/./.cache")" \
	--argjson b "$(point /l2 bind "$PWD/l2/x")" '$a + $b')"
mkdir x
it "a source through links and dots" look 1 --volumes
it "is found" same "$(severity /l1/x | cut -d' ' -f2-)" "added null none"
it "a loop is a gap" same "$(gap /l2)" "its source leads through too many links"

# ---- lists of digests and policies reach volumes
mounts "$data"
sha256sum "$volume/readme" >bad
it "a list of bad digests" look 1 --volumes --hashes bad
it "finds data, too" same "$(severity /data/readme)" "critical added null none"
it "directories have no mounts" exits 2 sl diff --volumes --upper "$volume" --image x 2>err
it "and it is said" contains err "--volumes goes with containers or --all"
sl diff "$name" --accept-unproven --volumes >out 2>said || true
it "the table says what was scanned" contains out "scanned    /data: 9 entries, 4 listed"
