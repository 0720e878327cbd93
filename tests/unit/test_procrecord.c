/* SPDX-License-Identifier: Apache-2.0 */
/* What a process says of itself, and what a `proc` record makes of it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "core/cleanup.h"
#include "core/json.h"
#include "host/procstatus.h"
#include "job/procrecord.h"

static const char status[] = "Name:\tx\nState:\tS (sleeping)\nTgid:\t4711\nPid:\t4711\nPPid:\t1\n"
			     "TracerPid:\t12\nUid:\t1000\t0\t0\t1000\nGid:\t5\t5\t5\t5\n"
			     "Groups:\t4 24 27 \nNSpid:\t4711\t12\t1\nThreads:\t3\n"
			     "CapInh:\t0000000000000000\nCapPrm:\t00000000a80425fb\n"
			     "CapEff:\t00000000a80425fb\nCapBnd:\t000001ffffffffff\n"
			     "CapAmb:\t0000000000000000\nNoNewPrivs:\t1\nSeccomp:\t2\n";

static void a_status_is_understood(void **state)
{
	struct procstatus s;

	(void)state;
	assert_int_equal(procstatus_parse(&s, status, sizeof(status) - 1, NULL), 0);
	assert_int_equal(s.pid, 4711);
	assert_int_equal(s.state, 'S');
	assert_int_equal(s.tracer, 12);
	assert_true(s.has_ids && s.uid[0] == 1000 && s.uid[1] == 0 && s.uid[3] == 1000);
	assert_int_equal(s.gid[2], 5);
	assert_int_equal(s.group_count, 3);
	assert_int_equal(s.groups[2], 27);
	assert_int_equal(s.inner_count, 3);
	assert_int_equal(s.inner[1], 12);
	assert_true(s.has_caps && s.caps[1] == 0xa80425fb && s.caps[3] == 0x1ffffffffff);
	assert_int_equal(s.no_new_privs, 1);
	assert_int_equal(s.seccomp, 2);
	assert_int_equal(s.threads, 3);
}

static void what_a_status_lacks_is_not_made_up(void **state)
{
	struct procstatus s;
	static const char some[] = "Pid:\t1\nUid:\t0\t0\t0\nCapEff:\t00000000a80425fb\nNSpid:\n";

	(void)state;
	assert_int_equal(procstatus_parse(&s, some, sizeof(some) - 1, NULL), 0);
	assert_false(s.has_ids);
	assert_false(s.has_caps);
	assert_int_equal(s.inner_count, 0);
	assert_int_equal(s.seccomp, -1);
	assert_int_equal(procstatus_parse(&s, "Name:\tPid:\t1\n", 13, NULL), -SL_EFORMAT);
	assert_int_equal(procstatus_parse(&s, "", 0, NULL), -SL_EFORMAT);
}

static void record_freep(struct procrecord *r)
{
	procrecord_clear(r);
}

static void take(struct procrecord *r, const char *name, const char *text, size_t len)
{
	assert_int_equal(procrecord_take(r, name, (struct sl_bytes){text, len}, NULL), 0);
}

/* The record as a document. */
static struct jval *document(const struct procrecord *r)
{
	CLEANUP(buf_clear) struct buf members = BUF_INIT(1);
	CLEANUP(buf_clear) struct buf text = BUF_INIT((size_t)1 << 20);
	struct jval *doc = NULL;

	assert_int_equal(procrecord_members(&members, r, NULL), 0);
	assert_true(members.len < ((size_t)63 << 10));
	assert_int_equal(buf_printf(&text, "{%s}", members.data), 0);
	assert_int_equal(jval_parse(&doc, text.data, text.len, NULL), 0);
	return doc;
}

static void a_record_names_variables_without_their_values(void **state)
{
	static const char args[] = "/bin/sh\0-c\0x", env[] = "PATH=/bin\0SECRET=hunter2\0junk\0A=";
	const struct host_member member = {.pid = 4711, .start = 100};
	CLEANUP(record_freep) struct procrecord r;

	(void)state;
	procrecord_init(&r);
	r.member = &member;
	take(&r, "status", status, sizeof(status) - 1);
	take(&r, "comm", "x\n", 2);
	take(&r, "cmdline", args, sizeof(args));
	take(&r, "environ", env, sizeof(env));
	{
		AUTO_JVAL struct jval *doc = document(&r);
		CLEANUP(buf_clear) struct buf text = BUF_INIT((size_t)1 << 16);

		assert_int_equal(jval_dump(jval_get(doc, "argv"), &text, NULL), 0);
		assert_string_equal(text.data, "[\"/bin/sh\",\"-c\",\"x\"]");
		buf_reset(&text);
		assert_int_equal(jval_dump(jval_get(doc, "env"), &text, NULL), 0);
		assert_string_equal(text.data, "[\"PATH\",\"SECRET\",\"A\"]");
		assert_string_equal(jval_str(jval_get(doc, "comm")), "x");
		assert_string_equal(jval_str(jval_path(doc, "caps", "effective", NULL)),
				    "00000000a80425fb");
		buf_reset(&text);
		assert_int_equal(jval_dump(doc, &text, NULL), 0);
		assert_null(strstr(text.data, "hunter2"));
	}
}

static void a_record_of_control_characters_still_fits(void **state)
{
	const struct host_member member = {.pid = 1};
	CLEANUP(record_freep) struct procrecord r;
	char *junk = malloc(1 << 20);

	(void)state;
	procrecord_init(&r);
	r.member = &member;
	memset(junk, 1, 1 << 20);
	take(&r, "cmdline", junk, 1 << 20);
	take(&r, "environ", junk, 1 << 20);
	take(&r, "comm", junk, 1 << 20);
	take(&r, "wchan", junk, 1 << 20);
	assert_int_equal(procrecord_cover(&r, (struct sl_bytes){junk, 1 << 20}, NULL), 0);
	assert_int_equal(buf_append(&r.exe.text, junk, 4096), 0);
	assert_int_equal(buf_append(&r.cwd.text, junk, 4096), 0);
	assert_int_equal(buf_append(&r.root.text, junk, 4096), 0);
	{
		AUTO_JVAL struct jval *doc = document(&r);
		bool is_cut = false;

		assert_int_equal(jval_bool(jval_get(doc, "cut"), &is_cut), 0);
		assert_true(is_cut);
	}
	free(junk);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_status_is_understood),
		cmocka_unit_test(what_a_status_lacks_is_not_made_up),
		cmocka_unit_test(a_record_names_variables_without_their_values),
		cmocka_unit_test(a_record_of_control_characters_still_fits),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
