# shellcheck shell=bash
# SPDX-License-Identifier: Apache-2.0
# What a capture takes and what not: patterns, limits, a deadline, holes, names of one file, several
# containers in one bundle; and that the scene does not notice it. Both verifiers agree on all.
need_root
need jq python3 unshare mount setfattr
mkdir -p image/etc u/data u/var/log
echo hi >image/etc/motd
bash "$SOURCE_DIR/samples/make-oci.sh" oci 1 image >/dev/null
capture() { "$STRANDLINE" capture --no-db --upper u --image oci:oci:1 "$@" 2>said; }
show() { "$STRANDLINE" show "$1" --format jsonl -o shown; }
# of PATH FILTER: of the file record of a path in what was shown last
of() { jq -r --arg p "$1" "select(.type == \"file\" and .src.path == \$p) | $2" shown; }
gaps() { jq -r 'select(.type == "gap") | "\(.kind // "-") \(.what)"' shown | sort -u | paste -sd,; }
# both FILE STATUS: both verifiers say this, and of the same records and payloads
both() {
	exits "$2" "$STRANDLINE" verify --allow-unanchored "$1" >ours &&
		exits "$2" sh "$SOURCE_DIR/forensics/verify.sh" --allow-unanchored "$1" >theirs &&
		contains theirs "$(awk '$1 == "records" { r = $3 } $1 == "payloads" { p = $2 }
			END { sub(",", "", p); print r " records, " p " payloads" }' ours)"
}

# ---- patterns and sizes
head -c 3000000 /dev/urandom >u/data/big
echo small >u/data/small
echo log >u/var/log/a.log
it "what is left out on purpose leaves nothing missing" exits 0 \
	capture -o a --exclude '*.log' --exclude /data/big
show a
it "it is a gap of its own kind, in the findings too" same "policy /data/big,policy /var/log/a.log" "$(gaps)"
it "that names the rule" same 'left out by --exclude *.log' \
	"$(jq -r 'select(.type == "gap" and .what == "/var/log/a.log") | .why' shown | head -1)"
it "its record is there, its content not" same "3000000 null null" \
	"$(of /data/big '"\(.src.size) \(.stored) \(.hash)"')"
it "all else is there" same 6 "$(of /data/small .stored.bytes)"
it "and the open record has the orders" same '["*.log","/data/big"]' \
	"$(jq -c 'select(.type == "open").limits.exclude' shown)"
it "both verifiers agree" both a 0
it "a directory stands for what is in it" exits 0 capture -o b --include /data --no-findings
show b
it "what no --include names is left out" same "policy /var/log/a.log" "$(gaps)"
it "a triage takes no large files" exits 0 capture -o c --profile triage --no-findings
show c
it "and says so" same "policy /data/big" "$(gaps)"
it "a pattern that fits nothing is refused" exits 2 capture -o never --exclude /
it "before anything is written" test ! -e never
it "a limit on all bytes is not a matter of plan" exits 3 capture -o d --max-bytes 1M --no-findings
show d
it "it leaves a gap like any other" same "- /data/big" "$(gaps)"
it "and the small ones go in" same 6 "$(of /data/small .stored.bytes)"

# ---- the plan
it "a dry run" exits 0 capture --dry-run --exclude '*.log' --format json >plan
it "tells the sizes" same "2 3000006 1 4" "$(jq -r '.containers[0] |
	"\(.upper.files) \(.upper.bytes) \(.left_out[0].files) \(.left_out[0].bytes)"' plan)"
it "for people, too" exits 0 capture --dry-run --exclude '*.log'
it "a plan that cannot be carried out whole says so" exits 3 capture --dry-run --max-bytes 1M
it "nothing was written: to where would be asked" same "" "$(find . -newer plan -type f ! -name said)"

# ---- holes
truncate -s 100G u/data/huge
for at in 0 1000000 50000000000 107374182399; do
	printf x | dd of=u/data/huge bs=1 seek=$at conv=notrunc status=none
done
truncate -s 40M u/data/some
head -c 9000000 /dev/urandom | dd of=u/data/some bs=1M seek=10 conv=notrunc status=none
truncate -s 5M u/data/void
# peak FILE: kilobytes of memory at most, of a capture into it
peak() {
	python3 - "$STRANDLINE" "$1" <<'END'
import resource, subprocess, sys, time
began = time.time()
rc = subprocess.call([sys.argv[1], "capture", "--no-db", "--upper", "u", "--image", "oci:oci:1", "-q",
                      "--no-findings", "-o", sys.argv[2]], stderr=subprocess.DEVNULL)
used = resource.getrusage(resource.RUSAGE_CHILDREN)
print(rc, used.ru_maxrss < 128 << 10 or used.ru_maxrss, used.ru_utime + used.ru_stime < 60)
END
}
it "100 GB of holes cost no memory and no minutes" same "0 True True" "$(peak h)"
show h
it "they are not stored" test "$(stat -c %s h)" -lt 14000000
it "what is there has its place" same '[[0,1],[999424,1],[49999998976,1],[107374178304,1]]' \
	"$(jq -c 'select(.type == "part" and .path == "/data/huge").map | map([.[0], 1])' shown)"
it "the size is that of the file" same 107374182400 "$(of /data/huge .stored.size)"
it "no digest is claimed where none was made" same null "$(of /data/huge .hash)"
it "a digest of few holes is that of the file" same "$(sha256sum <u/data/some | cut -d' ' -f1)" \
	"$(of /data/some .hash.sha256)"
it "a file that is all hole has no part" same 0 "$(of /data/void .stored.parts)"
it "both verifiers agree on holes" both h 0
back() { "$STRANDLINE" extract h "/data/$1" -o "$1.out" 2>/dev/null; }
for name in huge some void; do
	it "$name comes back" back $name
	it "$name: as long as it was" same "$(stat -c %s u/data/$name)" "$(stat -c %s $name.out)"
	it "$name: with its holes" test "$(stat -c %b $name.out)" -le "$(stat -c %b u/data/$name)"
done
it "byte for byte" cmp some.out u/data/some
it "through a pipe, too" same "$(sha256sum <u/data/some)" "$("$STRANDLINE" extract h /data/some -o - 2>/dev/null | sha256sum)"
it "what is far behind is where it was" same x "$(tail -c 1 huge.out)"
it "a comparison with what has no digest is incomplete" exits 3 capture -o i
show i
it "and says why" same "stored, but too much of it is holes to be hashed and compared" \
	"$(jq -r 'select(.type == "gap" and .what == "/data/huge").why' shown)"
it "two captures of it prove nothing about it" exits 3 "$STRANDLINE" diff --bundles i i --accept-unproven -o told
rm u/data/huge ./*.out

# ---- names of one file
ln u/data/big u/data/other
it "a file with two names" exits 0 capture -o l --no-findings
show l
first=$(of /data/big .seq)
it "is stored once" same "$first null" "$(of /data/other '"\(.hardlink_of) \(.stored)"')"
it "with one digest" same "$(of /data/big .hash.sha256)" "$(of /data/other .hash.sha256)"
"$STRANDLINE" extract l /data/other -o other.out 2>/dev/null
it "which names the record that has the content" exits 2 \
	"$STRANDLINE" extract l --seq "$(of /data/other .seq)" -o never
it "and comes out by either name" cmp other.out u/data/big
rm u/data/other

# ---- the scene does not notice
ln -s /etc/passwd u/data/link
setfattr -n trusted.overlay.opaque -v y u/var 2>/dev/null || skip "no trusted attributes here"
old() { find u -exec touch -h -a -d 2001-01-01 {} +; stat -c '%n %x %d %i' u u/* u/*/* >"$1"; }
old before
it "a capture" exits 0 capture -o n --no-findings
stat -c '%n %x %d %i' u u/* u/*/* >after
it "moves no access time, of links and directories either" cmp before after
show n
it "for it reads through a clone" same clone "$(jq -r 'select(.what == "access").access' shown)"
it "which has the same numbers" same "$(stat -c '%d %i' u/data/small)" "$(of /data/small '.src | "\(.dev) \(.ino)"')"
it "and the overlay's attributes" same true "$(of /var .src.opaque)"
deny=$BUILD_DIR/tests/tool_deny
if [ -x "$deny" ]; then
	it "without the call it is read all the same" exits 0 "$deny" EPERM open_tree "$STRANDLINE" \
		capture --no-db --upper u --image oci:oci:1 -q --no-findings -o o
	show o
	it "and that is said" same "noatime 1" "$(jq -r 'select(.what == "access") | "\(.access) \(.errno)"' shown)"
fi

# ---- who and why
cat >terminal.py <<'END'
# Runs the capture on a terminal, answers what is asked, and keeps what is shown.
import os, pty, sys
pid, fd = pty.fork()
if pid == 0:
    os.execv(sys.argv[1], [sys.argv[1], "capture", "--no-db", "--upper", "u", "--image", "oci:oci:1",
                           "--no-findings"] + sys.argv[2:])
shown, answers = b"", {b"--operator): ": b"A. Eden\n", b"--reason): ": b"\n"}
while True:
    try:
        piece = os.read(fd, 4096)
    except OSError:
        break
    if not piece:
        break
    shown += piece
    for question in [q for q in answers if q in shown]:
        os.write(fd, answers.pop(question))
open("terminal", "wb").write(shown)
sys.exit(os.WEXITSTATUS(os.waitpid(pid, 0)[1]))
END
it "on a terminal" exits 0 python3 terminal.py "$STRANDLINE" -o w --authority court
it "it is asked who captures, and why" contains terminal "why (--reason)"
show w
declared() { jq -c 'select(.type == "open").declared | [.operator, .reason, .authority, .asked]' shown; }
it "the answers are recorded as such" same '["A. Eden",null,"court",true]' "$(declared)"
it "who says it beforehand" exits 0 python3 terminal.py "$STRANDLINE" -o v --operator me --reason why
it "is asked nothing" lacks terminal "--operator)"
show v
it "and that is recorded, too" same '["me","why",null,null]' "$(declared)"
it "with --quiet" exits 0 python3 terminal.py "$STRANDLINE" -o q -q
it "nothing is asked" lacks terminal "--operator)"

# ---- where to
mkdir bound
it "a bundle does not go into the evidence" exits 2 capture -o u/data/x
ln -s u/data way
it "nor by a link" exits 2 capture -o way/x
bound() { unshare -m sh -c 'mount --bind u/data bound && exec "$@"' sh "$@"; }
it "nor by a bind mount" exits 2 bound "$STRANDLINE" capture --no-db --upper u --image oci:oci:1 -o bound/x
it "checkpoints do not either" exits 2 capture -o x --sidecar u/data
it "nothing was left there" same "" "$(find u -name x)"

# ---- what does not hold still
python3 - <<'END' &
import os, time
end = time.time() + 30
with open("u/data/log", "r+b" if os.path.exists("u/data/log") else "w+b", buffering=0) as log:
    while not os.path.exists("still") and time.time() < end:
        log.seek(0)
        log.write(b"x" * 4000000)
        log.truncate(3000000)
        os.truncate("u/data/some", 30 << 20)
        os.truncate("u/data/some", 40 << 20)
END
moving=$!
sleep 0.3
changed=0
for i in 1 2 3 4; do
	capture -o "m$i" --no-findings || [ $? -eq 3 ]
	show "m$i"
	[ "$(of /data/log .read.changed)" = false ] || changed=$((changed + 1))
	it "capture $i of what moves is one that verifies" both "m$i" 0
done
touch still
wait $moving
it "a file that is written to meanwhile is recorded as such" test "$changed" -ge 1

# ---- time
mkfifo slow
python3 - <<'END'
import os
os.makedirs("u/many", exist_ok=True)
for i in range(24):
    with open(f"u/many/{i:02}", "wb") as f:
        f.write(os.urandom(1 << 20) * 4)
END
late() { # a reader that takes its time, and a capture that has none
	"$STRANDLINE" capture --no-db --upper u --image oci:oci:1 --deadline 1s -o - 2>said >slow
}
python3 -c '
import time
with open("slow", "rb") as f, open("t", "wb") as out:
    out.write(f.read(1 << 20)); time.sleep(2); out.write(f.read())' &
it "a deadline ends it" exits 3 late
wait
it "with a bundle that says so, on which both agree" both t 3
it "closed as what it is" contains ours deadline
show t
it "and what was not begun is named" contains shown '"what":"findings","why":"step not begun: the deadline has passed"'
rm -r u/many

# ---- several containers
python3 "$SOURCE_DIR/tests/bench/make-host.py" "$PWD/store" 3 1
sl() { "$STRANDLINE" "$@" --no-db --store "docker=$PWD/store"; }
for i in 0 1 2; do
	id=$(sl ps --format json | jq -r ".containers[] | select(.name == \"app-$i\").id")
	upper=store/overlay2/$(cat "store/image/overlay2/layerdb/mounts/$id/mount-id")/diff
	mkdir -p "$upper/etc"
	echo "of app-$i" >"$upper/etc/mine"
done
it "what is not there is a gap among several" exits 3 sl capture app-0 nobody app-2 app-0 -o s -q 2>said
show s
it "each of the others is in it once" same "app-0,app-2" "$(jq -r 'select(.type == "target").name' shown | paste -sd,)"
it "the gap says who is not" same nobody "$(jq -r 'select(.type == "gap" and .target == 0).what' shown | head -1)"
it "each step goes over all of them" same "1 2" "$(jq -r 'select(.type == "file" and .role == "upper").target' shown | uniq | paste -sd' ')"
it "both verifiers agree on several" both s 0
it "none at all is trouble" exits 2 sl capture nobody nothing -o never -q 2>said
it "a path that both have is ambiguous" exits 2 sl extract s /etc/mine -o x 2>said
it "which is said" contains said "--target"
it "until it is said which" same "of app-2" "$(sl extract s /etc/mine --target app-2 -o - 2>/dev/null)"
it "by number, too" same "of app-0" "$(sl extract s /etc/mine --target 1 -o - 2>/dev/null)"
it "a name that is not in it is not found" exits 2 sl extract s /etc/mine --target app-1 -o x 2>said
it "one of several is compared when it is named" exits 2 sl diff --bundles s s -o told 2>said
it "for all of them cannot be" contains said "several containers"

# ---- the same source, the same bundle
# of the containers: the machine beside them moves on
digests() { jq -r 'select(.target > 0 and .stored.member) | "\(.target) \(.role) \(.src.path) \(.stored.sha256)"' shown |
	grep -v settings.json; }
sl capture app-0 app-1 app-2 -o j1 -q -j 1 --no-findings 2>said || true
sl capture app-0 app-1 app-2 -o j4 -q -j 4 --no-findings 2>said || true
show j1; digests >d1
show j4; digests >d4
it "order and digests are the same with any number of threads" cmp d1 d4
it "of all there is" test "$(wc -l <d1)" -gt 5
