# shellcheck shell=bash
# SPDX-License-Identifier: Apache-2.0
# A certificate authority, time stamp authorities under it, and a server that asks them.
need openssl python3

# issue NAME EXTENSIONS START END [KEY OPTIONS]: a certificate of ca/, with its key.
issue() {
	local name=$1 extensions=$2 start=$3 end=$4
	shift 4
	[ $# -gt 0 ] || set -- rsa:2048
	openssl req -newkey "$@" -nodes -keyout "tsa/$name.key" -subj "/O=Test/CN=$name" \
		-out "tsa/$name.csr" 2>/dev/null
	printf '%s\n' "$extensions" >tsa/extensions
	openssl ca -batch -notext -config tsa/ca.cnf -in "tsa/$name.csr" -out "tsa/$name.pem" \
		-extfile tsa/extensions -startdate "$start" -enddate "$end" 2>/dev/null
}

# section NAME: how openssl ts -reply signs as NAME.
section() {
	cat <<-CNF
		[$1]
		serial = tsa/serial.$1
		signer_cert = tsa/$1.pem
		signer_key = tsa/$1.key
		signer_digest = sha256
		default_policy = 1.2.3.4.1
		digests = sha256
		ess_cert_id_chain = no
		ess_cert_id_alg = sha256
		clock_precision_digits = 0
	CNF
}

make_authority() {
	mkdir tsa
	openssl req -x509 -newkey rsa:2048 -nodes -keyout tsa/stranger.key -subj /O=Test/CN=stranger \
		-days 30 -out tsa/stranger.pem 2>/dev/null
	: >tsa/index
	echo 01 >tsa/serial
	cat >tsa/ca.cnf <<-CNF
		[ca]
		default_ca = here
		[here]
		database = tsa/index
		serial = tsa/serial
		new_certs_dir = tsa
		certificate = tsa/ca.pem
		private_key = tsa/ca.key
		default_md = sha256
		policy = any
		unique_subject = no
		[any]
		organizationName = optional
		commonName = supplied
	CNF
	# older than all that it signs
	openssl req -new -newkey rsa:2048 -nodes -keyout tsa/ca.key -subj /O=Test/CN=root -out tsa/ca.csr 2>/dev/null
	echo 'basicConstraints = critical,CA:true' >tsa/extensions
	openssl ca -batch -notext -selfsign -config tsa/ca.cnf -in tsa/ca.csr -out tsa/ca.pem \
		-extfile tsa/extensions -startdate 20190101000000Z -enddate 20491231235959Z 2>/dev/null
	local stamps='extendedKeyUsage = critical,timeStamping'
	issue tsa "$stamps" 20200101000000Z 20491231235959Z
	issue other "$stamps" 20200101000000Z 20491231235959Z ec -pkeyopt ec_paramgen_curve:P-256
	issue expired "$stamps" 20200101000000Z 20210101000000Z
	issue unfit 'extendedKeyUsage = codeSigning' 20200101000000Z 20491231235959Z
	issue weak "$stamps" 20200101000000Z 20491231235959Z rsa:1024
	for name in tsa other expired weak; do section $name; done >tsa/tsa.cnf
	section tsa | sed 's/^.tsa.$/[sha1]/; s/^signer_digest.*/signer_digest = sha1/' >>tsa/tsa.cnf
}

serve_authority() {
	python3 "$TESTS_DIR/tsa.py" tsa &
	tsa_pid=$!
	trap 'kill $tsa_pid 2>/dev/null || true' EXIT
	for _ in $(seq 100); do
		[ -e tsa/port ] && break
		sleep 0.1
	done
	read -r http https <tsa/port
	TSA=http://127.0.0.1:$http TSA_TLS=https://127.0.0.1:$https
}
