# shellcheck shell=bash
# SPDX-License-Identifier: Apache-2.0
# Random operations on real overlays of random images: what is said of the container, by its store, by
# its tree, by two captures and with remembered digests, is what two listings of the mount say.
# STRANDLINE_SEED begins elsewhere, STRANDLINE_ROUNDS goes on for longer.
need_root
need python3 chattr
seed=${STRANDLINE_SEED:-$((RANDOM * 32768 + RANDOM))}
echo "seed $seed"
mkdir lower upper work merged
unshare -m mount -t overlay overlay -o \
	lowerdir=lower,upperdir=upper,workdir=work,redirect_dir=on,metacopy=on,index=on merged \
	2>/dev/null || skip "cannot mount an overlay with redirects, metadata-only copies and an index"
CLOCKSTEP=$BUILD_DIR/tests/preload_clockstep.so
LD_PRELOAD=$CLOCKSTEP "$STRANDLINE" --version >/dev/null 2>&1 || CLOCKSTEP="" # a sanitizer's build
export CLOCKSTEP RUNDIR=$PWD PYTHONDONTWRITEBYTECODE=1
for way in plain moved metacopy index user; do
	it "a container on an overlay: $way" python3 "$TESTS_DIR/engines/random_drift.py" \
		"$seed" "${STRANDLINE_ROUNDS:-1}" $way
done
