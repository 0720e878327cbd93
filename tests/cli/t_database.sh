# shellcheck shell=bash
# SPDX-License-Identifier: Apache-2.0
# The database under several processes, killed ones, and stores that share most of their layers.
need sqlite3 jq python3
make_oci=$SOURCE_DIR/samples/make-oci.sh
sl() { "$STRANDLINE" --db store.db "$@"; }
count() { sqlite3 -cmd ".timeout 10000" store.db "SELECT count(*) FROM $1"; }

mkdir -p base x y
for i in $(seq 300); do echo "$i" >"base/file-$i"; done
echo x >x/x
echo y >y/y
mkdir a b
bash "$make_oci" a t base x
bash "$make_oci" b t base y

# ---- at once ----
at_once() { # at_once IMAGE...: index all in processes of their own, all must succeed
	local pids=() pid failed=0
	for image; do
		sl index -q "$image" &
		pids+=($!)
	done
	for pid in "${pids[@]}"; do wait "$pid" || failed=1; done
	return $failed
}
it "one image is indexed by four processes at once" at_once oci:a oci:a oci:a oci:a
it "and stored once" same "1 2" "$(count image) $(count layer)"
rm -f store.db*
it "images that share a layer are indexed at once" at_once oci:a oci:b oci:a oci:b
it "and the layer is stored once" same "2 3" "$(count image) $(count layer)"
it "the store is whole" exits 0 sl images verify -q
it "a reader sees it while another writes" at_once oci:a oci:b oci:a
it "nothing is beside the database when nobody has it open" same store.db "$(echo store.db*)"

# ---- killed ----
sl images rm -q oci:a
before=$(sl images dump oci:b | sha256sum)
# A layer large enough to be still under way when the kill comes.
python3 "$SOURCE_DIR/tests/bench/make-layer.py" large 8000
for wait in 0.1 0.4 0.9; do
	"$STRANDLINE" --db store.db index -q oci:large & # no function: the kill is for the program
	pid=$!
	sleep "$wait"
	kill -9 "$pid" 2>/dev/null || true
	wait "$pid" 2>/dev/null || true
	it "killed after $wait s, the store is whole" exits 0 sl images verify -q
	it "and what was there is as it was" same "$before" "$(sl images dump oci:b | sha256sum)"
	images=$(count image) layers=$(count layer)
	it "the killed image is stored whole or not at all" \
		test "$images $layers" = "1 2" -o "$images $layers" = "2 3"
	sl images rm -q oci:large 2>/dev/null || true
done
it "the next run works" sl index -q oci:large
it "and is whole" exits 0 sl images verify -q
sl images rm -q oci:large

# ---- an indexed layer is never read again ----
base=$(jq -r '.manifests[0].digest' a/index.json)
base=$(jq -r '.layers[0].digest' "a/blobs/sha256/${base#sha256:}")
sl images rm -q oci:b
sl index -q oci:a
sl index --format json oci:b >result
it "a layer that is known is not read" same "1 3" \
	"$(jq -r '.images[0] | "\(.layers_known) \(.entries - 300)"' result)"
size=$(stat -c %s b/blobs/sha256/*| sort -n | tail -1)
it "only the new layer's bytes are" test "$(jq '.images[0].compressed' result)" -lt "$size"
sl images rm -q oci:b
head -c "$(stat -c %s "b/blobs/sha256/${base#sha256:}")" /dev/zero >zeros
cp zeros "b/blobs/sha256/${base#sha256:}"
it "not even a broken blob of a known layer is noticed" sl index -q oci:b
sl images rm -q oci:a oci:b
it "while one that is not known is" exits 1 sl index -q oci:b 2>err
it "and nothing is stored of it" same "0 0 0" "$(count image) $(count layer) $(count entry)"

# ---- many images with most of their layers in common ----
python3 - <<'END'
import hashlib, io, json, os, tarfile

def blob(root, data):
    digest = hashlib.sha256(data).hexdigest()
    path = f"{root}/blobs/sha256/{digest}"
    if not os.path.exists(path):
        with open(path, "wb") as f:
            f.write(data)
    return {"digest": "sha256:" + digest, "size": len(data)}

def layer(text):
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w", format=tarfile.USTAR_FORMAT) as t:
        entry = tarfile.TarInfo(f"file-{text}")
        entry.size = len(text)
        t.addfile(entry, io.BytesIO(text.encode()))
    return out.getvalue()

def image(root, tag, texts):
    layers = [layer(t) for t in texts]
    arch = {"x86_64": "amd64", "aarch64": "arm64"}.get(os.uname().machine)
    config = blob(root, json.dumps({"architecture": arch, "os": "linux", "rootfs": {
        "type": "layers", "diff_ids": ["sha256:" + hashlib.sha256(x).hexdigest() for x in layers]
    }}).encode())
    media = "application/vnd.oci.image."
    manifest = blob(root, json.dumps({"schemaVersion": 2, "mediaType": media + "manifest.v1+json",
        "config": {"mediaType": media + "config.v1+json", **config},
        "layers": [{"mediaType": media + "layer.v1.tar", **blob(root, x)} for x in layers]
    }).encode())
    return {"mediaType": media + "manifest.v1+json", **manifest,
            "annotations": {"org.opencontainers.image.ref.name": tag}}

os.makedirs("many/blobs/sha256")
manifests = [image("many", f"t{n}", [f"{i}" for i in range(18)] + [f"{n}-a", f"{n}-b"])
             for n in range(30)] + [image("many", "deep", [f"deep-{i}" for i in range(120)])]
with open("many/index.json", "w") as f:
    json.dump({"schemaVersion": 2, "manifests": manifests}, f)
with open("many/oci-layout", "w") as f:
    f.write('{"imageLayoutVersion":"1.0.0"}')
END
refs=()
for n in $(seq 0 29); do refs+=("oci:many:t$n"); done
sl index --format json "${refs[@]}" >result
it "30 images of 20 layers, 18 of them in common: 78 layers are read" same 78 \
	"$(jq '[.images[] | .layers - .layers_known] | add' result)"
it "and stored" same "30 78" "$(count image) $(count layer)"
it "forgetting one keeps what the others have" contains <(sl images rm oci:many:t3) \
	"2 layers freed, 18 kept for other images"
it "and the others are whole" exits 0 sl images verify -q
sl images dump --merged oci:many:t4 >view
it "they show what they showed" same 21 "$(grep -c '^\.' view)"
it "an image of 120 layers is indexed" sl index -q oci:many:deep
it "and shows all of them" same 121 "$(sl images dump --merged oci:many:deep | grep -c '^\.')"

# ---- somebody else's file ----
it "a later version's database is refused" exits 2 sh -c '
	cp store.db later.db && sqlite3 later.db "INSERT INTO migration VALUES (\"baseline\", 99)" &&
	"$1" --db later.db images 2>err' sh "$STRANDLINE"
it "and it is said whose" contains err "was made by a later version"
echo "my notes, which are not a database at all, and longer than the header of one: nothing to see here" >notes
cp notes kept
it "a file that is no database is refused" exits 2 "$STRANDLINE" --db notes index oci:a 2>err
it "and stays" cmp notes kept
sqlite3 other.db "CREATE TABLE theirs (a)"
it "another program's database is refused" exits 2 "$STRANDLINE" --db other.db index oci:a 2>err
it "and it is said" contains err "another program's database"
head -c 6000 store.db >cut.db
it "a database that was cut off is refused" exits 2 "$STRANDLINE" --db cut.db images verify 2>err

# ---- nothing is written into what is examined ----
mkdir -p docker/image/overlay2/layerdb docker/image/overlay2/imagedb/content/sha256 \
	docker/overlay2/l docker/containers
it "a database inside an engine's store is refused" \
	exits 2 "$STRANDLINE" --store "docker=$PWD/docker" --db docker/overlay2/new/x.db index oci:a 2>err
it "and it is said" contains err "lies inside an engine's store"
it "nothing was made there" same l "$(ls docker/overlay2)"
ln -s docker/overlay2 elsewhere
it "through a link, too" \
	exits 2 "$STRANDLINE" --store "docker=$PWD/docker" --db elsewhere/x.db images 2>err
it "beside it is fine" "$STRANDLINE" --store "docker=$PWD/docker" --db beside.db index -q oci:a
