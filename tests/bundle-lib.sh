# shellcheck shell=bash
# SPDX-License-Identifier: Apache-2.0
# Bundles looked at with stock tools alone: tar, zstd, jq, sha256sum, openssl. Source it after lib.sh.
WRITER=$BUILD_DIR/tests/tool_bundle_write
need tar zstd jq openssl sha256sum xxd base64

hash_hex() { sha256sum | cut -d' ' -f1; }

# unpack BUNDLE DIR: every member as a file; a cut at the end is no failure.
unpack() {
	mkdir "$2"
	zstd -dcq "$1" 2>/dev/null | tar -xf - -C "$2" 2>/dev/null || true
}

# Sealed journals of an unpacked bundle, in order.
journals() { for note in j/*.note; do printf '%s\n' "${note%.note}.jsonl"; done; }

only_regular_members_with_unique_names() {
	tar --zstd -tvf "$1" >listing && tar --zstd -tf "$1" >names &&
		[ -z "$(grep -v '^-r--r----- 0/0 ' listing)" ] && [ -z "$(sort names | uniq -d)" ] &&
		same "$(head -2 names | tr '\n' ' ')" "README.txt verify.sh "
}

# Every payload is what its record says, and every member below d/ has a record of its segment.
payloads_match() (
	cd "$1" || exit 1
	journals | xargs cat | jq -r '(.stored, .attributes) | select(.member?) |
		.sha256 + "  " + .member' >../sums
	sha256sum -c --quiet ../sums
)
every_member_is_named() (
	cd "$1" || exit 1
	same "$(find d -type f | sort)" "$(cut -c67- ../sums | sort)"
)

# Each line names the digest of the one before it, and numbers have no hole.
chain_holds() (
	cd "$1" || exit 1
	prev=$(printf '0%.0s' {1..64}) seq=0
	journals | xargs cat | while IFS= read -r line; do
		[ "$(jq -r '"\(.seq) \(.prev)"' <<<"$line")" = "$seq $prev" ] || exit 1
		prev=$(printf '%s\n' "$line" | hash_hex)
		seq=$((seq + 1))
	done
)

# Signed by the key beside it, which the record before announced.
notes_are_signed() (
	cd "$1" || exit 1
	key=$(head -1 j/000000.jsonl | jq -r .key.spki)
	for journal in $(journals); do
		note=${journal%.jsonl}.note pem=${journal%.jsonl}.pub.pem
		[ "$(grep -v -- ----- "$pem")" = "$key" ] || exit 1
		sed '/^$/,$d' "$note" >../text
		grep -m1 '^— .*/epoch/' "$note" | cut -d' ' -f3 | base64 -d | tail -c +5 >../sig
		openssl pkeyutl -verify -pubin -inkey "$pem" -rawin -in ../text -sigfile ../sig \
			>/dev/null || exit 1
		key=$(tail -1 "$journal" | jq -r '.key.spki // empty')
	done
)

# The RFC 6962 root over all sealed lines, on a stack: "size hash" of full subtrees.
root_matches() (
	cd "$1" || exit 1
	sizes=() hashes=()
	join() {
		local n=${#sizes[@]}
		hashes[n - 2]=$({ printf '\1'; printf '%s' "${hashes[n - 2]}${hashes[n - 1]}" |
			xxd -r -p; } | hash_hex)
		sizes[n - 2]=$((sizes[n - 2] + sizes[n - 1]))
		unset "sizes[n-1]" "hashes[n-1]"
	}
	while IFS= read -r line; do
		sizes+=(1)
		hashes+=("$({ printf '\0'; printf '%s\n' "$line"; } | hash_hex)")
		while n=${#sizes[@]}; [ "$n" -gt 1 ] && [ "${sizes[n - 1]}" = "${sizes[n - 2]}" ]; do
			join
		done
	done < <(journals | xargs cat)
	records=0
	for n in "${sizes[@]}"; do records=$((records + n)); done
	while [ ${#sizes[@]} -gt 1 ]; do join; done
	last=$(journals | tail -1)
	same "$(sed -n 2,3p "${last%.jsonl}.note")" \
		"$records
$(printf '%s' "${hashes[0]}" | xxd -r -p | base64)"
)

# The DSSE envelope: signed by the last epoch key over its PAE, and about the last note.
close_statement_holds() (
	cd "$1" || exit 1
	last=$(journals | tail -1)
	jq -r .payload j/close.intoto.json | base64 -d >../statement
	type=$(jq -r .payloadType j/close.intoto.json)
	{ printf 'DSSEv1 %d %s %d ' ${#type} "$type" "$(wc -c <../statement)"; cat ../statement; } \
		>../pae
	jq -r '.signatures[0].sig' j/close.intoto.json | base64 -d >../sig
	openssl pkeyutl -verify -pubin -inkey "${last%.jsonl}.pub.pem" -rawin -in ../pae \
		-sigfile ../sig >/dev/null || exit 1
	same "$(jq -r '.predicate.note_sha256' ../statement)" \
		"$(hash_hex <"${last%.jsonl}.note")" &&
		same "$(jq -r '.subject[0].digest.sha256' ../statement)" \
			"$(sed -n 3p "${last%.jsonl}.note" | base64 -d | xxd -p -c 64)" &&
		same "$(jq -r '.predicate.status' ../statement)" "$(tail -1 "$last" | jq -r .status)"
)
