# shellcheck shell=bash
# SPDX-License-Identifier: Apache-2.0
# tar-split's own program takes nasty tars apart, we put them together again, byte for byte; and its
# reader, which is Go's, sees the names and sizes that we see.
need_root
need python3 tar-split tar jq
python3 - <<'END'
import os, sys
sys.path.insert(0, os.environ["TESTS_DIR"] + "/engines")
import layertar, nasty
for make, readers, _ in nasty.CASES:
    for i, parts in enumerate(make(nasty.name_of(make))):
        with open("%s.%d.tar" % (make.__name__, i), "wb") as f:
            f.write(layertar.end(*parts))
# what may stand at an end
a = layertar.file_(b"a", b"x" * 700)
for name, data in {"no_end": a, "half_end": a + b"\0" * 512, "no_padding": a[:512 + 700],
                   "much_behind": layertar.end(a) + b"behind" * 1000 + b"\0" * 100000,
                   "nothing": b"", "only_zeros": b"\0" * 10240}.items():
    open(name + ".0.tar", "wb").write(data)
os.mkdir("no_padding.0.tree")  # of which GNU tar unpacks whole blocks alone
open("no_padding.0.tree/a", "wb").write(b"x" * 700)
END

# round_trip TAR: disassembled by tar-split, unpacked by tar, rebuilt by us.
round_trip() {
	local tree=${1%.tar}.tree split=${1%.tar}.json.gz
	if mkdir "$tree" 2>/dev/null; then
		tar -C "$tree" --numeric-owner -xpf "$1" 2>/dev/null || true
	fi
	tar-split disasm --no-stdout --output "$split" "$1" 2>split.err || return 3
	"$BUILD_DIR/tests/tool_rebuild_tar" "$split" "$tree" >rebuilt.tar 2>rebuild.err || return 4
	cmp "$1" rebuilt.tar
}

# Not asked: duplicates, which tar-split refuses; what GNU tar unpacks to another place than Go
# (the docker cases of t_layer_oracles.sh have these); sparse files, of which it keeps too little.
refused=" duplicates.0.tar attributes_of_a_directory_twice.0.tar "
elsewhere=" gnu_headers_of_old_go.0.tar global_headers.0.tar dots_inside_names.0.tar "
elsewhere+=" absolute_linked_parents.0.tar linked_parents_below.1.tar hard_links_to_lower_layers.1.tar "
elsewhere+=" names_in_two_forms.0.tar empty_pax_values.0.tar "
sparse=" sparse_pax.0.tar sparse_old.0.tar "
for tar in *.tar; do
	[ "$tar" != rebuilt.tar ] || continue
	case "$refused$elsewhere$sparse" in
	*" $tar "*) continue ;;
	esac
	it "rebuilt byte for byte: ${tar%.tar}" round_trip "$tar"
done
for tar in $refused; do
	it "a name twice is refused by tar-split: ${tar%.tar}" exits 3 round_trip "$tar"
done

# The names that Go's reader sees, and the sizes, where they are the content's. To Go a global header
# is an entry, whose name comes from its records; engines pass over it.
go_sees() {
	tar-split disasm --no-stdout --output go.json.gz "$1" 2>split.err
	zcat go.json.gz | jq -r 'select(.type == 1) |
		(if .name_raw then (.name_raw | "base64 " + .) else "name " + .name end) + " " + (.size // 0 | tostring)' |
		grep -vx -e 'name special 0' -e 'name global_headers/no 0'
}
we_see() { "$BUILD_DIR/tests/tool_rebuild_tar" --names "$1"; }
for tar in $elsewhere $sparse long_names.0.tar ustar_of_any_version.0.tar pax_values.0.tar numbers.0.tar; do
	it "the names and sizes that Go sees: ${tar%.tar}" cmp <(go_sees "$tar") <(we_see "$tar")
done
