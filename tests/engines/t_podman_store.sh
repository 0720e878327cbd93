# shellcheck shell=bash
# SPDX-License-Identifier: Apache-2.0
# Podman's store, read while its containers run, and as a dead disk.
. "$TESTS_DIR/engines/lib-podman.sh"
need jq buildah skopeo
podman_start "$PWD/p"
list_store=$BUILD_DIR/tests/tool_list_store
store=(--store "podman=$(podman_data)" --db "$PWD/db")
sl() { "$STRANDLINE" "$@" "${store[@]}"; }
fresh() { "$STRANDLINE" "$@" "${store[@]:0:2}" --no-db; }
# What runs on this machine besides is no matter of this test.
ps_json() { sl ps --orphans --format json | jq '.containers |= map(select(.store == "'"$(podman_data)"'"))'; }
one() { jq -r --arg n "$1" ".containers[] | select(.name == \$n) | $2" ps.json; }
findings() { jq -r '.containers[0].findings[] | select(.explained_by == null and .kind != "posture") | "\(.change) \(.path)"' "$1"; }

podman_sample_image base
podman_build built
podman_run -d --name web -v /vol --tmpfs /scratch built /bin/sleep 100000 >/dev/null
podman_run -d --rm --name gone-soon base >/dev/null
podman_cli pod create --infra=false --name shop >/dev/null
podman_run -d --pod shop --name member base >/dev/null
podman_run --name finished base /bin/sh -c 'rm -r /data/03; mkdir /data/03; rm /etc/issue; mv /etc/group /etc/was' >/dev/null
podman_run -d --uidmap 0:100000:65536 --name shifted base >/dev/null
buildah_cli from --name workshop localhost/base >/dev/null
buildah_cli run --isolation chroot workshop /bin/sh -c 'echo half >/etc/half-built'

# ---- containers, as Podman itself has them
ps_json >ps.json
it "every container and no orphan is listed, Buildah's under its own engine" same \
	"$(jq -r '.containers[] | "\(.engine) \(.name)"' ps.json | sort | tr '\n' ',')" \
	"buildah workshop,podman finished,podman gone-soon,podman member,podman shifted,podman web,"
for name in web gone-soon member finished shifted; do
	podman_cli inspect --format '{{.Id}} {{.State.Pid}} {{.State.Status}} {{.ImageName}} sha256:{{.Image}}' \
		"$name" >want
	one "$name" '"\(.id) \(.pid) \(.state) \(.image.ref) \(.image.id)"' >got
	it "$name is what Podman says it is" cmp want got
done
it "the pod of a container is known by name" same "$(one member '.pod.name')" shop
it "and only of that one" same "$(one web '.pod')" null
it "volumes, tmpfs and the engine's own files are mounts" same \
	"$(one web '[.mounts[] | "\(.type) \(.path)"] | join(",")')" \
	"bind /dev/shm,bind /etc/hostname,bind /etc/hosts,bind /run/.containerenv,tmpfs /scratch,volume /vol"
it "a container is found under its engine" exits 0 sl diff podman:finished --format json -o /dev/null --fail-on critical
it "and not under another" exits 2 sl diff cri-o:finished
"$list_store" --store "podman=$(podman_data)" container gone-soon >row
it "a volatile container is called one" contains row "note volatile"
"$list_store" --store "podman=$(podman_data)" container web >row
it "each lower directory is tied to its layer of the image" same \
	"$(grep ^lower row | cut -d' ' -f3 | tr '\n' ' ')" "3 2 1 0 "
"$list_store" --store "podman=$(podman_data)" container shifted >row
it "a container with a map of its own is shifted" contains row "uid-map 0 100000 65536"
it "Buildah's container is a build" contains \
	<("$list_store" --store "podman=$(podman_data)" container workshop) "kind build"

# ---- images
for name in built localhost/built:latest "$(podman_cli images -q built)" \
	"sha256:$(podman_cli images -q --no-trunc built | cut -d: -f2)"; do
	it "an image is proven by the name '${name:0:24}'" sl index "podman:$name" --format json -o index.json
	it "and is the one that Podman means" same "$(jq -r '.images[0].id' index.json)" \
		"sha256:$(podman_cli image inspect --format '{{.Id}}' "$name")"
done
it "its manifest's digest is Podman's" same "$(jq -r '.images[0].digest' index.json)" \
	"$(podman_cli image inspect --format '{{.Digest}}' built)"
podman_cli save -q --format oci-dir -o saved built
it "the store's baseline is that of the image as it is saved" same \
	"$("$STRANDLINE" index oci:saved --db "$PWD/db" --format json | jq '.images[0].layers_known')" 4
skopeo --insecure-policy copy -q oci:saved \
	"containers-storage:[overlay@$(podman_data)+$PODMAN_DIR/run]localhost/copied:2"
it "an image that skopeo copied in is proven, too" fresh index podman:copied:2
it "cri-o: and buildah: are names of the same store" exits 0 sl index cri-o:copied:2 buildah:built
it "an unknown image is an error" exits 2 sl index podman:nothing

# ---- drift
it "a fresh container has no drift" exits 0 sl diff web --format json -o web.json
it "nor has one whose ids are shifted" exits 0 sl diff shifted --format json -o shifted.json
it "there is nothing to explain" same "$(findings web.json)" ""
# an archive's own "./" is not unpacked: the directory keeps the mode that the store gave it
it "the mode that the store gives / of an imported tree is explained" same "$(findings shifted.json)" ""
podman_cli exec -i web /bin/sh -s / <"$SOURCE_DIR/samples/intrude.sh"
it "an intrusion is drift" exits 1 sl diff web --format json -o drift.json
it "what it did to accounts is found" contains <(findings drift.json) "modified /etc/passwd"
it "what it deleted is found" contains <(findings drift.json) "deleted /var/log/auth.log"
it "whiteouts and opaque directories of a stopped container are deletions" exits 1 \
	sl diff finished --format json -o done.json
it "all of them" same \
	"$(findings done.json | grep -cE '^deleted /(data/03/file-|etc/(issue|group)$)')" 102
it "Buildah's work is compared with what it began from" exits 1 sl diff buildah:workshop --format json -o work.json
it "and only its work is drift" contains <(findings work.json) "added /etc/half-built"
it "a container is captured" bash -c '"$STRANDLINE" capture web -o web.tar.zst "$@" 2>capture.err || [ $? -eq 3 ]' - \
	"${store[@]:0:2}"
mkdir unpacked
tar --zstd -C unpacked -xf web.tar.zst
cmp_any() { for file in unpacked/d/*/"$1"; do if cmp -s "$file" "$2"; then return 0; fi; done; return 1; }
it "with what Podman wrote about it" cmp_any config.json \
	"$(podman_data)/overlay-containers/$(one web .id)/userdata/config.json"

# ---- settings beside the specification, and a capture of what runs
settings() { sl diff "$1" --format json | jq -c '.containers[0].settings | [.ports, .restart_policy]'; }
podman_cli create --name published -p 127.0.0.1:8080:80 -p 9000-9003:9000-9003/udp --restart on-failure:5 base >/dev/null
it "ports and restart policy are what Podman's database has" same "$(settings published)" \
	'[["127.0.0.1:8080:80/tcp",":9000-9003:9000-9003/udp"],"on-failure:5"]'
podman_cli pod create --name front --infra-image base --infra-command "/bin/sleep 100000" -p 81:80 >/dev/null
podman_cli create --pod front --name inside base >/dev/null
it "ports of a pod are those of its infra container" same "$(settings inside)" '[[":81:80/tcp"],"no"]'
podman_cli rm published >/dev/null
podman_cli pod rm front >/dev/null
# shellcheck disable=SC2016 # nothing here is for this shell
podman_run -d --pod shop --name talker --log-driver k8s-file -v talks:/vol --tmpfs /scratch base /bin/sh -c 'echo hello
	echo wrong >&2; echo "a marker" >/etc/marked; exec 3>>/var/log/x 4>/scratch/y 5<>/vol/z 6>>/etc/group 7</etc/passwd
	echo more >&6; echo >/etc/expected; exec sleep 100000' >/dev/null
for _ in $(seq 50); do podman_cli exec talker /bin/cat /etc/expected >/dev/null 2>&1 && break || sleep 0.1; done
echo 'rule marked { strings: $a = "a marker" condition: $a }' >marked.yar
cat >expected.yaml <<-'END'
	version: 1
	rules:
	  - name: expected
	    containers: [talker]
	    paths: [/etc/expected]
	    approved_by: a test
	    reason: it is expected
END
it "a whole pod is captured while it runs, in full" "$STRANDLINE" capture pod:shop "${store[@]:0:2}" --no-db -q \
	-o pod.tar.zst --profile full --yara marked.yar --policy expected.yaml
"$STRANDLINE" show pod.tar.zst --format jsonl >pod.jsonl
it "each of its containers" same "$(jq -r 'select(.type == "target") | .name' pod.jsonl | sort | paste -sd' ')" "member talker"
talker=$(jq 'select(.type == "target" and .name == "talker") | .target' pod.jsonl)
of() { jq -r --argjson t "$talker" "select(.target == \$t) | $1" pod.jsonl; }
it "its output goes to a file of Podman's" same "$(of 'select(.type == "target") | .log_driver')" k8s-file
it "which travels" same "$(of 'select(.role == "log" and .log_format != null) | "\(.src.path) \(.log_format)"')" "/ctr.log k8s-file"
it "and is in the timeline, with who said what" same "$("$STRANDLINE" timeline pod.tar.zst --format jsonl |
	jq -r 'select(.source == "log" and .container == "talker") | "\(.subject) \(.message)"' | sort | paste -sd,)" \
	"stderr wrong,stdout hello"
it "YARA and the policy judge what was captured" same "$(of 'select(.type == "finding") |
	select(.path == "/etc/marked" or .path == "/etc/expected") |
	"\(.path) \(.severity) \(.explained_by.name)"')" "/etc/expected low expected
/etc/marked high null"
it "what it has open for writing is marked, in memory, in its tree, copied up or new, and in volumes" same \
	"$(of 'select(.open_for_writing != null) | "\(.role) \(.src.path) \(.open_for_writing | length)"' | sort | paste -sd,)" \
	"tmpfs /scratch/y 1,upper /etc/group 1,upper /var/log/x 1,volume /vol/z 1"
it "by whom, too" same "$(of '.open_for_writing[0]? // empty' | sort -u)" "$(podman_cli inspect -f '{{.State.Pid}}' talker)"
it "its memory travels in a full capture" test -n "$(of 'select(.role == "memory") | .seq')"
it "nothing of them is missing" same "$(jq -r 'select(.type == "gap") | .what' pod.jsonl)" ""
podman_cli rm -f -t 0 talker >/dev/null

# ---- a layer is edited on disk
layer=$("$list_store" --store "podman=$(podman_data)" image built | sed -n 's/^layer open tar-split //p' | head -1)
cp -p "$layer/etc/hosts" good
printf 'tampered with it now' >"$layer/etc/hosts"
it "a layer that contradicts its digest is refused" exits 1 fresh index podman:built 2>index.err
it "and the file is named" contains index.err etc/hosts
cat good >"$layer/etc/hosts"
touch -r good "$layer/etc/hosts"

# ---- a dead disk
podman_cli stop -t 0 member >/dev/null
podman_crash
ps_json >ps.json
it "without its process a container has exited, whatever was written last" same "$(one web '.state')" exited
mkdir -p root/var/lib/containers/storage
mount --bind "$(podman_data)" root/var/lib/containers/storage
mount -o remount,bind,ro root/var/lib/containers/storage
trap 'umount "$PWD/root/var/lib/containers/storage" 2>/dev/null || true; podman_stop' EXIT
list() { find root/var/lib/containers/storage -printf '%P %i %m %s %T@ %C@ %A@\n' | sort; }
list >before.list
"$STRANDLINE" ps --root root --orphans --format json >ps.json
it "on a dead disk the same containers are found without being told where" same \
	"$(jq -r '.containers[].name' ps.json | sort | tr '\n' ' ')" "finished gone-soon member shifted web workshop "
it "the pod is still known" same "$(one member '.pod.name')" shop
it "a read-only dead disk gives the same findings" exits 1 \
	"$STRANDLINE" diff finished --root root --format json -o dead.json
it "with the same ids" cmp <(jq '.containers[0].findings[].id' dead.json) \
	<(jq '.containers[0].findings[].id' done.json)
it "an image is proven on it" exits 0 "$STRANDLINE" index podman:built --root root
it "and a container captured" bash -c \
	'"$STRANDLINE" capture web --root root -o dead.tar.zst 2>/dev/null || [ $? -eq 3 ]'
list >after.list
it "nothing on it has changed, not even an access time" cmp before.list after.list
umount root/var/lib/containers/storage

# ---- damage costs what is damaged
copy=$PWD/copy
mkdir "$copy"
cp -a "$(podman_data)/." "$copy/"
broken=(--store "podman=$copy")
c=$copy/overlay-containers
echo 'garbage' >"$c/volatile-containers.json"
"$STRANDLINE" ps "${broken[@]}" --format json >ps.json || true
it "a garbled volatile list does not hide the others" same \
	"$(one web .name) $(jq '[.gaps[] | select(.what | endswith("volatile-containers.json"))] | length' ps.json)" "web 1"
rm "$c/volatile-containers.json"
jq '.[0].metadata = "{" | .[1] = 7' "$c/containers.json" >list && cp list "$c/containers.json"
"$list_store" --store "podman=$copy" containers >rows
it "a garbled row costs itself" same "$(grep -c 'entry 1 has no id' rows)" 1
it "and Podman's database still knows that there was such a container" same \
	"$(grep -c 'containers.json does not have it' rows)" 1
it "nothing else is lost" same "$(grep -c '^upper open .*/copy/' rows)" 4
echo '[' >"$copy/overlay-layers/layers.json"
"$list_store" --store "podman=$copy" container shifted >row
it "without layers.json a stack is what the driver mounts" same "$(grep -c '^lower image - open' row)" 1
it "and that is said" contains row "metadata-gap layers.json does not know its layer"
cp "$(podman_data)/overlay-layers/layers.json" "$copy/overlay-layers/layers.json"
jq 'map(select(.names != ["shifted"]))' "$(podman_data)/overlay-containers/containers.json" >"$c/containers.json"
mkdir -p "$copy/overlay/staging/123"
"$list_store" --store "podman=$copy" orphans >orphans
it "a container's layer that no list has any more is an orphan" contains orphans \
	"note a layer that no container and no image uses"
it "on the image that it stands on" contains orphans "lower image 0 open"
it "what a pull left is one" contains orphans "container staging/123"
