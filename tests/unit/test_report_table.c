/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "core/cleanup.h"
#include "report/fold.h"
#include "unit/fake_source.h"
#include "unit/sample_run.h"

#define OUTPUT CLEANUP(buf_clear) struct buf out = BUF_INIT((size_t)64 << 20)

static void dump(const char *text)
{
	printf("%s", text);
}

static void x(void **state)
{
	OUTPUT;
	(void)state;
	sample_report(&out, report_table, NULL, &(struct sample){.alike = 5000});
	dump(out.data);
	buf_reset(&out);
	sample_report(
		&out, report_table,
		&(struct report_options){
			.show_explained = true, .show_touched = true, .width = 80, .colour = true},
		&(struct sample){.gaps = 30, .quick = true});
	dump(out.data);
	buf_reset(&out);
	sample_report(&out, report_json, NULL, &(struct sample){.containers = 2});
	dump(out.data);
	buf_reset(&out);
	sample_report(&out, report_jsonl, NULL, &(struct sample){.containers = 2});
	dump(out.data);
}
int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(x)};

	return cmocka_run_group_tests_name("report table", tests, NULL, NULL);
}
