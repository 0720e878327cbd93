/* SPDX-License-Identifier: Apache-2.0 */
#include "diff/servercode.h"

#include <string.h>
#include <strings.h>

#include "core/cleanup.h"

/* ---- marks ---- */

/* What follows a mark: without it, a few bytes of random data are code now and then. */
enum after {
	AFTER_ANYTHING,
	AFTER_BLANK,     /* or the end of the file */
	AFTER_TEXT,      /* an expression, and bytes that people type */
	AFTER_DIRECTIVE, /* one of JSP or ASP.NET */
	AFTER_SCRIPTLET, /* an object that only JSP and ASP have; ERB and the like begin so, too */
};

/*
 * Each begins with '<'; letters of either case.
 * reference: PHP manual "PHP tags"; Jakarta Server Pages 3.0, JSP.1.10 and JSP.6; ASP.NET
 * "Code Declaration Blocks", "Text Template Directive Syntax".
 */
static const struct mark {
	const char *text;
	enum after after;
} marks[] = {
	{"<?php", AFTER_BLANK},
	{"<?=", AFTER_TEXT},
	{"<? ", AFTER_TEXT},
	{"<?\n", AFTER_TEXT},
	{"<?\r\n", AFTER_TEXT},
	{"<?\t", AFTER_TEXT},
	{"<%@", AFTER_DIRECTIVE},
	{"<%", AFTER_SCRIPTLET},
	{"<jsp:scriptlet", AFTER_ANYTHING},
	{"<jsp:declaration", AFTER_ANYTHING},
	{"<jsp:expression", AFTER_ANYTHING},
	{"<jsp:directive.", AFTER_ANYTHING},
	{"<script language=\"php\"", AFTER_ANYTHING},
	{"<script language='php'", AFTER_ANYTHING},
	{"<script language=php", AFTER_ANYTHING},
	{"<script runat=\"server\"", AFTER_ANYTHING},
	{"<script runat='server'", AFTER_ANYTHING},
	{"<script runat=server", AFTER_ANYTHING},
	{"<script language=\"c#\" runat", AFTER_ANYTHING},
	{"<script language=\"vb\" runat", AFTER_ANYTHING},
	{"<script language=\"jscript\" runat", AFTER_ANYTHING},
	{"<!--#exec ", AFTER_ANYTHING},
};

static bool is_blank(uint8_t c)
{
	return c == ' ' || (c >= '\t' && c <= '\r');
}

static bool is_typed(uint8_t c)
{
	return (c >= 0x20 && c < 0x7f) || is_blank(c);
}

static bool is_name(uint8_t c)
{
	return (c >= '0' && c <= '9') || ((c | 0x20) >= 'a' && (c | 0x20) <= 'z') || c == '_' ||
	       c == '\\';
}

static size_t skip_blanks(const uint8_t *at, size_t len)
{
	size_t n = 0;

	while (n < len && is_blank(at[n]))
		n++;
	return n;
}

/* A variable, a command in backquotes, or a call, and eight bytes that people type. */
static bool is_expression(const uint8_t *at, size_t len)
{
	size_t skipped = skip_blanks(at, len), name = 0;

	at += skipped;
	len -= skipped;
	if (len > 1 && *at == '@') {
		at++;
		len--;
	}
	while (name < len && is_name(at[name]))
		name++;
	if (len < 2 || (name > 0 ? name + 1 >= len || at[name] != '(' : *at != '$' && *at != '`'))
		return false;
	for (size_t i = 1; i < len && i <= name + 8; i++)
		if (!is_typed(at[i]))
			return false;
	return true;
}

static bool begins(const uint8_t *at, size_t len, const char *word)
{
	size_t n = strlen(word);

	return n <= len && strncasecmp((const char *)at, word, n) == 0;
}

static bool begins_any(const uint8_t *at, size_t len, const char *const *words)
{
	for (; *words != NULL; words++)
		if (begins(at, len, *words))
			return true;
	return false;
}

static bool is_directive(const uint8_t *at, size_t len)
{
	static const char *const words[] = {"page ",   "page\t",     "page\n",      "page\r",
					    "include", "language",   "import ",     "webhandler",
					    "control", "webservice", "master ",     "assembly ",
					    "taglib",  "codepage",   "application", NULL};
	size_t skipped = skip_blanks(at, len);

	return begins_any(at + skipped, len - skipped, words);
}

/* Up to the end of the scriptlet, or as far as a mark goes. */
static bool is_scriptlet(const uint8_t *at, size_t len)
{
	static const char *const words[] = {
		"getRuntime()",        "new ProcessBuilder", "request.getParameter",
		"request.getHeader",   "Request.Form",       "Request.Item",
		"Request.QueryString", "eval(Request",       "eval request",
		"execute(request",     "execute request",    "Server.CreateObject",
		"Process.Start(",      "CreateObject(\"WSc", NULL};
	size_t most = len < SERVERCODE_MARK_MAX / 2 ? len : SERVERCODE_MARK_MAX / 2;
	const uint8_t *end = memmem(at, most, "%>", 2);

	most = end != NULL ? (size_t)(end - at) : most;
	for (size_t i = 0; i < most; i++)
		if ((at[i] == 'g' || (at[i] | 0x20) == 'r' || (at[i] | 0x20) == 's' ||
		     at[i] == 'n' || at[i] == 'P' || (at[i] | 0x20) == 'e' ||
		     (at[i] | 0x20) == 'c') &&
		    begins_any(at + i, len - i, words))
			return true;
	return false;
}

/* @len: what is left behind the mark; nothing more comes when it is short. */
static bool follows(enum after after, const uint8_t *at, size_t len)
{
	switch (after) {
	case AFTER_BLANK:
		return len == 0 || is_blank(*at);
	case AFTER_TEXT:
		return is_expression(at, len);
	case AFTER_DIRECTIVE:
		return is_directive(at, len);
	case AFTER_SCRIPTLET:
		return is_scriptlet(at, len);
	case AFTER_ANYTHING:
		break;
	}
	return true;
}

static bool is_code(const uint8_t *at, size_t len)
{
	for (size_t i = 0; i < ARRAY_SIZE(marks); i++) {
		const char *text = marks[i].text;
		size_t n;

		/* in what is packed, most are none by the second byte, whatever its case */
		if (len < 2 || (at[1] | 0x20) != (text[1] | 0x20))
			continue;
		n = strlen(text);
		if (begins(at, len, text) && follows(marks[i].after, at + n, len - n))
			return true;
	}
	return false;
}

/*
 * Servers read UTF-16 as well: Tomcat by its byte order mark, PHP where it was built for that. In
 * either byte order zeros follow the '<' and stand between the letters.
 */
static bool is_wide_code(const uint8_t *at, size_t len)
{
	uint8_t narrow[SERVERCODE_MARK_MAX / 2] = {'<'};
	size_t n = 1;

	if (len < 4 || at[1] != 0 || at[3] != 0)
		return false;
	for (size_t i = 2; n < sizeof(narrow) && i < len && at[i - 1] == 0; i += 2)
		narrow[n++] = at[i];
	return is_code(narrow, n);
}

bool servercode_at(const uint8_t *at, size_t len)
{
	return is_code(at, len) || is_wide_code(at, len);
}

/* ---- what the code does ---- */

#define ARGUMENT_MAX 96 /* bytes behind the bracket that are looked at */

/* What runs code or a command, and what must stand in its brackets to be no ordinary use of it. */
static const struct runner {
	const char *name;
	bool unpacks; /* also what was packed, not only what a request brings */
} runners[] = {
	{"eval", true},        {"assert", true},          {"create_function", true},
	{"system", false},     {"exec", false},           {"shell_exec", false},
	{"passthru", false},   {"popen", false},          {"proc_open", false},
	{"pcntl_exec", false}, {"processbuilder", false}, {"defineclass", true},
	{"execute", false},    {"executeglobal", false},
};

static const char *const requests[] = {"$_get",    "$_post",      "$_request",     "$_cookie",
				       "$_server", "$_files",     "request.",      "request(",
				       "request[", "php://input", "getallheaders", NULL};
static const char *const packers[] = {"base64_decode",
				      "gzinflate",
				      "gzuncompress",
				      "gzdecode",
				      "str_rot13",
				      "hex2bin",
				      "strrev",
				      "convert_uudecode",
				      "base64decoder",
				      "b64decode",
				      "frombase64string",
				      "getdecoder",
				      NULL};

/* The call's argument in small letters, as far as it is looked at: to the end of the statement. */
static void take_argument(char out[ARGUMENT_MAX + 1], const uint8_t *at, size_t len)
{
	size_t n = 0;

	for (; n < len && n < ARGUMENT_MAX && at[n] != ';' && at[n] != '\n' && at[n] != '\0'; n++)
		out[n] = (char)(at[n] >= 'A' && at[n] <= 'Z' ? at[n] | 0x20 : at[n]);
	out[n] = '\0';
}

static bool has_any(const char *text, const char *const *words)
{
	for (; *words != NULL; words++)
		if (strstr(text, *words) != NULL)
			return true;
	return false;
}

static const struct runner *find_runner(const uint8_t *name, size_t len)
{
	for (size_t i = 0; i < ARRAY_SIZE(runners); i++)
		if (strlen(runners[i].name) == len &&
		    strncasecmp((const char *)name, runners[i].name, len) == 0)
			return &runners[i];
	return NULL;
}

/* $_GET[0]($_GET[1]): the function itself is what was sent. @end is behind its ']'. */
static bool is_sent_function(const uint8_t *from, const uint8_t *end)
{
	static const char *const sent[] = {"$_get[", "$_post[", "$_request[", "$_cookie[", NULL};
	size_t room = (size_t)(end - from), most = room < 32 ? room : 32;
	const uint8_t *at = memmem(end - most, most, "$_", 2);

	return at != NULL && begins_any(at, (size_t)(end - at), sent);
}

static bool is_telling_call(const uint8_t *from, const uint8_t *bracket, const uint8_t *end)
{
	char argument[ARGUMENT_MAX + 1];
	const uint8_t *name_end = bracket, *name;
	const struct runner *r;

	while (name_end > from && is_blank(name_end[-1]))
		name_end--;
	if (name_end > from && name_end[-1] == ']')
		return is_sent_function(from, name_end);
	for (name = name_end; name > from && is_name(name[-1]) && name_end - name < 24; name--)
		;
	r = find_runner(name, (size_t)(name_end - name));
	if (r == NULL)
		return false;
	take_argument(argument, bracket + 1, (size_t)(end - bracket - 1));
	return has_any(argument, requests) || (r->unpacks && has_any(argument, packers));
}

bool servercode_runs_input(const void *bytes, size_t len)
{
	const uint8_t *from = bytes, *at = from, *end = len > 0 ? from + len : from;

	while (at < end) {
		at = memchr(at, '(', (size_t)(end - at));
		if (at == NULL)
			return false;
		if (is_telling_call(from, at, end))
			return true;
		at++;
	}
	return false;
}
