# shellcheck shell=bash
# SPDX-License-Identifier: Apache-2.0
# Commands and options that the documents show are there: in code, `strandline diff --all web`, and in
# sentences, `diff --all`.
need python3
"$STRANDLINE" __completion bash >completion
cat >documents.py <<'P'
import re, sys

options = {}
for name, words in re.findall(r"^\t'([^']*)'\) words=\"([^\"]*)\"", open("completion").read(), re.M):
    options[name] = set(re.findall(r"--[a-z0-9-]+", words))
everywhere = options[""]


def command_of(words):
    """The longest name that the words begin with, and what is left of them."""
    for count in (2, 1):
        name = " ".join(words[:count])
        if name and name in options:
            return name, words[count:]
    return None, words


def code(text):
    """Pieces of code: lines of blocks, and what stands between backticks."""
    parts = re.split(r"^ *```.*$", text, flags=re.M)
    for i, part in enumerate(parts):
        if i % 2:
            yield from part.replace("\\\n", " ").split("\n")
        else:
            yield from re.findall(r"`([^`]+)`", part)


wrong = seen = 0
for path in sys.argv[1:]:
    for piece in code(open(path).read()):
        for call in re.split(r"[|;&#]+|\bsudo\b", piece):
            words = call.replace("$ ", "", 1).split()
            while words and "=" in words[0]:
                words.pop(0)
            is_ours = bool(words) and re.fullmatch(r"(build/\w+/)?strandline", words[0]) is not None
            first = 1 if is_ours else 0
            while is_ours and first < len(words) and command_of(words[first:])[0] is None:
                first += 1  # options of the program and their values stand in front
            name, rest = command_of(words[first:])
            rest += words[1:first]
            if name is None and is_ours and re.search(r" --[a-z]", call) and re.match("[a-z]", words[1]):
                print(f"{path}: there is no command '{words[1]}': {piece.strip()}")
                wrong += 1
            if name is None or not rest or not (is_ours or rest[0].startswith("--")):
                continue
            for option in re.findall(r"(?<!\S)(--[a-z][a-z0-9-]*)", " ".join(rest)):
                seen += 1
                if option not in options[name] and option not in everywhere:
                    print(f"{path}: {name} has no {option}: {piece.strip()}")
                    wrong += 1
print(f"{seen} options seen")
sys.exit(wrong > 0)
P
documents() { (cd "$SOURCE_DIR" && { git ls-files '*.md' 2>/dev/null || find . -name '*.md' -not -path './build/*'; }); }
shown() { documents | sed "s|^|$SOURCE_DIR/|" | xargs python3 documents.py >said || { cat said; return 1; }; }
it "every command and option that a document shows is there" shown
it "there were some" test "$(sed -n 's/ options seen//p' said)" -gt 100

# The check itself must see each kind of offence.
offends() {
	printf '%s\n' "$1" >bad.md
	exits 1 python3 documents.py bad.md >said || return 1
	same 2 "$(wc -l <said)"
}
# shellcheck disable=SC2016 # backticks of a document
{
	it "an option that is none is seen in a sentence" offends 'Say `diff --alles`.'
	it "one of another command is, too" offends 'Say `custody add --alles --by ME`.'
	it "an option that is none is seen in a block" offends '```
$ strandline --db x diff --alles web | head --lines 3
```'
	it "so is a command that is none" offends 'Say `strandline destroy --all`.'
}
# shellcheck disable=SC2016
printf '`diff --all` `ls --all` `strandline --root DIR ps` `git diff --stat`\n' >good.md
it "what is fine is fine" python3 documents.py good.md
