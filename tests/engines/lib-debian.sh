# shellcheck shell=bash
# SPDX-License-Identifier: Apache-2.0
# Root file systems of real programs, from the Debian packages that this machine has installed:
#
#	debian_tree DIR PACKAGE...	# a shell and its tools, these packages, and what they link
#
# Nothing is downloaded and nothing of it is run here. Only the files that the packages brought:
# what their installation scripts made (accounts, compiled Python, a database) is not copied, as in
# images that are made with care. tests/install.sh keeps packages from starting their services.

# debian_files PACKAGE...: the paths that the packages own, without what no container reads.
debian_files() {
	dpkg -L "$@" | sort -u |
		grep -vE '^/usr/(share/(doc|man|locale|lintian|info|i18n|perl5)|lib/debug|include)/' |
		grep -vE '/(bitcode/|llvmjit)|^/(\.|package diverts.*)$' |
		while IFS= read -r path; do
			if [ -e "$path" ] || [ -L "$path" ]; then printf '%s\n' "$path"; fi
		done
}

# debian_libraries DIR: the shared libraries, and the loader, that programs beneath DIR need.
debian_libraries() {
	find "$1" -type f \( -perm -100 -o -name '*.so*' \) -print0 |
		xargs -0 -r ldd 2>/dev/null |
		sed -nE 's/^[[:space:]]+(.* => )?(\/[^ ]+) \(0x.*/\2/p' | sort -u
}

# debian_copy DIR: the paths that standard input lists, into DIR, whose /bin, /sbin and /lib are links.
debian_copy() {
	tar -C / --no-recursion --numeric-owner -c -T - 2>/dev/null |
		tar -C "$1" --keep-directory-symlink --numeric-owner -x
}

debian_tree() {
	local dir=$1 name
	shift
	mkdir -p "$dir"/{dev,etc,proc,root,run,srv,sys,tmp,usr/{bin,lib,lib64,sbin},var/{cache,lib,log,tmp}}
	chmod 0700 "$dir/root"
	chmod 1777 "$dir/tmp" "$dir/var/tmp"
	for name in bin lib lib64 sbin; do ln -sfn "usr/$name" "$dir/$name"; done
	ln -sfn /run "$dir/var/run"
	debian_files bash coreutils dash findutils grep sed util-linux libc-bin "$@" |
		debian_copy "$dir"
	debian_libraries "$dir" | while IFS= read -r name; do
		printf '%s\n%s\n' "$name" "$(realpath "$name")"
	done | sort -u | debian_copy "$dir"
	cp /usr/share/base-passwd/passwd.master "$dir/etc/passwd"
	cp /usr/share/base-passwd/group.master "$dir/etc/group"
	printf 'root:*:19000:0:99999:7:::\nwww-data:*:19000:0:99999:7:::\n' >"$dir/etc/shadow"
	chmod 0640 "$dir/etc/shadow"
	printf 'NAME=Debian\n' >"$dir/etc/os-release"
}

# debian_account DIR NAME ID: a user and its group.
debian_account() {
	echo "$2:x:$3:$3::/nonexistent:/usr/sbin/nologin" >>"$1/etc/passwd"
	echo "$2:x:$3:" >>"$1/etc/group"
}
