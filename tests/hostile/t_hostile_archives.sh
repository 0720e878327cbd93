# shellcheck shell=bash
# SPDX-License-Identifier: Apache-2.0
# Archives that lie: each is refused for its own reason, quickly, in little memory.
# shellcheck source=tests/archive-lib.sh
. "$TESTS_DIR/archive-lib.sh"
need jq python3
mkdir -p base/etc
echo root >base/etc/passwd
head -c 100000 /dev/urandom >base/etc/random
"$SOURCE_DIR/samples/make-oci.sh" layout 1 base
save_legacy layout legacy.tar web:1
save_25 layout since25.tar web:1
save_containerd layout containerd.tar web:1

# refuses STATUS TEXT REF...
refuses() {
	local status=$1 says=$2
	shift 2
	exits "$status" timeout 60 "$STRANDLINE" index --db db "$@" 2>err >out || { cat err; return 1; }
	contains err "$says"
}
stored_nothing() { same "$("$STRANDLINE" images --db db --format json | jq '.images | length')" 0; }

# edit FROM TO PYTHON: rewrite an archive; PYTHON sees `members`, a dict of name -> bytes, or of
# name -> ("link", target).
edit() {
	python3 - "$@" <<-'END'
		import io, json, hashlib, sys, tarfile
		members = {}
		with tarfile.open(sys.argv[1]) as old:
		    for m in old:
		        name = m.name[2:] if m.name.startswith("./") else m.name
		        if m.isreg():
		            members[name] = old.extractfile(m).read()
		        elif m.issym():
		            members[name] = ("link", m.linkname)
		def blob(data):
		    name = hashlib.sha256(data).hexdigest()
		    members["blobs/sha256/" + name] = data
		    return {"digest": "sha256:" + name, "size": len(data)}
		def get(descriptor):
		    return json.loads(members["blobs/sha256/" + descriptor["digest"][7:]])
		def put(name, value):
		    members[name] = json.dumps(value).encode()
		def manifest_json():
		    return json.loads(members["manifest.json"])
		def change_manifest(change):
		    """Let change() work on the manifest, and point the index at what it becomes."""
		    index = json.loads(members["index.json"])
		    manifest = get(index["manifests"][0])
		    change(manifest)
		    index["manifests"][0].update(blob(json.dumps(manifest).encode()))
		    put("index.json", index)
		exec(sys.argv[3])
		with tarfile.open(sys.argv[2], "w", format=tarfile.PAX_FORMAT) as new:
		    for name, data in members.items():
		        info = tarfile.TarInfo(name)
		        if isinstance(data, tuple):
		            info.type, info.linkname = tarfile.SYMTYPE, data[1]
		            new.addfile(info)
		        else:
		            info.size = len(data)
		            new.addfile(info, io.BytesIO(data))
	END
}
layer="next(n for n in members if n.endswith('layer.tar'))"

edit legacy.tar same.tar pass
it "an archive that was only written anew is the same" exits 0 "$STRANDLINE" index --db ok same.tar
edit legacy.tar x.tar "n = $layer; members[n] = members[n].replace(b'root', b'toor')"
it "a layer with other bytes contradicts its diff_id" refuses 1 "diff_id sha256:" x.tar
it "and nothing is stored of it" stored_nothing
edit since25.tar x.tar "n = max((n for n in members if n.startswith('blobs')), key=lambda n: len(members[n]))
members[n] = members[n].replace(b'root', b'toor')"
it "a layer that is named by its digest contradicts that" refuses 1 "blob sha256:" docker-archive:x.tar
it "in the layout, too" refuses 1 "blob sha256:" oci-archive:x.tar
edit legacy.tar x.tar "n = next(n for n in members if n.endswith('.json') and len(n) == 69); members[n] = members[n].replace(b'linux', b'xunil')"
it "a configuration with other bytes contradicts its name" refuses 1 "its bytes have digest sha256:" x.tar
edit since25.tar x.tar "change_manifest(lambda m: None); n = manifest_json()[0]['Config']; members[n] += b' '"
it "and so it does in the newer form" refuses 1 "its bytes have digest sha256:" docker-archive:x.tar
it "where the layout knows its size as well" refuses 1 "its descriptor says" oci-archive:x.tar
edit legacy.tar x.tar "m = manifest_json(); m[0]['Layers'] *= 2; put('manifest.json', m)"
it "more layers than diff_ids contradict each other" refuses 1 \
	"manifest.json has 2 layers, the config 1 diff_ids" x.tar
edit legacy.tar x.tar "m = manifest_json(); m[0]['Layers'] = None; put('manifest.json', m)"
it "and so do fewer" refuses 1 "has 0 layers" x.tar
edit legacy.tar x.tar "n = $layer; del members[n]"
it "a layer that is missing is named" refuses 2 "layer 1 of 1: '" x.tar
edit legacy.tar x.tar "n = $layer; members[n] = ('link', '../../../../../etc/passwd')"
it "a layer that is a link to the outside is not followed" refuses 2 "leads out of the archive" x.tar
edit legacy.tar x.tar "n = $layer; members[n] = ('link', '/etc/passwd')"
it "an absolute link stays in the archive" refuses 2 "is not in the archive" x.tar
edit legacy.tar x.tar "n = $layer; members[n] = ('link', 'layer.tar')"
it "a link to itself ends" refuses 2 "leads through more than 40 links" x.tar
edit legacy.tar x.tar "m = manifest_json(); m[0]['Config'] = '../../../../etc/passwd'; put('manifest.json', m)"
it "a configuration outside is not read" refuses 2 "leads out of the archive" x.tar
edit legacy.tar x.tar "m = manifest_json(); m[0]['Config'] = m[0]['Layers'][0]; put('manifest.json', m)"
it "a layer is no configuration" refuses 2 "config: json" x.tar

# layers that were left out on purpose
foreign='"mediaType": "application/vnd.docker.image.rootfs.foreign.diff.tar.gzip", "urls": ["https://example.invalid/\u001b[31mx"]'
edit legacy.tar x.tar "n = $layer; del members[n]
m = manifest_json(); c = json.loads(members[m[0]['Config']])
m[0]['LayerSources'] = {c['rootfs']['diff_ids'][0]: {$foreign}}; put('manifest.json', m)"
it "a layer from elsewhere says where it is to be had" refuses 2 \
	"of type 'application/vnd.docker.image.rootfs.foreign.diff.tar.gzip', to be had from 'https://example.invalid/" x.tar
it "without a control character" bash -c '! grep -q "$(printf "\033")" err'
edit since25.tar x.tar "change_manifest(lambda m: (members.pop('blobs/sha256/' + m['layers'][0]['digest'][7:]), m['layers'][0].update({$foreign})))"
it "in a layout as well" refuses 2 "foreign.diff.tar.gzip', to be had from" oci-archive:x.tar
edit since25.tar x.tar "change_manifest(lambda m: (members.pop('blobs/sha256/' + m['layers'][0]['digest'][7:]), m['layers'][0].update({'mediaType': 'application/vnd.oci.image.layer.nondistributable.v1.tar'})))"
it "also when nobody says where" refuses 2 "nondistributable.v1.tar'" oci-archive:x.tar

# what a descriptor may embed
edit since25.tar x.tar "import base64
def embed(m):
    data = members.pop('blobs/sha256/' + m['layers'][0]['digest'][7:])
    m['layers'][0]['data'] = base64.b64encode(data).decode()
change_manifest(embed)"
it "a layer may stand in its descriptor" exits 0 "$STRANDLINE" index --db embedded oci-archive:x.tar
edit since25.tar x.tar "import base64
def embed(m):
    data = members.pop('blobs/sha256/' + m['layers'][0]['digest'][7:])
    m['layers'][0]['data'] = base64.b64encode(data.replace(b'root', b'toor')).decode()
change_manifest(embed)"
it "and is proven there" refuses 1 "blob sha256:" oci-archive:x.tar

# digests
for digest in sha512:$(printf 0%.0s $(seq 128)) blake3:$(printf 0%.0s $(seq 64)) md5:0; do
	edit since25.tar x.tar "change_manifest(lambda m: m['layers'][0].update({'digest': '$digest'}))"
	it "${digest%%:*} is named and refused" refuses 2 "digest '${digest%%:*}:" oci-archive:x.tar
done
for digest in sha256:../../x ../x sha256: sha256:ABC; do
	edit since25.tar x.tar "change_manifest(lambda m: m['layers'][0].update({'digest': '$digest'}))"
	it "'$digest' is no digest" refuses 2 "is no" oci-archive:x.tar
done

# indexes
edit since25.tar x.tar "
index = json.loads(members['index.json'])
for depth in range(8):
    d = blob(json.dumps(index).encode())
    d['mediaType'] = 'application/vnd.oci.image.index.v1+json'
    index = {'schemaVersion': 2, 'manifests': [d]}
put('index.json', index)"
it "indexes in indexes are bounded in depth" refuses 2 "nested deeper than 4" oci-archive:x.tar
edit since25.tar x.tar "
inner = blob(members['index.json'])
inner['mediaType'] = 'application/vnd.oci.image.index.v1+json'
put('index.json', {'schemaVersion': 2, 'manifests': [dict(inner) for i in range(4000)]})"
it "and in number" refuses 2 "more than 64 indexes" oci-archive:x.tar

# documents; the limit is on address space where no sanitizer needs all of it
small() {
	if grep -qa __asan_init "$STRANDLINE"; then "$@"; else (ulimit -v 300000; "$@"); fi
}
edit legacy.tar x.tar "members['manifest.json'] = b'[' + b','.join([b'{}'] * 1000000) + b']'"
it "a manifest.json of a million images is refused before it is built" small refuses 2 \
	"manifest.json: json: more than 262144 values" docker-archive:x.tar
edit legacy.tar x.tar "members['manifest.json'] = b'[' * 4000000 + b']' * 4000000"
it "so is one that is nested four million deep" small refuses 2 "more than 262144 values" docker-archive:x.tar
edit legacy.tar x.tar "members['manifest.json'] = b'[' * 100000 + b']' * 100000"
it "and a hundred thousand deep" small refuses 2 "nested too deep" docker-archive:x.tar
edit legacy.tar x.tar "members['manifest.json'] = b' ' * 9000000"
it "documents have a size" small refuses 2 "larger than 8388608 bytes" docker-archive:x.tar
edit legacy.tar x.tar "put('manifest.json', manifest_json() * 5000)"
it "and archives a number of images" refuses 2 "more than 4096 images" docker-archive:x.tar
edit since25.tar x.tar "index = json.loads(members['index.json']); index['manifests'] *= 5000; put('index.json', index)"
it "as indexes have of manifests" refuses 2 "more than 4096 manifests" oci-archive:x.tar
python3 -c 'import sys, tarfile; sys.stdout.buffer.write(tarfile.TarInfo("x").tobuf() * 270000)' >x.tar
it "and archives of members" small refuses 2 "more than 262144 members" docker-archive:x.tar

# the archive itself
cat legacy.tar >twice.tar
truncate -s -1024 twice.tar # a tar ends with at least two blocks of zeros
edit legacy.tar x.tar "m = manifest_json(); m[0]['RepoTags'] = ['evil:1']; members = {'manifest.json': json.dumps(m).encode()}"
python3 - <<-'END'
	import tarfile
	with tarfile.open("x.tar") as t:
	    m = t.getmember("manifest.json")
	    t.fileobj.seek(m.offset)
	    extra = t.fileobj.read(m.offset_data + 512 * ((m.size + 511) // 512) - m.offset)
	whole = open("legacy.tar", "rb").read().rstrip(b"\0")
	whole += bytes(-len(whole) % 512)
	open("twice.tar", "wb").write(whole + extra + bytes(1024))
END
it "two different manifest.json are refused, for engines disagree on which counts" refuses 2 \
	"'manifest.json' is in the archive more than once, each time different" docker-archive:twice.tar
size=$(stat -c %s legacy.tar)
for cut in 100 700 $((size / 3)) $((size / 2)); do
	head -c $cut legacy.tar >cut.tar
	it "an archive that ends after $cut bytes is refused" refuses 2 "'cut.tar'" docker-archive:cut.tar
done
gzip -c legacy.tar | head -c 50000 >cut.tar.gz
it "so is one whose compression is cut off" refuses 2 "'cut.tar.gz'" docker-archive:cut.tar.gz
: >empty
it "an empty file is no archive" refuses 2 "no archive of docker save" docker-archive:empty
it "nothing of all this was stored" stored_nothing
