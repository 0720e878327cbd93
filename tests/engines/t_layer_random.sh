# shellcheck shell=bash
# SPDX-License-Identifier: Apache-2.0
# Random layers: what we say they hold is what umoci unpacks and what a reference in a hundred lines
# says. STRANDLINE_SEED begins elsewhere, STRANDLINE_ROUNDS goes on for longer.
need_root
need python3 umoci jq
seed=${STRANDLINE_SEED:-20240229}
echo "seed $seed"

agree() { # NUMBER
	local id manifest
	mkdir "$1"
	python3 "$TESTS_DIR/engines/random_layers.py" make "$1" "$1"
	umoci unpack --image "$1/layout:1" "$1/bundle" >"$1/umoci.log" 2>&1 ||
		{ cat "$1/umoci.log" "$1/expected"; return 1; }
	"$STRANDLINE" diff --rootfs "$1/bundle/rootfs" --image "oci:$1/layout:1" --db "$PWD/db" \
		--format json -o "$1/found.json" 2>"$1/diff.log" || {
		cat "$1/diff.log"
		jq -r '.containers[0].findings[] | .path + " " + .change' "$1/found.json"
		return 1
	}
	manifest=$(jq -r '.manifests[0].digest' "$1/layout/index.json")
	id=$(jq -r .config.digest "$1/layout/blobs/sha256/${manifest#sha256:}")
	"$BUILD_DIR/tests/tool_dump_baseline" "$PWD/db" "$id" |
		python3 "$TESTS_DIR/engines/random_layers.py" dump >"$1/dumped"
	diff -u "$1/expected" <(grep . "$1/dumped" || true)
	rm -rf -- "${1:?}"
}

for ((i = seed; i < seed + ${STRANDLINE_ROUNDS:-12}; i++)); do
	it "layers of seed $i" agree $i
done
