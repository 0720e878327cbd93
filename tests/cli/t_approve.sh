# shellcheck shell=bash
# SPDX-License-Identifier: Apache-2.0
# Settings of a Docker container on a disk: approved, then changed; and what is risky by itself.
need jq python3
python3 "$SOURCE_DIR/tests/bench/make-host.py" store 2 1 >/dev/null
dir=$(dirname "$(find store/containers -name config.v2.json | sort | head -n 1)")
name=$(jq -r '.Name | ltrimstr("/")' "$dir/config.v2.json")
# what the daemon writes; the maker of hosts leaves out what a listing does not read
edit() { jq "$2" "$dir/$1" >edited && mv edited "$dir/$1"; }
edit config.v2.json '.MountPoints = {} | .NoNewPrivileges = true | .AppArmorProfile = "" |
	.SeccompProfile = "" | .Path = "/bin/app" | .Args = [] |
	.Config.Env = ["PATH=/bin", "TOKEN=hunter2"] | .Config.User = "1000"'
edit hostconfig.json '.Binds = null | .Privileged = false | .CapAdd = null | .CapDrop = ["ALL"] |
	.NetworkMode = "bridge" | .PidMode = "" | .ReadonlyRootfs = true | .Memory = 1048576 |
	.PidsLimit = 100 | .Devices = [] | .RestartPolicy = {"Name": "no"} | .Tmpfs = null | .Mounts = null'
sl() { "$STRANDLINE" --db "$PWD/db" --store "docker=$PWD/store" "$@"; }
# without profiles
bare() { "$STRANDLINE" --no-db --store "docker=$PWD/store" diff --no-index --accept-unproven "$name" "$@"; }
# diff STATUS [OPTIONS]: this container; what lies below it is proven by nothing here
diff_is() {
	local status=$1
	shift
	exits "$status" sl diff --no-index --accept-unproven "$name" --format json -o doc.json "$@" 2>err
}
config() { jq -r '.containers[0].findings[] | select(.kind == "config") | "\(.subject) \(.severity)"' doc.json; }
posture() { jq -r '.containers[0].findings[] | select(.kind == "posture") | .subject' doc.json | sort | paste -sd,; }

it "without a profile nothing is a deviation" diff_is 0
it "nor is anything risky about this container" same "$(posture)" ""
it "the document has the settings" same \
	"$(jq -c '.containers[0].settings | [.user, .cap_drop, .environment, .memory_limit]' doc.json)" \
	'["1000",["ALL"],["PATH","TOKEN"],"1048576"]'
it "but no value of a variable" lacks doc.json hunter2
it "no database, no approval" exits 2 "$STRANDLINE" --no-db --store "docker=$PWD/store" approve "$name"
it "a list of nothing is empty" exits 0 sl approve list -o list
it "what was never approved cannot be shown" exits 2 sl approve show "$name" 2>err
it "which is said" contains err "no approved profile"

it "a container's settings are approved" exits 0 sl approve "$name" --by ada --reason 'change 4711' >out 2>err
it "under its engine and name" contains out "approved for name docker:$name"
it "what is unknown is named" grep -q 'unknown, and not compared therefore: .*capabilities' err
it "the list says who, and why" sl approve list -o list
it "in one line" grep -q "^name  *docker:$name  *ada .*change 4711" list
it "the profile is shown as JSON" same "$(sl approve show "$name" | jq -r '.by, .settings.user')" "ada
1000"
it "without values of variables, too" lacks <(sl approve show "$name") hunter2
it "what is as approved is no finding" diff_is 0

edit hostconfig.json '.Privileged = true | .CapAdd = ["SYS_ADMIN"] | .Binds = ["/:/host", "/run/docker.sock:/s:ro"] |
	.PidMode = "host" | .Memory = 0'
edit config.v2.json '.Config.Env = ["TOKEN=x", "LD_PRELOAD=/tmp/x", "PATH=y"]'
it "what was changed since is drift" diff_is 1
it "each setting with its severity" same "$(config)" "privileged critical
cap_add critical
seccomp high
pid_namespace high
mounts /host critical
mounts /s critical
memory_limit low
environment medium"
it "with what was approved and what is" same \
	"$(jq -c '.containers[0].findings[] | select(.subject == "cap_add").setting' doc.json)" \
	'{"name":"cap_add","expected":"[]","found":"[\"SYS_ADMIN\"]"}'
it "they are counted" same "$(jq '.containers[0].counts | [.other, .severities.critical]' -c doc.json)" '[8,4]'
it "the bar for the exit status is theirs, too" diff_is 1 --fail-on critical
jq -r '.containers[0].findings[] | select(.kind == "config") | .id' doc.json >ids
edit hostconfig.json '.CapAdd = ["SYS_PTRACE"]'
diff_is 1 || true
it "another value is another finding" same \
	"$(jq -r '.containers[0].findings[] | select(.kind == "config") | .id' doc.json | grep -cvxFf ids)" 1

posture='posture-engine-socket,posture-host-pid,posture-memory-limit,posture-privileged,posture-seccomp,posture-sensitive-mount'
it "what is risky by itself is in the document" same "$(posture)" "$posture"
it "as information" same \
	"$(jq -r '[.containers[0].findings[] | select(.kind == "posture").severity] | unique | join(",")' doc.json)" info
it "the table has one line for it" bare -o table
it "which says how to see more" contains table "posture    6 notes; --posture lists them"
it "and no rows" lacks table posture-privileged
it "it is not in the exit status, whatever the bar" exits 0 bare --fail-on info -o table
it "with --posture it is" exits 1 bare --posture -o table
it "with the benchmark's number and title" contains table \
	"CIS Docker Benchmark 1.6, 5.5 Ensure that privileged containers are not used"
it "the severities are the checks' own" same "$(bare --posture --format json | jq -r '.containers[0].findings[] | select(.subject == "posture-privileged").severity')" critical

it "an image's profile counts where the name has none" exits 0 sl approve "$name" --as image -q
it "but behind the name's" diff_is 1
it "which can be forgotten" exits 0 sl approve rm "docker:$name"
it "then only the image's is compared" diff_is 0
edit hostconfig.json '.Memory = 5'
it "for every container of it" diff_is 1
it "with the least severity" same "$(config)" "memory_limit low"

# ---- renamed
sl approve "$name" -q
it "a run that asks for news" diff_is 0 --fail-on-new
edit config.v2.json '.Name = "/other"'
name=other
it "one that was renamed keeps its profile" diff_is 0 --fail-on-new
it "which is said, with what to do" grep -q "'docker:other' was approved as 'docker:.*approve it anew" err
it "so that a change is still a deviation" bash -c 'jq ".Memory = 6" "$1/hostconfig.json" >e && mv e "$1/hostconfig.json"' - "$dir"
it "of this container" diff_is 1 --fail-on-new
it "by its settings" same "$(config)" "memory_limit low"
it "that the last run knew it by another name was said once" lacks err "in the last run"
edit config.v2.json '.Name = "/third"'
name=third
diff_is 1 --fail-on-new || true
it "and with every new one" grep -q "'third' was called 'other' in the last run: .* acknowledgements" err
sl approve "$name" -q
it "approved anew it is known by its name" diff_is 0
it "and nothing is said" lacks err "renamed"

echo '{' >"$dir/hostconfig.json"
it "what was approved and cannot be read went unread" diff_is 3
it "each setting" same "$(jq -r '[.containers[0].gaps[].what] | index("setting privileged") != null' doc.json)" true
it "and cannot be approved" exits 2 sl approve "$name" 2>err
it "with the reason" contains err "hostconfig.json"

python3 - <<'PY'
import sqlite3
db = sqlite3.connect("db")
db.execute("UPDATE approval SET profile = '{\"user\":7}'")
db.commit()
PY
it "a damaged profile is a gap, not silence" diff_is 3
it "by its name" same "$(jq -r '[.containers[0].gaps[].what] | index("approved profile") != null' doc.json)" true
python3 -c 'import sqlite3
db = sqlite3.connect("db")
db.execute("UPDATE approval SET profile = ?", ("{}",))
db.commit()'
it "one that was emptied by hand, too" diff_is 3
it "and said to be" same 1 "$(jq '[.containers[0].gaps[] | select(.why | contains("holds no setting"))] | length' doc.json)"
it "a container of a pod needs to be in one" exits 2 sl approve "$name" --as pod
