/* SPDX-License-Identifier: Apache-2.0 */
#include "diff/textfile.h"

#include <string.h>

#include "core/cleanup.h"
#include "diff/glob.h"

#define GLOB(text) text, sizeof(text) - 1

/* The first glob that names the path says what it is. */
static const struct {
	const char *glob;
	size_t len;
	enum textfile what;
} files[] = {
	{GLOB("etc/passwd"), TEXTFILE_PASSWD},
	{GLOB("etc/passwd-"), TEXTFILE_BACKUP},
	{GLOB("etc/shadow"), TEXTFILE_SHADOW},
	{GLOB("etc/shadow-"), TEXTFILE_BACKUP},
	{GLOB("etc/group"), TEXTFILE_GROUP},
	{GLOB("etc/group-"), TEXTFILE_BACKUP},
	{GLOB("etc/gshadow"), TEXTFILE_GSHADOW},
	{GLOB("etc/gshadow-"), TEXTFILE_BACKUP},
	{GLOB("etc/security/opasswd"), TEXTFILE_OPASSWD},
	{GLOB("etc/subuid"), TEXTFILE_PLAIN},
	{GLOB("etc/subuid-"), TEXTFILE_PLAIN},
	{GLOB("etc/subgid"), TEXTFILE_PLAIN},
	{GLOB("etc/subgid-"), TEXTFILE_PLAIN},
	{GLOB("etc/sudoers"), TEXTFILE_SUDOERS},
	{GLOB("etc/sudoers.d/*"), TEXTFILE_SUDOERS},
	{GLOB("usr/local/etc/sudoers"), TEXTFILE_SUDOERS},
	{GLOB("usr/local/etc/sudoers.d/*"), TEXTFILE_SUDOERS},
	{GLOB("etc/doas.conf"), TEXTFILE_SUDOERS},
	{GLOB("etc/doas.d/*"), TEXTFILE_SUDOERS},
	{GLOB("etc/crontab"), TEXTFILE_COMMANDS},
	{GLOB("etc/anacrontab"), TEXTFILE_COMMANDS},
	{GLOB("etc/cron.allow"), TEXTFILE_PLAIN},
	{GLOB("etc/cron.deny"), TEXTFILE_PLAIN},
	{GLOB("etc/cron.*/*"), TEXTFILE_COMMANDS},
	{GLOB("etc/crontabs/*"), TEXTFILE_COMMANDS},
	{GLOB("etc/periodic/**"), TEXTFILE_COMMANDS},
	{GLOB("var/spool/cron/**"), TEXTFILE_COMMANDS},
	{GLOB("var/spool/anacron/*"), TEXTFILE_PLAIN},
	{GLOB("**/.ssh/authorized_keys"), TEXTFILE_KEYS},
	{GLOB("**/.ssh/authorized_keys2"), TEXTFILE_KEYS},
	{GLOB("etc/ssh/authorized_keys/**"), TEXTFILE_KEYS},
	{GLOB("etc/ld.so.preload"), TEXTFILE_PRELOAD},
	{GLOB("etc/ld.so.conf"), TEXTFILE_PLAIN},
	{GLOB("etc/ld.so.conf.d/*"), TEXTFILE_PLAIN},
	{GLOB("etc/ld-musl-*.path"), TEXTFILE_PLAIN},
	{GLOB("etc/hosts"), TEXTFILE_PLAIN},
	{GLOB("etc/resolv.conf"), TEXTFILE_PLAIN},
	{GLOB("etc/host.conf"), TEXTFILE_PLAIN},
	{GLOB("etc/nsswitch.conf"), TEXTFILE_PLAIN},
	{GLOB("etc/ssh/sshd_config"), TEXTFILE_SSHD},
	{GLOB("etc/ssh/sshd_config.d/*"), TEXTFILE_SSHD},
	{GLOB("etc/pam.d/*"), TEXTFILE_PAM},
	{GLOB("etc/pam.conf"), TEXTFILE_PAM},
	{GLOB("usr/lib/pam.d/*"), TEXTFILE_PAM},
	{GLOB("**/.htaccess"), TEXTFILE_SERVER},
	{GLOB("**/.user.ini"), TEXTFILE_SERVER},
	{GLOB("**/php.ini"), TEXTFILE_SERVER},
	{GLOB("etc/php*/**"), TEXTFILE_SERVER},
	{GLOB("usr/local/etc/php/**"), TEXTFILE_SERVER},
	{GLOB("usr/local/etc/php-fpm*"), TEXTFILE_SERVER},
	{GLOB("usr/local/etc/php-fpm*/**"), TEXTFILE_SERVER},
	{GLOB("etc/nginx/**"), TEXTFILE_HTTPD},
	{GLOB("etc/apache2/**"), TEXTFILE_HTTPD},
	{GLOB("etc/httpd/**"), TEXTFILE_HTTPD},
	{GLOB("usr/local/apache2/conf/**"), TEXTFILE_HTTPD},
	{GLOB("usr/local/nginx/conf/**"), TEXTFILE_HTTPD},
	{GLOB("usr/local/openresty/nginx/conf/**"), TEXTFILE_HTTPD},
	{GLOB("docker-entrypoint.d/*"), TEXTFILE_COMMANDS},
	{GLOB("etc/supervisor/**"), TEXTFILE_COMMANDS},
	{GLOB("etc/supervisord.conf"), TEXTFILE_COMMANDS},
	{GLOB("**/.dpkg.cfg"), TEXTFILE_HOOKS},
	{GLOB("etc/apt/apt.conf"), TEXTFILE_HOOKS},
	{GLOB("etc/apt/apt.conf.d/*"), TEXTFILE_HOOKS},
	{GLOB("etc/dpkg/dpkg.cfg"), TEXTFILE_HOOKS},
	{GLOB("etc/dpkg/dpkg.cfg.d/*"), TEXTFILE_HOOKS},
	{GLOB("etc/sysctl.conf"), TEXTFILE_SYSCTL},
	{GLOB("etc/sysctl.d/*"), TEXTFILE_SYSCTL},
	{GLOB("usr/lib/sysctl.d/*"), TEXTFILE_SYSCTL},
	{GLOB("usr/local/lib/sysctl.d/*"), TEXTFILE_SYSCTL},
	{GLOB("run/sysctl.d/*"), TEXTFILE_SYSCTL},
	{GLOB("**/site-packages/*.pth"), TEXTFILE_IMPORTS},
	{GLOB("**/dist-packages/*.pth"), TEXTFILE_IMPORTS},
	{GLOB("etc/shells"), TEXTFILE_PLAIN},
	{GLOB("etc/securetty"), TEXTFILE_PLAIN},
	{GLOB("etc/environment"), TEXTFILE_COMMANDS},
	{GLOB("etc/environment.d/*"), TEXTFILE_COMMANDS},
	{GLOB("usr/lib/environment.d/*"), TEXTFILE_COMMANDS},
	{GLOB("**/.config/environment.d/*"), TEXTFILE_COMMANDS},
	{GLOB("**/.ssh/environment"), TEXTFILE_COMMANDS},
	{GLOB("etc/profile"), TEXTFILE_COMMANDS},
	{GLOB("etc/profile.d/*"), TEXTFILE_COMMANDS},
	{GLOB("etc/bash.bashrc"), TEXTFILE_COMMANDS},
	{GLOB("etc/bashrc"), TEXTFILE_COMMANDS},
	{GLOB("etc/bash.bash_logout"), TEXTFILE_COMMANDS},
	{GLOB("etc/zsh/*"), TEXTFILE_COMMANDS},
	{GLOB("etc/zshrc"), TEXTFILE_COMMANDS},
	{GLOB("etc/zshenv"), TEXTFILE_COMMANDS},
	{GLOB("etc/zprofile"), TEXTFILE_COMMANDS},
	{GLOB("etc/csh.cshrc"), TEXTFILE_COMMANDS},
	{GLOB("etc/csh.login"), TEXTFILE_COMMANDS},
	{GLOB("etc/fish/config.fish"), TEXTFILE_COMMANDS},
	{GLOB("etc/fish/conf.d/*"), TEXTFILE_COMMANDS},
	{GLOB("etc/rc.local"), TEXTFILE_COMMANDS},
	{GLOB("etc/inittab"), TEXTFILE_COMMANDS},
	{GLOB("etc/init.d/*"), TEXTFILE_COMMANDS},
	{GLOB("etc/local.d/*"), TEXTFILE_COMMANDS},
	{GLOB("etc/update-motd.d/*"), TEXTFILE_COMMANDS},
	{GLOB("etc/udev/rules.d/*"), TEXTFILE_COMMANDS},
	{GLOB("etc/mdev.conf"), TEXTFILE_COMMANDS},
	{GLOB("etc/logrotate.d/*"), TEXTFILE_COMMANDS},
	{GLOB("etc/inetd.conf"), TEXTFILE_COMMANDS},
	{GLOB("etc/xinetd.d/*"), TEXTFILE_COMMANDS},
	{GLOB("etc/incron.d/*"), TEXTFILE_COMMANDS},
	{GLOB("var/spool/at/**"), TEXTFILE_COMMANDS},
	{GLOB("etc/systemd/**"), TEXTFILE_COMMANDS},
	{GLOB("run/systemd/system/**"), TEXTFILE_COMMANDS},
	{GLOB("**/.config/systemd/**"), TEXTFILE_COMMANDS},
	{GLOB("**/.ssh/rc"), TEXTFILE_COMMANDS},
	{GLOB("**/.profile"), TEXTFILE_COMMANDS},
	{GLOB("**/.bashrc"), TEXTFILE_COMMANDS},
	{GLOB("**/.bash_profile"), TEXTFILE_COMMANDS},
	{GLOB("**/.bash_login"), TEXTFILE_COMMANDS},
	{GLOB("**/.bash_logout"), TEXTFILE_COMMANDS},
	{GLOB("**/.bash_aliases"), TEXTFILE_COMMANDS},
	{GLOB("**/.zshrc"), TEXTFILE_COMMANDS},
	{GLOB("**/.zshenv"), TEXTFILE_COMMANDS},
	{GLOB("**/.zprofile"), TEXTFILE_COMMANDS},
	{GLOB("**/.zlogin"), TEXTFILE_COMMANDS},
	{GLOB("**/.cshrc"), TEXTFILE_COMMANDS},
	{GLOB("**/.tcshrc"), TEXTFILE_COMMANDS},
	{GLOB("**/.kshrc"), TEXTFILE_COMMANDS},
	{GLOB("**/.config/fish/config.fish"), TEXTFILE_COMMANDS},
};

/* Most paths are told from most globs by their ends. */
static bool has_ends(const char *glob, size_t len, struct sl_bytes path)
{
	if (glob[0] != '*' && glob[0] != path.data[0])
		return false;
	return glob[len - 1] == '*' || glob[len - 1] == path.data[path.len - 1];
}

enum textfile textfile_of(struct sl_bytes path)
{
	for (size_t i = 0; path.len > 0 && i < ARRAY_SIZE(files); i++)
		if (has_ends(files[i].glob, files[i].len, path) &&
		    glob_match(files[i].glob, files[i].len, path.data, path.len))
			return files[i].what;
	return TEXTFILE_NONE;
}

bool textfile_field(struct sl_bytes line, size_t n, struct sl_bytes *out)
{
	const char *at = line.data, *end = line.data + line.len;

	for (;; n--) {
		const char *colon = memchr(at, ':', (size_t)(end - at));
		const char *stop = colon != NULL ? colon : end;

		if (n == 0) {
			*out = (struct sl_bytes){at, (size_t)(stop - at)};
			return true;
		}
		if (colon == NULL)
			return false;
		at = colon + 1;
	}
}
