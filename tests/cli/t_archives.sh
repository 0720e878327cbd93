# shellcheck shell=bash
# SPDX-License-Identifier: Apache-2.0
# Whatever form an image comes in, it is the same image with the same baseline.
# shellcheck source=tests/archive-lib.sh
. "$TESTS_DIR/archive-lib.sh"
need jq python3 zstd

mkdir -p base/etc base/usr/bin top/etc
echo root:x:0:0 >base/etc/passwd
ln base/etc/passwd base/etc/passwd-
ln -s usr/bin base/bin
head -c 300000 /dev/urandom >base/usr/bin/tool
chmod 4755 base/usr/bin/tool
: >top/etc/.wh.passwd-
echo changed >top/etc/passwd
# the layer in the middle comes twice, so that two layers share a blob
"$SOURCE_DIR/samples/make-oci.sh" layout 1.0 base top top
save_legacy layout legacy.tar web:1.0
save_25 layout since25.tar web:1.0
save_containerd layout containerd.tar web:1.0
tar -C layout -cf oci.tar oci-layout index.json blobs
(cd layout && find blobs -type f | sort -r && echo index.json && echo oci-layout) |
	tar -C layout -cf backwards.tar -T -

baseline oci:layout >want
it "the layout has a baseline to compare with" test "$(grep -c . want)" -gt 12
same_baseline() { baseline "$@" >got && cmp want got; }
for ref in oci:layout:1.0 oci-archive:oci.tar oci-archive:oci.tar:1.0 oci-archive:backwards.tar \
	docker-archive:legacy.tar docker-archive:legacy.tar:web:1.0 \
	docker-archive:since25.tar oci-archive:since25.tar oci-archive:since25.tar:web:1.0 \
	docker-archive:containerd.tar oci-archive:containerd.tar \
	layout oci.tar legacy.tar since25.tar containerd.tar; do
	it "$ref is the same image" same_baseline "$ref"
done

gzip -k legacy.tar
zstd -q since25.tar
for ref in docker-archive:legacy.tar.gz legacy.tar.gz docker-archive:since25.tar.zst \
	oci-archive:since25.tar.zst:1.0 since25.tar.zst; do
	it "$ref, compressed as a whole, is the same image" same_baseline "$ref"
done
from_pipe() { same_baseline "$1" < <(cat "$2"); }
from_file() { same_baseline "$1" <"$2"; }
it "an archive may come through a pipe" from_pipe docker-archive:- legacy.tar
it "a compressed one, too" from_pipe docker-archive:- legacy.tar.gz
it "with the name of the image in it" from_pipe oci-archive:-:1.0 since25.tar.zst
it "standard input may be a file" from_file docker-archive:- legacy.tar
it "and a compressed file" from_file docker-archive:- legacy.tar.gz
mkfifo fifo
cat legacy.tar >fifo &
it "a named pipe is read when its transport is named" same_baseline docker-archive:fifo
wait
sl() { "$STRANDLINE" "$@" --db db; }
refuses() {
	local status=$1 says=$2
	shift 2
	exits "$status" sl index "$@" 2>err >out || { cat err; return 1; }
	contains err "$says"
}
it "but does not make a word without one wait" refuses 2 "'fifo' is a pipe" fifo
it "a compressed archive is said to be unpacked" \
	bash -c '"$STRANDLINE" index --db db docker-archive:legacy.tar.gz 2>&1 >out | grep -q "unpacking it into a temporary file in"'
it "a limit holds for what an archive unpacks to" \
	refuses 2 "'legacy.tar.gz': more than 1000 bytes" docker-archive:legacy.tar.gz --limit bytes=1000
mkdir small
it "a temporary directory that is not there is an error" \
	env TMPDIR="$PWD/nowhere" bash -c '"$STRANDLINE" index --db db docker-archive:legacy.tar.gz 2>err; [ $? -eq 2 ] && grep -q "temporary file in .*nowhere" err'
it "nothing is left of what was unpacked" env TMPDIR="$PWD/small" bash -c \
	'"$STRANDLINE" index --db db docker-archive:legacy.tar.gz >out && [ -z "$(ls -A small)" ]'

it "a file that becomes too large is an error that says where" bash -c '
	trap "" XFSZ; ulimit -f 20
	"$STRANDLINE" index --no-db docker-archive:legacy.tar.gz 2>err
	[ $? -eq 2 ] && grep -q "unpack into a temporary file in .*TMPDIR.*File too large" err'
interrupted() {
	local pid status=0
	sleep 100 >fifo &
	pid=$!
	"$STRANDLINE" index --db db docker-archive:fifo 2>err &
	for _ in $(seq 100); do find "/proc/$!/fd" -lname '*/fifo' | grep -q . && break; sleep 0.1; done
	kill -TERM $!
	wait $! || status=$?
	kill $pid
	same "$status" 2 && contains err "stopped by a signal"
}
it "a signal ends the wait for a pipe" interrupted

# names
name_of() {
	rm -rf db
	sl index --quiet "$1" >out && sl images --format json | jq -r '.images[0].name'
}
it "the baseline is called what was asked for" same \
	"$(name_of docker-archive:legacy.tar)" docker-archive:legacy.tar
it "what came through a pipe is called what it says itself" same \
	"$(name_of docker-archive:- < <(cat legacy.tar))" docker-archive:-:web:1.0
id=$(config_of layout)
id=${id##*/}
for name in web:1.0 docker.io/library/web:1.0 library/web:1.0 "$id" "sha256:$id" "${id:0:12}"; do
	it "it is found as $name" same_baseline "docker-archive:legacy.tar:$name"
done
it "another name lists what is there" refuses 2 "no image 'db' in the archive; there is 'web:1.0'" \
	docker-archive:legacy.tar:db
cp legacy.tar ./a:b.tar
it "a file with a colon in its name is a file" same_baseline docker-archive:a:b.tar
it "and may be followed by a name" same_baseline docker-archive:a:b.tar:web:1.0
it "a file that is not there is said so" refuses 2 "nothing.tar" docker-archive:nothing.tar:web:1.0

untagged() { jq -c '.[0].RepoTags = null' manifest.json >m && mv m manifest.json; }
mkdir bare
tar -C bare -xf legacy.tar
(cd bare && untagged)
pack bare bare.tar
it "and its id when it has no name" same \
	"$(name_of docker-archive:- < <(cat bare.tar))" "docker-archive:-:sha256:$id"

# two images in one archive
mkdir both
tar -C both -xf legacy.tar
echo other >base/etc/other
"$SOURCE_DIR/samples/make-oci.sh" layout2 2.0 base
save_legacy layout2 other.tar web:2.0
mv both/manifest.json first.json
tar -C both -xf other.tar
jq -sc add first.json both/manifest.json >both.json && mv both.json both/manifest.json
pack both both.tar
it "several images must be told apart" refuses 2 "several images, name one of 'web:1.0', 'web:2.0'" both.tar
it "by their names" same_baseline docker-archive:both.tar:web:1.0
it "or their ids" same_baseline "docker-archive:both.tar:${id:0:16}"

it "another platform's image is not taken" refuses 2 "not for linux/s390x" \
	--platform linux/s390x docker-archive:legacy.tar
it "nor from an index that lacks it" refuses 2 "no image for linux/s390x" \
	--platform linux/s390x oci-archive:containerd.tar
it "nor one whose manifest was left out" refuses 2 "is not in the archive" \
	--platform linux/sparc oci-archive:containerd.tar
it "the operator's digest anchors an archive" exits 0 "$STRANDLINE" index --db anchored \
	--expect "sha256:$id" docker-archive:legacy.tar
it "and another one is refused" refuses 1 "expected sha256:$(printf '0%.0s' $(seq 64))" \
	--expect "sha256:$(printf '0%.0s' $(seq 64))" docker-archive:legacy.tar

# what is no image
tar -cf rootfs.tar -C base .
trust_of() { "$STRANDLINE" index --db trees --format json "$1" | jq -r '.images[0].trust'; }
it "a tar without an image is a tree to be recorded" same "$(trust_of rootfs.tar)" recorded
it "so is a directory" same "$(trust_of base)" recorded
echo text >text
it "a text is no tar" refuses 2 "'text' is no image" text
it "a layout is no archive of docker save" refuses 2 "no archive of docker save: 'manifest.json' is not in the archive" \
	docker-archive:oci.tar
it "nor the other way round" refuses 2 "no OCI layout" oci-archive:legacy.tar
it "a directory is no archive" refuses 2 "'layout' is a directory" oci-archive:layout
