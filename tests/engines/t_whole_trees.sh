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
found() { jq -r '[.containers[0].findings[] | select(.explained_by == null) | .change + " " + .path] | join(",")' "$1"; }

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
