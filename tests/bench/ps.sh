#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# How long a listing of a busy host takes: 1,000 containers and 200 images of each engine.
#
#   tests/bench/ps.sh STRANDLINE [ROUNDS]
#
# Docker's store is written by make-host.py, containerd's by containerd (needs root; left out where
# it cannot run). Both are kept in tests/bench/work. Prints the median and the spread of the times
# after one unmeasured round, and our peak memory.
set -eu
cd "$(dirname "$(realpath "$0")")/../.."
strandline=$1
rounds=${2:-5}
host=$PWD/tests/bench/work/host
containers=1000 images=200

make_docker() {
	rm -rf "$host/docker.new"
	python3 tests/bench/make-host.py "$host/docker.new" $containers $images
	mv "$host/docker.new" "$host/docker"
}

# One small image under many names, and containers that were never started.
make_containerd() {
	local run ctr pid
	run=$(mktemp -d /tmp/strandline-bench.XXXXXX)
	rm -rf "$host/containerd" "$host/containerd.new"
	mkdir -p "$host" "$run/root/etc"
	echo hello >"$run/root/etc/motd"
	bash samples/make-oci.sh "$run/oci" 1 "$run/root" >/dev/null
	tar -C "$run/oci" -cf "$run/oci.tar" .
	cat >"$run/config.toml" <<-END
		version = 2
		root = "$host/containerd.new"
		state = "$run/state"
		disabled_plugins = ["io.containerd.grpc.v1.cri"]
		[grpc]
		address = "$run/sock"
		[plugins."io.containerd.internal.v1.opt"]
		path = "$run/opt"
	END
	containerd -c "$run/config.toml" >"$run/log" 2>&1 </dev/null &
	pid=$!
	ctr="ctr -a $run/sock -n k8s.io"
	for _ in $(seq 100); do
		if $ctr version >/dev/null 2>&1; then break; fi
		sleep 0.1
	done
	$ctr image import --base-name example.test/app "$run/oci.tar" >/dev/null
	seq $images | xargs -P4 -I@ $ctr image tag example.test/app:1 "example.test/app@:1" >/dev/null
	seq $containers | xargs -P4 -I@ sh -c "$ctr container create --label io.kubernetes.pod.name=pod-@ \
		--label io.kubernetes.container.name=app example.test/app\$((@ % $images + 1)):1 app-@"
	kill "$pid"
	wait "$pid" || true
	rm -rf "$run"
	mv "$host/containerd.new" "$host/containerd"
}

now() { date +%s%N; }
row() { # row NAME STORE...
	local name=$1 began
	shift
	: >"$host/times"
	"$strandline" ps --no-db "$@" -o "$host/list"
	for _ in $(seq "$rounds"); do
		began=$(now)
		"$strandline" ps --no-db "$@" >/dev/null
		echo $(($(now) - began)) >>"$host/times"
	done
	sort -n "$host/times" >"$host/sorted"
	/usr/bin/time -f '%M' -o "$host/rss" "$strandline" ps --no-db "$@" >/dev/null
	awk -v name="$name" -v count="$(($(wc -l <"$host/list") - 1))" -v rss="$(cat "$host/rss")" '
		{ t[NR] = $1 / 1e9 }
		END { printf "%-44s %6.3f s  (%.3f..%.3f, target <= 0.3)  %d containers, %.0f MiB (target <= 64)\n",
			name, t[int((NR + 1) / 2)], t[1], t[NR], count, rss / 1024 }' "$host/sorted"
}

[ -d "$host/docker" ] || make_docker
row "ps of Docker" --store "docker=$host/docker"
if [ "$(id -u)" -eq 0 ] && command -v containerd >/dev/null; then
	[ -d "$host/containerd" ] || make_containerd
	row "ps of containerd" --store "containerd=$host/containerd"
	row "ps of both" --store "docker=$host/docker" --store "containerd=$host/containerd"
fi
