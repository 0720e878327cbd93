# shellcheck shell=bash
# SPDX-License-Identifier: Apache-2.0
# Docker, containerd and Podman on one disk, their containers called the same: everything by name,
# live and dead; what was done to a lower layer is found on each; nothing is changed by reading.
# shellcheck source=tests/engines/lib-three.sh
. "$TESTS_DIR/engines/lib-three.sh"
need jq getfattr python3
three_start "$PWD/T"
cleanup() {
	umount "$SCRATCH/dead" 2>/dev/null || true
	umount "$SCRATCH/still" 2>/dev/null || true
	three_stop
}
SCRATCH=$PWD
trap cleanup EXIT
T=$PWD/T

three_image base 1
three_run web base:1
three_run two base:1
for engine in $THREE_ENGINES; do
	# shellcheck disable=SC2016 # the container's shell expands it
	three_exec "$engine" web /bin/sh -c 'echo evil >/usr/bin/evil; chmod 0755 /usr/bin/evil
		echo "eve:x:0:0::/:/bin/sh" >>/etc/passwd; rm /etc/old; chmod 04755 /usr/bin/tool'
done
want='added /usr/bin/evil
deleted /etc/old
metadata /usr/bin/tool
modified /etc/passwd'

# where: how the examined stores are given to every command
where=()
for engine in $THREE_ENGINES; do where+=(--store "$engine=$(three_store "$engine")"); done
sl() { "$STRANDLINE" "$@" --no-db "${where[@]}"; }
drift_of() { # drift_of DOC: what a drift document says that nothing explains
	jq -r '.containers[].findings[] | select(.kind == "file" and .explained_by == null) |
		"\(.change) \(.path)"' "$1" | sort
}
named() { # named DOC PATH: a layer that was tampered with, and this path in it
	jq -e --arg p "$2" '[.layers[] | select(.verdict == "tampered") | .differences[].path] |
		any(. == $p)' "$1" >/dev/null || { jq -c . "$1" | cut -c1-2000 >&2; return 1; }
}

ambiguous() { # ambiguous LABEL: three containers have the name web
	local engine
	it "$1: a bare name is ambiguous" exits 2 sl diff web -o /dev/null 2>err
	for engine in $THREE_ENGINES; do
		it "$1: and $engine's is among the candidates" grep -q " $engine:[^ ]* (web)" err
	done
}

# ---- by name, as they run and as they lie there
look() { # look LABEL: every command on every engine's container
	local label=$1 engine
	it "$label: ps lists all of them" exits 0 sl ps --format json -o ps.all
	# what else runs on this machine is listed, too, as of no store that was given
	jq '.containers |= [.[] | select(.engine != "other")]' ps.all >"ps.$label"
	it "$label: by engine and name" same \
		"$(for e in $THREE_ENGINES; do echo "$e two"; echo "$e web"; done | sort | paste -sd,)" \
		"$(jq -r '[.containers[] | "\(.engine) \(.name)"] | sort | join(",")' "ps.$label")"
	it "$label: all of them have the same image" same "$THREE_IMAGE" \
		"$(jq -r '[.containers[].image.id] | unique | join(",")' "ps.$label")"
	[ "$THREE_ENGINES" = "${THREE_ENGINES% *}" ] || ambiguous "$label"
	for engine in $THREE_ENGINES; do
		it "$label: diff finds the drift of $engine:web" \
			exits 1 sl diff "$engine:web" --format json -o "diff.$label.$engine"
		it "$label: exactly what was done there" same "$want" "$(drift_of "diff.$label.$engine")"
		it "$label: against a proven image, with nothing unread" same "proven true" \
			"$(jq -r '.containers[0] | "\(.layers.trust) \(.complete)"' "diff.$label.$engine")"
		it "$label: $engine:two has not drifted" \
			exits 0 sl diff "$engine:two" --format json -o "two.$label.$engine"
		it "$label: a part of the id will do" exits 0 sl diff \
			"$engine:$(printf %.9s "${ids[$engine]}")" -o /dev/null
		it "$label: check proves the layers of $engine:web" \
			exits 0 sl check "$engine:web" -o /dev/null
		it "$label: and those of its image" \
			exits 0 sl check --image "$engine:docker.io/library/base:1" -o /dev/null
		it "$label: capture takes $engine:web" \
			exits 0 "$STRANDLINE" capture "$engine:web" "${where[@]}" -q -o "$label.$engine.tar.zst"
		it "$label: and the bundle is whole" \
			exits 0 "$STRANDLINE" verify -q --allow-unanchored "$label.$engine.tar.zst"
		"$STRANDLINE" show "$label.$engine.tar.zst" --format jsonl >records
		it "$label: with what was added in it" contains records /usr/bin/evil
	done
	sl check --all --format json -o "check.$label" || true
	# two layers, each beneath two containers
	it "$label: check takes all at once" same "$(for e in $THREE_ENGINES; do echo "4 $e"; done | sort)" \
		"$(jq -r '.layers[] | select(.verdict == "intact") | .containers[].engine' \
			"check.$label" | sort | uniq -c | sed 's/^ *//' | sort)"
}

thawed() { # thawed PID: of either freezer, "frozen" when it holds this process
	local v1 v2
	v1=$(sed -n 's/^[0-9]*:freezer://p' "/proc/$1/cgroup")
	v2=$(sed -n 's/^0:://p' "/proc/$1/cgroup")
	if grep -qsx FROZEN "/sys/fs/cgroup/freezer$v1/freezer.state" ||
		grep -qsx 'frozen 1' /sys/fs/cgroup/{,unified}"$v2/cgroup.events"; then
		echo frozen
	else
		echo thawed
	fi
}

declare -A ids pids
for engine in $THREE_ENGINES; do
	ids[$engine]=$(three_id "$engine" two)
	pids[$engine]=$(three_pid "$engine" web)
done
look live
for engine in $THREE_ENGINES; do
	it "live: $engine:web runs, and as which process is known" same "running ${pids[$engine]}" \
		"$(jq -r --arg e "$engine" '.containers[] | select(.engine == $e and .name == "web") |
			"\(.state) \(.pid)"' ps.live)"
done
it "live: diff --all takes every one that runs" exits 1 sl diff --all --format json -o all
it "live: and names each" same "$(jq -c '[.containers[].id] | sort' ps.live)" \
	"$(jq -c '[.containers[] | select(.engine != "other") | .id] | sort' all)"
for engine in $THREE_ENGINES; do
	it "live: $engine:two stands still while it is read" \
		exits 0 sl diff "$engine:two" --freeze --format json -o "frozen.$engine"
	it "live: for a while that is told, and nothing is unread" same "true true 0" "$(jq -r \
		'.containers[0] | "\(.frozen.ns > 0) \(.complete) \(.gaps | length)"' "frozen.$engine")"
	it "live: and $engine:two runs again" same thawed "$(thawed "$(three_pid "$engine" two)")"
done

three_halt
mkdir dead
mount --bind "$T" dead
mount -o remount,bind,ro dead
where=(--root "$PWD/dead")
look dead
it "dead: there are no orphans, and nothing is unread" exits 0 sl ps --orphans --format json -o orphans
it "dead: so they are the same containers" same "$(jq '.containers | length' ps.dead)" \
	"$(jq '.containers | length' orphans)"
it "dead: nothing runs" same "" \
	"$(jq -r '.containers[] | select(.state == "running" or .pid > 0) | .name' ps.dead)"
facts() { jq -S '[.containers[] | [.engine, .id, .name, .image.id, .driver]] | sort' "$1"; }
it "dead: they are the same containers" same "$(facts ps.live)" "$(facts ps.dead)"
findings() { jq -S '[.containers[].findings[] | select(.kind == "file") | .id] | sort' "$1"; }
for engine in $THREE_ENGINES; do
	it "dead: the same drift of $engine:web, by its ids" \
		same "$(findings "diff.live.$engine")" "$(findings "diff.dead.$engine")"
done

# ---- reading changes nothing. The store itself, writable, with access times so old that any read
# which does not spare them would renew them; looked at through a mount that never does. (The
# access time of a symbolic link that is read cannot be spared.)
mkdir still
mount --bind "$T" still
mount -o remount,bind,noatime still
listing() {
	(cd still &&
		find . \( -type l -printf '%p|%y|%m|%U|%G|%s|%n|%i|%T@|%C@|-|%l\n' \) -o \
			-printf '%p|%y|%m|%U|%G|%s|%n|%i|%T@|%C@|%A@|\n' | sort
		find . -exec getfattr -h -d -m - {} + 2>/dev/null
		find . -type f -exec sha256sum {} + | sort -k2)
}
find "$T" -exec touch -h -a -d '2001-01-01 UTC' {} +
listing >before
where=(--root "$T")
sl ps -o /dev/null
for engine in $THREE_ENGINES; do
	sl diff "$engine:web" -o /dev/null || true
	sl check "$engine:web" -o /dev/null || true
	"$STRANDLINE" capture "$engine:web" "${where[@]}" -q -o "again.$engine.tar.zst" || true
done
sl ps --orphans -o /dev/null || true
sl check --all -o /dev/null || true
sl diff --all --stopped -o /dev/null || true
listing >after
it "nothing under the examined root has changed: no time, no mode, no byte, no new file" cmp before after

# ---- lower layers
lower() { # lower ENGINE PATH: a file of the image, where the engine keeps it
	case $1 in
	docker) ls "$T"/var/lib/docker/overlay2/*/diff/"$2" ;;
	containerd) ls "$T"/var/lib/containerd/io.containerd.snapshotter.v1.overlayfs/snapshots/*/fs/"$2" ;;
	podman) ls "$T"/var/lib/containers/storage/overlay/*/diff/"$2" ;;
	esac
}
tampered() { # tampered ENGINE PATH WHAT: check finds it, and names it
	it "$1: check finds $3" exits 1 sl check "$1:web" --format json -o doc.json
	it "$1: and names it" named doc.json "$2"
}
everywhere() { # everywhere ENGINE PATH: whoever is asked says so, and nobody else is blamed
	local engine=$1 other
	it "$engine: so for the other container on the same layer" \
		exits 1 sl check "$engine:two" --format json -o doc.json
	it "$engine: with the name" named doc.json "$2"
	it "$engine: and for all" exits 1 sl check --all --format json -o doc.json
	it "$engine: with the name, too" named doc.json "$2"
	it "$engine: diff --check says so" \
		exits 1 sl diff "$engine:two" --check --format json -o doc.json
	it "$engine: as a finding about the layer" jq -e \
		'any(.containers[].findings[]; .kind == "layer")' doc.json
	for other in $THREE_ENGINES; do
		[ "$other" = "$engine" ] ||
			it "$engine: while $other's layers are proven" \
				exits 0 sl check "$other:web" -o /dev/null
	done
}
for engine in $THREE_ENGINES; do
	file=$(lower "$engine" etc/motd)
	dir=$(dirname "$file")
	cp -p "$file" saved
	printf J | dd of="$file" bs=1 conv=notrunc status=none
	touch -r saved "$file"
	tampered "$engine" /etc/motd "one changed byte, same size and time"
	everywhere "$engine" /etc/motd
	cp -p saved "$file"

	touch -r "$dir" stamp
	echo extra >"$dir/extra"
	touch -r stamp "$dir"
	tampered "$engine" /etc/extra "a file that the layer does not have"
	rm "$dir/extra"
	touch -r stamp "$dir"

	# the container that changed it has a copy, which is not the layer's
	for tool in $(lower "$engine" usr/bin/tool); do
		[ "$(stat -c %a "$tool")" = 755 ] && break
	done
	chmod 04755 "$tool"
	tampered "$engine" /usr/bin/tool "a setuid bit"
	chmod 0755 "$tool"
	it "$engine: put right, all is proven again" exits 0 sl check "$engine:web" -o /dev/null
done

# ---- one bad file costs one container
others() { # all but ENGINE's container two, which may be there by its id
	jq -r --arg e "$1" --arg id "${ids[$1]}" '[.containers[] |
		select(.engine == $e and (.name == "two" or .id == $id) | not) |
		"\(.engine):\(.name)"] | sort | join(" ")' ps.json
}
damaged() { # damaged ENGINE WHAT: ps is incomplete, and the list is whole but for that container
	local engine=$1 rest
	rest=$(for e in $THREE_ENGINES; do echo "$e:two"; echo "$e:web"; done | sort | grep -v "^$engine:two$" |
		paste -sd' ')
	it "$2 is a gap" exits 3 sl ps --format json -o ps.json
	it "$2: which is told" jq -e '.gaps | length > 0' ps.json
	it "$2 costs that container only" same "$rest" "$(others "$engine")"
	it "$2: the others are read as before" exits 1 sl diff "$engine:web" -o /dev/null
}
rest_of() { for e in $THREE_ENGINES; do [ "$e" = "$1" ] || echo "$e $e"; done | sort | paste -sd' '; }
damage_docker() {
	local file
	file=$T/var/lib/docker/containers/${ids[docker]}/config.v2.json
	cp -p "$file" saved
	truncate -s 100 "$file"
	damaged docker "a torn config.v2.json"
	cp -p saved "$file"
}
damage_podman() {
	local file
	file=$T/var/lib/containers/storage/overlay-containers/containers.json
	cp -p "$file" saved
	jq -c --arg id "${ids[podman]}" '(.[] | select(.id == $id)).id = "../../../../etc"' saved >"$file"
	damaged podman "an entry of containers.json whose id is a path"
	jq -c --arg id "${ids[podman]}" '(.[] | select(.id == $id)).layer = "../../../../etc"' saved >"$file"
	it "a layer that leads out of the store is never clean" \
		exits 3 sl diff podman:two --format json -o doc.json
	it "and nothing is taken from there" same '[]' "$(jq -c '[.containers[].findings[]]' doc.json)"
	truncate -s 100 "$file"
	it "a torn containers.json is a gap" exits 3 sl ps --format json -o ps.json
	it "and costs no other engine a container" same "$(rest_of podman)" \
		"$(jq -r '[.containers[] | select(.engine != "podman") | .engine] | sort | join(" ")' ps.json)"
	cp -p saved "$file"
}
damage_containerd() {
	local file page status
	file=$T/var/lib/containerd/io.containerd.metadata.v1.bolt/meta.db
	cp -p "$file" saved
	python3 "$TESTS_DIR/engines/break_bucket.py" "$file" two
	damaged containerd "a broken bucket of meta.db"
	for page in 0 1; do
		cp -p saved "$file"
		dd if=/dev/zero of="$file" bs=4096 seek=$page count=1 conv=notrunc status=none
		status=0
		sl ps --format json -o ps.json 2>/dev/null || status=$?
		it "without meta page $page the other one serves" test "$status" -eq 0 -o "$status" -eq 3
		it "and containerd:web is there" jq -e 'any(.containers[]; .engine == "containerd" and .name == "web")' ps.json
	done
	dd if=/dev/zero of="$file" bs=4096 count=2 conv=notrunc status=none
	it "without both it is a gap" exits 3 sl ps --format json -o ps.json
	it "that costs no other engine a container" same "$(rest_of containerd)" \
		"$(jq -r '[.containers[].engine] | sort | join(" ")' ps.json)"
	truncate -s 6000 "$file"
	it "and so is a file cut off" exits 3 sl ps -o /dev/null
	cp -p saved "$file"
	file=$T/var/lib/containerd/io.containerd.snapshotter.v1.overlayfs/metadata.db
	cp -p "$file" saved
	truncate -s 0 "$file"
	sl ps --format json -o ps.json 2>/dev/null || true
	it "containers whose snapshots are unknown are listed all the same" \
		same "$(jq '.containers | length' ps.live)" "$(jq '.containers | length' ps.json)"
	it "and why is said of each" same "true true" "$(jq -r '[.containers[] |
		select(.engine == "containerd") | .stack.unsupported != null] | join(" ")' ps.json)"
	it "and never clean" exits 3 sl diff containerd:two -o /dev/null
	cp -p saved "$file"
}
for engine in $THREE_ENGINES; do "damage_$engine"; done
it "put right, all is as it was" exits 0 sl ps -o /dev/null
