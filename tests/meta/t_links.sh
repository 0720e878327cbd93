# shellcheck shell=bash
# SPDX-License-Identifier: Apache-2.0
# Links between the documents lead to files that are there, and to headings that they have. Files of the rooms
# and tests that they name are there, too.
need python3
cat >links.py <<'P'
import glob, os, re, sys

wrong = 0


def anchors(path):
    heads = re.findall(r"^#+ (.*)$", open(path).read(), re.M)
    return {re.sub(r"[^\w\- ]", "", re.sub(r"\[([^]]*)\]\([^)]*\)", r"\1", h)).strip().lower().replace(" ", "-") for h in heads}


for path in sys.argv[1:]:
    for target in re.findall(r"\]\(([^)\s]+)\)", re.sub(r"```.*?```|`[^`]*`", "", open(path).read(), flags=re.S)):
        if re.match(r"[a-z]+:", target):
            continue
        name, _, anchor = target.partition("#")
        there = os.path.join(os.path.dirname(path), name) if name else path
        if not os.path.exists(there):
            print(f"{path}: {target}: there is no such file")
            wrong += 1
        elif anchor and anchor not in anchors(there):
            print(f"{path}: {target}: there is no such heading")
            wrong += 1
    for name in re.findall(r"`((?:core|snapshot|host|diff|forensics|report|job|cli|tests|samples)/[\w./*-]+)`", open(path).read()):
        if "NAME" not in name and not glob.glob(name) and not glob.glob(name + ".[ch]"):
            print(f"{path}: {name}: there is no such file")
            wrong += 1
sys.exit(wrong > 0)
P
documents() { (cd "$SOURCE_DIR" && git ls-files '*.md' 2>/dev/null || find . -name '*.md' -not -path './build/*'); }
links() { (cd "$SOURCE_DIR" && documents | xargs python3 "$OLDPWD/links.py"); }
it "every link leads somewhere" links
printf '# One\n\n[a](b.md) [c](#two) `core/none.c`\n' >bad.md
it "a link to nowhere is seen" exits 1 python3 links.py bad.md
it "all of them are" same 3 "$(python3 links.py bad.md | wc -l)"
printf '# One two\n\n[a](#one-two)\n' >bad.md
it "one to a heading is fine" python3 links.py bad.md

# Comments of the rooms name files and functions that are there, and each header the parameters it has.
cat >comments.py <<'P'
import glob, os, re, sys

ROOMS = "core|snapshot|host|diff|forensics|report|job|cli"
ELSEWHERE = {"timegm", "faccessat2", "archive_write_fail"}  # of libraries and the kernel
os.chdir(sys.argv[1])
sources = {f: open(f).read() for room in ROOMS.split("|") for f in glob.glob(f"{room}/*.[ch]")}
sources.update({f: open(f).read() for f in glob.glob("include/strandline/*.h")})
COMMENT = re.compile(r"/\*.*?\*/", re.S)
known = {word for text in sources.values() for word in re.findall(r"\w+", COMMENT.sub(" ", text))}
wrong = 0
for path, text in sorted(sources.items()):
    said = " ".join(COMMENT.findall(text))
    for name in re.findall(rf"\b((?:{ROOMS}|docs|samples|tests)/[\w/-]+\.(?:c|h|md|sh|yaml))\b", said):
        if not os.path.exists(name) and "docs/manual/" not in name:
            print(f"{path}: {name}: there is no such file")
            wrong += 1
    for name in set(re.findall(r"\b([a-z]\w*)\(\)", said)) - known - ELSEWHERE:
        print(f"{path}: {name}(): there is no such function")
        wrong += 1
    for name in set(re.findall(r"(?<!\w)@(?!param|return|file|endcode|code|p\b|c\b)([a-z_]\w*)", said)) - known:
        print(f"{path}: @{name}: there is nothing of this name")
        wrong += 1
sys.exit(wrong > 0)
P
it "comments name what is there" python3 comments.py "$SOURCE_DIR"
mkdir -p core
printf '/* As core/gone.h has it, by gone() of @missing; see here() of @there. */\nint here(int there);\n' >core/a.h
it "what is not there is seen" exits 1 sh -c 'python3 comments.py . >said'
it "in each of its forms" same 3 "$(wc -l <said)"
