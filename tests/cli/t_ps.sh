# shellcheck shell=bash
# SPDX-License-Identifier: Apache-2.0
# What ps says of a store that is not all there, by its exit status.
python3 "$SOURCE_DIR/tests/bench/make-host.py" "$PWD/store" 3 1
sl() { "$STRANDLINE" "$@" --no-db --store "docker=$PWD/store"; }

it "a store that is all there" exits 0 sl ps -o table
it "has nothing to say of what went unread" lacks table "open"
mounts=(store/image/overlay2/layerdb/mounts/*)
rm -r store/overlay2/"$(cat "${mounts[0]}/mount-id")"/diff
it "a container that lost its directory is something unreadable" exits 3 sl ps -o table.3
it "the list names it all the same" grep -q "upper directory: open" table.3
it "and all others" same "$(grep -c app- table.3)" 3
it "the document has the same status" exits 3 sl ps --format json -o list.json
it "and the reason" same "$(jq -r '[.containers[].stack.unsupported | select(. != null)] | length' list.json)" 1
it "what was not asked for is not held against the rest" exits 0 sl ps --running -o none
