# shellcheck shell=bash
# SPDX-License-Identifier: Apache-2.0
# The main job from end to end on a container that a real dockerd runs.
. "$TESTS_DIR/engines/lib-docker.sh"
need jq zstd openssl
docker_start "$PWD/d"
store=(--store "docker=$(docker_data)" --db "$PWD/db")
sl() { "$STRANDLINE" "$@" "${store[@]}"; }

# drift DOCUMENT FILTER: what the filter selects of the only container, one line each.
drift() { jq -r ".containers[0] | $2" "$1"; }
finding() { jq -r --arg p "$2" ".containers[0].findings[] | select(.path == \$p) | $3" "$1"; }

docker_sample_image shop:1
docker_cli run -d --network none --name web -v /data --tmpfs /scratch --workdir /srv/app shop:1 \
	/bin/sleep 100000 >/dev/null

it "an image is indexed and proven straight from the store" sl index docker:shop:1
sl images --format json >images.json
it "and listed with its digest" \
	same "$(jq -r '.images[0].id // .[0].id' images.json)" "$(docker_cli inspect -f '{{.Image}}' web)"
sl index docker:shop:1 >again
it "an indexed layer is not read a second time" grep -q 'known' again

sl ps --format json >ps.json
it "ps finds the running container" same "$(jq -r '.containers[] | "\(.name) \(.state)"' ps.json)" "web running"
it "and its process" same "$(jq -r '.containers[0].pid' ps.json)" \
	"$(docker_cli inspect -f '{{.State.Pid}}' web)"
docker_cli pause web >/dev/null
it "a paused container is paused" same "$(sl ps --format json | jq -r '.containers[0].state')" paused
docker_cli unpause web >/dev/null

it "a fresh container has no drift" exits 0 sl diff web --format json -o fresh.json
it "and its document says so" same \
	"$(drift fresh.json '"\(.complete) \(.layers.trust) \(.findings | map(select(.explained_by == null and .kind != "posture")) | length)"')" \
	"true proven 0"
it "the volume and the tmpfs are listed as not compared" same \
	"$(drift fresh.json '[.scope.not_compared[] | select(.path == "/data" or .path == "/scratch") | .type] | sort | join(" ")')" \
	"tmpfs volume"

docker_cli exec -i web /bin/sh -s / <"$SOURCE_DIR/samples/intrude.sh"
it "an intrusion is drift" exits 1 sl diff web --format json -o drift.json
docker_cli diff web >docker-diff
it "docker diff misses the edited passwd" lacks docker-diff " /etc/passwd"
it "the edited passwd is modified, its time forged, and critical" same \
	"$(finding drift.json /etc/passwd '"\(.change) \(.severity) \(.signals | index("forged-mtime") != null)"')" \
	"modified critical true"
it "the setuid program is found" same \
	"$(finding drift.json /usr/bin/chage-ng '"\(.change) \(.severity) \(.signals | index("setuid") != null)"')" \
	"added critical true"
it "the deleted log is found" same "$(finding drift.json /var/log/auth.log .change)" deleted
it "ld.so.preload is critical" same "$(finding drift.json /etc/ld.so.preload .severity)" critical
lines() { finding "$1" "$2" '.lines[] | "\(.sign) \(.number) \(.text)"'; }
it "of passwd the lines that changed are shown" same "$(lines drift.json /etc/passwd | cut -d: -f1-4)" \
	"$(printf -- '- 2 daemon:x:1:1\n+ 2 daemon:x:0:0')"
it "and understood" same "$(finding drift.json /etc/passwd '.rules[0] + ": " + (.message | split(";")[0])')" \
	"line-account-root: account 'daemon' has user id 0"
it "of cron what is run" same "$(lines drift.json /etc/cron.d/refresh)" \
	"+ 1 * * * * * root /tmp/.font-unix/kworker"
it "the preload line is named" same "$(finding drift.json /etc/ld.so.preload '.rules[0]')" line-preload
it "and the key that may log in, not shown in full" same \
	"$(finding drift.json /root/.ssh/authorized_keys '"\(.rules[0]) \(.lines[0].text)"')" \
	"line-login-key ssh-ed25519 ...AA-not-a-key intruder"
sl diff web >drift.txt || true
it "people see the lines beneath their finding" grep -qE '^ +\+ 2: daemon:x:0:0:' drift.txt
it "the cron entry is at least medium" finding drift.json /etc/cron.d/refresh .severity
sl diff web --format json -o drift2.json || true
it "the same drift has the same ids in every run" cmp \
	<(drift drift.json '.findings[].id') <(drift drift2.json '.findings[].id')
sl diff web --format jsonl >drift.jsonl || true
it "every line of jsonl says what it is" same \
	"$(jq -r .record drift.jsonl | sort -u | tr '\n' ' ')" "container finding run "
it "the table says what is not compared" bash -c '"$STRANDLINE" diff web "$@" | grep -q "not compared"' - \
	"${store[@]}"
docker_cli exec web /bin/sh -c ': >>/etc/group'
sl diff web --show-touched --format json -o touched.json || true
it "opened for writing without a write is only touched" same \
	"$(finding touched.json /etc/group .change)" touched

docker_cli run -d --network none --name plain shop:1 /bin/sleep 100000 >/dev/null
docker_cli exec plain /bin/sh -c \
	'mv /usr/bin/ping /usr/bin/.ping; chmod 755 /etc/issue; chown -R 33:33 /data
	printf X | dd of=/var/log/auth.log conv=notrunc 2>/dev/null
	printf "GIF89a<?=system(\$_GET[1])?>" >/root/logo.gif'
sl diff plain --format json -o plain.json || true
ends() { finding plain.json "$1" "\"\(.change) \(.renamed_$2) \(.signals | index(\"renamed\") != null)\""; }
it "what was renamed says so on both ends" same "$(ends /usr/bin/.ping from) $(ends /usr/bin/ping to)" \
	"added /usr/bin/ping true deleted /usr/bin/.ping true"
it "a log that was edited in place, in the same length, is found" same \
	"$(finding plain.json /var/log/auth.log '"\(.severity != "info") \(.signals | join(","))"')" \
	"true rewritten"
it "a picture that runs what it is sent is critical" same \
	"$(finding plain.json /root/logo.gif '"\(.severity) \(.rules[0])"')" "critical web-shell-code"
it "a mode is said in words" same "$(finding plain.json /etc/issue .message)" \
	"mode 0644 -> 0755 (now executable)"
it "each file of a chowned tree is in the document" same \
	"$(drift plain.json '[.findings[] | select(.message == "owner 0:0 -> 33:33")] | length')" 5051
sl diff plain >plain.txt || true
it "and all of them are one line for people, which counts them" same \
	"$(grep '33:33' plain.txt | tr -s ' ')" \
	"info metadata 5,000 files, 51 directories beneath /data owner 0:0 -> 33:33, $(grep -oE '[0-9.]+ [KM]iB in all' plain.txt)"
docker_cli rm -f plain >/dev/null

# ---- capture, verified by us and by stock tools
it "a container is captured" bash -c '"$STRANDLINE" capture web -o web.tar.zst "$@" 2>capture.err || [ $? -eq 3 ]' - \
	"${store[@]:0:2}"
fingerprint=$(grep -ohE '([0-9a-f]{4}-){7}[0-9a-f]{4}' capture.err | head -1)
it "the fingerprint is shown" test -n "$fingerprint"
it "an existing file is never overwritten" exits 2 sl capture web -o web.tar.zst
it "the bundle is anchored by its fingerprint" exits 0 \
	"$STRANDLINE" verify web.tar.zst --fingerprint "$fingerprint"
it "and only self-consistent without it" exits 3 "$STRANDLINE" verify web.tar.zst
it "a wrong fingerprint breaks it" exits 1 \
	"$STRANDLINE" verify web.tar.zst --fingerprint 0000-0000-0000-0000-0000-0000-0000-0000
it "verify.sh says the same" exits 0 \
	sh "$SOURCE_DIR/forensics/verify.sh" --fingerprint "$fingerprint" web.tar.zst
mkdir unpacked
tar --zstd -C unpacked -xf web.tar.zst
it "tar opens it, and the dropped program is in it, byte for byte" bash -c \
	'cmp "$(find unpacked/d -name chage-ng -path "*usr/bin*" | head -1)" /bin/busybox'
it "its records name the image's bytes of the edited passwd" bash -c \
	'cat unpacked/j/*.jsonl | jq -e -s "map(select(.type == \"file\" and .role == \"before\" and .src.path == \"/etc/passwd\")) | length == 1" >/dev/null'
it "its findings are the findings of the drift check" cmp \
	<(cat unpacked/j/*.jsonl | jq -r 'select(.type == "finding") | .id' | sort) \
	<(drift touched.json '.findings[] | select(.change != "touched") | .id' | sort)
"$STRANDLINE" timeline web.tar.zst --format jsonl >timeline.jsonl
it "the timeline is in order" bash -c 'jq -r .timestamp timeline.jsonl | sort -n -c'
it "and tells of the dropped program" bash -c \
	'jq -e -s "map(select(.message | contains(\"chage-ng\"))) | length > 0" timeline.jsonl >/dev/null'

# ---- an image layer is edited on disk: shared by every container of the image
layer=$(docker_cli inspect -f '{{.GraphDriver.Data.LowerDir}}' web | tr ':' '\n' | tail -1)
cp -p "$layer/etc/issue" issue.good
printf 'Tampered\n' >"$layer/etc/issue"
it "a layer that contradicts its digest is not stored, and named" bash -c \
	'! "$STRANDLINE" index docker:shop:1 --db fresh-db --store "$1" 2>index.err && grep -q etc/issue index.err' - \
	"docker=$(docker_data)"
it "and index exits 1" exits 1 "$STRANDLINE" index docker:shop:1 --db fresh-db --store "docker=$(docker_data)"
it "nothing of it is stored" same \
	"$("$STRANDLINE" images --db fresh-db --format json | jq '(.images // .) | length')" 0
"$STRANDLINE" diff web --no-db --store "docker=$(docker_data)" --format json -o tampered.json || true
it "diff still works, on the directories as found, and says so" same \
	"$(drift tampered.json '"\(.layers.trust) \([.findings[] | select(.kind == "layer") | .severity] | join(","))"')" \
	"on-disk critical"
cp -p issue.good "$layer/etc/issue"

# ---- a dead disk: no daemon, read-only
docker_cli kill web >/dev/null
docker_halt
it "the container is listed after the engine is gone" same \
	"$("$STRANDLINE" ps "${store[@]}" --format json | jq -r '.containers[] | "\(.name) \(.state)"')" "web exited"
mkdir -p root/var/lib/docker
mount --bind "$(docker_data)" root/var/lib/docker
mount -o remount,bind,ro root/var/lib/docker
trap 'umount "$PWD/root/var/lib/docker" 2>/dev/null || true; docker_stop' EXIT
find root/var/lib/docker -printf '%P %i %m %s %T@ %C@ %A@\n' | sort >before.list
it "a read-only dead disk gives the same findings" exits 1 \
	"$STRANDLINE" diff web --root root --format json -o dead.json
it "with the same ids" cmp <(drift dead.json '.findings[].id') \
	<(drift touched.json '.findings[] | select(.change != "touched") | .id')
find root/var/lib/docker -printf '%P %i %m %s %T@ %C@ %A@\n' | sort >after.list
it "and nothing on it has changed, not even an access time of a file" cmp \
	<(grep -v '^ ' before.list) <(grep -v '^ ' after.list)
umount root/var/lib/docker
