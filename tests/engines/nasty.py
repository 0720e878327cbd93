# SPDX-License-Identifier: Apache-2.0
"""Nasty layers, a case a directory: nasty.py umoci|docker|tar|stray|sparse|refused DIR

Makes DIR/layout and DIR/archive.tar of one image that holds the cases its reader takes, and
DIR/expected: what "strandline diff --rootfs TREE --image" must find in a tree that this reader
unpacked, one "PATH CHANGE" a line. Everything there is a difference that belongs to the reader,
and stands with its case. "refused" makes one layer a case in DIR, none of which may be read.
"""
import os
import sys

from layertar import (base256, dir_, end, entry, file_, hard, header, link, pad, pax,
                      record, seal, special, write_docker_archive, write_layout)

CAP2 = b"\1\0\0\2\0\x20\0\0" + b"\0" * 12
CAP3 = b"\1\0\0\3\0\x20\0\0" + b"\0" * 16
XATTR = "SCHILY.xattr."

CASES = []


def case(*readers, **differs):
    """A case that these readers take; differs: what each of them then finds, {path: change}."""
    def add(make):
        CASES.append((make, readers, differs))
        return make
    return add


ALL = ("umoci", "docker", "tar")
TREES = ("umoci",)  # one tree for all layers, duplicates taken


# ---- names ----

@case(*ALL)
def names_are_bytes(p):
    """Not UTF-8, composed and decomposed, control characters, quotes, a name of 255 bytes."""
    names = [b"\xff\xfe", b"e\xcc\x81", b"\xc3\xa9", b"new\nline", b"tab\t", b"q\"'\\", b" lead",
             b"trail ", b"-rf", b"*", b"~", b"#", b"a=b", b"\x1b[31m", b"n" * 255, b"..."]
    return [[dir_(p)] + [file_(p + b"/" + n, n, records=[("path", p + b"/" + n)]) for n in names]]


@case(*ALL)
def spelling_of_names(p):
    """Leading dots and slashes, doubled slashes, slashes at the end: one name each."""
    return [[dir_(b"./" + p + b"/"), file_(b"/" + p + b"/abs"), file_(b"././" + p + b"//dots"),
             dir_(p + b"/d//"), file_(p + b"/./d/./x")]]


@case("umoci", "docker")
def dots_inside_names(p):
    """Taken back (GNU tar skips such members)."""
    return [[dir_(p), dir_(p + b"/d"), file_(p + b"/d/../up")]]


@case(*ALL)
def long_names(p):
    """ustar prefix, PAX, GNU L and K."""
    deep = p + b"/" + b"/".join([b"x" * 50] * 6)
    return [[dir_(p),
             entry(b"short", b"0", over={345: p + b"/pre"}),
             file_(b"cut", b"p", records=[("path", deep + b"/pax")]),
             special(b"L", deep + b"/gnu\0") + file_(b"cut", b"g", magic=b"ustar  \0"),
             special(b"K", b"t" * 300 + b"\0") + special(b"L", p + b"/lnk\0")
             + link(b"cut", b"cut", magic=b"ustar  \0"),
             link(p + b"/plnk", b"cut", records=[("linkpath", b"u" * 300)])]]


@case("umoci", "docker")
def names_in_two_forms(p):
    """A GNU name counts before a PAX name, whichever came first (not with GNU tar)."""
    return [[dir_(p), special(b"L", p + b"/both\0") + file_(b"cut", records=[("path", p + b"/not")]),
             pax([("path", p + b"/not")]) + special(b"L", p + b"/two\0") + file_(b"cut")]]


@case(*ALL)
def ustar_of_any_version(p):
    """The prefix counts whatever two bytes follow the magic."""
    return [[dir_(p), dir_(p + b"/pre"), entry(b"f", b"0", b"x", over={263: b"??", 345: p + b"/pre"})]]


@case("umoci", "docker")
def gnu_headers_of_old_go(p):
    """A prefix where GNU has times (GNU tar itself does not know this)."""
    return [[dir_(p), dir_(p + b"/some"), dir_(p + b"/some/where"),
             entry(b"f", b"0", b"x", magic=b"ustar  \0", over={345: p + b"/some/where"})]]


@case(*ALL)
def implied_parents(p):
    """No entry for a directory."""
    return [[file_(p + b"/a/b/c", b"1")], [file_(p + b"/a/b/d", b"2")]]


# ---- headers ----

@case("docker")
def global_headers(p):
    """Change nothing, and use up what stands before them. (GNU tar obeys them, umoci refuses.)"""
    return [[dir_(p), pax([("mtime", "77"), ("path", p + b"/no")], b"g"), file_(p + b"/a", b"1"),
             pax([("path", p + b"/lost")]), pax([("comment", "x")], b"g"), file_(p + b"/b", b"2")]]


@case(*ALL)
def pax_values(p):
    """Records that override the header; the last of a key counts, an empty one says nothing."""
    return [[dir_(p),
             file_(p + b"/a", b"abc", size=0, records=[("size", "3"), ("uid", "70000"),
                                                       ("gid", "3000000000"),
                                                       ("mtime", "1.000000001")]),
             file_(p + b"/b", records=[("path", p + b"/no"), ("path", p + b"/yes")]),
             file_(p + b"/c", records=[("comment", "=\n="), ("uname", "x")])]]


@case("umoci", "docker")
def empty_pax_values(p):
    """An empty record gives way to the header (GNU tar takes an empty path)."""
    return [[dir_(p), file_(p + b"/e", records=[("path", p + b"/no"), ("path", "")])]]


@case(*ALL)
def times(p):
    """Nanoseconds, the epoch, base 256."""
    return [[dir_(p), file_(p + b"/ns", records=[("mtime", "1700000000.123456789")]),
             file_(p + b"/many", records=[("mtime", "1700000000.1234567899")]),
             file_(p + b"/zero", mtime=0), file_(p + b"/now", mtime=1700000000),
             entry(p + b"/b256", b"0", over={136: base256(1700000001, 12)})]]


@case(*ALL)
def times_before_the_epoch(p):
    """Restored by some, 1970 by others: no drift either way."""
    return [[dir_(p), file_(p + b"/half", records=[("mtime", "-0.5")]),
             file_(p + b"/two", records=[("mtime", "-2")]),
             entry(p + b"/b256", b"0", over={136: base256(-7, 12)})]]


@case(*ALL)
def numbers(p):
    """Base 256, blanks around octal digits, fields without an end."""
    return [[dir_(p),
             entry(p + b"/b256", b"0", over={108: base256(0x01020304, 8), 116: base256(5, 8)}),
             entry(p + b"/blank", b"0", over={100: b"   644 \0", 108: b"     7 \0"}),
             entry(p + b"/full", b"0", b"x", over={100: b"00000600", 124: b"000000000001"}),
             entry(p + b"/nul", b"0", over={108: b"\0" * 8})]]


@case(*ALL)
def signed_checksums(p):
    """Old tars summed signed bytes."""
    return [[dir_(p), entry(p + b"/\xff\xfe", b"0", signed=True)]]


@case(*ALL)
def old_directories(p):
    """The oldest tars had no type for them."""
    return [[entry(p + b"/", b"\0", magic=b"\0" * 8), entry(p + b"/d/", b"\0", magic=b"\0" * 8),
             entry(p + b"/f", b"\0", b"x", magic=b"\0" * 8)]]


@case(*ALL)
def bodies_of_what_has_none(p):
    """A size on a directory or link is nothing to skip."""
    return [[dir_(p, size=512), file_(p + b"/f", b"x"), hard(p + b"/h", p + b"/f", size=1),
             link(p + b"/l", b"f", size=700), file_(p + b"/end", b"y")]]


# ---- sparse files ----

# GNU tar wants whole blocks of all extents but the last, and an empty one where a hole ends a file.
DATA = b"A" * 512 + b"CD"


@case("tar", "sparse")
def sparse_pax(p):
    """PAX 0.0, 0.1 and 1.0. (Docker cannot rebuild such layers, umoci
    not unpack them.)"""
    v00 = [("GNU.sparse.size", "5000"), ("GNU.sparse.numblocks", "3"), ("GNU.sparse.offset", "0"),
           ("GNU.sparse.numbytes", "512"), ("GNU.sparse.offset", "4096"),
           ("GNU.sparse.numbytes", "2"), ("GNU.sparse.offset", "5000"),
           ("GNU.sparse.numbytes", "0")]
    v01 = [("GNU.sparse.size", "5000"), ("GNU.sparse.numblocks", "3"),
           ("GNU.sparse.map", "0,512,4096,2,5000,0"), ("GNU.sparse.name", p + b"/v01")]
    v10 = [("GNU.sparse.major", "1"), ("GNU.sparse.minor", "0"), ("GNU.sparse.realsize", "5000"),
           ("GNU.sparse.name", p + b"/v10")]
    return [[dir_(p), file_(p + b"/v00", DATA, records=v00),
             file_(b"GNUSparseFile.0/x", DATA, records=v01),
             file_(b"GNUSparseFile.0/y", pad(b"3\n0\n512\n4096\n2\n5000\n0\n") + DATA, records=v10),
             file_(p + b"/next", b"n")]]


def old_map(*extents):
    return b"".join(b"%011o\0%011o\0" % e for e in extents)


@case("tar")
def sparse_old(p):
    """Old GNU sparse files, with and without blocks behind the header (engines refuse them)."""
    many = [(i * 1024, 512) for i in range(6)] + [(9000, 3), (10000, 0)]
    short = {386: old_map((0, 512), (4096, 2), (5000, 0)), 483: b"%011o\0" % 5000}
    more = {386: old_map(*many[:4]), 482: b"\1", 483: b"%011o\0" % 10000}
    return [[dir_(p),
             header(p + b"/short", b"S", size=len(DATA), magic=b"ustar  \0", over=short) + pad(DATA),
             header(p + b"/more", b"S", size=6 * 512 + 3, magic=b"ustar  \0", over=more)
             + old_map(*many[4:]).ljust(512, b"\0") + pad(b"B" * 6 * 512 + b"xyz"),
             file_(p + b"/next", b"n")]]


# ---- what files carry ----

@case("umoci", "docker")
def attributes(p):
    """Capabilities of both revisions, binary values."""
    return [[dir_(p), file_(p + b"/v2", records=[(XATTR + "security.capability", CAP2)]),
             file_(p + b"/v3", records=[(XATTR + "security.capability", CAP3)]),
             file_(p + b"/bin", records=[(XATTR + "user.bin", b"a\0b\nc=d")]),
             dir_(p + b"/d", records=[(XATTR + "user.x", "1")])]]


@case("umoci", "docker")
def attributes_of_other_programs(p):
    """LIBARCHIVE.xattr, access lists, labels: no engine sets them."""
    acl = "user::rw-,user:5:rwx,group::r--,mask::rwx,other::r--"
    return [[dir_(p), file_(p + b"/la", records=[("LIBARCHIVE.xattr.user.la", "YWJj")]),
             file_(p + b"/acl", records=[("SCHILY.acl.access", acl)]),
             file_(p + b"/label", records=[("RHT.security.selinux", "system_u:object_r:etc_t:s0")])]]


@case(*ALL)
def modes_and_types(p):
    """setuid, sticky, devices, pipes."""
    return [[dir_(p, mode=0o1777), file_(p + b"/suid", mode=0o6755), dir_(p + b"/sgid", mode=0o2775),
             entry(p + b"/null", b"3", dev=(1, 3)), entry(p + b"/loop", b"4", dev=(7, 0)),
             entry(p + b"/big", b"3", dev=(259, 70000)), entry(p + b"/pipe", b"6"),
             entry(p + b"/none", b"0", mode=0)]]


# ---- hard links ----

@case(*ALL)
def hard_links(p):
    """To a file, to a link, through a linked directory, and kept when the target is gone."""
    return [[dir_(p), file_(p + b"/a", b"1"), hard(p + b"/b", p + b"/a"), hard(p + b"/c", b"./" + p + b"/b"),
             link(p + b"/l", b"a"), hard(p + b"/l2", p + b"/l", mode=0o777), dir_(p + b"/d"),
             link(p + b"/dl", b"d"), file_(p + b"/d/x", b"2"), hard(p + b"/e", p + b"/dl/x")]]


@case("docker", "umoci",
      umoci={"a": "metadata", "b": "metadata", "c": "metadata", "d": "metadata"})
def hard_links_with_their_own_metadata(p):
    """Engines put it on the file that both share; umoci leaves the file alone."""
    return [[dir_(p), file_(p + b"/a", b"1", mode=0o644, mtime=5), hard(p + b"/b", p + b"/a", mode=0o4755, uid=3, mtime=6),
             file_(p + b"/c", b"1", records=[(XATTR + "security.capability", CAP2)]),
             hard(p + b"/d", p + b"/c")]]


@case(*TREES)
def hard_links_to_lower_layers(p):
    """Engines that unpack each layer by itself refuse these."""
    return [[dir_(p), file_(p + b"/a", b"1")], [hard(p + b"/b", p + b"/a")]]


# ---- one name twice ----

@case(*TREES)
def duplicates(p):
    """The later one; a directory over a directory keeps what is in it. (Docker refuses them.)"""
    q = p + b"/"
    return [[dir_(p), file_(q + b"ff", b"1"), file_(q + b"ff", b"22"),
             dir_(q + b"dd"), file_(q + b"dd/x"), dir_(q + b"dd", mode=0o700),
             dir_(q + b"df"), file_(q + b"df/x"), file_(q + b"df", b"f"),
             file_(q + b"fd"), dir_(q + b"fd"), file_(q + b"fd/x"),
             file_(q + b"fl"), link(q + b"fl", b"ff"), link(q + b"lf", b"ff"), file_(q + b"lf", b"3"),
             file_(q + b"keep", b"k"), hard(q + b"hard", q + b"keep"), file_(q + b"keep", b"other"),
             file_(q + b"pipe"), entry(q + b"pipe", b"6")]]


@case("umoci", umoci={"d": "metadata"})
def attributes_of_a_directory_twice(p):
    """Engines add the second's to the first's; umoci clears them first."""
    return [[dir_(p), dir_(p + b"/d", records=[(XATTR + "user.a", "1")]),
             dir_(p + b"/d", records=[(XATTR + "user.b", "2")])]]


@case("umoci", "docker")
def types_that_change_between_layers(p):
    """File, directory and link in each other's place, one layer upon the other."""
    q = p + b"/"
    return [[dir_(p), file_(q + b"fd", b"1"), dir_(q + b"df"), file_(q + b"df/x"), link(q + b"lf", b"df"),
             dir_(q + b"dl"), file_(q + b"dl/x"), file_(q + b"same", b"1", mode=0o600)],
            [dir_(p), dir_(q + b"fd"), file_(q + b"fd/x"), file_(q + b"df", b"f"), file_(q + b"lf", b"f"),
             link(q + b"dl", b"fd"), file_(q + b"same", b"1", mode=0o644)]]


# ---- links on the way ----

@case(*ALL)
def linked_parents(p):
    """Of the same layer: relative, absolute, climbing, through another."""
    q = p + b"/"
    return [[dir_(p), dir_(q + b"real"), link(q + b"rel", b"real"), file_(q + b"rel/a"),
             link(q + b"two", b"rel"), file_(q + b"two/b")]]


@case("umoci", "docker")
def absolute_linked_parents(p):
    """Stay inside the root (GNU tar would leave it)."""
    q = p + b"/"
    return [[dir_(p), dir_(q + b"real"), link(q + b"abs", b"/" + q + b"real"), file_(q + b"abs/a"),
             link(q + b"up", b"../" + q + b"real"), file_(q + b"up/c"),
             link(q + b"high", b"../../../../" + q + b"real"), file_(q + b"high/b")]]


@case(*TREES)
def linked_parents_below(p):
    """Of a lower layer: engines that unpack each layer by itself put a directory there instead."""
    q = p + b"/"
    return [[dir_(p), dir_(q + b"usr"), file_(q + b"usr/old"), link(q + b"lib", b"usr")],
            [file_(q + b"lib/x", b"1"), file_(q + b"lib/.wh.old")]]


@case("stray")
def linked_parents_that_docker_covers(p):
    """The same for a real docker: it must neither be called tampering nor checked."""
    q = p + b"/"
    return [[dir_(p), dir_(q + b"usr"), link(q + b"lib", b"usr")], [file_(q + b"lib/x", b"1")]]


# ---- deletions ----

@case("umoci", "docker")
def whiteouts(p):
    """Of files, directories, links, of nothing; opaque directories; parents kept."""
    q = p + b"/"
    return [[dir_(p), file_(q + b"f"), dir_(q + b"d"), file_(q + b"d/x"), link(q + b"l", b"d"), dir_(q + b"o"),
             file_(q + b"o/old"), dir_(q + b"o/sub"), file_(q + b"o/sub/x"), dir_(q + b"k"), file_(q + b"k/a"), file_(q + b"k/b"),
             file_(q + b"wha")],
            [dir_(p), file_(q + b".wh.f"), file_(q + b".wh.d"), file_(q + b".wh.l"), file_(q + b".wh.nothing"), dir_(q + b"o"),
             file_(q + b"o/.wh..wh..opq"), file_(q + b"o/new"), dir_(q + b"k"), file_(q + b"k/.wh.a"), file_(q + b"k/c")],
            [dir_(p), file_(q + b"f", b"back"), dir_(q + b"o"), file_(q + b"o/more")]]


@case("umoci")
def whiteouts_beside_what_they_name(p):
    """Both in one layer: what the layer has survives, in either order (docker refuses the one)."""
    q = p + b"/"
    return [[dir_(p), file_(q + b"a", b"1"), file_(q + b"b", b"1"), dir_(q + b"d"), file_(q + b"d/old"), dir_(q + b"o"), file_(q + b"o/old")],
            [file_(q + b".wh.a"), file_(q + b"a", b"2"), file_(q + b"b", b"2"), file_(q + b".wh.b"),
             file_(q + b".wh.d"), dir_(q + b"d"), file_(q + b"d/new"),
             dir_(q + b"o"), file_(q + b"o/new"), file_(q + b"o/.wh..wh..opq")]]


# ---- data that looks like markers ----

@case("umoci")
def overlay_markers_are_data(p):
    """0:0 devices and overlay attributes."""
    q = p + b"/"
    return [[dir_(p), entry(q + b"dev", b"3"), dir_(q + b"opaque", records=[(XATTR + "trusted.overlay.opaque", "y")]),
             dir_(q + b"user", records=[(XATTR + "user.overlay.opaque", "y")])]]


REFUSED = {
    "climbs out": [file_(b"a/../../b")],
    "climbs out of the top": [file_(b"../b")],
    "a parent that is a file": [file_(b"a"), file_(b"a/b")],
    "links in a circle": [link(b"a", b"b"), link(b"b", b"a"), file_(b"a/x")],
    "a hard link to a directory": [dir_(b"a"), hard(b"b", b"a")],
    "a hard link out of the root": [hard(b"b", b"../../etc/passwd")],
    "a whiteout of nothing": [file_(b"d/.wh.")],
    "a whiteout of the directory": [file_(b".wh..")],
    "a whiteout of the parent": [file_(b".wh...")],
    "a bad checksum": [b"\1" + file_(b"abc")[1:]],
    "data behind a zero block": [file_(b"a"), b"\0" * 512, file_(b"b")],
    "a size that is not there": [header(b"a", b"0", size=1 << 20)],
    "a size of 8 EiB": [entry(b"a", b"0", over={124: base256((1 << 63) - 1, 12)})],
    "a size beyond 8 EiB": [entry(b"a", b"0", over={124: base256(1 << 63, 12)})],
    "a negative size": [entry(b"a", b"0", over={124: base256(-1, 12)})],
    "a PAX size of 8 EiB": [file_(b"a", records=[("size", "9223372036854775807")])],
    "a PAX size beyond": [file_(b"a", records=[("size", "9223372036854775808")])],
    "a negative PAX size": [file_(b"a", records=[("size", "-1")])],
    "a NUL in a PAX path": [file_(b"a", records=[("path", b"a\0b")])],
    "an owner out of range": [file_(b"a", records=[("uid", "4294967296")])],
    "a path of 5000 parts": [file_(b"a", records=[("path", b"/".join([b"a"] * 5000))])],
    "a hole of 8 EiB": [file_(b"a", records=[("GNU.sparse.map", "0,0"), ("GNU.sparse.numblocks", "1"),
                                             ("GNU.sparse.size", "9223372036854775807")])],
    "a sparse map that overlaps": [file_(b"a", b"abcd", records=[
        ("GNU.sparse.map", "0,2,1,2"), ("GNU.sparse.numblocks", "2"), ("GNU.sparse.size", "9")])],
    "multi-volume": [entry(b"a", b"M")],
    "a volume label": [entry(b"a", b"V")],
    "a GNU directory list": [entry(b"a", b"D")],
    "a Solaris access list": [entry(b"a", b"A")],
    "a type nobody knows": [entry(b"a", b"Z")],
}


def name_of(make):
    return make.__name__.encode()


def build(reader, out):
    layers, expected = [], []
    for make, readers, differs in CASES:
        if reader not in readers:
            continue
        for i, parts in enumerate(make(name_of(make))):
            if i == len(layers):
                layers.append([])
            layers[i] += parts
        expected += ["/%s/%s %s" % (make.__name__, path, change)
                     for path, change in differs.get(reader, {}).items()]
    tars = [end(*parts) for parts in layers]
    write_layout(os.path.join(out, "layout"), tars)
    write_docker_archive(os.path.join(out, "archive.tar"), tars, "nasty:1")
    for i, data in enumerate(tars):
        with open(os.path.join(out, "layer%d.tar" % i), "wb") as f:
            f.write(data)
    with open(os.path.join(out, "expected"), "w") as f:
        f.write("".join(line + "\n" for line in sorted(expected)))


def build_refused(out):
    for sentence, parts in REFUSED.items():
        write_layout(os.path.join(out, sentence.replace(" ", "_")), [end(*parts)])


if __name__ == "__main__":
    if sys.argv[1] == "refused":
        build_refused(sys.argv[2])
    else:
        build(sys.argv[1], sys.argv[2])
