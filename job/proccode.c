/* SPDX-License-Identifier: Apache-2.0 */
#include "job/proccode.h"

#include <ctype.h>
#include <stddef.h>
#include <string.h>
#include <strings.h>

#include "core/cleanup.h"
#include "core/programs.h"

/* A digest in base64 has 88 characters, a certificate's line 64: what is so long is a program. */
#define ENCODED_MIN 1024
#define ESCAPES_MIN 256

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
	static const char *const tools[] = {"base64 -d", "base64 --d", "base64 -D", "base64 -i",
					    "base32 -d", "enc -d",     "xxd -r"};
	static const char *const decoders[] = {
		"b64decode",        "base64_decode",   "decode_base64", "fromhex",
		"unhexlify",        "atob(",           "'base64')",     "\"base64\")",
		"gzinflate",        "zlib.decompress", "marshal.loads", "unpack('m",
		"unpack(\"m",       "pack('H",         "pack(\"H",      "str_rot13",
		"codecs.decode",    "fromCharCode",    "decode64",      "gzuncompress",
		"FromBase64String",
	};
	static const char *const runners[] = {
		"exec(",    "eval(",     "eval ",         "Function(", "assert(",    "os.system",
		"os.popen", "proc_open", "instance_eval", "passthru",  "shell_exec", "exec_module"};

	for (size_t i = 0; i < ARRAY_SIZE(tools); i++)
		if (is_run(text, tools[i]))
			return true;
	return has_any(text, LIST(decoders)) && has_any(text, LIST(runners));
}

static bool fetches(const char *text)
{
	static const char *const tools[] = {"curl ", "wget ", "fetch ", "lwp-request ", "lynx "};

	for (size_t i = 0; i < ARRAY_SIZE(tools); i++)
		if (is_run(text, tools[i]))
			return true;
	return false;
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

/* "-e sh", "-lvpe /bin/sh", "--sh-exec sh" */
static bool hands_out(const char *text)
{
	bool next = false;

	for (const char *at = skip_blanks(text); *at != '\0';) {
		size_t n = strcspn(at, " ");

		if (next && kind_of(at, n) == PROGRAM_SHELL)
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
	if (ties_shell(text) || (kind != PROGRAM_SHELL && ties_program(text)))
		return PROCCODE_REMOTE;
	if (decodes(text))
		return PROCCODE_DECODES;
	if (fetches(text))
		return PROCCODE_FETCHES;
	return is_encoded(text) ? PROCCODE_ENCODED : PROCCODE_PLAIN;
}
