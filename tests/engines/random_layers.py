# SPDX-License-Identifier: Apache-2.0
"""Random layers and what they make, by a reference that knows no tar, no database and no cache.

random_layers.py make SEED DIR    DIR/layout and DIR/expected
random_layers.py dump             a manifest of dump_baseline's on standard input, as in expected
"""
import hashlib
import os
import random
import re
import sys

from layertar import dir_, end, entry, file_, hard, link, write_layout

NAMES = ["a", "b", "a-b", "c"]
TARGETS = ["a", "b/c", "/b", "../a", "/c/a", "../../b", "c", "/", "a-b", "."]


class Invalid(Exception):
    """No unpacker takes this, or they take it in different ways: not generated."""


class Node:
    def __init__(self, kind, what="", mode=0o644):
        self.kind, self.what, self.mode = kind, what, mode


class Tree:
    """Everything in one dictionary. mine: what the layer at hand has put there, with its parents;
    bare: directories that it has only deleted from, which umoci does not take for its own.
    covered: directories of lower layers in whose place it has put something else."""

    def __init__(self):
        self.nodes = {(): Node("dir")}
        self.mine = set()
        self.bare = set()
        self.covered = set()

    def begin_layer(self):
        self.mine = set()
        self.bare = set()
        self.covered = set()

    def resolve(self, parts):
        at, todo, links = (), list(parts), 0
        while todo:
            part = todo.pop(0)
            if part in ("", "."):
                continue
            if part == "..":
                at = at[:-1]
                continue
            node = self.nodes.get(at + (part,))
            if node is None or node.kind == "dir":
                at += (part,)
            elif node.kind == "link":
                links += 1
                if links > 30:
                    raise Invalid
                if node.what.startswith("/"):
                    at = ()
                todo = node.what.split("/") + todo
            else:
                raise Invalid
        return at

    def below(self, path):
        return [p for p in self.nodes if len(p) > len(path) and p[:len(path)] == path]

    def touch(self, path):
        for i in range(len(path) + 1):
            self.mine.add(path[:i])

    def make_dirs(self, path):
        for i in range(1, len(path) + 1):
            self.nodes.setdefault(path[:i], Node("dir"))
        self.touch(path)

    def put(self, path, node):
        old = self.nodes.get(path)
        if node.kind == "dir" and path in self.covered:
            raise Invalid  # twice in one layer: on an overlay the lower directory is back
        if old is not None and old.kind == "dir" and node.kind != "dir":
            self.covered.add(path)
        if old is not None and not (old.kind == "dir" and node.kind == "dir"):
            for p in self.below(path):
                del self.nodes[p]
                self.mine.discard(p)
        self.nodes[path] = node
        self.touch(path)

    def hide(self, path, itself):
        where = path[:-1] if itself else path
        if self.nodes.get(where, Node("")).kind != "dir":
            raise Invalid  # engines make the directory, umoci does not
        if path == () and not itself:
            raise Invalid  # an overlay shows what is beneath an opaque root, umoci does not
        if any(p[:len(path)] == path for p in self.bare):
            raise Invalid
        self.bare.update(where[:i] for i in range(len(where) + 1))
        for p in self.below(path) + ([path] if itself else []):
            if p in self.nodes and p not in self.mine:
                del self.nodes[p]

    def target(self, parts, path):
        to = self.resolve(parts[:-1]) + (parts[-1],)
        node = self.nodes.get(to)
        if node is None or node.kind == "dir" or to[:len(path)] == path:
            raise Invalid
        return node


def random_parts(rng):
    return [rng.choice(NAMES) for _ in range(rng.randint(1, 3))]


def step(rng, tree):
    """One random entry, applied to the tree; its bytes."""
    parts = random_parts(rng)
    kind = rng.choices(["dir", "file", "link", "hard", "pipe", "whiteout", "opaque"],
                       [4, 4, 3, 3, 1, 3, 1])[0]
    name = "/".join(parts)
    where = tree.resolve(parts[:-1])
    path = where + (parts[-1],)
    if kind == "hard":
        goal = random_parts(rng)
        node = tree.target(goal, path)
    if kind == "whiteout":
        tree.hide(path, True)
        return file_("/".join(parts[:-1] + [".wh." + parts[-1]]))
    if kind == "opaque":
        tree.hide(where, False)
        return file_("/".join(parts[:-1] + [".wh..wh..opq"]))
    tree.make_dirs(where)
    if kind == "dir":
        mode = rng.choice([0o755, 0o700, 0o1777])
        tree.put(path, Node("dir", mode=mode))
        return dir_(name, mode=mode)
    if kind == "file":
        body = str(rng.randrange(10)) * rng.randrange(3)
        mode = rng.choice([0o644, 0o4755])
        tree.put(path, Node("file", body, mode))
        return file_(name, body, mode=mode)
    if kind == "link":
        to = rng.choice(TARGETS)
        tree.put(path, Node("link", to))
        return link(name, to)
    if kind == "hard":
        tree.put(path, Node(node.kind, node.what, node.mode))
        return hard(name, "/".join(goal), mode=node.mode)
    tree.put(path, Node("fifo"))
    return entry(name, b"6")


def make(seed, out):
    rng = random.Random(seed)
    tree, layers = Tree(), []
    for _ in range(3):
        tree.begin_layer()
        parts = []
        for _ in range(rng.randint(1, 16)):
            try:
                parts.append(step(rng, tree))
            except Invalid:
                pass
        layers.append(end(*parts))
    write_layout(os.path.join(out, "layout"), layers)
    lines = []
    for path, node in tree.nodes.items():
        if path:
            what = {"file": hashlib.sha256(node.what.encode()).hexdigest(),
                    "link": node.what}.get(node.kind, "-")
            lines.append("%s %s %s" % ("/".join(path), node.kind, what))
    with open(os.path.join(out, "expected"), "w") as f:
        f.write("".join(line + "\n" for line in sorted(lines)))


def dump():
    lines = []
    for line in sys.stdin:
        found = re.match(r"\./(\S+) type=(\S+)", line)
        if found:
            what = re.search(r"(?:sha256|link)=(\S+)", line)
            lines.append("%s %s %s" % (found[1], found[2], what[1] if what else "-"))
    print("\n".join(sorted(lines)))


if __name__ == "__main__":
    if sys.argv[1] == "make":
        make(int(sys.argv[2]), sys.argv[3])
    else:
        dump()
