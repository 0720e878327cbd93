/* SPDX-License-Identifier: Apache-2.0 */
/* Which paths variables and options lead interpreters and loaders to. */
#include "unit/cmocka_all.h"

#include <string.h>

#include "core/buf.h"
#include "core/cleanup.h"
#include "host/procleads.h"

static int write_down(void *payload, const struct procleads_lead *lead)
{
	struct buf *out = payload;

	(void)buf_append_str(out, lead->by);
	(void)buf_append_str(out, lead->is_search ? " in " : lead->is_module ? " as " : " is ");
	(void)buf_append(out, lead->path.data, lead->path.len);
	return buf_append_char(out, '\n');
}

static const struct {
	const char *variable, *leads;
} variables[] = {
	{"NODE_OPTIONS=--require /tmp/x.js", "NODE_OPTIONS as /tmp/x.js\n"},
	{"NODE_OPTIONS=--max-old-space-size=9 -r ./a --import=file:///b.mjs \"--loader\" c",
	 "NODE_OPTIONS as ./a\nNODE_OPTIONS as /b.mjs\nNODE_OPTIONS as c\n"},
	{"NODE_OPTIONS=--require", ""},
	{"NODE_OPTIONS=--requires=/x", ""},
	{"BASH_ENV=/tmp/rc", "BASH_ENV is /tmp/rc\n"},
	{"ENV=production", "ENV is production\n"},
	{"PYTHONPATH=/a::b:.", "PYTHONPATH in /a\nPYTHONPATH in b\nPYTHONPATH in .\n"},
	{"PYTHONSTARTUP=/a b", "PYTHONSTARTUP is /a b\n"},
	{"PERL5OPT=-w -I/x -Mstrict", "PERL5OPT in /x\n"},
	{"RUBYOPT=-r/tmp/x -W0 -I a:b", "RUBYOPT as /tmp/x\nRUBYOPT in a\nRUBYOPT in b\n"},
	{"JAVA_TOOL_OPTIONS=-Xmx1g -javaagent:/a.jar=port=1", "JAVA_TOOL_OPTIONS is /a.jar\n"},
	{"_JAVA_OPTIONS=-agentpath:/a.so -Dx=/b", "_JAVA_OPTIONS is /a.so\n"},
	{"JDK_JAVA_OPTIONS=-cp /a.jar:/lib/*",
	 "JDK_JAVA_OPTIONS in /a.jar\nJDK_JAVA_OPTIONS in /lib\n"},
	{"LD_LIBRARY_PATH=/a", "LD_LIBRARY_PATH in /a\n"},
	{"GCONV_PATH=.", "GCONV_PATH in .\n"},
	{"LUA_INIT=@/a.lua", "LUA_INIT is /a.lua\n"},
	{"LUA_INIT=print(1)", ""},
	{"LUA_PATH=/a/?.lua;;./?.lua;/b/x/?/init.lua",
	 "LUA_PATH in /a\nLUA_PATH in .\nLUA_PATH in /b/x\n"},
	{"GIT_SSH_COMMAND=/opt/h -i x", "GIT_SSH_COMMAND is /opt/h\n"},
	{"LESSOPEN=||/opt/h %s", "LESSOPEN is /opt/h\n"},
	{"EDITOR=vi", ""},
	{"PROMPT_COMMAND=", ""},
	{"LD_PRELOAD=/a.so", ""},
	{"PATH=/a", ""},
	{"XNODE_OPTIONS=-r /a", ""},
	{"NODE_OPTIONS", ""},
	{"NODE_OPTIONS=", ""},
};

static void variables_lead_to_paths(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(variables); i++) {
		CLEANUP(buf_clear) struct buf out = BUF_INIT(4096);
		const char *text = variables[i].variable;

		(void)buf_append_str(&out, "");
		assert_int_equal(
			procleads_variable((struct sl_bytes){text, strlen(text)}, write_down, &out),
			0);
		if (strcmp(out.data != NULL ? out.data : "", variables[i].leads) != 0)
			fail_msg("%s: %s", text, out.data);
	}
}

static void only_such_variables_are_asked_for(void **state)
{
	(void)state;
	assert_true(procleads_wants((struct sl_bytes){"LD_PRELOAD=/a", 13}));
	assert_true(procleads_wants((struct sl_bytes){"PYTHONHOME=/a", 13}));
	assert_false(procleads_wants((struct sl_bytes){"PYTHONHOME=", 11}));
	assert_false(procleads_wants((struct sl_bytes){"PASSWORD=abcd", 13}));
	assert_false(procleads_wants((struct sl_bytes){NULL, 0}));
}

#define ARGS(text)                                                                                 \
	{                                                                                          \
		(text), sizeof(text) - 1                                                           \
	}

static const struct {
	const char *exe;
	struct sl_bytes arguments;
	const char *leads;
} options[] = {
	{"/usr/bin/java", ARGS("java\0-javaagent:/a.jar\0-cp\0b.jar:/c/*\0Main\0-cp\0d"),
	 "-javaagent: is /a.jar\n-cp in b.jar\n-cp in /c\n"},
	{"/usr/bin/java", ARGS("java\0-jar\0/a.jar\0-cp\0b"), ""},
	{"/usr/bin/node", ARGS("node\0-r\0./a\0b.js\0-r\0c"), "-r as ./a\n"},
	{"/usr/bin/perl5.36", ARGS("perl\0-I/a\0-I\0b\0x"), "-I in /a\n-I in b\n"},
	{"/usr/bin/php8.2", ARGS("php\0-d\0auto_prepend_file=/a\0-dextension=b\0-dx=/y\0z"),
	 "-d as /a\n-d as b\n"},
	{"/bin/bash", ARGS("bash\0--rcfile\0/tmp/rc\0-i"), "--rcfile is /tmp/rc\n"},
	{"/bin/bash", ARGS("bash\0-o\0--rcfile\0--\0--rcfile\0x"), ""},
	{"/usr/bin/node", ARGS("node\0-r"), ""},
	{"/bin/cat", ARGS("cat\0-I\0/a"), ""},
	{"/usr/bin/node", {NULL, 0}, ""},
};

static void options_lead_to_paths_as_far_as_the_program_reads_them(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(options); i++) {
		CLEANUP(buf_clear) struct buf out = BUF_INIT(4096);

		assert_int_equal(
			procleads_arguments(options[i].arguments, options[i].exe, write_down, &out),
			0);
		if (strcmp(out.data != NULL ? out.data : "", options[i].leads) != 0)
			fail_msg("row %zu: %s", i, out.data != NULL ? out.data : "");
	}
}

static const struct {
	const char *text, *leads;
} codes[] = {
	{"bash -c . /a/x; true", "/a/x"},
	{"bash -c source '/a/x' && y", "/a/x"},
	{"sh -c eval \"$(cat /a/x)\"", "/a/x"},
	{"bash -c eval \"$(</a/x)\"", "/a/x"},
	{"python3 -c exec(open('/a/x').read())", "/a/x"},
	{"python3 -c import runpy;runpy.run_path(\"/a/x\")", "/a/x"},
	{"php -r include '/a/x'; require_once(\"/b\");", "/a/x /b"},
	{"perl -e do \"/a/x\"", "/a/x"},
	{"node -e vm.runInThisContext(fs.readFileSync('/a/x'))", "/a/x"},
	{"node -e require('/a/x')", "/a/x"},
	/* read or run otherwise, or not known which */
	{"sh -c cat /a/x", ""},
	{"python3 -c print(open('/a/x').read())", ""},
	{"sh -c while :; do /a/x; done", ""},
	{"sh -c exec /a/x", ""},
	{"sh -c . /a/$x", ""},
	{"sh -c . /a/*.sh", ""},
	{"sh -c tar -C /a/x -c .", ""},
	{"sh -c cp -r . /a/x", "/a/x"}, /* told, and no finding: a directory, or the image's */
	{"", ""},
	{"/", ""},
};

static int append_path(void *payload, const struct procleads_lead *lead)
{
	struct buf *out = payload;

	assert_true(lead->is_code && lead->may_lack);
	if (out->len > 0)
		(void)buf_append_char(out, ' ');
	return buf_append(out, lead->path.data, lead->path.len);
}

static void code_in_arguments_leads_to_what_it_loads(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(codes); i++) {
		CLEANUP(buf_clear) struct buf out = BUF_INIT(4096);
		const struct sl_bytes text = {codes[i].text, strlen(codes[i].text)};

		assert_int_equal(procleads_code(text, append_path, &out), 0);
		if (strcmp(out.data != NULL ? out.data : "", codes[i].leads) != 0)
			fail_msg("%s: %s", codes[i].text, out.data != NULL ? out.data : "");
	}
}

static int refuse(void *payload, const struct procleads_lead *lead)
{
	(void)lead;
	++*(int *)payload;
	return -7;
}

static void who_listens_may_stop(void **state)
{
	static const char text[] = "PYTHONPATH=/a:/b";
	int calls = 0;

	(void)state;
	assert_int_equal(procleads_variable((struct sl_bytes){text, strlen(text)}, refuse, &calls),
			 -7);
	assert_int_equal(calls, 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(variables_lead_to_paths),
		cmocka_unit_test(only_such_variables_are_asked_for),
		cmocka_unit_test(options_lead_to_paths_as_far_as_the_program_reads_them),
		cmocka_unit_test(code_in_arguments_leads_to_what_it_loads),
		cmocka_unit_test(who_listens_may_stop),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
