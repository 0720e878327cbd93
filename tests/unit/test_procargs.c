/* SPDX-License-Identifier: Apache-2.0 */
/* Which argument an interpreter takes for its script, and lines of mappings. */
#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

#include "core/cleanup.h"
#include "host/procargs.h"
#include "host/procmaps.h"

/* Arguments as they stand in /proc, without the NUL behind the last, which may be missing. */
#define ARGS(text)                                                                                 \
	{                                                                                          \
		(text), sizeof(text) - 1                                                           \
	}

static const struct {
	const char *what, *exe;
	struct sl_bytes arguments;
	const char *script; /* NULL: none */
} scripts[] = {
	{"a shell's script", "/bin/dash", ARGS("sh\0/tmp/x.sh\0a"), "/tmp/x.sh"},
	{"behind options", "/bin/bash", ARGS("bash\0-ex\0/tmp/x.sh"), "/tmp/x.sh"},
	{"behind an option with a value", "/bin/bash", ARGS("bash\0-eo\0pipefail\0x"), "x"},
	{"behind a plus", "/bin/bash", ARGS("bash\0+x\0x"), "x"},
	{"behind two dashes", "/bin/bash", ARGS("bash\0--\0-x"), "-x"},
	{"a command is no script", "/bin/bash", ARGS("bash\0-c\0/tmp/x.sh"), NULL},
	{"nor in a cluster", "/bin/bash", ARGS("bash\0-lxc\0/tmp/x.sh"), NULL},
	{"a shell that reads its input", "/bin/bash", ARGS("bash\0-s"), NULL},
	{"a log-in shell", "/bin/bash", ARGS("-bash"), NULL},
	{"by its long option", "/bin/bash", ARGS("bash\0--rcfile\0/a\0x"), "x"},
	{"python", "/usr/bin/python3.11", ARGS("python3\0-u\0app.py\0x.py"), "app.py"},
	{"python's values", "/usr/bin/python3", ARGS("python3\0-W\0ignore\0-Xdev\0a.py"), "a.py"},
	{"python's attached value has no letters", "/usr/bin/python3",
	 ARGS("python3\0-Wonce\0a.py"), "a.py"},
	{"a module", "/usr/bin/python3", ARGS("python3\0-m\0http.server"), NULL},
	{"isolated, a command", "/usr/bin/python3", ARGS("python3\0-Ic\0import x"), NULL},
	{"perl", "/usr/bin/perl", ARGS("perl\0-w\0-I\0/lib\0x.pl"), "x.pl"},
	{"perl's one line", "/usr/bin/perl", ARGS("perl\0-lane\0print"), NULL},
	{"node", "/usr/bin/node", ARGS("node\0--require\0./a.js\0--flag\0b.js"), "b.js"},
	{"node's expression", "/usr/bin/node", ARGS("node\0--eval\0x"), NULL},
	{"a shell that the loader starts", "/usr/lib/x86_64-linux-gnu/ld-linux-x86-64.so.2",
	 ARGS("ld.so\0--preload\0/x.so\0/usr/bin/bash\0/srv/c"), "/srv/c"},
	{"the loader without a script", "/lib/ld-musl-x86_64.so.1", ARGS("ld\0/usr/bin/id\0x"),
	 NULL},
	{"the loader alone", "/lib/ld-musl-x86_64.so.1", ARGS("ld\0--audit"), NULL},
	{"gawk by a long option", "/usr/bin/gawk", ARGS("gawk\0--file=/a.awk\0x"), "/a.awk"},
	{"gawk by another", "/usr/bin/gawk", ARGS("gawk\0-v\0a=1\0--file\0/a.awk"), "/a.awk"},
	{"gawk as scripts say it", "/usr/bin/gawk", ARGS("gawk\0-E\0/a.awk"), "/a.awk"},
	{"php by its option", "/usr/bin/php8.2", ARGS("php\0-f\0x.php"), "x.php"},
	{"busybox by its name", "/bin/busybox", ARGS("sh\0x.sh"), "x.sh"},
	{"busybox by its first argument", "/bin/busybox", ARGS("busybox\0ash\0x.sh"), "x.sh"},
	{"a log-in shell of busybox", "/bin/busybox", ARGS("-sh\0x.sh"), "x.sh"},
	{"busybox as something else", "/bin/busybox", ARGS("sleep\0x.sh"), NULL},
	{"not an interpreter", "/usr/sbin/nginx", ARGS("nginx\0x.sh"), NULL},
	{"what only starts like one", "/usr/sbin/php-fpm8.2", ARGS("php-fpm\0x"), NULL},
	{"an empty argument", "/bin/sh", ARGS("sh\0\0x"), NULL},
	{"no arguments", "/bin/sh", {NULL, 0}, NULL},
	{"an archive of Java", "/usr/lib/jvm/bin/java",
	 ARGS("java\0-Xmx1g\0-cp\0a.jar\0-jar\0x.jar\0y"), "x.jar"},
	{"a class of Java", "/usr/bin/java", ARGS("java\0-cp\0a.jar\0Main\0-jar\0x.jar"), NULL},
	{"a source of Java", "/usr/bin/java", ARGS("java\0--add-opens\0a/b=c\0x.java"), "x.java"},
	{"a module of Java", "/usr/bin/java", ARGS("java\0-p\0mods\0-m\0a/b.Main"), NULL},
	{"deno's command", "/usr/bin/deno", ARGS("deno\0run\0-A\0x.ts"), "x.ts"},
	{"a script called run", "/bin/sh", ARGS("sh\0run"), "run"},
	{"an option without its value", "/bin/sh", ARGS("sh\0-o"), NULL},
};

static void an_interpreters_script_is_its_first_word_that_is_no_option(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(scripts); i++) {
		struct sl_bytes found = {0};
		bool has = procargs_script(scripts[i].arguments, scripts[i].exe, &found);

		if (has != (scripts[i].script != NULL) ||
		    (has && (found.len != strlen(scripts[i].script) ||
			     memcmp(found.data, scripts[i].script, found.len) != 0)))
			fail_msg("%s: '%.*s'", scripts[i].what, (int)found.len,
				 found.data != NULL ? found.data : "");
	}
}

static const struct {
	const char *exe;
	struct sl_bytes arguments;
	bool is_input;
} inputs[] = {
	{"/bin/bash", ARGS("bash"), true},
	{"/bin/bash", ARGS("-bash"), true},
	{"/bin/bash", ARGS("bash\0-s"), true},
	{"/bin/bash", ARGS("bash\0-"), true},
	{"/bin/bash", ARGS("bash\0-s\0--\0x"), true},
	{"/bin/dash", ARGS("sh\0-es\0disksup"), true},
	{"/bin/dash", ARGS("sh\0-sc\0id"), false},
	{"/usr/bin/python3", ARGS("python3\0-s\0x.py"), false},
	{"/usr/bin/python3", ARGS("python3\0-\0x"), true},
	{"/bin/bash", ARGS("bash\0-c\0id"), false},
	{"/bin/bash", ARGS("bash\0x.sh"), false},
	{"/usr/bin/python3", ARGS("python3\0-m\0x"), false},
	{"/bin/cat", ARGS("cat"), false},
	{"/bin/busybox", ARGS("busybox"), false},
	{"/bin/busybox", ARGS("busybox\0sh"), true},
};

static void an_interpreter_without_a_script_reads_its_input(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(inputs); i++)
		if (procargs_reads_input(inputs[i].arguments, inputs[i].exe) != inputs[i].is_input)
			fail_msg("row %zu: %s", i, inputs[i].exe);
	assert_true(procargs_is_interpreter(inputs[9].arguments, "/bin/bash"));
	assert_false(procargs_is_interpreter(inputs[12].arguments, "/bin/cat"));
}

static const struct {
	const char *exe;
	struct sl_bytes arguments;
	const char *module; /* NULL: none */
	bool is_code;
} kinds[] = {
	{"/usr/bin/python3.11", ARGS("python3\0-m\0http.server\0-m"), "http.server", false},
	{"/usr/bin/python3", ARGS("python3\0-um\0job"), "job", false},
	{"/usr/bin/python3", ARGS("python3\0-Imjob"), "job", false},
	{"/usr/bin/python3", ARGS("python3\0-m"), NULL, false},
	{"/usr/bin/python3", ARGS("python3\0-c\0import m"), NULL, true},
	{"/usr/bin/python3", ARGS("python3\0x.py\0-m\0y"), NULL, false},
	{"/bin/sh", ARGS("sh\0-m\0x"), NULL, false},
	{"/bin/sh", ARGS("sh\0-ec\0x"), NULL, true},
	{"/usr/bin/busybox", ARGS("nc\0-e\0sh"), NULL, true},
	{"/usr/bin/busybox", ARGS("busybox\0nc\0-e\0sh"), NULL, true},
	{"/usr/bin/socat", ARGS("socat\0-"), NULL, true},
	{"/usr/bin/ncdu", ARGS("ncdu"), NULL, false},
	{"/bin/cat", ARGS("cat\0-c"), NULL, false},
};

static void modules_and_code_are_told_from_files(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(kinds); i++) {
		struct sl_bytes module = {0};
		bool has = procargs_module(kinds[i].arguments, kinds[i].exe, &module);

		if (has != (kinds[i].module != NULL) ||
		    (has && (module.len != strlen(kinds[i].module) ||
			     memcmp(module.data, kinds[i].module, module.len) != 0)) ||
		    procargs_is_code(kinds[i].arguments, kinds[i].exe) != kinds[i].is_code)
			fail_msg("row %zu", i);
	}
}

static const struct {
	struct sl_bytes arguments;
	const char *head;
	bool is_run;
} first_lines[] = {
	{ARGS("/opt/tcl\0/x"), "#!/opt/tcl\nputs", true},
	{ARGS("/opt/tcl\0-q\0/x"), "#! /opt/tcl -q\n", true},
	{ARGS("/opt/tcl\0/x"), "#!/opt/tcl8\n", false},
	{ARGS("/opt/tcl8\0/x"), "#!/opt/tcl\n", false},
	{ARGS("cat\0/x"), "#!/opt/tcl\n", false},
	{ARGS("\0/x"), "#!\n", false},
	{ARGS("/opt/tcl\0/x"), "/opt/tcl\n", false},
	{ARGS("/opt/tcl\0/x"), "#!", false},
};

static void a_script_names_who_ran_it(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(first_lines); i++)
		if (procargs_is_shebang(first_lines[i].arguments, first_lines[i].head,
					strlen(first_lines[i].head)) != first_lines[i].is_run)
			fail_msg("%s", first_lines[i].head);
}

static void a_variable_is_found_by_its_whole_name(void **state)
{
	struct sl_bytes env =
		ARGS("XLD_PRELOAD=/a\0LD_PRELOADX=/b\0LD_PRELOAD=\0LD_PRELOAD=/c\0Z=1");
	struct sl_bytes found = procargs_variable(env, "LD_PRELOAD");

	(void)state;
	assert_int_equal(found.len, strlen("LD_PRELOAD=/c"));
	assert_memory_equal(found.data, "LD_PRELOAD=/c", found.len);
	assert_null(procargs_variable(env, "LD_AUDIT").data);
	assert_null(procargs_variable((struct sl_bytes){0}, "LD_AUDIT").data);
}

static void arguments_are_joined_as_far_as_there_is_room(void **state)
{
	struct buf wide = BUF_INIT(100), narrow = BUF_INIT(6);
	struct sl_bytes arguments = ARGS("ab\0\0cdef\0");

	(void)state;
	procargs_join(&wide, arguments);
	procargs_join(&narrow, arguments);
	assert_string_equal(wide.data, "ab  cdef");
	assert_string_equal(narrow.data, "ab  cd");
	buf_clear(&wide);
	buf_clear(&narrow);
}

static const struct {
	const char *line;
	int rc;
	uint64_t start, inode;
	bool is_executable;
	const char *path;
} lines[] = {
	{"55bb7fbc3000-55bb7fbc8000 r-xp 00002000 00:28 10977474       /bin/a b", 0, 0x55bb7fbc3000,
	 10977474, true, "/bin/a b"},
	{"7fff0000-7fff1000 rw-p 00000000 00:00 0 ", 0, 0x7fff0000, 0, false, ""},
	{"7fff0000-7fff1000 --xp 00000000 00:00 0    [vsyscall]", 0, 0x7fff0000, 0, true,
	 "[vsyscall]"},
	{"1-2 r-xs 0 fe:01 18446744073709551615 /x (deleted)", 0, 1, UINT64_MAX, true,
	 "/x (deleted)"},
	{"1-2 r-xs 0 fe:01 18446744073709551616 /x", -SL_EFORMAT, 0, 0, false, NULL},
	{"1-2 r-x 0 fe:01 1 /x", -SL_EFORMAT, 0, 0, false, NULL},
	{"1-2 r-xp 0 fe:01 1", -SL_EFORMAT, 0, 0, false, NULL},
	{"1 2 r-xp 0 fe:01 1 /x", -SL_EFORMAT, 0, 0, false, NULL},
	{"Size:                  8 kB", -SL_EFORMAT, 0, 0, false, NULL},
};

static void lines_of_mappings_are_read(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(lines); i++) {
		struct sl_bytes rest = {lines[i].line, strlen(lines[i].line)};
		struct procmaps_row row;
		int rc = procmaps_next(&rest, &row, NULL);

		if (rc != lines[i].rc || rest.len != 0)
			fail_msg("%s: %d", lines[i].line, rc);
		if (rc == 0 && (row.start != lines[i].start || row.inode != lines[i].inode ||
				row.is_executable != lines[i].is_executable ||
				row.path.len != strlen(lines[i].path) ||
				memcmp(row.path.data, lines[i].path, row.path.len) != 0))
			fail_msg("%s", lines[i].line);
		assert_int_equal(procmaps_next(&rest, &row, NULL), 1);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(an_interpreters_script_is_its_first_word_that_is_no_option),
		cmocka_unit_test(an_interpreter_without_a_script_reads_its_input),
		cmocka_unit_test(modules_and_code_are_told_from_files),
		cmocka_unit_test(a_script_names_who_ran_it),
		cmocka_unit_test(a_variable_is_found_by_its_whole_name),
		cmocka_unit_test(arguments_are_joined_as_far_as_there_is_room),
		cmocka_unit_test(lines_of_mappings_are_read),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
