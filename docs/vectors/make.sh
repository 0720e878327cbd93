#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# make.sh STRANDLINE BUNDLE_CORPUS DIR: make the test vectors again in DIR, which must be empty.
#
# Keys and times are new each time, so files and digests differ; what the table expects of them does not. Needs root
# (owners, extended attributes, a host name of its own) and openssl.
set -eu
if [ "${IN_NAMESPACE:-}" != yes ]; then
	IN_NAMESPACE=yes exec unshare --uts bash "$0" "$(realpath "$1")" "$(realpath "$2")" "$(realpath "$3")"
fi
hostname lab-1
strandline=$1 corpus=$2 dir=$3
here=$(dirname "$(realpath "$0")")
work=$(mktemp -d "${TMPDIR:-/tmp}/strandline-vectors.XXXXXX")
trap 'rm -rf -- "$work"' EXIT
export XDG_STATE_HOME=$work/state LC_ALL=C.UTF-8 TZ=UTC
cd "$work"

# ---- what is captured

mkdir -p disk/etc image/etc upper/etc upper/var/log upper/opt
echo shop-host-1 >disk/etc/hostname
echo image >image/etc/issue
"$here/../../samples/make-oci.sh" layout 1 image >/dev/null
echo changed >upper/etc/issue
echo two names >upper/etc/first
ln upper/etc/first upper/etc/second
ln -s ../issue upper/etc/link
chmod 4755 upper/etc/first
touch upper/opt/$'bytes\xff\xfe' upper/opt/$'line\nfeed' "upper/opt/$(printf 'n%.0s' {1..255})"
setfattr -n user.note -v text upper/opt
touch -d 1931-05-06T07:08:09.123456789 upper/opt/old
# 9 MiB: two parts
yes 'a line of a large file' | head -c $((9 << 20)) >upper/var/large
# 9 MiB of data around a hole of 7 MiB: the map goes on in the second part
yes 'data' | head -c $((5 << 20)) >upper/var/sparse
truncate -s $((12 << 20)) upper/var/sparse
yes 'more data' | head -c $((4 << 20)) >>upper/var/sparse
truncate -s $((20 << 20)) upper/var/sparse
# larger than what is hashed of holes: a gap, and no digest
truncate -s 6G upper/var/hole
find upper -exec touch -h -d '2026-11-20 12:00:00.5' {} + 2>/dev/null
touch -d 1931-05-06T07:08:09.123456789 upper/opt/old

take() { # FILE OPTIONS...
	local file=$1
	shift
	"$strandline" --no-db --root disk capture --upper upper --image oci:layout:1 -o "$file" --case 2026-17 \
		--exhibit 1 --operator 'A. Eden' --reason 'test vector' "$@" 2>said || case $? in 1 | 3) ;; *) cat said >&2; exit 1 ;; esac
	grep -oE '([0-9a-f]{4}-){7}[0-9a-f]{4}' said | head -n 1 >"${file%.tar.zst}.fingerprint"
}

# ---- bundles

take plain.tar.zst
"$strandline" keygen -o examiner.key 2>/dev/null
take signed.tar.zst --key examiner.key
"$strandline" keygen --age -o identity.txt 2>/dev/null
head -c $(($(stat -c %s plain.tar.zst) * 6 / 10)) plain.tar.zst >cut.tar.zst
mkdir corpus
"$corpus" corpus >/dev/null
cp corpus/unsigned.bundle unsigned.tar.zst
cp corpus/digest.bundle broken.tar.zst
# as capture --recipient pads it: each segment ends at the end of a chunk
age -e -r "$(sed -n 's/^# public key: //p' identity.txt)" -o encrypted.tar.zst corpus/padded.bundle
sed -n 2p corpus/padded.verdict >encrypted.fingerprint

# ---- items

"$strandline" extract plain.tar.zst /etc/issue -o item --proof 2>/dev/null
"$strandline" extract plain.tar.zst /var/sparse -o sparse --proof 2>/dev/null
rm sparse

# ---- beside signed.tar.zst

sha256sum signed.tar.zst >signed.tar.zst.sha256
"$strandline" timestamp signed.tar.zst --offline >/dev/null 2>&1
mkdir ca
cat >ca/cnf <<-CNF
	[ca]
	basicConstraints = critical,CA:true
	[tsa]
	extendedKeyUsage = critical,timeStamping
	[stamp]
	serial = ca/serial
	signer_cert = ca/tsa.pem
	signer_key = ca/tsa.key
	signer_digest = sha256
	default_policy = 1.2.3.4.1
	digests = sha256
	ess_cert_id_chain = no
	ess_cert_id_alg = sha256
CNF
openssl ecparam -name prime256v1 -genkey -noout -out ca/ca.key
openssl ecparam -name prime256v1 -genkey -noout -out ca/tsa.key
openssl req -x509 -new -key ca/ca.key -subj '/O=Test vectors/CN=root' -days 8000 -out ca.pem -config /dev/null \
	-addext basicConstraints=critical,CA:true
openssl req -new -key ca/tsa.key -subj '/O=Test vectors/CN=tsa' -config /dev/null -out ca/tsa.csr
openssl x509 -req -in ca/tsa.csr -CA ca.pem -CAkey ca/ca.key -days 8000 -extfile ca/cnf -extensions tsa -out ca/tsa.pem 2>/dev/null
echo 01 >ca/serial
openssl ts -reply -config ca/cnf -section stamp -queryfile signed.tar.zst.tsq -out signed.tar.zst.tsr 2>/dev/null
for who in eden bell; do "$strandline" keygen -o $who.key 2>/dev/null; done
event() { "$strandline" -q custody add signed.tar.zst "$@" 2>/dev/null; }
event --action acquired --key eden.key --by 'A. Eden' --place 'Lab 2' --retain-until 2036-12-31
event --action transferred --key eden.key --to 'R. Bell' --to-key bell.key.pub --seal B-1107
event --action received --key bell.key --by 'R. Bell' --place 'Vault 1'
event --action held --key bell.key --matter 2026-17

# ---- what is expected of them; where there is no verdict, nothing may be said

cp "$here"/tiny.{tar.zst,fingerprint,item} .
root() { # FILE: number of records and root in hexadecimal, of the last checkpoint
	zstd -dcq "$1" 2>/dev/null | tar -xOf - --wildcards 'j/*.note' 2>/dev/null | grep -A2 '^strandline/' | tail -n 2 |
		{ read -r n && read -r root && printf '%s\t%s' "$n" "$(printf %s "$root" | base64 -d | xxd -p -c 64)"; }
}
row() { # COMMAND FILE STATUS VERDICT ROOT-OF OPTIONS...
	local command=$1 file=$2 status=$3 verdict=$4 of=$5
	shift 5
	printf '%s\t%s\t%s\t%s\t%s\t%s\n' "$command" "$file" "${*:--}" "$status" "$verdict" \
		"$([ "$of" = - ] && printf -- '-\t-' || root "$of")"
}
fingerprint() { cat "$1.fingerprint"; }
age -d -i identity.txt -o decrypted.tar.zst encrypted.tar.zst
{
	for name in tiny plain signed; do
		row verify $name.tar.zst 3 self-consistent $name.tar.zst
		row verify $name.tar.zst 0 anchored $name.tar.zst --fingerprint "$(fingerprint $name)"
	done
	row verify plain.tar.zst 1 broken - --fingerprint "$(fingerprint tiny)"
	row verify plain.tar.zst 3 self-consistent plain.tar.zst --key examiner.key.pub
	row verify signed.tar.zst 0 signed signed.tar.zst --key examiner.key.pub
	row verify signed.tar.zst 1 broken - --key eden.key.pub
	row verify signed.tar.zst 0 anchored signed.tar.zst --note signed.tar.zst.note
	row verify signed.tar.zst 0 anchored signed.tar.zst --ca ca.pem
	row verify signed.tar.zst 3 self-consistent signed.tar.zst --ca ca.pem --no-sidecars
	row verify plain.tar.zst 1 broken - --note signed.tar.zst.note
	row verify cut.tar.zst 3 incomplete cut.tar.zst
	row verify cut.tar.zst 3 incomplete cut.tar.zst --fingerprint "$(fingerprint plain)"
	row verify unsigned.tar.zst 3 unsigned unsigned.tar.zst
	row verify broken.tar.zst 1 broken -
	row verify encrypted.tar.zst 0 anchored decrypted.tar.zst --identity identity.txt --fingerprint "$(fingerprint encrypted)"
	row verify encrypted.tar.zst 2 - -
	row item tiny.item 0 anchored - --fingerprint "$(fingerprint tiny)"
	row item item 3 self-consistent -
	row item item 0 anchored - --fingerprint "$(fingerprint plain)"
	row item item 1 broken - --fingerprint "$(fingerprint tiny)"
	row item tiny.item 1 broken - --proof item.tlog-proof
	row custody signed.tar.zst 3 self-consistent - --key eden.key.pub
	row custody signed.tar.zst 0 signed - --key eden.key.pub --key bell.key.pub
} >expected.tsv

rm decrypted.tar.zst
rm tiny.*
mv ./*.tar.zst ./*.tar.zst.* ./*.fingerprint ./*.key.pub ./*.tlog-proof item identity.txt ca.pem expected.tsv "$dir"
chmod 644 "$dir"/*
cp "$here"/tiny.* "$dir"
cd "$dir"
sha256sum -- *.zst* *item* sparse.tlog-proof *.pub *.pem *.txt tiny.* 2>/dev/null | sort -uk2 >"$work/sums"
mv "$work/sums" SHA256SUMS
