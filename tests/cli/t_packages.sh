# shellcheck shell=bash
# SPDX-License-Identifier: Apache-2.0
# What package databases say of changed files, and that whoever edits one explains nothing by it.
need jq md5sum rpmbuild rpm
sl() { timeout 120 "$STRANDLINE" "$@"; }
# diffed STATUS ARGUMENT...: the upper directory on the image; findings as JSON and as a table.
diffed() {
	local status=$1
	shift
	exits "$status" sl diff --no-db --format json -o found.json "$@" 2>said || return
	exits "$status" sl diff --no-db -o table "$@" 2>said
}
# of PATH: package, version, whose word, digest, signal, explanation
of() {
	jq -r --arg path "$1" '.containers[0].findings[] | select(.path == $path) | [.package.manager,
		.package.name, .package.version, .package.in_image, .package.digest_equal,
		.package.verified, (.signals | index("packaged") != null), .severity, .explained_by]
		| map(tostring) | join(" ")' found.json
}

mkdir -p image/usr/bin image/etc image/var/lib/dpkg/info
ln -s usr/bin image/bin
echo '#!/bin/sh' | tee image/usr/bin/ls image/usr/bin/cat >/dev/null
cat >image/var/lib/dpkg/status <<'END'
Package: coreutils
Status: install ok installed
Architecture: amd64
Version: 9.1-1
END
printf '/.\n/bin\n/bin/ls\n/bin/cat\n' >image/var/lib/dpkg/info/coreutils.list
(cd image && md5sum bin/ls bin/cat) >image/var/lib/dpkg/info/coreutils.md5sums
cp -a image before

# A program that is added to coreutils' list and digests makes `dpkg -V` content.
mkdir -p upper/usr/bin
mkdir -p upper/var/lib/dpkg
cp -a image/var/lib/dpkg/info image/var/lib/dpkg/status upper/var/lib/dpkg/
printf '#!/bin/sh\nevil\n' >upper/usr/bin/evil
chmod 4755 upper/usr/bin/evil
cp upper/usr/bin/evil upper/usr/bin/ls
cp -a upper plain
diffed 1 --upper upper --image rootfs:before
severities() { jq -c '[.containers[0].findings[] | select(.path | startswith("/usr")) | [.path, .severity, .rules, .explained_by]]' found.json; }
severities >honest
it "what no list names is no package's" same "$(of /usr/bin/evil)" "null null null null null null false critical null"
echo /usr/bin/evil >>upper/var/lib/dpkg/info/coreutils.list
(cd upper && md5sum usr/bin/evil) >>upper/var/lib/dpkg/info/coreutils.md5sums
diffed 1 --upper upper --image rootfs:before
it "the container's own list names it, and nothing is verified" same "$(of /usr/bin/evil)" \
	"dpkg coreutils 9.1-1 false true false true critical null"
it "a digest that is not the recorded one is told" same "$(of /usr/bin/ls)" \
	"dpkg coreutils 9.1-1 false false false true critical null"
severities >edited
it "and being in a package makes nothing less severe, and explains nothing" cmp honest edited
it "the edit of the database is a finding itself" jq -e '[.containers[0].findings[].path] |
	contains(["/var/lib/dpkg/info/coreutils.list", "/var/lib/dpkg/info/coreutils.md5sums"])' found.json
it "people are told that the owner is unverified" contains table \
	"file of package coreutils 9.1-1 (unverified) with the digest that it records"

# One package's files are one line, but what is worse stands alone.
for i in 1 2 3 4 5 6 7; do
	mkdir -p upper/usr/share/doc/coreutils
	echo "$i" >"upper/usr/share/doc/coreutils/$i"
	echo "/usr/share/doc/coreutils/$i" >>upper/var/lib/dpkg/info/coreutils.list
done
diffed 1 --upper upper --image rootfs:before
it "files of one package change are one line" contains table \
	"7 files of package coreutils 9.1-1 (unverified) beneath /usr/share/doc/coreutils"
it "a setuid program among them is not in it" bash -c 'grep "^critical.*/usr/bin/evil" table >/dev/null'
it "each is in the document" same "$(jq '[.containers[0].findings[].path | select(startswith("/usr/share/doc/coreutils/"))] | length' found.json)" 7

# Hostile databases: names, endless lines, a link out of the tree.
mkdir -p hostile/usr/bin hostile/var/lib/dpkg/info
echo x >hostile/usr/bin/x
printf 'Package: \033[2Jevil\nVersion: <b>\n' >hostile/var/lib/dpkg/status
printf '/usr/bin/x\n' >"hostile/var/lib/dpkg/info/$(printf '\033[2Jevil').list"
diffed 1 --upper hostile --image rootfs:before
it "names from a database reach no terminal raw" lacks table "$(printf '\033')"
it "and are told" contains table 'file of package \x1b[2Jevil <b> (unverified)'
head -c 3000000 /dev/zero | tr '\0' a >hostile/var/lib/dpkg/status
diffed 1 --upper hostile --image rootfs:before
it "a line without an end is a bound" contains said "is not read fully: line 1 is longer than 1048576 bytes"
rm -rf hostile/var/lib/dpkg && ln -s /var/lib/dpkg hostile/var/lib/dpkg
diffed 1 --upper hostile --image rootfs:before
it "a link out of the tree is not followed" same "$(of /usr/bin/x)" "null null null null null null false low null"

# rpm writes a database of its own.
cat >tiny.spec <<'END'
Name: tiny
Version: 1.0
Release: 3
Summary: tiny
License: none
BuildArch: noarch
%description
tiny
%install
mkdir -p %{buildroot}/usr/bin
echo hello >%{buildroot}/usr/bin/tiny
echo other >%{buildroot}/usr/bin/other
%files
/usr/bin/tiny
/usr/bin/other
END
rpmbuild -bb --quiet --define "_topdir $PWD/build" --define "_tmppath $PWD" tiny.spec >rpm.log 2>&1
mkdir -p rpm/usr/bin rpm/var/lib/rpm
rpm --dbpath "$PWD/rpm/var/lib/rpm" -i --justdb --nodeps build/RPMS/noarch/*.rpm >>rpm.log 2>&1
echo hello >rpm/usr/bin/tiny
echo changed >rpm/usr/bin/other
diffed 1 --upper rpm --image rootfs:before
it "rpm's database says what it recorded" same "$(of /usr/bin/tiny)" "rpm tiny 1.0-3 false true false true low null"
it "and what is not that" same "$(of /usr/bin/other)" "rpm tiny 1.0-3 false false false true low null"
rm rpm/var/lib/rpm/*
: >rpm/var/lib/rpm/Packages
diffed 1 --upper rpm --image rootfs:before
it "its older form is named, and not silently passed over" contains said "'var/lib/rpm/Packages' (rpm, Berkeley DB) is not read"
