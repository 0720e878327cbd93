# shellcheck shell=bash
# SPDX-License-Identifier: Apache-2.0
# What CONTRIBUTING.md says of files and functions, as far as it can be counted: how long they may be, that
# a header of a room declares what others call, and that no work is left as a note in the code.
need python3
cat >shape.py <<'P'
import glob, os, re, sys

FILE_LINES, FUNCTION_LINES = 600, 60
ROOMS = ("core", "snapshot", "host", "diff", "forensics", "report", "job", "cli")
# longer for a reason, which stands beside it
LONG = {
    "snapshot/overlay.c": "one walk, whose steps share the state of a frame",
    "tests/unit/test_rules.c": "one table, with rows for each rule",
}

wrong = 0


def offends(text):
    global wrong
    print(text)
    wrong += 1


def words(text):
    return set(re.findall(r"\w+", re.sub(r'/\*.*?\*/|"(?:\\.|[^"\\\n])*"', " ", text, flags=re.S)))


def functions(lines):
    """A function's braces stand alone at the beginning of their lines: clang-format sees to it."""
    start = None
    for number, line in enumerate(lines):
        if line == "{":
            start = number
        elif line == "}" and start is not None:
            yield lines[start - 1], number - start - 1
            start = None


def declared(text):
    return re.findall(r"^(?!static|typedef|#|\s)[\w \*]*?\b(\w+)\([^;{]*\)[^;{]*;", text, re.M)


os.chdir(sys.argv[1])
rooms = {f: open(f).read() for room in ROOMS for f in glob.glob(f"{room}/*.[ch]") + glob.glob(f"{room}/*/*.c")}
tests = {f: open(f).read() for f in glob.glob("tests/**/*.[ch]", recursive=True)}
public = {f: open(f).read() for f in glob.glob("include/strandline/*.h") + glob.glob("cmake/*.c")}

for path, text in {**rooms, **tests, **public}.items():
    lines = text.split("\n")
    if len(lines) - 1 > FILE_LINES and path not in LONG:
        offends(f"{path}: {len(lines) - 1} lines, more than {FILE_LINES}: are there two nouns in it?")
    if path in rooms:
        for head, length in functions(lines):
            if length > FUNCTION_LINES:
                offends(f"{path}: {length} lines: {head}")
    for number, line in enumerate(lines, 1):
        if re.search(r"\b(TODO|FIXME|XXX)\b", line):
            offends(f"{path}:{number}: {line.strip()}")

users = {}
for path, text in {**rooms, **tests, **public}.items():
    for word in words(text):
        users.setdefault(word, set()).add(path)
for path, text in rooms.items():
    if path.endswith(".h"):
        for name in declared(text):
            if len(users[name] - {path}) < 2:
                offends(f"{path}: {name}() is called by nobody but its own file: make it static")
sys.exit(wrong > 0)
P
it "files and functions are short, headers declare what others use" python3 shape.py "$SOURCE_DIR"

# The check itself must see each kind of offence, where there was none before.
mkdir -p core tests/unit cmake include/strandline
offends() {
	printf 'int used(int a,\n\t int b);\n' >core/a.h
	printf 'int used(int a,\n\t int b)\n{\n\treturn a + b;\n}\n' >core/a.c
	printf 'used(1, 2);\n' >tests/unit/test_a.c
	python3 shape.py . || return 1
	"$@"
	! python3 shape.py . >said && same 1 "$(wc -l <said)"
}
add() { echo "$2" >>"$1"; }
long_file() { seq 600 | sed 's/.*/;/' >>core/a.c; }
long_function() { { printf 'int more(void)\n{\n'; seq 61 | sed 's/.*/\t;/'; printf '}\n'; } >>core/a.c; }
it "a long file is seen" offends long_file
it "a long function is seen" offends long_function
it "a note of work to do is seen" offends add core/a.c '/* TODO */'
it "a function that only its file calls is seen" offends add core/a.h 'bool own(void);'
it "so is one whose only caller went" offends rm tests/unit/test_a.c
