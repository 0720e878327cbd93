/* SPDX-License-Identifier: Apache-2.0 */
/* Parts of OCSF 1.5.0 events: what classes share, and single objects. */
#ifndef REPORT_OCSF_H
#define REPORT_OCSF_H

#include <strandline/sink.h>

#include "core/json.h"

#define OCSF_VERSION "1.5.0"

enum ocsf_class {
	OCSF_COMPLIANCE_FINDING = 2003,
	OCSF_DETECTION_FINDING = 2004,
	OCSF_SCAN_ACTIVITY = 6007,
	OCSF_APPLICATION_ERROR = 6008,
};

/* The members that every event has. */
struct ocsf_head {
	enum ocsf_class class_uid;
	unsigned int activity;
	const char *activity_name;
	unsigned int severity; /* 1 informational to 5 critical */
	unsigned int status;   /* of its class */
	const char *status_name;
};

/* Milliseconds since the epoch, cut towards the past. */
void ocsf_key_time(struct jout *j, const char *key, struct sl_time t);
/* class_uid, type_uid, severity..., metadata, device. @run borrowed. */
void ocsf_head(struct jout *j, const struct ocsf_head *head, const struct sl_run *run);
/* Bytes under a key as text for people: quoted. */
void ocsf_quoted(struct jout *j, const char *key, const char *before, struct sl_bytes bytes);
/* "resources": the container. */
void ocsf_resources(struct jout *j, const struct sl_subject *subject);
/* A container, as the value that is due. */
void ocsf_container(struct jout *j, const struct sl_subject *subject);
/* A whole finding. */
void ocsf_finding(struct jout *j, const struct sl_finding *f, const struct sl_subject *subject,
		  const struct sl_run *run);

#endif
