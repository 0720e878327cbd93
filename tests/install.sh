#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# install.sh KIND...: install the Debian packages of these kinds (tests/packages.txt), as root.
# Nothing is asked of the package manager when everything is there already.
set -eu
list=$(dirname "$(realpath "$0")")/packages.txt
missing=()
for kind; do
	while read -r of package; do
		[ "$of" = "$kind" ] || continue
		dpkg-query -W -f '${Status}' "$package" 2>/dev/null | grep -q 'ok installed' ||
			missing+=("$package")
	done <"$list"
done
[ ${#missing[@]} -eq 0 ] && exit 0
if [ "$(id -u)" -ne 0 ] || ! command -v apt-get >/dev/null; then
	echo "not installed, and this is not root on Debian: ${missing[*]}" >&2
	exit 1
fi
echo "installing: ${missing[*]}" >&2
export DEBIAN_FRONTEND=noninteractive
apt-get update -qq
# policy: no service is started by a package that is installed for tests
policy=/usr/sbin/policy-rc.d
if [ ! -e $policy ]; then
	printf '#!/bin/sh\nexit 101\n' >$policy
	chmod +x $policy
	trap 'rm -f $policy' EXIT
fi
apt-get install -y -qq --no-install-recommends "${missing[@]}" >/dev/null
