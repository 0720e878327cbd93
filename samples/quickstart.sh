#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Install what the build needs, build, and walk through the main job on a small intrusion.
#
#   samples/quickstart.sh          with a Docker engine of its own if dockerd is installed and this
#                                  is root, else on an overlay, else on a plain upper directory
#   samples/quickstart.sh --keep   leave the scratch folder, to look around in it
#
# Nothing outside the source tree and a scratch folder is touched; whatever is started is stopped.
set -eu
cd "$(dirname "$(realpath "$0")")/.."
source_dir=$PWD
keep=no
[ "${1:-}" != --keep ] || keep=yes

tests/install.sh build run
cmake --preset release -G Ninja -DBUILD_TESTING=OFF >/dev/null
cmake --build --preset release >/dev/null
strandline=$source_dir/build/release/strandline

work=$(mktemp -d "${TMPDIR:-/tmp}/strandline-quickstart.XXXXXX")
pid=
cleanup() {
	if [ -n "$pid" ]; then
		docker -H "unix://$work/docker.sock" kill web >/dev/null 2>&1 || true
		kill "$pid" 2>/dev/null || true
		while kill -0 "$pid" 2>/dev/null; do sleep 0.1; done
	fi
	mountpoint -q "$work/merged" && umount "$work/merged"
	if [ $keep = yes ]; then
		echo "Everything is left in $work"
	else
		rm -rf -- "$work"
	fi
}
trap cleanup EXIT
cd "$work"

say() { printf '\n\033[1m# %s\033[0m\n' "$*" | if [ -t 1 ]; then cat; else sed 's/\x1b\[[0-9]*m//g'; fi; }
# run COMMAND...: show a command, run it; a non-zero exit status is part of the story.
run() {
	printf '$ strandline %s\n' "${*//"$work/"/}"
	"$strandline" "$@" --db "$work/strandline.db" || echo "(exit status $?)"
}

"$source_dir/samples/make-image.sh" "$work/image" >/dev/null

if [ "$(id -u)" -eq 0 ] && command -v dockerd >/dev/null; then
	say "A Docker engine of our own, with one container made from a small image"
	mkdir -p run
	dockerd --bridge=none --iptables=false --ip-forward=false --data-root "$work/docker" \
		--exec-root "$work/run" --pidfile "$work/docker.pid" -H "unix://$work/docker.sock" \
		>"$work/dockerd.log" 2>&1 &
	pid=$!
	for _ in $(seq 100); do
		docker -H "unix://$work/docker.sock" version >/dev/null 2>&1 && break
		sleep 0.2
	done
	tar -C image -c . | docker -H "unix://$work/docker.sock" import - shop:1 >/dev/null
	docker -H "unix://$work/docker.sock" run -d --network none --name web shop:1 \
		/bin/sleep 1000 >/dev/null
	where=(--store docker=docker)
	image=(docker:shop:1)
	target=(web)

	say "Its image is indexed straight from the engine's store, and proven against its digests"
	run index "${where[@]}" "${image[@]}"
	say "Which containers are there? No daemon is asked"
	run ps "${where[@]}"
	say "A fresh container equals its image"
	run diff "${where[@]}" "${target[@]}"
	say "Now somebody breaks in (samples/intrude.sh)"
	docker -H "unix://$work/docker.sock" exec -i web /bin/sh -s / <"$source_dir/samples/intrude.sh"
else
	where=()
	image=(oci:layout:1)
	"$source_dir/samples/make-oci.sh" "$work/layout" 1 "$work/image"
	mkdir -p upper work merged
	target=(--upper upper --image "${image[0]}")
	say "No engine here: the image is an OCI layout"
	run index "${image[@]}"
	if [ "$(id -u)" -eq 0 ] && mount -t overlay overlay \
		-o "lowerdir=$work/image,upperdir=$work/upper,workdir=$work/work" merged 2>/dev/null; then
		say "An overlay stands in for the container, and somebody breaks in (samples/intrude.sh)"
		sh "$source_dir/samples/intrude.sh" "$work/merged"
		umount merged
	else
		say "No root either: an upper directory is laid out as an overlay would leave it"
		mkdir -p upper/etc upper/usr/bin upper/var/log
		cp -p image/etc/passwd upper/etc/
		cp -p image/usr/bin/busybox upper/usr/bin/
		mkdir -p upper/tmp upper/root upper/etc/cron.d
		sh "$source_dir/samples/intrude.sh" "$work/upper"
		rm upper/usr/bin/busybox
		mknod upper/var/log/auth.log c 0 0 2>/dev/null || true
	fi
fi

say "What drifted in, worst first"
run diff "${where[@]}" "${target[@]}"
say "The same for machines (jq reads it: paths of everything critical)"
"$strandline" diff "${where[@]}" "${target[@]}" --db "$work/strandline.db" --format json |
	jq -r '.containers[].findings[] | select(.severity == "critical") | .path' || true

say "Preserve it. The fingerprint is what you write down"
run capture "${where[@]}" "${target[@]}" -o web.tar.zst --reason "quick start" 2>&1 |
	tee capture.txt
fingerprint=$(grep -oE '([0-9a-f]{4}-){7}[0-9a-f]{4}' capture.txt | head -1)

say "Verify it: against the noted fingerprint, with the program"
run verify web.tar.zst --fingerprint "$fingerprint"
say "and with nothing but coreutils, tar, zstd, jq and openssl"
sh "$source_dir/forensics/verify.sh" --fingerprint "$fingerprint" web.tar.zst ||
	echo "(exit status $?)"

say "What happened, in order (the last lines)"
"$strandline" timeline web.tar.zst | grep -v "Capture Action" | tail -15

say "Done. \`strandline --help\` lists the commands; README.md explains the rest."
