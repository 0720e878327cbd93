/* SPDX-License-Identifier: Apache-2.0 */
/* Text files whose single lines mean something to people. */
#ifndef DIFF_TEXTFILE_H
#define DIFF_TEXTFILE_H

#include <strandline/base.h>

/* What its lines are made of. */
enum textfile {
	TEXTFILE_NONE, /* its lines are not looked at */
	TEXTFILE_PLAIN,
	TEXTFILE_PASSWD,
	TEXTFILE_SHADOW,
	TEXTFILE_GROUP,
	TEXTFILE_GSHADOW,
	TEXTFILE_BACKUP,  /* what one of these four was before: /etc/shadow- */
	TEXTFILE_OPASSWD, /* old passwords, kept by PAM */
	TEXTFILE_SUDOERS, /* doas.conf, too */
	TEXTFILE_KEYS,    /* authorized_keys */
	TEXTFILE_PRELOAD,
	TEXTFILE_COMMANDS, /* run by shells, by cron, by what starts services */
	TEXTFILE_SSHD,     /* sshd_config */
	TEXTFILE_PAM,
	TEXTFILE_SERVER,  /* .htaccess, php.ini and the like */
	TEXTFILE_HTTPD,   /* a web server's own */
	TEXTFILE_HOOKS,   /* settings of apt and dpkg */
	TEXTFILE_SYSCTL,  /* what the kernel is told */
	TEXTFILE_IMPORTS, /* .pth of Python */
};

enum textfile textfile_of(struct sl_bytes path);

/* The @n-th field, from 0, of a line whose fields a colon parts. False: there are not so many. */
bool textfile_field(struct sl_bytes line, size_t n, struct sl_bytes *out);

#endif
