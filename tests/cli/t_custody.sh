# shellcheck shell=bash
# SPDX-License-Identifier: Apache-2.0
# Custody records: what may follow what, what a tampered one is called, and that outsiders can tell.
need jq openssl sha256sum dash flock
sl() { "$STRANDLINE" "$@"; }
mkdir corpus
"$BUILD_DIR/tests/bundle_corpus" corpus
for who in eden bell roe; do sl keygen -q -o "$who"; done
keyid() { openssl pkey -pubin -in "$1.pub" -outform DER | sha256sum | cut -d' ' -f1; }
B=at/web.tar.zst LOG=at/web.tar.zst.custody.jsonl
# fresh: a bundle without a record; begun: with its first line
fresh() { rm -rf at && mkdir at && cp corpus/honest.bundle $B; }
add() { # WHO ACTION ARGS...
	local who=$1 action=$2
	shift 2
	"$STRANDLINE" custody add $B --key "$who" --action "$action" "$@" 2>err
}
begun() { fresh && add eden acquired --by 'A. Eden' "$@"; }
payload() { sed -n "$1p" $LOG | jq -r .payload | base64 -d; }
judge() { "$STRANDLINE" custody verify $B --format json "$@" >verdict || true; jq -r .verdict verdict; }
problem() { jq -r .problem verdict; }
lines() { wc -l <$LOG; }
refused() { # TEXT WHO ACTION ARGS...: nothing is written
	local text=$1 before
	before=$(cat $LOG 2>/dev/null | sha256sum)
	shift
	exits 1 add "$@" && contains err "$text" && same "$before" "$(cat $LOG 2>/dev/null | sha256sum)"
}

# ---- one piece of evidence, from hand to hand
fresh
before=$(sha256sum $B)
it "nobody looks at what was never acquired" exits 2 add eden accessed --by x
it "and that leaves no record" test ! -e $LOG
it "who acts has to be said" exits 2 add eden acquired
it "and that leaves none, either" test ! -e $LOG
it "evidence is acquired" add eden acquired --by 'A. Eden' --place 'Lab 2' --purpose 'case 17'
it "the bundle was verified for it" same "self-consistent 5" "$(payload 1 | jq -r '.bundle | "\(.verdict) \(.records)"')"
it "its digest is in the line" same "$(payload 1 | jq -r .file.sha256)" "$(sha256sum <$B | cut -d' ' -f1)"
it "the digest that is shown is the line's" contains err "$(sha256sum <$LOG | cut -d' ' -f1)"
first=$(sha256sum <$LOG | cut -d' ' -f1)
it "it is handed over" add eden transferred --to 'R. Bell' --to-key bell.pub --seal B-1107
it "by the name that the key had before" same "A. Eden" "$(payload 2 | jq -r .by)"
it "until it is received, that is open" same "incomplete the transfer of line 2 waits to be received" "$(judge) $(problem)"
it "which is told" exits 3 sl custody verify -q $B --key eden.pub
it "meanwhile it is not handed on" refused "waits to be received" eden transferred --to-key roe.pub
it "nor disposed of" refused "waits to be received" eden disposed
it "nobody else can sign for it" refused "somebody else's key" roe received --by 'J. Roe'
it "but a hold can be set" sl custody hold -q $B --key roe --by 'J. Roe' --matter 'Roe v. Doe'
it "the receiver signs for it" add bell received --by 'R. Bell' --place 'Vault 1'
it "naming the line that he answers" same "$(payload 4 | jq -r .answers)" "$(sed -n 2p $LOG | sha256sum | cut -d' ' -f1)"
it "once" refused "no transfer waits" bell received
it "the giver has it no more" refused "only who holds it" eden transferred --to-key roe.pub
it "an access is recorded" add bell accessed --purpose 'malware analysis'
it "three keys signed it" same "signed" "$(judge --key eden.pub --key bell.pub --key roe.pub)"
it "which is enough" exits 0 sl custody verify -q $B --key eden.pub --key bell.pub --key roe.pub
it "with two of them it is only consistent" same "self-consistent 1 lines are signed by keys that you did not give" \
	"$(judge --key eden.pub --key bell.pub) $(problem)"
it "which is not" exits 3 sl custody verify -q $B --key eden.pub --key bell.pub
it "unless that is waived" exits 0 sl custody verify -q $B --allow-unanchored
it "or too little" exits 1 sl custody verify -q $B --require signed
it "a line that was noted binds what is before it" same "anchored" "$(judge --head "$(sed -n 3p $LOG | sha256sum | cut -d' ' -f1)" --key bell.pub)"
it "not what follows" same "self-consistent" "$(judge --head "$first" --key bell.pub)"
it "the holder is told" same "R. Bell $(keyid bell)" "$(jq -r '.holder | "\(.name) \(.keyid)"' verdict)"
it "the bundle never changed" same "$before" "$(sha256sum $B)"
it "verify looks at the record, too" sh -c '"$1" verify --format json "$2" --allow-unanchored | jq -e ".sidecars[0] | .kind == \"custody\" and .problem == null"' sh "$STRANDLINE" $B
it "the record is listed" sl custody show $B >out
it "for people" grep -q '^2 .* transferred  A. Eden .* to R. Bell, seal B-1107$' out
it "and for programs" sh -c '"$1" custody show --format json "$2" | jq -e ".events | length == 5 and .[1].event.seal == \"B-1107\""' sh "$STRANDLINE" $B

# ---- what an outsider does: the commands of docs/custody.md, as they stand there
sed -n '/^## Checking it without/,$p' "$SOURCE_DIR/docs/custody.md" | sed -n '/^```sh$/,/^```$/p' | sed '1d;$d' >recipe
it "there is a recipe" test "$(wc -l <recipe)" -gt 10
outsider() { (cd at && dash ../recipe >../told); }
it "an outsider finds it whole" outsider
it "and who signed what" same "acquired $(keyid eden)
transferred $(keyid eden)
held $(keyid roe)
received $(keyid bell)
accessed $(keyid bell)" "$(head -n 5 told | cut -f3,5 | tr '\t' ' ')"
cp $LOG whole
sed -i '3s/.*/{}/' $LOG
it "and broken where it is" exits 1 outsider
cp whole $LOG

# ---- tampering
broken() { # TEXT: the record is broken, says why, and both verify and add refuse it
	same broken "$(judge --key eden.pub --key bell.pub --key roe.pub)" && contains verdict "$1" &&
		exits 1 "$STRANDLINE" custody verify -q $B && exits 1 "$STRANDLINE" verify -q --allow-unanchored $B &&
		exits 1 add bell accessed && contains err "the custody record is broken"
}
sed -i 2d $LOG
it "a line taken out is missed" broken "line 2: it does not follow"
cp whole $LOG && sed -i '2{h;d};3{G}' $LOG
it "lines in another order do not follow" broken "line 2: it does not follow"
cp whole $LOG && sed -n 5p whole >>$LOG
it "nor does a line twice" broken "line 6: it does not follow"
cp whole $LOG && sed -i "3s/\"sig\":\"[^\"]*\"/\"sig\":\"$(head -c 64 /dev/zero | base64 -w0)\"/" $LOG
it "a signature that is none" broken "signature does not match"
cp whole $LOG
# line N FILTER KEY: rewrite a payload and sign it again
rewrite() {
	sed -n "$1p" whole | jq -r .payload | base64 -d | jq -c "$2" | head -c -1 >p
	{ printf 'DSSEv1 39 application/vnd.strandline.custody+json %d ' "$(wc -c <p)"; cat p; } >pae
	openssl pkeyutl -sign -inkey "$3" -rawin -in pae -out sig
	jq -nc --arg p "$(base64 -w0 p)" --arg s "$(base64 -w0 sig)" --arg k "$(keyid "$3")" \
		'{payloadType: "application/vnd.strandline.custody+json", payload: $p, signatures: [{keyid: $k, sig: $s}]}'
}
put() { { head -n $(($1 - 1)) whole; cat; } >$LOG; }
rewrite 5 . bell | put 5
it "a line that somebody else wrote by the rules is one" same signed "$(judge --key eden.pub --key bell.pub --key roe.pub)"
rewrite 5 . roe | put 5
it "by another key than it names it is not" broken "not signed once, by the key that it names"
rewrite 5 '.seq = 7' bell | put 5
it "a number left out is missed" broken "line 5: it does not follow"
rewrite 5 '.prev = .file.sha256' bell | put 5
it "so is a line before it that is none" broken "line 5: it does not follow"
rewrite 5 '.file.bytes = 1' bell | put 5
it "another file is not smuggled in" broken "the file it speaks of is not the first line"
rewrite 5 '.matches = false' bell | put 5
it "nor denied" broken "is denied"
rewrite 5 '.action = "disposed"' bell | put 5
it "nothing was disposed of under a hold" broken "under a legal hold"
rewrite 5 '.action = "stolen"' bell | put 5
it "an action that is not known" broken "an action that is not known"
rewrite 5 '.v = 2' bell | put 5
it "another version is not judged" exits 2 sl custody verify $B
rewrite 5 . bell | sed 's/{"payloadType"/{"payload":"e30=","payloadType"/' | put 5
it "a member twice" broken "duplicate"
rewrite 5 . bell | jq -c '.signatures += .signatures' | put 5
it "two signatures" broken "not signed once"
: >$LOG
it "an empty record is none" exits 2 sl custody verify $B
cp whole $LOG && sed -i '$d' $LOG
it "an end that was cut off is not missed" same "signed" "$(judge --key eden.pub --key bell.pub --key roe.pub)"
it "but by who noted it" same "broken the noted line is not there" \
	"$(judge --head "$(sed -n 5p whole | sha256sum | cut -d' ' -f1)") $(problem)"
cp whole $LOG && printf x >>$B
it "evidence that changed breaks it" same "broken the file is not what the first line recorded" "$(judge) $(problem)"
it "and is not accessed" refused "the file is not what" bell accessed
it "unless that is what is recorded" add bell accessed --despite --purpose 'found changed'
it "which stays" same "broken line 6 says that the file had changed" "$(judge) $(problem)"
cp corpus/honest.bundle $B
it "whatever comes later" same "broken" "$(judge)"
cp whole $LOG && rm $B
it "evidence that is gone is missed" same "incomplete the file is not there" "$(judge) $(problem)"

# ---- copies, holds, dates, the end
begun --retain-until 2099-01-01
cp $B copy && printf x | cat $B - >other
it "a copy is made" add eden copied --made copy
it "which is one" refused "the copy is no copy" eden copied --made other
it "a redacted file is another one" refused "nothing was redacted" eden redacted --made copy
it "and is named by its digest" add eden redacted --made other
it "there" same "$(sha256sum <other | cut -d' ' -f1)" "$(payload 3 | jq -r .made.sha256)"
it "it is not disposed of before its date" refused "has to be kept until 2099-01-01" eden disposed
it "which is not brought nearer" refused "not shorter" eden extended --retain-until 2098-12-31
it "but moved away" sl custody extend -q $B --key eden --retain-until 2100-01-01
it "a date that is none is refused" exits 2 sl custody extend $B --key eden --retain-until tomorrow
begun
sl custody hold -q $B --key roe --by 'J. Roe' --matter a
sl custody hold -q $B --key roe
it "a hold keeps it" refused "under a legal hold ('a')" eden disposed
it "each once" refused "such a hold already" roe held --matter a
sl custody release -q $B --key roe --matter a
it "and the other one" refused "under a legal hold" eden disposed
it "none is released that is not there" refused "no such hold" roe released --matter a
sl custody release -q $B --key roe
it "only who holds it disposes of it" refused "only who holds it" roe disposed
it "then it is disposed of" add eden disposed --purpose 'case closed'
it "on the record alone" test -e $B
rm $B
it "it need not be there any more" same signed "$(judge --key eden.pub --key roe.pub)"
cp corpus/honest.bundle $B
it "and nothing comes after that" refused "nothing comes after" eden accessed
begun
add eden transferred --to-key bell.pub
it "a transfer can be taken back" add eden received
it "and made again" add eden transferred --to-key bell.pub
fresh
it "a record can begin with what was received" add bell received --by 'R. Bell' --from 'the police'
head -c 300 /dev/urandom >$B
it "evidence that changed under a record is told by verify" exits 1 sl verify -q --allow-unanchored $B
rm $LOG
it "any file can have one" add bell acquired --by 'R. Bell'
it "without a verdict on a bundle" same null "$(payload 1 | jq .bundle)"
size=$(stat -c %s corpus/honest.bundle)
{ head -c $((size / 2)) corpus/honest.bundle; printf X; tail -c +$((size / 2 + 2)) corpus/honest.bundle; } >$B
rm $LOG
it "a broken bundle is not acquired" refused "the bundle is broken" eden acquired --by 'A. Eden'
it "unless one says so" add eden acquired --by 'A. Eden' --despite

# ---- the file
begun
cp $LOG whole
head -c -5 whole >$LOG
head -c -5 whole >torn
it "a record of nothing but a cut line is broken" same "broken it has no whole line" "$(judge) $(problem)"
{ cat whole; head -c 100 torn; } >$LOG
it "a cut last line is told" same "incomplete the last line was cut off" "$(judge) $(problem)"
it "and not built upon" refused "was cut off after 100 bytes" eden accessed
it "until it is taken away" add eden accessed --drop-torn
it "with its digest" same "100 $(head -c 100 torn | sha256sum | cut -d' ' -f1)" "$(payload 2 | jq -r '.torn | "\(.bytes) \(.sha256)"')"
it "then it is whole" same signed "$(judge --key eden.pub)"
full_disk() { (trap '' XFSZ; ulimit -f 2; "$STRANDLINE" custody add $B --key eden --action accessed 2>err); }
begun
add eden accessed
while [ "$(stat -c %s $LOG)" -lt 2000 ]; do add eden accessed; done
cp $LOG whole
it "a full disk is an error" exits 2 full_disk
it "and leaves the record as it was" cmp whole $LOG
begun
mv $LOG elsewhere && ln -s "$PWD/elsewhere" $LOG
it "a link is not followed" exits 2 add eden accessed
it "nothing was written through it" test "$(wc -l <elsewhere)" -eq 1
rm $LOG && ln elsewhere $LOG
it "a file of two names is refused" exits 2 add eden accessed
rm $LOG && mkfifo $LOG
it "a pipe is not waited for" exits 2 timeout 10 "$STRANDLINE" custody add $B --key eden --action acquired --by x
rm $LOG && cp elsewhere $LOG
for _ in $(seq 12); do "$STRANDLINE" custody add -q $B --key eden --action accessed & done
wait
it "twelve at once make twelve lines" same "signed 13" "$(judge --key eden.pub) $(lines)"
mkdir log && mv $LOG log
it "the record may be elsewhere" sl custody add -q $B --key eden --action accessed --sidecars log
it "and is judged there" exits 0 sl custody verify -q $B --key eden.pub --sidecars log
for n in $(seq 15); do
	"$STRANDLINE" custody add -q $B --key eden --action accessed --sidecars log 2>/dev/null &
	sleep "0.0$n"
	kill -9 $! 2>/dev/null || true
done
wait 2>/dev/null || true
it "killed at any moment, it stays whole" exits 0 sl custody verify -q $B --key eden.pub --sidecars log

# ---- what other commands record
begun
it "verify records itself" sl verify -q --allow-unanchored $B --custody eden
it "with its verdict" same "verified self-consistent" "$(payload 2 | jq -r '"\(.action) \(.bundle.verdict)"')"
it "show is an access" sl show -q $B --custody eden --custody-purpose reading >/dev/null
it "for a purpose" same "accessed reading" "$(payload 3 | jq -r '"\(.action) \(.purpose)"')"
it "so is extract" sl extract -q $B --list --custody bell --custody-by 'R. Bell' >/dev/null
it "by whom" same "R. Bell" "$(payload 4 | jq -r .by)"
it "a purpose without a key is refused" exits 2 sl show $B --custody-purpose reading
printf x >>$B
sl show -q $B --custody eden >out 2>err || status=$?
it "what cannot be recorded is not shown" test "$status" -eq 2 -a ! -s out
it "a verification that fails is recorded" exits 1 sl verify -q $B --custody eden
it "as such" same "verified broken false" "$(payload 5 | jq -r '"\(.action) \(.bundle.verdict) \(.matches)"')"
rm $LOG
it "without a record there is none to write to" exits 2 sl show -q $B --custody eden
it "and none is begun" test ! -e $LOG
