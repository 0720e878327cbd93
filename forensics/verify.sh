#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Verify an evidence bundle without the program that wrote it.
#
#	sh verify.sh [--fingerprint FP] [--allow-unanchored] BUNDLE
#
# Needs coreutils, sed, grep, tar, zstd, jq and openssl. Prints a verdict word and why, and exits
#	0  intact, closed as complete, and bound to the fingerprint given (or --allow-unanchored)
#	1  broken: the bytes contradict each other or the fingerprint
#	2  no statement: usage, or something on this machine failed
#	3  intact as far as it goes, but incomplete, unsigned or not anchored
#
# Nothing of the bundle is ever run or evaluated. It is unpacked into a temporary folder only after
# its list of members has been judged: as one file in $TMPDIR, and segment by segment in memory
# where /dev/shm is there. The number of processes is constant for each segment, and for each
# thousand records.
#
# Get this file from somewhere else than the bundle: the copy inside could have been changed too.
set -u
LC_ALL=C TZ=UTC
export LC_ALL TZ
unset TAR_OPTIONS ZSTD_CLEVEL ZSTD_NBTHREADS CDPATH 2>/dev/null
umask 077
ME=${0##*/}
T='' W=''

usage() {
	echo "usage: sh $ME [--fingerprint FP] [--allow-unanchored] BUNDLE" >&2
	exit 2
}
die() {
	echo "$ME: $*" >&2
	exit 2
}
# shellcheck disable=SC2317 # the trap calls it
cleanup() {
	if [ -n "$T" ]; then
		chmod -R u+rwX "$T" 2>/dev/null
		rm -rf "$T"
	fi
	[ -z "$W" ] || rm -rf "$W"
}
trap cleanup EXIT
trap 'exit 2' HUP INT TERM

# What is known when a verdict is reached.
BUNDLE_ID='' FINGERPRINT='' STATUS='' RECORDS=0 SEGMENTS=0 PAYLOADS=0

report() {
	echo "$1"
	shift
	for line; do echo "  $line"; done
	if [ -n "$BUNDLE_ID" ]; then
		echo "  bundle       $BUNDLE_ID"
		echo "  fingerprint  $FINGERPRINT"
		echo "  attested     $RECORDS records, $PAYLOADS payloads, $SEGMENTS segments"
	fi
}
broken() {
	report broken "$@"
	exit 1
}

WANT='' ALLOW=0
while [ $# -gt 0 ]; do
	case $1 in
	--fingerprint)
		[ $# -ge 2 ] || usage
		WANT=$2
		shift
		;;
	--fingerprint=*) WANT=${1#*=} ;;
	--allow-unanchored) ALLOW=1 ;;
	--)
		shift
		break
		;;
	-*) usage ;;
	*) break ;;
	esac
	shift
done
[ $# -eq 1 ] || usage
BUNDLE=$1
if [ -n "$WANT" ]; then
	WANT=$(printf '%s' "$WANT" | tr -d ' :-' | tr A-F a-f |
		sed -nE 's/^([0-9a-f]{4})([0-9a-f]{4})([0-9a-f]{4})([0-9a-f]{4})([0-9a-f]{4})([0-9a-f]{4})([0-9a-f]{4})([0-9a-f]{4})$/\1-\2-\3-\4-\5-\6-\7-\8/p')
	[ -n "$WANT" ] || die "the fingerprint is not 8 groups of 4 hexadecimal digits"
fi
for tool in tar zstd jq openssl sha256sum basenc split join; do
	command -v "$tool" >/dev/null || die "needs $tool"
done
[ -f "$BUNDLE" ] || die "not a regular file: $BUNDLE"
exec 9<"$BUNDLE" || die "cannot be read: $BUNDLE"
SIZE=$(stat -L -c %s /dev/fd/9) || die "cannot be read: $BUNDLE"
T=$(mktemp -d "${TMPDIR:-/tmp}/verify.XXXXXXXXXX") || die "no temporary folder"
# Small files come and go by the thousand: in memory where there is some.
if [ -d /dev/shm ] && [ -w /dev/shm ] &&
	[ "$(df --output=avail -k /dev/shm | tail -n 1)" -ge 262144 ]; then
	W=$(mktemp -d /dev/shm/verify.XXXXXXXXXX) || W=
fi
if [ -z "$W" ]; then
	W=$T/work
	mkdir "$W" || die "no room"
fi

# bytes OFFSET COUNT: a piece of the bundle
bytes() {
	dd if=/dev/fd/9 iflag=skip_bytes,count_bytes skip="$1" count="$2" bs=64k status=none
}
case $(bytes 0 35 | tr -d '\000' | head -n 1) in
age-encryption.org/v1 | '-----BEGIN AGE ENCRYPTED FILE-----')
	die "it is encrypted. Decrypt it first:  age -d -i IDENTITY-FILE -o BUNDLE.tar.zst $BUNDLE"
	;;
esac

# ---- the seek table: TABLE=1 when one at the end accounts for the whole file ----

TABLE=0 FRAMES=0 TABLE_AT=0 TABLE_LEN=0
read_table() {
	[ "$SIZE" -ge 17 ] || return
	bytes $((SIZE - 9)) 9 | od -An -v -tx1 >"$T/footer"
	read -r f1 f2 f3 f4 flags m1 m2 m3 m4 <"$T/footer" || return
	[ "$m1$m2$m3$m4" = b1ea928f ] || return
	FRAMES=$((0x$f4$f3$f2$f1))
	TABLE_LEN=$((FRAMES * 12))
	[ "$flags" = 80 ] || return
	TABLE_AT=$((SIZE - TABLE_LEN - 17))
	[ "$TABLE_AT" -ge 0 ] || return
	bytes "$TABLE_AT" 8 | od -An -v -tx1 >"$T/header"
	read -r h1 h2 h3 h4 s1 s2 s3 s4 <"$T/header" || return
	[ "$h1$h2$h3$h4" = 5e2a4d18 ] || return
	[ "$FRAMES" -gt 0 ] || return
	bytes $((TABLE_AT + 8)) "$TABLE_LEN" | od -An -v -tu4 -w$((TABLE_LEN / FRAMES)) >"$T/entries"
	packed=0 plain=0
	while read -r c d rest; do
		packed=$((packed + c)) plain=$((plain + d))
	done <"$T/entries"
	[ "$packed" -eq "$TABLE_AT" ] || return
	TABLE=1
	TABLE_PLAIN=$plain
	TABLE_GOOD=0
	[ "$flags" = 80 ] && [ $((0x$s4$s3$s2$s1)) -eq $((TABLE_LEN + 9)) ] && TABLE_GOOD=1
}
read_table

# ---- decompress; a cut is told from a contradiction by what zstd says and by the seek table ----

CUT=0
if ! zstd -dcq -M8MB <&9 >"$T/tar" 2>"$T/zstd.err"; then
	if grep -qi 'write error\|no space' "$T/zstd.err"; then
		die "cannot unpack: $(head -n 1 "$T/zstd.err")"
	elif [ "$SIZE" -eq 0 ] || grep -q 'premature end\|unexpected end of file' "$T/zstd.err"; then
		CUT=1
	elif grep -q 'unknown header' "$T/zstd.err"; then
		# one to three bytes are left: the beginning of a frame?
		end=$(bytes $((SIZE > 3 ? SIZE - 3 : 0)) 3 | od -An -v -tx1 | tr -d ' \n')
		case $end in
		*28 | *28b5 | *28b52f | *5? | *5?2a | *5?2a4d) CUT=1 ;;
		esac
	fi
	[ $CUT -eq 1 ] || broken "the compressed stream is damaged or goes on behind its end"
	[ $TABLE -eq 0 ] || broken "a frame has a changed length: the seek table accounts for the whole file"
fi
# The program unpacks what other programs packed as well: gzip, xz, lz4 in the middle of it.
zstd -f -lv /dev/fd/9 >"$T/zstd.list" 2>&1 </dev/null
grep -q 'not compressed by zstd' "$T/zstd.list" && ! grep -q 'incomplete frame' "$T/zstd.list" &&
	broken "the compressed stream is not zstd alone"
PLAIN=$(stat -c %s "$T/tar")
BLOCKS=$((PLAIN / 512))
case $(bytes 0 4 | od -An -v -tx1 | tr -d ' \n') in
5?2a4d18) broken "the file begins with a skippable frame" ;;
esac

# ---- list the members, judge them, and only then unpack ----

tar -tvR --numeric-owner --full-time --quoting-style=escape --force-local -f "$T/tar" \
	>"$T/list" 2>"$T/tar.err"
if [ -s "$T/tar.err" ]; then
	if grep -q 'Unexpected EOF\|rmtlseek not stopped\|lone zero block' "$T/tar.err" &&
		! grep -q 'Skipping\|does not look\|header' "$T/tar.err"; then
		CUT=1
	elif [ "$BLOCKS" -eq 0 ]; then
		CUT=1
	else
		broken "the archive is damaged"
	fi
fi
sed -nE 's/^block ([0-9]+): -r--r----- +[^ ]+ +([0-9]+) +[^ ]+ +[^ ]+ ([^ ]+)$/\1 \2 \3/p' "$T/list" >"$T/members"
grep -v '^block [0-9]*: \*\* \(Block of NULs\|End of File\) \*\*$' "$T/list" >"$T/listed"
[ "$(wc -l <"$T/members")" -eq "$(wc -l <"$T/listed")" ] ||
	broken "a member is no regular file, or has a mode or a name that no member may have"
COMPONENT='([A-Za-z0-9._~-]|%[0-9A-F]{2})+'
sed -E 's/^[0-9]+ [0-9]+ //' "$T/members" >"$T/names"
grep -Evq "^(README\.txt|verify\.sh|j/index|j/close\.intoto\.json|j/([0-9]{6}|[1-9][0-9]{6,17})\.(jsonl|note|pub\.pem)|d/([0-9]{8}|[1-9][0-9]{8,17})(/$COMPONENT)+)$" "$T/names" &&
	broken "a member has a name that no member may have"
grep -Eq '/\.\.?(/|$)' "$T/names" && broken "a member has a name that no member may have"
[ "$(wc -L <"$T/names")" -le 256 ] || broken "a member has a name that no member may have"
[ -z "$(sort "$T/names" | uniq -d | head -c 1)" ] || broken "a member is there twice"

# Order and segments; at the same time where each header must stand.
state=readme k=0 K=000000 next=0 partial=0
: >"$T/headers.want"
begin=0
exec 3>"$T/payloads" 4>"$T/headers.want" 6>"$T/ranges"
while read -r block size name; do
	[ "$block" -ge "$next" ] || broken "members overlap"
	while [ "$next" -lt "$block" ]; do
		printf '%012d x %d\n' "$next" $((block - next)) >&4
		next=$((next + 1))
	done
	printf '%012d h 0\n' "$block" >&4
	next=$((block + 1 + (size + 511) / 512))
	partial=$((next > BLOCKS ? 1 : 0))
	case $state:$name in
	readme:README.txt) state=script ;;
	script:verify.sh) state=payload ;;
	payload:d/* | sealed:d/*)
		state=payload
		printf '%d %d %s\n' "$k" "$size" "$name" >&3
		;;
	payload:"j/$K.jsonl" | sealed:"j/$K.jsonl") state=note ;;
	note:"j/$K.note") state=key ;;
	key:"j/$K.pub.pem")
		state=sealed
		if [ $partial -eq 0 ]; then
			echo "$begin $((next - begin))" >&6
			begin=$next
			k=$((k + 1))
			K=$(printf %06d "$k")
		fi
		;;
	sealed:j/close.intoto.json) state=closed ;;
	closed:j/index) state=index ;;
	*) broken "member '$name' is out of place" ;;
	esac
done <"$T/members"
exec 3>&- 4>&- 6>&-
[ "$partial" -eq 0 ] || CUT=1
SEALED=$k
HAS_CLOSE=0
case $state in
closed) HAS_CLOSE=$((1 - partial)) ;;
index) HAS_CLOSE=1 ;;
esac

# Does the last frame hold nothing of the archive? Its beginning is looked for; the bytes of another
# frame may look like one, but what stands before them is no whole stream then.
ends_in_nothing() {
	bytes 0 "$SIZE" | grep -obUaP '[\x50-\x5f]\x2a\x4d\x18|\x28\xb5\x2f\xfd' |
		cut -d : -f 1 | sort -rn >"$T/magics"
	while read -r at; do
		bytes 0 "$at" | zstd -dcq -M8MB 2>/dev/null >"$T/before" || continue
		[ "$(stat -c %s "$T/before")" -eq "$PLAIN" ]
		return
	done <"$T/magics"
	return 1
}

# The end of the archive: two zero blocks, nothing behind them.
ENDED=0
if [ $CUT -eq 0 ] && [ $((next * 512)) -lt "$PLAIN" ]; then
	rest=$((PLAIN - next * 512))
	[ "$(tail -c "$rest" "$T/tar" | tr -d '\000' | wc -c)" -eq 0 ] ||
		broken "bytes behind the end of the archive"
	[ "$rest" -le 1024 ] || broken "bytes behind the end of the archive"
	if [ "$rest" -eq 1024 ]; then ENDED=1; else CUT=1; fi
fi
if [ $TABLE -eq 1 ]; then
	[ $ENDED -eq 1 ] || broken "there is a seek table, but no end of the archive"
elif [ $ENDED -eq 1 ] && [ $CUT -eq 0 ] && ends_in_nothing; then
	broken "bytes behind the end of the archive that are no seek table"
fi
[ $ENDED -eq 0 ] || [ $state = index ] || broken "tail of a bundle that was not closed"

# check_pax HEX SIZE: only "path", "size" and "mtime", each once: whatever else tar knows would change what it unpacks.
check_pax() {
	printf '%s' "$1" | basenc --base16 -d >"$T/pax.blocks"
	[ "$(tail -c +$(($2 + 1)) "$T/pax.blocks" | tr -d '\000' | wc -c)" -eq 0 ] || broken "bytes hidden behind a member"
	head -c "$2" "$T/pax.blocks" >"$T/pax"
	total=0 seen=
	while IFS= read -r record; do
		len=$(printf '%s' "${record%% *}" | sed 's/^0*\(.\)/\1/')
		key=${record#* }
		value=${key#*=} key=${key%%=*}
		case $key:$value:$len in
		*::* | *: | *:*[!0-9]) broken "a pax header that no member may have" ;;
		path:*) ;;
		size:*[!0-9]*:* | mtime:*[!0-9]*:*) broken "a pax header that no member may have" ;;
		size:*) [ ${#value} -le 15 ] && [ "$(printf '%s' "$value" | sed 's/^0*\(.\)/\1/')" -le 1099511627776 ] || broken "a pax header that no member may have" ;;
		mtime:*) [ ${#value} -le 10 ] || broken "a pax header that no member may have" ;;
		*) broken "a pax header that no member may have" ;;
		esac
		[ "$len" -eq $((${#record} + 1)) ] || broken "a pax header that no member may have"
		case $seen in
		*"$key"*) broken "a pax header that no member may have" ;;
		esac
		seen="$seen $key" total=$((total + len))
	done <"$T/pax"
	[ "$total" -eq "$2" ] || broken "a pax header that no member may have"
}

# Header blocks: type 0, or a pax header in front of one; numbers in octal; zeros behind every member.
OCTAL='(20)*(3[0-7])+(20|00)*'
NUMBERS="$OCTAL $OCTAL $OCTAL $OCTAL $OCTAL $OCTAL"
if [ -s "$T/headers.want" ]; then
	seq -f %012.0f 0 $((BLOCKS > 0 ? BLOCKS - 1 : 0)) >"$T/numbers"
	head -c $((BLOCKS * 512)) "$T/tar" | basenc --base16 -w1024 | paste -d ' ' "$T/numbers" - |
		join - "$T/headers.want" >"$T/headers"
	cut -d ' ' -f 2 "$T/headers" | grep -Evq '^([0-7].)*$' && broken "a header that no member may have"
	# mode, uid, gid, size, mtime, checksum, type, magic; and the whole block
	cut -d ' ' -f 2 "$T/headers" | cut -c201-314,515-530 |
		sed -E 's/^(.{16})(.{16})(.{16})(.{24})(.{24})(.{16})(..)/\1 \2 \3 \4 \5 \6 \7 /' >"$T/fields"
	cut -d ' ' -f 3,4 "$T/headers" | paste -d ' ' - "$T/fields" >"$T/kinds"
	cut -d ' ' -f 2 "$T/headers" | paste -d ' ' "$T/kinds" - |
		grep -Ev "^h 0 $NUMBERS 30 7573746172003030 " >"$T/others"
	inside=0
	while read -r kind gap mode uid gid size mtime sum type block; do
		[ "$kind" = x ] || broken "a member is no regular file, or has a header that none may have"
		if [ "$inside" -gt 0 ]; then
			inside=$((inside - 1)) pax=$pax${block#* }
			[ "$inside" -gt 0 ] || check_pax "$pax" "$pax_size"
			continue
		fi
		case "$type $block" in
		"78 7573746172003030 "*) ;;
		*) broken "a header that no member may have" ;;
		esac
		printf '%s\n' "$mode $uid $gid $size $mtime $sum" | grep -Eqx "$NUMBERS" || broken "a header that no member may have"
		pax='' pax_size=$((0$(printf '%s' "$size" | sed -E 's/(00|20)+$//; s/^(20)+//; s/3([0-7])/\1/g')))
		[ "$pax_size" -le 8192 ] || broken "a pax header of more than 8 KiB"
		inside=$(((pax_size + 511) / 512))
		[ "$gap" -eq $((inside + 1)) ] || broken "headers that no member may have"
	done <"$T/others"
	tar -xOf "$T/tar" --force-local 2>/dev/null | tr -d '\000' | wc -c >"$T/count.content"
	cut -d ' ' -f 2 "$T/headers" | basenc --base16 -d | tr -d '\000' | wc -c >"$T/count.headers"
	tr -d '\000' <"$T/tar" | wc -c >"$T/count.all"
	read -r content <"$T/count.content"
	read -r headers <"$T/count.headers"
	read -r all <"$T/count.all"
	[ $CUT -eq 1 ] || [ $((content + headers)) -eq "$all" ] || broken "bytes hidden behind a member"
fi

# Frames as the seek table says: each begins with a magic number, carries size and checksum.
if [ $TABLE -eq 1 ]; then
	[ "$TABLE_GOOD" -eq 1 ] || broken "a seek table of another shape"
	[ "$TABLE_PLAIN" -eq "$PLAIN" ] || broken "a seek table that contradicts the frames"
	at=0 last=0
	for list in sums sums.want starts skips skips.want; do : >"$T/$list"; done
	while read -r c d x; do
		from=$at at=$((at + c)) last=$d
		[ "$d" -le 4194304 ] || broken "a frame of more than 4 MiB"
		if [ "$d" -eq 0 ] && [ "$x" -eq 0 ]; then
			# a skippable frame: such fill up the chunks of an encrypted bundle
			bytes "$from" 8 >>"$T/skips"
			echo $((c - 8)) >>"$T/skips.want"
		else
			bytes $((at - 4)) 4 >>"$T/sums"
			bytes "$from" 6 >>"$T/starts"
			printf '%d\n' "$x" >>"$T/sums.want"
		fi
	done <"$T/entries"
	[ "$last" -gt 0 ] || broken "bytes behind the end of the archive"
	od -An -v -tu4 -w4 "$T/sums" | tr -d ' ' | cmp -s - "$T/sums.want" ||
		broken "a seek table that contradicts the frames"
	# 0x184D2A50 to 0x184D2A5F, and the length of what follows
	od -An -v -tu4 -w8 "$T/skips" | sed -nE 's/^ *407710(28[89]|29[0-9]|30[0-3]) +//p' |
		cmp -s - "$T/skips.want" || broken "a seek table that contradicts the frames"
	od -An -v -tx1 -w6 "$T/starts" | tr -d ' ' >"$T/descriptors"
	grep -Evq '^28b52ffd' "$T/descriptors" && broken "a seek table that contradicts the frames"
	# the descriptor byte: a content size, a checksum, no dictionary, nothing reserved
	grep -Evq '^........[2-9a-f]4' "$T/descriptors" && broken "a frame without size or checksum, or with a dictionary"
	# the byte behind it is the window's, unless the frame has no window: 13 bits more than 2^10
	grep -Evq '^........([2367abef]4..|[4589cd]4([0-5].|6[0-8]))$' "$T/descriptors" && broken "a frame with a window above 8 MiB"
fi

incomplete() {
	report incomplete "$@"
	exit 3
}
[ "$SEALED" -gt 0 ] || {
	[ $ENDED -eq 0 ] || broken "no segment"
	incomplete "not even the first segment is there: nothing is attested"
}

# What is in j/ and the head; the payloads follow segment by segment.
mkdir "$T/x" || die "no room"
tar -xf "$T/tar" --force-local --no-same-owner --no-same-permissions -C "$T/x" \
	--wildcards 'j/*' README.txt verify.sh 2>"$T/x.err" ||
	[ $CUT -eq 1 ] || die "cannot unpack: $(head -n 1 "$T/x.err")"
chmod -R u+rwX "$T/x"

# ---- the records of all sealed segments ----

k=0
: >"$T/all"
: >"$T/counts"
first=0
while [ "$k" -lt "$SEALED" ]; do
	K=$(printf %06d "$k")
	[ -s "$T/x/j/$K.jsonl" ] || broken "segment $k holds no records"
	[ -z "$(tail -c 1 "$T/x/j/$K.jsonl" | tr -d '\n')" ] || broken "segment $k: line without an end"
	cat "$T/x/j/$K.jsonl" >>"$T/all"
	n=$(wc -l <"$T/x/j/$K.jsonl")
	echo "$k $first $((first + n))" >>"$T/counts"
	first=$((first + n))
	k=$((k + 1))
done
N=$first
[ "$(tr -c '\n' x <"$T/all" | wc -L)" -lt 65536 ] || broken "a line of more than 64 KiB"
[ "$(tr -d '\n\040-\377' <"$T/all" | wc -c)" -eq 0 ] || broken "a record with a control character"
LC_ALL=C.UTF-8 grep -axvq '.*' "$T/all" && broken "a record that is not UTF-8"
# JSON that all readers read alike. Behind this each string of a record is one quotation mark.
sed -E 's/\\\\//g' "$T/all" >"$T/texts"
grep -q '\\u0000' "$T/texts" && broken "a record with a NUL in a string"
sed -E 's/\\u[dD][89abAB][0-9a-fA-F]{2}\\u[dD][c-fC-F][0-9a-fA-F]{2}//g' "$T/texts" |
	grep -q '\\u[dD][89a-fA-F]' && broken "a record with half a character in a string"
sed -E 's/\\"//g; s/"[^"]*"/"/g' "$T/texts" >"$T/shapes"
grep -oE '[^][{},:" ]+' "$T/shapes" | sort -u >"$T/words"
grep -Evqx 'true|false|null|-?(0|[1-9][0-9]{0,18})' "$T/words" && broken "a record with a number that is no integer"
for limit in 9223372036854775807 -9223372036854775808; do
	largest=$({
		echo $limit
		grep -E "^${limit%%[0-9]*}[0-9]{19}$" "$T/words"
	} | sort | tail -n 1)
	[ "$largest" = $limit ] || broken "a record with a number of more than 64 bits"
done
seq 64 | sed 's/.*/s,\\[\\]|\\{\\},,g\n\/^$\/d/' >"$T/levels"
sed 's/[^][{}]//g' "$T/shapes" | sed -E -f "$T/levels" | grep -q . && broken "a record of too many levels"
NUMBER='(0|[1-9][0-9]{0,18})'
# below 2^32
TARGET='(0|[1-9][0-9]{0,8}|[1-3][0-9]{9}|4[01][0-9]{8}|42[0-8][0-9]{7}|429[0-3][0-9]{6}|4294[0-8][0-9]{5}|42949[0-5][0-9]{4}|429496[0-6][0-9]{3}|4294967[01][0-9]{2}|42949672[0-8][0-9]|429496729[0-5])'
grep -Evq '^\{"v":1,"seq":'"$NUMBER"',"prev":"[0-9a-f]{64}","t":"[0-9]{4}-(0[1-9]|1[0-2])-(0[1-9]|[12][0-9]|3[01])T([01][0-9]|2[0-3]):[0-5][0-9]:([0-5][0-9]|60)\.[0-9]{9}Z","boot_ns":"'"$NUMBER"'","type":"[a-z0-9._-]{1,32}","target":'"$TARGET"'[,}]' "$T/all" &&
	broken "a record does not begin as every record begins"
seq 0 $((N - 1)) >"$T/seq.want"
# the head of each line is known by now: seq and prev are its second and third word
cut -d , -f 2 "$T/all" | cut -d : -f 2 | cmp -s - "$T/seq.want" ||
	broken "the sequence numbers have a hole"

# hash_pieces -l 1 | -b BYTES: SHA-256 of every line or piece of the input, one a line
hash_pieces() {
	rm -rf "$T/chunks" "$W/pieces"
	mkdir "$T/chunks" "$W/pieces" || die "no room"
	split -a 7 -d "$1" $(($2 * 1000)) - "$T/chunks/" || die "no room"
	for chunk in "$T/chunks"/*; do
		split -a 3 -d "$1" "$2" "$chunk" "$W/pieces/" || die "no room"
		(cd "$W/pieces" && sha256sum -- *) >"$T/hashed" || die "cannot hash"
		cut -c1-64 "$T/hashed"
		rm -f "$W/pieces"/*
	done
}
hash_pieces -l 1 <"$T/all" >"$T/lines.sha" || exit 2
{
	printf '%064d\n' 0
	sed '$d' "$T/lines.sha"
} >"$T/prev.want"
cut -d , -f 3 "$T/all" | cut -c 9-72 | cmp -s - "$T/prev.want" ||
	broken "a record does not continue the chain"

# ---- what the records say, as rows of words ----

jq -rR 'def text: if type == "string" and (test("[[:cntrl:]\\s]") | not) and . != "" then . else "?" end;
	def count: if type == "number" or type == "string" then (tostring | text) else "?" end;
	def key: if type == "object" and .type == 1 then (.spki | text) else "?" end;
	def member($r): if type == "object" and (.member | type) == "string"
		then "claim \($r.seq) \(.bytes | count) \(.sha256 | text) \(.member | text)" else empty end;
	(try fromjson catch null) as $r | if ($r | type) != "object" then "bad"
	else "keys \([$r | .. | objects | length] | add // 0)",
		($r.stored | member($r)), ($r.attributes | member($r)),
		if $r.type == "open" then "open \($r.seq) \($r.bundle | text) \($r.key | key) \($r.fingerprint | text) \($r.readme_sha256 | text) \($r.verify_sha256 | text) \(if $r.cert == null then "- -" else "\($r.cert.key | key) \($r.cert.sig | text)" end)"
		elif $r.type == "epoch" then "epoch \($r.seq) \($r.epoch | count) \($r.key | key)"
		elif $r.type == "close" then "close \($r.seq) \($r.status | text)"
		elif $r.type == "gap" then "gap \($r.seq)" else empty end end' \
	"$T/all" >"$T/rows" 2>"$T/jq.err" || broken "the records cannot be read as JSON"
grep -q '^bad' "$T/rows" && broken "a record is no JSON object"
[ "$(sed -n 's/^keys //p' "$T/rows" | jq -s add)" = "$(grep -oE '" *:' "$T/shapes" | wc -l)" ] ||
	broken "a record has two members of one name"

# Payloads: every member named once, by a record of its own number in its own segment.
sed -n 's/^claim //p' "$T/rows" >"$T/claims"
grep -Evq '^[0-9]+ [0-9]+ [0-9a-f]{64} d/[0-9]{8,18}/[^ ]+$' "$T/claims" && broken "a record names no proper member"
sed -E 's/^[0-9]+ ([0-9]+) ([0-9a-f]{64}) (.*)$/\3 \1/' "$T/claims" | sort >"$T/claimed"
exec 5<"$T/counts"
read -r seg low high <&5
: >"$T/there"
exec 3>"$T/there"
while read -r k size name; do
	[ "$k" -lt "$SEALED" ] || continue
	while [ "$seg" -lt "$k" ]; do read -r seg low high <&5; done
	number=${name#d/}
	number=${number%%/*}
	while [ "${number#0}" != "$number" ] && [ "${#number}" -gt 1 ]; do number=${number#0}; done
	if [ "$number" -lt "$low" ] || [ "$number" -ge "$high" ]; then
		broken "no record of its segment names member '$name'"
	fi
	echo "$name $size" >&3
done <"$T/payloads"
exec 3>&- 5<&-
sort "$T/there" | cmp -s - "$T/claimed" || broken "members and records do not name each other one to one"
sed -E 's|^([0-9]+) [0-9]+ [0-9a-f]{64} d/0*([0-9]+)/.*|\1 \2|; s/^([0-9]+) \1$/own/' "$T/claims" |
	grep -vq '^own$' && broken "a record names a member of another record"

# Unpack a segment, compare its digests, throw it away.
mkdir "$T/digests" "$W/x" || die "no room"
exec 4<"$T/claims" 5<"$T/counts"
line=''
while read -r k low high <&5; do
	exec 3>"$T/digests/$k"
	while [ -n "$line" ] || read -r seq size sha member <&4; do
		line=kept
		[ "$seq" -lt "$high" ] || break
		echo "$sha  $member" >&3
		line=''
	done
	exec 3>&-
done
exec 4<&- 5<&-
k=0
while read -r begin blocks; do
	if [ -s "$T/digests/$k" ]; then
		dd if="$T/tar" bs=512 skip="$begin" count="$blocks" status=none |
			tar -xf - --no-same-owner --no-same-permissions -C "$W/x" --wildcards 'd/*' 2>"$T/x.err" ||
			die "cannot unpack: $(head -n 1 "$T/x.err")"
		chmod -R u+rwX "$W/x"
		(cd "$W/x" && sha256sum -c --quiet --strict "$T/digests/$k") >"$T/bad" 2>/dev/null ||
			broken "payload '$(head -n 1 "$T/bad" | sed 's/: FAILED.*//')' has another digest than its record says"
		rm -rf "$W/x/d"
	fi
	k=$((k + 1))
done <"$T/ranges"

# ---- open record, keys ----

[ "$(grep -c '^open ' "$T/rows")" -eq 1 ] || broken "open record out of place"
grep '^open ' "$T/rows" >"$T/open"
read -r _ seq BUNDLE_ID key0 FINGERPRINT readme script long cert_sig <"$T/open"
[ "$seq" = 0 ] || broken "open record out of place"
printf '%s\n' "$BUNDLE_ID" | grep -Eqx '[0-9a-f]{32}' || broken "open record without a bundle id"

# An Ed25519 public key is its base64 SubjectPublicKeyInfo with this beginning.
is_key() {
	printf '%s\n' "$1" | grep -Eqx 'MCowBQYDK2VwAyEA[A-Za-z0-9+/]{42}[AEIMQUYcgkosw048]='
}
pem() {
	printf -- '-----BEGIN PUBLIC KEY-----\n%s\n-----END PUBLIC KEY-----\n' "$1"
}
# unpacked BASE64 FILE: the bytes, of the one text that stands for them
unpacked() {
	printf '%s' "$1" | base64 -d >"$2" 2>/dev/null && [ "$(base64 -w 0 "$2")" = "$1" ]
}
# signed KEY TEXT SIGNATURE: files with PEM, bytes, 64 bytes
signed() {
	[ "$(stat -c %s "$3")" -eq 64 ] &&
		openssl pkeyutl -verify -pubin -inkey "$1" -rawin -in "$2" -sigfile "$3" >/dev/null 2>&1
}
is_key "$key0" || broken "open record without a key that can be read"
same=$(printf '%s' "$key0" | base64 -d | sha256sum | sed -E 's/^(....)(....)(....)(....)(....)(....)(....)(....).*/\1-\2-\3-\4-\5-\6-\7-\8/')
[ "$same" = "$FINGERPRINT" ] || broken "the fingerprint is not that of key 0"
[ -z "$WANT" ] || [ "$WANT" = "$FINGERPRINT" ] || broken "fingerprint is $FINGERPRINT, not the noted one"
printf '%s  README.txt\n%s  verify.sh\n' "$readme" "$script" >"$T/head"
(cd "$T/x" && sha256sum -c --status --strict "$T/head") 2>/dev/null || broken "README.txt or verify.sh is not the one of the record"
if [ "$long" != - ]; then
	is_key "$long" || broken "certificate without a key that can be read"
	pem "$long" >"$T/long.pem"
	printf 'strandline bundle epoch 0\n%s\n%s\n' "$BUNDLE_ID" "$key0" >"$T/cert"
	unpacked "$cert_sig" "$T/cert.sig" || broken "the certificate has no signature"
	signed "$T/long.pem" "$T/cert" "$T/cert.sig" || broken "the certificate's signature is wrong"
fi

# Every segment ends in an epoch record, the closing one in a close record; none stands elsewhere.
grep -E '^(epoch|close) ' "$T/rows" >"$T/ends"
[ "$(wc -l <"$T/ends")" -eq "$SEALED" ] || broken "a segment does not end in an epoch or close record"
: >"$T/keys"
key=$key0
exec 5<"$T/counts"
while read -r what seq a b; do
	read -r k low high <&5
	[ "$seq" -eq $((high - 1)) ] || broken "$what record before the end of its segment"
	echo "$key" >>"$T/keys"
	if [ "$what" = epoch ]; then
		[ "$a" = $((k + 1)) ] || broken "epoch record of another epoch"
		is_key "$b" || broken "epoch record without a key that can be read"
		key=$b
	else
		[ "$k" -eq $((SEALED - 1)) ] || broken "segment behind the close record"
		STATUS=$a
	fi
done <"$T/ends"
exec 5<&-
case $STATUS in
'' | complete | aborted | nospace | signal | deadline) ;;
*) broken "close record with an unknown status" ;;
esac
# ---- Merkle tree: all nodes level by level, then the roots of all checkpoints at once ----

sed 's/^/\x01/' "$T/all" | tr '\001' '\000' | hash_pieces -l 1 >"$T/level.0" || exit 2
level=0
count=$N
while [ "$count" -gt 1 ]; do
	paste -d '' - - <"$T/level.$level" | sed -nE 's/^[0-9a-f]{128}$/01&/p' | tr a-f A-F | tr -d '\n' |
		basenc --base16 -d | hash_pieces -b 65 >"$T/level.$((level + 1))" || exit 2
	level=$((level + 1))
	count=$((count / 2))
done
TOP=$level
# Line K of "roots" is the root so far of checkpoint K, "-" before its first subtree.
sed 's/.*/-/' "$T/counts" >"$T/roots"
bit=0
while [ $bit -le "$TOP" ]; do
	: >"$T/wanted"
	while read -r k low high; do
		[ $(((high >> bit) & 1)) -eq 0 ] ||
			printf '%012d %012d\n' $(((high >> bit) - 1)) "$k" >>"$T/wanted"
	done <"$T/counts"
	if [ -s "$T/wanted" ]; then
		seq -f %012.0f 0 $(((N >> bit) - 1)) | paste -d ' ' - "$T/level.$bit" |
			join - "$T/wanted" | cut -d ' ' -f 2,3 >"$T/nodes"
		# the subtree stands left of what was folded from the smaller ones
		seq -f %012.0f 0 $((SEALED - 1)) | paste -d ' ' - "$T/roots" >"$T/numbered"
		sed -E 's/^([0-9a-f]+) ([0-9]+)$/\2 \1/' "$T/nodes" >"$T/left"
		join -a 1 "$T/numbered" "$T/left" >"$T/pairs"
		sed -nE 's/^[0-9]+ ([0-9a-f]{64}) ([0-9a-f]{64})$/01\2\1/p' "$T/pairs" | tr a-f A-F | tr -d '\n' |
			basenc --base16 -d >"$T/fold"
		: >"$T/folded"
		[ ! -s "$T/fold" ] || hash_pieces -b 65 <"$T/fold" >"$T/folded" || exit 2
		exec 5<"$T/folded"
		while read -r k so_far node; do
			if [ -z "$node" ]; then
				echo "$so_far"
			elif [ "$so_far" = - ]; then
				echo "$node"
			else
				read -r node <&5
				echo "$node"
			fi
		done <"$T/pairs" >"$T/roots.new"
		exec 5<&-
		mv "$T/roots.new" "$T/roots"
	fi
	bit=$((bit + 1))
done
# 33 bytes make 44 characters of base64 without padding; the last of a zero byte is the "=".
sed 's/$/00/' "$T/roots" | tr a-f A-F | tr -d '\n' | basenc --base16 -d | base64 -w 44 |
	sed 's/A$/=/' >"$T/roots.b64"

# ---- checkpoints: text, key, signature ----

origin=strandline/bundle/$BUNDLE_ID
SIGNED=0
# signature_of NAME KEY: the one signature line of that name in $T/note.tail, good for $T/note.text
signature_of() {
	[ "$(grep -cF -- "— $1 " "$T/note.tail")" -eq 1 ] || return 1
	line=$(grep -F -- "— $1 " "$T/note.tail")
	case $line in
	"— $1 "*) ;;
	*) return 1 ;;
	esac
	unpacked "${line##* }" "$T/signature" || return 1
	{
		printf '%s\n\001' "$1"
		printf '%s' "$2" | base64 -d | tail -c 32
	} | sha256sum | cut -c1-8 >"$T/id.want"
	head -c 4 "$T/signature" | od -An -v -tx1 | tr -d ' ' | cmp -s - "$T/id.want" || return 1
	tail -c +5 "$T/signature" >"$T/signature.raw"
	pem "$2" >"$T/signature.pem"
	signed "$T/signature.pem" "$T/note.text" "$T/signature.raw"
}
exec 5<"$T/counts" 6<"$T/keys" 7<"$T/roots.b64"
while read -r k low high <&5 && read -r key <&6 && read -r root <&7; do
	K=$(printf %06d "$k")
	note=$T/x/j/$K.note
	pem "$key" | cmp -s - "$T/x/j/$K.pub.pem" || broken "segment $k: not the key that the record announced"
	printf '%s\n%s\n%s\n' "$origin" "$high" "$root" >"$T/note.text"
	length=$(stat -c %s "$T/note.text")
	head -c "$length" "$note" | cmp -s - "$T/note.text" || broken "segment $k: the checkpoint is not that of the records"
	tail -c +$((length + 1)) "$note" >"$T/note.tail"
	if [ "$(wc -c <"$T/note.tail")" -le 1 ]; then
		[ -z "$(tr -d '\n' <"$T/note.tail")" ] || broken "segment $k: the checkpoint is not a note"
		[ "$SIGNED" -eq 0 ] || broken "segment $k: the checkpoint is not signed by the key of its segment"
		continue
	fi
	lines=1
	[ "$long" = - ] || [ -z "$STATUS" ] || [ "$k" -ne $((SEALED - 1)) ] || lines=2
	if [ -n "$(head -n 1 "$T/note.tail")" ] || [ -n "$(tail -c 1 "$T/note.tail" | tr -d '\n')" ] ||
		[ "$(wc -l <"$T/note.tail")" -ne $((lines + 1)) ]; then
		broken "segment $k: the checkpoint is not a note of $lines signatures"
	fi
	[ "$SIGNED" -eq "$k" ] || broken "some checkpoints are signed, some are not"
	signature_of "$origin/epoch/$k" "$key" || broken "segment $k: the checkpoint is not signed by the key of its segment"
	if [ $lines -eq 2 ]; then
		signature_of "$origin/key" "$long" || broken "segment $k: the checkpoint is not signed by the key that certified key 0"
	fi
	SIGNED=$((SIGNED + 1))
done
exec 5<&- 6<&- 7<&-
SEGMENTS=$SEALED
PAYLOADS=$(wc -l <"$T/claims")
[ "$SIGNED" -eq 0 ] || RECORDS=$N

# ---- the close statement ----

if [ $HAS_CLOSE -eq 1 ]; then
	[ -n "$STATUS" ] || broken "close statement without a close record"
	close=$T/x/j/close.intoto.json
	root=$(sed -n '$p' "$T/roots")
	note=$(sha256sum <"$T/x/j/$(printf %06d $((SEALED - 1))).note" | cut -c1-64)
	# Nothing signs the envelope, so it has one form; and so has the statement in it.
	signature='\{"keyid":"[0-9a-f]{64}","sig":"[A-Za-z0-9+/]{86}=="\}'
	line=$(grep -aEx '\{"payloadType":"application/vnd\.in-toto\+json","payload":"[A-Za-z0-9+/]+=*","signatures":\[('"$signature(,$signature)?"')?\]\}' "$close")
	printf '%s' "$line" | cmp -s - "$close" || printf '%s\n' "$line" | cmp -s - "$close" ||
		broken "the close statement is no envelope"
	unpacked "$(printf '%s' "$line" | sed -E 's/^.*"payload":"([^"]*)".*$/\1/')" "$T/statement" || broken "the close statement is no envelope"
	finished=$(tr -d '\000' <"$T/statement" | sed -nE '1s/^.*"finished":"([0-9]{4}-(0[1-9]|1[0-2])-(0[1-9]|[12][0-9]|3[01])T([01][0-9]|2[0-3]):[0-5][0-9]:([0-5][0-9]|60)\.[0-9]{9}Z)"\}\}$/\1/p')
	printf '{"_type":"https://in-toto.io/Statement/v1","subject":[{"name":"%s","digest":{"sha256":"%s"}}],"predicateType":"strandline/bundle-close/v1","predicate":{"bundle":"%s","status":"%s","records":%d,"note_sha256":"%s","finished":"%s"}}' \
		"$origin" "$root" "$BUNDLE_ID" "$STATUS" "$N" "$note" "$finished" |
		cmp -s - "$T/statement" || broken "the close statement speaks of something else"
	{
		printf 'DSSEv1 28 application/vnd.in-toto+json %s ' "$(stat -c %s "$T/statement")"
		cat "$T/statement"
	} >"$T/pae"
	grep -oE "$signature" "$close" | sed -E 's/^.*"keyid":"([^"]*)","sig":"([^"]*)".*$/\1 \2/' >"$T/signatures"
	# envelope_by KEY: all signatures that carry its id, and there is one
	envelope_by() {
		id=$(printf '%s' "$1" | base64 -d | sha256sum | cut -c1-64)
		grep "^$id " "$T/signatures" >"$T/close.lines" || return 1
		pem "$1" >"$T/close.pem"
		while read -r _ sig; do
			unpacked "$sig" "$T/close.sig" || return 1
			signed "$T/close.pem" "$T/pae" "$T/close.sig" || return 1
		done <"$T/close.lines"
	}
	signers=1
	[ "$long" = - ] || signers=2
	[ "$SIGNED" -gt 0 ] || signers=0
	[ "$(wc -l <"$T/signatures")" -eq $signers ] || broken "the close statement is signed by too many or too few"
	if [ "$SIGNED" -gt 0 ]; then
		envelope_by "$(sed -n '$p' "$T/keys")" || broken "the close statement is not signed by the last key"
		[ "$long" = - ] || envelope_by "$long" || broken "the close statement is not signed by the key that certified key 0"
	fi
fi

# ---- the verdict ----

if [ $TABLE -eq 0 ] || [ $ENDED -eq 0 ] || [ $CUT -eq 1 ]; then
	incomplete "the file ends before the bundle was closed; what lies behind the last checkpoint is not attested"
fi
[ "$STATUS" = complete ] || incomplete "closed, but as '$STATUS'"
if [ "$SIGNED" -eq 0 ]; then
	report unsigned "intact and complete, but nothing is signed"
	exit 3
fi
if [ -n "$WANT" ]; then
	report anchored "intact and complete, and its fingerprint is the noted one"
	exit 0
fi
report self-consistent "intact and complete, but bound to nothing outside itself: compare the fingerprint"
[ $ALLOW -eq 1 ] && exit 0
exit 3
