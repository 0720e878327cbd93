/* SPDX-License-Identifier: Apache-2.0 */
#include "core/proccode.h"

#include <ctype.h>
#include <stddef.h>
#include <string.h>
#include <strings.h>

#include "core/cleanup.h"
#include "core/programs.h"

/* A digest in base64 has 88 characters, a certificate's line 64: what is so long is a program. */
#define ENCODED_MIN 1024
#define ESCAPES_MIN 256
/* Names of files that are followed, and places where each may be run: texts are hostile. */
#define PLACES_MAX 16

#define SYSTEM "ystem(" /* of any language; the tests take the whole word for a call of ours */

struct list {
	const char *const *words;
	size_t count;
};

#define LIST(words) ((struct list){(words), ARRAY_SIZE(words)})

/* ---- words ---- */

static const char *base_of(const char *path, size_t len, size_t *left)
{
	const char *slash = len > 0 ? memrchr(path, '/', len) : NULL;

	*left = slash != NULL ? (size_t)(path + len - slash - 1) : len;
	return slash != NULL ? slash + 1 : path;
}

static bool is_one_of(struct list list, const char *word, size_t len)
{
	size_t n;
	const char *base = base_of(word, len, &n);

	for (size_t i = 0; i < list.count; i++)
		if (strlen(list.words[i]) == n && memcmp(list.words[i], base, n) == 0)
			return true;
	return false;
}

static enum program_kind kind_of(const char *word, size_t len)
{
	return program_kind((struct sl_bytes){word, len});
}

static bool has_any(const char *text, struct list list)
{
	for (size_t i = 0; i < list.count; i++)
		if (strstr(text, list.words[i]) != NULL)
			return true;
	return false;
}

/* Up to what ends a word in shells. */
static size_t word_len(const char *at)
{
	return strcspn(at, " \t\n;&|<>()'\"`");
}

static const char *skip_blanks(const char *at)
{
	return at + strspn(at, " \t");
}

/* ---- "... | sh" ---- */

/* What stands behind an interpreter's name: does that run what it reads? */
static bool reads_input(const char *at, bool is_shell)
{
	for (;;) {
		size_t n;

		at = skip_blanks(at);
		n = word_len(at);
		if (n == 0)
			return *at != '\'' && *at != '"' && *at != '(';
		if (n == 1 && *at == '-')
			return true;
		if (*at != '-' || !is_shell || memchr(at, 'c', n) != NULL)
			return false;
		if (memchr(at, 's', n) != NULL && at[1] != '-')
			return true;
		at += n;
	}
}

static bool runs_pipe(const char *at)
{
	static const char *const before[] = {"sudo", "env", "exec", "busybox", "nohup"};

	for (;;) {
		enum program_kind kind;
		size_t n;

		at = skip_blanks(at);
		n = word_len(at);
		if (n == 0)
			return false;
		kind = kind_of(at, n);
		if (kind == PROGRAM_SHELL || kind == PROGRAM_LANGUAGE)
			return reads_input(at + n, kind == PROGRAM_SHELL);
		if (!is_one_of(LIST(before), at, n))
			return false;
		at += n;
	}
}

static bool pipes_to_interpreter(const char *text)
{
	for (const char *at = strchr(text, '|'); at != NULL; at = strchr(at + 1, '|'))
		if (at[1] != '|' && runs_pipe(at + 1 + (at[1] == '&')))
			return true;
	return false;
}

/* "eval $(TOOL ...)", "sh -c "$(TOOL", "bash <(TOOL", ". <(TOOL" */
static bool substitutes(const char *text, const char *tool)
{
	static const char *const before[] = {"eval $(",
					     "eval \"$(",
					     "eval `",
					     "eval \"`",
					     "-c $(",
					     "-c \"$(",
					     "-c `",
					     "bash <(",
					     "source <(",
					     ". <(",
					     "source /dev/stdin <<< $("};

	for (size_t i = 0; i < ARRAY_SIZE(before); i++) {
		const char *at = strstr(text, before[i]);

		if (at != NULL && strstr(at, tool) != NULL)
			return true;
	}
	return false;
}

static bool is_run(const char *text, const char *tool)
{
	const char *at = strstr(text, tool);

	return at != NULL && (pipes_to_interpreter(at) || substitutes(text, tool));
}

/* ---- kinds ---- */

static bool decodes(const char *text)
{
	static const char *const tools[] = {"base64 -d", "base64 --d", "base64 -D",
					    "base64 -i", "base32 -d",  "enc -d",
					    "xxd -r",    "| rev)",     "| rev |"};
	static const char *const decoders[] = {
		"bytes([",       "bytearray([",  "b64decode",        "base64_decode",
		"decode_base64", "fromhex",      "unhexlify",        "atob(",
		"'base64')",     "\"base64\")",  "gzinflate",        "zlib.decompress",
		"marshal.loads", "unpack('m",    "unpack(\"m",       "pack('H",
		"pack(\"H",      "str_rot13",    "codecs.decode",    "fromCharCode",
		"decode64",      "gzuncompress", "FromBase64String",
	};
	static const char *const runners[] = {
		"exec(",    "eval(",     "eval ",         "Function(", "assert(",    "os.system",
		"os.popen", "proc_open", "instance_eval", "passthru",  "shell_exec", "exec_module"};

	for (size_t i = 0; i < ARRAY_SIZE(tools); i++)
		if (is_run(text, tools[i]))
			return true;
	return has_any(text, LIST(decoders)) && has_any(text, LIST(runners));
}

/* Does what stands at @at run the file whose name follows it? */
static bool is_runner(const char *at, size_t len)
{
	static const char *const words[] = {".", "source", "exec", "nohup", "setsid", "sudo"};

	enum program_kind kind = kind_of(at, len);

	return kind == PROGRAM_SHELL || kind == PROGRAM_LANGUAGE || is_one_of(LIST(words), at, len);
}

/* The word in front of @at, on the same line, ends at what parts commands: @at is one itself. */
static bool is_command(const char *text, const char *at)
{
	const char *end = at;
	size_t n = 0;

	while (end > text && (end[-1] == ' ' || end[-1] == '\t'))
		end--;
	if (end == text || strchr("\n;&|({", end[-1]) != NULL)
		return true;
	while (end - n > text && strchr(" \t\n;&|(){}\"'`", end[-1 - (ptrdiff_t)n]) == NULL)
		n++;
	return is_runner(end - n, n);
}

/* "curl -o FILE ...; sh FILE", "wget -O FILE ... && chmod +x FILE && FILE" */
static bool runs_file(const char *text, const char *name, size_t len)
{
	size_t left = PLACES_MAX;

	if (len < 2 || *name == '-' || memcmp(name, "/dev/null", len < 9 ? len : 9) == 0)
		return false;
	for (const char *at = name + len; left > 0 && (at = strchr(at, *name)) != NULL; at++) {
		if (strncmp(at, name, len) != 0 || word_len(at) != len)
			continue;
		left--;
		if (is_command(text, at))
			return true;
	}
	return false;
}

static bool fetches_file(const char *text, const char *tool)
{
	static const char *const outputs[] = {" -o ",   " -O ",  " -qO ", " -sSLo ",    " -fsSLo ",
					      " -sLo ", " -so ", " -Lo ", " --output ", "> "};
	const char *from = strstr(text, tool);
	size_t left = PLACES_MAX;

	for (size_t i = 0; from != NULL && i < ARRAY_SIZE(outputs); i++)
		for (const char *at = strstr(from, outputs[i]); left > 0 && at != NULL;
		     at = strstr(at + 1, outputs[i]), left--) {
			const char *name = skip_blanks(at + strlen(outputs[i]));

			if (runs_file(text, name, word_len(name)))
				return true;
		}
	return false;
}

/* A program in another language that asks the network for what it runs. */
static bool fetches_program(const char *text)
{
	static const char *const asks[] = {"urlopen(", "requests.get(", "http.get(", "https.get(",
					   "LWP::",    "Net::HTTP",     "open-uri",  "`curl ",
					   "`wget ",   "('curl ",       "(\"curl ",  "fetch('http",
					   "(\"http",  "('http"};
	static const char *const runners[] = {
		"exec(",      "eval(",         "eval ",     SYSTEM,        "os.popen",
		"getoutput(", "check_output(", "passthru(", "shell_exec(", "Function("};

	return has_any(text, LIST(asks)) && has_any(text, LIST(runners));
}

static bool fetches(const char *text, bool is_shell)
{
	static const char *const tools[] = {"curl ", "wget ", "fetch ", "lwp-request ", "lynx "};

	for (size_t i = 0; i < ARRAY_SIZE(tools); i++)
		if (is_run(text, tools[i]) || fetches_file(text, tools[i]))
			return true;
	return !is_shell && fetches_program(text);
}

/* Whoever only waits for a port has no use for what makes it a shell's input. */
static bool ties_shell(const char *text)
{
	static const char *const networks[] = {"/dev/tcp/", "/dev/udp/"};
	static const char *const ties[] = {"0>&", "0<&", "0>& ", "<&0"};

	return has_any(text, LIST(networks)) && has_any(text, LIST(ties));
}

static bool ties_program(const char *text)
{
	static const char *const sockets[] = {"socket",      "Socket",     "fsockopen",
					      "net.connect", "/inet/tcp/", "stream_socket_client"};
	static const char *const ends[] = {"dup2", "pty.spawn", "/bin/sh", "/bin/bash",
					   "'sh'", "\"sh\"",    "'bash'",  "\"bash\"",
					   ">&%d", "cmd.exe"};

	return has_any(text, LIST(sockets)) && has_any(text, LIST(ends));
}

/* What a connection brings is handed to a command: no shell is tied to anything. */
static bool obeys_connection(const char *text)
{
	static const char *const reads[] = {".recv(", "sysread", "recv(", ".gets", "fgets("};
	static const char *const runners[] = {"getoutput(",  "check_output(", "os.popen",
					      "subprocess.", SYSTEM,          "shell_exec(",
					      "exec(",       "`#{",           "`$"};
	static const char *const sockets[] = {"socket", "Socket", "create_connection", "fsockopen"};

	if (strstr(text, "/inet/tcp/") != NULL && strstr(text, "|&") != NULL &&
	    strstr(text, "getline") != NULL)
		return true;
	return has_any(text, LIST(sockets)) && has_any(text, LIST(reads)) &&
	       has_any(text, LIST(runners));
}

/* "-e sh", "-lvpe /bin/sh", "--sh-exec sh" */
static bool hands_out(const char *text)
{
	bool next = false;

	for (const char *at = skip_blanks(text); *at != '\0';) {
		size_t n = strcspn(at, " ");

		if (next && kind_of(at, word_len(at)) == PROGRAM_SHELL)
			return true;
		next = n > 1 && *at == '-' &&
		       (at[1] == '-' ? memmem(at, n, "exec", 4) != NULL
				     : at[n - 1] == 'e' || at[n - 1] == 'c');
		at += n + strspn(at + n, " ");
	}
	return false;
}

static bool socat_hands_out(const char *text)
{
	for (const char *at = text; *at != '\0'; at++) {
		const char *colon = strncasecmp(at, "exec:", 5) == 0     ? at + 5
				    : strncasecmp(at, "system:", 7) == 0 ? at + 7
									 : NULL;

		if (colon != NULL) {
			colon += strspn(colon, "'\"");
			if (kind_of(colon, strcspn(colon, " ,'\"")) == PROGRAM_SHELL)
				return true;
		}
	}
	return false;
}

static bool relay_hands_out(const char *program, size_t len, const char *text)
{
	if (len == strlen("socat") && memcmp(program, "socat", len) == 0)
		return socat_hands_out(text);
	return hands_out(text);
}

static bool is_encoded(const char *text)
{
	size_t run = 0, escapes = 0;

	for (const char *at = text; *at != '\0'; at++) {
		bool is_digit =
			isalnum((unsigned char)*at) || *at == '+' || *at == '/' || *at == '=';

		escapes += *at == '\\' && at[1] == 'x';
		run = is_digit ? run + 1 : 0;
		if (run >= ENCODED_MIN || escapes >= ESCAPES_MIN)
			return true;
	}
	return false;
}

/* The program is called by its file, busybox by its first argument or its second. */
static const char *program_of(const char *exe, const char *text, size_t *len)
{
	const char *name = base_of(exe, strlen(exe), len);

	if (*len != strlen("busybox") || memcmp(name, "busybox", *len) != 0)
		return name;
	name = text;
	*len = strcspn(name, " ");
	name = base_of(name, *len, len);
	if (*len == strlen("busybox") && memcmp(name, "busybox", *len) == 0) {
		name = name + *len + strspn(name + *len, " ");
		*len = strcspn(name, " ");
	}
	return name;
}

enum proccode proccode_judge(const char *exe, const char *text)
{
	size_t len, first = strcspn(text, " ");
	const char *program = program_of(exe, text, &len);
	enum program_kind kind = kind_of(program, len);

	text += first; /* it may call itself anything */
	if (kind == PROGRAM_RELAY)
		return relay_hands_out(program, len, text) ? PROCCODE_HANDS_OUT : PROCCODE_PLAIN;
	if (ties_shell(text) ||
	    (kind != PROGRAM_SHELL && (ties_program(text) || obeys_connection(text))))
		return PROCCODE_REMOTE;
	if (decodes(text))
		return PROCCODE_DECODES;
	if (fetches(text, kind == PROGRAM_SHELL))
		return PROCCODE_FETCHES;
	return is_encoded(text) ? PROCCODE_ENCODED : PROCCODE_PLAIN;
}

/* A relay, or an interpreter that is given a program, somewhere in a line of a shell's. */
static bool line_ties(const char *line)
{
	size_t left = PLACES_MAX;

	for (const char *at = line; *at != '\0' && left > 0;) {
		size_t n = word_len(at);
		enum program_kind kind = n > 0 ? kind_of(at, n) : PROGRAM_OTHER;
		size_t len;
		const char *name = base_of(at, n, &len);

		left -= kind == PROGRAM_LANGUAGE || kind == PROGRAM_RELAY;
		if (kind == PROGRAM_RELAY && relay_hands_out(name, len, at + n))
			return true;
		if (kind == PROGRAM_LANGUAGE && at[n] == ' ' &&
		    (ties_program(at + n) || obeys_connection(at + n)))
			return true;
		at += n > 0 ? n : 1;
	}
	return false;
}

enum proccode proccode_line(const char *line)
{
	if (ties_shell(line) || line_ties(line))
		return PROCCODE_REMOTE;
	if (decodes(line))
		return PROCCODE_DECODES;
	return fetches(line, true) ? PROCCODE_FETCHES : PROCCODE_PLAIN;
}
