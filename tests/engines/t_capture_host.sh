# shellcheck shell=bash
# SPDX-License-Identifier: Apache-2.0
# What a capture takes around a container: logs in every format, what runtimes keep, the host, volumes, and
# lower layers that were tampered with.
# shellcheck source=tests/engines/lib-docker.sh
. "$TESTS_DIR/engines/lib-docker.sh"
need jq gunzip
docker_start "$PWD/d"
store=$(docker_data)
where=(--store "docker=$store" --no-db)
docker_sample_image base

# 400 lines of 100 bytes and more, the first and the last of them told apart
# shellcheck disable=SC2016
talk='i=0; while [ $i -lt 400 ]; do i=$((i+1)); echo "line $i of a talkative container, which goes on and on and on until its log is rotated"; done; echo wrong >&2; sleep 1000000'
docker_cli run -d --name json --network none --log-opt max-size=20k --log-opt max-file=4 \
	--log-opt compress=true base /bin/sh -c "$talk" >/dev/null
docker_cli run -d --name local --network none --log-driver local --log-opt max-size=15k --log-opt max-file=4 \
	base /bin/sh -c "$talk" >/dev/null
docker_cli run -d --name away --network none --log-driver syslog --log-opt syslog-address=udp://127.0.0.1:9 \
	base /bin/sh -c "$talk" >/dev/null
docker_cli run -d --name none --network none --log-driver none base /bin/sh -c "$talk" >/dev/null
for name in json local away; do
	for _ in $(seq 600); do
		docker_cli logs "$name" 2>&1 | grep -q wrong && break
		sleep 0.1
	done
done
sleep 1 # the last rotated file is being packed

take() { # take NAME [OPTIONS]: NAME.tar.zst, its records in NAME.jsonl; fails with 2 alone
	local name=$1 status=0
	shift
	rm -f "$name.tar.zst"
	"$STRANDLINE" capture "docker:$name" "${where[@]}" -q -o "$name.tar.zst" "$@" 2>"$name.err" || status=$?
	"$STRANDLINE" show "$name.tar.zst" --format jsonl >"$name.jsonl"
	return $((status == 2))
}
logs() { jq -r 'select(.type == "file" and .role == "log") | "\(.src.path) \(.log_format)"' "$1.jsonl"; }
gaps() { jq -r 'select(.type == "gap") | "\(.what): \(.why)"' "$1.jsonl"; }
id() { docker_cli inspect -f '{{.Id}}' "$1"; }

it "a container with rotated logs is captured" take json --no-findings
it "its log and all that was rotated away travel, with their format" same "$(logs json)" "/json.log json-file
/json.log.1.gz json-file
/json.log.2.gz json-file
/json.log.3.gz json-file"
it "nothing of them is missing" same "$(gaps json)" ""
log_is_whole() {
	"$STRANDLINE" extract json.tar.zst -o - --seq "$(jq -r 'select(.role == "log" and .src.path == "/json.log") | .seq' json.jsonl)" >taken.log
	cmp taken.log "$store/containers/$(id json)/$(id json)-json.log"
}
it "a log is taken byte for byte" log_is_whole
it "where it was found is said" same \
	"$(jq -r 'select(.role == "log" and .src.path == "/json.log") | .found' json.jsonl)" \
	"$store/containers/$(id json)/$(id json)-json.log"
take local --no-findings
it "the files of Docker's own driver travel, too" same "$(logs local)" "/local-logs/container.log local
/local-logs/container.log.1.gz local
/local-logs/container.log.2.gz local
/local-logs/container.log.3.gz local"
take away --no-findings
it "of messages that were sent away, the daemon's cache travels" same "$(logs away)" "/container-cached.log local"
it "and where they went is a gap" same "$(gaps away)" \
	"log of driver syslog: its messages lie elsewhere: only the engine's cache of the last ones was taken"
it "without logs, none is missed" take none --no-findings
it "that is known from the record of the driver" same \
	"$(jq -r 'select(.type == "target") | .log_driver' none.jsonl) $(gaps none)" "none "

told() { # told NAME: the messages in the order of time, as many as the daemon still tells
	"$STRANDLINE" timeline "$1.tar.zst" --format jsonl |
		jq -r 'select(.source == "log") | .message' >"$1.told"
	docker_cli logs "$1" >"$1.said" 2>&1
	# the daemon interleaves streams as it likes
	cmp <(sort "$1.told") <(sort "$1.said") || { diff "$1.told" "$1.said" | head; return 1; }
	test "$(wc -l <"$1.told")" -gt 200
}
for name in json local away; do
	it "the timeline of '$name' has every message that 'docker logs' has" told "$name"
done

# ---- a link in the place of a log
json=$store/containers/$(id json)
mv "$json/$(id json)-json.log" "$json/saved"
echo "a secret of the host" >secret
ln -s "$PWD/secret" "$json/$(id json)-json.log"
it "a link in the place of a log is not followed" take json --no-findings
it "it is a gap" contains <(gaps json) "engine's file is no regular file"
it "and what it leads to stays where it is" exits 1 grep -qa "a secret of the host" <(zstd -dc json.tar.zst)
rm "$json/$(id json)-json.log"
mv "$json/saved" "$json/$(id json)-json.log"

# ---- the machine
it "the machine is captured with its kernel and engines" take none --no-findings
"$STRANDLINE" extract none.tar.zst -o host.json --seq \
	"$(jq -r 'select(.role == "host" and .src.path == "/host.json") | .seq' none.jsonl)"
host() { jq -r "$1" host.json; }
it "the summary names the kernel that runs" same "$(host .kernel.release)" "$(uname -r)"
it "and the clocks" test "$(host .clock.boottime_ns)" -gt 0
it "and the store" same "$(host '.stores[0].directory')" "$store"
daemon=$(host ".daemons[] | select(.pid == $DOCKER_PID)")
it "and the daemon that runs" same "$(jq -r .name <<<"$daemon")" dockerd
it "with the digest of its program" same "$(jq -r .sha256 <<<"$daemon")" \
	"$(sha256sum <"/proc/$DOCKER_PID/exe" | cut -d' ' -f1)"
for file in /proc/version /proc/1/mountinfo /proc/sys/kernel/core_pattern /etc/os-release; do
	it "$file is among its files" contains \
		<(jq -r 'select(.role == "host") | .src.path' none.jsonl) "$file"
done
it "connections of the machine are not, short of a full capture" lacks \
	<(jq -r 'select(.role == "host") | .src.path' none.jsonl) /proc/1/net/tcp

# ---- several at once, in full; with what their runtime keeps, wherever the daemon was told to
it "several running containers are captured in full, as one bundle" "$STRANDLINE" capture docker:json docker:local \
	docker:none "${where[@]}" -q -o many.tar.zst --profile full --no-findings
"$STRANDLINE" show many.tar.zst --format jsonl >many.jsonl
it "each is a target of its own" same "$(jq -r 'select(.type == "target") | .name' many.jsonl | paste -sd' ')" "json local none"
it "with its memory, its processes and its log" same "$(jq -r 'select(.target > 0 and .role == "memory" or .type == "proc" or
	.role == "log") | "\(.target) \(.role // .type)"' many.jsonl | sort -u | grep -cE '(memory|proc|log)$')" 8
runtime() { jq -r --arg p "$1" 'select(.role == "metadata" and .target == 1 and .src.path == $p) | .found' many.jsonl; }
it "runc's state is found where the daemon keeps it" same "$(runtime /runc/state.json)" \
	"$DOCKER_DIR/run/runtime-runc/moby/$(id json)/state.json"
it "and the directory of its task" same "$(runtime /task/config.json)" \
	"$DOCKER_DIR/run/containerd/daemon/io.containerd.runtime.v2.task/moby/$(id json)/config.json"
rm many.tar.zst
it "containers that were never indexed are compared several at a time" exits 0 "$STRANDLINE" diff --all --parallel 2 \
	--no-db --store "docker=$store" --format json -o all.json
it "and all are read" same "$(jq -r '[.containers[] | select(.engine == "docker") | .complete] | "\(length) \(all)"' all.json)" \
	"4 true"

# ---- volumes
mkdir -p bound/deep bound/store/containers bound/store/image/overlay2
echo "of a store" >bound/store/image/file
echo "in a bind mount" >bound/deep/file
ln -s /etc/shadow bound/leads-away
mkfifo bound/pipe
docker_cli run -d --name volumes --network none -v named:/vol -v "$PWD/bound:/bound:ro" -v /:/host:ro \
	-v /proc:/hostproc:ro -v "$DOCKER_DIR/docker.sock:/run/docker.sock" --tmpfs /scratch \
	base /bin/sh -c 'echo kept >/vol/kept; echo upper >/upper; cp /usr/bin/busybox /vol/tool; sleep 1000000' >/dev/null
for _ in $(seq 50); do [ -e "$store/volumes/named/_data/tool" ] || sleep 0.1; done
it "a container with volumes is captured" take volumes --volumes --store "docker=$PWD/bound/store"
volume() { jq -r 'select(.type == "file" and .role == "volume") | .src.path + " " + .src.type' volumes.jsonl; }
it "what is in its volumes travels under the paths it has there" same "$(volume)" "/bound directory
/bound/deep directory
/bound/deep/file file
/bound/leads-away symlink
/bound/pipe fifo
/bound/store directory
/vol directory
/vol/kept file
/vol/tool file"
it "byte for byte" cmp <("$STRANDLINE" extract volumes.tar.zst -q -o - /vol/tool) /bin/busybox
gaps volumes >volume-gaps
it "the host's root is not walked" contains volume-gaps "host: is the root of the host: not walked"
it "nor is procfs" contains volume-gaps "hostproc: is a file system of the kernel's: not walked"
it "nor the engine's socket" contains volume-gaps "run/docker.sock: is no file and no directory"
it "nor what an engine keeps there" contains volume-gaps \
	"bound/store: an engine's store: what it holds is examined by itself"
it "the engine's own files for the container are not taken twice" lacks <(volume) /etc/hosts
it "a program in a volume is a finding" contains \
	<(jq -r 'select(.type == "finding") | .path' volumes.jsonl) /vol/tool
it "and its mount point is one, whatever lies in it" same "mount point" "$(jq -r 'select(.type == "finding" and .path == "/vol" and
	.change == "added") | .explained_by.name' volumes.jsonl)"
rm volumes.tar.zst
it "short of a full capture nobody walks volumes unasked" take volumes --no-findings
it "and they are in the record of the container" contains \
	<(jq -r 'select(.type == "target") | .mounts[].path' volumes.jsonl) /vol
it "only" same "$(volume)" ""

# ---- what findings are judged by
sha256sum /bin/busybox | sed 's/ .*/  a bad tool/' >bad.txt
echo 'rule marked { strings: $a = "kept" condition: $a }' >marked.yar
cat >upper.yaml <<-'END'
	version: 1
	rules:
	  - name: expected
	    containers: [volumes]
	    paths: [/upper]
	    approved_by: a test
	    reason: it is expected
END
take volumes --volumes --hashes bad.txt
it "a list of bad digests makes a finding of a volume critical" same critical \
	"$(jq -r 'select(.type == "finding" and .path == "/vol/tool") | .severity' volumes.jsonl)"
take volumes --volumes --yara marked.yar --policy upper.yaml
it "YARA looks into what was captured" same high \
	"$(jq -r 'select(.type == "finding" and .path == "/vol/kept") | .severity' volumes.jsonl)"
it "and a policy explains what it expects" same "expected by a test" "$(jq -r \
	'select(.type == "finding" and .path == "/upper") | .explained_by | "\(.name) by \(.approved_by)"' volumes.jsonl)"
it "a policy that is none stops the capture before it begins" exits 2 \
	"$STRANDLINE" capture docker:volumes "${where[@]}" -q -o none.bundle --policy marked.yar
it "a list that is none stops the capture before it begins" exits 2 \
	"$STRANDLINE" capture docker:volumes "${where[@]}" -q -o none.bundle --hashes /etc/passwd
it "and leaves no bundle" test ! -e none.bundle

# ---- lower layers
take none --check --no-findings
it "the layers below are named by digest" same \
	"$(jq -r 'select(.role == "metadata" and .src.path == "/lowers.json") | .role' none.jsonl)" metadata
lowers() {
	"$STRANDLINE" extract none.tar.zst -q -o - --seq \
		"$(jq -r 'select(.role == "metadata" and .src.path == "/lowers.json") | .seq' none.jsonl)"
}
it "they are read through a clone that cannot be written to" same clone \
	"$(jq -r 'select(.what == "access" and .root == "lowers") | .access' none.jsonl)"
it "with what a check of them said" same "$(lowers | jq -r '[.checks[].verdict] | unique | .[]')" intact
it "nothing of them travels" lacks none.jsonl '"role":"lower"'
layer=$(lowers | jq -r '.lowers[] | select(.kind == "image") | .directory')
cp -a "$layer/etc/passwd" passwd.saved
echo "backdoor:x:0:0::/:/bin/sh" >>"$layer/etc/passwd"
echo "#!/bin/sh" >"$layer/usr/bin/implant"
chmod 4755 "$layer/usr/bin/implant"
rm "$layer/etc/group"
status=0
rm none.tar.zst
"$STRANDLINE" capture docker:none "${where[@]}" -q -o none.tar.zst --check 2>/dev/null || status=$?
"$STRANDLINE" show none.tar.zst --format jsonl >none.jsonl
it "tampered layers make the exit status 1" same $status 1
it "every object that is not the layer's travels" same \
	"$(jq -r 'select(.type == "file" and .role == "lower") | .src.path' none.jsonl | grep -v '^/0/\(etc\|usr/bin\)$')" \
	"/0/etc/passwd
/0/usr/bin/implant"
it "with the digest of the layer, and in what it differs" same \
	"$(jq -r 'select(.role == "lower" and .src.path == "/0/etc/passwd") | [.layer.diff_id, (.differences[].what | select(. == "content"))] | @tsv' none.jsonl)" \
	"$(docker_cli inspect -f '{{index .RootFS.Layers 0}}' base)	content"
it "as it is now" cmp "$layer/etc/passwd" <("$STRANDLINE" extract none.tar.zst -q -o - --seq \
	"$(jq -r 'select(.role == "lower" and .src.path == "/0/etc/passwd") | .seq' none.jsonl)")
it "what is missing is listed" contains <(lowers | jq -r '.checks[].differences[] | "\(.path) \(.kind)"') \
	"/etc/group missing"
it "and each is a finding" same "$(jq -r 'select(.type == "finding" and .kind == "layer") | .subject // .path' none.jsonl |
	grep -c -e etc/passwd -e etc/group -e usr/bin/implant)" 3
cp -a passwd.saved "$layer/etc/passwd"

# ---- a mounted disk: its files, and nothing of the machine that looks at it
mkdir -p disk/etc disk/run/crun/x disk/var/lib disk/var/log/pods
echo PRETTY_NAME=elsewhere >disk/etc/os-release
ln -s /usr/share/zoneinfo/Pacific/Auckland disk/etc/localtime
mkdir -p disk/run/docker/runtime-runc/moby
cp -a "$store" disk/var/lib/docker
mkdir "disk/run/docker/runtime-runc/moby/$(id local)"
echo '{"id":"x"}' >"disk/run/docker/runtime-runc/moby/$(id local)/state.json"
dead() {
	local status=0
	"$STRANDLINE" capture docker:local --root disk --no-db --no-findings -q -o dead.tar.zst 2>/dev/null || status=$?
	"$STRANDLINE" show dead.tar.zst --format jsonl >dead.jsonl
	return $((status == 2))
}
it "a container of a mounted disk is captured" dead
it "with its logs" same "$(logs dead)" "$(logs local)"
it "and what its runtime kept" same \
	"$(jq -r 'select(.role == "metadata" and .src.path == "/runc/state.json") | .found' dead.jsonl)" \
	"/run/docker/runtime-runc/moby/$(id local)/state.json"
mkdir -p disk/etc/docker disk/srv/exec
mv disk/run/docker/runtime-runc disk/srv/exec/
echo '{"exec-root":"/srv/exec"}' >disk/etc/docker/daemon.json
rm dead.tar.zst
dead
it "also where daemon.json says that it is" same \
	"$(jq -r 'select(.role == "metadata" and .src.path == "/runc/state.json") | .found' dead.jsonl)" \
	"/srv/exec/runtime-runc/moby/$(id local)/state.json"
it "the files of that disk are the machine's" same \
	"$(jq -r 'select(.role == "host") | .src.path' dead.jsonl | sort | paste -sd' ')" \
	"/etc/docker/daemon.json /etc/os-release /host.json"
"$STRANDLINE" extract dead.tar.zst -q -o dead.json --seq \
	"$(jq -r 'select(.role == "host" and .src.path == "/host.json") | .seq' dead.jsonl)"
it "of which only the disk is said to speak" same \
	"$(jq -c '[.live, .time_zone, .kernel, .clock, .daemons]' dead.json)" \
	'[false,"Pacific/Auckland",null,null,[]]'
