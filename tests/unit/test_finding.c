/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <string.h>
#include <sys/stat.h>

#include <strandline/finding.h>
#include <strandline/sink.h>

#include "core/cleanup.h"
#include "core/encode.h"
#include "unit/fake_source.h"

static const uint8_t image[SL_SHA256_SIZE] = {0xaa, 1, 2};
static const uint8_t other_image[SL_SHA256_SIZE] = {0xab, 1, 2};

static const struct sl_entry file = {.path = {"usr/bin/evil", 12},
				     .mode = S_IFREG | 0755,
				     .fields = SL_ENTRY_SHA256,
				     .sha256 = {9}};
static const struct sl_entry other_bytes = {.path = {"usr/bin/evil", 12},
					    .mode = S_IFREG | 0755,
					    .fields = SL_ENTRY_SHA256,
					    .sha256 = {8}};
static const struct sl_entry unread = {.path = {"usr/bin/evil", 12}, .mode = S_IFREG | 0755};

static void identify(char out[65], struct sl_bytes name, const uint8_t *id,
		     enum sl_finding_kind kind, const struct sl_change *c, struct sl_bytes subject)
{
	struct sl_finding f = {.kind = kind, .change = c, .subject = subject};

	assert_int_equal(sl_finding_identify(&f, name, id, NULL), 0);
	hex_encode(out, f.id, sizeof(f.id));
}

static void the_id_is_the_digest_of_its_fields(void **state)
{
	struct sl_change c = {
		.kind = SL_CHANGE_ADDED, .path = PATH("usr/bin/evil"), .after = &file};
	char id[65];

	(void)state;
	identify(id, PATH("web"), image, SL_FINDING_FILE, &c, PATH(""));
	/* computed outside: eight-byte big-endian lengths in front of each of the six fields */
	assert_string_equal(id, "0ca661fe00607eef42859e02d00fcc12e87ac9429ec39d8ec792cddaa2fa66dc");
}

static void the_same_drift_has_the_same_id_and_any_other_another(void **state)
{
	struct sl_change changes[] = {
		{.kind = SL_CHANGE_ADDED, .path = PATH("usr/bin/evil"), .after = &file},
		{.kind = SL_CHANGE_MODIFIED, .path = PATH("usr/bin/evil"), .after = &file},
		{.kind = SL_CHANGE_ADDED, .path = PATH("usr/bin/evi"), .after = &file},
		{.kind = SL_CHANGE_ADDED, .path = PATH("usr/bin/evil"), .after = &other_bytes},
		{.kind = SL_CHANGE_ADDED, .path = PATH("usr/bin/evil"), .after = &unread},
	};
	char ids[10][65];
	char again[65];
	size_t n = 0;

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(changes); i++)
		identify(ids[n++], PATH("web"), image, SL_FINDING_FILE, &changes[i], PATH(""));
	identify(ids[n++], PATH("db"), image, SL_FINDING_FILE, &changes[0], PATH(""));
	identify(ids[n++], PATH("web"), other_image, SL_FINDING_FILE, &changes[0], PATH(""));
	identify(ids[n++], PATH("web"), NULL, SL_FINDING_FILE, &changes[0], PATH(""));
	identify(ids[n++], PATH("web"), image, SL_FINDING_PROCESS, NULL, PATH("usr/bin/evil"));
	identify(ids[n++], PATH("web"), image, SL_FINDING_CONFIG, NULL, PATH("usr/bin/evil"));
	identify(again, PATH("web"), image, SL_FINDING_FILE, &changes[0], PATH(""));
	assert_string_equal(again, ids[0]);
	for (size_t i = 0; i < n; i++)
		for (size_t j = 0; j < i; j++)
			assert_string_not_equal(ids[i], ids[j]);
}

static void fields_do_not_run_into_each_other(void **state)
{
	char a[65], b[65];

	(void)state;
	identify(a, PATH("ab"), NULL, SL_FINDING_ORPHAN, NULL, PATH("c"));
	identify(b, PATH("a"), NULL, SL_FINDING_ORPHAN, NULL, PATH("bc"));
	assert_string_not_equal(a, b);
}

static void severities_are_read_as_they_are_written(void **state)
{
	enum sl_severity s = SL_SEVERITY_INFO;

	(void)state;
	for (int i = SL_SEVERITY_INFO; i <= SL_SEVERITY_CRITICAL; i++) {
		assert_int_equal(sl_severity_parse(sl_severity_name((enum sl_severity)i), &s), 0);
		assert_int_equal(s, i);
	}
	assert_int_equal(sl_severity_parse("High", &s), -SL_EINVAL);
	assert_int_equal(sl_severity_parse("", &s), -SL_EINVAL);
	assert_string_equal(sl_severity_name(SL_SEVERITY_CRITICAL), "critical");
	assert_string_equal(sl_finding_kind_name(SL_FINDING_POSTURE), "posture");
	assert_string_equal(sl_cause_name(SL_CAUSE_ENGINE), "engine");
}

static void a_sink_may_leave_calls_out(void **state)
{
	static const struct sl_sink_ops none = {0};
	struct sl_sink sink = {.ops = &none};

	(void)state;
	assert_int_equal(sl_sink_begin(&sink, NULL, NULL), 0);
	assert_int_equal(sl_sink_container(&sink, NULL, NULL), 0);
	assert_int_equal(sl_sink_finding(&sink, NULL, NULL), 0);
	assert_int_equal(sl_sink_gap(&sink, NULL, NULL), 0);
	assert_int_equal(sl_sink_container_end(&sink, NULL, NULL), 0);
	assert_int_equal(sl_sink_end(&sink, NULL, NULL), 0);
	sl_sink_close(&sink);
	sl_sink_close(NULL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_id_is_the_digest_of_its_fields),
		cmocka_unit_test(the_same_drift_has_the_same_id_and_any_other_another),
		cmocka_unit_test(fields_do_not_run_into_each_other),
		cmocka_unit_test(severities_are_read_as_they_are_written),
		cmocka_unit_test(a_sink_may_leave_calls_out),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
