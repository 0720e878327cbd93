/* SPDX-License-Identifier: Apache-2.0 */
/* Ports and restart policy, as each engine writes them. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "core/cleanup.h"
#include "host/settings_read.h"

enum engine { PODMAN, CRIO, CRI, CONTAINERD };

static int read_as(enum engine engine, struct sl_settings *s, const struct jval *doc,
		   const struct jval *infra)
{
	switch (engine) {
	case PODMAN:
		return settings_podman(s, doc, infra, NULL);
	case CRIO:
		return settings_crio(s, doc, NULL);
	case CRI:
		return settings_cri(s, doc, NULL);
	case CONTAINERD:
		break;
	}
	return settings_containerd(s, doc, NULL);
}

#define ANNOTATED(text) "{\"annotations\":{\"io.kubernetes.cri-o.PortMappings\":\"" text "\"}}"
#define MAPPED(list) "{\"Metadata\":{\"Config\":{\"port_mappings\":" list "}}}"
#define LABELLED(labels) "{\"namespace\":\"default\",\"id\":\"c1\",\"labels\":{" labels "}}"
#define PORTS                                                                                      \
	",\"nerdctl/ports\":\"[{\\\"HostPort\\\":8080,\\\"ContainerPort\\\":80,"                   \
	"\\\"Protocol\\\":\\\"tcp\\\",\\\"HostIP\\\":\\\"0.0.0.0\\\"}]\""
#define WATCHED "\"containerd.io/restart.status\":\"running\""

/* ports: joined by blanks; NULL: unknown. */
static const struct {
	const char *what;
	enum engine engine;
	const char *doc, *infra, *ports, *restart;
} cases[] = {
	{"a published port", PODMAN,
	 "{\"newPortMappings\":[{\"host_ip\":\"127.0.0.1\",\"container_port\":80,"
	 "\"host_port\":8080,\"range\":1,\"protocol\":\"tcp\"}],\"restart_policy\":\"always\"}",
	 NULL, "127.0.0.1:8080:80/tcp", "always"},
	{"a range, and an older name", PODMAN,
	 "{\"portMappings\":[{\"hostIP\":\"\",\"containerPort\":53,\"hostPort\":9000,\"range\":4,"
	 "\"protocol\":\"udp\"}],\"restart_policy\":\"on-failure\",\"restart_retries\":5}",
	 NULL, ":9000-9003:53-56/udp", "on-failure:5"},
	{"what Podman leaves out is none", PODMAN, "{}", NULL, "", "no"},
	{"ports of a pod are its infra container's", PODMAN, "{\"restart_policy\":\"no\"}",
	 "{\"newPortMappings\":[{\"host_port\":81,\"container_port\":80}],"
	 "\"restart_policy\":\"always\"}",
	 ":81:80/tcp", "no"},
	{"no record says nothing", PODMAN, NULL, NULL, NULL, NULL},
	{"CRI-O's annotation", CRIO,
	 ANNOTATED("[{\\\"HostPort\\\":443,\\\"ContainerPort\\\":8443,\\\"Protocol\\\":\\\"TCP\\\","
		   "\\\"HostIP\\\":\\\"10.0.0.1\\\"}]"),
	 NULL, "10.0.0.1:443:8443/tcp", NULL},
	{"CRI-O's empty one", CRIO, ANNOTATED("[]"), NULL, "", NULL},
	{"a sandbox without it", CRIO, "{\"annotations\":{}}", NULL, NULL, NULL},
	{"numbers of protocols", CRI,
	 MAPPED("[{\"container_port\":53,\"host_port\":53,\"protocol\":1},"
		"{\"container_port\":80,\"host_port\":8080},"
		"{\"container_port\":9,\"host_port\":9,\"protocol\":2}]"),
	 NULL, ":53:53/udp :8080:80/tcp :9:9/sctp", NULL},
	{"a port that is only offered", CRI, MAPPED("[{\"container_port\":80}]"), NULL, "", NULL},
	{"a sandbox without ports", CRI, "{\"Metadata\":{\"Config\":{}}}", NULL, "", NULL},
	{"no metadata", CRI, "{}", NULL, NULL, NULL},
	{"nerdctl's labels", CONTAINERD,
	 LABELLED(
		 WATCHED
		 ",\"containerd.io/restart.policy\":\"unless-stopped\","
		 "\"nerdctl/state-dir\":\"/var/lib/nerdctl/1935db59/containers/default/c1\"" PORTS),
	 NULL, "0.0.0.0:8080:80/tcp", "unless-stopped"},
	{"labels that an image may have brought", CONTAINERD,
	 LABELLED(WATCHED ",\"nerdctl/state-dir\":\"/x/containers/default/c2\"" PORTS), NULL, NULL,
	 "always"},
	{"nobody looks after it", CONTAINERD,
	 LABELLED("\"containerd.io/restart.policy\":\"always\""), NULL, NULL, "no"},
	{"no policy is always", CONTAINERD, LABELLED(WATCHED), NULL, NULL, "always"},
	{"a record that was not read", CONTAINERD, NULL, NULL, NULL, NULL},
};

static struct jval *parse(const char *text)
{
	struct jval *doc = NULL;

	if (text != NULL && jval_parse(&doc, text, strlen(text), NULL) < 0)
		fail_msg("%s", text);
	return doc;
}

static void assert_ports(const struct sl_settings *s, const char *want, const char *what)
{
	const struct sl_setting_value *v = &s->values[SL_SETTING_PORTS];
	CLEANUP(buf_clear) struct buf got = BUF_INIT(4096);

	if (v->is_known != (want != NULL))
		fail_msg("%s: ports are %s", what, v->is_known ? "known" : "unknown");
	(void)buf_append_str(&got, "");
	for (size_t i = 0; i < v->count; i++)
		(void)buf_printf(&got, "%s%s", i > 0 ? " " : "", v->items[i]);
	if (want != NULL && strcmp(got.len > 0 ? got.data : "", want) != 0)
		fail_msg("%s: %s", what, got.data);
}

static void each_engine_has_its_own_words_for_them(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		AUTO_JVAL struct jval *doc = parse(cases[i].doc);
		AUTO_JVAL struct jval *infra = parse(cases[i].infra);
		struct sl_settings *s = NULL;
		const char *got;

		assert_int_equal(sl_settings_new(&s, NULL), 0);
		assert_int_equal(read_as(cases[i].engine, s, doc, infra), 0);
		sl_settings_settle(s);
		assert_ports(s, cases[i].ports, cases[i].what);
		got = sl_settings_get(s, SL_SETTING_RESTART);
		if ((got == NULL) != (cases[i].restart == NULL) ||
		    (got != NULL && strcmp(got, cases[i].restart) != 0))
			fail_msg("%s: %s", cases[i].what, got != NULL ? got : "unknown");
		sl_settings_free(s);
	}
}

static void what_is_no_port_fails_the_record(void **state)
{
	static const char *const bad[] = {
		"{\"newPortMappings\":{}}",
		"{\"newPortMappings\":[7]}",
		"{\"newPortMappings\":[{\"host_port\":65536,\"container_port\":80}]}",
		"{\"newPortMappings\":[{\"host_port\":80}]}",
		"{\"newPortMappings\":[{\"host_port\":65535,\"container_port\":80,\"range\":2}]}",
		"{\"newPortMappings\":[{\"host_port\":1,\"container_port\":1,"
		"\"range\":9223372036854775807}]}",
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
		AUTO_JVAL struct jval *doc = parse(bad[i]);
		struct sl_settings *s = NULL;

		assert_int_equal(sl_settings_new(&s, NULL), 0);
		if (settings_podman(s, doc, NULL, NULL) != -SL_EFORMAT)
			fail_msg("%s", bad[i]);
		sl_settings_free(s);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_engine_has_its_own_words_for_them),
		cmocka_unit_test(what_is_no_port_fails_the_record),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
