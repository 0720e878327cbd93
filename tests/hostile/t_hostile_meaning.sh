# shellcheck shell=bash
# SPDX-License-Identifier: Apache-2.0
# What is made to be costly, or to lie, for those who say what drift means: links, holes, depth,
# attributes, the files whose lines are shown, databases of packages. In every format.
need_root
need jq python3 unshare
if [ -z "${IN_NAMESPACE-}" ]; then
	unshare -m true 2>/dev/null || skip "cannot mount"
	# attributes of 64 KiB and a hundred thousand links: tmpfs has room for both
	exec env IN_NAMESPACE=1 unshare -m bash -eu -c '. "$TESTS_DIR/lib.sh"; . "$0"' "$0"
fi
mkdir t
mount -t tmpfs -o size=512m,nr_inodes=400k none t
cd t || exit
cat >make.py <<'END2'
import os, stat
def put(path, data, mode=0o644):
    os.makedirs(os.path.dirname(path) or b".", exist_ok=True)
    with open(path, "wb") as f: f.write(data)
    os.chmod(path, mode)
def hole(path, size):
    os.makedirs(os.path.dirname(path), exist_ok=True)
    with open(path, "wb") as f: f.truncate(size)
for top in (b"image", b"u"):
    put(top + b"/etc/passwd", b"root:x:0:0:root:/root:/bin/sh\n")
    put(top + b"/var/lib/dpkg/status", b"Package: tool\nStatus: install ok installed\nVersion: 1\n\n")
    put(top + b"/var/lib/dpkg/info/tool.list", b"/.\n/usr\n/usr/bin\n/usr/bin/tool\n")
put(b"image/usr/bin/tool", b"#!/bin/sh\n", 0o755)
put(b"image/srv/grown", b"small")
put(b"image/srv/hole", b"\0" * (4 << 20))
hole(b"u/srv/hole", 4 << 20)
for side in (b"image", b"u"): os.utime(side + b"/srv/hole", (1000, 1000))
hole(b"u/srv/grown", 1 << 40)
hole(b"u/srv/terabyte", 1 << 40)
odd = b"\x1b]0;owned\x07:\x1b[31m:0:0:\xe2\x80\xaegpj\xff\x00:/:/bin/sh"
put(b"u/etc/passwd", b"root:x:0:0:root:/root:/bin/sh\n" + odd.replace(b"\x00", b"") + b"\n" + b"a\r\n" * 3000)
put(b"u/etc/shadow", odd + b"\n")
put(b"u/etc/crontab", b"* * * * * root " + b"x" * 200000)
put(b"u/etc/ld.so.preload", b"\xff\xfe\x1b[2J\n" * 10000)
put(b"u/root/.ssh/authorized_keys", b'command="' + b"\x1b[A" * 9000 + b'" ssh-rsa A<script>alert(1)</script>\n')
put(b"u/etc/sudoers", b"\n" * 250000)
put(b"u/usr/bin/tool", b"#!/bin/sh\nid\n", 0o4755)
put(b"u/var/lib/dpkg/status", b"Package: \x1b[31m\n" * 20000 + b"Version: " + b"9" * 300000)
put(b"u/var/lib/dpkg/info/\x1b[31m.list", b"/usr/bin/tool\n" * 1000 + b"/" * 100000)
put(b"u/lib/apk/db/installed", b"P:a\nV:\xff\nF:usr/bin\nR:tool\nZ:Q1\xff\xff\n" * 5000)
put(b"u/var/lib/rpm/rpmdb.sqlite", b"SQLite format 3\0" + os.urandom(20000))
names = [b"\xff\xfe", b"\x1b]0;owned\x07\x1b[31m", b"new\nline", b"cr\rtab\t", b"\xe2\x80\xaegpj.exe", b"n" * 255, b"\xff" * 255,
         b"back\\slash", b"<b>&\"'", b"%s%n", b"| `id`"]
for name in names: put(b"u/srv/names/" + name, b"#!/bin/sh\n", 0o755)
put(b"u/srv/attributes", b"x")
os.setxattr("u/srv/attributes", "trusted.big", b"\x1b" * 65536)
os.setxattr("u/srv/attributes", "trusted.\x1b[31m", b"v")
def sink(path, name, count):
    os.makedirs(path)
    fd = os.open(path, os.O_RDONLY)
    for i in range(count):
        os.mkdir(name, dir_fd=fd)
        inner = os.open(name, os.O_RDONLY, dir_fd=fd); os.close(fd); fd = inner
    os.close(os.open("bottom", os.O_CREAT | os.O_WRONLY, dir_fd=fd)); os.close(fd)
os.mknod("u/etc/ghost", 0o600 | stat.S_IFCHR, os.makedev(0, 0))
sink("u/srv/long", b"l" * 255, 40)
sink("deep/d", b"d", 10000)
os.makedirs("links/l")
with open("links/l/0", "wb") as f: f.write(os.urandom(4 << 20))
for i in range(1, 100000): os.link("links/l/0", "links/l/%d" % i)
END2
python3 make.py || skip "this file system cannot hold the tree"
bash "$SOURCE_DIR/samples/make-oci.sh" oci 1 image >/dev/null
sl() { timeout 60 "$STRANDLINE" --db "$PWD/db" "$@"; }
of() { jq -r ".containers[0] | $2" "$1"; }
sl index -q oci:oci:1

# ---- everything that says something of findings, on everything at once ----
cat >policy.yaml <<'END2'
version: 1
rules:
  - {name: "\e[31mall", paths: ["/**"], approved_by: "\e]0;me\a", reason: "\x9b2J"}
END2
echo "$(printf '' | sha256sum | cut -d" " -f1)  nothing" >bad.txt
diff_u() { sl diff --upper u --image oci:oci:1 --policy policy.yaml --hashes bad.txt "$@"; }
it "it is compared with its lines, packages, a policy and lists" \
	exits 1 diff_u --max-holes 1M --format json -o d.json 2>said
it "of a file of other size no byte need be read" same \
	"$(of d.json '.findings[] | select(.path == "/srv/grown") | "\(.change) \(.after.size) \(.after.sha256)"')" \
	"modified 1099511627776 null"
it "a new one is found without its digest" same \
	"$(of d.json '.findings[] | select(.path == "/srv/terabyte") | "\(.change) \(.after.sha256)"')" "added null"
it "and one of the same size is not called equal" same \
	"$(of d.json '[.findings[] | select(.path == "/srv/hole" and .change != "touched")] | length')" 0
it "but each is a gap" same \
	"$(of d.json '[.gaps[] | select(.why | contains("--max-holes")).what] | sort | join(" ")')" \
	"/srv/grown /srv/hole /srv/terabyte"
it "so that the result is not complete" same "$(of d.json .complete)" false
it "holes within the bound are hashed" exits 1 diff_u --max-holes 4M --format json -o e.json
it "and make no gap" same "$(of e.json '[.gaps[].what] | sort | join(" ")')" "/srv/grown /srv/terabyte"
it "a policy of everything explains no program that got setuid" same \
	"$(of d.json '.findings[] | select(.path == "/usr/bin/tool") | "\(.explained_by) \(.severity)"')" "null critical"
it "nor lines of accounts" same "$(of d.json '[.findings[] | select(.path == "/etc/passwd" or .path == "/etc/shadow")
	| .explained_by] | unique | tostring')" "[null]"
it "a deletion of what never was is found" same \
	"$(of d.json '.findings[] | select(.path == "/etc/ghost") | "\(.change) \(.signals | join(" "))"')" \
	"deleted stray-whiteout"
it "attributes of 64 KiB are told" same \
	"$(of d.json '.findings[] | select(.path == "/srv/attributes").after.xattrs["trusted.big"] | length')" 87384
it "and paths beyond what a system call takes" same \
	"$(of d.json '[.findings[].path // "" | select(endswith("/bottom")) | length] | max')" "$((9 + 40 * 256 + 7))"

# shape FORMAT FILE: is it what it claims to be?
shape() {
	case $1 in
	json | sarif) jq -e . "$2" >shape.out ;;
	jsonl | ocsf) jq -es 'length > 10' "$2" >shape.out ;;
	html) contains "$2" "</html>" && lacks "$2" "<script>alert" ;;
	*) [ -s "$2" ] ;;
	esac
}
for format in json jsonl sarif ocsf html table; do
	it "as $format it ends" exits 1 diff_u --show-explained --format $format -o out.$format
	it "and is $format" shape $format out.$format
done
it "as a summary" exits 1 diff_u --summary -o out.summary
it "as a tree" exits 1 diff_u --tree --show-explained -o out.tree
for format in json jsonl sarif ocsf html table summary tree; do
	it "no byte of $format acts on a terminal" bash -c \
		"! LC_ALL=C grep -qP '[\x00-\x08\x0b-\x1f\x7f]' out.$format"
done
it "and nothing turns the writing round" bash -c '! grep -q "$(printf "\u202e")" out.table out.tree out.html'

# ---- depth, links ----
it "ten thousand directories deep" exits 1 sl diff --upper deep --image oci:oci:1 --summary --format jsonl -o deep.jsonl
it "everything is found" same "$(jq -r 'select(.record == "container").counts.added' deep.jsonl)" 10002
it "as a tree, too" exits 1 sl diff --upper deep --image oci:oci:1 --tree -o deep.tree
it "a hundred thousand links of one file are read once" \
	exits 1 sl diff --upper links --image oci:oci:1 --format jsonl -o links.jsonl
it "and each has the digest" same "$(grep -c "\"sha256\":\"$(sha256sum <links/l/0 | cut -d" " -f1)\"" links.jsonl)" 100000
