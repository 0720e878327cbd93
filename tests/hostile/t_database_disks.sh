# shellcheck shell=bash
# SPDX-License-Identifier: Apache-2.0
# The database on disks that are full, read-only or immutable.
need_root
need sqlite3 python3 jq
sl() { "$STRANDLINE" --db disk/store.db "$@"; }
mkdir -p base disk
echo 1 >base/one
mkdir a
bash "$SOURCE_DIR/samples/make-oci.sh" a t base
mount -t tmpfs -o size=1m,mode=700 none disk || skip "needs to mount"
trap 'umount disk 2>/dev/null || true' EXIT
python3 "$SOURCE_DIR/tests/bench/make-layer.py" large 9000

# ---- full ----
sl index -q oci:a
before=$(sl images dump oci:a | sha256sum)
it "an image that does not fit is an operational error" exits 2 sl index -q oci:large 2>err
it "which names the database and the reason" sh -c \
	'grep -q "database .disk/store.db.: .*No space left on device" err'
it "what was there is as it was" same "$before" "$(sl images dump oci:a | sha256sum)"
it "and whole" exits 0 sl images verify -q
it "nothing of the other is left" same "1" "$(sl images list --format json | jq '.images | length')"
dd if=/dev/zero of=disk/fill bs=1k 2>/dev/null || true
it "without any space left it is an error that says so" exits 2 sl index -q oci:a 2>err
it "in words" contains err "No space left on device"
rm disk/fill
it "with space again, everything is as before" same "$before" "$(sl images dump oci:a | sha256sum)"
it "and can be removed" sl images rm -q oci:a
it "and indexed" sl index -q oci:a

# ---- a read-only file system ----
mount -o remount,ro disk
it "a store on a read-only file system is listed" \
	same "oci:a" "$(sl images list --format json | jq -r '.images[0].name')"
it "dumped" same "$before" "$(sl images dump oci:a | sha256sum)"
it "and checked" exits 0 sl images verify -q
for words in "index oci:a" "images rm oci:a" "images vacuum"; do
	# shellcheck disable=SC2086 # words
	it "$words is refused" exits 2 sl $words 2>err
	it "because it cannot be written" contains err \
		"database 'disk/store.db' cannot be written: Read-only file system"
done
it "no database is made there" exits 2 "$STRANDLINE" --db disk/new.db images 2>err
it "and the reason is said" contains err "Read-only file system"
mount -o remount,rw disk

# ---- a log that nobody can replay there ----
python3 - <<'END'
import os, sqlite3
db = sqlite3.connect("disk/store.db")
db.execute("PRAGMA wal_autocheckpoint=0")
db.execute("UPDATE image SET name='newer'")
db.commit()
os._exit(0)
END
rm -f disk/store.db-shm
it "a log was left behind" test -s disk/store.db-wal
mount -o remount,ro disk
it "an old answer is not given for a new one" exits 2 sl images list 2>err
it "but said how to get it" contains err "has a log beside it"
mount -o remount,rw disk
it "where it can be written, the log counts" \
	same newer "$(sl images list --format json | jq -r '.images[0].name')"

# ---- an immutable directory ----
umount disk
mkdir still
"$STRANDLINE" --db still/store.db index -q oci:a
if chattr +i still 2>/dev/null; then
	trap 'chattr -i still' EXIT
	it "a store in an immutable directory is listed" \
		same "oci:a" "$("$STRANDLINE" --db still/store.db images list --format json |
			jq -r '.images[0].name')"
	it "and not written" exits 2 "$STRANDLINE" --db still/store.db images rm oci:a 2>err
	it "which is said" contains err "cannot be written"
	chattr -i still
fi
