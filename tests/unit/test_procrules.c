/* SPDX-License-Identifier: Apache-2.0 */
/* Processes that pass for threads of the kernel. */
#include "unit/cmocka_all.h"

#include "core/cleanup.h"
#include "job/procrules.h"

static const struct {
	const char *name, *command;
	bool is_kernel;
} rows[] = {
	{"sleep", "[kworker/0:1] 90", true},
	{"kworker/u8:2", "python3 -", true},
	{"[rcu_sched]", "[rcu_sched]", true},
	{"kswapd0", "", true},
	{"[", "[ -f /x ]", false}, /* test(1) */
	{"bash", "bash -c [x]", false},
	{"sshd", "sshd: root [priv]", false},
	{"workerd", "workerd", false},
	{NULL, NULL, false},
};

static void names_of_kernel_threads_are_known(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++)
		if (procrule_is_kernel_name(rows[i].name, rows[i].command) != rows[i].is_kernel)
			fail_msg("row %zu: %s", i, rows[i].command);
}

static void servers_that_command_shells_are_known(void **state)
{
	(void)state;
	assert_true(procrule_is_server("php-fpm8.2"));
	assert_true(procrule_is_server("apache2"));
	assert_true(procrule_is_server("nc.openbsd"));
	assert_false(procrule_is_server("ncdu"));
	assert_false(procrule_is_server("beam.smp"));
	assert_false(procrule_is_server(NULL));
}

static void every_rule_has_an_id_and_a_reason(void **state)
{
	(void)state;
	for (int i = 0; i < PROCRULES; i++) {
		const struct procrule *rule = procrule((enum procrule_id)i);

		assert_non_null(rule->id);
		assert_non_null(rule->reason);
		assert_true(rule->attack[0] != NULL || rule->severity == SL_SEVERITY_INFO);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(names_of_kernel_threads_are_known),
		cmocka_unit_test(servers_that_command_shells_are_known),
		cmocka_unit_test(every_rule_has_an_id_and_a_reason),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
