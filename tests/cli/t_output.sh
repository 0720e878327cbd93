# shellcheck shell=bash
# SPDX-License-Identifier: Apache-2.0
onto_full_disk() { "$STRANDLINE" "$@" >/dev/full; }
it "a full disk behind standard output is exit 2" exits 2 onto_full_disk --help
it "also for --version" exits 2 onto_full_disk --version
it "also for a document" exits 2 onto_full_disk __man
it "also for -o" exits 2 "$STRANDLINE" __man -o /dev/full
it "a closed standard output is no success" exits 2 sh -c '"$1" --version >&-; exit $?' sh "$STRANDLINE"
it "a reader that leaves is an error, not a death" \
	exits 2 bash -c '{ sleep 0.3; "$1" __man; } | true; exit "${PIPESTATUS[0]}"' bash \
	"$STRANDLINE"

it "a document can be written to a file" "$STRANDLINE" __man -o page
"$STRANDLINE" __man >again
it "which then holds the same" cmp page again
it "and nothing else is left" same "./again ./page" "$(find . -type f | sort | xargs)"
(umask 027 && "$STRANDLINE" __man -o masked)
it "its mode follows the umask" same 640 "$(stat -c %a masked)"

echo old >kept
it "a command that fails leaves the old file as it was" \
	exits 2 "$STRANDLINE" diff --no-db --store docker=/nonexistent nosuch -o kept
it "byte for byte" same old "$(cat kept)"
it "and no temporary file" same 0 "$(find . -name '.*.??????' | wc -l)"

mkdir folder
it "a folder is no file" exits 2 "$STRANDLINE" __man -o folder
ln -s target link
echo old >target
it "a link is written through" "$STRANDLINE" __man -o link
it "and stays a link" test -L link
it "its target holds the document" cmp target again
it "a folder that is not there is an error" exits 2 "$STRANDLINE" __man -o nosuch/page
