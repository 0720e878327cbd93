/* SPDX-License-Identifier: Apache-2.0 */
/* What events of every class share: the head, the product, the host, the container. */
#include <string.h>

#include "core/cleanup.h"
#include "core/clock.h"
#include "core/encode.h"
#include "core/quote.h"
#include "report/ocsf.h"

#define TEXT_BYTES ((size_t)16 << 20)

static const char *class_name(enum ocsf_class class_uid)
{
	switch (class_uid) {
	case OCSF_COMPLIANCE_FINDING:
		return "Compliance Finding";
	case OCSF_DETECTION_FINDING:
		return "Detection Finding";
	case OCSF_SCAN_ACTIVITY:
		return "Scan Activity";
	case OCSF_APPLICATION_ERROR:
		return "Application Error";
	}
	return "Base Event";
}

static const char *severity_name(unsigned int severity)
{
	static const char *const names[] = {"Unknown", "Informational", "Low",
					    "Medium",  "High",          "Critical"};

	return names[severity < ARRAY_SIZE(names) ? severity : 0];
}

static int64_t milliseconds(struct sl_time t)
{
	if (t.sec > INT64_MAX / 1000 - 1 || t.sec < INT64_MIN / 1000 + 1)
		return t.sec < 0 ? INT64_MIN : INT64_MAX;
	return t.sec * 1000 + t.nsec / 1000000;
}

void ocsf_key_time(struct jout *j, const char *key, struct sl_time t)
{
	jout_key(j, key);
	jout_i64(j, milliseconds(t));
}

void ocsf_quoted(struct jout *j, const char *key, const char *before, struct sl_bytes bytes)
{
	CLEANUP(buf_clear) struct buf text = BUF_INIT(TEXT_BYTES);

	(void)buf_append_str(&text, before);
	if (quote_bytes(&text, bytes.data, bytes.len) < 0)
		j->out->status = text.status;
	jout_key_str(j, key, text.data);
}

/* All events of one run have this in common: host and start. */
static void correlation(struct jout *j, const struct sl_run *run)
{
	CLEANUP(buf_clear) struct buf text = BUF_INIT(TEXT_BYTES);
	char started[CLOCK_TEXT_SIZE];

	clock_format(started, run->started);
	(void)buf_printf(&text, "%s/%s", run->host_name != NULL ? run->host_name : "", started);
	jout_key_str(j, "correlation_uid", text.data);
}

static void metadata(struct jout *j, const struct sl_run *run)
{
	jout_key(j, "metadata");
	jout_object(j);
	jout_key_str(j, "version", OCSF_VERSION);
	jout_key(j, "product");
	jout_object(j);
	jout_key_str(j, "name", "strandline");
	jout_key_str(j, "vendor_name", "strandline");
	if (run->tool_version != NULL)
		jout_key_str(j, "version", run->tool_version);
	if (run->command != NULL) {
		jout_key(j, "feature");
		jout_object(j);
		jout_key_str(j, "name", run->command);
		jout_object_end(j);
	}
	jout_object_end(j);
	jout_key(j, "profiles");
	jout_array(j);
	jout_str(j, "host");
	jout_array_end(j);
	correlation(j, run);
	jout_object_end(j);
}

static void device(struct jout *j, const struct sl_run *run)
{
	jout_key(j, "device");
	jout_object(j);
	jout_key_u64(j, "type_id", 0);
	jout_key_str(j, "type", "Unknown");
	jout_key_str(j, "hostname", run->host_name != NULL ? run->host_name : "unknown");
	if (run->boot_id != NULL)
		jout_key_str(j, "boot_uid", run->boot_id);
	jout_key(j, "os");
	jout_object(j);
	jout_key_str(j, "name", "Linux");
	jout_key_u64(j, "type_id", 200);
	jout_key_str(j, "type", "Linux");
	if (run->kernel != NULL)
		jout_key_str(j, "kernel_release", run->kernel);
	jout_object_end(j);
	jout_object_end(j);
}

void ocsf_head(struct jout *j, const struct ocsf_head *h, const struct sl_run *run)
{
	CLEANUP(buf_clear) struct buf type = BUF_INIT(256);
	bool is_finding = h->class_uid / 1000 == 2;

	jout_key_u64(j, "category_uid", h->class_uid / 1000);
	jout_key_str(j, "category_name", is_finding ? "Findings" : "Application Activity");
	jout_key_u64(j, "class_uid", h->class_uid);
	jout_key_str(j, "class_name", class_name(h->class_uid));
	jout_key_u64(j, "activity_id", h->activity);
	jout_key_str(j, "activity_name", h->activity_name);
	jout_key_u64(j, "type_uid", h->class_uid * 100u + h->activity);
	(void)buf_printf(&type, "%s: %s", class_name(h->class_uid), h->activity_name);
	jout_key_str(j, "type_name", type.data);
	jout_key_u64(j, "severity_id", h->severity);
	jout_key_str(j, "severity", severity_name(h->severity));
	jout_key_u64(j, "status_id", h->status);
	jout_key_str(j, "status", h->status_name);
	ocsf_key_time(j, "time", run->started);
	metadata(j, run);
	device(j, run);
}

static struct sl_bytes bytes_of(const char *text)
{
	return (struct sl_bytes){text, strlen(text)};
}

static void image(struct jout *j, const struct sl_subject *s)
{
	char digest[DIGEST_TEXT_SIZE];

	if (!s->image.has_id && s->image.ref == NULL)
		return;
	jout_key(j, "image");
	jout_object(j);
	if (s->image.ref != NULL)
		ocsf_quoted(j, "name", "", bytes_of(s->image.ref));
	if (s->image.has_id) {
		digest_format(digest, s->image.id);
		jout_key_str(j, "uid", digest);
	} else {
		ocsf_quoted(j, "uid", "", bytes_of(s->image.ref));
	}
	jout_object_end(j);
}

void ocsf_container(struct jout *j, const struct sl_subject *s)
{
	const struct sl_container *c = s->container;

	jout_object(j);
	ocsf_quoted(j, "name", "", bytes_of(sl_container_label(c)));
	if (c->id != NULL)
		ocsf_quoted(j, "uid", "", bytes_of(c->id));
	image(j, s);
	if (c->engine != NULL)
		ocsf_quoted(j, "runtime", "", bytes_of(c->engine));
	if (c->pod != NULL)
		jout_key_str(j, "orchestrator", "kubernetes");
	jout_object_end(j);
}

void ocsf_resources(struct jout *j, const struct sl_subject *s)
{
	const struct sl_container *c = s->container;

	jout_key(j, "resources");
	jout_array(j);
	jout_object(j);
	jout_key_str(j, "type", s->after != NULL ? "image" : "container");
	ocsf_quoted(j, "name", "", bytes_of(sl_container_label(c)));
	if (c->id != NULL)
		ocsf_quoted(j, "uid", "", bytes_of(c->id));
	if (c->pod != NULL && c->pod->ns != NULL)
		ocsf_quoted(j, "namespace", "", bytes_of(c->pod->ns));
	jout_object_end(j);
	jout_array_end(j);
}
