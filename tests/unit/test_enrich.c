/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <sys/stat.h>

#include <cmocka.h>

#include "diff/enrich.h"

static void identify(uint8_t out[SL_SHA256_SIZE], const struct sl_container *c)
{
	struct sl_subject subject = {.container = c};
	struct sl_finding f = {.kind = SL_FINDING_LAYER, .subject = {"x", 1}};
	struct drift_input input = {.subject = &subject};
	struct enrich e;

	assert_int_equal(enrich_init(&e, &input, NULL), 0);
	assert_int_equal(enrich_known(&e, &f, NULL), 0);
	enrich_clear(&e);
	memcpy(out, f.id, SL_SHA256_SIZE);
}

static void a_finding_is_of_a_place_in_a_pod_and_not_of_an_attempt(void **state)
{
	char ns[] = "sys", pod[] = "core", container[] = "dns", other[] = "log";
	char one[] = "aaaa", two[] = "bbbb", name[] = "k8s_dns_1";
	struct sl_pod first = {.ns = ns, .name = pod, .container = container, .attempt = 0};
	struct sl_pod second = {.ns = ns, .name = pod, .container = container, .attempt = 1};
	struct sl_pod neighbour = {.ns = ns, .name = pod, .container = other};
	uint8_t a[SL_SHA256_SIZE], b[SL_SHA256_SIZE];

	(void)state;
	identify(a, &(struct sl_container){.id = one, .pod = &first});
	identify(b, &(struct sl_container){.id = two, .name = name, .pod = &second});
	assert_memory_equal(a, b, SL_SHA256_SIZE);
	identify(b, &(struct sl_container){.id = one, .pod = &neighbour});
	assert_memory_not_equal(a, b, SL_SHA256_SIZE);
}

static void without_a_pod_it_is_of_a_name_else_of_an_id(void **state)
{
	char one[] = "aaaa", two[] = "bbbb", name[] = "web";
	uint8_t a[SL_SHA256_SIZE], b[SL_SHA256_SIZE];

	(void)state;
	identify(a, &(struct sl_container){.id = one, .name = name});
	identify(b, &(struct sl_container){.id = two, .name = name});
	assert_memory_equal(a, b, SL_SHA256_SIZE);
	identify(a, &(struct sl_container){.id = one});
	identify(b, &(struct sl_container){.id = two});
	assert_memory_not_equal(a, b, SL_SHA256_SIZE);
}

static enum sl_severity severity_of_link(const char *path, const char *target, int64_t made)
{
	static const struct sl_container container = {
		.id = (char *)(uintptr_t) "a", .has_started = true, .started = {1000, 0}};
	static const struct sl_subject subject = {.container = &container};
	const struct sl_entry link = {.mode = S_IFLNK | 0777,
				      .target = {target, strlen(target)},
				      .fields = SL_ENTRY_CTIME,
				      .ctime = {made, 0}};
	const struct sl_change c = {
		.kind = SL_CHANGE_ADDED, .path = {path, strlen(path)}, .after = &link};
	struct drift_input input = {.subject = &subject};
	struct sl_finding f;
	struct enrich e;

	assert_int_equal(enrich_init(&e, &input, NULL), 0);
	assert_int_equal(enrich_change(&e, &c, false, &f, NULL), 0);
	enrich_clear(&e);
	return f.severity;
}

static void a_time_zone_that_is_set_at_the_start_is_information(void **state)
{
	const char *zone = "/usr/share/zoneinfo/Europe/Berlin";

	(void)state;
	assert_int_equal(severity_of_link("etc/localtime", zone, 1010), SL_SEVERITY_INFO);
	assert_int_equal(severity_of_link("etc/localtime", zone, 2000), SL_SEVERITY_LOW);
	assert_int_equal(severity_of_link("etc/other", zone, 1010), SL_SEVERITY_LOW);
	assert_int_equal(severity_of_link("etc/localtime", "/usr/share/zoneinfo/../x", 1010),
			 SL_SEVERITY_LOW);
	assert_int_equal(severity_of_link("etc/localtime", "/opt/x", 1010), SL_SEVERITY_LOW);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_finding_is_of_a_place_in_a_pod_and_not_of_an_attempt),
		cmocka_unit_test(without_a_pod_it_is_of_a_name_else_of_an_id),
		cmocka_unit_test(a_time_zone_that_is_set_at_the_start_is_information),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
