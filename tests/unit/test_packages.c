/* SPDX-License-Identifier: Apache-2.0 */
/* What the bytes of package databases say. */
#include "unit/cmocka_all.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/cleanup.h"
#include "core/encode.h"
#include "core/linetap.h"
#include "diff/apk.h"
#include "diff/dpkg.h"
#include "diff/packagechange.h"
#include "diff/packagetable.h"
#include "diff/rpmheader.h"
#include "unit/rpmmake.h"

#define MD5_A "0123456789abcdef0123456789abcdef"
#define SHA256_A "00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff"

static struct sl_bytes bytes_of(const char *text)
{
	return (struct sl_bytes){text, strlen(text)};
}

static void free_table(struct packagetable **t)
{
	packagetable_free(*t);
}

#define TABLE(name)                                                                                \
	CLEANUP(free_table) struct packagetable *name = NULL;                                      \
	assert_int_equal(packagetable_new(&(name), NULL), 0)

/* "NAME VERSION KIND DIGEST" of who claims @path, or "nobody". */
static const char *owner(const struct packagetable *t, const char *path)
{
	static const char *const kinds[] = {"none", "md5", "sha1", "sha256"};
	static char text[1024];
	char hex[2 * PACKAGE_DIGEST_SIZE + 1];
	const struct package_claim *c = packagetable_find(t, bytes_of(path));
	struct package_id id;

	if (c == NULL)
		return "nobody";
	packagetable_id(t, c->package, &id);
	hex_encode(hex, c->digest, c->kind == PACKAGE_DIGEST_MD5 ? 16 : PACKAGE_DIGEST_SIZE);
	(void)snprintf(text, sizeof(text), "%s %s %s %s %s", id.manager, id.name.data,
		       id.version.data, kinds[c->kind], c->kind == PACKAGE_DIGEST_NONE ? "-" : hex);
	return text;
}

static int status_line(void *payload, struct sl_bytes line, struct sl_error *err)
{
	return dpkg_status_line(payload, line, err);
}

static int apk_line(void *payload, struct sl_bytes line, struct sl_error *err)
{
	return apk_installed_line(payload, line, err);
}

/* In pieces of @piece bytes, as they may come. */
static void feed(const char *text, size_t piece,
		 int (*each)(void *payload, struct sl_bytes line, struct sl_error *err),
		 void *payload)
{
	size_t len = strlen(text);
	struct linetap lines;

	linetap_init(&lines, 4096, each, payload);
	for (size_t at = 0; at < len; at += piece)
		assert_int_equal(lines.tap.data(&lines.tap, text + at,
						len - at < piece ? len - at : piece, NULL),
				 0);
	assert_int_equal(linetap_end(&lines, NULL), 0);
	linetap_clear(&lines);
}

static void read_status(struct packagetable *t, const char *text)
{
	CLEANUP(dpkg_status_clear) struct dpkg_status s = DPKG_STATUS_INIT(t);

	feed(text, 7, status_line, &s);
	assert_int_equal(dpkg_status_end(&s, NULL), 0);
	assert_int_equal(packagetable_settle(t, NULL), 0);
}

static void list_packages(const struct packagetable *t, struct buf *out)
{
	for (size_t i = 0; i < packagetable_count(t); i++) {
		struct package_id id;

		packagetable_nth(t, i, &id);
		(void)buf_printf(out, "%s=%s ", id.name.data, id.version.data);
	}
	assert_int_equal(buf_append(out, "", 0), 0);
}

static void a_dpkg_status_says_what_is_installed_and_what_its_settings_were(void **state)
{
	CLEANUP(buf_clear) struct buf names = BUF_INIT(4096);

	(void)state;
	TABLE(t);
	read_status(t, "Package: zlib1g\nStatus: install ok installed\nArchitecture: amd64\n"
		       "Multi-Arch: same\nVersion: 1:1.2\nDescription: a\n Package: no\n\n"
		       "Package: bash\r\nStatus: install ok installed\r\nVersion: 5.2 \r\n"
		       "Conffiles:\n /etc/bash.bashrc " MD5_A " obsolete\n /etc/odd xyz\n"
		       " newconffile\nMulti-Arch: foreign\n /etc/not " MD5_A "\n\n"
		       "\n"
		       "Package: gone\nStatus: deinstall ok config-files\nVersion: 1\n\n"
		       "Package: never\nStatus: unknown ok not-installed\n\n"
		       "Version: nameless\n\n"
		       "Package: half\nStatus: install reinstreq half-installed\nVersion: 2\n\n"
		       "Package: plain\nVersion: 3");
	list_packages(t, &names);
	assert_string_equal(names.data, "bash=5.2 half=2 plain=3 zlib1g:amd64=1:1.2 ");
	assert_string_equal(owner(t, "etc/bash.bashrc"), "dpkg bash 5.2 md5 " MD5_A);
	assert_string_equal(owner(t, "etc/odd"), "nobody");
	assert_string_equal(owner(t, "etc/not"), "nobody");
}

static void a_dpkg_list_claims_paths_and_md5sums_give_them_digests(void **state)
{
	static const char *const list[] = {"/.",         "/usr", "/usr/bin/x",
					   "/usr/bin/y", "",     "diverted by: /usr/bin/z"};
	static const char *const sums[] = {MD5_A "  usr/bin/x", MD5_A " usr/bin/y", "short  y",
					   "g" MD5_A "  usr/bin/y", MD5_A "  "};
	uint32_t x, other;

	(void)state;
	TABLE(t);
	assert_int_equal(packagetable_add(t, "dpkg", bytes_of("x"), bytes_of("1"), &x, NULL), 0);
	assert_int_equal(packagetable_add(t, "dpkg", bytes_of("o"), bytes_of(""), &other, NULL), 0);
	for (size_t i = 0; i < ARRAY_SIZE(list); i++)
		assert_int_equal(dpkg_list_line(t, x, bytes_of(list[i]), NULL), 0);
	for (size_t i = 0; i < ARRAY_SIZE(sums); i++)
		assert_int_equal(dpkg_md5sums_line(t, x, bytes_of(sums[i]), NULL), 0);
	assert_int_equal(dpkg_list_line(t, other, bytes_of("/usr/bin/x"), NULL), 0);
	assert_int_equal(packagetable_settle(t, NULL), 0);
	assert_string_equal(owner(t, "usr/bin/x"), "dpkg x 1 md5 " MD5_A);
	assert_string_equal(owner(t, "usr/bin/y"), "dpkg x 1 none -");
	assert_string_equal(owner(t, ""), "nobody");
	assert_string_equal(owner(t, "usr/bin/z"), "nobody");
}

static void names_in_the_info_directory_are_told_apart(void **state)
{
	static const struct {
		const char *name;
		enum dpkg_file kind;
		const char *stem;
	} rows[] = {{"libc6:amd64.list", DPKG_LIST, "libc6:amd64"},
		    {"libc6:amd64.md5sums", DPKG_MD5SUMS, "libc6:amd64"},
		    {"bash.postinst", DPKG_OTHER, "bash.postinst"},
		    {"a.list.list", DPKG_LIST, "a.list"},
		    {".list", DPKG_OTHER, ".list"},
		    {"list", DPKG_OTHER, "list"}};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		struct sl_bytes stem;

		assert_int_equal(dpkg_file_of(bytes_of(rows[i].name), &stem), rows[i].kind);
		assert_int_equal(stem.len, strlen(rows[i].stem));
		assert_memory_equal(stem.data, rows[i].stem, stem.len);
	}
}

static void apks_database_says_files_and_digests(void **state)
{
	CLEANUP(buf_clear) struct buf names = BUF_INIT(4096);
	TABLE(t);
	CLEANUP(apk_installed_clear) struct apk_installed a = APK_INSTALLED_INIT(t);

	(void)state;
	feed("C:Q1abc=\nP:musl\nV:1.2.4-r2\nA:x86_64\nF:lib\n"
	     "R:libc.so\nZ:Q1AAECAwQFBgcICQoLDA0ODxAREhM=\na:0:0:755\nR:none\n"
	     "F:\nR:top\nZ:Q2AAECAwQFBgcICQoLDA0ODxAREhM=\n"
	     "R:odd\nZ:Q1AA==\nR:third\nZ:Q3AAECAwQFBgcICQoLDA0ODxAREhM=\n\n"
	     "F:nameless\nR:file\n\n"
	     "P:empty\nV:1\n\n"
	     "P:last\nV:2\nF:usr/bin\nR:last\nZ:Q2ABEiM0RVZneImaq7zN3u/wARIjNEVWZ3iJmqu8zd7v8=",
	     5, apk_line, &a);
	assert_int_equal(apk_installed_end(&a, NULL), 0);
	assert_int_equal(packagetable_settle(t, NULL), 0);
	list_packages(t, &names);
	assert_string_equal(names.data, "empty=1 last=2 musl=1.2.4-r2 ");
	assert_string_equal(owner(t, "lib/libc.so"),
			    "apk musl 1.2.4-r2 sha1 000102030405060708090a0b0c0d0e0f10111213");
	assert_string_equal(owner(t, "top"),
			    "apk musl 1.2.4-r2 sha256 000102030405060708090a0b0c0d0e0f10111213");
	assert_string_equal(owner(t, "lib/none"), "apk musl 1.2.4-r2 none -");
	assert_string_equal(owner(t, "odd"), "apk musl 1.2.4-r2 none -");
	assert_string_equal(owner(t, "third"), "apk musl 1.2.4-r2 none -");
	assert_string_equal(owner(t, "nameless/file"), "nobody");
	assert_string_equal(owner(t, "usr/bin/last"),
			    "apk last 2 sha256 00112233445566778899aabbccddeeff00112233");
}

static void an_rpm_header_says_files_and_digests(void **state)
{
	CLEANUP(buf_clear) struct buf header = BUF_INIT(1 << 20);
	CLEANUP(buf_clear) struct buf second = BUF_INIT(1 << 20);
	struct rpmmake m = RPMMAKE_INIT;

	(void)state;
	TABLE(t);
	rpmmake_package(&header, "curl", "8.2", SHA256_A);
	rpmmake_string(&m, 1000, "gpg-pubkey");
	rpmmake_numbers(&m, 1003, (const uint32_t[]){7}, 1);
	rpmmake_string(&m, 1001, "abc");
	rpmmake_finish(&m, &second);
	assert_int_equal(rpmheader_add(t, header.data, header.len, NULL), 0);
	assert_int_equal(rpmheader_add(t, second.data, second.len, NULL), 0);
	assert_int_equal(packagetable_settle(t, NULL), 0);
	assert_string_equal(owner(t, "usr/bin/curl"),
			    "rpm curl 8.2-1.fc39 sha256 00112233445566778899aabbccddeeff00112233");
	assert_string_equal(owner(t, "usr/share/curl"), "rpm curl 8.2-1.fc39 none -");
	header.len = 0;
	list_packages(t, &header);
	assert_string_equal(header.data, "curl=8.2-1.fc39 gpg-pubkey=7:abc ");
}

static void an_rpm_header_that_contradicts_itself_is_refused(void **state)
{
	static const struct {
		const char *what;
		uint32_t tag, type, offset, count;
	} lies[] = {
		{"a value lies behind its end", 1002, 6, 1000, 1},
		{"more numbers than it has room for", 1116, 4, 0, 0x40000001},
		{"more directories than it has room for", 1118, 8, 0, 0xffffffff},
		{"a string has no end", 1118, 8, 0, 2},
		{"its files and their directories differ in number", 1117, 8, 0, 1},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(lies); i++) {
		CLEANUP(buf_clear) struct buf header = BUF_INIT(1 << 20);
		struct rpmmake m = RPMMAKE_INIT;
		struct sl_error err = SL_ERROR_INIT;

		TABLE(t);
		rpmmake_string(&m, 1000, "liar");
		rpmmake_entry(&m, lies[i].tag, lies[i].type, lies[i].offset, lies[i].count);
		rpmmake_finish(&m, &header);
		assert_int_equal(rpmheader_add(t, header.data, header.len, &err), -SL_EFORMAT);
		if (strstr(sl_error_text(&err), lies[i].what) == NULL)
			fail_msg("%s: %s", lies[i].what, sl_error_text(&err));
		sl_error_clear(&err);
	}
}

static void every_cut_of_an_rpm_header_is_refused(void **state)
{
	CLEANUP(buf_clear) struct buf header = BUF_INIT(1 << 20);

	(void)state;
	rpmmake_package(&header, "curl", "8.2", SHA256_A);
	for (size_t len = 0; len < header.len; len++) {
		AUTO_FREE char *cut = malloc(len + 1); /* the sanitizer sees a step beyond */

		TABLE(t);
		assert_non_null(cut);
		memcpy(cut, header.data, len);
		assert_int_equal(rpmheader_add(t, cut, len, NULL), -SL_EFORMAT);
	}
}

static void more_files_than_there_is_room_for_are_a_limit(void **state)
{
	char path[32];
	uint32_t package;
	size_t added = 0;
	int rc = 0;

	(void)state;
	TABLE(t);
	assert_int_equal(packagetable_add(t, "rpm", bytes_of("p"), bytes_of("1"), &package, NULL),
			 0);
	/* the same ones again take no room */
	for (size_t i = 0; i < 2 * PACKAGE_CLAIMS_MAX; i++)
		assert_int_equal(packagetable_claim(t, package, bytes_of("a"), PACKAGE_DIGEST_NONE,
						    NULL, 0, NULL),
				 0);
	while (rc == 0 && added <= 2 * PACKAGE_CLAIMS_MAX) {
		(void)snprintf(path, sizeof(path), "usr/%zu", added++);
		rc = packagetable_claim(t, package, bytes_of(path), PACKAGE_DIGEST_NONE, NULL, 0,
					NULL);
	}
	assert_int_equal(rc, -SL_ELIMIT);
	assert_int_equal(added, PACKAGE_CLAIMS_MAX);
	assert_int_equal(packagetable_settle(t, NULL), 0);
	assert_string_equal(owner(t, "usr/77"), "rpm p 1 none -");
}

static void fill(struct packagetable *t, const char *const *packages)
{
	uint32_t package;

	for (; *packages != NULL; packages += 2)
		assert_int_equal(packagetable_add(t, "rpm", bytes_of(packages[0]),
						  bytes_of(packages[1]), &package, NULL),
				 0);
	assert_int_equal(
		packagetable_add(t, "apk", bytes_of("other"), bytes_of("1"), &package, NULL), 0);
	assert_int_equal(packagetable_settle(t, NULL), 0);
}

static const struct change_row {
	const char *what;
	const char *before[24], *after[24];
	const char *said; /* NULL: nothing */
} changes[] = {
	{"nothing", {"a", "1", "b", "2"}, {"b", "2", "a", "1"}, NULL},
	{"each kind",
	 {"a", "1", "b", "2", "z", "1"},
	 {"b", "3", "nmap", "7.93", "z", "1"},
	 "packages added: nmap 7.93; removed: a 1; changed: b 2 -> 3"},
	{"several versions of one",
	 {"kernel", "1", "kernel", "2"},
	 {"kernel", "2", "kernel", "3"},
	 "packages added: kernel 3; removed: kernel 1"},
	{"without a version, which is none, and with an odd name",
	 {"a", ""},
	 {"a", "1", "x\x1b[2J", "1"},
	 "packages added: a 1, x\\x1b[2J 1"},
	{"more than are named",
	 {NULL},
	 {"a", "1", "b", "1", "c", "1", "d", "1", "e", "1",
	  "f", "1", "g", "1", "h", "1", "i", "1", "j", "1"},
	 "packages added: a 1, b 1, c 1, d 1, e 1, f 1, g 1, h 1 and 2 more"},
};

static void changes_of_packages_are_one_sentence(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(changes); i++) {
		CLEANUP(buf_clear) struct buf out = BUF_INIT(1 << 16);
		int rc;

		TABLE(before);
		TABLE(after);
		fill(before, changes[i].before);
		fill(after, changes[i].after);
		rc = packagechange_describe(&out, "rpm", before, after, NULL);
		assert_int_equal(rc, changes[i].said == NULL);
		if (changes[i].said != NULL && strcmp(out.data, changes[i].said) != 0)
			fail_msg("%s: %s", changes[i].what, out.data);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_dpkg_status_says_what_is_installed_and_what_its_settings_were),
		cmocka_unit_test(a_dpkg_list_claims_paths_and_md5sums_give_them_digests),
		cmocka_unit_test(names_in_the_info_directory_are_told_apart),
		cmocka_unit_test(apks_database_says_files_and_digests),
		cmocka_unit_test(an_rpm_header_says_files_and_digests),
		cmocka_unit_test(an_rpm_header_that_contradicts_itself_is_refused),
		cmocka_unit_test(every_cut_of_an_rpm_header_is_refused),
		cmocka_unit_test(more_files_than_there_is_room_for_are_a_limit),
		cmocka_unit_test(changes_of_packages_are_one_sentence),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
