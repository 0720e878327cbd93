/* SPDX-License-Identifier: Apache-2.0 */
#include "diff/textfile.h"

#include <string.h>

#include "core/cleanup.h"
#include "diff/glob.h"

/* The first glob that names the path says what it is. */
static const struct {
	const char *glob;
	enum textfile what;
} files[] = {
	{"etc/passwd", TEXTFILE_PASSWD},
	{"etc/passwd-", TEXTFILE_BACKUP},
	{"etc/shadow", TEXTFILE_SHADOW},
	{"etc/shadow-", TEXTFILE_BACKUP},
	{"etc/group", TEXTFILE_GROUP},
	{"etc/group-", TEXTFILE_BACKUP},
	{"etc/gshadow", TEXTFILE_GSHADOW},
	{"etc/gshadow-", TEXTFILE_BACKUP},
	{"etc/security/opasswd", TEXTFILE_OPASSWD},
	{"etc/subuid", TEXTFILE_PLAIN},
	{"etc/subuid-", TEXTFILE_PLAIN},
	{"etc/subgid", TEXTFILE_PLAIN},
	{"etc/subgid-", TEXTFILE_PLAIN},
	{"etc/sudoers", TEXTFILE_SUDOERS},
	{"etc/sudoers.d/*", TEXTFILE_SUDOERS},
	{"usr/local/etc/sudoers", TEXTFILE_SUDOERS},
	{"usr/local/etc/sudoers.d/*", TEXTFILE_SUDOERS},
	{"etc/doas.conf", TEXTFILE_SUDOERS},
	{"etc/doas.d/*", TEXTFILE_SUDOERS},
	{"etc/crontab", TEXTFILE_COMMANDS},
	{"etc/anacrontab", TEXTFILE_COMMANDS},
	{"etc/cron.allow", TEXTFILE_PLAIN},
	{"etc/cron.deny", TEXTFILE_PLAIN},
	{"etc/cron.*/*", TEXTFILE_COMMANDS},
	{"etc/crontabs/*", TEXTFILE_COMMANDS},
	{"etc/periodic/**", TEXTFILE_COMMANDS},
	{"var/spool/cron/**", TEXTFILE_COMMANDS},
	{"var/spool/anacron/*", TEXTFILE_PLAIN},
	{"**/.ssh/authorized_keys", TEXTFILE_KEYS},
	{"**/.ssh/authorized_keys2", TEXTFILE_KEYS},
	{"etc/ssh/authorized_keys/**", TEXTFILE_KEYS},
	{"etc/ld.so.preload", TEXTFILE_PRELOAD},
	{"etc/ld.so.conf", TEXTFILE_PLAIN},
	{"etc/ld.so.conf.d/*", TEXTFILE_PLAIN},
	{"etc/ld-musl-*.path", TEXTFILE_PLAIN},
	{"etc/hosts", TEXTFILE_PLAIN},
	{"etc/resolv.conf", TEXTFILE_PLAIN},
	{"etc/host.conf", TEXTFILE_PLAIN},
	{"etc/nsswitch.conf", TEXTFILE_PLAIN},
	{"etc/ssh/sshd_config", TEXTFILE_SSHD},
	{"etc/ssh/sshd_config.d/*", TEXTFILE_SSHD},
	{"etc/pam.d/*", TEXTFILE_PAM},
	{"etc/pam.conf", TEXTFILE_PAM},
	{"usr/lib/pam.d/*", TEXTFILE_PAM},
	{"**/.htaccess", TEXTFILE_SERVER},
	{"**/.user.ini", TEXTFILE_SERVER},
	{"**/php.ini", TEXTFILE_SERVER},
	{"etc/php*/**", TEXTFILE_SERVER},
	{"usr/local/etc/php/**", TEXTFILE_SERVER},
	{"usr/local/etc/php-fpm*", TEXTFILE_SERVER},
	{"usr/local/etc/php-fpm*/**", TEXTFILE_SERVER},
	{"etc/nginx/**", TEXTFILE_HTTPD},
	{"etc/apache2/**", TEXTFILE_HTTPD},
	{"etc/httpd/**", TEXTFILE_HTTPD},
	{"usr/local/apache2/conf/**", TEXTFILE_HTTPD},
	{"usr/local/nginx/conf/**", TEXTFILE_HTTPD},
	{"usr/local/openresty/nginx/conf/**", TEXTFILE_HTTPD},
	{"docker-entrypoint.d/*", TEXTFILE_COMMANDS},
	{"etc/supervisor/**", TEXTFILE_COMMANDS},
	{"etc/supervisord.conf", TEXTFILE_COMMANDS},
	{"etc/apt/apt.conf", TEXTFILE_HOOKS},
	{"etc/apt/apt.conf.d/*", TEXTFILE_HOOKS},
	{"etc/dpkg/dpkg.cfg", TEXTFILE_HOOKS},
	{"etc/dpkg/dpkg.cfg.d/*", TEXTFILE_HOOKS},
	{"etc/sysctl.conf", TEXTFILE_SYSCTL},
	{"etc/sysctl.d/*", TEXTFILE_SYSCTL},
	{"usr/lib/sysctl.d/*", TEXTFILE_SYSCTL},
	{"usr/local/lib/sysctl.d/*", TEXTFILE_SYSCTL},
	{"run/sysctl.d/*", TEXTFILE_SYSCTL},
	{"**/site-packages/*.pth", TEXTFILE_IMPORTS},
	{"**/dist-packages/*.pth", TEXTFILE_IMPORTS},
	{"etc/shells", TEXTFILE_PLAIN},
	{"etc/securetty", TEXTFILE_PLAIN},
	{"etc/environment", TEXTFILE_COMMANDS},
	{"etc/profile", TEXTFILE_COMMANDS},
	{"etc/profile.d/*", TEXTFILE_COMMANDS},
	{"etc/bash.bashrc", TEXTFILE_COMMANDS},
	{"etc/bashrc", TEXTFILE_COMMANDS},
	{"etc/bash.bash_logout", TEXTFILE_COMMANDS},
	{"etc/zsh/*", TEXTFILE_COMMANDS},
	{"etc/zshrc", TEXTFILE_COMMANDS},
	{"etc/zshenv", TEXTFILE_COMMANDS},
	{"etc/zprofile", TEXTFILE_COMMANDS},
	{"etc/csh.cshrc", TEXTFILE_COMMANDS},
	{"etc/csh.login", TEXTFILE_COMMANDS},
	{"etc/fish/config.fish", TEXTFILE_COMMANDS},
	{"etc/fish/conf.d/*", TEXTFILE_COMMANDS},
	{"etc/rc.local", TEXTFILE_COMMANDS},
	{"etc/inittab", TEXTFILE_COMMANDS},
	{"etc/init.d/*", TEXTFILE_COMMANDS},
	{"etc/local.d/*", TEXTFILE_COMMANDS},
	{"etc/update-motd.d/*", TEXTFILE_COMMANDS},
	{"etc/udev/rules.d/*", TEXTFILE_COMMANDS},
	{"etc/mdev.conf", TEXTFILE_COMMANDS},
	{"etc/logrotate.d/*", TEXTFILE_COMMANDS},
	{"etc/inetd.conf", TEXTFILE_COMMANDS},
	{"etc/xinetd.d/*", TEXTFILE_COMMANDS},
	{"etc/incron.d/*", TEXTFILE_COMMANDS},
	{"var/spool/at/**", TEXTFILE_COMMANDS},
	{"etc/systemd/**", TEXTFILE_COMMANDS},
	{"run/systemd/system/**", TEXTFILE_COMMANDS},
	{"**/.config/systemd/**", TEXTFILE_COMMANDS},
	{"**/.ssh/rc", TEXTFILE_COMMANDS},
	{"**/.profile", TEXTFILE_COMMANDS},
	{"**/.bashrc", TEXTFILE_COMMANDS},
	{"**/.bash_profile", TEXTFILE_COMMANDS},
	{"**/.bash_login", TEXTFILE_COMMANDS},
	{"**/.bash_logout", TEXTFILE_COMMANDS},
	{"**/.bash_aliases", TEXTFILE_COMMANDS},
	{"**/.zshrc", TEXTFILE_COMMANDS},
	{"**/.zshenv", TEXTFILE_COMMANDS},
	{"**/.zprofile", TEXTFILE_COMMANDS},
	{"**/.zlogin", TEXTFILE_COMMANDS},
	{"**/.cshrc", TEXTFILE_COMMANDS},
	{"**/.tcshrc", TEXTFILE_COMMANDS},
	{"**/.kshrc", TEXTFILE_COMMANDS},
	{"**/.config/fish/config.fish", TEXTFILE_COMMANDS},
};

/* Most paths are told from most globs by their ends. */
static bool has_ends(const char *glob, struct sl_bytes path)
{
	char last;

	if (glob[0] != '*' && glob[0] != path.data[0])
		return false;
	last = glob[strlen(glob) - 1];
	return last == '*' || last == path.data[path.len - 1];
}

enum textfile textfile_of(struct sl_bytes path)
{
	for (size_t i = 0; path.len > 0 && i < ARRAY_SIZE(files); i++)
		if (has_ends(files[i].glob, path) &&
		    glob_match(files[i].glob, strlen(files[i].glob), path.data, path.len))
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
