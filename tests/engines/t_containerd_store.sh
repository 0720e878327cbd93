# shellcheck shell=bash
# SPDX-License-Identifier: Apache-2.0
# What we read from a containerd root equals what containerd says about it: containers of several
# namespaces, Kubernetes pods, both snapshotters; live, and as a dead disk that cannot be written.
# shellcheck source=tests/engines/lib-containerd.sh
. "$TESTS_DIR/engines/lib-containerd.sh"
need jq
list=$BUILD_DIR/tests/tool_list_store
disk=$PWD/disk
ctrd_start "$disk"
ctrd_sample_images
one=one-$$ two=two-$$
for ns in $one $two k8s.io; do ctrd_import $ns shop; done
ctrd_import k8s.io pause
ctrd_import $one shop --snapshotter native

image=docker.io/library/shop:1
mkdir bound
ctrd_run $one $image web
ctrd_run $one --label containerd.io/restart.status=running --label containerd.io/restart.policy=unless-stopped \
	--label nerdctl/ports='[{"HostPort":8080,"ContainerPort":80,"Protocol":"tcp","HostIP":"0.0.0.0"}]' \
	--label nerdctl/state-dir="$disk/var/lib/nerdctl/1935db59/containers/$one/mounts" \
	--label nerdctl/log-config='{"driver":"json-file"}' \
	--mount "type=bind,src=$PWD/bound,dst=/bound,options=rbind:ro" $image mounts
ctrd_run $one --snapshotter native $image copied
ctrd_run $one --uidmap 0:100000:65536 --gidmap 0:100000:65536 $image shifted
ctrd_run $one --rootfs "$PWD/images" bare 2>/dev/null || true # has no program to run
ctrd_cli -n $one container create $image made
ctrd_run $two $image web
uid=0a1b2c3d-0000-1111-2222-333344445555
pod=(prod/front-1 "$uid" "$disk/var/log/pods")
if ! /usr/bin/python3 -c 'import grpc' 2>/dev/null; then skip "needs python3-grpcio"; fi
sandbox=$(ctrd_cri pod "${pod[@]}")
first=$(ctrd_cri container "${pod[@]}" "$sandbox" app 0 $image "$PWD/bound:/bound" -- \
	/bin/sh -c 'echo hello; exec sleep 100000')
ctrd_cri stop "$first"
second=$(ctrd_cri container "${pod[@]}" "$sandbox" app 1 $image -- /bin/sleep 100000)

mkdir "$disk/proc"
mount --bind /proc "$disk/proc"
at=(--root "$disk" --live)
facts() { "$list" "${at[@]}" container "$1" >"facts.$1"; }
fact() { sed -n "s/^$2 //p" "facts.$1"; }
info() { ctrd_cli -n "$1" container info "$2"; }

# ---- containers of ctr ----

parents() { # of snapshot KEY, up to the image's first layer
	local key=$1 snapshotter=$2
	while key=$(ctrd_cli -n $one snapshots --snapshotter "$snapshotter" info "$key" | jq -r '.Parent // ""')
		[ -n "$key" ]; do echo "$key"; done
}

same_as_containerd() {
	local name=$1
	facts "$name"
	same "$(fact "$name" id)" "$name"
	same "$(fact "$name" ns)" $one
	same "$(fact "$name" ref)" "$(info $one "$name" | jq -r .Image)"
	same "$(fact "$name" driver)" "$(info $one "$name" | jq -r .Snapshotter)"
	same "$(fact "$name" workdir)" "$(info $one "$name" | jq -r .Spec.process.cwd)"
	same "$(fact "$name" created | sed 's/0*Z$//')" \
		"$(info $one "$name" | jq -r .CreatedAt | sed 's/0*Z$//')"
	same "$(fact "$name" lower | grep -c .)" \
		"$(parents "$name" "$(fact "$name" driver)" | grep -c .)"
	lacks "facts.$name" closed
	lacks "facts.$name" unsupported
	lacks "facts.$name" metadata-gap
}
for name in mounts copied shifted made; do
	it "container '$name' is read as containerd knows it" same_as_containerd $name
done

task() { ctrd_cli -n "$1" task ls | awk -v id="$2" '$1 == id { print $2 }'; }
for name in mounts copied shifted; do
	it "the process of '$name' is its task's" \
		same "$(fact $name state),$(fact $name pid)" "running,$(task $one $name)"
done
it "a container that has no task is not called running" same "$(fact made state)" created

mounted() { # of a running container: its overlay's directories, upper first
	sed -n 's/.*lowerdir=\([^, ]*\),upperdir=\([^, ]*\),.*/\2:\1/p' \
		<(grep " $disk/run/.*/$1/rootfs " /proc/self/mountinfo)
}
directories() {
	{ fact "$1" upper; fact "$1" lower; } | sed "s|.* ||; s|^|$disk|" |
		sed "s|^$disk$disk|$disk|" | paste -sd:
}
for name in mounts shifted; do
	it "the directories of '$name' are those that the kernel has mounted" \
		same "$(directories $name)" "$(mounted $name)"
done
it "layers of the image are told by their place in it" \
	same "$(fact mounts lower | cut -d' ' -f1,2 | paste -sd,)" "image 2,image 1,image 0"
it "a copy with shifted owners is none of them, and its shift is known" same \
	"$(fact shifted lower | cut -d' ' -f1,2 | paste -sd,) $(fact shifted uid-map)" \
	"init -,image 2,image 1,image 0 0 100000 65536"
it "binds and tmpfs are mounts, the runtime's own are not" same "$(fact mounts mount)" \
	"/bound bind ro $PWD/bound
/dev/shm tmpfs rw -
/run tmpfs rw -"
it "labels that an image can carry make no pod" lacks facts.mounts "pod "
it "and it is said that they were not believed" contains facts.mounts "not believed"

facts bare
it "a container without a snapshot is not guessed at" contains facts.bare "unsupported"
it "one name in two namespaces is ambiguous" exits 8 "$list" "${at[@]}" container web

# ---- pods ----

facts "$first"
facts "$second"
facts "$sandbox"
it "a container of a pod is known by the plugin's metadata" same \
	"$(fact "$second" container) $(fact "$second" pod) $(fact "$second" pod-uid)" \
	"app prod front-1 app 1 $uid"
it "the attempt before is there, too, and has ended" same \
	"$(fact "$first" pod) $(fact "$first" state) $(fact "$first" exit)" \
	"prod front-1 app 0 exited 137"
it "the sandbox is told apart" same "$(fact "$sandbox" kind) $(fact "$sandbox" pod)" \
	"sandbox prod front-1 - 0"
it "containers name their sandbox" same "$(fact "$first" pod-sandbox)" "$sandbox"
it "a pod's container runs as its task" same "$(fact "$second" state),$(fact "$second" pid)" \
	"running,$(task k8s.io "$second")"
it "its image's id is the plugin's" same "$(fact "$second" image-id)" \
	"$(ctrd_cli -n k8s.io images ls -q | grep -x 'sha256:.*' | while read -r id; do
		[ "$(fact "$second" image-id)" = "$id" ] && echo "$id"; done)"
for file in spec.json metadata.json status hostname hosts resolv.conf; do
	it "$file is an artifact" contains "facts.$first" "artifact $file open -"
done
it "the log is one, with its format" contains "facts.$first" "artifact cri.log open cri"

# ---- images ----

"$list" "${at[@]}" image containerd:shop:1 >image.out
target=$(ctrd_cli -n $one images ls | awk '$1 == "'$image'" { print $3 }')
manifest=$(ctrd_cli -n $one content get "$target" | jq -r '.manifests[1].digest')
it "an index leads to the manifest that is here" \
	same "$(sed -n 's/^image-digest //p' image.out)" "$manifest"
it "its layers are unpacked and open" same "$(grep -c '^layer open' image.out)" 3
"$list" "${at[@]}" container-image mounts >by-container
it "a container leads to its image, in its own namespace" cmp <(grep -v ^layer image.out) \
	<(grep -v ^layer by-container)
id=$(sed -n 's/^image-id //p' image.out)
for word in shop:1 docker.io/library/shop:1 "$id" "${id:7:12}" "$manifest" "$target"; do
	"$list" "${at[@]}" image "containerd:$word" >by-word
	it "image '${word:0:30}' is the same image" contains by-word "image-id $id"
done
it "an unknown image is not found" exits 7 "$list" "${at[@]}" image containerd:nothing

# ---- orphans ----

ctrd_cli -n $one snapshots prepare lonely "$(parents web overlayfs | head -n 1)" >/dev/null
mkdir -p "$(ctrd_root)/io.containerd.snapshotter.v1.overlayfs/snapshots/new-123/fs" \
	"$(ctrd_root)/io.containerd.snapshotter.v1.overlayfs/snapshots/7777/fs"
"$list" "${at[@]}" orphans >orphans
it "a snapshot that no container has is an orphan on its image's layers" same \
	"$(sed -n '/^container lonely/,/^container/p' orphans | grep -c '^lower image')" 3
it "a directory without a record waits for its removal" \
	contains orphans "note removed: waits for containerd to delete the directory"
it "what a crash left is named as that" contains orphans "note left by a crash"
it "containers are no orphans" lacks orphans "container web"

# ---- the whole program ----

sl() { "$STRANDLINE" "$@" --root "$disk" --db "$PWD/db"; }
it "an image is indexed and proven straight from the content store" sl index containerd:shop:1
it "a fresh container has no drift" exits 0 sl diff mounts --format json -o fresh.json
it "and that is proven" same \
	"$(jq -r '.containers[0] | "\(.complete) \(.layers.trust)"' fresh.json)" "true proven"
it "a pod's container has none either" exits 0 sl diff "$second"
it "nor has one in a user namespace" exits 0 sl diff shifted
python3 "$TESTS_DIR/engines/ctrd_image.py" "$CTRD_DIR/images/n" docker.io/library/noted:1 \
	notes="{\"containerd.io/snapshot/stargz/toc.digest\":\"sha256:$(printf '%064d' 1)\"}" "$CTRD_DIR/images/two.tar"
tar -C "$CTRD_DIR/images/n" -cf "$CTRD_DIR/images/noted.tar" .
ctrd_import $one noted --no-unpack
it "a layer's claim of a table of contents is held against its blob" exits 1 sl index containerd:noted:1 2>toc.err
it "which has none" contains toc.err "table of contents: the annotations"
ctrd_cli -n $one images rm --sync docker.io/library/noted:1 >/dev/null
for name in mounts copied "$second"; do
	it "what lies below ${name:0:7} is the image's, by the blobs" exits 0 sl check "$name" -o /dev/null
done
it "pods are checked whole" exits 0 sl check pod:prod/front-1 -o /dev/null
ctrd_cli -n $one task exec --exec-id x mounts /bin/sh -c \
	'echo evil >/usr/bin/evil; chmod 4755 /usr/bin/evil; rm /opt/two; chown 7:7 /etc/os-release'
ctrd_cli -n $one task exec --exec-id x shifted /bin/sh -c 'echo x >/opt/new; chown 7:8 /opt/new'
it "what was added, removed and changed is drift" exits 1 sl diff mounts --format json -o drift.json
finding() { jq -r --arg p "$2" ".containers[0].findings[] | select(.path == \$p) | $3" "$1"; }
it "the setuid program is found" same \
	"$(finding drift.json /usr/bin/evil '"\(.change) \(.signals | index("setuid") != null)"')" \
	"added true"
it "the deleted file is found" same "$(finding drift.json /opt/two .change)" deleted
sl diff shifted --format json -o shifted.json || true
it "owners in a user namespace are shown as the container has them" same \
	"$(finding shifted.json /opt/new '"\(.after.uid) \(.after.gid)"')" "7 8"

# ---- settings, and captures of what runs ----

settings() { jq -r '.containers[0].settings | "\(.ports | tostring) \(.restart_policy)"' "$1"; }
it "what nerdctl and the restart monitor were told stands in labels" same "$(settings drift.json)" \
	'["0.0.0.0:8080:80/tcp"] unless-stopped'
mkdir -p "$disk/var/lib/nerdctl/1935db59/containers/$one/mounts"
echo '{"log":"said\n","stream":"stdout","time":"2026-01-02T03:04:05Z"}' \
	>"$disk/var/lib/nerdctl/1935db59/containers/$one/mounts/mounts-json.log"
it "without such labels nobody restarts it, and its ports are unknown" same "$(settings shifted.json)" "null no"
sl diff "$second" --format json -o pod.json || true
it "ports of a pod are its sandbox's; who restarts it, containerd does not know" same "$(settings pod.json)" \
	'["10.0.0.1:53:5353/udp"] null'
ctrd_cli -n k8s.io task exec --exec-id x "$second" /bin/sh -c 'echo "a marker" >/etc/marked; echo >/srv/expected'
side=$(ctrd_cri container "${pod[@]}" "$sandbox" side 0 $image -- /bin/sh -c 'echo aside; exec sleep 100000')
echo 'rule marked { strings: $a = "a marker" condition: $a }' >marked.yar
cat >expected.yaml <<-'END'
	version: 1
	rules:
	  - name: expected
	    pods: ["prod/front-*"]
	    paths: [/srv/expected]
	    approved_by: a test
	    reason: it is expected
END
take() { "$STRANDLINE" capture "$1" --root "$disk" --live --no-db -q -o "$2.tar.zst" "${@:3}" &&
	"$STRANDLINE" show "$2.tar.zst" --format jsonl >"$2.jsonl"; }
it "a whole pod is captured while it runs" take pod:prod/front-1 pod --yara marked.yar --policy expected.yaml
it "each of its containers, the attempt that runs" same "$(jq -r 'select(.type == "target") |
	"\(.target) \(.id) \(.pod.name) \(.log_driver)"' pod.jsonl)" "1 $second front-1 cri
2 $side front-1 cri"
it "with nothing missing" same "$(jq -r 'select(.type == "gap") | .what' pod.jsonl)" ""
it "what its output was is in the timeline" contains \
	<("$STRANDLINE" timeline pod.tar.zst --format jsonl | jq -r 'select(.source == "log") | "\(.container) \(.message)"') \
	"side aside"
it "YARA and the policy judge what was captured" same "$(jq -r 'select(.type == "finding" and .target == 1) |
	select(.path == "/etc/marked" or .path == "/srv/expected") |
	"\(.path) \(.severity) \(.explained_by.name)"' pod.jsonl)" "/etc/marked high null
/srv/expected info expected"
document() { # document BUNDLE NAME: of the first container
	"$STRANDLINE" extract "$1.tar.zst" -q -o - --seq "$(jq -r --arg p "/$2" \
		'select(.role == "metadata" and .target == 1 and .src.path == $p) | .seq' "$1.jsonl")"
}
it "containerd's record travels" same "$(document pod container.json | jq -r .runtime.name)" io.containerd.runc.v2
it "and that of the image" same "$(document pod image.json | jq -r .target.digest)" "$target"
it "and the metadata of its sandbox" same "$(document pod sandbox.json | jq -r .Metadata.ID)" "$sandbox"
it "and the chain of its snapshots" same "$(document pod snapshots.json |
	jq -r '[.snapshotter, (.chain | length), .chain[0].kind, .chain[3].kind] | join(" ")')" "overlayfs 4 active committed"
it "and what the shim keeps, wherever that is" same "$(document pod task/config.json | jq -r .hostname)" \
	"$(info k8s.io "$second" | jq -r .Spec.hostname)"
it "a container of nerdctl's is captured" take mounts nerd
it "with its log, where nerdctl keeps it" same "json-file /json.log said" "$(jq -r 'select(.type == "target").log_driver' nerd.jsonl) $(
	jq -r 'select(.role == "log") | .src.path' nerd.jsonl) $("$STRANDLINE" timeline nerd.tar.zst --format jsonl |
	jq -r 'select(.source == "log") | .message')"
it "a whole copy is captured in full while it runs" take copied full --profile full
it "with its memory, and the whole tree" same "$(jq -r 'select(.type == "file" and .src.type == "file") | .role' full.jsonl |
	sort | uniq -c | awk '$2 == "memory" || ($2 == "upper" && $1 > 10) { print $2 }' | paste -sd' ')" "memory upper"
it "containers that were never indexed are compared several at a time" exits 1 "$STRANDLINE" diff --all --parallel 2 \
	--root "$disk" --live --no-db --store "containerd=$(ctrd_root)" --format json -o all.json
it "and all are read" same "$(jq -r '[.containers[] | select(.engine == "containerd") | .complete] |
	"\(length) \(all)"' all.json)" "7 true"

# ---- a disk ----

ctrd_crash
find "$disk" -printf '%P %y %m %U:%G %s %T@ %C@\n' | sort >before
mkdir dead
mount --bind "$disk" dead
mount -o remount,bind,ro dead
at=(--root "$PWD/dead")
facts "$second"
facts "$first"
facts mounts
it "a pod's container is on a disk as it was recorded, without a process" \
	same "$(fact "$second" state),$(fact "$second" pid)" running,0
it "of a container that nothing recorded the state is unknown" same "$(fact mounts state)" unknown
it "its directories are open" lacks facts.mounts closed
sl() { "$STRANDLINE" "$@" --root "$PWD/dead" --db "$PWD/db"; }
it "drift is found on the disk" exits 1 sl diff mounts
it "a listing of what is not all read has its own status" exits 3 sl ps --format json -o ps.json
it "every container that does work is listed" same \
	"$(jq -r '[.containers[] | select(.engine == "containerd")] | length' ps.json)" 10
it "a container is captured by its name" sl capture mounts -o mounts.bundle --no-findings
"$STRANDLINE" show mounts.bundle >shown
it "with its records" contains shown spec.json
umount dead
find "$disk" -printf '%P %y %m %U:%G %s %T@ %C@\n' | sort >after
it "nothing on the disk has changed" cmp before after

# ---- damage ----

snapshots=$(ctrd_root)/io.containerd.snapshotter.v1.overlayfs/metadata.db
meta=$(ctrd_root)/io.containerd.metadata.v1.bolt/meta.db
at=(--root "$disk")
cp "$snapshots" saved
head -c 100000 /dev/zero >"$snapshots"
facts mounts
it "a snapshotter without its database costs the stack" contains facts.mounts "unsupported"
it "and not the container" same "$(fact mounts ns)" $one
cp saved "$snapshots"
mv "$meta" saved
head -c 100000 /dev/urandom >"$meta"
"$list" "${at[@]}" orphans >orphans || true
it "without meta.db the store is a gap" contains orphans "gap /"
it "and its writable directories are listed" same "$(grep -c "meta.db cannot be read" orphans)" \
	"$(grep -c '^container' orphans | awk '{print $1 - 2}')"
mv saved "$meta"
blob=$(ctrd_root)/io.containerd.content.v1.content/blobs/sha256
echo ' ' >>"$blob/${id#sha256:}"
it "an image whose config was changed is a contradiction" exits 4 \
	"$list" "${at[@]}" container-image mounts
truncate -s -2 "$blob/${id#sha256:}"
mkdir away
find "$blob" -type f -size +2k -exec mv {} away/ \;
"$list" "${at[@]}" container-image mounts >discarded
it "layers whose blobs were discarded keep their names" same "$(grep -c '^diff-id' discarded)" 3
it "and their directories" same "$(grep -c '^layer open' discarded)" 3
