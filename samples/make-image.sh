#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Write a small root file system: make-image.sh DIR
#
# Everything a drift tool must tell apart is in it: accounts, a crontab, an ssh key, a setuid file, a
# file with a capability, hard and symbolic links, and a directory of 5,000 small files. The same
# bytes and times every run. Import it with `tar -C DIR -c . | docker import - NAME`.
set -eu

[ $# -eq 1 ] || { echo "usage: make-image.sh DIR" >&2; exit 2; }
owners=no # without root everything belongs to whoever runs this, and no file has a capability
[ "$(id -u)" -ne 0 ] || owners=yes
busybox=/bin/busybox
if ! [ -x $busybox ] || ldd $busybox >/dev/null 2>&1; then
	echo "make-image.sh: needs a static $busybox (Debian: busybox-static)" >&2
	exit 2
fi

umask 022
dir=$1
mkdir -p "$dir"
cd "$dir"

mkdir -p bin dev etc/cron.d home/ada/.ssh proc root run sbin sys tmp usr/bin usr/lib usr/sbin \
	var/log var/spool/cron/crontabs data
chmod 1777 tmp
chmod 0700 root home/ada/.ssh

cp $busybox usr/bin/busybox
chmod 0755 usr/bin/busybox
for tool in sh ash ls cat cp mv rm mkdir rmdir ln chmod chown touch sleep echo true false id ps \
	sed grep find stat dd tail head kill mknod mkfifo tar sync env date; do
	ln -sf ../usr/bin/busybox bin/$tool
done
ln -f usr/bin/busybox usr/sbin/chroot # a hard link: one file, two names
cp $busybox usr/bin/passwd
chmod 04755 usr/bin/passwd
cp $busybox usr/bin/ping
chmod 0755 usr/bin/ping
if [ $owners = yes ] && command -v setcap >/dev/null; then setcap cap_net_raw=ep usr/bin/ping; fi

cat >etc/passwd <<'END'
root:x:0:0:root:/root:/bin/sh
daemon:x:1:1:daemon:/usr/sbin:/bin/false
ada:x:1000:1000:Ada:/home/ada:/bin/sh
END
cat >etc/group <<'END'
root:x:0:
daemon:x:1:
shadow:x:42:
ada:x:1000:
END
cat >etc/shadow <<'END'
root:*:19000:0:99999:7:::
daemon:*:19000:0:99999:7:::
ada:!:19000:0:99999:7:::
END
chmod 0640 etc/shadow
[ $owners = no ] || chown 0:42 etc/shadow
echo '127.0.0.1 localhost' >etc/hosts
echo 'PRETTY_NAME="strandline sample"' >etc/os-release
echo '17 * * * * root /usr/bin/busybox true' >etc/cron.d/hourly
echo '# no jobs' >var/spool/cron/crontabs/root
chmod 0600 var/spool/cron/crontabs/root
echo 'ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIJFsample ada@example' >home/ada/.ssh/authorized_keys
chmod 0600 home/ada/.ssh/authorized_keys
[ $owners = no ] || chown -R 1000:1000 home/ada
ln -sf /run var/run
ln -sf does/not/exist usr/lib/dangling
: >var/log/messages
echo 'Nov 14 22:13:20 web sshd: accepted key for ada' >var/log/auth.log
echo 'login records' >var/log/wtmp
echo 'A sample system' >etc/issue

# 5,000 files in 50 directories, named and filled by their number
awk 'BEGIN {
	for (i = 0; i < 5000; i++) {
		dir = sprintf("data/%02d", i % 50)
		if (i < 50)
			system("mkdir -p " dir)
		name = sprintf("%s/file-%04d.txt", dir, i)
		for (n = 0; n <= i % 7; n++)
			printf "%d: %d %d\n", i, n, (i * 2654435761) % 4294967296 > name
		close(name)
	}
}'

find . -exec touch -h -d @1700000000 {} +
