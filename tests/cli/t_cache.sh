# shellcheck shell=bash
# SPDX-License-Identifier: Apache-2.0
# Digests that are remembered from run to run, on a real overlay: what is not read again, and what is
# read all the same. An ext4 image, because there times of change can be made old: nobody waits.
need_root
need mkfs.ext4 debugfs jq python3 sha256sum
export PATH=$PATH:/sbin:/usr/sbin
mkdir -p l1/etc content/store disk merged
echo one >l1/etc/one && echo two >l1/etc/two
touch -d "2024-05-01 10:30:00Z" l1/etc/one
bash "$SOURCE_DIR/samples/make-oci.sh" oci base:1 l1
upper=$(python3 "$SOURCE_DIR/tests/docker_store.py" oci content/store 1 l1)
upper=${upper#content/}
mkdir -p "content/$upper/etc" "content/$upper/srv"
cp -p l1/etc/one "content/$upper/etc/one" # copied up, and nothing else
printf 'changed\n' >"content/$upper/etc/two"
for i in plain forged open mapped; do head -c 9000 /dev/urandom >"content/$upper/srv/$i"; done
truncate -s 64M img
mkfs.ext4 -q -d content img
for i in etc/one etc/two srv/plain srv/forged srv/open srv/mapped; do
	# nanoseconds stand two bits up in ctime_extra; without any a time is too coarse
	printf 'sif /%s ctime 20240501103000\nsif /%s ctime_extra 493827156\n' "$upper/$i" "$upper/$i"
	printf 'sif /%s mtime 20240501103000\n' "$upper/$i"
done | debugfs -w -f - img >/dev/null 2>&1
mount -o loop img disk 2>/dev/null || skip "cannot mount an ext4 image"
cleanup() {
	[ -z "${pid:-}" ] || kill "$pid" 2>/dev/null || true
	exec 7>&- || true
	umount merged 2>/dev/null || true
	umount disk
}
trap cleanup EXIT
base=disk/$(dirname "$upper")
layer=$(cut -d: -f2 <"$base/lower")
mount -t overlay overlay -o "lowerdir=disk/store/overlay2/$layer,upperdir=$base/diff,workdir=$base/work" \
	merged 2>/dev/null || skip "cannot mount an overlay"
ctime() { stat -c %z "merged/$1"; }
case $(ctime srv/plain) in 2024-*.[0-9]*[1-9]*) ;; *) skip "debugfs made no old times" ;; esac

store=docker=$PWD/disk/store
"$STRANDLINE" index --db "$PWD/db" --quiet oci:oci:base:1 >/dev/null
# look OPTIONS...: into doc.json
look() {
	exits 1 "$STRANDLINE" diff --db "$PWD/db" --store "$store" app-0 --show-touched --format json \
		-o doc.json "$@" 2>said || { cat said; return 1; }
}
cached() { jq -r .containers[0].counts.cached doc.json; }
# which files' digests were remembered
remembered() {
	jq -r '[.containers[0].findings[] | select(.after.cached == true) | .path] | join(" ")' doc.json
}
digest() { jq -r --arg p "$1" '.containers[0].findings[] | select(.path == $p) | .after.sha256' doc.json; }
sum_of() { sha256sum <"merged/$1" | cut -d' ' -f1; }
# what was found, without how
findings() { jq -cS '.containers[0].findings[] | del(.after.cached)' doc.json; }

exec 7<>merged/srv/open
python3 -c 'import mmap, sys, time
f = open("merged/srv/mapped", "r+b")
m = mmap.mmap(f.fileno(), 9000)
f.close()
print("ready", flush=True)
time.sleep(600)
m.close()' >mapper &
pid=$!
while ! grep -qs ready mapper; do sleep 0.05; done
it "a first run reads everything" look
it "and says so" same "$(cached)" 0
findings >first
it "the cache lies beside the database, for its owner alone" same "$(stat -c %a db.digests)" 600
it "a second run reads less" look
it "what somebody has open for writing, or mapped, is not remembered" same "$(remembered)" \
	"/etc/one /etc/two /srv/forged /srv/plain"
it "each finding says it, and the counts" same "$(cached)" 4
findings >second
it "both runs found the same" cmp first second
# shellcheck disable=SC2016 # the inner shell expands it
it "people are told" bash -c '"$0" diff --db "$PWD/db" --store "$1" app-0 | grep -q "^cached  *4 files not read again"' \
	"$STRANDLINE" "$store"

exec 7>&-
kill "$pid"
wait "$pid" 2>/dev/null || true
pid=""
it "once they were closed, they are read once more" look
it "as files that were not remembered" same "$(cached)" 4
it "and are remembered from then on" look
it "all six" same "$(cached)" 6
it "of the bytes of the container nothing was read" same "$(jq .containers[0].counts.bytes_read doc.json)" 0
it "the document keeps to its schema's words" same "$(jq -r '.containers[0].findings[] |
	select(.path == "/srv/plain") | .after.cached' doc.json)" true
it "--paranoid reads all of it" look --paranoid
it "and remembers nothing" same "$(cached)" 0
findings >second
it "with the same findings" cmp first second
it "--quick does not use it" look --quick
it "nor says that it did" same "$(cached)" 0

was=$(stat -c '%y %s' merged/srv/forged)
printf 'evil' | dd of=merged/srv/forged conv=notrunc status=none
touch -d "${was% *}" merged/srv/forged
it "an edit that restores size and time" same "$(stat -c '%y %s' merged/srv/forged)" "$was"
it "is looked at" look
it "and found with a warm cache" same "$(digest /srv/forged)" "$(sum_of srv/forged)"
it "because only it was read" same "$(remembered)" "/etc/one /etc/two /srv/mapped /srv/open /srv/plain"
it "again as long as it is young" look
it "for a minute it is not remembered" same "$(cached)" 5
python3 -c 'import mmap
f = open("merged/srv/mapped", "r+b")
m = mmap.mmap(f.fileno(), 9000)
m[100:104] = bytes(x ^ 255 for x in m[100:104])
m.close()'
touch -d "${was% *}" merged/srv/mapped
it "a write through a mapping" look
it "is found, too" same "$(digest /srv/mapped)" "$(sum_of srv/mapped)"
cp -p merged/srv/plain merged/srv/other && mv merged/srv/other merged/srv/plain
it "a file that was replaced by an equal one" look
it "is another file" same "$(remembered)" "/etc/one /etc/two /srv/open"

findings >first
for i in 1 2 3; do
	"$STRANDLINE" diff --db "$PWD/db" --store "$store" app-0 --show-touched --format json \
		-o "doc$i.json" 2>/dev/null || true &
	pids="${pids:-} $!"
done
# shellcheck disable=SC2086 # a list of process ids
wait $pids
for i in 1 2 3; do
	mv "doc$i.json" doc.json
	findings >second
	it "three runs at once harm nothing: run $i" cmp first second
done

# one that only was touched is no drift, warm or cold
mkdir -p disk/aside && mv "$base"/diff/srv disk/aside/ && mv "$base/diff/etc/two" disk/aside/
# shellcheck disable=SC2016
it "a clean verdict says so, too" bash -c '"$0" diff --db "$PWD/db" --store "$1" app-0 | grep -q \
	"^verdict .*equals the image, some of it as it was read in an earlier run"' "$STRANDLINE" "$store"
mv disk/aside/srv "$base/diff/" && mv disk/aside/two "$base/diff/etc/"
rm -f db.digests*
it "check does not use it" bash -c '"$0" check --db "$PWD/db" --store "$1" app-0 >/dev/null 2>&1 || [ $? -lt 4 ]' \
	"$STRANDLINE" "$store"
it "nor does capture" bash -c '"$0" capture --db "$PWD/db" --store "$1" app-0 -o bundle >/dev/null 2>&1 ||
	[ $? -eq 3 ] || [ $? -eq 1 ]' "$STRANDLINE" "$store"
it "nor a comparison of a directory" bash -c '"$0" diff --db "$PWD/db" --upper "$1" --image oci:oci:base:1 \
	>/dev/null 2>&1 || [ $? -eq 1 ]' "$STRANDLINE" "disk/$upper"
it "so none is made" test ! -e db.digests
it "without a database everything is read" exits 1 "$STRANDLINE" diff --no-db --store "$store" app-0 \
	--accept-unproven --format json -o doc.json
it "and said" same "$(cached)" 0
it "and nothing left behind" test ! -e db.digests
it "reading all, now that the layers were checked" look --paranoid
findings >first
head -c 20000 /dev/urandom >db.digests && chmod 600 db.digests
sum=$(sha256sum <db.digests)
it "a file that is no cache changes no result" look
it "everything was read" same "$(cached)" 0
findings >second
it "and found" cmp first second
it "somebody is told" contains said "digests of earlier runs"
it "and the file is left as it was" same "$(sha256sum <db.digests)" "$sum"
rm db.digests && ln -s nowhere/else db.digests
it "nor does a link in its place" look
it "which is not followed" test ! -e nowhere
