/* SPDX-License-Identifier: Apache-2.0 */
#include "diff/linesettings.h"

#include <string.h>
#include <strings.h>

#include "core/cleanup.h"
#include "core/programs.h"

/* ---- commands ---- */

bool linesettings_is_piped(struct sl_bytes text)
{
	const char *pipe = lineread_find(text, "|");
	struct sl_bytes name;

	if (pipe == NULL)
		return false;
	text = lineread_from(text, pipe);
	while ((name = lineread_next_name(&text)).len > 0) {
		enum program_kind kind = program_kind_of_word(name);

		if (kind == PROGRAM_SHELL || kind == PROGRAM_LANGUAGE)
			return true;
	}
	return false;
}

bool linesettings_unpacks(struct look *l)
{
	static const char *const tools[] = {"base64 -d",        "base64 --decode", "base64 -D",
					    "base32 -d",        "xxd -r",          "openssl enc -d",
					    "openssl base64 -d"};
	static const char *const calls[] = {
		"exec(base64",        "exec(__import__('base64')", "exec(__import__(\"base64\")",
		"eval(base64_decode", "exec(zlib.decompress",      "exec(marshal.loads"};
	bool is_so = false;

	if (!lineread_has_meaning(l->line))
		return false;
	for (size_t i = 0; i < ARRAY_SIZE(tools); i++) {
		const char *at = lineread_find(l->line, tools[i]);

		is_so = is_so || (at != NULL && linesettings_is_piped(lineread_from(l->line, at)));
	}
	for (size_t i = 0; i < ARRAY_SIZE(calls); i++)
		is_so = is_so || lineread_find(l->line, calls[i]) != NULL;
	if (is_so)
		(void)buf_append_str(l->message, "what is unpacked is run");
	return is_so;
}

/* "u+s", "+s", "u=rwxs": a clause that gives it to anyone but the group alone. */
static bool is_setuid_clause(struct sl_bytes clause)
{
	const char *plus = lineread_find(clause, "+");
	const char *sign = plus != NULL ? plus : lineread_find(clause, "=");

	return sign != NULL && clause.data[0] != 'g' && clause.data[0] != 'o' &&
	       lineread_find(clause, "/") == NULL &&
	       lineread_find(lineread_from(clause, sign), "s") != NULL;
}

/* Also "4755" and "06711". */
static bool is_setuid_mode(struct sl_bytes word)
{
	size_t digits = 0;

	while (digits < word.len && word.data[digits] >= '0' && word.data[digits] <= '7')
		digits++;
	if (digits > 0)
		return digits == word.len && digits >= 4 && digits <= 5 &&
		       (word.data[digits - 4] == '4' || word.data[digits - 4] == '6');
	while (word.len > 0)
		if (is_setuid_clause(lineread_next(&word, ",")))
			return true;
	return false;
}

bool linesettings_sets_id(struct look *l)
{
	const char *at = lineread_find_word(l->line, "chmod");
	struct sl_bytes rest, word;

	if (at == NULL || !lineread_has_meaning(l->line))
		return false;
	rest = lineread_from(l->line, at + strlen("chmod"));
	do {
		word = lineread_next(&rest, "");
	} while (word.len > 0 && word.data[0] == '-');
	if (!is_setuid_mode(word))
		return false;
	lineread_say(l, "chmod", word, "");
	return true;
}

bool linesettings_mines(struct look *l)
{
	static const char *const marks[] = {"stratum+tcp://", "stratum+ssl://", "stratum+tls://",
					    "--donate-level", "--randomx-",     "--coin=monero",
					    "--coin monero"};
	static const char *const names[] = {"xmrig", "minerd", "cpuminer", "kinsing", "kdevtmpfsi"};
	bool is_so = false;

	if (!lineread_has_meaning(l->line))
		return false;
	for (size_t i = 0; i < ARRAY_SIZE(marks); i++)
		is_so = is_so || lineread_find(l->line, marks[i]) != NULL;
	for (size_t i = 0; i < ARRAY_SIZE(names); i++)
		is_so = is_so || lineread_find_word(l->line, names[i]) != NULL;
	if (is_so)
		(void)buf_append_str(l->message, "a coin miner is started");
	return is_so;
}

/* Where anyone may put it, or where nobody looks; homes are full of hidden files that are meant. */
static bool is_odd_source(struct sl_bytes path)
{
	static const char *const odd[] = {"/tmp/", "/var/tmp/", "/dev/shm/"};
	static const char *const homes[] = {"/root/", "/home/"};

	if (path.len > 0 && (path.data[0] == '"' || path.data[0] == '\'')) {
		path.data++;
		path.len--;
	}
	for (size_t i = 0; i < ARRAY_SIZE(odd); i++)
		if (path.len > strlen(odd[i]) && memcmp(path.data, odd[i], strlen(odd[i])) == 0)
			return true;
	for (size_t i = 0; i < ARRAY_SIZE(homes); i++)
		if (path.len > strlen(homes[i]) &&
		    memcmp(path.data, homes[i], strlen(homes[i])) == 0)
			return false;
	return path.len > 0 && path.data[0] == '/' && lineread_find(path, "/.") != NULL;
}

/* ". FILE" and "source FILE", where a command may stand. */
bool linesettings_sources(struct look *l)
{
	static const char *const words[] = {".", "source", NULL};
	struct sl_bytes rest = l->line, word;

	if (!lineread_has_meaning(l->line))
		return false;
	while ((word = lineread_next(&rest, " \t;&|(){}")).len > 0) {
		struct sl_bytes behind = rest;
		struct sl_bytes path;

		if (!lineread_is_any(word, words))
			continue;
		path = lineread_next(&behind, " \t;&|(){}");
		if (is_odd_source(path)) {
			lineread_say(l, "the shell runs what is in", path, "");
			return true;
		}
	}
	return false;
}

/* ---- log-ins ---- */

bool linesettings_is_no_shell(struct sl_bytes shell)
{
	static const char *const ends[] = {"/nologin", "/false",    "/true",
					   "/sync",    "/shutdown", "/halt"};

	for (size_t i = 0; i < ARRAY_SIZE(ends); i++) {
		size_t n = strlen(ends[i]);

		if (shell.len >= n && memcmp(shell.data + shell.len - n, ends[i], n) == 0)
			return true;
	}
	return false;
}

/* reference: sshd_config(5); keywords are in letters of any case, "Key value" or "Key=value". */
bool linesettings_sshd(struct look *l)
{
	static const struct {
		const char *keyword;
		const char *value; /* NULL: any but "none" */
		const char *says;
	} settings[] = {
		{"PermitRootLogin", "yes", "root may log in"},
		{"PermitRootLogin", "without-password", "root may log in with a key"},
		{"PermitRootLogin", "prohibit-password", "root may log in with a key"},
		{"PermitEmptyPasswords", "yes", "no password is needed"},
		{"PermitUserEnvironment", "yes", "who logs in may have a library loaded"},
		{"HostbasedAuthentication", "yes", "another host's word is enough"},
		{"IgnoreRhosts", "no", "another host's word is enough"},
		{"AuthorizedKeysCommand", NULL, "a program says which keys may log in:"},
		{"AuthorizedPrincipalsCommand", NULL, "a program says who may log in:"},
		{"AuthorizedKeysFile", NULL, "keys that may log in are also in"},
		{"TrustedUserCAKeys", NULL, "whoever these keys signed may log in:"},
	};
	struct sl_bytes rest = l->line, key, value;

	if (!lineread_has_meaning(l->line))
		return false;
	key = lineread_next(&rest, "=");
	value = lineread_next(&rest, "=\"");
	for (size_t i = 0; value.len > 0 && i < ARRAY_SIZE(settings); i++) {
		const char *const keys[] = {settings[i].keyword, NULL};
		const char *const wanted[] = {settings[i].value, NULL}, *none[] = {"none", NULL};

		if (!lineread_is_any(key, keys) ||
		    (settings[i].value != NULL ? !lineread_is_any(value, wanted)
					       : lineread_is_any(value, none)))
			continue;
		if (settings[i].value == NULL)
			lineread_say(l, settings[i].says, value, "");
		else
			(void)buf_append_str(l->message, settings[i].says);
		return true;
	}
	return false;
}

static struct sl_bytes base_name(struct sl_bytes path)
{
	const char *slash = path.len > 0 ? memrchr(path.data, '/', path.len) : NULL;

	return slash != NULL ? lineread_from(path, slash + 1) : path;
}

static bool is_system_module(struct sl_bytes path)
{
	return path.data[0] != '/' || lineread_find(path, "/security/") != NULL;
}

/* reference: pam.conf(5): [service] type control module arguments; a control may be in brackets. */
bool linesettings_pam(struct look *l)
{
	static const char *const runners[] = {"pam_exec.so", "pam_script.so", "pam_python.so",
					      NULL};
	static const char *const givers[] = {"pam_permit.so", NULL};
	static const char *const types[] = {"auth", "-auth", "account", "-account", NULL};
	bool is_sufficient = false, is_log_in = false;
	struct sl_bytes rest = l->line, word;

	if (!lineread_has_meaning(l->line))
		return false;
	while ((word = lineread_next(&rest, "[]")).len > 0) {
		if (lineread_is_word(word, "sufficient") || lineread_is_word(word, "success=done"))
			is_sufficient = true;
		if (lineread_is_any(word, types))
			is_log_in = true;
		if (word.len < 4 || memcmp(word.data + word.len - 3, ".so", 3) != 0)
			continue;
		if (lineread_is_any(base_name(word), runners) || !is_system_module(word) ||
		    (is_log_in && is_sufficient && lineread_is_any(base_name(word), givers))) {
			lineread_say(l, "a log-in asks", word, "");
			return true;
		}
		return false;
	}
	return false;
}

/* ---- servers ---- */

static bool is_empty_value(struct sl_bytes value)
{
	return value.len == 0 || lineread_is_word(value, "none") || value.data[0] == ';' ||
	       value.data[0] == '#';
}

/* In php.ini and .user.ini "key = value", in .htaccess "php_value key value". */
bool linesettings_prepends(struct look *l)
{
	static const char *const keys[] = {"auto_prepend_file", "auto_append_file"};

	for (size_t i = 0; lineread_has_meaning(l->line) && i < ARRAY_SIZE(keys); i++) {
		const char *at = lineread_find_word(l->line, keys[i]);
		struct sl_bytes rest, value;

		if (at == NULL)
			continue;
		rest = lineread_from(l->line, at + strlen(keys[i]));
		value = lineread_next(&rest, "=\"']");
		if (is_empty_value(value))
			continue;
		lineread_say(l, "every page runs", value, "");
		return true;
	}
	return false;
}

/*
 * PHP's own settings: "key = value", with "php_value[key]" for one pool. A module by its name alone
 * comes out of the directory that PHP was built with.
 * reference: PHP manual "php.ini directives"
 */
bool linesettings_php(struct look *l)
{
	static const char *const keys[] = {"extension",     "zend_extension",  "extension_dir",
					   "sendmail_path", "opcache.preload", "ffi.preload"};
	const char *equals = l->line.len > 0 ? memchr(l->line.data, '=', l->line.len) : NULL;
	struct sl_bytes name, rest, value;
	bool is_key = false;

	if (equals == NULL || !lineread_has_meaning(l->line))
		return false;
	name = (struct sl_bytes){l->line.data, (size_t)(equals - l->line.data)};
	for (size_t i = 0; i < ARRAY_SIZE(keys); i++)
		is_key = is_key || lineread_find_word(name, keys[i]) != NULL;
	rest = lineread_from(l->line, equals + 1);
	value = lineread_next(&rest, "\"'");
	if (!is_key || (lineread_find(value, "/") == NULL && lineread_find(value, ":") == NULL &&
			lineread_find(value, ".php") == NULL))
		return false;
	lineread_say(l, "PHP loads or runs", value, "");
	return true;
}

/* reference: Apache "mod_mime", "core" and "mod_include"; PHP "php_admin_flag". */
bool linesettings_handler(struct look *l)
{
	static const char *const handlers[] = {"addhandler", "sethandler", "addtype",
					       "forcetype",  "action",     NULL};
	static const char *const codes[] = {"php",        "cgi-script", "server-parsed", "fcgid",
					    "proxy:fcgi", "perl",       "python",        "lsapi"};
	struct sl_bytes rest = l->line, word;

	if (!lineread_has_meaning(l->line))
		return false;
	word = lineread_next(&rest, "");
	if (strncasecmp(word.data, "options", word.len) == 0 && word.len == 7) {
		if (lineread_find(rest, "ExecCGI") == NULL &&
		    lineread_find(rest, "Includes") == NULL)
			return false;
	} else if (strncasecmp(word.data, "php_flag", word.len) == 0 && word.len == 8) {
		if (lineread_find_word(rest, "engine") == NULL)
			return false;
	} else {
		bool is_code = false;

		if (!lineread_is_any(word, handlers))
			return false;
		for (size_t i = 0; i < ARRAY_SIZE(codes); i++)
			is_code = is_code || lineread_find(rest, codes[i]) != NULL;
		if (!is_code)
			return false;
	}
	lineread_say(l, "a server is told", l->line, "");
	return true;
}

/* Where servers and packages put their modules; what lies there new is a finding itself. */
static bool is_module_place(struct sl_bytes path)
{
	static const char *const places[] = {"modules/",
					     "/usr/lib",
					     "/lib",
					     "/usr/local/lib",
					     "/etc/nginx/modules",
					     "/usr/local/apache2/modules/",
					     "/usr/local/nginx/modules/",
					     "lib/",
					     "/etc/httpd/modules/",
					     "libexec/",
					     "/usr/libexec/"};

	if (path.len > 0 && (path.data[0] == '"' || path.data[0] == '\''))
		path = (struct sl_bytes){path.data + 1, path.len - 1};
	if (lineread_find(path, "..") != NULL)
		return false;
	for (size_t i = 0; i < ARRAY_SIZE(places); i++)
		if (path.len > strlen(places[i]) &&
		    memcmp(path.data, places[i], strlen(places[i])) == 0)
			return true;
	return false;
}

/*
 * Code that the server takes in from anywhere, and programs that it starts.
 * reference: nginx "load_module", lua-nginx-module; Apache "mod_so", "piped logs"
 */
bool linesettings_module(struct look *l)
{
	static const char *const loads[] = {"load_module", "loadfile", "perl_require", NULL};
	static const char *const named[] = {"loadmodule", NULL};
	static const char *const commands[] = {"os.execute", "io.popen", "ngx.pipe", " \"|", " |/"};
	struct sl_bytes rest = l->line, word;

	if (!lineread_has_meaning(l->line))
		return false;
	word = lineread_next(&rest, "");
	if (lineread_is_any(word, named)) {
		(void)lineread_next(&rest, "");
		word = (struct sl_bytes){"load_module", 11};
	}
	if (lineread_is_any(word, loads)) {
		word = lineread_next(&rest, ";");
		if (word.len == 0 || is_module_place(word))
			return false;
		lineread_say(l, "the server loads", word, "");
		return true;
	}
	for (size_t i = 0; i < ARRAY_SIZE(commands); i++)
		if (lineread_find(l->line, commands[i]) != NULL) {
			lineread_say(l, "the server runs", l->line, "");
			return true;
		}
	return false;
}

/* ---- the system ---- */

/* reference: apt.conf(5), dpkg(1) */
bool linesettings_hook(struct look *l)
{
	static const char *const hooks[] = {"Pre-Invoke", "Post-Invoke",        "Pre-Install-Pkgs",
					    "pre-invoke", "post-invoke",        "status-logger",
					    "PreInvoke",  "Post-Invoke-Success"};
	const char *slashes = lineread_find(l->line, "//");
	struct sl_bytes line = l->line;

	if (slashes != NULL && strspn(line.data, " \t") >= (size_t)(slashes - line.data))
		return false;
	for (size_t i = 0; lineread_has_meaning(line) && i < ARRAY_SIZE(hooks); i++)
		if (lineread_find(line, hooks[i]) != NULL) {
			lineread_say(l, "with every package runs", line, "");
			return true;
		}
	return false;
}

/* reference: core(5), sysctl.d(5): dots and slashes are the same. */
bool linesettings_kernel(struct look *l)
{
	static const char *const keys[] = {"kernel.core_pattern", "kernel/core_pattern",
					   "kernel.modprobe",     "kernel/modprobe",
					   "kernel.hotplug",      "kernel/hotplug",
					   "kernel.poweroff_cmd", "kernel/poweroff_cmd"};

	for (size_t i = 0; lineread_has_meaning(l->line) && i < ARRAY_SIZE(keys); i++) {
		const char *at = lineread_find(l->line, keys[i]);
		struct sl_bytes rest, value;

		if (at == NULL)
			continue;
		rest = lineread_from(l->line, at + strlen(keys[i]));
		value = lineread_next(&rest, "=");
		/* where a core goes is no program, unless it is a pipe */
		if (value.len == 0 || (i < 2 && value.data[0] != '|'))
			continue;
		lineread_say(l, "the kernel runs", value, "");
		return true;
	}
	return false;
}

/* reference: Python's site module: a line that begins with "import" and a blank is run. */
bool linesettings_import(struct look *l)
{
	static const char word[] = "import";
	const size_t len = sizeof(word) - 1;

	if (l->line.len <= len || memcmp(l->line.data, word, len) != 0 ||
	    (l->line.data[len] != ' ' && l->line.data[len] != '\t'))
		return false;
	lineread_say(l, "Python runs", l->line, "");
	return true;
}
