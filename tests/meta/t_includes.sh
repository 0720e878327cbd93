# shellcheck shell=bash
# SPDX-License-Identifier: Apache-2.0
# The arrows between the rooms, and who may know which library, read off the #include lines.
cat >arrows.awk <<'AWK'
# Which rooms a room may include beside itself.
BEGIN {
	allow["core"] = " "
	allow["snapshot"] = allow["host"] = allow["diff"] = allow["forensics"] = " core "
	allow["report"] = " core "
	allow["job"] = " core snapshot host diff forensics report "
	allow["cli"] = " core report job "
	library["jansson.h"] = "^core/json"
	library["yaml.h"] = "^core/yaml.c$"
	library["sqlite3.h"] = "^core/db"
	library["zstd.h"] = library["zstd_errors.h"] = library["zlib.h"] = "^core/(z|inflate)"
	library["isa-l.h"] = library["isa-l/igzip_lib.h"] = library["igzip_lib.h"] = "^core/(z|inflate)"
	library["lzma.h"] = "^core/xz"
	library["bzlib.h"] = "^core/bzip2"
	library["yara.h"] = "^core/yarascan.c$"
	library["curl/curl.h"] = "^core/httppost.c$"
	library["xxhash.h"] = "^core/digest"
	library["archive.h"] = library["archive_entry.h"] = "^(snapshot|forensics)/"
}
function complain(why) { print FILENAME ":" FNR ": " why ": " $0; bad = 1 }
FNR == 1 { room = FILENAME; sub(/\/.*/, "", room) }
/^[ \t]*#[ \t]*include[ \t]*</ {
	name = $0; sub(/^[^<]*</, "", name); sub(/>.*/, "", name)
	if (name ~ /^openssl\// && FILENAME !~ /^core\/(digest|sign|age)/)
		complain("OpenSSL belongs to core/digest, core/sign and core/age")
	if (name in library && FILENAME !~ library[name])
		complain("a library that another file owns")
	if (name ~ /^archive/)
		archive[room] = archive[room] " " FILENAME
}
/^[ \t]*#[ \t]*include[ \t]*"/ {
	name = $0; sub(/^[^"]*"/, "", name); sub(/".*/, "", name)
	other = name; sub(/\/.*/, "", other)
	if (name !~ /\//)
		complain("not named from the top")
	else if (name ~ /\.\./)
		complain("a path upward")
	else if (other != room && index(allow[room], " " other " ") == 0)
		complain("an arrow that must not be")
}
FILENAME ~ /^include\// && /^[ \t]*#[ \t]*include[ \t]*["<]/ {
	if ($0 !~ /<(strandline\/[a-z]+\.h|std(bool|def|int)\.h)>/)
		complain("a public header stands on its own")
}
# The files of a room that include libarchive: one family, all names starting like the shortest.
END {
	for (room in archive) {
		count = split(archive[room], files, " ")
		for (i = 1; i <= count; i++)
			sub(/\.[ch]$/, "", files[i])
		short = files[1]
		for (i = 2; i <= count; i++)
			if (length(files[i]) < length(short))
				short = files[i]
		for (i = 1; i <= count; i++)
			if (index(files[i], short) != 1) {
				print "libarchive in " archive[room]
				bad = 1
			}
	}
	exit bad
}
AWK
rooms() {
	(cd "$1" && find core snapshot host diff forensics report job cli include/strandline \
		-name '*.[ch]' 2>/dev/null | sort | xargs awk -f "$OLDPWD/arrows.awk")
}
it "rooms include downward only, libraries have one owner each" rooms "$SOURCE_DIR"

# The check itself must see each kind of offence.
offends() {
	local file=$1 line=$2
	rm -rf room && mkdir -p "room/$(dirname "$file")" room/core
	printf '%s\n' '#include <stdio.h>' '#include "core/buf.h"' >"room/$file"
	rooms room >/dev/null || { echo "a good file is refused" >&2; return 1; }
	echo "$line" >>"room/$file"
	! rooms room >/dev/null
}
it "a sibling is seen" offends diff/a.c '#include "host/host.h"'
it "an upward arrow is seen" offends core/a.c '#include "job/diff.h"'
it "a wrong owner of a library is seen" offends report/a.c '#include <sqlite3.h>'
it "OpenSSL outside its files is seen" offends forensics/a.c '#include <openssl/evp.h>'
it "a name without its room is seen" offends host/a.c '#include "store.h"'
two_families() {
	rm -rf room && mkdir -p room/snapshot room/core
	echo '#include <archive.h>' | tee room/snapshot/tar.c room/snapshot/tarpax.c >/dev/null
	rooms room >/dev/null || return 1
	echo '#include <archive.h>' >room/snapshot/other.c
	! rooms room >/dev/null
}
it "a second family around libarchive is seen" two_families
it "a command that reaches past the jobs is seen" offends cli/a.c '#include "diff/drift.h"'
