/* SPDX-License-Identifier: Apache-2.0 */
#include "diff/linerules.h"

#include <stdlib.h>
#include <string.h>

#include "core/cleanup.h"
#include "core/proccode.h"
#include "diff/lineread.h"
#include "diff/linesettings.h"
#include "diff/naming.h"
#include "diff/secrets.h"

#define SENTENCES_MAX 4
#define LINE_MAX_JUDGED 4096

/* ---- small readings ---- */

static bool equal(struct sl_bytes a, struct sl_bytes b)
{
	return a.len == b.len && (a.len == 0 || memcmp(a.data, b.data, a.len) == 0);
}

/* ---- lines that went ---- */

static struct sl_bytes first_field(struct sl_bytes line)
{
	struct sl_bytes out = line;

	(void)textfile_field(line, 0, &out);
	return out;
}

static int compare_names(struct sl_bytes a, struct sl_bytes b)
{
	size_t len = a.len < b.len ? a.len : b.len;
	int order = len > 0 ? memcmp(a.data, b.data, len) : 0;

	return order != 0 ? order : (a.len > b.len) - (a.len < b.len);
}

static int compare_gone(const void *a, const void *b)
{
	const struct sl_line *const *x = a, *const *y = b;

	return compare_names(first_field((*x)->text), first_field((*y)->text));
}

/* The first line that went and spoke of the same account; NULL when it is a new one. */
static const struct sl_line *find_gone(const struct look *l, struct sl_bytes name)
{
	size_t low = 0, high = l->gone_count;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (compare_names(first_field(l->gone[middle]->text), name) < 0)
			low = middle + 1;
		else
			high = middle;
	}
	if (low == l->gone_count || !equal(first_field(l->gone[low]->text), name))
		return NULL;
	return l->gone[low];
}

/* "+::" is how NIS is asked, and no account. */
static bool is_account(const struct look *l, struct sl_bytes *name)
{
	return textfile_field(l->line, 0, name) && name->len > 0 &&
	       memchr("#+-", name->data[0], 3) == NULL;
}

/* ---- accounts ---- */

/*
 * Would a C library read this field as 0? glibc takes blanks and a sign in front; musl takes an
 * empty field, and loses what is beyond 32 bits.
 */
static bool is_root_id(struct sl_bytes field)
{
	uint32_t value = 0;
	size_t at = 0;

	while (at < field.len && lineread_is_blank(field.data[at]))
		at++;
	if (at < field.len && (field.data[at] == '+' || field.data[at] == '-'))
		at++;
	for (; at < field.len; at++) {
		if (field.data[at] < '0' || field.data[at] > '9')
			return false;
		value = value * 10 + (uint32_t)(field.data[at] - '0');
	}
	return value == 0;
}

static bool has_root_id(struct sl_bytes line)
{
	struct sl_bytes id;

	return textfile_field(line, 2, &id) && is_root_id(id);
}

static bool root_id(struct look *l)
{
	const struct sl_line *gone;
	struct sl_bytes name;

	/* an image without the file may well get one */
	if (!is_account(l, &name) || lineread_is_word(name, "root") || !has_root_id(l->line))
		return false;
	gone = find_gone(l, name);
	if (gone != NULL && has_root_id(gone->text))
		return false;
	lineread_say(l, gone != NULL ? "account" : "new account", name, " has user id 0");
	return true;
}

static bool has_empty_password(struct sl_bytes line)
{
	struct sl_bytes password;

	return textfile_field(line, 1, &password) && password.len == 0;
}

static bool no_password(struct look *l)
{
	const struct sl_line *gone;
	struct sl_bytes name;

	if (!is_account(l, &name) || !has_empty_password(l->line))
		return false;
	gone = find_gone(l, name);
	if (gone != NULL && has_empty_password(gone->text))
		return false;
	lineread_say(l, "account", name, " needs no password");
	return true;
}

static bool password_set(struct look *l)
{
	struct sl_bytes name, password, was;
	const struct sl_line *gone;

	if (!is_account(l, &name) || !textfile_field(l->line, 1, &password) || password.len == 0 ||
	    password.data[0] == '!' || password.data[0] == '*' || secrets_is_locked(password))
		return false;
	gone = find_gone(l, name);
	if (gone != NULL && textfile_field(gone->text, 1, &was) && equal(was, password))
		return false;
	lineread_say(l, "account", name,
		     gone != NULL ? " has another password" : " has a password");
	return true;
}

/* An account that could not be used from a shell, and now can. */
static bool shell_given(struct look *l)
{
	const struct sl_line *gone;
	struct sl_bytes name, shell, was;

	if (!is_account(l, &name) || !textfile_field(l->line, 6, &shell) ||
	    linesettings_is_no_shell(shell))
		return false;
	gone = find_gone(l, name);
	if (gone == NULL || !textfile_field(gone->text, 6, &was) || !linesettings_is_no_shell(was))
		return false;
	lineread_say(l, "account", name, " has got the shell");
	lineread_say(l, "", shell, "");
	return true;
}

/* ---- groups ---- */

static bool is_member(struct sl_bytes list, struct sl_bytes who)
{
	while (list.len > 0) {
		const char *comma = memchr(list.data, ',', list.len);
		size_t len = comma != NULL ? (size_t)(comma - list.data) : list.len;

		if (equal((struct sl_bytes){list.data, len}, who))
			return true;
		if (comma == NULL)
			return false;
		list = lineread_from(list, comma + 1);
	}
	return false;
}

bool linerules_is_powerful_group(struct sl_bytes name)
{
	static const char *const groups[] = {"root", "sudo", "wheel", "admin", "docker", "shadow",
					     "disk", "kmem", "lxd",   "adm",   "libvirt"};

	for (size_t i = 0; i < ARRAY_SIZE(groups); i++)
		if (lineread_is_word(name, groups[i]))
			return true;
	return false;
}

static bool new_member(struct look *l)
{
	struct sl_bytes name, list, was = {NULL, 0}, one;
	const struct sl_line *gone;

	if (!is_account(l, &name) || !linerules_is_powerful_group(name) ||
	    !textfile_field(l->line, 3, &list))
		return false;
	gone = find_gone(l, name);
	if (gone != NULL)
		(void)textfile_field(gone->text, 3, &was);
	while (list.len > 0) {
		const char *comma = memchr(list.data, ',', list.len);

		one = (struct sl_bytes){list.data,
					comma != NULL ? (size_t)(comma - list.data) : list.len};
		/* Alpine's root is a member of its own group, and of others */
		if (one.len > 0 && !lineread_is_word(one, "root") && !is_member(was, one)) {
			lineread_say(l, "account", one, " is a member of group");
			lineread_say(l, "", name, "");
			return true;
		}
		if (comma == NULL)
			break;
		list = lineread_from(list, comma + 1);
	}
	return false;
}

/* ---- rights ---- */

static bool allows_all(struct sl_bytes text)
{
	const char *last = text.data + text.len;

	while (last > text.data && lineread_is_blank(last[-1]))
		last--;
	/* the list goes on in the next line */
	return lineread_find_word(text, "ALL") != NULL || (last > text.data && last[-1] == '\\');
}

static bool sudo_no_password(struct look *l)
{
	const char *tag;

	if (!lineread_has_meaning(l->line))
		return false;
	tag = lineread_find_word(l->line, "NOPASSWD");
	if (tag != NULL && allows_all(lineread_from(l->line, tag))) {
		(void)buf_append_str(l->message, "sudo asks for no password for any command");
		return true;
	}
	if (lineread_find(l->line, "!authenticate") != NULL) {
		(void)buf_append_str(l->message, "sudo asks for no password");
		return true;
	}
	if (lineread_find_word(l->line, "permit") == NULL ||
	    lineread_find_word(l->line, "nopass") == NULL)
		return false;
	(void)buf_append_str(l->message, "doas asks for no password");
	return true;
}

static bool new_key(struct look *l)
{
	CLEANUP(buf_clear) struct buf shown = BUF_INIT(4096);
	struct sl_bytes type, key;

	if (!lineread_has_meaning(l->line) || !secrets_find_key(l->line, &type, &key))
		return false;
	if (secrets_mask(&shown, TEXTFILE_KEYS, lineread_from(l->line, type.data)) < 0)
		return false;
	lineread_say(l, "whoever has key", (struct sl_bytes){shown.data, shown.len}, " may log in");
	return true;
}

/* ---- code ---- */

static bool preload(struct look *l)
{
	if (!lineread_has_meaning(l->line))
		return false;
	lineread_say(l, "every program that starts loads", l->line, "");
	return true;
}

static bool preload_variable(struct look *l)
{
	if (!lineread_has_meaning(l->line) || (lineread_find_word(l->line, "LD_PRELOAD") == NULL &&
					       lineread_find_word(l->line, "LD_AUDIT") == NULL))
		return false;
	(void)buf_append_str(l->message, "programs are started with a library put in front");
	return true;
}

/* What a shell would make of it; longer lines than people write are not looked at. */
static enum proccode judge(const struct look *l)
{
	char text[LINE_MAX_JUDGED + 1];

	if (l->line.len == 0 || l->line.len > LINE_MAX_JUDGED)
		return PROCCODE_PLAIN;
	memcpy(text, l->line.data, l->line.len);
	text[l->line.len] = '\0';
	return proccode_line(text);
}

static bool remote_shell(struct look *l)
{
	if (!lineread_has_meaning(l->line) ||
	    (lineread_find(l->line, "/dev/tcp/") == NULL &&
	     lineread_find(l->line, "/dev/udp/") == NULL && judge(l) != PROCCODE_REMOTE))
		return false;
	(void)buf_append_str(l->message, "a shell is tied to a connection");
	return true;
}

static bool download(struct look *l)
{
	static const char *const tools[] = {"curl", "wget", "fetch"};

	for (size_t i = 0; lineread_has_meaning(l->line) && i < ARRAY_SIZE(tools); i++) {
		const char *at = lineread_find_word(l->line, tools[i]);

		if (at == NULL || !linesettings_is_piped(lineread_from(l->line, at)))
			continue;
		(void)buf_append_str(l->message, "what is downloaded is run");
		return true;
	}
	if (!lineread_has_meaning(l->line) || judge(l) != PROCCODE_FETCHES)
		return false;
	(void)buf_append_str(l->message, "what is downloaded is run");
	return true;
}

/* ---- the table ---- */

#define IN(name) (1u << TEXTFILE_##name)
#define IN_SCRIPTS                                                                                 \
	(IN(COMMANDS) | IN(SUDOERS) | IN(KEYS) | IN(PLAIN) | IN(SSHD) | IN(PAM) | IN(HOOKS) |      \
	 IN(IMPORTS))

/* Ids are part of the document: append only. Each has both kinds of rows in the unit tests. */
static const struct line_rule {
	const char *id;
	const char *attack[2];
	const char *reason;
	enum sl_severity severity;
	uint32_t files; /* set of IN() */
	bool (*matches)(struct look *l);
} rules[] = {
	{"line-account-root",
	 {"T1098", "T1136.001"},
	 "an account has the rights of root, which it has not in the image",
	 SL_SEVERITY_CRITICAL,
	 IN(PASSWD),
	 root_id},
	{"line-account-open",
	 {"T1098", "T1136.001"},
	 "an account can be used without a password, which is not so in the image",
	 SL_SEVERITY_CRITICAL,
	 IN(PASSWD) | IN(SHADOW),
	 no_password},
	{"line-account-password",
	 {"T1098", "T1136.001"},
	 "an account has a password that it has not in the image",
	 SL_SEVERITY_HIGH,
	 IN(PASSWD) | IN(SHADOW),
	 password_set},
	{"line-group-member",
	 {"T1098.007"},
	 "an account joined a group that is as good as root",
	 SL_SEVERITY_HIGH,
	 IN(GROUP) | IN(GSHADOW),
	 new_member},
	{"line-account-shell",
	 {"T1078", "T1098"},
	 "an account that no one could log in to has a shell",
	 SL_SEVERITY_HIGH,
	 IN(PASSWD),
	 shell_given},
	{"line-sudo-open",
	 {"T1548.003"},
	 "the rights of root are given without a password",
	 SL_SEVERITY_CRITICAL,
	 IN(SUDOERS),
	 sudo_no_password},
	{"line-login-key",
	 {"T1098.004"},
	 "a key that may log in was added",
	 SL_SEVERITY_HIGH,
	 IN(KEYS),
	 new_key},
	{"line-preload",
	 {"T1574.006"},
	 "a library is loaded into every program that starts",
	 SL_SEVERITY_CRITICAL,
	 IN(PRELOAD),
	 preload},
	{"line-preload-variable",
	 {"T1574.006"},
	 "a library is loaded into programs that this file starts",
	 SL_SEVERITY_CRITICAL,
	 IN_SCRIPTS,
	 preload_variable},
	{"line-remote-shell",
	 {"T1059.004"},
	 "a line opens a shell to somewhere else",
	 SL_SEVERITY_CRITICAL,
	 IN_SCRIPTS,
	 remote_shell},
	{"line-download-run",
	 {"T1059.004", "T1105"},
	 "a line downloads something and runs it",
	 SL_SEVERITY_CRITICAL,
	 IN_SCRIPTS,
	 download},
	{"line-unpack-run",
	 {"T1027", "T1059.004"},
	 "a line unpacks something that was made unreadable, and runs it",
	 SL_SEVERITY_CRITICAL,
	 IN_SCRIPTS,
	 linesettings_unpacks},
	{"line-setuid",
	 {"T1548.001"},
	 "a line gives a program the rights of its owner",
	 SL_SEVERITY_CRITICAL,
	 IN_SCRIPTS,
	 linesettings_sets_id},
	{"line-miner",
	 {"T1496"},
	 "a line starts a coin miner",
	 SL_SEVERITY_CRITICAL,
	 IN_SCRIPTS,
	 linesettings_mines},
	{"line-ssh-open",
	 {"T1021.004", "T1098.004"},
	 "a way to log in over ssh that the image does not have",
	 SL_SEVERITY_CRITICAL,
	 IN(SSHD),
	 linesettings_sshd},
	{"line-pam-open",
	 {"T1556.003"},
	 "a log-in asks a module that lets everyone in, runs a program, or is none of the system's",
	 SL_SEVERITY_CRITICAL,
	 IN(PAM),
	 linesettings_pam},
	{"line-code-prepended",
	 {"T1505.003", "T1574"},
	 "code is put before or behind every page of a server",
	 SL_SEVERITY_CRITICAL,
	 IN(SERVER),
	 linesettings_prepends},
	{"line-handler",
	 {"T1505.003"},
	 "a server is told to run files that it would hand out",
	 SL_SEVERITY_HIGH,
	 IN(SERVER),
	 linesettings_handler},
	{"line-package-hook",
	 {"T1546.016"},
	 "a command runs with every installation of a package",
	 SL_SEVERITY_HIGH,
	 IN(HOOKS),
	 linesettings_hook},
	{"line-kernel-helper",
	 {"T1611"},
	 "the kernel is told to run a program",
	 SL_SEVERITY_CRITICAL,
	 IN(SYSCTL),
	 linesettings_kernel},
	{"line-import",
	 {"T1546"},
	 "a line that Python runs whenever it starts",
	 SL_SEVERITY_HIGH,
	 IN(IMPORTS),
	 linesettings_import},
	{"line-server-module",
	 {"T1505", "T1574"},
	 "a server is told to load code from an unusual place, or to run a program",
	 SL_SEVERITY_HIGH,
	 IN(HTTPD),
	 linesettings_module},
	{"line-php-code",
	 {"T1505.003", "T1574"},
	 "PHP is told to load or run code beside the page that is asked for",
	 SL_SEVERITY_HIGH,
	 IN(SERVER),
	 linesettings_php},
	{"line-source",
	 {"T1546.004", "T1059.004"},
	 "a shell runs a file that is hidden, or lies where anyone may write",
	 SL_SEVERITY_HIGH,
	 IN_SCRIPTS,
	 linesettings_sources},
};

const char *linerules_id(size_t n)
{
	return n < ARRAY_SIZE(rules) ? rules[n].id : NULL;
}

static int sort_gone(struct look *l, const struct sl_line *lines, size_t count)
{
	l->gone = calloc(count > 0 ? count : 1, sizeof(const struct sl_line *));
	if (l->gone == NULL)
		return -SL_ENOMEM;
	for (size_t i = 0; i < count; i++)
		if (lines[i].sign == '-')
			l->gone[l->gone_count++] = &lines[i];
	qsort(l->gone, l->gone_count, sizeof(const struct sl_line *), compare_gone);
	return 0;
}

static void add_sentence(struct buf *message, const struct buf *one, size_t *said)
{
	if (++*said > SENTENCES_MAX || one->status != 0 || one->len == 0)
		return;
	if (message->len > 0)
		(void)buf_append_str(message, "; ");
	(void)buf_append(message, one->data, one->len);
}

int linerules_apply(struct sl_finding *f, enum textfile what, const struct sl_line *lines,
		    size_t count, bool *hits, struct buf *message)
{
	CLEANUP(buf_clear) struct buf one = BUF_INIT(4096);
	struct look l = {.what = what, .message = &one};
	size_t said = 0;

	if (sort_gone(&l, lines, count) < 0)
		return -SL_ENOMEM;
	for (size_t r = 0; r < ARRAY_SIZE(rules); r++) {
		bool named = false;

		for (size_t i = 0; (rules[r].files & 1u << what) != 0 && i < count; i++) {
			l.line = lines[i].text;
			buf_reset(&one);
			if (lines[i].sign != '+' || !rules[r].matches(&l))
				continue;
			hits[i] = named = true;
			add_sentence(message, &one, &said);
		}
		if (named)
			naming_add(f, rules[r].id, rules[r].reason, rules[r].severity,
				   rules[r].attack, ARRAY_SIZE(rules[r].attack));
	}
	if (said > SENTENCES_MAX)
		(void)buf_printf(message, "; and %zu more like these", said - SENTENCES_MAX);
	free(l.gone);
	return message->status == -SL_ENOMEM ? -SL_ENOMEM : 0;
}
