# shellcheck shell=bash
# SPDX-License-Identifier: Apache-2.0
# What check says before it reads a layer; engines/t_check_docker.sh has the layers.
mkdir -p store/image/overlay2 store/overlay2 store/containers
check() { "$STRANDLINE" check --db "$PWD/db" --store "docker=$PWD/store" "$@" >out 2>err; }

it "something is to be named" exits 2 check
it "and the choices are said" contains err "give either containers, or --image, or --all"
it "containers and --all exclude each other" exits 2 check --all web
it "an image and --all exclude each other" exits 2 check --all --image shop
it "a container that is not there is an error" exits 2 check web
it "by its name" contains err "no container 'web'"
it "an image that is not there is an error" exits 2 check --image shop
it "one of several containers that is not there went unread" exits 3 check web api
it "and is named" contains out "unread     api"
it "an unknown format is an error" exits 2 check --format sarif --all
it "where no store is, nothing is intact" exits 2 \
	"$STRANDLINE" check --no-db --root "$PWD/store" --all
mkdir tree
it "a tree that is no image of a store has no layer directories" exits 2 check --image rootfs:tree
it "which is said" contains err "no layer directories"
it "json has the schema's name" bash -c '"$0" check --no-db --store "docker=$PWD/store" --all --format json |
	grep -qF "\"schema\":\"strandline.check/1\""' "$STRANDLINE"
# not of this machine, whose processes are looked at, too
it "nothing to check is nothing found" exits 0 "$STRANDLINE" check --no-db --root "$PWD" --store docker=/store --all
