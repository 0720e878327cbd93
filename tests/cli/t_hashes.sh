# shellcheck shell=bash
# SPDX-License-Identifier: Apache-2.0
# Lists of known digests: bad ones make a finding critical, good ones explain new files alone.
need jq sha256sum
sl() { timeout 120 "$STRANDLINE" "$@"; }
drift() { sl diff --no-db --upper upper --image rootfs:image "$@" 2>said; }
refuses() { exits 2 drift --hashes "$1" >out; }
# found PATH LIST...: severity, its signals about lists, what it is listed as, explanation
found() {
	local path=$1
	shift
	drift --format json "$@" | jq -r --arg path "$path" '.containers[0].findings[] |
		select(.path == $path) | [.severity, ([.signals[] | select(startswith("known"))] | join("+")),
		.listed_as, .explained_by.name] | map(tostring) | join("|")'
}
sum() { sha256sum <"$1" | cut -d' ' -f1; }

mkdir -p image/usr/bin upper/usr/bin upper/etc/cron.d upper/tmp upper/opt
echo old >image/usr/bin/tool
echo agent >upper/opt/agent
cp upper/opt/agent upper/usr/bin/tool
cp upper/opt/agent upper/etc/cron.d/agent
cp upper/opt/agent upper/tmp/agent
cp upper/opt/agent upper/opt/setuid && chmod 4755 upper/opt/setuid
cp upper/opt/agent upper/opt/open && chmod 666 upper/opt/open
cp upper/opt/agent upper/opt/.agent
echo other >upper/opt/other
agent=$(sum upper/opt/agent)

sha256sum upper/opt/agent >list
it "a bad one is critical, and called what the list calls it" same "$(found /opt/agent --hashes list)" \
	"critical|known-bad|upper/opt/agent|null"
it "bad: says the same" same "$(found /opt/agent --hashes bad:list)" "critical|known-bad|upper/opt/agent|null"
it "whatever is not listed is as before" same "$(found /opt/other --hashes list)" "low||null|null"
it "a good one explains a new file" same "$(found /opt/agent --hashes good:list)" \
	"low|known-good|upper/opt/agent|known-good: list"
for path in /usr/bin/tool /etc/cron.d/agent /tmp/agent /opt/setuid /opt/open /opt/.agent; do
	it "but not $path" bash -c 'case $1 in *"|known-good|upper/opt/agent|null") ;; *) echo "$1" >&2; exit 1 ;; esac' \
		- "$(found "$path" --hashes good:list)"
done
it "what is good and bad is bad" same "$(found /opt/agent --hashes good:list --hashes list)" \
	"critical|known-bad|upper/opt/agent|null"
drift --hashes good:list >out || true
it "it is counted as explained" contains out "1 by policy"

# Forms of lists.
printf '\357\273\277%s,"A family, named"\r\n' "$(echo "$agent" | tr a-f A-F)" >list
it "an IOC feed with a byte order mark, capitals and carriage returns" same "$(found /opt/agent --hashes list)" \
	"critical|known-bad|A family, named|null"
printf '"sha1","sha256","name"\n"%s","%s","agent.exe"' "$(sha1sum <upper/opt/agent | cut -c1-40)" "$agent" >list
it "values between commas under a heading, without a last newline" same "$(found /opt/agent --hashes list)" \
	"critical|known-bad|agent.exe|null"
printf '# remark\n\n%s\n' "$agent" >list
it "a digest alone is called by its list" same "$(found /opt/agent --hashes list)" "critical|known-bad|list|null"
it "a pipe is a list, too" same "$(found /opt/agent --hashes <(echo "$agent x") | cut -d'|' -f1,2)" "critical|known-bad"
printf '%s  \033[2Jx\n' "$agent" >list
drift --hashes list >out || true
it "labels reach no terminal raw" lacks out "$(printf '\033')"
{ echo "$agent"; md5sum <upper/opt/agent; } >list
drift --hashes list >out || true
it "digests of other kinds are counted and said" contains said "'list': 1 lines without a SHA-256 are not used"

# Refusals, with the line.
it "a list that is not there" refuses gone
it "is named" contains said "list of digests 'gone'"
md5sum <upper/opt/agent >list
it "a list without a SHA-256" refuses list
it "is said to be that" contains said "no SHA-256 in it, and 1 digests of other kinds"
printf '%s\nhello\n' "$agent" >list
it "a line that is none" refuses list
it "has its number" contains said "list of digests 'list': line 2: no digest, and no remark (#)"
head -c 100000 /dev/zero | tr '\0' a >list
it "a line without an end" refuses list
it "is a bound" contains said "line 1 is longer than 65536 bytes"
: >list
it "an empty list" refuses list
it "a directory" refuses .
echo "$agent" >list
it "--quick has no digests to look for" exits 2 drift --quick --hashes list
it "nor has --images" exits 2 sl diff --no-db --images rootfs:image rootfs:upper --hashes list
