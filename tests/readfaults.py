# SPDX-License-Identifier: Apache-2.0
# readfaults.py PRELOAD DIR STATUS COMMAND...: run a comparison whose document goes to standard
# output, and then again with each of the calls on DIR failing once, in several ways. What it finds
# undisturbed is the truth, STATUS its exit status: each later run finds it, or has a gap that covers
# what it lacks, or makes no statement and says so. KINDS (environment) names the kinds of calls.
import json
import os
import subprocess
import sys

preload, directory, status, *command = sys.argv[1:]
status = int(status)
ERRNOS = {"EIO": 5, "ENOMEM": 12, "EACCES": 13, "EMFILE": 24, "ESTALE": 116}
KINDS = os.environ.get("KINDS", "open stat list read link attr").split()
ways = os.environ.get("ERRNOS", " ".join(ERRNOS)).split()
bad = 0


def run(**variables):
    env = dict(os.environ, LD_PRELOAD=preload, FAULTREAD_DIR=os.path.realpath(directory), **variables)
    done = subprocess.run(command, env=env, capture_output=True, timeout=60)
    return done.returncode, done.stdout, done.stderr.decode(errors="replace")


def found(container):
    return {(f["path"], f["change"], tuple(sorted(f["signals"])), f["severity"]) for f in container["findings"] if f.get("path")}


def covers(gap, path):
    what = gap["what"].rstrip("/")
    if what == directory or what == os.path.realpath(directory):
        return True
    return path == what or path.startswith(what + "/") or what == ""


def judge(call, rc, out, err):
    if rc == 2:
        return None if err.strip() else "fails without a word"
    if rc not in (1, 3):
        return f"ends with {rc}: {err}"
    try:
        container = json.loads(out)["containers"][0]
    except ValueError:
        return f"writes no document with status {rc}"
    lacking = [f for f in sorted(truth) if f not in found(container)]
    more = [f for f in sorted(found(container)) if f not in truth]
    open_ = [f for f in lacking + more if not any(covers(g, f[0]) for g in container["gaps"])]
    if open_:
        return f"lacks {lacking}, has {more}, and its gaps are {container['gaps']}"
    if not container["gaps"] and rc != status:
        return f"ends with {rc} and no gap"
    return None


rc, out, err = run(FAULTREAD_COUNT="count")
assert rc == status, err
truth = found(json.loads(out)["containers"][0])
counts = dict(line.split() for line in open("count"))
assert sum(int(counts[k]) for k in KINDS) > 20, counts
for kind in KINDS:
    for n in range(1, int(counts[kind]) + 1):
        for name in ways:
            for how in ("", ":always") if name == ways[0] else ("",):
                call = f"{kind}:{n}:{ERRNOS[name]}{how}"
                problem = judge(call, *run(FAULTREAD_FAIL=call))
                if problem:
                    print(f"{kind} {n} fails with {name}{how}: {problem}")
                    bad += 1
sys.exit(1 if bad else 0)
