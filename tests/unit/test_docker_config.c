/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "core/cleanup.h"
#include "host/docker.h"

static struct jval *parse(const char *text)
{
	struct sl_error err = SL_ERROR_INIT;
	struct jval *doc = NULL;

	if (jval_parse(&doc, text, strlen(text), &err) < 0)
		fail_msg("%s: %s", text, sl_error_text(&err));
	return doc;
}

static const struct state_row {
	const char *what, *text;
	enum sl_container_state state;
} states[] = {
	{"never started", "{}", SL_STATE_CREATED},
	{"zero start", "{\"StartedAt\":\"0001-01-01T00:00:00Z\"}", SL_STATE_CREATED},
	{"ended", "{\"StartedAt\":\"2026-01-01T00:00:00Z\"}", SL_STATE_EXITED},
	{"running", "{\"Running\":true}", SL_STATE_RUNNING},
	{"paused", "{\"Running\":true,\"Paused\":true}", SL_STATE_PAUSED},
	{"between restarts", "{\"Running\":true,\"Restarting\":true}", SL_STATE_RUNNING},
	{"dead", "{\"Dead\":true,\"StartedAt\":\"2026-01-01T00:00:00Z\"}", SL_STATE_DEAD},
	{"being removed", "{\"RemovalInProgress\":true}", SL_STATE_DEAD},
	{"paused but not running", "{\"Paused\":true}", SL_STATE_CREATED},
	{"no object", "[]", SL_STATE_UNKNOWN},
	{"null", "null", SL_STATE_UNKNOWN},
	{"text for truth", "{\"Running\":\"true\"}", SL_STATE_CREATED},
};

static void states_follow_the_daemon(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(states); i++) {
		AUTO_FREE char *text = NULL;
		struct sl_container *c = NULL;
		struct jval *doc;

		assert_int_equal(sl_container_new(&c, NULL), 0);
		assert_true(asprintf(&text, "{\"ID\":\"x\",\"State\":%s}", states[i].text) >= 0);
		doc = parse(text);
		assert_int_equal(docker_config_read(c, doc, "x", NULL), 0);
		if (c->state != states[i].state)
			fail_msg("%s: %s", states[i].what, sl_state_name(c->state));
		jval_free(doc);
		sl_container_free(c);
	}
}

static void fields_of_the_wrong_type_are_absent(void **state)
{
	struct jval *doc =
		parse("{\"ID\":\"x\",\"Name\":7,\"Driver\":[],\"Image\":\"sha256:zz\","
		      "\"Created\":\"yesterday\",\"Config\":{\"WorkingDir\":\"relative\"},"
		      "\"State\":{\"Pid\":-4,\"ExitCode\":99999999999}}");
	struct sl_container *c = NULL;

	(void)state;
	assert_int_equal(sl_container_new(&c, NULL), 0);
	assert_int_equal(docker_config_read(c, doc, "x", NULL), 0);
	assert_null(c->name);
	assert_null(c->driver);
	assert_null(c->workdir);
	assert_false(c->has_image_id);
	assert_false(c->has_created);
	assert_int_equal(c->pid, 0);
	assert_int_equal(c->exit_code, 0);
	jval_free(doc);
	sl_container_free(c);
}

#define ID64 "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"

static const struct mount_row {
	const char *what, *config, *hostconfig;
	const char *path, *type, *source; /* of the mount at path; type NULL: there is none */
	bool rw;
} mounts[] = {
	{"a bind",
	 "\"MountPoints\":{\"/b\":{\"Source\":\"/src\",\"Destination\":\"/b\",\"RW\":false,"
	 "\"Type\":\"bind\"}}",
	 "", "/b", "bind", "/src", false},
	{"a local volume lies in this data root",
	 "\"MountPoints\":{\"/v\":{\"Source\":\"/old/place/vol/_data\",\"Destination\":\"/v\","
	 "\"RW\":true,\"Name\":\"vol\",\"Driver\":\"local\",\"Type\":\"volume\"}}",
	 "", "/v", "volume", "/dr/volumes/vol/_data", true},
	{"a volume without a recorded source",
	 "\"MountPoints\":{\"/v\":{\"Source\":\"\",\"Destination\":\"/v\",\"RW\":true,"
	 "\"Name\":\"vol\",\"Driver\":\"local\",\"Type\":\"volume\"}}",
	 "", "/v", "volume", "/dr/volumes/vol/_data", true},
	{"a volume of a plugin keeps its source",
	 "\"MountPoints\":{\"/v\":{\"Source\":\"/plugin/x\",\"Destination\":\"/v\",\"RW\":true,"
	 "\"Name\":\"vol\",\"Driver\":\"nfs\",\"Type\":\"volume\"}}",
	 "", "/v", "volume", "/plugin/x", true},
	{"a volume name cannot climb",
	 "\"MountPoints\":{\"/v\":{\"Source\":\"\",\"Destination\":\"/v\",\"RW\":true,"
	 "\"Name\":\"../../etc\",\"Driver\":\"local\",\"Type\":\"volume\"}}",
	 "", "/v", "volume", "../../etc", true},
	{"no type, but a name: a volume of old",
	 "\"MountPoints\":{\"/v\":{\"Destination\":\"/v\",\"RW\":true,\"Name\":\"vol\"}}", "", "/v",
	 "volume", "/dr/volumes/vol/_data", true},
	{"no destination: the key is one", "\"MountPoints\":{\"/k\":{\"Source\":\"/s\"}}", "", "/k",
	 "bind", "/s", true},
	{"tmpfs", "", "\"Tmpfs\":{\"/t\":\"rw,size=1m\"}", "/t", "tmpfs", NULL, true},
	{"tmpfs, read only", "", "\"Tmpfs\":{\"/t\":\"size=1m,ro\"}", "/t", "tmpfs", NULL, false},
	{"tmpfs, an option that begins like ro", "", "\"Tmpfs\":{\"/t\":\"root,rotten\"}", "/t",
	 "tmpfs", NULL, true},
	{"tmpfs by --mount", "", "\"Mounts\":[{\"Type\":\"tmpfs\",\"Target\":\"/t\"}]", "/t",
	 "tmpfs", NULL, true},
	{"a bind by --mount of a container never started", "",
	 "\"Mounts\":[{\"Type\":\"bind\",\"Source\":\"/s\",\"Target\":\"/t\",\"ReadOnly\":true}]",
	 "/t", "bind", "/s", false},
	{"a mount point wins over the wish",
	 "\"MountPoints\":{\"/t\":{\"Source\":\"/real\",\"Destination\":\"/t\",\"Type\":\"bind\"}}",
	 "\"Mounts\":[{\"Type\":\"tmpfs\",\"Target\":\"/t\"}]", "/t", "bind", "/real", true},
	{"a relative destination is none", "\"MountPoints\":{\"rel\":{\"Source\":\"/s\"}}", "",
	 "rel", NULL, NULL, false},
	{"hosts, from a data root of old",
	 "\"HostsPath\":\"/old/docker/containers/" ID64 "/hosts\"", "", "/etc/hosts", "bind",
	 "/dr/containers/" ID64 "/hosts", true},
	{"hosts bound by the user are the user's",
	 "\"HostsPath\":\"/dr/containers/" ID64 "/hosts\",\"MountPoints\":{\"/etc/hosts\":{"
	 "\"Source\":\"/mine\",\"Destination\":\"/etc/hosts\",\"Type\":\"bind\"}}",
	 "", "/etc/hosts", "bind", "/mine", true},
	{"never started: nothing is bound", "", "", "/etc/hosts", NULL, NULL, false},
	{"shared memory", "", "", "/dev/shm", "tmpfs", NULL, true},
	{"secrets", "\"SecretReferences\":[{\"SecretID\":\"x\"}]", "", "/run/secrets", "tmpfs",
	 NULL, false},
	{"no secrets", "\"SecretReferences\":null", "", "/run/secrets", NULL, NULL, false},
};

static const struct sl_mount *mount_at(const struct sl_container *c, const char *path)
{
	for (size_t i = 0; i < c->mount_count; i++)
		if (strcmp(c->mounts[i].path, path) == 0)
			return &c->mounts[i];
	return NULL;
}

static void check_mount(const struct mount_row *row)
{
	AUTO_FREE char *config_text = NULL;
	AUTO_FREE char *host_text = NULL;
	struct jval *config, *hostconfig;
	struct sl_container *c = NULL;
	const struct sl_mount *m;

	assert_true(asprintf(&config_text, "{%s}", row->config) >= 0);
	assert_true(asprintf(&host_text, "{%s}", row->hostconfig) >= 0);
	config = parse(config_text);
	hostconfig = parse(host_text);
	assert_int_equal(sl_container_new(&c, NULL), 0);
	assert_int_equal(docker_mounts_read(c, config, hostconfig, "/dr", NULL), 0);
	for (size_t i = 1; i < c->mount_count; i++)
		if (strcmp(c->mounts[i - 1].path, c->mounts[i].path) == 0)
			fail_msg("%s: two mounts at %s", row->what, c->mounts[i].path);
	m = mount_at(c, row->path);
	if ((m == NULL) != (row->type == NULL))
		fail_msg("%s: %s", row->what, m == NULL ? "missing" : "there");
	if (m != NULL) {
		if (strcmp(m->type, row->type) != 0 || m->rw != row->rw ||
		    strcmp(m->source != NULL ? m->source : "-",
			   row->source != NULL ? row->source : "-") != 0)
			fail_msg("%s: %s %s %s", row->what, m->type, m->source,
				 m->rw ? "rw" : "ro");
	}
	jval_free(config);
	jval_free(hostconfig);
	sl_container_free(c);
}

static void mounts_are_where_the_daemon_puts_them(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(mounts); i++)
		check_mount(&mounts[i]);
}

static void mounts_have_a_bound(void **state)
{
	CLEANUP(buf_clear) struct buf text = BUF_INIT(1 << 20);
	struct sl_container *c = NULL;
	struct jval *doc;

	(void)state;
	(void)buf_append_str(&text, "{\"Tmpfs\":{");
	for (int i = 0; i <= DOCKER_MOUNTS_MAX; i++)
		(void)buf_printf(&text, "%s\"/%d\":\"\"", i > 0 ? "," : "", i);
	assert_int_equal(buf_append_str(&text, "}}"), 0);
	doc = parse(text.data);
	assert_int_equal(sl_container_new(&c, NULL), 0);
	assert_int_equal(docker_mounts_read(c, NULL, doc, "/dr", NULL), -SL_ELIMIT);
	assert_int_equal(c->mount_count, DOCKER_MOUNTS_MAX);
	jval_free(doc);
	sl_container_free(c);
}

static const struct word_row {
	const char *text;
	bool id, mount, dir, link, volume;
} words[] = {
	{ID64, true, true, true, false, true},
	{ID64 "-init", false, true, true, false, true},
	{ID64 "-initx", false, false, true, false, true},
	{ID64 "0", false, false, true, false, true},
	{"4wudeq1e2bntq08rtqflkv937", false, false, true, false, true},
	{"YQ6SCCNZYNZZGSNF4WAPXZWBAK", false, false, false, true, true},
	{"", false, false, false, false, false},
	{"..", false, false, false, false, false},
	{".", false, false, false, false, false},
	{"a/b", false, false, false, false, false},
	{"../x", false, false, false, false, false},
	{"my_vol.1", false, false, false, false, true},
	{"-vol", false, false, false, false, false},
	{"a\nb", false, false, false, false, false},
};

static void words_from_the_store_are_checked(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(words); i++) {
		const struct word_row *w = &words[i];

		if (docker_is_id(w->text) != w->id || docker_is_mount_id(w->text) != w->mount ||
		    docker_is_layer_dir(w->text) != w->dir ||
		    docker_is_link_name(w->text) != w->link ||
		    docker_is_volume_name(w->text) != w->volume)
			fail_msg("'%s'", w->text);
	}
}

static void remapped_roots_are_two_numbers(void **state)
{
	static const struct {
		const char *text;
		bool good;
	} rows[] = {{"100000.100001", true}, {"0.0", true},      {"1.", false},
		    {".1", false},           {"1.2.3", false},   {"4294967296.1", false},
		    {"1.x", false},          {"overlay2", false}};
	uint32_t uid = 0, gid = 0;

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++)
		if (docker_is_remap_dir(rows[i].text, &uid, &gid) != rows[i].good)
			fail_msg("%s", rows[i].text);
	assert_true(docker_is_remap_dir("100000.100001", &uid, &gid));
	assert_int_equal(uid, 100000);
	assert_int_equal(gid, 100001);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(states_follow_the_daemon),
		cmocka_unit_test(fields_of_the_wrong_type_are_absent),
		cmocka_unit_test(mounts_are_where_the_daemon_puts_them),
		cmocka_unit_test(mounts_have_a_bound),
		cmocka_unit_test(words_from_the_store_are_checked),
		cmocka_unit_test(remapped_roots_are_two_numbers),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
