/* SPDX-License-Identifier: Apache-2.0 */
/* containerd's documents, from bytes. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "core/cleanup.h"
#include "core/idmap.h"
#include "host/ctrd.h"
#include "unit/fake_root.h"

#define SANDBOX                                                                                    \
	"{\"Version\":\"v1\",\"Metadata\":{\"ID\":\"9\",\"Name\":\"web_prod_u-1_3\",\"Config\":{"  \
	"\"metadata\":{\"name\":\"web\",\"uid\":\"u-1\",\"namespace\":\"prod\",\"attempt\":3}}}}"

static struct ctrd_cri cri(const char *id, const char *text)
{
	struct sl_error err = SL_ERROR_INIT;
	struct ctrd_cri out;

	if (ctrd_cri_parse(&out, text, strlen(text), id, &err) < 0)
		fail_msg("%s: %s", text, sl_error_text(&err));
	return out;
}

static void a_sandbox_names_its_pod(void **state)
{
	struct ctrd_cri own = cri("9", SANDBOX);
	struct sl_pod *pod = NULL;

	(void)state;
	assert_int_equal(ctrd_cri_pod(&pod, &own, true, NULL, NULL), 0);
	assert_string_equal(pod->name, "web");
	assert_string_equal(pod->ns, "prod");
	assert_string_equal(pod->uid, "u-1");
	assert_string_equal(pod->sandbox, "9");
	assert_null(pod->container);
	assert_int_equal(pod->attempt, 3);
	sl_pod_free(pod);
	ctrd_cri_clear(&own);
}

static const struct pod_row {
	const char *what, *full_name;
	bool has_sandbox;
	const char *pod, *uid; /* NULL: no pod */
} pods[] = {
	{"its sandbox knows better", "app_other_x_u-9_0", true, "web", "u-1"},
	{"without a sandbox the name is taken apart", "app_other_x_u-9_0", false, "other", "u-9"},
	{"a name of too few parts is no pod's", "app_other_x_0", false, NULL, NULL},
	{"nor is one of too many", "app_other_x_u-9_0_1", false, NULL, NULL},
	{"nor one without parts", "app", false, NULL, NULL},
	{"nor is none", "", false, NULL, NULL},
};

static void a_container_is_in_the_pod_of_its_sandbox(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(pods); i++) {
		struct ctrd_cri sandbox = cri("9", SANDBOX), own;
		struct sl_pod *pod = NULL;
		AUTO_FREE char *text = NULL;

		assert_true(asprintf(&text,
				     "{\"Metadata\":{\"ID\":\"7\",\"Name\":\"%s\",\"SandboxID\":"
				     "\"9\",\"Config\":{\"metadata\":{\"name\":\"app\"}}}}",
				     pods[i].full_name) > 0);
		own = cri("7", text);
		assert_int_equal(ctrd_cri_pod(&pod, &own, false,
					      pods[i].has_sandbox ? &sandbox : NULL, NULL),
				 0);
		if ((pod != NULL) != (pods[i].pod != NULL) ||
		    (pod != NULL &&
		     (strcmp(pod->name, pods[i].pod) != 0 || strcmp(pod->uid, pods[i].uid) != 0 ||
		      strcmp(pod->container, "app") != 0)))
			fail_msg("%s", pods[i].what);
		sl_pod_free(pod);
		ctrd_cri_clear(&own);
		ctrd_cri_clear(&sandbox);
	}
}

static void metadata_of_another_container_is_refused(void **state)
{
	struct ctrd_cri out;

	(void)state;
	assert_int_equal(ctrd_cri_parse(&out, SANDBOX, strlen(SANDBOX), "8", NULL), -SL_EFORMAT);
	assert_int_equal(ctrd_cri_parse(&out, "{}", 2, "9", NULL), -SL_EFORMAT);
	assert_int_equal(ctrd_cri_parse(&out, "", 0, "9", NULL), -SL_EFORMAT);
}

static const struct status_row {
	const char *text;
	int rc;
	enum sl_container_state state;
	int64_t pid;
} statuses[] = {
	{"{\"Version\":\"v1\",\"CreatedAt\":5}", 0, SL_STATE_CREATED, 0},
	{"{\"Version\":\"v1\",\"StartedAt\":5,\"Pid\":7}", 0, SL_STATE_RUNNING, 7},
	{"{\"Version\":\"v1\",\"StartedAt\":5,\"Pid\":-7}", 0, SL_STATE_RUNNING, 0},
	{"{\"Version\":\"v1\",\"StartedAt\":5,\"FinishedAt\":6,\"Pid\":7}", 0, SL_STATE_EXITED, 0},
	{"{\"Version\":\"v1\",\"StartedAt\":0,\"FinishedAt\":0}", 0, SL_STATE_CREATED, 0},
	{"{}", -SL_EFORMAT, SL_STATE_UNKNOWN, 0},
	{"[]", -SL_EFORMAT, SL_STATE_UNKNOWN, 0},
	{"", -SL_EFORMAT, SL_STATE_UNKNOWN, 0},
};

static void states_follow_the_plugin(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(statuses); i++) {
		const char *text = statuses[i].text;
		struct sl_container *c = NULL;

		assert_int_equal(sl_container_new(&c, NULL), 0);
		if (ctrd_cri_status(c, text, strlen(text), NULL) != statuses[i].rc ||
		    c->state != statuses[i].state || c->pid != statuses[i].pid)
			fail_msg("%s: %s", text, sl_state_name(c->state));
		sl_container_free(c);
	}
}

static const struct mount_row {
	const char *json, *want; /* NULL: not a mount */
} mounts[] = {
	{"{\"destination\":\"/proc\",\"type\":\"proc\"}", NULL},
	{"{\"destination\":\"/dev\",\"type\":\"tmpfs\"}", NULL},
	{"{\"destination\":\"/sys/fs/cgroup\",\"type\":\"cgroup2\"}", NULL},
	{"{\"destination\":\"/dev/shm\",\"type\":\"tmpfs\",\"source\":\"shm\"}", "tmpfs rw -"},
	{"{\"destination\":\"/b\",\"type\":\"bind\",\"source\":\"/h\"}", "bind rw /h"},
	{"{\"destination\":\"/b\",\"source\":\"/h\",\"options\":[\"rbind\",\"ro\"]}", "bind ro /h"},
	{"{\"destination\":\"/v\",\"type\":\"bind\",\"source\":\"/vols/1\"}", "volume rw /vols/1"},
	{"{\"destination\":\"/x\",\"type\":\"ext4\",\"source\":\"/dev/sdb\"}", "bind rw /dev/sdb"},
	{"{\"destination\":\"relative\",\"type\":\"bind\",\"source\":\"/h\"}", NULL},
	{"{\"type\":\"bind\",\"source\":\"/h\"}", NULL},
	{"7", NULL},
};

static void mounts_that_hold_files_are_known(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(mounts); i++) {
		AUTO_FREE char *text = NULL;
		AUTO_FREE char *got = NULL;
		struct sl_container *c = NULL;
		struct ctrd_spec spec;
		const struct sl_mount *m;

		assert_int_equal(sl_container_new(&c, NULL), 0);
		assert_true(asprintf(&text, "{\"mounts\":[%s]}", mounts[i].json) > 0);
		assert_int_equal(ctrd_spec_read(c, text, strlen(text), "/vols/", &spec, NULL), 0);
		m = c->mount_count > 0 ? &c->mounts[0] : NULL;
		if (m != NULL)
			assert_true(asprintf(&got, "%s %s %s", m->type, m->rw ? "rw" : "ro",
					     m->source != NULL ? m->source : "-") > 0);
		if ((got != NULL) != (mounts[i].want != NULL) ||
		    (got != NULL && strcmp(got, mounts[i].want) != 0))
			fail_msg("%s: %s", mounts[i].json, got != NULL ? got : "none");
		ctrd_spec_clear(&spec);
		sl_container_free(c);
	}
}

static void the_last_mount_on_a_path_shows(void **state)
{
	static const char text[] = "{\"mounts\":[{\"destination\":\"/a\",\"source\":\"/one\"},"
				   "{\"destination\":\"/a\",\"source\":\"/two\"}]}";
	struct sl_container *c = NULL;
	struct ctrd_spec spec;

	(void)state;
	assert_int_equal(sl_container_new(&c, NULL), 0);
	assert_int_equal(ctrd_spec_read(c, text, strlen(text), NULL, &spec, NULL), 0);
	assert_int_equal(c->mount_count, 1);
	assert_string_equal(c->mounts[0].source, "/two");
	ctrd_spec_clear(&spec);
	sl_container_free(c);
}

static const struct range_row {
	const char *text;
	int rc;
	size_t count;
	uint32_t outside;
} ranges[] = {
	{"0:100000:65536", 0, 1, 100000},
	{"0:1000:1,1:100000:65535", 0, 2, 1000},
	{"", 0, 0, 0},
	{"0:100000", -SL_EFORMAT, 0, 0},
	{"0:100000:65536:1", -SL_EFORMAT, 0, 0},
	{"0:-1:5", -SL_EFORMAT, 0, 0},
	{"0:4294967295:2", -SL_EFORMAT, 0, 0},
	{"99999999999999999999:0:1", -SL_EFORMAT, 0, 0},
	{"a:b:c", -SL_EFORMAT, 0, 0},
};

static void labels_are_id_maps(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(ranges); i++) {
		struct sl_idmap map = {0};
		int rc = ctrd_spec_ranges(&map.uids, &map.uid_count, ranges[i].text, NULL);

		if (rc != ranges[i].rc || (rc == 0 && map.uid_count != ranges[i].count) ||
		    (rc == 0 && map.uid_count > 0 && map.uids[0].outside != ranges[i].outside))
			fail_msg("'%s': %d", ranges[i].text, rc);
		idmap_clear(&map);
	}
}

#define D "\"digest\":\"sha256:" HEX "\",\"size\":3"
#define HEX "558c1f30a2e85d2d117c47e64ce1accfefb595617e3d0d54a648dc1db4efdce5"
#define CONFIG "\"config\":{\"mediaType\":\"application/vnd.oci.image.config.v1+json\"," D "}"
#define LAYER "{\"mediaType\":\"application/vnd.oci.image.layer.v1.tar+gzip\"," D "}"

static const struct doc_row {
	const char *what, *text;
	int rc;
	enum ctrd_doc_kind kind;
	size_t count;
} docs[] = {
	{"a manifest", "{\"schemaVersion\":2," CONFIG ",\"layers\":[" LAYER "," LAYER "]}", 0,
	 CTRD_DOC_MANIFEST, 2},
	{"an index", "{\"schemaVersion\":2,\"manifests\":[{" D "}]}", 0, CTRD_DOC_INDEX, 1},
	{"an attestation is no image",
	 "{\"schemaVersion\":2,\"manifests\":[{" D
	 ",\"annotations\":{\"vnd.docker.reference.type\":\"attestation-manifest\"}}]}",
	 0, CTRD_DOC_INDEX, 0},
	{"a config", "{\"rootfs\":{\"diff_ids\":[]}}", 0, CTRD_DOC_CONFIG, 0},
	{"two things in one", "{\"schemaVersion\":2,\"manifests\":[]," CONFIG ",\"layers\":[]}",
	 -SL_EFORMAT, CTRD_DOC_OTHER, 0},
	{"an old schema", "{\"schemaVersion\":1," CONFIG ",\"layers\":[]}", -SL_EUNSUPPORTED,
	 CTRD_DOC_OTHER, 0},
	{"a chart",
	 "{\"schemaVersion\":2,\"config\":{\"mediaType\":\"application/vnd.cncf.helm\"," D
	 "},\"layers\":[]}",
	 -SL_EUNSUPPORTED, CTRD_DOC_OTHER, 0},
	{"a layer that is encrypted",
	 "{\"schemaVersion\":2," CONFIG
	 ",\"layers\":[{\"mediaType\":\"application/vnd.oci.image.layer.v1.tar+encrypted\"," D
	 "}]}",
	 -SL_EUNSUPPORTED, CTRD_DOC_OTHER, 0},
	{"another media type",
	 "{\"schemaVersion\":2,\"mediaType\":\"application/vnd.oci.image.index.v1+json\"," CONFIG
	 ",\"layers\":[]}",
	 -SL_EFORMAT, CTRD_DOC_OTHER, 0},
	{"a digest that is none",
	 "{\"schemaVersion\":2,\"manifests\":[{\"digest\":\"sha256:../../x\",\"size\":1}]}",
	 -SL_EFORMAT, CTRD_DOC_OTHER, 0},
	{"nothing", "", -SL_EFORMAT, CTRD_DOC_OTHER, 0},
	{"a list", "[]", -SL_EFORMAT, CTRD_DOC_OTHER, 0},
};

static void documents_say_one_thing_only(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(docs); i++) {
		struct ctrd_doc doc;
		int rc = ctrd_doc_parse(&doc, docs[i].text, strlen(docs[i].text), NULL);

		if (rc != docs[i].rc || doc.kind != docs[i].kind || doc.count != docs[i].count)
			fail_msg("%s: %d, kind %d, %zu", docs[i].what, rc, (int)doc.kind,
				 doc.count);
		ctrd_doc_clear(&doc);
	}
}

static void what_a_layer_says_of_its_table_of_contents_is_kept(void **state)
{
#define NOTED(notes)                                                                               \
	"{\"mediaType\":\"application/vnd.oci.image.layer.v1.tar+gzip\"," D                        \
	",\"annotations\":{" notes "}}"
	static const char text[] = "{\"schemaVersion\":2," CONFIG ",\"layers\":[" LAYER "," NOTED(
		"\"containerd.io/snapshot/stargz/toc.digest\":\"sha256:" HEX
		"\"") "," NOTED("\"io.github.containers.zstd-chunked.manifest-checksum\":"
				"\"sha256:" HEX
				"\",\"io.github.containers.zstd-chunked.manifest-position\":\"9:8:"
				"7:1\"") "," NOTED("\"containerd.io/snapshot/stargz/"
						   "toc.digest\":\"sha256:short\"") "]}";
	struct ctrd_doc doc;

	(void)state;
	assert_int_equal(ctrd_doc_parse(&doc, text, strlen(text), NULL), 0);
	assert_int_equal(doc.count, 4);
	assert_int_equal(doc.items[0].toc.kind, SL_TOC_NONE);
	assert_int_equal(doc.items[1].toc.kind, SL_TOC_ESTARGZ);
	assert_memory_equal(doc.items[1].toc.digest, doc.items[1].digest, SL_SHA256_SIZE);
	assert_int_equal(doc.items[2].toc.kind, SL_TOC_ZSTD_CHUNKED);
	assert_true(doc.items[2].toc.has_position && doc.items[2].toc.offset == 9 &&
		    doc.items[2].toc.plain_size == 7);
	assert_int_equal(doc.items[3].toc.kind, SL_TOC_NONE);
	ctrd_doc_clear(&doc);
#undef NOTED
}

static const struct config_row {
	const char *text;
	int rc;
	const char *root, *moved;
} configs[] = {
	{"root = \"/a\"\n", 0, "/a", NULL},
	{"root = '/a' # there\n[grpc]\nroot = \"/b\"\n", 0, "/a", NULL},
	{"[x]\ny = [\n\"root = \",\n]\n", 0, NULL, NULL},
	{"[plugins.\"io.containerd.snapshotter.v1.overlayfs\"]\nroot_path = \"/s\"\n", 0, NULL,
	 "/s"},
	{"[plugins.'io.containerd.snapshotter.v1.overlayfs']\nroot_path = '/s'\n", 0, NULL, "/s"},
	{"[plugins.'io.containerd.snapshotter.v1.overlayfs'.x]\nroot_path = '/s'\n", 0, NULL, NULL},
	{"root = \"\"\n", 0, NULL, NULL},
	{"root = \"relative\"\n", -SL_EFORMAT, NULL, NULL},
	{"root = /a\n", -SL_EFORMAT, NULL, NULL},
	{"root = \"/a\n", -SL_EFORMAT, NULL, NULL},
	{"", 0, NULL, NULL},
};

static void a_configuration_says_where_files_are(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(configs); i++) {
		struct ctrd_config config = {0};
		const char *text = configs[i].text, *moved;
		int rc = ctrd_config_parse(&config, text, strlen(text), NULL);

		moved = config.moved_count > 0 ? config.moved[0].path : NULL;
		if (rc != configs[i].rc || (config.root != NULL) != (configs[i].root != NULL) ||
		    (config.root != NULL && strcmp(config.root, configs[i].root) != 0) ||
		    (moved != NULL) != (configs[i].moved != NULL) ||
		    (moved != NULL && strcmp(moved, configs[i].moved) != 0))
			fail_msg("'%s': %d, root %s", text, rc,
				 config.root != NULL ? config.root : "-");
		ctrd_config_clear(&config);
	}
}

static void imports_are_read_after_what_imports_them(void **state)
{
	AUTO_CLOSE int fd = -1;
	struct ctrd_config config = {0};
	char *root = fake_root();

	(void)state;
	fake_file(root, "imports = [\"conf.d/*.toml\", '/etc/containerd/config.toml']\nroot='/a'\n",
		  "etc/containerd/config.toml");
	fake_file(root, "root = '/b'\n", "etc/containerd/conf.d/1.toml");
	fake_file(root, "state = '/c'\n", "etc/containerd/conf.d/2.toml");
	fake_file(root, "root = '/d'\n", "etc/containerd/conf.d/3.off");
	fd = root_open_dir(root, NULL);
	/* one that imports itself ends at the bound, and says so */
	assert_int_equal(ctrd_config_read(&config, fd, "etc/containerd/config.toml", NULL),
			 -SL_ELIMIT);
	ctrd_config_clear(&config);
	fake_file(root, "imports = [\"conf.d/*.toml\"]\nroot='/a'\n", "etc/containerd/config.toml");
	assert_int_equal(ctrd_config_read(&config, fd, "etc/containerd/config.toml", NULL), 0);
	assert_string_equal(config.root, "/b");
	assert_string_equal(config.state, "/c");
	ctrd_config_clear(&config);
	fake_root_remove(root);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_sandbox_names_its_pod),
		cmocka_unit_test(a_container_is_in_the_pod_of_its_sandbox),
		cmocka_unit_test(metadata_of_another_container_is_refused),
		cmocka_unit_test(states_follow_the_plugin),
		cmocka_unit_test(mounts_that_hold_files_are_known),
		cmocka_unit_test(the_last_mount_on_a_path_shows),
		cmocka_unit_test(labels_are_id_maps),
		cmocka_unit_test(documents_say_one_thing_only),
		cmocka_unit_test(what_a_layer_says_of_its_table_of_contents_is_kept),
		cmocka_unit_test(a_configuration_says_where_files_are),
		cmocka_unit_test(imports_are_read_after_what_imports_them),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
