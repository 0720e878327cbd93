# shellcheck shell=bash
# SPDX-License-Identifier: Apache-2.0
# The tables of docs/architecture.md that say where things are in a room name every file of it, and none that
# is not there; those of families name none that is not there.
need python3
cat >tables.py <<'P'
import fnmatch, os, re, sys

top = sys.argv[1]
text = open(f"{top}/docs/architecture.md").read()
wrong = 0
for kind, room, section in re.findall(r"^## (Where things are|Families of files) in (\w+)/\n(.*?)(?=^## )", text, re.S | re.M):
    stems = {f.rsplit(".", 1)[0] for f in os.listdir(f"{top}/{room}") if f.endswith((".c", ".h"))}
    cells = [row.split("|")[2] for row in section.splitlines() if row.startswith("| ")]
    told = re.findall(r"`([^`]+)`", " ".join(cells))
    own = [t.split(".")[0] for t in told if "/" not in t]
    for stem in sorted(stems):
        if kind[0] == "W" and not any(fnmatch.fnmatchcase(stem, t) for t in own):
            print(f"{room}/{stem}: in no table")
            wrong += 1
    for name in own:
        if not fnmatch.filter(stems, name):
            print(f"{room}/{name}: there is no such file")
            wrong += 1
    for name in (t for t in told if "/" in t):
        if not any(os.path.exists(f"{top}/{name.split('.')[0]}.{end}") for end in "ch"):
            print(f"{name}: there is no such file")
            wrong += 1
sys.exit(wrong > 0)
P
it "every file of a room that has a table is in it" python3 tables.py "$SOURCE_DIR"

# The check itself must see each kind of offence.
offends() {
	mkdir -p docs core report
	: >report/json.c
	: >core/buf.h
	printf '## Where things are in report/\n\n| what | files |\n| --- | --- |\n| x | `json`, `core/buf` |\n\n## More\n' \
		>docs/architecture.md
	python3 tables.py . || return 1
	"$@"
	! python3 tables.py . >said
}
it "a file that nothing names is seen" offends touch report/html.c
rm report/html.c
it "a name without a file is seen" offends rm report/json.c
it "so is one of another room" offends rm core/buf.h
