# SPDX-License-Identifier: Apache-2.0
# readfaults.py PRELOAD DIR STATUS COMMAND...: run a comparison whose document goes to standard
# output, and then again with each of the calls on DIR failing once, in several ways. What it finds
# undisturbed is the truth, STATUS its exit status: each later run finds it, or has a gap that covers
# what it lacks, or makes no statement and says so. KINDS, ERRNOS (environment): which calls fail how;
# NOFILE, AS: instead, how many descriptors or MiB of addresses there are. MEMORY (with
# preload/faultmemory.c): instead, one allocation in so many fails, once each; of a command that
# writes no document (VERDICT is set) only the exit status is judged.
import json
import os
import resource
import subprocess
import sys

preload, directory, status, *command = sys.argv[1:]
status = int(status)
ERRNOS = {"EIO": 5, "ENOMEM": 12, "EACCES": 13, "EMFILE": 24, "ESTALE": 116}
KINDS = os.environ.get("KINDS", "open stat list read link attr").split()
ways = os.environ.get("ERRNOS", " ".join(ERRNOS)).split()
bad = 0


def run(limit=None, **variables):
    env = dict(os.environ, LD_PRELOAD=preload, FAULTREAD_DIR=os.path.realpath(directory), **variables)
    bound = (lambda: resource.setrlimit(limit[0], (limit[1], limit[1]))) if limit else None
    done = subprocess.run(command, env=env, capture_output=True, timeout=60, preexec_fn=bound)
    return done.returncode, done.stdout, done.stderr.decode(errors="replace")


def found(container):
    return {(f["path"], f["change"], tuple(sorted(f["signals"])), f["severity"]) for f in container["findings"] if f.get("path")}


def covers(gap, path):
    what = gap["what"].rstrip("/")
    if what == directory or what == os.path.realpath(directory):
        return True
    return path == what or path.startswith(what + "/") or what == ""


def judge(rc, out, err):
    if rc == 2:
        return None if err.strip() else "fails without a word"
    if "VERDICT" in os.environ:
        return None if rc == status else f"ends with {rc}: {err}"
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


def complain(what, problem):
    if problem:
        print(f"{what}: {problem}")
    return problem is not None


def limited(name, which, unit):
    return sum(
        complain(f"{name} {n}", judge(*run((which, int(n) * unit))))
        for n in os.environ.get(name, "").split()
    )


rc, out, err = run(FAULTREAD_COUNT="count", FAULTMEMORY_COUNT="count")
assert rc == status, err
if "VERDICT" not in os.environ:
    truth = found(json.loads(out)["containers"][0])
if "MEMORY" in os.environ:
    step = int(os.environ["MEMORY"])
    ns = range(1 + step // 2, int(open("count").read()), step)
    assert len(ns) > 20
    bad = sum(complain(f"allocation {n}", judge(*run(FAULTMEMORY_AT=str(n)))) for n in ns)
    sys.exit(1 if bad else 0)
if "NOFILE" in os.environ or "AS" in os.environ:
    bad = limited("NOFILE", resource.RLIMIT_NOFILE, 1) + limited("AS", resource.RLIMIT_AS, 1 << 20)
    sys.exit(1 if bad else 0)
counts = dict(line.split() for line in open("count"))
for kind in KINDS:
    assert int(counts[kind]) > 0, counts
    for n in range(1, int(counts[kind]) + 1):
        for name in ways:
            call = f"{kind}:{n}:{ERRNOS[name]}"
            bad += complain(f"{kind} {n} fails with {name}", judge(*run(FAULTREAD_FAIL=call)))
    call = f"{kind}:1:{ERRNOS[ways[0]]}:always"
    bad += complain(f"every {kind} fails", judge(*run(FAULTREAD_FAIL=call)))
sys.exit(1 if bad else 0)
