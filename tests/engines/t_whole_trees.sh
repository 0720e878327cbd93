# shellcheck shell=bash
# SPDX-License-Identifier: Apache-2.0
# A driver that copies: the container's directory is a whole tree, compared and kept as one.
# shellcheck source=tests/engines/lib-docker.sh
. "$TESTS_DIR/engines/lib-docker.sh"
need jq zstd
export DOCKER_DRIVER=vfs
docker_start "$PWD/d"
store=$(docker_data)
docker_sample_image base
docker_cli run -d --name web --network none base /bin/sleep 100000 >/dev/null
sl() { "$STRANDLINE" --store "docker=$store" "$@"; }
found() { jq -r '[.containers[0].findings[] | select(.kind == "file" and .explained_by == null) | .change + " " + .path] | join(",")' "$1"; }

it "a container that nobody touched equals its image, of which every layer is proven" \
	exits 0 sl diff web --format json -o clean.json --no-db
it "without a finding, the engine's own files among them" same "$(found clean.json)" ""
docker_cli exec web /bin/sh -c 'echo evil >/tmp/evil; echo x >>/etc/passwd; rm /bin/cat; : >/etc/.wh.motd'
it "drift is found" exits 1 sl diff web --format json -o drift.json --no-db
it "all of it, and a name like a marker is a file" \
	same "$(found drift.json)" "deleted /bin/cat,added /etc/.wh.motd,modified /etc/passwd,added /tmp/evil"
it "against the proven image" same "$(jq -r '.containers[0].layers.trust' drift.json)" proven
it "without an index it is held against the tree it was copied from" \
	exits 1 sl diff web --no-index --format json -o disk.json --no-db
it "with the same result" same "$(found disk.json)" "$(found drift.json)"
it "which is said to be no more than what is on disk" \
	same "$(jq -r '.containers[0].layers.trust' disk.json)" on-disk
it "capture keeps it" sl capture web -o web.tar.zst
it "and finds the same" same \
	"$("$STRANDLINE" show web.tar.zst --type finding | sed -n 's/.* path=\([^ ]*\) change=\([a-z]*\) .*/\2 \1/p' | sort | paste -sd,)" \
	"$(found drift.json | tr , '\n' | sort | paste -sd,)"
zstd -dc web.tar.zst >web.tar
it "the image's file of what was changed travels along" \
	grep -aqE '"role":"before".*"path":"/?etc/passwd"|"path":"/?etc/passwd".*"role":"before"' web.tar

# ---- the trees below: each shows all layers up to its own
docker_build_classic layered
docker_cli run -d --name deep --network none layered /bin/sleep 100000 >/dev/null
verdicts() { jq -r '[.layers[].verdict] | unique | join(",")' "$1"; }
differences() { jq -r '[.layers[].differences[] | .kind + " " + .path] | unique | join(",")' "$1"; }

it "whole trees below a container are proven against all layers up to theirs" \
	exits 0 sl check deep --format json -o whole.json --no-db
it "every one of them" same "$(verdicts whole.json)" intact
it "those of an image as well" exits 0 sl check --image docker:layered --format json -o image.json --no-db
top=$(docker_cli inspect -f '{{json .RootFS.Layers}}' layered | jq -r '.[]' | tail -n 1)
tree=$(jq -r --arg d "$top" '.layers[] | select(.diff_id == $d).directory' whole.json)
it "the topmost tree is named" test -d "$tree"
touch -r "$tree/etc/passwd" stamp
printf '\377' | dd of="$tree/etc/passwd" bs=1 seek=3 conv=notrunc status=none
touch -r stamp "$tree/etc/passwd"
echo x >"$tree/opt/extra"
chmod 0600 "$tree/etc/context"
rm "$tree/opt/two"
it "a byte, a mode, a name more and a name less in such a tree are tampering" \
	exits 1 sl check deep --format json -o tampered.json --no-db
it "each is named, also what a layer below brought" same "$(differences tampered.json)" \
	"changed /etc/passwd,extra /opt/extra,metadata /etc/context,missing /opt/two"

# a layer whose own tar does not come out any more is known by its tar-split; those below are as before
fourth=$(docker_cli inspect -f '{{json .RootFS.Layers}}' layered | jq -r '.[3]')
tree=$(jq -r --arg d "$fourth" '.layers[] | select(.diff_id == $d).directory' image.json)
it "the fourth layer brought a file" test -s "$tree/opt/two"
for file in "$tree/opt/two" "$tree/etc/passwd"; do
	touch -r "$file" stamp
	printf '\377' | dd of="$file" bs=1 conv=notrunc status=none
	touch -r stamp "$file"
done
exits 1 sl check --image docker:layered --format json -o own.json --no-db
it "the layer's own file and that of another are both named" same "changed /etc/passwd,changed /opt/two" \
	"$(jq -r --arg d "$fourth" '[.layers[] | select(.diff_id == $d).differences[] | .kind + " " + .path] |
		sort | join(",")' own.json)"
