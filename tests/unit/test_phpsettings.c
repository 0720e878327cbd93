/* SPDX-License-Identifier: Apache-2.0 */
/* What a page may say and still be settings; and what a template may have filled in. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <string.h>

#include "core/cleanup.h"
#include "diff/phpsettings.h"

static struct sl_bytes bytes(const char *text)
{
	return (struct sl_bytes){text, strlen(text)};
}

static void values_alone_are_settings(void **state)
{
	static const char *const pages[] = {
		"<?php\n$CONFIG = array (\n  'dbhost' => 'db:3306',\n  'port' => 80,\n);\n",
		"<?php\n// made at the start\n$cfg['secret'] = 'a;b$c\\'d';\n?>\n",
		"<?php /* two\nlines */ return [ 'debug' => false, 'list' => [1, 0x1F] ];",
		"<?php\ndefine( 'DB_NAME' , \"shop\" );\n# done",
		"<?php\n$root = __DIR__ . '/data';\n",
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(pages); i++)
		if (!phpsettings_only(bytes(pages[i])))
			fail_msg("no settings: %s", pages[i]);
}

static void whatever_could_act_is_no_setting(void **state)
{
	static const char *const pages[] = {
		"<?php\nsystem('id');",
		"<?php\n$f = 'system'; $f('id');",
		"<?php\n'system'('id');",
		"<?php\n['a', 'b']('id');",
		"<?php\n$a['f']('id');",
		"<?php\n(define)('A', 'b');",
		"<?php\ndefine('A', system('id'));",
		"<?php\n$a = `id`;",
		"<?php\n$a = \"{$b['c']}\";",
		"<?php\n$a = \"${b}\";",
		"<?php\n$$a = 'b';",
		"<?php\ninclude 'a';",
		"<?php\n$a = <<<A\nid\nA;",
		"<?php\n$a->b = 'c';",
		"<?php\n$a = \\system;",
		"<?php\necho 'a';",
		"<?php\n#[A('b')]\n$a = 1;",
		"<?php\n// a ?> <?php system('id');",
		"<?php\n// a\rsystem('id');",
		"<?php\n# a\rsystem('id');\n",
		"<?php\n$a = 1; ?>\n<script>",
		"<?php\n$a = 'b ?> c';",
		"<?php\n$a = 'b",
		"<?php\n/* no end",
		"<?php",
		"<?phpx",
		"<?= 1 ?>",
		"text <?php\n$a = 1;",
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(pages); i++)
		if (phpsettings_only(bytes(pages[i])))
			fail_msg("settings: %s", pages[i]);
	assert_false(phpsettings_only((struct sl_bytes){"<?php\n\0$a = 1;", 14}));
	assert_false(phpsettings_only((struct sl_bytes){NULL, 0}));
}

#define TEMPLATE                                                                                   \
	"<?php\n"                                                                                  \
	"define( 'DB_NAME', 'database name here' );\n"                                             \
	"define('KEY', env('KEY', 'your phrase here') );\n"                                        \
	"add('init', 'trim');\n"                                                                   \
	"require_once ABSPATH . 'settings.php';\n"
#define RANDOM "0123456789abcdef0123456789abcdef01234567"

static const struct filled {
	const char *page;
	bool is_filled;
} pages[] = {
	{"<?php\ndefine( 'DB_NAME', 'shop' );\ndefine('KEY', env('KEY', '" RANDOM "') );\n"
	 "add('init', 'trim');\nrequire_once ABSPATH . 'settings.php';\n",
	 true},
	{"<?php\ndefine( 'DB_NAME', 'shop' );\ndefine('KEY', env('KEY', '" RANDOM "') );\n"
	 "add('init', 'trim');\nrequire_once ABSPATH . '" RANDOM "';\n",
	 false},
	/* nothing filled in is a copy, not this */
	{TEMPLATE, false},
	/* a short value where it is no constant's */
	{"<?php\ndefine( 'DB_NAME', 'shop' );\ndefine('KEY', env('KEY', 'system') );\n"
	 "add('init', 'trim');\nrequire_once ABSPATH . 'settings.php';\n",
	 false},
	{"<?php\ndefine( 'DB_NAME', 'database name here' );\n"
	 "define('KEY', env('KEY', 'your phrase here') );\nadd('init', 'system');\n"
	 "require_once ABSPATH . 'settings.php';\n",
	 false},
	{"<?php\ndefine( 'DB_NAME', 'database name here' );\n"
	 "define('KEY', env('KEY', 'your phrase here') );\nadd('init', 'trim');\n"
	 "require_once ABSPATH . '/tmp/a.php';\n",
	 false},
	/* another constant */
	{"<?php\ndefine( 'DB_HOST', 'database name here' );\n"
	 "define('KEY', env('KEY', 'your phrase here') );\nadd('init', 'trim');\n"
	 "require_once ABSPATH . 'settings.php';\n",
	 false},
	/* what ends the value, a comment or the page */
	{"<?php\ndefine( 'DB_NAME', 'a'.system('id').'b' );\n"
	 "define('KEY', env('KEY', 'your phrase here') );\nadd('init', 'trim');\n"
	 "require_once ABSPATH . 'settings.php';\n",
	 false},
	{"<?php\ndefine( 'DB_NAME', 'a*/system(1);' );\n"
	 "define('KEY', env('KEY', 'your phrase here') );\nadd('init', 'trim');\n"
	 "require_once ABSPATH . 'settings.php';\n",
	 false},
	{"<?php\ndefine( 'DB_NAME', 'a\\' );\n"
	 "define('KEY', env('KEY', 'your phrase here') );\nadd('init', 'trim');\n"
	 "require_once ABSPATH . 'settings.php';\n",
	 false},
	/* a line more, a line less, code behind the value */
	{"<?php\ndefine( 'DB_NAME', 'shop' );\ndefine('KEY', env('KEY', 'your phrase here') );\n"
	 "add('init', 'trim');\nrequire_once ABSPATH . 'settings.php';\nsystem('id');\n",
	 false},
	{"<?php\ndefine( 'DB_NAME', 'shop' );\n", false},
	{"<?php\ndefine( 'DB_NAME', 'shop' ); id();\n"
	 "define('KEY', env('KEY', 'your phrase here') );\nadd('init', 'trim');\n"
	 "require_once ABSPATH . 'settings.php';\n",
	 false},
	{"", false},
};

static void a_template_has_nothing_but_values_filled_in(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(pages); i++)
		if (phpsettings_filled_in(bytes(TEMPLATE), bytes(pages[i].page)) !=
		    pages[i].is_filled)
			fail_msg("page %zu: %s", i, pages[i].page);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(values_alone_are_settings),
		cmocka_unit_test(whatever_could_act_is_no_setting),
		cmocka_unit_test(a_template_has_nothing_but_values_filled_in),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
